package requests_test

import (
	"cmp"
	"encoding/json"
	"html"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/identity"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// TestRefusedPermissionIsAnswered: whoever asks reads in their language why the
// document does not suffice, what would and until when, and waits anew; without
// another one the request expires with reasons (11 CCR 7063; GDPR Art. 12(6)).
func TestRefusedPermissionIsAnswered(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	for i, x := range []struct{ lang, country, region, ground, why, cite string }{
		{"en", "US", "CA", "unsigned", "It is not signed.", "11 CCR 7063"},
		{"de", "DE", "", "scope", "Es deckt nicht ab, was Sie beantragen.", "Art. 12 Abs. 6 DSGVO"},
		{"fr", "FR", "", "names", "Il ne porte pas vos deux noms", "article 12.6 du RGPD"},
		{"es", "ES", "", "", "No muestra lo necesario.", "artículo 12.6 del RGPD"},
	} {
		r, err := behalf(c, "agent", acme.Subjects()[i].Email, func(f *requests.Filing) {
			f.Locale, f.Country, f.Region, f.OnBehalf.Permission = x.lang, x.country, x.region, signed
		}, "access")
		must(t, err)
		_, err = c.DB.Exec(t.Context(), `update cases set unverified_at = now() - interval '29 days' where id = $1`, r.ID)
		must(t, err)
		for _, bad := range []requests.PermissionDecision{{Reason: " ", Ground: x.ground}, {Reason: "Looked", Ground: "ugly"}, {Reason: "Looked", Ground: "scope", Accepted: true}} {
			_, err = c.Svc.DecidePermission(t.Context(), c.DPOs[0], r.ID, bad)
			refused(t, err, "invalid-input")
		}
		_, err = c.Svc.DecidePermission(t.Context(), c.DPOs[0], r.ID, requests.PermissionDecision{Reason: "Looked at it", Ground: x.ground})
		must(t, err)
		until := caseNow(c, r.ID).Unverified
		if until == nil || time.Since(*until) > time.Hour {
			t.Errorf("%s: it goes on to expire from %v", x.lang, until)
		}
		m, err := c.Mail.Wait(c.Deadline(), func(m mail.Captured) bool {
			return slices.Contains(m.To, agentMail) && strings.Contains(m.Text, r.Reference) && strings.Contains(m.Text, x.why)
		})
		must(t, err)
		for _, want := range []string{x.why, x.cite, r.Reference, "/find?reference="} {
			if !strings.Contains(m.Text, want) || !strings.Contains(html.UnescapeString(m.HTML), want) {
				t.Errorf("%s: the letter does not say %q:\n%s", x.lang, want, m.Text)
			}
		}
		if strings.Contains(m.Text, "Person Concerned") || strings.Contains(m.Text, acme.Subjects()[i].Email) {
			t.Errorf("%s: the letter names the person:\n%s", x.lang, m.Text)
		}
		if e := payloads[evidence.IdentityFailed](c, r.ID); len(e) != 1 || e[0].Reason != "refused" || e[0].Ground != evidence.Code(cmp.Or(x.ground, identity.Insufficient)) || e[0].Note == "" {
			t.Errorf("%s: %+v", x.lang, e)
		}
		_, err = c.DB.Exec(t.Context(), `update cases set unverified_at = now() - interval '31 days' where id = $1`, r.ID)
		must(t, err)
		must(t, c.Svc.Sweep(t.Context()))
		if k := caseNow(c, r.ID); k.Status != requests.Expired {
			t.Errorf("%s: %s", x.lang, k.Status)
		}
		if x.lang == "en" {
			_, err := c.Mail.Wait(c.Deadline(), func(m mail.Captured) bool {
				return slices.Contains(m.To, agentMail) && strings.Contains(m.Text, r.Reference) && strings.Contains(m.Text, "it was not shown that you may ask")
			})
			must(t, err)
		}
	}
}

// TestWhatIsMissingIsSaid: the letter that would say that nobody is verified
// tells whoever asks for another what is missing for that.
func TestWhatIsMissingIsSaid(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	r, err := behalf(c, "agent", acme.Subjects()[5].Email, nil, "erasure")
	must(t, err)
	c.Verify(agentMail, r)
	_, err = c.DB.Exec(t.Context(), `update cases set filed_at = filed_at - interval '32 days' where id = $1`, r.ID)
	must(t, err)
	must(t, c.Svc.Sweep(t.Context()))
	m, err := c.Mail.Wait(c.Deadline(), func(m mail.Captured) bool {
		return slices.Contains(m.To, agentMail) && strings.Contains(m.Subject, "cannot go on") && strings.Contains(m.Subject, r.Reference)
	})
	must(t, err)
	for _, want := range []string{"a document that shows that you may ask", "the word of the person concerned", "Art. 12(6)", "complain"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("it does not say %q:\n%s", want, m.Text)
		}
	}
	if strings.Contains(m.Text, "the code that we mail to you") {
		t.Error("it asks for the code, which was given")
	}
}

// TestOptOutKeepsItsDocumentUntilSomebodyLooks is 11 CCR 7026(j): the opt-out is
// done before anybody has looked; a refused permission leaves it in force.
func TestOptOutKeepsItsDocumentUntilSomebodyLooks(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	r, err := behalf(c, "agent", acme.Subjects()[19].Email, func(f *requests.Filing) {
		f.Country, f.Region, f.OnBehalf.Permission = "US", "CA", signed
	}, "opt_out")
	must(t, err)
	c.Await(r.ID, requests.Completed)
	must(t, c.Svc.Sweep(t.Context()))
	rep, err := c.Svc.Representation(t.Context(), caseNow(c, r.ID))
	must(t, err)
	if len(rep.Documents) != 1 || !rep.Awaits || !caseNow(c, r.ID).Has(requests.Attention) {
		t.Fatalf("%+v", rep)
	}
	_, err = c.Svc.DecidePermission(t.Context(), c.DPOs[0], r.ID, requests.PermissionDecision{Reason: "Blank page", Ground: "unreadable"})
	must(t, err)
	m, err := c.Mail.Wait(c.Deadline(), func(m mail.Captured) bool {
		return slices.Contains(m.To, agentMail) && strings.Contains(m.Text, r.Reference) && strings.Contains(m.Text, "cannot be read")
	})
	must(t, err)
	if !strings.Contains(m.Text, "it stays so") || strings.Contains(m.Text, "must close the request") {
		t.Error(m.Text)
	}
	k := caseNow(c, r.ID)
	consent, err := c.Svc.CheckConsent(t.Context(), connect.Identity{Kind: "email", Value: acme.Subjects()[19].Email}, k.Purposes[0])
	must(t, err)
	if k.Status != requests.Completed || consent.Allowed {
		t.Errorf("%s, allowed %v", k.Status, consent.Allowed)
	}
}

// TestEventsOfBehalfAreDocumented: what such requests write into the log as codes
// stands in docs/events.md.
func TestEventsOfBehalfAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/events.md")
	must(t, err)
	c := company.New(t, company.Options{})
	who := acme.Subjects()[6:]
	file := func(i int, kind string) (*requests.Receipt, requests.Actor) {
		r, err := behalf(c, kind, who[i].Email, func(f *requests.Filing) { f.OnBehalf.Permission = signed }, "erasure")
		must(t, err)
		return r, c.Verify(agentMail, r)
	}
	ids := []uuid.UUID{}
	for i, ground := range append(slices.Clone(identity.PermissionGrounds), "accepted") {
		r, _ := file(i, []string{"agent", "attorney", "parent"}[i%3])
		_, err := c.Svc.DecidePermission(t.Context(), c.DPOs[0], r.ID, requests.PermissionDecision{Accepted: ground == "accepted", Ground: strings.TrimPrefix(ground, "accepted"), Reason: "Looked"})
		must(t, err)
		ids = append(ids, r.ID)
	}
	confirmed, _ := file(8, "agent")
	_, err = c.Svc.ConfirmBehalf(t.Context(), linkTo(c, who[8].Email, confirmed.Reference, "confirm"))
	must(t, err)
	stopped, _ := file(9, "agent")
	_, err = c.Svc.Verify(t.Context(), stopped.ID, "000000")
	if err == nil {
		t.Error("a made up code")
	}
	_, err = c.Svc.NotMe(t.Context(), linkTo(c, who[9].Email, stopped.Reference, "not-me"))
	must(t, err)
	must(t, c.Svc.Sweep(t.Context()))
	withdrawn, by := file(10, "agent")
	_, err = c.Svc.Withdraw(t.Context(), by, withdrawn.ID)
	must(t, err)
	seen := map[string]bool{}
	for _, id := range append(ids, confirmed.ID, stopped.ID, withdrawn.ID) {
		lines, err := c.Svc.Events(t.Context(), caseNow(c, id))
		must(t, err)
		for _, l := range lines {
			var e struct {
				Kind string
				Data map[string]any
			}
			must(t, json.Unmarshal(l.Raw, &e))
			if !slices.Contains([]string{"identity.verified", "identity.failed", "document.received", "document.deleted", "request.withdrawn"}, e.Kind) {
				continue
			}
			_, section, _ := strings.Cut(string(page), "### `"+e.Kind+"`")
			section, _, _ = strings.Cut(section, "### ")
			if e.Kind == "identity.failed" {
				_, more, _ := strings.Cut(string(page), "### `identity.verified`")
				section += strings.SplitN(more, "### ", 2)[0]
			}
			for _, member := range []string{"proof", "reason", "ground", "cause", "what", "use"} {
				value, ok := e.Data[member].(string)
				if !ok || member == "reason" && e.Kind == "identity.verified" {
					continue
				}
				seen[e.Kind+" "+member+" "+value] = true
				row := regexp.MustCompile("(?m)^\\| `" + member + "` \\|.*$").FindString(section)
				if member == "proof" && e.Kind == "identity.failed" {
					row = section
				}
				if !regexp.MustCompile(`(^|[^a-z_-])` + regexp.QuoteMeta(value) + `($|[^a-z_-])`).MatchString(row) {
					t.Errorf("docs/events.md on %s has no %s %q: %s", e.Kind, member, value, row)
				}
			}
		}
	}
	for _, want := range []string{
		"identity.verified proof confirmation", "identity.verified proof representative_code", "identity.verified proof agent_permission", "identity.failed reason refused",
		"identity.failed ground doubtful", "request.withdrawn cause not_permitted", "document.deleted cause refused", "document.received what parenthood",
	} {
		if !seen[want] {
			t.Errorf("nothing wrote %s: %v", want, slices.Sorted(maps.Keys(seen)))
		}
	}
}
