package sqldb_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
	"habeas/requests/testkit/acme"
)

func TestProposals(t *testing.T) {
	t.Parallel()
	s := world(t)
	found, f := connecttest.Find(t, s.DB, []connect.Identity{proven("email", "anna@example.test"), proven("social_id", "mastodon:u1")})
	var got []string
	for _, x := range found {
		e := string(x.Erasure.Action)
		if len(x.Erasure.Fields) > 0 {
			e += " " + strings.Join(x.Erasure.Fields, ",")
		}
		if x.Erasure.Until != nil {
			e += " until " + x.Erasure.Until.Format("2006-01-02")
		}
		a := string(x.Access.Action)
		if len(x.Access.Fields) > 0 {
			a += " " + strings.Join(x.Access.Fields, ",")
		}
		got = append(got, fmt.Sprintf("%s/%s | %s | %s | %s | %s | %d", x.Type, x.Key, x.Match, x.Owner, a, e, x.Shared))
	}
	want := []string{
		`comments/1 | derived | contacts/1 | redact body | mask author,contact_id,mail | 0`,
		`comments/3 | derived | contacts/2 | redact body | mask author,contact_id,mail | 0`,
		`contacts/1 | exact | contacts/1 | redact notes | erase | 0`,
		`contacts/2 | derived | contacts/2 | redact notes | erase | 0`,
		`emails/["anna.maybe@work.test", "1"] | derived | contacts/1 | disclose | erase | 0`,
		`emails/["anna@work.test", "1"] | derived | contacts/1 | disclose | erase | 0`,
		`households/1 | derived | contacts/1 | disclose | detach | 1`,
		`households/2 | derived | contacts/2 | disclose | erase | 0`,
		`invoices/00000000-0000-0000-0000-00000000000a | derived | contacts/1 | disclose | keep until 2033-12-31 | 0`,
		`invoices/00000000-0000-0000-0000-00000000000b | derived | contacts/1 | disclose | erase | 0`,
		`messages/1 | derived | profiles/1 | disclose | erase | 0`,
		`messages/2 | derived | profiles/1 | redact body | keep | 1`,
		`messages/3 | derived | profiles/1 | disclose | erase | 0`,
		`opportunities/1 | derived | contacts/1 | redact remark | detach contact_id,remark | 0`,
		`order_lines/["1", "1", "1"] | derived | contacts/1 | disclose | erase | 0`,
		`order_lines/["1", "1", "2"] | derived | contacts/1 | disclose | erase | 0`,
		`order_lines/["2", "1", "1"] | derived | contacts/2 | disclose | erase | 0`,
		`orders/["1", "1"] | derived | contacts/1 | disclose | erase | 0`,
		`orders/["2", "1"] | derived | contacts/2 | disclose | erase | 0`,
		`participants/["1", "1"] | derived | profiles/1 | disclose | erase | 0`,
		`participants/["2", "1"] | derived | profiles/1 | disclose | erase | 0`,
		`profiles/1 | exact | profiles/1 | disclose | erase | 0`,
		`profiles/4 | derived | profiles/4 | disclose | erase | 0`,
		`subscriptions/1 | exact | contacts/1 | disclose | erase | 0`,
		`subscriptions/2 | exact |  | disclose | erase | 0`,
		// Anna's address in a row of Ben's: the desk decides whose it is.
		`subscriptions/5 | ambiguous | contacts/3 | disclose | erase | 0`,
		`threads/1 | derived | profiles/1 | redact topic | detach | 1`,
		`threads/2 | derived | profiles/1 | redact topic | erase | 0`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("found (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]connect.Pointer{{System: "archive", Ref: "F-17"}}, f.Points); d != "" {
		t.Errorf("points:\n%s", d)
	}
	var learned []string
	for _, id := range f.Learned {
		learned = append(learned, fmt.Sprintf("%s %s %v", id.Kind, id.Value, id.Proven))
	}
	wantLearned := []string{
		"customer_id C-1 true", "customer_id C-2 true", "email anna.maybe@work.test false", "email anna@work.test true",
		"handle anna.b@bluesky true", "handle anna@mastodon true", "social_id bluesky:u10 true",
	}
	if d := cmp.Diff(wantLearned, learned); d != "" {
		t.Errorf("learned (-want +got):\n%s", d)
	}
	// What only the unconfirmed address leads to.
	if d := cmp.Diff([]connect.Candidate{{Type: "subscriptions", Via: "subscriptions.email", Count: 1}}, f.Candidates); d != "" {
		t.Errorf("candidates (-want +got):\n%s", d)
	}
}

// The handle that was proved belongs to somebody else by now.
func TestStaleHandle(t *testing.T) {
	t.Parallel()
	s := world(t)
	found, f := connecttest.Find(t, s.DB, []connect.Identity{proven("handle", "@Ben@mastodon"), proven("social_id", "mastodon:u1")})
	for _, x := range found {
		if strings.HasPrefix(x.Owner, "contacts/3") || x.Owner == "profiles/2" {
			t.Errorf("%s/%s is of whoever has the handle now", x.Type, x.Key)
		}
	}
	if len(f.Warnings) != 1 || f.Warnings[0].Code != "stale-handle" {
		t.Errorf("warnings: %+v", f.Warnings)
	}
}

// Two proven identities that lead to different people are that person's; one
// identity that leads to two is not.
func TestSeveralProvenIdentities(t *testing.T) {
	t.Parallel()
	s := world(t)
	found, f := connecttest.Find(t, s.DB, []connect.Identity{proven("customer_id", "C-3"), proven("customer_id", "C-4")})
	for _, x := range found {
		if x.Match == connect.Ambiguous && x.Type != "subscriptions" {
			t.Errorf("%s/%s is ambiguous", x.Type, x.Key)
		}
	}
	if len(found) == 0 || len(f.Warnings) > 0 {
		t.Errorf("%d found, %+v", len(found), f.Warnings)
	}
}

// A duplicate who uses the same shared row is detached, too.
func TestDetachEveryDuplicate(t *testing.T) {
	t.Parallel()
	s := world(t)
	exec(t, s.pool, "update contacts set household_id = 1 where id = 2")
	found, _ := connecttest.Find(t, s.DB, []connect.Identity{proven("phone", "+493012345")})
	for _, x := range found {
		if x.Type != "households" {
			continue
		}
		if x.Owner != `["contacts/1","contacts/2"]` || x.Shared != 1 {
			t.Fatalf("owner %s, shared %d", x.Owner, x.Shared)
		}
		targets := []connect.Target{{Type: x.Type, Key: x.Key, Owner: x.Owner, Action: connect.Detach}}
		if _, err := connecttest.Apply(t.Context(), s.DB, "job", targets); err != nil {
			t.Fatal(err)
		}
		if got := connecttest.Look(t, s.DB, targets); got[0].State != connect.Detached {
			t.Errorf("state %s", got[0].State)
		}
	}
	var left []int64
	if err := s.pool.QueryRow(t.Context(), "select array_agg(id order by id) from contacts where household_id = 1").Scan(&left); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]int64{3}, left); d != "" {
		t.Errorf("who lives there:\n%s", d)
	}
}

// The sample company's own files describe its database without a fault.
func TestAcmeDatasets(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"crm": acme.CRM, "social": acme.Social} {
		s := open(t, "select 1", text)
		url := s.pool.Config().ConnString()
		if err := acme.Create(t.Context(), url); err != nil {
			t.Fatal(err)
		}
		faults, err := s.Check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range faults {
			t.Errorf("%s: %s: %s", name, f.Where, f.Text)
		}
		before := snapshotAll(t, s.pool)
		p := acme.Subjects()[0]
		found, _ := connecttest.Find(t, s.DB, []connect.Identity{proven("email", p.Email), proven("customer_id", p.CustomerID)})
		targets := connecttest.Erasure(found)
		if len(targets) == 0 {
			t.Fatalf("%s: nothing found", name)
		}
		for range 2 {
			if _, err := connecttest.Apply(t.Context(), s.DB, "job", targets); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for i, r := range connecttest.Look(t, s.DB, targets) {
			if want := connecttest.State(targets[i].Action); want != "" && r.State != want {
				t.Errorf("%s: %s %s: %s", name, targets[i].Action, r.Type, r.State)
			}
		}
		changed := 0
		for k, v := range snapshotAll(t, s.pool) {
			if before[k] != v {
				changed++
			}
			delete(before, k)
		}
		changed += len(before)
		acts := 0
		for _, x := range targets {
			if x.Action != connect.Keep {
				acts++
			}
		}
		if changed != acts {
			t.Errorf("%s: %d rows differ, the plan changes %d", name, changed, acts)
		}
	}
}
