package fides

import (
	"fmt"
	"strings"
)

// source is one Fides dataset as its file has it.
type source struct {
	file, key, title string
	schema           string // fides_meta.namespace
	skip             bool
	categories       []string
	collections      []*collection
	line             int
}

type collection struct {
	of         *source
	name       string
	title      string
	skip       bool
	eraseAfter []string // as written: dataset.collection, or collection
	override   string   // masking strategy of the whole collection
	categories []string
	fields     []*field
	line       int
}

type field struct {
	name       string
	title      string
	categories []string
	key        bool
	identity   string
	references []reference
	dataType   string
	length     string
	readOnly   bool
	custom     string // custom_request_field
	strategy   string
	rewrite    string // string_rewrite's value
	suffix     string
	nested     []*field
	line       int
}

type reference struct {
	dataset, field, direction string
	line                      int
}

// read takes the datasets of a file: a list under `dataset`, one under it, or
// the file itself.
func (im *importer) read(f File) {
	root, err := parse(f.Text)
	if err != nil {
		im.fault(f.Name, 1, "%v", err)
		return
	}
	list := root.get("dataset").items()
	if len(list) == 0 && !root.get("fides_key").null {
		list = []*value{root}
	}
	if len(list) == 0 {
		im.fault(f.Name, 1, "no Fides dataset here: expected `dataset:` with a list, each with a fides_key and collections")
		return
	}
	for _, v := range list {
		im.dataset(f.Name, v)
	}
}

// meta is what stands beside a thing for Fides: fides_meta, or fidesops_meta in
// older files.
func meta(v *value) *value {
	if m := v.get("fides_meta"); !m.null {
		return m
	}
	return v.get("fidesops_meta")
}

func texts(v *value) []string {
	var out []string
	for _, item := range v.items() {
		if item.text != "" {
			out = append(out, item.text)
		}
	}
	return out
}

func (im *importer) dataset(file string, v *value) {
	m := meta(v)
	s := &source{
		file: file, key: v.get("fides_key").text, title: v.get("name").text, line: v.line,
		skip: m.get("skip_processing").yes(), categories: texts(v.get("data_categories")),
		schema: m.get("namespace").get("schema").text,
	}
	if s.schema == "" {
		s.schema = m.get("namespace").get("schema_name").text
	}
	if s.key == "" {
		im.fault(file, v.line, "this dataset has no fides_key")
		return
	}
	for _, c := range v.get("collections").items() {
		cm := meta(c)
		col := &collection{
			of: s, name: c.get("name").text, title: c.get("description").text, line: c.line,
			skip: cm.get("skip_processing").yes(), eraseAfter: texts(cm.get("erase_after")),
			override:   cm.get("masking_strategy_override").get("strategy").text,
			categories: texts(c.get("data_categories")),
		}
		if col.name == "" {
			im.fault(file, c.line, "this collection has no name")
			continue
		}
		col.fields = im.fields(file, c.get("fields"), 0)
		s.collections = append(s.collections, col)
	}
	if len(s.collections) == 0 {
		im.warn(file, v.line, "dataset %s has no collections", s.key)
	}
	im.sources = append(im.sources, s)
}

func (im *importer) fields(file string, list *value, depth int) []*field {
	var out []*field
	for _, v := range list.items() {
		m := meta(v)
		// Some files have what belongs under fides_meta beside it.
		at := func(key string) *value {
			if x := m.get(key); !x.null {
				return x
			}
			return v.get(key)
		}
		f := &field{
			name: v.get("name").text, title: v.get("description").text, line: v.line,
			categories: texts(at("data_categories")), key: at("primary_key").yes(), identity: at("identity").text,
			dataType: at("data_type").text, length: at("length").text, readOnly: at("read_only").yes(),
			custom: at("custom_request_field").text,
		}
		if f.name == "" {
			im.fault(file, v.line, "this field has no name")
			continue
		}
		override := at("masking_strategy_override")
		f.strategy = override.get("strategy").text
		conf := override.get("configuration")
		f.rewrite, f.suffix = conf.get("rewrite_value").text, conf.get("format_preservation").get("suffix").text
		for _, r := range at("references").items() {
			f.references = append(f.references, reference{
				dataset: r.get("dataset").text, field: r.get("field").text, direction: strings.ToLower(r.get("direction").text), line: r.line,
			})
		}
		if depth < maxDepth {
			f.nested = im.fields(file, v.get("fields"), depth+1)
		}
		out = append(out, f)
	}
	return out
}

// Note is something about the import that a person should look at. A Fault is
// one without which the import is not of use.
type Note struct {
	Where string // file:line
	Text  string
	Fault bool
}

func (n Note) String() string { return n.Where + ": " + n.Text }

func (im *importer) warn(file string, line int, format string, args ...any) {
	im.notes = append(im.notes, Note{Where: fmt.Sprintf("%s:%d", file, line), Text: fmt.Sprintf(format, args...)})
}

func (im *importer) fault(file string, line int, format string, args ...any) {
	im.warn(file, line, format, args...)
	im.notes[len(im.notes)-1].Fault = true
}
