package requests_test

import (
	"bytes"
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/identity"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

const agentMail = "counsel@lawyers.example"

var (
	signed    = append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("signed permission of a person "), 50)...)
	linkToken = regexp.MustCompile(`/(confirm|not-me|undo)\?token=([A-Za-z0-9_%-]+)`)
)

func behalf(c *company.Company, kind, email string, mend func(*requests.Filing), rights ...string) (*requests.Receipt, error) {
	f := requests.Filing{
		Rights: rights, Country: "DE", Locale: "en", Name: "Person Concerned", Identities: []connect.Identity{{Kind: "email", Value: email}},
		OnBehalf: &requests.Behalf{Kind: kind, Name: "Ada Counsel", Email: agentMail},
	}
	if kind == "parent" {
		f.OnBehalf.Age = "under_13"
	}
	if mend != nil {
		mend(&f)
	}
	return c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, f)
}

// linkTo waits for the letter to an address about a case and takes a link from it.
func linkTo(c *company.Company, email, reference, path string) string {
	c.Helper()
	var token string
	_, err := c.Mail.Wait(c.Deadline(), func(m mail.Captured) bool {
		if !slices.Contains(m.To, email) || !strings.Contains(m.Text, reference) {
			return false
		}
		for _, l := range linkToken.FindAllStringSubmatch(m.Text, -1) {
			if l[1] == path {
				token = l[2]
			}
		}
		return token != ""
	})
	must(c.TB, err)
	return token
}

// TestAgentWithPermissionAndConfirmation: an agent's request waits for the signed
// permission and for the person's word, is then planned by the person's data, and
// whoever accepted the permission does not approve.
func TestAgentWithPermissionAndConfirmation(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[3]
	r, err := behalf(c, "agent", who.Email, nil, "access")
	must(t, err)
	confirm := linkTo(c, who.Email, r.Reference, "confirm")
	by := c.Verify(agentMail, r)
	if k := caseNow(c, r.ID); k.Status != requests.Filed {
		t.Fatalf("the code alone took it to %s", k.Status)
	}
	document, err := c.Svc.AddDocument(t.Context(), by, r.ID, signed)
	must(t, err)
	if k := caseNow(c, r.ID); !k.Has(requests.Attention) {
		t.Error("nobody is told of the document")
	}
	_, err = c.Svc.OpenDocument(t.Context(), by, r.ID, document, "identity_check")
	refused(t, err, "not-found")
	_, err = c.Svc.OpenDocument(t.Context(), c.DPOs[0], r.ID, document, "curiosity")
	refused(t, err, "invalid-input")
	got, err := c.Svc.OpenDocument(t.Context(), c.DPOs[0], r.ID, document, "identity_check")
	must(t, err)
	if !bytes.Equal(got.Body, signed) || got.Type != "application/pdf" {
		t.Errorf("%s, %d bytes", got.Type, len(got.Body))
	}
	_, err = c.Svc.DecidePermission(t.Context(), by, r.ID, requests.PermissionDecision{Accepted: true, Reason: "x"})
	refused(t, err, "staff-only")
	_, err = c.Svc.RecordProof(t.Context(), c.DPOs[0], r.ID, "sign_in", "Signed in")
	must(t, err)
	if k := caseNow(c, r.ID); k.Status != requests.Filed {
		t.Fatalf("a proof of the person without a permission took it to %s", k.Status)
	}
	_, err = c.Svc.DecidePermission(t.Context(), c.DPOs[1], r.ID, requests.PermissionDecision{Accepted: true, Receives: true, Reason: "Signed, names the agent, covers receiving"})
	must(t, err)
	_, err = c.Svc.OpenDocument(t.Context(), c.DPOs[0], r.ID, document, "identity_check")
	refused(t, err, "not-found")
	_, err = c.Svc.ConfirmBehalf(t.Context(), confirm)
	if err != nil && requests.AsError(err).Code != "not-waiting" {
		t.Fatal(err)
	}
	c.Await(r.ID, requests.Review)
	plan := planOf(c, r.ID)
	for _, dpo := range c.DPOs[:2] {
		_, err = c.Svc.Approve(t.Context(), dpo, r.ID, plan.Hash)
		refused(t, err, "own-proof")
	}
	if e := payloads[evidence.DocumentDeleted](c, r.ID); len(e) != 1 || e[0].Cause != "accepted" {
		t.Errorf("%+v", e)
	}
	if e := payloads[evidence.DocumentReceived](c, r.ID); len(e) != 1 || e[0].What != "permission" {
		t.Errorf("%+v", e)
	}
}

// TestPersonConfirms: the link alone, without permission, does nothing; with it
// the walk enters with the person's address, never with the agent's.
func TestPersonConfirms(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[8]
	r, err := behalf(c, "agent", who.Email, func(f *requests.Filing) { f.OnBehalf.Permission = signed }, "access")
	must(t, err)
	confirm := linkTo(c, who.Email, r.Reference, "confirm")
	agent := c.Verify(agentMail, r)
	_, err = c.Svc.DecidePermission(t.Context(), c.DPOs[0], r.ID, requests.PermissionDecision{Accepted: true, Reason: "Signed, but says nothing of receiving"})
	must(t, err)
	if k := caseNow(c, r.ID); k.Status != requests.Filed {
		t.Fatalf("without the person's word it is %s", k.Status)
	}
	_, err = c.Svc.ConfirmBehalf(t.Context(), confirm)
	must(t, err)
	c.Await(r.ID, requests.Review)
	if p := planOf(c, r.ID); len(p.Records) == 0 {
		t.Error("the person's address found nothing")
	}
	// The permission does not cover receiving: the person goes on with it.
	if _, err := c.Svc.ConfirmBehalf(t.Context(), confirm); err != nil {
		t.Error("a link pressed twice:", err)
	}
	_, err = c.Svc.Approve(t.Context(), c.DPOs[1], r.ID, planOf(c, r.ID).Hash)
	must(t, err)
	c.Await(r.ID, requests.Completed)
	agent.Fresh = true
	if _, err := c.Svc.SendCode(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	person := c.Verify(who.Email, r)
	d, err := c.Svc.OpenPackage(t.Context(), person, r.ID)
	must(t, err)
	must(t, d.Close())
	letters, err := c.Svc.Letters(t.Context(), caseNow(c, r.ID))
	must(t, err)
	if len(letters) == 0 {
		t.Error("no letters")
	}
	if m := c.Mail.Messages(); slices.ContainsFunc(m, func(m mail.Captured) bool {
		return slices.Contains(m.To, agentMail) && strings.Contains(m.Text, "ready")
	}) {
		t.Error("the agent was told that the package is ready")
	}
}

// TestStandings: what each capacity waits for (11 CCR 7063, 7070, 7071).
func TestStandings(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	for i, tt := range []struct {
		kind, age string
		confirms  bool
	}{{"attorney", "", false}, {"guardian", "", false}, {"parent", "under_13", false}, {"parent", "13_to_15", true}, {"agent", "", true}} {
		who := acme.Subjects()[10+i]
		r, err := behalf(c, tt.kind, who.Email, func(f *requests.Filing) { f.OnBehalf.Age = tt.age }, "erasure")
		must(t, err)
		_, err = c.Svc.DecidePermission(t.Context(), c.DPOs[0], r.ID, requests.PermissionDecision{Accepted: true, Reason: "Looked at"})
		must(t, err)
		c.Verify(agentMail, r)
		want := []requests.Status{requests.Review}
		if tt.confirms {
			if k := caseNow(c, r.ID); k.Status != requests.Filed {
				t.Errorf("%s %s: %s without the person's word", tt.kind, tt.age, k.Status)
			}
			_, err = c.Svc.ConfirmBehalf(t.Context(), linkTo(c, who.Email, r.Reference, "confirm"))
			must(t, err)
		} else if l := letters(c, r.ID); !slices.Contains(l, "behalf_notice") || slices.Contains(l, "behalf_confirm") {
			t.Errorf("%s: letters %v", tt.kind, l)
		}
		c.Await(r.ID, want...)
	}
}

// TestAgentsCodeSaysNothingOfThePerson is 11 CCR 7062(c): for specific pieces the
// person's own address counts, by their mailed link, never the agent's.
func TestAgentsCodeSaysNothingOfThePerson(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[14]
	r, err := behalf(c, "agent", who.Email, func(f *requests.Filing) { f.Country, f.Region = "US", "CA" }, "access")
	must(t, err)
	c.Verify(agentMail, r)
	only := func() bool {
		scope, err := c.Svc.PackageScope(t.Context(), caseNow(c, r.ID))
		must(t, err)
		return scope == requests.Categories
	}
	for _, kind := range []identity.Proof{identity.KnownFacts, identity.Declaration} {
		_, err = c.Svc.RecordProof(t.Context(), c.DPOs[0], r.ID, kind, "Answered and signed")
		must(t, err)
	}
	if !only() {
		t.Error("the agent's code counts as a fact about the person")
	}
	proofs, err := c.Svc.Proofs(t.Context(), caseNow(c, r.ID))
	must(t, err)
	if proofs[0].Kind != string(identity.RepresentativeCode) {
		t.Errorf("%+v", proofs)
	}
	_, err = c.Svc.ConfirmBehalf(t.Context(), linkTo(c, who.Email, r.Reference, "confirm"))
	must(t, err)
	if only() {
		t.Error("the person's own word does not count")
	}
	// A parent and child who share an address: its code proves the child's too.
	shared, err := behalf(c, "parent", agentMail, nil, "access")
	must(t, err)
	c.Verify(agentMail, shared)
	if e := payloads[evidence.IdentityVerified](c, shared.ID); len(e) != 1 || e[0].Proof != "email_code" {
		t.Errorf("%+v", e)
	}
}

// Who asks, and what the person says, are two proofs: one check by staff never
// stands for both, whichever it is, and each is kept with its method and by whom
// (11 CCR 7063(a)).
func TestTwoProofsAreTwo(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	paper := func(kind string, i int) *requests.Receipt {
		r, err := c.Svc.File(t.Context(), c.Agent, requests.Filing{
			Rights: []string{"erasure"}, Country: "DE", Locale: "de", Name: "Person Concerned", Channel: "letter",
			Identities: []connect.Identity{{Kind: "customer_id", Value: acme.Subjects()[i].CustomerID}},
			OnBehalf:   &requests.Behalf{Kind: kind, Name: "Ada Counsel"},
		})
		must(t, err)
		return r
	}
	accept := func(r *requests.Receipt) {
		_, err := c.Svc.DecidePermission(t.Context(), c.DPOs[0], r.ID, requests.PermissionDecision{Accepted: true, Receives: true, Reason: "Signed by the person"})
		must(t, err)
	}
	prove := func(r *requests.Receipt, kind identity.Proof) *requests.Case {
		_, err := c.Svc.RecordProof(t.Context(), c.Agent, r.ID, kind, "Looked at")
		must(t, err)
		return caseNow(c, r.ID)
	}
	for i, first := range []identity.Proof{identity.StaffCheck, identity.RepresentativeDocument} {
		second := []identity.Proof{identity.RepresentativeCheck, identity.SignIn}[i]
		r := paper("agent", 20+i)
		accept(r)
		if k := prove(r, first); k.Status != requests.Filed {
			t.Fatalf("the permission and %s alone took it to %s", first, k.Status)
		}
		if k := prove(r, second); k.Status == requests.Filed {
			t.Fatalf("with %s too it is %s", second, k.Status)
		}
		c.Await(r.ID, requests.Review)
		v, err := c.Svc.Representation(t.Context(), caseNow(c, r.ID))
		must(t, err)
		for _, p := range []*requests.ProofView{v.Asker, v.Word, v.Accepted} {
			if p == nil || p.ByUser == nil {
				t.Fatalf("%+v", v)
			}
		}
		if v.Accepted.ByUser.String() != c.DPOs[0].ID || v.Asker.ByUser.String() != c.Agent.ID || v.Asker.Kind == v.Word.Kind {
			t.Errorf("%+v %+v %+v", v.Accepted, v.Asker, v.Word)
		}
	}
	// A power of attorney asks nothing of the person, but who asks is proved too
	// (11 CCR 7063(b)).
	r := paper("attorney", 22)
	accept(r)
	if k := caseNow(c, r.ID); k.Status != requests.Filed {
		t.Errorf("the power of attorney alone took it to %s", k.Status)
	}
	prove(r, identity.RepresentativeCheck)
	c.Await(r.ID, requests.Review)

	own := c.File(acme.Subjects()[23].Email, "erasure")
	_, err := c.Svc.RecordProof(t.Context(), c.Agent, own.ID, identity.RepresentativeCheck, "Looked at")
	refused(t, err, "invalid-input")
}

// A person without an e-mail address is told on paper, with nothing in the letter
// that proves or stops by being opened; that it was posted is in the log, with who
// did it.
func TestPersonIsToldByPost(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	for i, tt := range []struct {
		kind, right string
		word        bool
	}{{"agent", "erasure", true}, {"attorney", "erasure", false}, {"agent", "opt_out", false}} {
		f := requests.Filing{
			Rights: []string{tt.right}, Country: "US", Region: "CA", Locale: "de", Name: "Person Concerned", Channel: "letter",
			Identities: []connect.Identity{{Kind: "customer_id", Value: acme.Subjects()[24+i].CustomerID}},
			OnBehalf:   &requests.Behalf{Kind: tt.kind, Name: "Ada Counsel", Email: agentMail},
		}
		r, err := c.Svc.File(t.Context(), c.Agent, f)
		must(t, err)
		k := caseNow(c, r.ID)
		list, err := c.Svc.Letters(t.Context(), k)
		must(t, err)
		at := slices.IndexFunc(list, func(l requests.LetterView) bool { return l.Kind == mail.BehalfPost })
		if at < 0 || list[at].Status != "paper" || !k.Has(requests.Attention) {
			t.Fatalf("%s: %+v %v", tt.kind, list, k.Flags)
		}
		l, err := c.Svc.Letter(t.Context(), k, list[at].ID)
		must(t, err)
		if strings.Contains(l.Text, "token=") || strings.Contains(l.Text, "Ada") || strings.Contains(l.Text, "mit Ihrer E-Mail-Adresse") || !strings.Contains(l.Text, r.Reference) {
			t.Error(l.Text)
		}
		if strings.Contains(l.Text, "Wir machen nur weiter") != tt.word {
			t.Errorf("%s %s: %s", tt.kind, tt.right, l.Text)
		}
		must(t, c.Svc.Posted(t.Context(), c.Agent, r.ID, list[at].ID))
		sent := payloads[evidence.LetterSent](c, r.ID)
		if i := slices.IndexFunc(sent, func(e evidence.LetterSent) bool { return e.Template == mail.BehalfPost }); i < 0 || sent[i].Way != "post" {
			t.Errorf("%+v", sent)
		}
		refused(t, c.Svc.Posted(t.Context(), c.Agent, r.ID, list[at].ID), "not-found")
	}
}

// A request that is handed over is the person's: what was mailed to whoever asked
// opens and stops nothing any longer, the person's own link still does.
func TestHandOverEndsEveryLink(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[28]
	r, err := behalf(c, "agent", who.Email, func(f *requests.Filing) { f.OnBehalf.Permission = signed }, "access")
	must(t, err)
	stop := linkTo(c, agentMail, r.Reference, "not-me")
	confirm := linkTo(c, who.Email, r.Reference, "confirm")
	c.Verify(agentMail, r)
	_, err = c.Svc.DecidePermission(t.Context(), c.DPOs[0], r.ID, requests.PermissionDecision{Accepted: true, Reason: "Says nothing of receiving"})
	must(t, err)
	if _, err := c.Svc.TokenCase(t.Context(), stop, "not_me"); err != nil {
		t.Fatal("before the hand-over:", err)
	}
	_, err = c.Svc.ConfirmBehalf(t.Context(), confirm)
	must(t, err)
	_, err = c.Svc.NotMe(t.Context(), stop)
	refused(t, err, "link-expired")
	if k := caseNow(c, r.ID); k.Status == requests.Withdrawn {
		t.Error("whoever asked stopped the person's request")
	}
	c.Await(r.ID, requests.Review)
	_, err = c.Svc.NotMe(t.Context(), confirm)
	must(t, err)
	if k := caseNow(c, r.ID); k.Status != requests.Withdrawn {
		t.Errorf("the person cannot stop it: %s", k.Status)
	}
}

// TestPersonStopsIt: the person concerned says no; nothing happens, both are told.
func TestPersonStopsIt(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[16]
	r, err := behalf(c, "agent", who.Email, func(f *requests.Filing) { f.OnBehalf.Permission = signed }, "erasure")
	must(t, err)
	c.Verify(agentMail, r)
	_, err = c.Svc.NotMe(t.Context(), linkTo(c, who.Email, r.Reference, "not-me"))
	must(t, err)
	if k := caseNow(c, r.ID); k.Status != requests.Withdrawn {
		t.Fatal(k.Status)
	}
	if l := letters(c, r.ID); !slices.Contains(l, "behalf_declined") || !slices.Contains(l, "behalf_stopped") {
		t.Error(l)
	}
	must(t, c.Svc.Sweep(t.Context()))
	if e := payloads[evidence.DocumentDeleted](c, r.ID); len(e) != 1 || e[0].Cause != "ended" {
		t.Errorf("%+v", e)
	}
	_, err = c.Svc.ConfirmBehalf(t.Context(), linkTo(c, who.Email, r.Reference, "confirm"))
	refused(t, err, "not-waiting")
}

// TestOptOutByAgent is 11 CCR 7026(j): no verification, at once, told to the person,
// who can take it back.
func TestOptOutByAgent(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[18]
	r, err := behalf(c, "agent", who.Email, func(f *requests.Filing) { f.Country, f.Region = "US", "CA" }, "opt_out")
	must(t, err)
	if r.Verification != nil || r.Status != requests.Discovering {
		t.Errorf("%+v", r)
	}
	c.Await(r.ID, requests.Completed, requests.Verifying)
	_, err = c.Svc.Undo(t.Context(), linkTo(c, who.Email, r.Reference, "undo"))
	must(t, err)
	for _, m := range c.Mail.Messages() {
		if slices.Contains(m.To, agentMail) && strings.Contains(m.Text, "/undo") {
			t.Error("the agent can undo it")
		}
	}
}

// TestBehalfBadInput: nothing is filed and nothing stored.
func TestBehalfBadInput(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[20].Email
	for field, mend := range map[string]func(*requests.Filing){
		"on_behalf.kind":       func(f *requests.Filing) { f.OnBehalf.Kind = "heir" },
		"on_behalf.name":       func(f *requests.Filing) { f.OnBehalf.Name = " " },
		"on_behalf.email":      func(f *requests.Filing) { f.OnBehalf.Email = who },
		"on_behalf.age":        func(f *requests.Filing) { f.OnBehalf.Age = "under_13" },
		"name":                 func(f *requests.Filing) { f.Name = "" },
		"on_behalf.permission": func(f *requests.Filing) { f.OnBehalf.Permission = []byte("PK\x03\x04zip") },
	} {
		_, err := behalf(c, "agent", who, mend, "erasure")
		e := requests.AsError(err)
		if len(e.Fields) != 1 || e.Fields[0].Field != field {
			t.Errorf("%s: %+v", field, e)
		}
	}
	r, err := behalf(c, "agent", who, nil, "erasure")
	must(t, err)
	by := c.Verify(agentMail, r)
	for name, file := range map[string][]byte{
		"nothing": nil, "text": []byte("hello"), "html": []byte("<html><script>"), "zip": []byte("PK\x03\x04"), "gzip": {0x1f, 0x8b, 8},
		"too large": append([]byte("%PDF-"), make([]byte, requests.MaxDocument)...), "svg": []byte("<svg xmlns=''>"),
	} {
		_, err := c.Svc.AddDocument(t.Context(), by, r.ID, file)
		if requests.AsError(err).Code != "invalid-input" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = c.Svc.AddDocument(t.Context(), requests.Actor{Role: requests.Customer, ID: uuid.NewString()}, r.ID, signed)
	refused(t, err, "not-found")
	for range 5 {
		_, err = c.Svc.AddDocument(t.Context(), by, r.ID, signed)
		must(t, err)
	}
	_, err = c.Svc.AddDocument(t.Context(), by, r.ID, signed)
	refused(t, err, "too-many-documents")
	_, err = c.Svc.DecidePermission(t.Context(), c.DPOs[0], r.ID, requests.PermissionDecision{Reason: "Signed by somebody else"})
	must(t, err)
	if e := payloads[evidence.DocumentDeleted](c, r.ID); len(e) != 5 || e[0].Cause != "refused" {
		t.Errorf("%+v", e)
	}
	own := c.File(who, "erasure")
	_, err = c.Svc.AddDocument(t.Context(), c.DPOs[0], own.ID, signed)
	refused(t, err, "not-waiting")
}

// TestWhoWaitsForTheDeskDoesNotExpire: with a document that nobody has looked at,
// neither reminder nor expiry comes; without, both do.
func TestWhoWaitsForTheDeskDoesNotExpire(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	wait, err := behalf(c, "agent", acme.Subjects()[21].Email, func(f *requests.Filing) { f.OnBehalf.Permission = signed }, "erasure")
	must(t, err)
	lapse, err := behalf(c, "agent", acme.Subjects()[22].Email, nil, "erasure")
	must(t, err)
	for _, at := range []string{"filed_at", "unverified_at"} {
		_, err := c.DB.Exec(c.Context(), `update cases set `+at+` = `+at+` - interval '32 days' where id = any($1)`, []uuid.UUID{wait.ID, lapse.ID})
		must(t, err)
		must(t, c.Svc.Sweep(context.WithoutCancel(t.Context())))
	}
	if k := caseNow(c, wait.ID); k.Status != requests.Filed || k.Unverified != nil {
		t.Errorf("%s %v", k.Status, k.Unverified)
	}
	if k := caseNow(c, lapse.ID); k.Status != requests.Expired {
		t.Error(k.Status)
	}
}
