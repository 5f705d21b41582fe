// Package dataset is the description of a SQL database: which tables hold
// personal data, how one person's rows hang together, and what an erasure does
// to each of them (docs/datasets.md). It is read strictly, names every fault
// with its line, and never touches a database.
package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// Dataset is a parsed dataset file. Lines are for messages and do not count
// for the hash.
type Dataset struct {
	File    string `json:"-"` // names the file in faults; may be empty
	Version int
	Title   string
	Tables  []*Table // sorted by name
}

// Table is one record type.
type Table struct {
	Name      string // record type
	Schema    string
	AnySchema bool   `json:"-"` // the file names no schema: Schema is a default
	Rel       string // name in the database
	Title     string
	Purpose   string
	Source    string
	Recipient string
	Retention string
	Provided  string `json:",omitempty"` // subject, observed or derived (Art. 20); "" is subject
	Social    bool
	Key       []string
	Person    bool
	Where     []Cond
	Erase     RowErase
	// Never is the ground on which rows are always kept.
	Never string
	// Lookup tables hold nothing personal in themselves (products, countries):
	// their rows are disclosed with those that refer to them, and no erasure
	// proposes anything for them. Erase is KeepRow without a ground.
	Lookup bool `json:",omitempty"`
	// After names the tables whose rows an erasure changes first, besides what
	// references and foreign keys ask for; sorted, without cycles.
	After       []Order `json:",omitempty"`
	SharedBy    []SharedBy
	SharedErase Strategy // Detach, MaskRow or KeepRow
	Suppress    *Suppress
	Columns     []*Column
	Entries     []*Entry
	Refs        []*Ref
	Line        int `json:"-"`

	before []Order // moved to After of the other tables by resolve
}

// Order says that an erasure changes rows of Table first.
type Order struct {
	Table string
	Line  int `json:"-"`
}

// Strategy is what erasure does to a row.
type Strategy string

// The strategies for rows.
const (
	DeleteRow Strategy = "delete"
	MaskRow   Strategy = "mask"
	DetachRow Strategy = "detach"
	KeepRow   Strategy = "keep"
)

// RowErase is a table's `erase`.
type RowErase struct {
	Do     Strategy
	Ground string   // for KeepRow
	Until  *Until   // for KeepRow; nil means no end
	Then   Strategy // for KeepRow: what follows when the reason has ended
}

// Until says when the reason for keeping a row or column ends.
type Until struct {
	Column    string
	EndOfYear bool
	Years     int
	Months    int
	Days      int
}

// Masking is what a column becomes when its row is masked.
type Masking string

// The ways to mask a column. Leave means that masking does not touch it.
const (
	Leave   Masking = ""
	SetNull Masking = "null"
	SetText Masking = "text"
	// SetRandom is a value of its own for every row, unique: of texts, uuids,
	// whole numbers, dates and times.
	SetRandom Masking = "random"
	// SetHash is a keyed digest of the value, marked like a random text; equal
	// values stay equal within one erasure, whose key is then thrown away. Of
	// texts and uuids.
	SetHash Masking = "hash"
	// SetYear is the first moment of the value's year. Of dates and times.
	SetYear   Masking = "year"
	KeepValue Masking = "keep"
)

// Column is one described column.
type Column struct {
	Name     string
	Title    string
	Category string
	FreeText bool
	Others   bool
	Provided string `json:",omitempty"` // as Table.Provided; "" is as the table says
	Mask     Masking
	Explicit bool   // the file says how to mask it
	Text     string // for SetText
	Ground   string // for KeepValue
	Until    *Until // for KeepValue
	PointsTo string // system
	Email    bool   // a random value must look like an address
	Line     int    `json:"-"`
}

// Match is how a column is compared with an identity.
type Match string

// The comparisons.
const (
	MatchExact  Match = "exact"
	MatchFold   Match = "fold"
	MatchNormal Match = "normal"
)

// Entry is a place where an identity stands: in one column, or in a name or id
// and a network.
type Entry struct {
	Kind    string
	Column  string // the value, or the name or id beside a network
	Network string // column
	// NetworkText is a fixed network instead of a column.
	NetworkText string
	Match       Match
	Enter       bool
	Learn       bool
	Always      bool   // learned identities are proven
	Proven      []Cond // or when these hold
	Confirm     string // kind of the identity that must agree
	// ChangedAt is the column that says when the identity last changed in its
	// row; null is never.
	ChangedAt string `json:",omitempty"`
	// System is the system that a reference across databases leads to or comes
	// from. Such an entry enters (direction from), is learned (to), or both.
	System string `json:",omitempty"`
	Line   int    `json:"-"`
}

// Composed reports whether the identity is made of two parts.
func (e *Entry) Composed() bool { return e.Network != "" || e.NetworkText != "" }

// Ref is a reference from Columns of its table to ToColumns of the table To.
type Ref struct {
	Columns    []string
	To         string
	ToColumns  []string
	Up         bool // walked from the rows here to the row referred to
	Down       bool // walked from the row referred to, to the rows here
	SamePerson bool
	// Handler references do not say whose a row is: the clerk who answered a
	// ticket. The row is no one's merely because it refers to that person.
	Handler bool `json:",omitempty"`
	Line    int  `json:"-"`
}

// SharedBy names rows that show who uses a shared row: those of Table whose
// Column holds its key. Person is the column of the person there; empty when
// Table is a person table.
type SharedBy struct {
	Table  string
	Column string
	Person string
	// Clear: to take the person out, Column becomes null; otherwise, where
	// Person is given, the row of Table goes.
	Clear bool `json:",omitempty"`
	Line  int  `json:"-"`
}

// Suppress is what withdrawing consent sets.
type Suppress struct {
	Set           []Assignment // sorted by column
	Purposes      []string
	PurposeColumn string
}

// Assignment is one column and its new value.
type Assignment struct {
	Column string
	Value  Literal
	Now    bool
	Line   int `json:"-"`
}

// Cond is one static condition: the column is (or with Not: is not) one of
// Values.
type Cond struct {
	Column string
	Not    bool
	Values []Literal
	Line   int `json:"-"`
}

// Literal is a value written in the dataset file. Text is its text form; Null
// stands for SQL's null.
type Literal struct {
	Text string
	Null bool
}

// Changes reports whether masking puts another value into the column.
func (m Masking) Changes() bool {
	switch m {
	case SetNull, SetText, SetRandom, SetHash, SetYear:
		return true
	}
	return false
}

// Place names a line of the file.
func (d *Dataset) Place(line int) string {
	if d.File == "" {
		return fmt.Sprintf("dataset:%d", line)
	}
	return fmt.Sprintf("dataset %s:%d", d.File, line)
}

// Table returns a table by record type, or nil.
func (d *Dataset) Table(name string) *Table {
	i, ok := slices.BinarySearchFunc(d.Tables, name, func(t *Table, n string) int {
		switch {
		case t.Name < n:
			return -1
		case t.Name > n:
			return 1
		}
		return 0
	})
	if !ok {
		return nil
	}
	return d.Tables[i]
}

// DefaultSchema sets the schema of the tables for which the file names none;
// without it they are in "public".
func (d *Dataset) DefaultSchema(name string) {
	for _, t := range d.Tables {
		if t.AnySchema {
			t.Schema = name
		}
	}
}

// Describes reports whether the dataset has the database's table.
func (d *Dataset) Describes(schema, rel string) bool {
	return slices.ContainsFunc(d.Tables, func(t *Table) bool { return t.Schema == schema && t.Rel == rel })
}

// Column returns a described column, or nil.
func (t *Table) Column(name string) *Column {
	for _, c := range t.Columns {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Hash is the hex SHA-256 of the parsed description: layout, comments and the
// order of tables do not count.
func (d *Dataset) Hash() string {
	b, err := json.Marshal(d)
	if err != nil {
		panic(fmt.Sprintf("dataset: a dataset is plain data: %v", err))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
