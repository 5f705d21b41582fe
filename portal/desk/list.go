package desk

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/requests"
	"habeas/requests/connect"
	"habeas/templates"
)

// filters above the list, in order. The key is the group that the service
// counts.
var filters = []templates.Filter{
	{Key: "all", Label: "Open"},
	{Key: "overdue", Label: "Overdue"},
	{Key: "week", Label: "Due in 7 days"},
	{Key: "ready", Label: "Ready to decide"},
	{Key: "attention", Label: "Needs attention"},
	{Key: "waiting", Label: "Waiting on customer"},
}

// cappedAt is how far the service counts.
const cappedAt = 1000

// list shows the cases, soonest due first.
func (h desk) list(c *fiber.Ctx) error {
	if q := c.Query("reference"); reference.MatchString(q) { // the link in a reminder
		cs, err := h.Svc.ByReference(c.UserContext(), q)
		if err != nil {
			return err
		}
		return seeOther(c, templates.DeskCasePath(cs.ID.String(), ""), "")
	}
	f := requests.Filter{Group: c.Query("filter"), Right: c.Query("right"), System: c.Query("system"), Cursor: c.Query("cursor")}
	if f.Group == "all" {
		f.Group = ""
	}
	found, err := h.Svc.List(c.UserContext(), f)
	if err != nil {
		return err
	}
	v, err := h.listPage(c)
	if err != nil {
		return err
	}
	v.Filter, v.Right, v.System = f.Group, f.Right, f.System
	v.Rows = h.rows(found.Cases)
	q := url.Values{}
	for name, value := range map[string]string{"filter": f.Group, "right": f.Right, "system": f.System} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.Cursor != "" {
		v.First = withQuery("/desk", q)
	}
	if found.Next != "" {
		q.Set("cursor", found.Next)
		v.Next = withQuery("/desk", q)
	}
	return h.render(c, fiber.StatusOK, templates.List(v))
}

func withQuery(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// listPage is the list without its rows.
func (h desk) listPage(c *fiber.Ctx) (templates.ListPage, error) {
	v := templates.ListPage{Page: h.page(c), Filters: slices.Clone(filters)}
	counts, err := h.Svc.Counts(c.UserContext())
	if err != nil {
		return v, err
	}
	for i := range v.Filters {
		key := v.Filters[i].Key
		if key == "all" {
			key = ""
		}
		v.Filters[i].Count, v.Filters[i].Capped = counts[key], counts[key] >= cappedAt
	}
	for _, r := range requests.Rights() {
		v.Rights = append(v.Rights, templates.Option{Value: r, Label: templates.RightLabel(r)})
	}
	titles := casefile.TitlesOf(h.Svc)
	for _, s := range h.Svc.SystemNames() {
		v.Systems = append(v.Systems, templates.Option{Value: s, Label: titles.System(s)})
	}
	_, v.Paused, err = h.Svc.Systems(c.UserContext())
	return v, err
}

func (h desk) rows(cases []*requests.Case) []templates.CaseRow {
	var rows []templates.CaseRow
	for _, cs := range cases {
		rows = append(rows, casefile.Row(cs, h.Now()))
	}
	return rows
}

// search finds cases by reference or identity. The identity travels in the
// body, stands in no address and is not shown again.
func (h desk) search(c *fiber.Ctx) error {
	q := strings.TrimSpace(c.FormValue("q"))
	v, err := h.listPage(c)
	if err != nil {
		return err
	}
	if q == "" || len(q) > 320 {
		v.Errors = []templates.FieldError{{Field: "q", Message: "Give a reference, an e-mail address, a phone number or a customer number."}}
		return h.render(c, fiber.StatusBadRequest, templates.List(v))
	}
	what, cases := "this reference", []*requests.Case(nil)
	if reference.MatchString(q) {
		found, err := h.Svc.Search(c.UserContext(), q, nil)
		if err != nil {
			return err
		}
		if cases = found.Cases; len(cases) == 1 {
			return seeOther(c, templates.DeskCasePath(cases[0].ID.String(), ""), "")
		}
	} else {
		what = "what you gave"
		for _, kind := range kindsOf(q) {
			found, err := h.Svc.Search(c.UserContext(), "", &connect.Identity{Kind: kind, Value: q})
			if err != nil {
				return err
			}
			cases = append(cases, found.Cases...)
		}
		slices.SortFunc(cases, func(a, b *requests.Case) int { return b.FiledAt.Compare(a.FiledAt) })
		cases = slices.CompactFunc(cases, func(a, b *requests.Case) bool { return a.ID == b.ID })
	}
	v.Rows, v.Found = h.rows(cases), "Cases with "+what+", newest first, ended ones too."
	if len(cases) == 0 {
		v.Found = "No case has " + what + "."
	}
	return h.render(c, fiber.StatusOK, templates.List(v))
}

var reference = regexp.MustCompile(`(?i)^HB-[A-Z0-9]{4}-[A-Z0-9]{4}$`)

// kindsOf are the kinds of identity that a text may be.
func kindsOf(q string) []string {
	_, host, at := strings.Cut(strings.TrimPrefix(q, "@"), "@")
	switch {
	case at && strings.Contains(host, "."):
		return []string{"email", "handle"}
	case at:
		return []string{"handle"}
	case strings.Trim(q, "+0123456789 ()/.-") == "":
		return []string{"phone", "customer_id"}
	case strings.Contains(q, ":"):
		return []string{"social_id", "customer_id"}
	}
	return []string{"customer_id", "handle"}
}
