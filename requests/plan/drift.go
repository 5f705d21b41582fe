package plan

import (
	"strings"

	"habeas/requests/connect"
)

// Drift compares what a system shows now with what was planned, record by
// record, both in plan order. It keeps one record of each in memory.
type Drift struct {
	// next returns the next planned record of the system; false at the end.
	next    func() (Record, bool, error)
	planned Record
	have    bool
	started bool
	Missing int // planned and no longer there
	Added   int // there and not planned
	Moved   int // reached by another path, or somebody else's now
	Changed int // a field that is kept or masked has another value
}

// NewDrift compares with the planned records that next yields.
func NewDrift(next func() (Record, bool, error)) *Drift { return &Drift{next: next} }

// Found reports whether anything differs. Call End first.
func (d *Drift) Found() bool { return d.Missing+d.Added+d.Moved+d.Changed > 0 }

// See takes the next entry of a fresh proposal.
func (d *Drift) See(e Entry) error {
	if err := d.start(); err != nil {
		return err
	}
	for d.have && Compare(d.planned, e.Record) < 0 {
		d.Missing++
		if err := d.step(); err != nil {
			return err
		}
	}
	if !d.have || Compare(d.planned, e.Record) != 0 {
		d.Added++
		return nil
	}
	switch {
	case d.planned.Via != e.Record.Via || d.planned.Owner != e.Record.Owner:
		d.Moved++
	case Guarded(d.planned.Action) && d.planned.Fingerprint != e.Record.Fingerprint:
		d.Changed++
	}
	return d.step()
}

// End counts what was planned and not seen.
func (d *Drift) End() error {
	if err := d.start(); err != nil {
		return err
	}
	for d.have {
		d.Missing++
		if err := d.step(); err != nil {
			return err
		}
	}
	return nil
}

// String says what differs, in plain words without values.
func (d *Drift) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{d.Added, "added"}, {d.Missing, "missing"}, {d.Moved, "reached differently"}, {d.Changed, "changed"}} {
		if p.n > 0 {
			parts = append(parts, p.what)
		}
	}
	return strings.Join(parts, ", ")
}

func (d *Drift) start() error {
	if d.started {
		return nil
	}
	d.started = true
	return d.step()
}

func (d *Drift) step() error {
	var err error
	d.planned, d.have, err = d.next()
	return err
}

// Target returns the record as a connector takes it.
func (r Record) Target() connect.Target {
	return connect.Target{Type: r.Type, Key: r.Key, Owner: r.Owner, Action: r.Action, Fields: r.Fields}
}
