package desk

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/desk/casefile"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/templates"
)

var noticeResults = []templates.Option{
	{Value: "told", Label: "It was told", Hint: "By telephone, letter or its own portal: say how, whom and when."},
	{Value: "acknowledged", Label: "It confirmed"},
	{Value: "impossible", Label: "Telling it is impossible", Hint: "It no longer exists, or nobody can be reached."},
	{Value: "disproportionate", Label: "Telling it takes disproportionate effort"},
}

// recipientRows are those who have to be told, as this person may see them.
func (h desk) recipientRows(c *fiber.Ctx, cs *requests.Case) ([]templates.RecipientRow, error) {
	list, err := h.Svc.Notices(c.UserContext(), cs)
	if err != nil {
		return nil, err
	}
	dpo := web.Actor(c).Role == requests.DPO
	var out []templates.RecipientRow
	for _, n := range list {
		row := templates.RecipientRow{ID: n.ID.String(), Title: n.Title, Right: n.Right, Way: n.Way, Status: n.Status, MadeAt: n.MadeAt, Ground: n.Ground}
		if n.DoneAt != nil {
			row.DoneAt = *n.DoneAt
		}
		if dpo {
			row.Detail = n.Detail
		}
		results := noticeResults
		switch {
		case n.Status == "acknowledged" || n.Status == "excused":
			results = nil
		case n.Status == "delivered":
			results = noticeResults[1:2]
		case !dpo:
			results = noticeResults[:2]
		}
		if row.Results = results; len(results) > 0 {
			row.Action = templates.DeskCasePath(cs.ID.String(), "recipients/"+row.ID)
		}
		out = append(out, row)
	}
	return out, nil
}

// holding says what keeps a completed case from closing.
func holding(cs *requests.Case, tasks []requests.TaskView, rows []templates.RecipientRow) []string {
	if cs.Status != requests.Completed {
		return nil
	}
	var out []string
	if next := casefile.NextRescan(tasks); !next.IsZero() {
		out = append(out, "Habeas looks again on "+next.Format("2 January 2006")+".")
	}
	for _, r := range rows {
		if r.Settled() {
			continue
		}
		why := "has not been told yet"
		switch r.Status {
		case "sent":
			why = "has not taken the letter yet"
		case "failed":
			why = "did not take the letter"
		}
		out = append(out, r.Title+" "+why+".")
	}
	return out
}

// untold counts the recipients without proof and without a reason.
func untold(rows []templates.RecipientRow) (n int) {
	for _, r := range rows {
		if !r.Settled() {
			n++
		}
	}
	return n
}

func (h desk) recipients(c *fiber.Ctx) (*requests.Case, templates.RecipientsPage, error) {
	cs, err := h.load(c)
	if err != nil {
		return nil, templates.RecipientsPage{}, err
	}
	v := templates.RecipientsPage{Page: h.page(c), Case: h.head(cs), Cite: "GDPR Art. 19"}
	switch cs.Law {
	case "CA":
		v.Cite = "11 CCR 7022(b), (c)"
	case "UK":
		v.Cite = "UK GDPR Art. 19"
	}
	if v.Rows, err = h.recipientRows(c, cs); err != nil {
		return nil, v, err
	}
	tasks, err := h.Svc.Tasks(c.UserContext(), cs)
	if err != nil {
		return nil, v, err
	}
	v.Holding = holding(cs, tasks, v.Rows)
	return cs, v, nil
}

func (h desk) recipientsPage(c *fiber.Ctx) error {
	_, v, err := h.recipients(c)
	if err != nil {
		return err
	}
	return h.render(c, fiber.StatusOK, templates.Recipients(v))
}

// settleRecipient records the proof that a recipient was told, or why not.
func (h desk) settleRecipient(c *fiber.Ctx) error {
	cs, v, err := h.recipients(c)
	if err != nil {
		return err
	}
	id, err := param(c, "notice")
	if err != nil {
		return err
	}
	i := slices.IndexFunc(v.Rows, func(r templates.RecipientRow) bool { return r.ID == id.String() })
	if i < 0 {
		return noSuchCase
	}
	row := &v.Rows[i]
	row.Result, row.Reason = c.FormValue("result-"+row.ID), strings.TrimSpace(c.FormValue("reason-"+row.ID))
	var wrong error
	if row.Result == "" {
		wrong = misfilled("result", "Choose what came of it.")
	} else {
		wrong = h.Svc.SettleNotice(c.UserContext(), web.Actor(c), cs.ID, id, requests.NoticeResult{Result: row.Result, Reason: row.Reason})
	}
	if wrong != nil {
		faults, status, ok := onForm(wrong, map[string]string{"result": "result-" + row.ID, "reason": "reason-" + row.ID})
		if !ok {
			return wrong
		}
		v.Errors = faults
		return h.render(c, status, templates.Recipients(v))
	}
	return seeOther(c, templates.DeskCasePath(cs.ID.String(), "recipients"), "told")
}

// recipientsPart is what a case's page says of recipients and of a restriction.
func (h desk) recipientsPart(c *fiber.Ctx, cs *requests.Case, v *templates.CasePage) error {
	var err error
	if v.Recipients, err = h.recipientRows(c, cs); err != nil {
		return err
	}
	if v.Objections, err = h.objected(c, cs); err != nil {
		return err
	}
	if cs.Status == requests.Review && web.Actor(c).Role == requests.DPO {
		v.Weigh = templates.DeskCasePath(cs.ID.String(), "objection")
	}
	v.Restriction, err = casefile.Restriction(c.UserContext(), h.Svc, cs)
	return err
}
