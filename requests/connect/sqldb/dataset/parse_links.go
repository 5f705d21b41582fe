package dataset

import (
	"slices"
	"strings"
)

// columnIdentity reads identity, match and learn of a column.
func (r *reader) columnIdentity(t *Table, c *Column, v *node, line int) {
	kind := r.str(v, "identity")
	if kind == "handle" || kind == "social_id" {
		r.fault(line, "%s is made of two columns: put it under identities of the table", kind)
		return
	}
	if kind != "" {
		e := &Entry{Kind: kind, Column: c.Name, Enter: true, Line: line}
		e.Match = r.match(v, kind)
		e.ChangedAt = r.str(v, "changed_at")
		t.Entries = append(t.Entries, e)
	} else {
		for _, key := range []string{"match", "changed_at"} {
			if v.get(key) != nil {
				r.fault(line, "column %s has %s but no identity", c.Name, key)
			}
		}
	}
	l := v.get("learn")
	if l == nil || (l.kind == scalar && l.text == "false") {
		return
	}
	e := &Entry{Kind: kind, Column: c.Name, Learn: true, Line: line}
	switch {
	case l.kind == scalar && l.text == "true":
	case l.kind == scalar:
		e.Kind = l.text
	case l.kind == mapping:
		r.known(l, "learn", keys["learn"]...)
		if as := r.str(l, "as"); as != "" {
			e.Kind = as
		}
		r.proven(e, l)
	default:
		r.fault(l.line, "learn must be true, a kind of identity, or {as: kind, proven: …}")
	}
	if e.Kind == "" {
		r.fault(l.line, "learn on column %s needs the kind of identity", c.Name)
	}
	if last := len(t.Entries) - 1; kind == e.Kind && last >= 0 && t.Entries[last].Column == c.Name {
		in := t.Entries[last]
		in.Learn, in.Always, in.Proven = true, e.Always, e.Proven
		return
	}
	e.Match = MatchExact
	t.Entries = append(t.Entries, e)
}

func (r *reader) proven(e *Entry, n *node) {
	p := n.get("proven")
	switch {
	case p == nil:
	case p.kind == scalar && p.text == "always":
		e.Always = true
	case p.kind == mapping:
		e.Proven = r.conds(p, "proven")
	default:
		r.fault(p.line, "proven must be always, or conditions such as {verified: true}")
	}
}

func (r *reader) match(n *node, kind string) Match {
	if n.get("match") == nil {
		return standardMatch(kind)
	}
	return Match(r.choice(n, "match", string(MatchExact), string(MatchFold), string(MatchNormal)))
}

// standardMatch is how a kind is compared when the file does not say.
func standardMatch(kind string) Match {
	switch kind {
	case "email", "handle":
		return MatchFold
	case "phone":
		return MatchNormal
	}
	return MatchExact
}

// identities reads the identities made of two columns.
func (r *reader) identities(t *Table, n *node) {
	if n.kind != list {
		r.fault(n.line, "identities must be a list")
		return
	}
	for _, v := range n.vals {
		if !r.known(v, "identities", keys["identity"]...) {
			continue
		}
		e := &Entry{Kind: r.str(v, "kind"), Enter: true, Learn: r.boolean(v, "learn"), Confirm: r.str(v, "confirm"), Line: v.line}
		if v.get("enter") != nil {
			e.Enter = r.boolean(v, "enter")
		}
		switch e.Kind {
		case "handle":
			e.Column = r.str(v, "name")
		case "social_id":
			e.Column = r.str(v, "id")
		default:
			r.fault(v.line, "kind must be handle (name, network) or social_id (network, id)")
			continue
		}
		e.Match = r.match(v, e.Kind)
		switch net := v.get("network"); {
		case net == nil:
		case net.kind == mapping:
			r.known(net, "network", keys["network"]...)
			e.NetworkText = r.str(net, "text")
		default:
			e.Network = r.str(v, "network")
		}
		if e.Column == "" || !e.Composed() {
			r.fault(v.line, "%s needs its network and its %s", e.Kind, map[string]string{"handle": "name", "social_id": "id"}[e.Kind])
		}
		if !e.Enter && !e.Learn {
			r.fault(v.line, "this identity neither enters nor is learned")
		}
		if e.ChangedAt = r.str(v, "changed_at"); v.get("changed_at") != nil && !e.Enter {
			r.fault(v.line, "changed_at belongs to an identity that enters")
		}
		if e.Confirm != "" && e.Confirm != "social_id" {
			r.fault(v.line, "confirm must be social_id")
		}
		r.proven(e, v)
		if v.get("proven") != nil && !e.Learn {
			r.fault(v.line, "proven belongs to learn: true")
		}
		t.Entries = append(t.Entries, e)
	}
}

func (r *reader) references(t *Table, n *node) {
	if n.kind != mapping {
		r.fault(n.line, "references must be a mapping of columns to table.column")
		return
	}
	for i, key := range n.keys {
		all := []*node{n.vals[i]}
		if n.vals[i].kind == list {
			all = n.vals[i].vals
		}
		for _, v := range all {
			line := n.lines[i]
			if v != n.vals[i] {
				line = v.line
			}
			r.reference(t, key, v, line)
		}
	}
}

func (r *reader) reference(t *Table, key string, v *node, line int) {
	ref := &Ref{Columns: splitNames(key), Line: line}
	to, direction := "", "from"
	switch v.kind {
	case scalar:
		to = v.text
	case mapping:
		if to := v.get("to"); to != nil && to.kind == mapping {
			r.elsewhere(t, key, v, to, line)
			return
		}
		r.known(v, "reference "+key, keys["reference"]...)
		to = r.str(v, "to")
		ref.SamePerson, ref.Handler = r.boolean(v, "same_person"), r.boolean(v, "handler")
		direction = r.choice(v, "direction", "from", "to", "both", "none")
		if ref.SamePerson && v.get("direction") == nil {
			direction = "both"
		}
	}
	table, cols, ok := strings.Cut(to, ".")
	if !ok {
		r.fault(line, "reference %s must point to table.column", key)
		return
	}
	ref.To, ref.ToColumns = table, splitNames(cols)
	if len(ref.Columns) != len(ref.ToColumns) {
		r.fault(line, "reference %s has %d columns here and %d there", key, len(ref.Columns), len(ref.ToColumns))
		return
	}
	ref.Down = direction == "from" || direction == "both"
	ref.Up = direction == "to" || direction == "both"
	if direction == "none" && ref.SamePerson {
		r.fault(line, "a same_person reference needs a direction other than none")
	}
	t.Refs = append(t.Refs, ref)
}

// elsewhere reads a reference to a person in another system: an identity that
// is learned here (direction to), enters here (from), or both.
func (r *reader) elsewhere(t *Table, key string, v, to *node, line int) {
	r.known(v, "reference "+key, keys["reference_elsewhere"]...)
	r.known(to, "to", keys["elsewhere"]...)
	e := &Entry{Kind: r.str(to, "kind"), Column: key, System: r.str(to, "system"), Line: line}
	if e.Kind == "" || e.System == "" {
		r.fault(to.line, "a reference to another system needs both: {to: {system: …, kind: …}}")
		return
	}
	if e.Kind == "handle" || e.Kind == "social_id" {
		r.fault(to.line, "%s is made of two columns: put it under identities of the table", e.Kind)
		return
	}
	switch r.choice(v, "direction", "to", "from", "both") {
	case "to":
		e.Learn = true
	case "from":
		e.Enter = true
	case "both":
		e.Enter, e.Learn = true, true
	}
	e.Match = r.match(v, e.Kind)
	// A reference is a statement of this file: it counts as proven unless
	// conditions say otherwise.
	e.Always = e.Learn && v.get("proven") == nil
	r.proven(e, v)
	if v.get("proven") != nil && !e.Learn {
		r.fault(line, "proven belongs to a reference that leads to the other system: direction to or both")
	}
	t.Entries = append(t.Entries, e)
}

// eraseOrder reads erase_after and erase_before. Both are kept as After, of
// this table or, by resolve, of the other.
func (r *reader) eraseOrder(t *Table, n *node) {
	for _, key := range []string{"erase_after", "erase_before"} {
		v := n.get(key)
		if v == nil {
			continue
		}
		for _, other := range r.strs(v, key) {
			o := Order{Table: other, Line: v.line}
			if key == "erase_after" {
				t.After = append(t.After, o)
			} else {
				t.before = append(t.before, o)
			}
		}
	}
}

func splitNames(s string) []string {
	parts := strings.Split(s, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

func (r *reader) shared(t *Table, n *node) {
	if v := n.get("shared_by"); v != nil {
		items := []*node{v}
		if v.kind == list {
			items = v.vals
		}
		for _, item := range items {
			s := SharedBy{Line: item.line}
			switch item.kind {
			case scalar:
				s.Table, s.Column, _ = strings.Cut(item.text, ".")
			case mapping:
				r.known(item, "shared_by", keys["shared_by"]...)
				s.Table, s.Column, s.Person = r.str(item, "table"), r.str(item, "column"), r.str(item, "person")
				s.Clear = r.boolean(item, "clear")
				if s.Clear && s.Person == "" {
					r.fault(item.line, "clear belongs to a person: without one the column is cleared anyway")
				}
			}
			if s.Table == "" || s.Column == "" {
				r.fault(item.line, "shared_by must be table.column, or {table, column, person}")
				continue
			}
			t.SharedBy = append(t.SharedBy, s)
		}
	}
	v := n.get("shared_erase")
	if v == nil {
		t.SharedErase = KeepRow
		if len(t.SharedBy) > 0 {
			t.SharedErase = DetachRow
		}
		return
	}
	t.SharedErase = Strategy(v.text)
	if !slices.Contains([]Strategy{DetachRow, MaskRow, KeepRow}, t.SharedErase) {
		r.fault(v.line, "shared_erase must be detach, mask or keep; a shared row is never destroyed")
	}
	if t.SharedErase == DetachRow && len(t.SharedBy) == 0 {
		r.fault(v.line, "shared_erase: detach needs shared_by")
	}
}

func (r *reader) suppress(n *node) *Suppress {
	if !r.known(n, "suppress", keys["suppress"]...) {
		return nil
	}
	s := &Suppress{}
	set := n.get("set")
	if set == nil || set.kind != mapping || len(set.keys) == 0 {
		r.fault(n.line, "suppress needs set: columns and their values")
		return nil
	}
	for i, col := range set.keys {
		v := set.vals[i]
		if v.kind != scalar && v.kind != null {
			r.fault(v.line, "suppress sets plain values")
			continue
		}
		a := Assignment{Column: col, Value: literal(v), Line: set.lines[i]}
		if v.kind == scalar && v.text == "now" {
			a.Now, a.Value = true, Literal{}
		}
		s.Set = append(s.Set, a)
	}
	slices.SortFunc(s.Set, func(a, b Assignment) int { return strings.Compare(a.Column, b.Column) })
	if p := n.get("purposes"); p != nil {
		if p.kind == mapping {
			r.known(p, "purposes", keys["purposes"]...)
			s.PurposeColumn = r.str(p, "column")
		} else {
			s.Purposes = r.strs(p, "purposes")
		}
	}
	return s
}
