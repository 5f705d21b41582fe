// Package fides reads Fides dataset YAML (fides_meta or the older
// fidesops_meta, as upstream has it) and makes a dataset of ours out of it, for
// a person to look at. What Fides says is kept: where identities enter, which
// references lead where, what is masked. What it leaves open (whose row a
// shared address is, a missing key) is settled the careful way and said.
package fides

import (
	"slices"
	"strings"

	"habeas/requests/connect/sqldb/dataset"
	"habeas/requests/connect/sqldb/draft"
)

// File is one file of Fides datasets.
type File struct {
	Name string
	Text []byte
}

// Options are what the files do not say.
type Options struct {
	Title string
	// Elsewhere names the system of datasets that lie in another database:
	// references between them and ours become identities. A dataset that is
	// referred to but in none of the files is taken to be the system of its
	// own name.
	Elsewhere map[string]string
	// Live is the database, for keys and for what its columns take; nil when it
	// is not at hand.
	Live *draft.Database
}

// Result is what an import gives.
type Result struct {
	Text  []byte // the dataset file
	Notes []Note // what a person should look at, in the order of the files
}

// Faults counts the notes without which the file is of no use.
func (r Result) Faults() int {
	n := 0
	for _, note := range r.Notes {
		if note.Fault {
			n++
		}
	}
	return n
}

type importer struct {
	opt     Options
	notes   []Note
	sources []*source

	tables   map[string]*made // by dataset key and collection: "shop.customer"
	order    []*made
	out      *dataset.Dataset
	comments dataset.Comments
}

// made is a table in the making.
type made struct {
	t    *dataset.Table
	from *collection
	// Of from, and of what another dataset says about the same table.
	fields []*field
	after  []string
	live   *draft.Table
}

// Import makes one dataset of everything in the files that is not elsewhere. A
// text is given even with faults, unless nothing could be read at all.
func Import(files []File, opt Options) Result {
	im := &importer{opt: opt, tables: map[string]*made{}, comments: dataset.Comments{}, out: &dataset.Dataset{Version: 1, Title: opt.Title}}
	for _, f := range files {
		im.read(f)
	}
	for _, s := range im.sources {
		if opt.Elsewhere[s.key] == "" {
			im.tablesOf(s)
		}
	}
	if len(im.order) == 0 {
		im.fault("import", 1, "none of the files has a collection to import")
		return Result{Notes: im.notes}
	}
	for _, m := range im.order {
		im.references(m)
	}
	im.fromElsewhere()
	im.people()
	for _, m := range im.order {
		im.shared(m)
	}
	for _, m := range im.order {
		im.key(m)
		im.erase(m)
	}
	im.sameIdentity()
	for _, m := range im.order {
		im.eraseOrder(m)
		im.widens(m)
	}
	slices.SortFunc(im.out.Tables, func(a, b *dataset.Table) int { return strings.Compare(a.Name, b.Name) })
	im.comments[""] = append(im.comments[""],
		"Imported from Fides. Look at every comment below, then run `habeas systems check`.",
		"References are same_person: true as in Fides, where every row that is reached counts as the person's. Take it off where a reference does not lead to the same human being.")
	text := dataset.Write(im.out, im.comments)
	if _, err := dataset.Parse("imported", text); err != nil {
		im.fault("import", 1, "the result is not yet a dataset file:\n%v", err)
	}
	return Result{Text: text, Notes: im.notes}
}

// say notes something at a line of the files and above what it is about.
func (im *importer) say(m *made, line int, about, format string, args ...any) {
	im.warn(m.from.of.file, line, format, args...)
	key := m.t.Name
	if about != "" {
		key += "." + about
	}
	im.comments[key] = append(im.comments[key], im.notes[len(im.notes)-1].Text)
}

func (im *importer) tablesOf(s *source) {
	if s.skip {
		im.warn(s.file, s.line, "dataset %s is left out: skip_processing", s.key)
		return
	}
	if im.out.Title == "" {
		im.out.Title = s.title
	}
	for _, c := range s.collections {
		if c.skip {
			im.warn(s.file, c.line, "collection %s is left out: skip_processing", c.name)
			continue
		}
		if len(c.fields) == 0 {
			im.warn(s.file, c.line, "collection %s has no fields and is left out", c.name)
			continue
		}
		im.tables[s.key+"."+c.name] = im.table(s, c)
	}
}

func (im *importer) table(s *source, c *collection) *made {
	for _, m := range im.order {
		if m.t.Rel == c.name && m.from.of.schema == s.schema {
			im.say(m, c.line, "", "%s is described by two datasets; their fields are taken together", c.name)
			m.fields = append(m.fields, c.fields...)
			m.after = append(m.after, c.eraseAfter...)
			im.columns(m, c)
			return m
		}
	}
	name := strings.Map(func(r rune) rune {
		if r == '/' || r == '.' || r == ',' {
			return '_'
		}
		return r
	}, c.name)
	if slices.ContainsFunc(im.order, func(m *made) bool { return m.t.Name == name }) {
		name = s.key + "_" + name
	}
	m := &made{from: c, fields: slices.Clone(c.fields), after: slices.Clone(c.eraseAfter), t: &dataset.Table{
		Name: name, Rel: c.name, Schema: s.schema, AnySchema: s.schema == "", Title: name, Line: c.line, SharedErase: dataset.KeepRow,
	}}
	if c.title != "" {
		m.t.Title = c.title
	}
	if db := im.opt.Live; db != nil {
		schema := s.schema
		if schema == "" {
			schema = db.Schema
		}
		if m.live = db.Table(schema, c.name); m.live == nil {
			im.say(m, c.line, "", "the database has no table %s.%s", schema, c.name)
		}
	}
	im.order = append(im.order, m)
	im.out.Tables = append(im.out.Tables, m.t)
	im.columns(m, c)
	return m
}

func (im *importer) columns(m *made, c *collection) {
	for _, f := range c.fields {
		col := m.t.Column(f.name)
		if col == nil {
			col = &dataset.Column{Name: f.name, Title: f.name, Line: f.line}
			m.t.Columns = append(m.t.Columns, col)
		}
		if f.title != "" {
			col.Title = f.title
		}
		cats := slices.Clone(f.categories)
		for _, n := range flatten(f.nested) {
			cats = append(cats, n.categories...)
		}
		if len(cats) == 0 {
			if cats = c.categories; len(cats) == 0 {
				cats = c.of.categories
			}
		}
		if own := category(cats); own != "" {
			col.Category = own
		}
		if len(f.nested) > 0 {
			im.say(m, f.line, f.name, "%s is nested: it is read and masked as a whole", f.name)
		}
		im.identity(m, f, col)
		im.mask(m, f, col)
	}
}

func flatten(fields []*field) []*field {
	var out []*field
	for _, f := range fields {
		out = append(append(out, f), flatten(f.nested)...)
	}
	return out
}

// plain reports whether values of a field can be compared in SQL; it says why
// not.
func (im *importer) plain(m *made, f *field, what string) bool {
	if len(f.nested) > 0 || strings.HasSuffix(f.dataType, "[]") || strings.HasPrefix(f.dataType, "object") {
		im.say(m, f.line, f.name, "%s of %s.%s is left out: a nested value or a list cannot be looked up by an index", what, m.t.Name, f.name)
		return false
	}
	return true
}

func (im *importer) identity(m *made, f *field, col *dataset.Column) {
	for _, n := range flatten(f.nested) {
		if n.identity != "" {
			im.say(m, n.line, f.name, "the identity %s inside %s.%s is left out: it stands in a nested value; give it a column of its own", n.identity, m.t.Name, f.name)
		}
		for range n.references {
			im.say(m, n.line, f.name, "a reference inside %s.%s (%s) is left out: it stands in a nested value", m.t.Name, f.name, n.name)
		}
	}
	if f.custom != "" {
		im.say(m, f.line, f.name, "custom_request_field %s is left out: requests here carry no such field; if all requests want the same value, put it under where", f.custom)
	}
	if f.identity == "" || !im.plain(m, f, "the identity "+f.identity) {
		return
	}
	kind := kindOf(f.identity)
	if kind == "handle" || kind == "social_id" {
		im.say(m, f.line, f.name, "the identity %s of %s.%s needs its network: put it under identities", kind, m.t.Name, f.name)
		return
	}
	e := &dataset.Entry{Kind: kind, Column: f.name, Enter: true, Match: dataset.MatchExact, Line: f.line}
	switch kind {
	case "email":
		e.Match = dataset.MatchFold
	case "phone":
		e.Match = dataset.MatchNormal
	}
	if slices.ContainsFunc(m.t.Entries, func(o *dataset.Entry) bool { return o.Kind == e.Kind && o.Column == e.Column && o.System == "" }) {
		return // said by another dataset already
	}
	m.t.Entries = append(m.t.Entries, e)
	if col.Category == "" {
		col.Category = map[string]string{"email": "contact.email", "phone": "contact.phone"}[kind]
		if col.Category == "" {
			col.Category = "identity.number"
		}
		im.say(m, f.line, f.name, "%s.%s has no category of people in Fides, but an identity enters here: it is treated as %s", m.t.Name, f.name, col.Category)
	}
}

// mask takes over read_only and masking_strategy_override. Fides' own standard
// is null for every field of a category that its policy masks, as here.
func (im *importer) mask(m *made, f *field, col *dataset.Column) {
	set := func(mask dataset.Masking) { col.Mask, col.Explicit = mask, true }
	switch strategy := f.strategy; {
	case f.readOnly:
		set(dataset.KeepValue)
		im.say(m, f.line, f.name, "%s.%s is read_only in Fides and so kept: give the ground, {keep: \"…\"}", m.t.Name, f.name)
	case strategy == "":
		if col.Category != "" {
			col.Mask = dataset.SetNull
		}
	case strategy == "null_rewrite":
		set(dataset.SetNull)
	case strategy == "string_rewrite":
		set(dataset.SetText)
		col.Text = f.rewrite + f.suffix
	case strategy == "random_string_rewrite":
		set(dataset.SetRandom)
	case strategy == "hash" || strategy == "hmac":
		set(dataset.SetHash)
	default:
		set(dataset.SetNull)
		im.say(m, f.line, f.name, "the masking strategy %s of %s.%s has nothing like it here (what can be undone is no erasure): it becomes null", strategy, m.t.Name, f.name)
	}
}
