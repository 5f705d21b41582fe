package dataset

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"habeas/requests/connect"
)

// maxDataset bounds a dataset file, in bytes.
const maxDataset = 1 << 20

// maxDepth bounds nesting; the format needs six levels.
const maxDepth = 32

// FaultsError is everything wrong with a dataset file.
type FaultsError struct{ Faults []connect.Fault }

func (e *FaultsError) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = f.Where + ": " + f.Text
	}
	return strings.Join(lines, "\n")
}

// reader walks a YAML tree and collects faults with their lines.
type reader struct {
	file   string
	faults []connect.Fault
}

func (r *reader) fault(line int, format string, args ...any) {
	where := "dataset"
	if r.file != "" {
		where += " " + r.file
	}
	r.faults = append(r.faults, connect.Fault{Where: fmt.Sprintf("%s:%d", where, line), Text: fmt.Sprintf(format, args...)})
}

// root parses the text and returns its one mapping.
func (r *reader) root(text []byte) (*node, bool) {
	if len(text) > maxDataset {
		r.fault(1, "the file is larger than 1 MiB")
		return nil, false
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		line := 1
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil && at.GetToken().Position != nil {
			line = at.GetToken().Position.Line
			r.fault(line, "not valid YAML: %s", at.GetMessage())
			return nil, false
		}
		r.fault(line, "not valid YAML")
		return nil, false
	}
	var docs []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil {
			docs = append(docs, d.Body)
		}
	}
	if len(docs) != 1 {
		r.fault(1, "the file must hold exactly one document")
		return nil, false
	}
	n := r.convert(docs[0], 0)
	if n.kind != mapping {
		r.fault(n.line, "the file must be a mapping with version and tables")
		return nil, false
	}
	return n, len(r.faults) == 0
}

type nodeKind int

const (
	scalar nodeKind = iota
	null
	mapping
	list
	invalid
)

// node is a YAML value with its line: what the format needs of YAML, no more
// (no anchors, aliases, tags or merge keys).
type node struct {
	kind  nodeKind
	line  int
	text  string // scalar, as text
	typed string // "string", "int", "float", "bool"
	keys  []string
	lines []int // of keys
	vals  []*node
}

func (n *node) get(key string) *node {
	for i, k := range n.keys {
		if k == key {
			return n.vals[i]
		}
	}
	return nil
}

func lineOf(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1
	}
	return n.GetToken().Position.Line
}

func (r *reader) convert(n ast.Node, depth int) *node {
	line := lineOf(n)
	if depth > maxDepth {
		r.fault(line, "nested too deeply")
		return &node{kind: invalid, line: line}
	}
	switch v := n.(type) {
	case nil:
		return &node{kind: null, line: line}
	case *ast.NullNode:
		return &node{kind: null, line: line, text: "null"}
	case *ast.StringNode:
		return &node{line: line, text: v.Value, typed: "string"}
	case *ast.LiteralNode:
		return &node{line: line, text: strings.TrimSpace(v.Value.Value), typed: "string"}
	case *ast.IntegerNode:
		return &node{line: line, text: fmt.Sprint(v.Value), typed: "int"}
	case *ast.FloatNode:
		return &node{line: line, text: strconv.FormatFloat(v.Value, 'g', -1, 64), typed: "float"}
	case *ast.BoolNode:
		return &node{line: line, text: strconv.FormatBool(v.Value), typed: "bool"}
	case *ast.SequenceNode:
		out := &node{kind: list, line: line}
		for _, item := range v.Values {
			out.vals = append(out.vals, r.convert(item, depth+1))
		}
		return out
	case *ast.MappingNode:
		return r.convertMap(v.Values, line, depth)
	case *ast.MappingValueNode:
		return r.convertMap([]*ast.MappingValueNode{v}, line, depth)
	}
	r.fault(line, "anchors, aliases, tags and merge keys are not part of the format")
	return &node{kind: invalid, line: line}
}

func (r *reader) convertMap(pairs []*ast.MappingValueNode, line, depth int) *node {
	out := &node{kind: mapping, line: line}
	if len(pairs) > 0 {
		out.line = lineOf(pairs[0].Key)
	}
	for _, p := range pairs {
		k := r.convert(p.Key, depth+1)
		if k.kind == null {
			k = &node{line: k.line, text: "null", typed: "string"}
		}
		if k.kind != scalar {
			if k.kind != invalid {
				r.fault(k.line, "a key must be plain text")
			}
			continue
		}
		if slices.Contains(out.keys, k.text) {
			r.fault(k.line, "%q is given twice", k.text)
			continue
		}
		out.keys = append(out.keys, k.text)
		out.lines = append(out.lines, k.line)
		out.vals = append(out.vals, r.convert(p.Value, depth+1))
	}
	return out
}

// known refuses keys that are none of names.
func (r *reader) known(n *node, what string, names ...string) bool {
	if n.kind != mapping {
		if n.kind != invalid {
			r.fault(n.line, "%s must be a mapping", what)
		}
		return false
	}
	for i, k := range n.keys {
		if !slices.Contains(names, k) {
			r.fault(n.lines[i], "unknown key %q in %s; known are %s", k, what, strings.Join(names, ", "))
		}
	}
	return true
}

func (r *reader) str(n *node, key string) string {
	v := n.get(key)
	if v == nil {
		return ""
	}
	if v.kind != scalar {
		r.fault(v.line, "%s must be text", key)
		return ""
	}
	return v.text
}

// choice reads one of the allowed texts; absent is the first of them.
func (r *reader) choice(n *node, key string, allowed ...string) string {
	v := n.get(key)
	if v == nil {
		return allowed[0]
	}
	if v.kind != scalar || !slices.Contains(allowed, v.text) {
		r.fault(v.line, "%s must be one of %s", key, strings.Join(allowed, ", "))
		return allowed[0]
	}
	return v.text
}

func (r *reader) boolean(n *node, key string) bool {
	v := n.get(key)
	if v == nil {
		return false
	}
	if v.kind != scalar || v.typed != "bool" {
		r.fault(v.line, "%s must be true or false", key)
		return false
	}
	return v.text == "true"
}

// strs reads a text or a list of texts.
func (r *reader) strs(v *node, key string) []string {
	switch v.kind {
	case scalar:
		return []string{v.text}
	case list:
		out := make([]string, 0, len(v.vals))
		for _, item := range v.vals {
			if item.kind != scalar {
				r.fault(item.line, "%s must hold plain texts", key)
				continue
			}
			out = append(out, item.text)
		}
		return out
	}
	r.fault(v.line, "%s must be a text or a list of texts", key)
	return nil
}

func literal(v *node) Literal {
	if v.kind == null {
		return Literal{Null: true}
	}
	return Literal{Text: v.text}
}
