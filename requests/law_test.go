package requests_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests"
	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/identity"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// The assertions of the reference's §8, one test each, by number. 4, 5 and 7
// stand in rights_know_test.go and recipients_test.go, 9 in portal/gpc_test.go.

// 1. Opt-out, limit and the browser's signal never ask for proof of identity,
// and no law asks for an account.
func TestLaw8_01_NoProofForOptOutAndLimit(t *testing.T) {
	t.Parallel()
	for _, right := range []string{clock.OptOut, clock.Limit, clock.ConsentWithdrawal} {
		if requests.NeedsProof([]string{right}) {
			t.Errorf("%s asks for proof", right)
		}
	}
	c := company.New(t, company.Options{Workers: -1, Settings: requests.Settings{GPC: requests.GPC{Purposes: []string{"social_ads"}}}})
	for i, place := range [][2]string{{"US", "CA"}, {"US", "VA"}, {"US", "CO"}, {"DE", ""}, {"GB", ""}, {"CH", ""}, {"BR", ""}, {"CA", "QC"}, {"CA", "ON"}} {
		law, _, err := c.Svc.LawOf(place[0], place[1])
		must(t, err)
		for _, right := range []string{clock.OptOut, clock.Limit, clock.ConsentWithdrawal} {
			if _, granted := law.Rights[right]; !granted {
				continue
			}
			r, err := c.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
				Rights: []string{right}, Country: place[0], Region: place[1], Locale: "en",
				Identities: []connect.Identity{{Kind: "email", Value: fmt.Sprintf("nobody.%d.%s@people.example", i, right)}},
			})
			must(t, err)
			if r.Verification != nil || r.Status != requests.Discovering {
				t.Errorf("%s in %v: %s %+v", right, place, r.Status, r.Verification)
			}
			if n := kinds(c, r.ID)["identity.verified"] + kinds(c, r.ID)["identity.failed"]; n != 0 {
				t.Errorf("%s in %v: %d proofs were asked for", right, place, n)
			}
		}
	}
	// what proves a person without an account and without the desk's help
	without := slices.DeleteFunc(slices.Clone(identity.Proofs), func(p identity.Proof) bool { return p == identity.SignIn || p == identity.StaffCheck })
	for _, code := range clock.Builtin().Codes() {
		for _, right := range clock.Rights {
			for _, level := range []identity.Sensitivity{identity.Low, identity.High, identity.Special} {
				if !identity.Satisfied(without, identity.Needed(code, []string{right}, level)) {
					t.Errorf("%s asks for an account before %s", code, right)
				}
			}
		}
	}
	must(t, c.Svc.HonourSignal(t.Context(), strings.Repeat("a", 43), "", "portal"))
	var waiting int
	must(t, c.DB.QueryRow(t.Context(), `select count(*) from cases where status in ('filed', 'verified')`).Scan(&waiting))
	if waiting != 0 {
		t.Errorf("%d wait for proof", waiting)
	}
}

// 2. A denial does not render without its reason, the authority, whom to
// contact and, under EU and UK law, the way to a court.
func TestLaw8_02_DenialsNeedTheirParts(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Workers: -1})
	key := c.Ring.System()
	whole := func(kind string) mail.Slots {
		d := mail.Slots{
			Company:   mail.Company{Name: "Acme Outdoor", Contact: "privacy@acme.example", PrivacyURL: "https://privacy.acme.example/privacy"},
			Authority: mail.Authority{Name: "Berlin Commissioner for Data Protection", URL: "https://authority.example"},
			Law:       "EU", Reference: "HB-ABCD-EFGH", Received: noon(2026, 3, 2), Due: noon(2026, 4, 2), At: noon(2026, 3, 20), Rights: []string{"erasure"}, Verified: true,
			StatusURL: "https://privacy.acme.example/find", EnterURL: "https://privacy.acme.example/find", Open: 1,
			Reasons:     []mail.Reason{{Right: "erasure", Ground: "GDPR Art. 17(3)(b)", Text: "Tax law asks us to keep the invoices.", Code: "legal_duty"}},
			SearchedFor: []string{"e-mail address"}, SearchedIn: []string{"Customer database"},
			Kept: []mail.Kept{{What: "Invoices", Count: 2, Ground: "GDPR Art. 17(3)(b)", Text: "tax law"}}, Counts: mail.Counts{Erased: 3, Kept: 2},
		}
		if kind == mail.Excessive {
			d.Reasons[0] = mail.Reason{Right: "erasure", Ground: "GDPR Art. 12(5)", Text: "The fifth request in a month, without anything new.", Code: "excessive"}
		}
		return d
	}
	write := func(kind string, d mail.Slots) (text string, err error) {
		id := uuid.NewString()
		err = pgx.BeginFunc(t.Context(), c.DB, func(tx pgx.Tx) error {
			return mail.Write(t.Context(), tx, key, mail.Letter{ID: id, Case: mail.SystemCase, Kind: kind, Locale: "en", To: "nobody@people.example"}, d)
		})
		if err == nil {
			l, rerr := mail.Read(t.Context(), c.DB, key, id)
			must(t, rerr)
			text = l.Text
		}
		return text, err
	}
	for _, kind := range []string{mail.Refusal, mail.Partial, mail.Excessive, mail.NotFound} {
		text, err := write(kind, whole(kind))
		if err != nil {
			t.Errorf("%s, complete: %v", kind, err)
			continue
		}
		for _, want := range []string{"Berlin Commissioner", "privacy@acme.example", "court"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not name %q", kind, want)
			}
		}
		for what, spoil := range map[string]func(*mail.Slots){
			"authority": func(d *mail.Slots) { d.Authority = mail.Authority{} },
			"contact":   func(d *mail.Slots) { d.Company.Contact = "" },
			"reason": func(d *mail.Slots) {
				d.Reasons, d.SearchedFor, d.SearchedIn, d.Kept = nil, nil, nil, nil
			},
		} {
			d := whole(kind)
			spoil(&d)
			if text, err := write(kind, d); err == nil {
				t.Errorf("%s goes out without %s:\n%s", kind, what, text)
			}
		}
	}
}

// 3. An extension after the base due date is refused, and so is a second one.
func TestLaw8_03_OneExtensionAndInTime(t *testing.T) {
	t.Parallel()
	c, clk := still(t, noon(2026, 6, 1), requests.Settings{})
	late, twice := c.File("nobody.late@people.example", "access"), c.File("nobody.twice@people.example", "access")
	extend := func(r *requests.Receipt) error {
		_, err := c.Svc.Extend(c.Context(), c.DPOs[0], r.ID, requests.Step{Ground: "complexity", Reason: "many systems"})
		return err
	}
	clk.put(noon(2026, 7, 1)) // the due date itself
	must(t, extend(twice))
	if e := refused(t, extend(twice), "not-lawful"); !strings.Contains(e.Safe, "second extension") || !strings.Contains(e.Safe, "GDPR Art. 12(3)") {
		t.Errorf("says %q", e.Safe)
	}
	clk.put(noon(2026, 7, 2))
	before := get(c, late.ID)
	if e := refused(t, extend(late), "not-lawful"); !strings.Contains(e.Safe, "by the base due date") || !strings.Contains(e.Safe, "GDPR Art. 12(3)") {
		t.Errorf("says %q", e.Safe)
	}
	if after := get(c, late.ID); after.Has(requests.Extended) || !after.DueOn.Equal(before.DueOn) || kinds(c, late.ID)["clock.extended"] != 0 {
		t.Error("a refused extension changed the case")
	}
}

// 6. One record kept makes an erasure partial, with its exemption; a legal hold
// stops it.
func TestLaw8_06_OneKeptRecordMakesItPartial(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	erase := func(who acme.Subject, keep int) (*requests.Receipt, *requests.Case) {
		// the law's own retention has ended for all of this person's papers
		for _, sql := range []string{
			`update crm.orders set placed_on = '2010-01-01' where customer_no = $1`, `update crm.invoices set issued_on = '2010-01-01' where customer_no = $1`,
			`update crm.order_lines set shipped_on = '2010-01-01' where order_id in (select id from crm.orders where customer_no = $1)`,
		} {
			change(c, sql, who.CustomerID)
		}
		r, _ := inReview(c, who.Email, "erasure")
		for _, rec := range planOf(c, r.ID).Records {
			d := requests.Decision{System: rec.System, Type: rec.Type, Key: rec.Key, Right: "erasure", Action: connect.Keep, Ground: "legal_claims"}
			switch {
			case rec.Action == connect.Keep:
				t.Fatalf("%s.%s stays by itself: %s", rec.System, rec.Type, rec.Ground)
			case rec.Type == "orders" && keep > 0: // nothing hangs on it
				keep--
				_, err := c.Svc.Decide(c.Context(), c.DPOs[0], r.ID, []requests.Decision{d})
				must(t, err)
			}
		}
		c.Approve(r.ID)
		return r, c.Await(r.ID, requests.Completed, requests.Closed)
	}
	if _, k := erase(acme.Subjects()[6], 0); k.Has(requests.Partial) || len(k.Decisions) != 1 || k.Decisions[0].Decision != "granted" {
		t.Errorf("nothing was kept: flags %v, decisions %+v", k.Flags, k.Decisions)
	}
	r, k := erase(acme.Subjects()[2], 1)
	if !k.Has(requests.Partial) || len(k.Decisions) != 1 || k.Decisions[0].Decision != "partial" {
		t.Errorf("flags %v, decisions %+v", k.Flags, k.Decisions)
	}
	kept, err := c.Svc.Kept(c.Context(), k)
	must(t, err)
	if len(kept) != 1 || kept[0].Count != 1 || kept[0].Ground != "GDPR Art. 17(3)(e): legal claims" {
		t.Errorf("kept without an exemption: %+v", kept)
	}
	done := payloads[evidence.RequestCompleted](c, r.ID)
	if len(done) != 1 || len(done[0].Decisions) != 1 || done[0].Decisions[0].Decision != "partial" {
		t.Errorf("the log says %+v", done)
	}
	testHoldAtPlan(c, acme.Subjects()[1])
}

// 8. A clarification stops the UK's clock for access alone, proof and fee begin
// it for every right; the clocks of California and the other states stop for
// nothing.
func TestLaw8_08_WhatMovesWhichClock(t *testing.T) {
	t.Parallel()
	received := clock.Date{Year: 2026, Month: 6, Day: 1}
	asked, answered := received.AddDays(10), received.AddDays(15)
	due := func(law, right string, events ...clock.Event) clock.Date {
		res, err := clock.Compute(clock.Input{Law: law, Right: right, Received: clock.On(received), Events: events, PausePolicy: clock.Suspend})
		must(t, err)
		return res.Due().Due
	}
	event := func(kind string) clock.Event { return clock.Event{Kind: kind, From: asked, To: answered} }
	for _, code := range clock.Builtin().Codes() {
		law, err := clock.Builtin().Law(code)
		must(t, err)
		for right := range law.Rights {
			if code == "OK" {
				continue // from 2027
			}
			for _, kind := range []string{clock.Identity, clock.Fee, clock.Clarify} {
				moved := due(code, right, event(kind)) != due(code, right)
				want := moved
				switch {
				case code == "UK":
					want = kind != clock.Clarify || right == clock.Access
				case law.Family == "CA" || law.Family == "US":
					want = false
				}
				if moved != want {
					t.Errorf("%s %s: %s moves it: %v", code, right, kind, moved)
				}
				allowed := clock.Allowed(clock.Step{Law: code, Right: right, Do: clock.Pause, Ground: kind, On: asked, Due: due(code, right), PausePolicy: clock.Suspend})
				if (allowed == nil) != want && (code == "UK" || law.Family == "CA" || law.Family == "US") {
					t.Errorf("%s %s: a pause for %s: %v", code, right, kind, allowed)
				}
			}
		}
	}
}

// 10. What was withdrawn stays refused when a system comes back from a backup:
// every use asks the ledger, and it says no before anything is repaired. Then the
// system is told again, and what was erased there is found; what was allowed
// since stays allowed.
func TestLaw8_10_ARestoredBackupChangesNoAnswer(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	s := acme.Subjects()
	refusing, allowing, erased, left := s[5], s[6], s[12], s[13]
	var withdrawn []uuid.UUID
	for _, who := range []acme.Subject{refusing, allowing} {
		r := c.File(who.Email, "consent_withdrawal")
		c.Await(r.ID, requests.Completed)
		withdrawn = append(withdrawn, r.ID)
	}
	contact := rowsOf(c, erased, "crm.contacts", "")
	var gone []uuid.UUID
	for _, who := range []acme.Subject{erased, left} {
		r, _ := inReview(c, who.Email, "erasure")
		c.Approve(r.ID)
		c.Await(r.ID, requests.Completed)
		gone = append(gone, r.ID)
	}
	id := func(who acme.Subject) connect.Identity { return connect.Identity{Kind: "email", Value: who.Email} }
	_, err := c.Svc.RecordConsent(t.Context(), requests.Actor{Role: requests.ServiceRole, ID: "shop"}, requests.ConsentEntry{Identity: id(allowing), Purpose: "marketing_email", Allowed: true})
	must(t, err)

	change(c, `update crm.consents set status = 'given' where contact_id = any($1)`, []int64{refusing.ContactID, allowing.ContactID})
	change(c, `insert into crm.contacts select * from json_populate_record(null::crm.contacts, $1::json)`, contact[0])
	for _, purpose := range []string{"marketing_email", "profiling", "social_ads"} {
		st, err := c.Svc.CheckConsent(t.Context(), id(refusing), purpose)
		must(t, err)
		if st.Allowed {
			t.Errorf("%s is allowed after the backup was restored", purpose)
		}
	}
	_, err = c.Svc.Restored(t.Context(), requests.Actor{Role: "operator"}, "nowhere")
	refused(t, err, "no-such-system")
	did, err := c.Svc.Restored(t.Context(), requests.Actor{Role: "operator"}, "crm")
	must(t, err)
	if did.Looked != 2 || did.Suppressed < 1 {
		t.Errorf("did %+v", did)
	}
	if k := c.Await(gone[0], requests.Review); !k.Has(requests.Attention) {
		t.Errorf("flags %v", k.Flags)
	}
	given := func(who acme.Subject) int {
		var n int
		must(t, c.CRM.QueryRow(t.Context(), `select count(*) from crm.consents where contact_id = $1 and status = 'given'`, who.ContactID).Scan(&n))
		return n
	}
	must(t, poll(c, func() bool { return given(refusing) == 0 }))
	must(t, poll(c, func() bool { return kinds(c, gone[1])["outcome.verified"] > 1 }))
	if k := get(c, gone[1]); k.Status != requests.Completed {
		t.Errorf("what is still gone is %s", k.Status)
	}
	if n := kinds(c, withdrawn[1])["record.suppressed"]; given(allowing) == 0 || n != kinds(c, withdrawn[0])["record.suppressed"]-1 {
		t.Errorf("what was allowed since was stopped again: %d given, %d times stopped", given(allowing), n)
	}
	st, err := c.Svc.CheckConsent(t.Context(), id(allowing), "marketing_email")
	must(t, err)
	if !st.Allowed {
		t.Error("what was allowed since is refused")
	}
}

// 11. The log has what 11 CCR 7101(b) wants of every request, nothing goes
// before 24 months, and what proved an identity is gone once it did.
func TestLaw8_11_TheLogHasWhatIsWanted(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: requests.Settings{Retention: time.Hour, Rescans: []time.Duration{}}})
	r := c.File("nobody.logged@people.example", "erasure")
	c.Verify("nobody.logged@people.example", r)
	c.Await(r.ID, requests.Review)
	_, err := c.Svc.Refuse(t.Context(), c.DPOs[0], r.ID, requests.Step{Ground: "excessive", Reason: "the fifth in a month"})
	must(t, err)
	filed, answered := payloads[evidence.RequestFiled](c, r.ID), payloads[evidence.RequestRefused](c, r.ID)
	if len(filed) != 1 || filed[0].ReceivedAt.IsZero() || len(filed[0].Rights) != 1 || filed[0].Channel == "" {
		t.Errorf("date, nature and manner of the request: %+v", filed)
	}
	if len(answered) != 1 || answered[0].Ground != "excessive" || answered[0].Cite == "" || answered[0].Right != "erasure" {
		t.Errorf("nature of the answer and basis of the denial: %+v", answered)
	}
	for _, l := range events(c, r.ID) {
		if l.At.IsZero() {
			t.Errorf("%s has no date", l.Kind)
		}
	}
	k := get(c, r.ID)
	if k.RetainUntil == nil || k.RetainUntil.Before(k.ReceivedAt.AddDate(2, 0, 0)) {
		t.Errorf("kept until %v", k.RetainUntil)
	}
	// the end is looked at whatever was asked for: a day too early it stays
	end := func(retain string) int {
		_, err := c.DB.Exec(t.Context(), `update cases set retain_until = `+retain+`, recourse_until = '2020-01-01' where id = $1`, r.ID)
		must(t, err)
		sweep(c)
		return kinds(c, r.ID)["key.destroyed"]
	}
	if n := end(`current_date + 1`); n != 0 {
		t.Error("purged before its end")
	}
	var live int
	must(t, c.DB.QueryRow(t.Context(), `select count(*) from codes where case_id = $1 and not dead`, r.ID).Scan(&live))
	if live != 0 {
		t.Errorf("%d codes still prove somebody's identity", live)
	}
	must(t, poll(c, func() bool { return end(`'2020-01-01'`) == 1 })) // once the letter is out
	if n := kinds(c, r.ID); n["request.filed"] != 1 || n["request.refused"] != 1 {
		t.Errorf("the log lost what 7101(b) wants: %v", n)
	}
}

// 12. A withdrawn purpose is refused at the time of use, while no system has
// heard of it yet.
func TestLaw8_12_WithdrawnIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Workers: -1})
	who := acme.Subjects()[7]
	id := connect.Identity{Kind: "email", Value: who.Email}
	_, err := c.Svc.RecordConsent(t.Context(), requests.Actor{Role: requests.ServiceRole, ID: "shop"}, requests.ConsentEntry{Identity: id, Purpose: "marketing_email", Allowed: true})
	must(t, err)
	st, err := c.Svc.CheckConsent(t.Context(), id, "marketing_email")
	must(t, err)
	if !st.Allowed {
		t.Fatal("not allowed to begin with")
	}
	r := c.File(who.Email, "consent_withdrawal")
	st, err = c.Svc.CheckConsent(t.Context(), id, "marketing_email")
	must(t, err)
	if st.Allowed || st.Since.IsZero() {
		t.Errorf("still allowed: %+v", st)
	}
	if k := get(c, r.ID); k.Status != requests.Discovering {
		t.Errorf("something has moved on: %s", k.Status)
	}
}
