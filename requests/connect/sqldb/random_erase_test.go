package sqldb_test

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// rFate is what an erasure does to a row.
type rFate struct {
	action string // erase, mask, detach, keep
	fields []string
	whole  bool // detach: take the person out of what is shared
}

// ends says whether the reason for keeping has ended.
func ends(x *rTable, r *rRow, now time.Time) bool {
	if x.until < 0 || r.v[x.until] == null {
		return false
	}
	day, err := time.Parse(time.DateOnly, string(r.v[x.until]))
	if err != nil {
		panic(err)
	}
	if x.endOfYear {
		day = time.Date(day.Year(), 12, 31, 0, 0, 0, 0, time.UTC)
	}
	return now.After(day.AddDate(x.years, 0, 1).Add(-time.Second)) // the day itself still counts
}

// masks says what a column becomes: "" for as it is.
func masks(x *rTable, i int, r *rRow) string {
	c := x.cols[i]
	switch {
	case slices.Contains(x.key, i), c.mask == "keep":
		return ""
	case c.mask == "until":
		if ends(x, r, day) {
			return "null"
		}
		return ""
	case c.mask == "" && c.category != "":
		return "null"
	}
	return c.mask
}

// fate is what the file says about the person's row.
func (o *rTruth) fate(r *rRow) rFate {
	x := r.t
	do := x.erase
	if do == "never" {
		return rFate{action: "keep"}
	}
	if do == "keep" {
		if !ends(x, r, day) {
			return rFate{action: "keep"}
		}
		if do = x.then; do == "" {
			do = "delete"
		}
	}
	if o.shared(r) {
		do = x.sharedErase
		switch {
		case do == "" && len(x.shared) > 0:
			do = "detach"
		case do == "":
			do = "keep"
		}
		if do == "detach" {
			do = map[bool]string{true: "detach", false: "keep"}[o.theirs(r)] // there may be nobody to be taken out of it
		}
		if do == "detach" {
			return rFate{action: "detach", whole: true}
		}
	}
	f := rFate{action: do}
	switch do {
	case "delete":
		f.action = "erase"
	case "mask":
		for i, c := range x.cols {
			if masks(x, i, r) != "" {
				f.fields = append(f.fields, c.name)
			}
		}
	case "detach":
		for _, ref := range x.refs {
			for _, c := range ref.cols {
				if ref.down {
					f.fields = append(f.fields, x.cols[c].name)
				}
			}
		}
		for i, c := range x.cols {
			if (c.mask == "null" || c.mask == "text" || c.mask == "random") && !slices.Contains(x.key, i) {
				f.fields = append(f.fields, c.name)
			}
		}
	}
	slices.Sort(f.fields)
	f.fields = slices.Compact(f.fields)
	if do == "detach" && len(f.fields) == 0 {
		// What leads to the person stands in their row, or nowhere.
		if f.whole = o.theirs(r); !f.whole {
			return rFate{action: "keep"}
		}
	}
	return f
}

// theirs reports whether shared_by names somebody found who uses the row.
func (o *rTruth) theirs(r *rRow) bool {
	for u := range o.named(r) {
		if o.own[r] && o.own[u] {
			return true
		}
	}
	return false
}

// redacted lists the fields that the person does not get to see.
func (o *rTruth) redacted(r *rRow) []string {
	var hide, personal []string
	for _, c := range r.t.cols {
		if c.freeText || c.others {
			hide = append(hide, c.name)
		}
		if c.category != "" {
			personal = append(personal, c.name)
		}
	}
	if o.shared(r) && len(hide) == 0 && len(r.t.shared) == 0 {
		hide = personal
	}
	slices.Sort(hide)
	return hide
}

// random marks a value that the database makes up.
const random cell = "\x00random"

// erased is the database after the erasure of what is sure, and what speaks
// against it: one reason a line, with the codes that name it.
func (o *rTruth) erased() (*rPeople, map[string]bool) {
	codes := map[string]bool{}
	after := &rPeople{s: o.p.s, rows: make([][]*rRow, len(o.p.rows)), who: o.p.who}
	copies := map[*rRow]*rRow{}
	for i, rows := range o.p.rows {
		for _, r := range rows {
			c := &rRow{t: r.t, v: slices.Clone(r.v)}
			copies[r] = c
			after.rows[i] = append(after.rows[i], c)
		}
	}
	gone := map[*rRow]bool{}
	for r := range o.sure {
		switch f := o.fate(r); {
		case f.action == "erase":
			gone[copies[r]] = true
			o.leave(copies, gone, r)
		case f.whole:
			o.leave(copies, gone, r)
		case f.action == "mask" || f.action == "detach":
			for _, name := range f.fields {
				i := slices.IndexFunc(r.t.cols, func(c *rColumn) bool { return c.name == name })
				switch r.t.cols[i].mask {
				case "text":
					copies[r].v[i] = "Erased"
				case "random":
					copies[r].v[i] = random
				default:
					copies[r].v[i] = null
				}
			}
		}
	}
	for i := range after.rows {
		after.rows[i] = slices.DeleteFunc(after.rows[i], func(r *rRow) bool { return gone[r] })
	}
	after.faults(codes)
	return after, codes
}

// leave takes the person out of a row that several people may use.
func (o *rTruth) leave(copies map[*rRow]*rRow, gone map[*rRow]bool, r *rRow) {
	for _, s := range r.t.shared {
		for _, by := range o.p.rows[s.by.at] {
			if by.v[s.col] != r.v[r.t.key[0]] {
				continue
			}
			for _, who := range o.usersBy(s, by) {
				switch {
				case !o.own[who]:
				case s.person < 0:
					copies[by].v[s.col] = null
				default:
					gone[copies[by]] = true
				}
			}
		}
	}
}

// faults says which constraints the rows break, by the codes of a refusal.
func (p *rPeople) faults(codes map[string]bool) {
	for _, r := range p.all() {
		for i, c := range r.t.cols {
			if c.notNull && r.v[i] == null {
				codes["not-null"] = true
			}
			for _, o := range p.rows[r.t.at] {
				if c.unique && o != r && o.v[i] == r.v[i] && r.v[i] != null && r.v[i] != random {
					codes["unique"] = true
				}
			}
		}
		for _, ref := range r.t.refs {
			if ref.fk != "" && !p.keeps(r, ref) {
				codes["more-rows"], codes["foreign-key"] = true, true
			}
		}
	}
}

// dump shows rows for a failure.
func (p *rPeople) dump() string {
	var b strings.Builder
	for _, r := range p.all() {
		fmt.Fprintf(&b, "%s:", r.name())
		for i, v := range r.v {
			if v == null {
				v = "null"
			}
			fmt.Fprintf(&b, " %s=%s", r.t.cols[i].name, v)
		}
		b.WriteString("\n")
	}
	for _, id := range p.who {
		fmt.Fprintf(&b, "asks: %s %s proven %v\n", id.Kind, id.Value, id.Proven)
	}
	return b.String()
}
