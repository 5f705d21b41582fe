package sqldb

import (
	"context"

	"habeas/requests/connect/sqldb/dataset"
)

// facts are what a check wants to know besides the catalog: what runs along, or
// refuses, when rows change.
type facts struct {
	triggers   map[[2]string][]trigger // by schema and table
	checks     map[[2]string][]constraint
	hidden     map[[2]string]bool            // row security is in force for our user
	unreadable map[[2]string]map[string]bool // columns that our user may not read
	readOnly   string                        // why nothing can be changed; empty where it can
}

type trigger struct {
	name     string
	del, upd bool
}

// constraint is a CHECK constraint of a table, or of the domain of a column.
type constraint struct {
	name    string
	columns []string
	refuses map[string]verdict // by masked column
}

// verdict is what a constraint says to the value that masking writes.
type verdict int

const (
	fine verdict = iota
	refused
	unknown // it looks at other columns too, or could not be asked
)

// inspector is an engine that knows such facts.
type inspector interface {
	inspect(ctx context.Context, s session, cat *catalog, data *dataset.Dataset) (*facts, error)
}

func newFacts() *facts {
	return &facts{
		triggers: map[[2]string][]trigger{}, checks: map[[2]string][]constraint{},
		hidden: map[[2]string]bool{}, unreadable: map[[2]string]map[string]bool{},
	}
}

// sample is a value of the kind that masking writes, as a literal of the
// dataset file; ok is false where it cannot be said.
func sample(a attribute, c *dataset.Column) (literal string, ok bool) {
	switch c.Mask {
	case dataset.SetNull:
		return "null", true
	case dataset.SetText:
		return quoteText(c.Text), true
	case dataset.SetRandom, dataset.SetHash:
		if !a.textual() {
			return "", false
		}
		host := ""
		if c.Email && c.Mask == dataset.SetRandom {
			host = randomHost
		}
		text := randomText + "0123456789abcdef0123456789abcdef"
		if most := a.length - len(host); a.length > 0 && len(text) > most && most > 0 {
			text = text[:most]
		}
		return quoteText(text + host), true
	}
	return "", false
}
