package desk_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

var lookPath = regexp.MustCompile(`/desk/cases/[0-9a-f-]+/documents/[0-9a-f-]+`)

// The desk takes a document only as a file and for a purpose that is logged,
// decides with a reason, and the document is gone.
func TestDeskDecidesAPermission(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	pdf := []byte("%PDF-1.7\n<script>alert(1)</script>")
	r, err := c.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"access"}, Country: "DE", Locale: "en", Name: "Person Concerned", Identities: []connect.Identity{{Kind: "email", Value: acme.Subjects()[3].Email}},
		OnBehalf: &requests.Behalf{Kind: "attorney", Name: "Ada Counsel", Email: "counsel@lawyers.example", Permission: pdf},
	})
	if err != nil {
		t.Fatal(err)
	}
	dana := site.As(c.DPOs[0])
	dana.Get(path(r.ID, "")).Is(200).Says("Look at the permission")
	p := dana.Get(path(r.ID, "behalf")).Is(200).Says("power of attorney", "Not accepted yet").Hides("Ada Counsel", "alert(1)")
	look := lookPath.FindString(string(p.Body))
	p.Submit(look, url.Values{}).Is(400).Says("Say why")
	got := p.Submit(look, one("purpose", "identity_check")).Is(200)
	if h := got.Header; string(got.Body) != string(pdf) || h.Get("Content-Type") != "application/octet-stream" || h.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename=\"document-") || !strings.Contains(h.Get("Cache-Control"), "no-store") {
		t.Errorf("%v", h)
	}
	if e := eventsOf(t, c, r, "personal_data.viewed"); len(e) != 1 || !strings.Contains(e[0], "identity_check") {
		t.Errorf("looks %v", e)
	}
	p.Submit(path(r.ID, "behalf"), one("reason", "x")).Is(400).Says("Say whether it suffices")
	p.Submit(path(r.ID, "behalf"), url.Values{"decision": {"accepted"}}).Is(400).Says("Say what you looked at")
	p.Submit(path(r.ID, "behalf"), url.Values{"decision": {"accepted"}, "covers": {"yes"}, "reason": {"Notarised power"}}).Is(200).Says("The documents are deleted")
	p.Submit(look, one("purpose", "identity_check")).Is(404)
	if e := eventsOf(t, c, r, "document.deleted"); len(e) != 1 || !slices.ContainsFunc(e, func(s string) bool { return strings.Contains(s, "accepted") }) {
		t.Errorf("%v", e)
	}
}
