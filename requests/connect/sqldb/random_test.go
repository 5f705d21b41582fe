package sqldb_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
	"habeas/requests/connect/sqldb"
)

// tally counts what was tried.
type tally struct{ schemas, cases, rows, ambiguous, erased, refused atomic.Int64 }

func (s *rSchema) GoString() string { return fmt.Sprintf("%d tables", len(s.tables)) }
func (p *rPeople) GoString() string { return fmt.Sprintf("%d rows", len(p.all())) }

// Random schemas with random people in them, against the oracle: what is found
// is what the oracle says, each row once and with exact values; an erasure does
// what the plan says, leaves every other row as it was, and what is refused is
// refused for a reason that the oracle knows.
func TestRandomSchemas(t *testing.T) {
	t.Parallel()
	checks, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
	if err != nil {
		t.Fatal(err)
	}
	if testing.Short() {
		checks /= 5 // as rapid does
	}
	const runs, populations, onMariaDB = 4, 5, 2 // with rapid's 100 checks: 2,000 cases, and 200 on MariaDB
	var n tally
	var planned atomic.Int64 // fewer when -run chooses
	t.Run("runs", func(t *testing.T) {
		for run := range runs {
			t.Run(fmt.Sprint("PostgreSQL ", run), func(t *testing.T) {
				t.Parallel()
				s := postgresServer(t)
				planned.Add(int64(checks * populations))
				rapid.Check(t, func(rt *rapid.T) { randomSchema(rt, s, populations, &n) })
			})
		}
		t.Run("MariaDB", func(t *testing.T) {
			t.Parallel()
			s := mariadbServer(t)
			planned.Add(int64(checks * onMariaDB))
			rapid.Check(t, func(rt *rapid.T) { randomSchema(rt, s, onMariaDB, &n) })
		})
	})
	t.Logf("%d cases in %d schemas: %d rows found, %d of them withheld, %d erasures, %d refused",
		n.cases.Load(), n.schemas.Load(), n.rows.Load(), n.ambiguous.Load(), n.erased.Load(), n.refused.Load())
	if t.Failed() {
		return
	}
	if got, want := n.cases.Load(), planned.Load(); got < want {
		t.Errorf("%d cases, want %d", got, want)
	}
	// A refusal must not hide what does not work.
	if all := n.erased.Load() + n.refused.Load(); n.refused.Load()*5 > all || n.erased.Load()*3 < n.cases.Load() {
		t.Errorf("%d of %d erasures were refused, of %d cases", n.refused.Load(), all, n.cases.Load())
	}
}

// FuzzRandomSchema goes on where TestRandomSchemas ends.
func FuzzRandomSchema(f *testing.F) {
	s := postgresServer(f)
	var n tally
	for seed := range uint64(4) { // long enough for a schema and its people
		bytes := make([]byte, 1<<18)
		_, _ = rand.NewChaCha8([32]byte{byte(seed)}).Read(bytes)
		f.Add(bytes)
	}
	f.Fuzz(rapid.MakeFuzz(func(rt *rapid.T) { randomSchema(rt, s, 2, &n) }))
}

func randomSchema(rt *rapid.T, s *rServer, populations int, n *tally) {
	x := rapid.Custom(func(t *rapid.T) *rSchema { return drawSchema(t, s.dialect, s.schema) }).Draw(rt, "schema")
	if err := s.build(x); err != nil {
		rt.Fatalf("the schema is not valid: %v\n%s", err, x.ddl())
	}
	conn, err := sqldb.Open(context.Background(), connect.Config{
		Name: "crm", Kind: map[string]string{"postgresql": "postgresql", "mariadb": "mysql"}[s.dialect], URL: s.url, Dataset: x.dataset(), Now: func() time.Time { return day },
	})
	if err != nil {
		rt.Fatalf("open: %v\n%s", err, x.dataset())
	}
	defer func() { _ = conn.Close() }()
	n.schemas.Add(1)
	for range populations {
		p := rapid.Custom(func(t *rapid.T) *rPeople { return drawPeople(t, x) }).Draw(rt, "people")
		c := &rCase{rt: rt, s: s, x: x, p: p, db: conn, n: n}
		c.run()
		n.cases.Add(1)
	}
}

// rCase is one schema with one population.
type rCase struct {
	rt    *rapid.T
	s     *rServer
	x     *rSchema
	p     *rPeople
	db    connect.Connector
	n     *tally
	truth *rTruth
}

func (c *rCase) fail(format string, args ...any) {
	c.rt.Helper()
	c.rt.Fatalf("%s\n\n%s\n%s\n%s", fmt.Sprintf(format, args...), c.x.ddl(), c.x.dataset(), c.p.dump())
}

func (c *rCase) run() {
	if err := c.s.fill(c.p); err != nil {
		c.fail("the rows are not valid: %v\n%s", err, c.p.fill())
	}
	c.truth = ask(c.p)
	found, f := c.find(c.p)
	c.compare(c.truth, found, f)
	c.export(found)
	c.erase(found)
}

func (c *rCase) find(p *rPeople) ([]connect.Found, connect.Findings) {
	var out []connect.Found
	f, err := c.db.(connect.Finder).Find(context.Background(), p.who, func(f connect.Found) error {
		out = append(out, f)
		return nil
	})
	if err != nil {
		c.fail("find: %v (%v)", err, connect.Advice(err).Cause)
	}
	return out, f
}

// compare holds what was found against the oracle.
func (c *rCase) compare(o *rTruth, found []connect.Found, f connect.Findings) {
	if !slices.IsSortedFunc(found, func(a, b connect.Found) int {
		return strings.Compare(a.Type+"\x00"+a.Key, b.Type+"\x00"+b.Key)
	}) {
		c.fail("findings are not sorted")
	}
	rows := byName(o.p)
	got := map[*rRow]bool{}
	for _, x := range found {
		name := x.Type + "/" + x.Key
		r := rows[name]
		switch {
		case r == nil || !(o.own[r] || o.beyond[r]):
			c.fail("%s is not the person's (via %s)", name, x.Via)
		case got[r]:
			c.fail("%s is found twice", name)
		case (x.Match == connect.Ambiguous) == o.sure[r]:
			c.fail("%s: match %s (via %s, owner %s), sure %v", name, x.Match, x.Via, x.Owner, o.sure[r])
		}
		got[r] = true
		if o.sure[r] {
			c.compareRow(o, r, x)
		}
	}
	for _, r := range o.p.all() {
		if (o.own[r] || o.beyond[r]) && !got[r] {
			c.fail("%s is the person's and was not found", r.name())
		}
	}
	c.compareFindings(o, f)
	c.n.rows.Add(int64(len(found)))
}

func byName(p *rPeople) map[string]*rRow {
	out := map[string]*rRow{}
	for _, r := range p.all() {
		out[r.name()] = r
	}
	return out
}

func (c *rCase) compareRow(o *rTruth, r *rRow, x connect.Found) {
	counts := o.counts[r]
	if o.own[r] {
		o.alone(r)
		counts = map[int]bool{o.others[r]: true}
	}
	if !counts[x.Shared] {
		c.fail("%s: %d others, want %v (via %s)", r.name(), x.Shared, counts, x.Via)
	}
	read := connect.Disclose
	hide := o.redacted(r)
	if len(hide) > 0 {
		read = connect.Redact
	}
	if x.Access == nil || x.Access.Action != read || !slices.Equal(x.Access.Fields, hide) {
		c.fail("%s: access %+v, want %s %v", r.name(), x.Access, read, hide)
	}
	want := o.fate(r)
	if x.Erasure == nil || string(x.Erasure.Action) != want.action || !slices.Equal(x.Erasure.Fields, want.fields) {
		c.fail("%s: erasure %+v, want %+v", r.name(), x.Erasure, want)
	}
	for _, p := range o.p.all() {
		if p.t.person && !o.own[p] && strings.Contains(x.Owner, p.name()) && x.Owner == p.name() {
			c.fail("%s: its owner is %s, who is somebody else (via %s)", r.name(), x.Owner, x.Via)
		}
	}
}

func (c *rCase) compareFindings(o *rTruth, f connect.Findings) {
	learned := map[[2]string]bool{}
	for _, id := range f.Learned {
		learned[[2]string{id.Kind, id.Normal()}] = id.Proven
	}
	for at, proven := range o.learned {
		if got, there := learned[at]; !there || got != proven {
			c.fail("%v is taught, proven %v; found %v, proven %v", at, proven, there, got)
		}
		delete(learned, at)
	}
	if len(learned) > 0 {
		c.fail("learned from somebody else: %v", learned)
	}
	if o.candidates != (len(f.Candidates) > 0) {
		c.fail("candidates %v, want %v", f.Candidates, o.candidates)
	}
	if o.doubt && !slices.ContainsFunc(f.Warnings, func(w connect.Warning) bool { return w.Code == "ambiguous" }) {
		c.fail("no warning that an identity leads to two people: %v", f.Warnings)
	}
}

// export reads what was found, and compares every value.
func (c *rCase) export(found []connect.Found) {
	targets := connecttest.Access(found)
	rows := byName(c.p)
	at := 0
	err := c.db.(connect.Reader).Read(context.Background(), connecttest.Stream(targets), func(row connect.Row) error {
		if row.Type != targets[at].Type || row.Key != targets[at].Key {
			c.fail("row %d is %s/%s, want %s/%s", at, row.Type, row.Key, targets[at].Type, targets[at].Key)
		}
		r := rows[row.Type+"/"+row.Key]
		for i, v := range row.Values {
			col := r.t.cols[i]
			hide := slices.Contains(targets[at].Fields, col.name)
			if v.Field != col.name || v.Redacted != hide || (!hide && string(v.Data) != asJSON(col, r.v[i])) {
				c.fail("%s: field %s is %s, redacted %v; want %s, redacted %v", r.name(), v.Field, v.Data, v.Redacted, asJSON(col, r.v[i]), hide)
			}
		}
		if len(row.Values) != len(r.t.cols) {
			c.fail("%s: %d values", r.name(), len(row.Values))
		}
		at++
		return nil
	})
	if err != nil || at != len(targets) {
		c.fail("read: %d of %d rows, %v", at, len(targets), err)
	}
}

func asJSON(c *rColumn, v cell) string {
	switch {
	case v == null:
		return "null"
	case c.typ == "int" || c.typ == "bigint" || c.typ == "unsigned":
		return string(v)
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(string(v)); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
