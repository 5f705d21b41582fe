package requests_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"habeas/requests"
	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// Every ground of the law's table has its sentence in the letters, and no
// sentence is left that no ground has.
func TestGroundsInLetters(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, code := range mail.Laws() {
		law, err := clock.Builtin().Law(code)
		if err != nil {
			t.Fatal(err)
		}
		for _, right := range []string{"access", "portability", "rectification", "erasure", "restriction", "objection", "opt_out", "limit"} {
			for _, g := range law.Grounds(right) {
				seen[g.Code] = true
			}
		}
	}
	// What connectors find by themselves has words of our own, whatever the law.
	seen["shared_record"], seen["detached_record"] = true, true
	said := mail.Grounds()
	for code := range seen {
		if !slices.Contains(said, code) {
			t.Errorf("no letter has a sentence for the ground %s", code)
		}
	}
	for _, code := range said {
		if !seen[code] {
			t.Errorf("letters have a sentence for %s, which is no ground", code)
		}
	}
}

// What is rehearsed is what goes out, and leaves no trace.
func TestRehearsalLeavesNothing(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[4]
	r := c.File(who.Email, "erasure")
	c.Verify(who.Email, r)
	before := c.Await(r.ID, requests.Review)
	st := requests.Step{Ground: "excessive", Reason: "The third request this month about the same."}
	list, err := c.Svc.Rehearse(t.Context(), func(ctx context.Context) error {
		_, err := c.Svc.Refuse(ctx, c.DPOs[0], r.ID, st)
		return err
	})
	if err != nil || len(list) != 1 || list[0].Kind != mail.Excessive || !strings.Contains(list[0].Text, "It is for us to show this") {
		t.Fatalf("%+v, %v", list, err)
	}
	after, err := c.Svc.Get(t.Context(), c.DPOs[0], r.ID)
	if err != nil || after.Status != requests.Review || len(after.Decisions) != len(before.Decisions) {
		t.Fatalf("%+v, %v", after, err)
	}
	if _, err := c.Svc.Rehearse(t.Context(), func(ctx context.Context) error {
		_, err := c.Svc.Refuse(ctx, c.DPOs[0], r.ID, requests.Step{Ground: "no_such_ground", Reason: "x"})
		return err
	}); requests.AsError(err).Kind != requests.Unlawful {
		t.Errorf("a rehearsal allows what the law does not: %v", err)
	}
	if _, err := c.Svc.Refuse(t.Context(), c.DPOs[0], r.ID, st); err != nil {
		t.Fatal(err)
	}
	m, err := c.Mail.Wait(c.Deadline(), func(m mail.Captured) bool { return m.Subject == list[0].Subject })
	if err != nil || strings.TrimSpace(strings.ReplaceAll(m.Text, "\r\n", "\n")) != strings.TrimSpace(list[0].Text) {
		t.Errorf("sent is not what was rehearsed: %v\n%s\n%s", err, m.Text, list[0].Text)
	}
}

// A denial is the letter that its law has.
func TestDenialsByLaw(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	for i, x := range []struct{ country, region, right, ground, kind string }{
		{"US", "CA", "erasure", "legal_duty", mail.CADeleteDenied},
		{"US", "VA", "erasure", "legal_claims", mail.StateDenied},
		{"GB", "", "erasure", "legal_claims", mail.Refusal},
		{"DE", "", "access", "excessive", mail.Excessive},
	} {
		who := acme.Subjects()[i]
		f := requests.Filing{Rights: []string{x.right}, Country: x.country, Region: x.region, Locale: "en", Name: who.Name}
		f.Identities = append(f.Identities, connect.Identity{Kind: "email", Value: who.Email})
		r, err := c.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, f)
		if err != nil {
			t.Fatal(err)
		}
		list, err := c.Svc.Rehearse(t.Context(), func(ctx context.Context) error {
			_, err := c.Svc.Refuse(ctx, c.DPOs[0], r.ID, requests.Step{Ground: x.ground, Reason: "Because of the case at hand."})
			return err
		})
		if err != nil || len(list) != 1 || list[0].Kind != x.kind {
			t.Errorf("%s %s: %+v, %v", x.country, x.right, list, err)
		} else if strings.Contains(list[0].Text, who.Name) {
			t.Errorf("%s: greets by a name that nobody proved", x.kind)
		}
	}
}

// A reply is sealed, read for a purpose, and deleted once checked.
func TestReplyOfTheCustomer(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[5]
	r := c.File(who.Email, "access")
	by := c.Verify(who.Email, r)
	cs := c.Await(r.ID, requests.Review)
	pdf := append([]byte("%PDF-1.7\n"), []byte("Maria Keller, Lindenweg 4")...)
	for name, bad := range map[string]requests.Reply{
		"empty": {}, "program": {File: []byte("MZ\x90 not a picture")}, "html": {File: []byte("<html>")}, "long": {Text: strings.Repeat("x", 4001)},
		"large": {File: append([]byte("%PDF-"), make([]byte, requests.MaxReplyFile)...)},
	} {
		if err := c.Svc.SendReply(t.Context(), by, r.ID, bad); requests.AsError(err).Kind != requests.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, other := range []requests.Actor{{Role: requests.Customer, ID: c.DPOs[0].ID}, c.DPOs[0], {Role: requests.Public}} {
		if err := c.Svc.SendReply(t.Context(), other, r.ID, requests.Reply{Text: "x"}); requests.AsError(err).Kind != requests.NotFound {
			t.Errorf("%s: %v", other, err)
		}
	}
	if err := c.Svc.SendReply(t.Context(), by, r.ID, requests.Reply{Text: "Here it is", File: pdf}); err != nil {
		t.Fatal(err)
	}
	var clear bool
	if err := c.DB.QueryRow(t.Context(), `select exists (select 1 from attachments a where position('Lindenweg'::bytea in a.sealed) > 0)`).Scan(&clear); err != nil || clear {
		t.Errorf("stored in clear: %v, %v", clear, err)
	}
	if _, err := c.Svc.Replies(t.Context(), c.DPOs[0], r.ID, ""); requests.AsError(err).Kind != requests.Invalid {
		t.Errorf("read without a purpose: %v", err)
	}
	list, err := c.Svc.Replies(t.Context(), c.DPOs[0], r.ID, "identity_check")
	if err != nil || len(list) != 1 || list[0].Text != "Here it is" || string(list[0].File) != string(pdf) || list[0].Type != "application/pdf" {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := c.Svc.DropReply(t.Context(), c.DPOs[0], r.ID, list[0].ID); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Svc.CountReplies(t.Context(), cs); err != nil || n != 0 {
		t.Errorf("%d left, %v", n, err)
	}
}
