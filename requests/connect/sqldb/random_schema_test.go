package sqldb_test

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// Random schemas: what a company's database and its dataset file could look
// like. Everything here is plain data; random_sql_test.go writes it as DDL,
// rows and YAML, random_oracle_test.go says what is true about it.

// cell is a value as text.
type cell string

// null is SQL's null.
const null cell = "\x00"

// What the values of a column look like, whatever its type: columns of one
// domain may refer to each other.
const (
	domNum   = "num"
	domBig   = "big" // beyond a signed 64-bit integer
	domUUID  = "uuid"
	domWord  = "word"
	domDay   = "day"
	domState = "state"
	domText  = "text"
)

// columnTypes are the types that hold a domain.
var columnTypes = map[string][]string{
	domNum: {"int", "bigint", "text"}, domBig: {"unsigned", "text"}, domUUID: {"uuid", "text"}, domWord: {"text"},
	domDay: {"date"}, domState: {"text"}, domText: {"text"},
}

type rColumn struct {
	name, typ, dom   string
	notNull, unique  bool
	category         string
	freeText, others bool
	mask             string // as the file says: "", null, text, random, keep, until
	until            int    // for mask until: the column with the day
}

type rCond struct {
	col  int
	not  bool
	vals []cell
}

type rEntry struct {
	kind    string
	col     int
	network int    // column; -1 for a fixed one
	text    string // the fixed network
	match   string
	enter   bool
	learn   string // "", unproven, always, cond (state is on)
	state   int    // column for cond
	confirm bool
}

func (e *rEntry) composed() bool { return e.network >= 0 || e.text != "" }

type rRef struct {
	holder, to     *rTable
	cols, toCols   []int
	up, down, same bool
	fk             string // "", no action, restrict, cascade, set null
	deferrable     bool
}

type rShare struct {
	by          *rTable
	col, person int // person -1: by is a table of people
}

type rTable struct {
	at          int // in rSchema.tables
	name, rel   string
	person      bool
	join        bool
	cols        []*rColumn
	key         []int
	where       []rCond
	erase       string // delete, mask, detach, keep, never
	until       int    // column, for keep; -1 for no end
	years       int
	endOfYear   bool
	then        string
	shared      []rShare
	sharedErase string
	entries     []*rEntry
	refs        []*rRef
}

type rSchema struct {
	dialect string // postgresql, mariadb
	schema  string
	tables  []*rTable
}

// rnd draws an even number below n that shrinks to 0; chance shrinks to false.
func rnd(t *rapid.T, n int) int {
	v, size := 0, bits.Len(uint(n))+3
	for range size {
		v <<= 1
		if coin.Draw(t, "") {
			v |= 1
		}
	}
	return v * n >> size
}

var coin = rapid.Bool()

func chance(t *rapid.T, percent int) bool { return rnd(t, 50) >= 50-percent/2 }

func pick[T any](t *rapid.T, from ...T) T { return from[rnd(t, len(from))] }

// awkward are names that need quotes.
var awkward = []string{
	"select", "Order", "group", "From", "user", "KEY", "table", "desc", "Mixed Case", "ünit", "a-b", "100%s", `quo"te`, "tick`s", "it's", "$1", "k", "t", "v1", "ord",
}

// name draws a name that is not taken, whatever its case.
func name(t *rapid.T, base string, taken func(string) bool) string {
	n := base
	if chance(t, 20) {
		n = pick(t, awkward...)
	}
	for i := 2; taken(n); i++ {
		n = fmt.Sprintf("%s%d", base, i)
	}
	return n
}

func (s *rSchema) table(t *rapid.T, base string) *rTable {
	taken := func(n string) bool {
		return slices.ContainsFunc(s.tables, func(o *rTable) bool { return strings.EqualFold(o.name, n) || strings.EqualFold(o.rel, n) })
	}
	x := &rTable{at: len(s.tables), until: -1, erase: "delete"}
	x.name = name(t, base, taken)
	x.rel = x.name
	if chance(t, 15) {
		x.rel = name(t, "tbl_"+base, taken)
	}
	s.tables = append(s.tables, x)
	return x
}

func (x *rTable) column(t *rapid.T, base, dom string) int {
	c := &rColumn{dom: dom, typ: pick(t, columnTypes[dom]...), until: -1}
	c.name = name(t, base, func(n string) bool {
		return slices.ContainsFunc(x.cols, func(o *rColumn) bool { return strings.EqualFold(o.name, n) })
	})
	x.cols = append(x.cols, c)
	return len(x.cols) - 1
}

// simpleKey and compositeKey give a table its key.
func (x *rTable) simpleKey(t *rapid.T) {
	k := x.column(t, "id", pick(t, domNum, domNum, domUUID, domWord, domBig))
	x.cols[k].notNull = true
	x.key = []int{k}
}

func (x *rTable) compositeKey(t *rapid.T) {
	a, b := x.column(t, "tenant", domNum), x.column(t, "no", pick(t, domNum, domWord))
	x.cols[a].notNull, x.cols[b].notNull = true, true
	x.key = []int{a, b}
}

// data adds columns that hold something about somebody.
func (x *rTable) data(t *rapid.T) {
	for range 1 + rnd(t, 2) {
		c := x.cols[x.column(t, pick(t, "name", "note", "amount"), pick(t, domText, domText, domNum))]
		if chance(t, 70) {
			c.category = pick(t, "identity.name", "content.note", "contact.email")
		}
		c.freeText, c.others = chance(t, 15), chance(t, 10)
		c.notNull = chance(t, 10)
	}
	if chance(t, 20) {
		c := x.cols[x.column(t, "code", pick(t, domWord, domNum))]
		c.unique, c.notNull = true, true
	}
}

// entry adds a place where an identity stands.
func (x *rTable) entry(t *rapid.T, kind string) {
	e := &rEntry{kind: kind, network: -1, enter: true, match: "exact"}
	switch kind {
	case "email":
		e.col = x.column(t, "email", domText)
		e.match = pick(t, "fold", "fold", "exact", "normal")
		x.cols[e.col].category = pick(t, "", "contact.email", "contact.email")
	case "phone":
		e.col, e.match = x.column(t, "phone", domText), "normal"
		x.cols[e.col].category = "contact.phone"
	case "customer_id":
		e.col = x.column(t, "customer", domNum)
	case "handle", "social_id":
		e.col = x.column(t, map[string]string{"handle": "handle", "social_id": "uid"}[kind], domText)
		if kind == "handle" {
			e.match = pick(t, "fold", "exact")
		}
		if chance(t, 70) {
			e.network = x.networkColumn(t)
		} else {
			e.text = "mastodon"
		}
	}
	if chance(t, 15) && !x.cols[e.col].notNull && len(x.entries) == 0 && !e.composed() {
		x.cols[e.col].unique = true
	}
	switch rnd(t, 8) {
	case 4:
		e.learn = "unproven"
	case 5:
		e.learn = "always"
	case 6, 7:
		e.learn, e.state = "cond", x.stateColumn(t)
	}
	if e.learn != "" && chance(t, 20) {
		e.enter = false
	}
	x.entries = append(x.entries, e)
}

func (x *rTable) stateColumn(t *rapid.T) int {
	if i := slices.IndexFunc(x.cols, func(c *rColumn) bool { return c.dom == domState && c.name != "network" }); i >= 0 {
		return i
	}
	return x.column(t, "state", domState)
}

func (x *rTable) networkColumn(t *rapid.T) int {
	if i := slices.IndexFunc(x.cols, func(c *rColumn) bool { return c.dom == "network" }); i >= 0 {
		return i
	}
	i := x.column(t, "network", domState)
	x.cols[i].dom = "network"
	return i
}

// ref makes columns of x refer to a row of to.
func (s *rSchema) ref(t *rapid.T, x, to *rTable) *rRef {
	toCols := slices.Clone(to.key)
	if i := slices.IndexFunc(to.cols, func(c *rColumn) bool { return c.unique && c.notNull }); i >= 0 && chance(t, 40) {
		toCols = []int{i}
	} else if len(to.key) > 1 && chance(t, 20) {
		toCols = []int{to.key[rnd(t, 2)]} // one of a key's columns: to several rows
	}
	return s.refTo(t, x, to, toCols)
}

func (s *rSchema) refTo(t *rapid.T, x, to *rTable, toCols []int) *rRef {
	r := &rRef{holder: x, to: to, toCols: toCols}
	whole := len(r.toCols) == len(to.key) || !slices.Contains(to.key, r.toCols[0])
	alike := true
	for _, c := range r.toCols {
		i := x.column(t, to.name+"_"+to.cols[c].name, to.cols[c].dom)
		if len(x.cols[i].name) > 40 {
			x.cols[i].name = fmt.Sprintf("ref%d", i)
		}
		if chance(t, 75) {
			x.cols[i].typ = to.cols[c].typ
		}
		alike = alike && x.cols[i].typ == to.cols[c].typ
		r.cols = append(r.cols, i)
	}
	if whole && alike && chance(t, 60) {
		r.fk = pick(t, "no action", "no action", "restrict", "cascade", "set null")
		r.deferrable = chance(t, 25) && s.dialect == "postgresql" && r.fk == "no action"
	}
	x.refs = append(x.refs, r)
	return r
}

// direct says which way a reference is walked, as the dataset may say it.
func (r *rRef) direct(t *rapid.T) {
	switch {
	case r.to.person && (r.holder.person || chance(t, 20)):
		r.same = true
		r.way(pick(t, "both", "both", "from", "to"))
	case r.to.person:
		r.way(pick(t, "from", "from", "from", "from", "none"))
	case r.holder.person:
		r.way(pick(t, "to", "to", "none"))
	default:
		r.way(pick(t, "from", "from", "from", "to", "both", "none"))
	}
}

func (r *rRef) way(direction string) {
	r.up, r.down = direction == "to" || direction == "both", direction == "from" || direction == "both"
}

func (r *rRef) direction() string {
	switch {
	case r.up && r.down:
		return "both"
	case r.up:
		return "to"
	case r.down:
		return "from"
	}
	return "none"
}
