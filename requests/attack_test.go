package requests_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// Whoever asks for somebody else decides nothing about it, also as a member of
// staff.
func TestWhoAsksForSomebodyDoesNotApprove(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[4]
	officer, err := c.Svc.User(t.Context(), uuid.MustParse(c.DPOs[0].ID))
	must(t, err)
	r, err := behalf(c, "attorney", who.Email, func(f *requests.Filing) {
		f.OnBehalf.Email, f.OnBehalf.Permission = strings.ToUpper(officer.Email[:1])+officer.Email[1:], signed
	}, "erasure")
	must(t, err)
	_, err = c.Svc.DecidePermission(t.Context(), c.Agent, r.ID, requests.PermissionDecision{Accepted: true, Receives: true, Reason: "Signed before a notary"})
	must(t, err)
	_, err = c.Svc.Verify(t.Context(), r.ID, c.Code(strings.ToUpper(officer.Email[:1])+officer.Email[1:], r.Reference))
	must(t, err)
	c.Await(r.ID, requests.Review)
	_, err = c.Svc.Approve(t.Context(), c.DPOs[0], r.ID, planOf(c, r.ID).Hash)
	refused(t, err, "own-request")
	_, err = c.Svc.Approve(t.Context(), c.DPOs[1], r.ID, planOf(c, r.ID).Hash)
	must(t, err)
}

// A complaint is decided by somebody who had no part: neither who believed the
// person nor who had data held has.
func TestWhoHadAPartDecidesNoComplaint(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	for name, part := range map[string]func(r *requests.Receipt){
		"known facts": func(r *requests.Receipt) {
			c.Await(r.ID, requests.Review)
			_, err := c.Svc.RecordProof(t.Context(), c.DPOs[1], r.ID, "known_facts", "Knew the last order")
			must(t, err)
		},
		"hold": func(r *requests.Receipt) {
			_, err := c.Svc.SetHold(t.Context(), c.DPOs[1], requests.NewHold{
				Scope: "system", System: "crm", Ground: "litigation", ReviewOn: time.Now().AddDate(0, 1, 0), Reason: "A suit",
			})
			must(t, err)
			c.Await(r.ID, requests.Review)
			_, err = c.Svc.Rediscover(t.Context(), c.DPOs[0], r.ID)
			must(t, err)
			must(t, poll(c, func() bool { return kinds(c, r.ID)["hold.found"] > 0 }))
		},
		"law": func(r *requests.Receipt) {
			_, err := c.Svc.CorrectLaw(t.Context(), c.DPOs[1], r.ID, requests.LawChange{Country: "FR", Reason: "Moved"})
			must(t, err)
		},
	} {
		who := acme.Subjects()[map[string]int{"known facts": 5, "hold": 6, "law": 7}[name]]
		r, by := fileIn(c, "DE", "", who.Email, "erasure")
		part(r)
		m, err := c.Svc.FileMatter(t.Context(), by, r.ID, requests.NewMatter{Kind: "complaint", Message: "Nobody answers."})
		must(t, err)
		d := requests.MatterDecision{Decision: "denied", Reason: "We answered in time."}
		_, _, err = c.Svc.DecideMatter(t.Context(), c.DPOs[1], m.ID, d)
		refused(t, err, "own-decision")
		_, _, err = c.Svc.DecideMatter(t.Context(), c.DPOs[0], m.ID, d)
		must(t, err)
	}
}

// Who asks may be the one who is feared: neither the answer nor the receipt says
// that somebody is at risk, or that anything is held.
func TestNobodyIsToldThatAPersonIsAtRisk(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: requests.Settings{ApprovalsErasure: 1}})
	who := acme.Subjects()[9]
	hold := requests.NewHold{
		Scope: "system", System: "crm", Ground: "person_at_risk",
		Cite: "GDPR Art. 6(1)(d)", ReviewOn: time.Now().AddDate(0, 1, 0), Reason: "Threats in a ticket; with the police",
	}
	_, err := c.Svc.SetHold(t.Context(), c.DPOs[1], hold)
	must(t, err)
	r, by := fileIn(c, "DE", "", who.Email, "erasure")
	c.Await(r.ID, requests.Review)
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	if kinds(c, r.ID)["hold.found"] == 0 {
		t.Fatal("nothing was held")
	}
	said := letter(c, who.Email, "Art. 6(1)(d)").Text
	receipt, err := c.Svc.CustomerReceipt(t.Context(), by, r.ID)
	must(t, err)
	for _, e := range receipt.Events {
		said += e.Line
	}
	kept, err := c.Svc.Kept(t.Context(), caseNow(c, r.ID))
	must(t, err)
	for _, k := range kept {
		said += k.Ground + k.Cited
	}
	for _, word := range []string{"at risk", "at_risk", "safety", "hold.", "hold-set", "police", "threat"} {
		if i := strings.Index(strings.ToLower(said), word); i >= 0 {
			t.Errorf("says %q: …%s…", word, said[max(0, i-100):min(len(said), i+100)])
		}
	}
}

// The article that a hold rests on stands in the log, in clear: an article is
// what it has to be.
func TestTheArticleOfAHoldNamesNobody(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Workers: -1})
	for _, cite := range []string{"because of Mara", "GDPR Art. 17(3)(e), mara@people.example"} {
		_, err := c.Svc.SetHold(t.Context(), c.DPOs[0], requests.NewHold{
			Scope: "system", System: "crm", Ground: "person_at_risk", Cite: cite, ReviewOn: time.Now().AddDate(0, 1, 0), Reason: "Threats",
		})
		if e := refused(t, err, "invalid-input"); e.Fields[0].Field != "cite" {
			t.Errorf("%s: %+v", cite, e.Fields)
		}
	}
}

// When a case's key is destroyed, nothing tells any more whose it was: not even
// whoever has the key of the digests that look up across cases.
func TestADestroyedKeyLeavesNoDigestOfThePerson(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: requests.Settings{Rescans: []time.Duration{}, GPC: requests.GPC{Purposes: []string{"social_ads"}}}})
	who := acme.Subjects()[11]
	device := strings.Repeat("d", 43)
	must(t, c.Svc.HonourSignal(t.Context(), device, "", "portal"))
	r, by := fileIn(c, "DE", "", who.Email, "access")
	must(t, c.Svc.LinkSignal(t.Context(), by, device))
	refuseAll(c, r.ID, c.DPOs[0], "", "excessive")
	rows, err := c.DB.Query(t.Context(), `select id::text from cases order by id`)
	must(t, err)
	cases, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	if len(cases) != 2 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, id := range cases {
		c.Await(uuid.MustParse(id), requests.Closed, requests.Refused)
	}
	if held := tablesWith(c, who.Email); len(held) < 4 {
		t.Fatalf("the digest is looked for where it is not: %v", held)
	}
	_, err = c.DB.Exec(t.Context(), `update cases set retain_until = '2020-01-01', recourse_until = '2020-01-01'`)
	must(t, err)
	must(t, c.Svc.Sweep(t.Context()))
	for _, id := range cases {
		if _, err := c.Svc.CaseKey(t.Context(), id); err == nil {
			t.Fatal("a key is still there")
		}
	}
	for _, table := range tablesWith(c, who.Email) {
		if table != "consent_ledger" && table != "suppressions" { // these have to outlive it
			t.Errorf("%s still holds a digest of the address", table)
		}
	}
}

// tablesWith are the tables that hold a digest by which an address is looked up.
func tablesWith(c *company.Company, email string) (out []string) {
	c.Helper()
	owner, err := pgxpool.New(c.Context(), testkit.OwnerURL(c.TB))
	must(c.TB, err)
	defer owner.Close()
	digest := hex.EncodeToString(c.Ring.Lookup("email", connect.Identity{Kind: "email", Value: email}.Normal()))
	rows, err := owner.Query(c.Context(), `select t.table_name from information_schema.tables t where t.table_schema = 'public' and t.table_type = 'BASE TABLE' order by 1`)
	must(c.TB, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(c.TB, err)
	for _, name := range names {
		var held bool
		must(c.TB, owner.QueryRow(c.Context(), `select exists (select 1 from `+pgx.Identifier{name}.Sanitize()+` t where t::text like '%' || $1 || '%')`, digest).Scan(&held))
		if held {
			out = append(out, name)
		}
	}
	return out
}

// A browser's signal is of whoever uses it: where somebody asks for another, it
// opts neither out in the other's name.
func TestASignalOfWhoAsksForSomebodySaysNothingOfThem(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Workers: -1, Settings: requests.Settings{GPC: requests.GPC{Purposes: []string{"social_ads"}}}})
	who := acme.Subjects()[12]
	device := strings.Repeat("e", 43)
	must(t, c.Svc.HonourSignal(t.Context(), device, "", "portal"))
	r, err := behalf(c, "agent", who.Email, nil, "access")
	must(t, err)
	must(t, c.Svc.LinkSignal(t.Context(), c.Verify(agentMail, r), device))
	var n int
	must(t, c.DB.QueryRow(t.Context(), `select count(*) from cases where channel = 'gpc'`).Scan(&n))
	if n != 0 {
		t.Errorf("%d opt-outs were filed", n)
	}
}
