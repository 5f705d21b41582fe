package sqldb

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// batchSize is how many records go into one statement.
const batchSize = 5000

var errType = "unknown-type"

// batch is a run of targets of one type that are treated alike.
type batch struct {
	t      *dataset.Table
	action connect.Action
	fields []string
	keys   []string
	owners []string
	values []connect.Target // for Correct
}

func (b *batch) takes(t *dataset.Table, x connect.Target) bool {
	return b.t == t && b.action == x.Action && slices.Equal(b.fields, x.Fields) && len(b.keys) < batchSize
}

// batches groups consecutive targets that are alike.
func (d *DB) batches(targets iter.Seq2[connect.Target, error], do func(*batch) error) error {
	b := &batch{}
	for x, err := range targets {
		if err != nil {
			return emitError{err}
		}
		t := d.data.Table(x.Type)
		if t == nil {
			return connect.Permanent(errType, "The dataset file has no such record type.", nil)
		}
		for _, f := range x.Fields {
			if t.Column(f) == nil {
				return connect.Permanent("unknown-field", fmt.Sprintf("The dataset file has no such field in %s.", t.Name), nil)
			}
		}
		if len(b.keys) > 0 && !b.takes(t, x) {
			if err := do(b); err != nil {
				return err
			}
			b = &batch{}
		}
		if len(b.keys) == 0 {
			b.t, b.action, b.fields = t, x.Action, x.Fields
		}
		b.keys = append(b.keys, x.Key)
		b.owners = append(b.owners, x.Owner)
		if x.Action == connect.Correct {
			b.values = append(b.values, x)
		}
	}
	if len(b.keys) == 0 {
		return nil
	}
	return do(b)
}

var errOrder = errors.New("sqldb: row number")
