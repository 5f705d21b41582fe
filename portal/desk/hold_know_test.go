package desk_test

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// That a person is at risk is known to the data protection officers and to whoever
// answers for the hold. Agents and auditors see that there is a hold, on no page,
// in no event and in no report why; and a withheld ground does not mean this one.
func TestWhoKnowsThatAPersonIsAtRisk(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	hold := func(n requests.NewHold) *requests.Hold {
		t.Helper()
		n.ReviewOn, n.Reason = time.Now().AddDate(0, 1, 0), "With the police"
		h, err := c.Svc.SetHold(t.Context(), c.DPOs[0], n)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	who := acme.Subjects()[20]
	on := func(s acme.Subject) []connect.Identity {
		return []connect.Identity{{Kind: "email", Value: s.Email}}
	}
	risk := hold(requests.NewHold{Scope: "person", Identities: on(who), Ground: "person_at_risk", Cite: "GDPR Art. 6(1)(d)"})
	suit := hold(requests.NewHold{Scope: "person", Identities: on(acme.Subjects()[21]), Ground: "litigation", Cite: "GDPR Art. 17(3)(e)"})
	duty := hold(requests.NewHold{Scope: "system", System: "social", Ground: "retention_duty", Cite: "GDPR Art. 17(3)(b)"})
	own := hold(requests.NewHold{Scope: "person", Identities: on(acme.Subjects()[22]), Ground: "person_at_risk", Cite: "GDPR Art. 6(1)(d)", Owner: uuid.MustParse(c.Agent.ID)})

	for _, x := range []struct {
		name   string
		by     requests.Actor
		of     *requests.Hold
		ground string
	}{
		{"officer", c.DPOs[1], risk, "person_at_risk"},
		{"agent", c.Agent, risk, requests.Withheld},
		{"auditor", c.Auditor, risk, requests.Withheld},
		{"agent, a suit", c.Agent, suit, requests.Withheld},
		{"auditor, a duty on a system", c.Auditor, duty, "retention_duty"},
		{"owner", c.Agent, own, "person_at_risk"},
		{"auditor, owned by an agent", c.Auditor, own, requests.Withheld},
	} {
		h, err := c.Svc.Hold(t.Context(), x.by, x.of.ID)
		if err != nil || h.Ground != x.ground || (h.Cite == "") != (x.ground == requests.Withheld) {
			t.Errorf("%s: %q %q, %v", x.name, h.Ground, h.Cite, err)
		}
	}

	r := inReview(c, who.Email, "erasure")
	site.As(c.DPOs[1]).Get("/desk/holds").Is(200).Says("A person at risk", "6(1)(d)", "Legal claims", "A duty to keep")
	if _, err := c.Svc.LiftHold(t.Context(), c.DPOs[0], own.ID, "Over"); err != nil {
		t.Fatal(err)
	}
	site.As(c.Agent).Get("/desk/holds").Is(200).Says("Ground withheld", "A duty to keep", r.Reference).Hides("at risk", "6(1)(d)", "Legal claims", "police")
	site.As(c.Agent).Get(path(r.ID, "")).Is(200).Says("A hold keeps").Hides("at risk", "police")
	if err := c.Log.WaitFor(c.Deadline(), r.ID.String()); err != nil {
		t.Fatal(err)
	}
	site.As(c.Auditor).Get("/audit/cases/"+r.ID.String()).Is(200).Says("ground withheld").Hides("at risk", "police")
	site.As(c.Auditor).Get("/audit/log").Is(200).Hides("at risk", "at_risk", "litigation")

	var told int
	err := c.DB.QueryRow(t.Context(), `select count(*) from events e where e.line::text ~ 'at_risk|litigation|6\(1\)\(d\)'`).Scan(&told)
	if err != nil || told > 0 {
		t.Errorf("%d events tell why somebody is held, %v", told, err)
	}
	var report bytes.Buffer
	if err := c.Svc.Evidence(t.Context(), c.Auditor, r.ID, &report); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(report.Bytes()), int64(report.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "at risk") || strings.Contains(string(text), "at_risk") {
			t.Errorf("%s of the report tells that somebody is at risk", f.Name)
		}
	}
}
