package dataset

import (
	"fmt"
	"slices"
	"strings"
)

// resolveOrder gathers erase_after and erase_before into After and refuses
// tables that nobody describes and circles.
func (r *reader) resolveOrder(d *Dataset) {
	for _, t := range d.Tables {
		for _, o := range t.After {
			r.orderNames(d, t, o)
		}
		for _, o := range t.before {
			if r.orderNames(d, t, o) {
				other := d.Table(o.Table)
				other.After = append(other.After, Order{Table: t.Name, Line: o.Line})
			}
		}
		t.before = nil
	}
	for _, t := range d.Tables {
		slices.SortStableFunc(t.After, func(a, b Order) int { return strings.Compare(a.Table, b.Table) })
		t.After = slices.CompactFunc(t.After, func(a, b Order) bool { return a.Table == b.Table })
	}
	r.circles(d)
}

func (r *reader) orderNames(d *Dataset, t *Table, o Order) bool {
	switch {
	case o.Table == t.Name:
		r.fault(o.Line, "table %s cannot be erased before or after itself", t.Name)
	case d.Table(o.Table) == nil:
		r.fault(o.Line, "the order of %s names %s, which is not a table of this file", t.Name, o.Table)
	default:
		return true
	}
	return false
}

// circles refuses orders that wait for each other, each circle once, with the
// lines that make it.
func (r *reader) circles(d *Dataset) {
	const (
		fresh = iota
		open
		done
	)
	state := map[string]int{}
	var path []Order // as walked: each names the table gone to
	var visit func(t *Table)
	visit = func(t *Table) {
		state[t.Name] = open
		for _, o := range t.After {
			to := d.Table(o.Table)
			if to == nil {
				continue // said already
			}
			path = append(path, o)
			switch state[o.Table] {
			case fresh:
				visit(to)
			case open:
				r.circle(path)
			}
			path = path[:len(path)-1]
		}
		state[t.Name] = done
	}
	for _, t := range d.Tables {
		if state[t.Name] == fresh {
			path = path[:0]
			visit(t)
		}
	}
}

func (r *reader) circle(path []Order) {
	last := path[len(path)-1]
	from := slices.IndexFunc(path[:len(path)-1], func(o Order) bool { return o.Table == last.Table }) + 1
	var names, lines []string
	for _, o := range path[from:] {
		names, lines = append(names, o.Table), append(lines, fmt.Sprint(o.Line))
	}
	slices.Reverse(names) // in the order of the erasure that is asked for
	slices.Reverse(lines)
	r.fault(last.Line, "the order of erasure is a circle: %s before %s (lines %s); leave one of them out",
		strings.Join(names, " before "), names[0], strings.Join(lines, ", "))
}
