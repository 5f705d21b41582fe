package requests_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// testJoin: a second request of the same person is joined to the first once it
// is proved, and not before.
func testJoin(c *company.Company, who acme.Subject) {
	r, _ := inReview(c, who.Email, "access", "erasure")
	first := caseNow(c, r.ID)
	again := c.File(strings.ToUpper(who.Email[:1])+who.Email[1:], "access")
	stranger := c.File("nobody.knows@mail.example", "access")
	if again.Status != stranger.Status || again.DueOn != stranger.DueOn || again.Reference == r.Reference || (again.Verification == nil) != (stranger.Verification == nil) {
		c.Errorf("before the proof: %+v, a stranger's %+v", again, stranger)
	}
	if n := kinds(c, r.ID)["request.repeated"]; n != 0 {
		c.Error("joined before it was proved")
	}
	p, err := c.Svc.Verify(c.Context(), again.ID, c.Code(strings.ToUpper(who.Email[:1])+who.Email[1:], again.Reference))
	must(c.TB, err)
	k := caseNow(c, again.ID)
	if p.Status != requests.Withdrawn || k.Result != "joined" || k.JoinedInto == nil || *k.JoinedInto != r.ID {
		c.Errorf("%s, %s, %v", p.Status, k.Result, k.JoinedInto)
	}
	if j, err := c.Svc.Joined(c.Context(), k); err != nil || j.Reference != first.Reference {
		c.Errorf("%v, %v", j, err)
	}
	if l := letters(c, again.ID); len(l) != 2 || l[1] != "request_joined" {
		c.Errorf("letters %v", l)
	}
	letter(c, strings.ToUpper(who.Email[:1])+who.Email[1:], first.Reference)
	if n := kinds(c, r.ID)["request.repeated"]; n != 1 {
		c.Errorf("%d times in the first", n)
	}
	report(c, again.ID)
	// what asks for more, or gives more, is no duplicate
	more, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"access"}, Country: "DE", Identities: []connect.Identity{{Kind: "email", Value: who.Email}, {Kind: "customer_id", Value: who.CustomerID}},
	})
	must(c.TB, err)
	c.Verify(who.Email, more)
	c.Await(more.ID, requests.Review)
	// and so is what asks for it once it is answered: carried out, and noted
	_, err = c.Svc.Withdraw(c.Context(), c.DPOs[0], more.ID)
	must(c.TB, err)
	_, err = c.Svc.Withdraw(c.Context(), c.DPOs[0], r.ID)
	must(c.TB, err)
}

func testRepeated(c *company.Company, who acme.Subject) {
	r, _ := inReview(c, who.Email, "access")
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	again, _ := inReview(c, who.Email, "access")
	rep := payloads[evidence.RequestRepeated](c, again.ID)
	if len(rep) != 1 || string(rep[0].Case) != r.ID.String() || rep[0].How != "answered" {
		c.Errorf("%+v", rep)
	}
	rel, err := c.Svc.Related(c.Context(), caseNow(c, again.ID))
	must(c.TB, err)
	if len(rel) != 1 || rel[0].ID != r.ID {
		c.Errorf("%d related", len(rel))
	}
	_, err = c.Svc.Refuse(c.Context(), c.DPOs[0], again.ID, requests.Step{Reason: "Often."})
	if e := requests.AsError(err); e.Kind != requests.Unlawful {
		c.Errorf("refused without a ground: %v", err)
	}
	_, err = c.Svc.Refuse(c.Context(), c.DPOs[0], again.ID, requests.Step{Ground: "excessive", Reason: "We answered the same request this morning, and nothing has changed since."})
	must(c.TB, err)
	letter(c, who.Email, "this morning")
}

// testJoinRace: two at once, and one of them goes on.
func testJoinRace(c *company.Company, who acme.Subject) {
	a, b := c.File(who.Email, "access"), c.File(who.Email, "access")
	codes := map[uuid.UUID]string{a.ID: c.Code(who.Email, a.Reference), b.ID: c.Code(who.Email, b.Reference)}
	var all sync.WaitGroup
	for id, code := range codes {
		all.Go(func() {
			if _, err := c.Svc.Verify(c.Context(), id, code); err != nil {
				c.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	joined := 0
	for id := range codes {
		if k := caseNow(c, id); k.JoinedInto != nil {
			joined++
			if _, ok := codes[*k.JoinedInto]; !ok || *k.JoinedInto == id {
				c.Errorf("joined to %v", k.JoinedInto)
			}
		}
	}
	if joined != 1 {
		c.Errorf("%d of two joined", joined)
	}
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	s := acme.Subjects()
	t.Run("joined after the proof", func(t *testing.T) { testJoin(c.For(t), s[0]) })
	t.Run("asked again after the answer", func(t *testing.T) { testRepeated(c.For(t), s[1]) })
	t.Run("two at once", func(t *testing.T) { testJoinRace(c.For(t), s[2]) })
}

// TestUnverifiedNeverLapsesInSilence, in every family of laws: the letter with
// other ways and the remedies, then expiry, counted as a denial. A proof that a
// person records meanwhile takes the request on.
func TestUnverifiedNeverLapsesInSilence(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: requests.Settings{UnverifiedAfter: 24 * time.Hour}})
	age := func(id uuid.UUID, column, by string) {
		_, err := c.DB.Exec(c.Context(), `update cases set `+column+` = `+column+` - $2::interval where id = $1`, id, by)
		must(t, err)
		must(t, c.Svc.Sweep(c.Context()))
	}
	for _, place := range [][2]string{{"DE", ""}, {"GB", ""}, {"US", "CA"}, {"US", "VA"}, {"CA", "ON"}, {"CH", ""}, {"BR", ""}} {
		email := strings.ToLower(place[0]+place[1]) + ".who@mail.example"
		r, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
			Rights: []string{"access"}, Country: place[0], Region: place[1], Identities: []connect.Identity{{Kind: "email", Value: email}},
		})
		must(t, err)
		age(r.ID, "filed_at", "23 hours")
		if l := letters(c, r.ID); len(l) != 1 {
			t.Errorf("%v: letters %v", place, l)
		}
		age(r.ID, "filed_at", "2 hours")
		if l := letters(c, r.ID); len(l) != 2 || l[1] != "unverified" {
			t.Errorf("%v: letters %v", place, l)
			continue
		}
		age(r.ID, "unverified_at", "29 days")
		if k := caseNow(c, r.ID); k.Status != requests.Filed {
			t.Errorf("%v: %s after 29 days", place, k.Status)
		}
		age(r.ID, "unverified_at", "2 days")
		if k := caseNow(c, r.ID); k.Status != requests.Expired || len(k.Denied()) != 1 {
			t.Errorf("%v: %s, denied %v", place, k.Status, k.Denied())
		}
		if e := payloads[evidence.RequestExpired](c, r.ID); len(e) != 1 || e[0].Counted != "denied" {
			t.Errorf("%v: %+v", place, e)
		}
		if l := letters(c, r.ID); len(l) != 3 || l[2] != "expired" {
			t.Errorf("%v: letters %v", place, l)
		}
		report(c, r.ID)
	}
	who := acme.Subjects()[0]
	r := c.File(who.Email, "access")
	age(r.ID, "filed_at", "25 hours")
	letter(c, who.Email, "something that only you and we know")
	_, err := c.Svc.RecordProof(c.Context(), c.DPOs[0], r.ID, "email_code", "x")
	refused(t, err, "invalid-input")
	_, err = c.Svc.RecordProof(c.Context(), c.DPOs[0], r.ID, "known_facts", "Knew the last order and its date")
	must(t, err)
	if k := caseNow(c, r.ID); k.Status != requests.Filed {
		t.Errorf("answers alone took the request to %s", k.Status)
	}
	_, err = c.Svc.RecordProof(c.Context(), c.DPOs[0], r.ID, "document", "Passport seen at the counter, handed back")
	must(t, err)
	c.Await(r.ID, requests.Review)
	_, err = c.Svc.Approve(c.Context(), c.DPOs[0], r.ID, planOf(c, r.ID).Hash)
	refused(t, err, "own-proof")
}

// TestErasureWaits: between the approval and the act the customer can cancel, and
// never waits past the due date.
func TestErasureWaits(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: requests.Settings{ErasureWait: 48 * time.Hour}})
	s := acme.Subjects()

	r, by := inReview(c, s[0].Email, "erasure")
	was := allRows(c, s[0])
	c.Approve(r.ID)
	must(t, poll(c, func() bool { // the task is there, and waits
		var n int
		err := c.DB.QueryRow(c.Context(), `select count(*) from tasks where case_id = $1 and stage = 'erase' and status = 'waiting'`, r.ID).Scan(&n)
		return err == nil && n == 2
	}))
	k := caseNow(c, r.ID)
	if k.WaitUntil == nil || time.Until(*k.WaitUntil) < 47*time.Hour || k.ActedAt != nil {
		t.Errorf("waits until %v, acted %v", k.WaitUntil, k.ActedAt)
	}
	_, err := c.Svc.Withdraw(c.Context(), by, r.ID)
	must(t, err)
	unchanged(c, s[0], was)
	must(t, c.Svc.Sweep(c.Context()))
	if n := kinds(c, r.ID); n["record.erased"] != 0 || n["request.withdrawn"] != 1 {
		t.Errorf("events %v", n)
	}

	// due tomorrow: the wait ends before that day does
	r, by = inReview(c, s[1].Email, "erasure")
	zone, _ := time.LoadLocation("Europe/Berlin")
	due := time.Now().In(zone).AddDate(0, 0, 1)
	_, err = c.DB.Exec(c.Context(), `update cases set due_on = $2 where id = $1`, r.ID, due.Format(time.DateOnly))
	must(t, err)
	c.Approve(r.ID)
	k = caseNow(c, r.ID)
	end := time.Date(due.Year(), due.Month(), due.Day(), 23, 0, 0, 0, zone)
	if k.WaitUntil == nil || !k.WaitUntil.Equal(end) {
		t.Errorf("waits until %v, want %v", k.WaitUntil, end)
	}
	// the time is over: it is done, and can no longer be cancelled
	must(t, poll(c, func() bool {
		tag, err := c.DB.Exec(c.Context(), `update tasks set next_attempt_at = now() where case_id = $1 and stage = 'erase' and status = 'waiting'`, r.ID)
		return err == nil && tag.RowsAffected() == 2
	}))
	must(t, c.Queue.Wake(c.Context()))
	c.Await(r.ID, requests.Completed)
	_, err = c.Svc.Withdraw(c.Context(), by, r.ID)
	refused(t, err, "already-begun")
}
