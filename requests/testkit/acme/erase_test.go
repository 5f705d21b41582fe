package acme_test

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb"
	"habeas/requests/connect/sqldb/dataset"
	"habeas/requests/testkit/acme"
)

// system is one of Acme's two systems, with what Find found last.
type system struct {
	connect.Connector
	name  string
	keys  map[string][]string // table → key columns
	found []connect.Found
	seen  connect.Findings
}

func open(t *testing.T, url string) []*system {
	t.Helper()
	var out []*system
	for name, text := range map[string]string{"crm": acme.CRM, "social": acme.Social} {
		now := func() time.Time { return time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC) }
		c, err := sqldb.Open(t.Context(), connect.Config{Name: name, Kind: "postgresql", URL: url, Dataset: text, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		d, err := dataset.Parse(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		s := &system{Connector: c, name: name, keys: map[string][]string{}}
		for _, table := range d.Tables {
			s.keys[table.Name] = table.Key
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *system) int { return strings.Compare(a.name, b.name) })
	return out
}

// discover walks both systems until neither teaches the other anything new.
func discover(t *testing.T, systems []*system, email string) {
	t.Helper()
	who := []connect.Identity{{Kind: "email", Value: email, Proven: true}}
	for before := 0; before != len(who); {
		before = len(who)
		for _, s := range systems {
			s.found = nil
			var err error
			s.seen, err = s.Connector.(connect.Finder).Find(t.Context(), who, func(f connect.Found) error {
				s.found = append(s.found, f)
				return nil
			})
			if err != nil {
				t.Fatalf("%s: find: %v", s.name, err)
			}
			for _, l := range s.seen.Learned {
				if !slices.ContainsFunc(who, l.Same) {
					who = append(who, l)
				}
			}
		}
	}
}

// targets are the records as erasure wants them.
func (s *system) targets(t *testing.T) []connect.Target {
	t.Helper()
	var out []connect.Target
	for _, f := range s.found {
		if f.Erasure == nil {
			t.Errorf("%s: %s %s: erasure proposes nothing", s.name, f.Type, f.Key)
			continue
		}
		out = append(out, connect.Target{Type: f.Type, Key: f.Key, Owner: f.Owner, Action: f.Erasure.Action, Fields: f.Erasure.Fields})
	}
	return out
}

func seq(targets []connect.Target) iter.Seq2[connect.Target, error] {
	return func(yield func(connect.Target, error) bool) {
		for _, x := range targets {
			if !yield(x, nil) {
				return
			}
		}
	}
}

// rows reads everything, by "schema.table key".
func rows(t *testing.T, conn *pgx.Conn, systems []*system) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, table := range tables(t, conn) {
		schema, name, _ := strings.Cut(table, ".")
		key := "to_jsonb(t)::text"
		for _, s := range systems {
			if cols := s.keys[name]; s.name == schema && len(cols) == 1 {
				key = cols[0] + "::text"
			} else if s.name == schema && len(cols) > 1 {
				key = `'["' || ` + strings.Join(cols, ` || '","' || `) + ` || '"]'`
			}
		}
		got, err := conn.Query(t.Context(), `select '`+table+` ' || `+key+` as key, to_jsonb(t)::text as row from `+table+` t`)
		if err != nil {
			t.Fatal(err)
		}
		var id, row string
		if _, err := pgx.ForEachRow(got, []any{&id, &row}, func() error {
			out[id] = row
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// tight writes a composite key without the blanks that a database may put in.
func tight(key string) string {
	var parts []string
	if json.Unmarshal([]byte(key), &parts) != nil {
		return key
	}
	text, err := json.Marshal(parts)
	if err != nil {
		return key
	}
	return string(text)
}

// world is the company and its systems, with all rows as last read.
type world struct {
	conn    *pgx.Conn
	systems []*system
	rows    map[string]string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	conn, url := setup(t)
	w := &world{conn: conn, systems: open(t, url)}
	w.rows = rows(t, conn, w.systems)
	return w
}

// erase runs find, apply and look for one person and compares the whole
// database before and after. It returns the action of every record.
func (w *world) erase(t *testing.T, email string) map[string]connect.Action {
	t.Helper()
	conn, systems, before := w.conn, w.systems, w.rows
	discover(t, systems, email)
	planned := map[string]connect.Action{}
	for _, s := range systems {
		for _, x := range s.targets(t) {
			id := s.name + "." + x.Type + " " + tight(x.Key)
			planned[id] = x.Action
			if _, ok := before[id]; !ok {
				t.Errorf("found, but not there: %s", id)
			}
		}
	}
	for id, row := range before {
		if _, ok := planned[id]; !ok && strings.Contains(row, email) {
			t.Errorf("the address stands in a row that no plan lists: %s", id)
		}
	}
	for _, s := range systems {
		targets := s.targets(t)
		states := map[string]connect.State{}
		if err := s.Connector.(connect.Applier).Apply(t.Context(), "job-"+email, seq(targets), func(connect.Result) error { return nil }); err != nil {
			t.Fatalf("%s: apply: %v", s.name, err)
		}
		if err := s.Connector.(connect.Looker).Look(t.Context(), seq(targets), func(r connect.Result) error {
			states[r.Type+" "+r.Key] = r.State
			return nil
		}); err != nil {
			t.Fatalf("%s: look: %v", s.name, err)
		}
		want := map[connect.Action]connect.State{connect.Erase: connect.Absent, connect.Mask: connect.Masked, connect.Detach: connect.Detached, connect.Keep: connect.Present}
		for _, x := range targets {
			if got := states[x.Type+" "+x.Key]; got != want[x.Action] {
				t.Errorf("%s: %s %s is %s after %s", s.name, x.Type, x.Key, got, x.Action)
			}
		}
	}
	after := rows(t, conn, systems)
	w.rows = after
	for id, row := range before {
		action, mine := planned[id]
		now, there := after[id]
		switch {
		case !mine && now != row:
			t.Errorf("not in the plan, and changed: %s", id)
		case mine && action == connect.Keep && now != row:
			t.Errorf("to be kept, and changed: %s", id)
		case mine && action == connect.Erase && there:
			t.Errorf("to be erased, and still there: %s", id)
		case mine && (action == connect.Mask || action == connect.Detach) && strings.Contains(id, "crm.addresses") && now != row:
			t.Errorf("a shared address is changed: %s", id)
		}
		if there && action != connect.Keep && strings.Contains(now, email) {
			t.Errorf("the address still stands in %s (%s)", id, action)
		}
	}
	for id := range after {
		if _, ok := before[id]; !ok {
			t.Errorf("a new row: %s", id)
		}
	}
	return planned
}

func TestSystemsMatchTheirDatasetFiles(t *testing.T) {
	t.Parallel()
	_, url := setup(t)
	for _, s := range open(t, url) {
		faults, err := s.Check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range faults {
			t.Errorf("%s: %s: %s", s.name, f.Where, f.Text)
		}
	}
}

// Everything that a subject has is found in both systems, goes as planned, and
// nobody else's row changes by a byte.
func TestErasingSubjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := acme.Subjects()
	for _, s := range []acme.Subject{all[0], all[7], all[23], all[39]} {
		planned := w.erase(t, s.Email)
		count := map[connect.Action]int{}
		kinds := map[string]bool{}
		for id, action := range planned {
			count[action]++
			kinds[strings.Fields(id)[0]] = true
		}
		if count[connect.Erase] < 12 || count[connect.Keep] < 3 {
			t.Errorf("%s: %v", s.Email, count)
		}
		for _, table := range []string{"crm.contacts", "crm.invoices", "crm.order_lines", "crm.consents", "crm.social_links", "social.profiles", "social.dm_threads", "social.dm_messages", "social.audience_members", "social.lead_submissions"} {
			if !kinds[table] {
				t.Errorf("%s: nothing found in %s", s.Email, table)
			}
		}
		for _, sys := range w.systems {
			if len(sys.seen.Points) > 0 {
				t.Errorf("%s has a paper file", s.Email)
			}
		}
	}
}

func TestErasingAwkwardCases(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := acme.AwkwardCases()
	for name, tt := range map[string]struct {
		email string
		check func(t *testing.T, conn *pgx.Conn, systems []*system, planned map[string]connect.Action)
	}{
		"two contacts": {c.TwoContacts, func(t *testing.T, _ *pgx.Conn, _ []*system, planned map[string]connect.Action) {
			if planned["crm.contacts 41"] != connect.Erase || planned["crm.contacts 2001"] != connect.Erase {
				t.Error("both contacts of the person should go")
			}
		}},
		"shared home": {c.SharedHome, func(t *testing.T, conn *pgx.Conn, _ []*system, _ map[string]connect.Action) {
			var n int
			if err := conn.QueryRow(t.Context(), `
				select count(*) from crm.contacts c join crm.households h on h.id = c.household_id
				join crm.contact_addresses ca on ca.contact_id = c.id join crm.addresses a on a.id = ca.address_id
				where c.email = $1`, c.SharedHomeOther).Scan(&n); err != nil || n != 2 {
				t.Errorf("the other one's home: %d rows, %v", n, err)
			}
		}},
		"stale handle": {c.StaleHandle, func(t *testing.T, _ *pgx.Conn, systems []*system, planned map[string]connect.Action) {
			if planned["social.profiles 7046"] != connect.Erase || planned["social.profiles 7047"] != "" {
				t.Errorf("%v", planned)
			}
			if !slices.ContainsFunc(systems[1].seen.Warnings, func(w connect.Warning) bool { return w.Code == "stale-handle" }) {
				t.Errorf("no warning of a stale handle: %v", systems[1].seen.Warnings)
			}
		}},
		"claimed handle": {c.Claimed, func(t *testing.T, _ *pgx.Conn, systems []*system, planned map[string]connect.Action) {
			if planned["social.profiles 7049"] != "" || len(systems[1].seen.Candidates) == 0 {
				t.Errorf("a claimed handle leads to candidates only: %v", systems[1].seen.Candidates)
			}
		}},
		"thread of three": {c.Thread, func(t *testing.T, conn *pgx.Conn, _ []*system, _ map[string]connect.Action) {
			var n int
			if err := conn.QueryRow(t.Context(), `
				select count(*) from social.dm_participants p join social.dm_threads t on t.id = p.thread_id
				join social.dm_messages m on m.thread_id = t.id and m.sender_profile_id = p.profile_id
				where p.profile_id = 7051`).Scan(&n); err != nil || n != 2 {
				t.Errorf("the third person's two conversations: %d, %v", n, err)
			}
		}},
		"invoice kept": {c.InvoiceKept, func(t *testing.T, _ *pgx.Conn, _ []*system, planned map[string]connect.Action) {
			if !slices.Contains(slices.Collect(maps.Values(planned)), connect.Keep) {
				t.Error("nothing is kept")
			}
		}},
		"invoice expired": {c.InvoiceExpired, func(t *testing.T, _ *pgx.Conn, _ []*system, planned map[string]connect.Action) {
			for id, a := range planned {
				if a == connect.Keep {
					t.Errorf("%s is kept beyond its time", id)
				}
			}
		}},
		"paper file": {c.PaperFile, func(t *testing.T, _ *pgx.Conn, systems []*system, _ map[string]connect.Action) {
			if p := systems[0].seen.Points; len(p) != 1 || p[0].System != acme.Archive {
				t.Errorf("%v", p)
			}
		}},
		"nobody": {c.NoRecord, func(t *testing.T, _ *pgx.Conn, _ []*system, planned map[string]connect.Action) {
			if len(planned) != 0 {
				t.Errorf("%v", planned)
			}
		}},
		"SQL":       {c.NameSQL, nil},
		"HTML":      {c.NameHTML, nil},
		"quotes":    {c.NameQuotes, nil},
		"arabic":    {c.NameArabic, nil},
		"combining": {c.NameCombining, nil},
	} {
		t.Run(name, func(t *testing.T) {
			planned := w.erase(t, tt.email)
			if tt.check != nil {
				tt.check(t, w.conn, w.systems, planned)
			} else if len(planned) == 0 {
				t.Error("nothing found")
			}
		})
	}
}

func TestFamilyAddressIsAmbiguous(t *testing.T) {
	t.Parallel()
	_, url := setup(t)
	systems := open(t, url)
	discover(t, systems, acme.AwkwardCases().FamilyAddress)
	for _, f := range systems[0].found {
		if f.Match != connect.Ambiguous {
			t.Errorf("%s %s is %s", f.Type, f.Key, f.Match)
		}
	}
	if len(systems[0].found) == 0 {
		t.Error("nothing found")
	}
}

// A withdrawal of one purpose touches what serves it, and nothing else.
func TestWithdrawingNewsletter(t *testing.T) {
	t.Parallel()
	conn, url := setup(t)
	systems := open(t, url)
	s := acme.Subjects()[3]
	discover(t, systems, s.Email)
	for _, sys := range systems {
		var targets []connect.Target
		for _, f := range sys.found {
			if w := f.Withdraw; w != nil && (len(w.Purposes) == 0 || slices.Contains(w.Purposes, "marketing_email")) {
				targets = append(targets, connect.Target{Type: f.Type, Key: f.Key, Owner: f.Owner, Action: w.Action, Fields: w.Fields})
			}
		}
		if err := sys.Connector.(connect.Applier).Apply(t.Context(), "withdraw", seq(targets), func(connect.Result) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]string{}
	for what, sql := range map[string]string{
		"newsletter": `select status from crm.newsletter_subscriptions where contact_id = $1`,
		"consent":    `select status from crm.consents where contact_id = $1 and purpose = 'marketing_email'`,
		"ads":        `select status from crm.consents where contact_id = $1 and purpose = 'social_ads'`,
		"audience":   `select m.status from social.audience_members m join crm.contacts c on c.customer_id = m.crm_customer_id where c.id = $1`,
	} {
		var v string
		if err := conn.QueryRow(context.Background(), sql, s.ContactID).Scan(&v); err != nil {
			t.Fatal(what, err)
		}
		got[what] = v
	}
	want := map[string]string{"newsletter": "suppressed", "consent": "withdrawn", "ads": "given", "audience": "active"}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
