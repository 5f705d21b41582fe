package fides

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFile bounds one file, in bytes; maxDepth bounds nesting.
const (
	maxFile  = 8 << 20
	maxDepth = 64
)

// value is a YAML value with its line. Fides files are read leniently: what is
// not known is left aside, as upstream does.
type value struct {
	line  int
	text  string // scalars as text; "" also for null
	null  bool
	keys  []string
	vals  []*value // of a mapping, or the items of a list
	isMap bool
}

// get returns a member; a missing one is an empty null, never nil.
func (v *value) get(key string) *value {
	if v.isMap {
		for i, k := range v.keys {
			if k == key {
				return v.vals[i]
			}
		}
	}
	return &value{line: v.line, null: true}
}

// items are the entries of a list; a single value counts as a list of one.
func (v *value) items() []*value {
	switch {
	case v.null:
		return nil
	case v.isMap || v.text != "":
		return []*value{v}
	}
	return v.vals
}

func (v *value) yes() bool { return strings.EqualFold(v.text, "true") }

func parse(text []byte) (*value, error) {
	if len(text) > maxFile {
		return nil, errors.New("the file is larger than 8 MiB")
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil && at.GetToken().Position != nil {
			return nil, fmt.Errorf("line %d: not valid YAML: %s", at.GetToken().Position.Line, at.GetMessage())
		}
		return nil, errors.New("not valid YAML")
	}
	for _, d := range file.Docs {
		if d.Body != nil {
			r := reader{anchors: map[string]*value{}}
			return r.convert(d.Body, 0)
		}
	}
	return nil, errors.New("the file is empty")
}

type reader struct{ anchors map[string]*value }

var errDepth = errors.New("nested too deeply")

func (r *reader) convert(n ast.Node, depth int) (*value, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	out := &value{line: 1}
	if n == nil {
		out.null = true
		return out, nil
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		out.line = t.Position.Line
	}
	switch v := n.(type) {
	case *ast.NullNode:
		out.null = true
	case *ast.StringNode:
		out.text = v.Value
	case *ast.LiteralNode:
		out.text = strings.TrimSpace(v.Value.Value)
	case *ast.IntegerNode:
		out.text = fmt.Sprint(v.Value)
	case *ast.FloatNode:
		out.text = fmt.Sprint(v.Value)
	case *ast.BoolNode:
		out.text = fmt.Sprint(v.Value)
	case *ast.TagNode:
		return r.convert(v.Value, depth+1)
	case *ast.AnchorNode:
		named, err := r.convert(v.Value, depth+1)
		if err == nil {
			r.anchors[v.Name.String()] = named
		}
		return named, err
	case *ast.AliasNode:
		if named := r.anchors[v.Value.String()]; named != nil {
			return named, nil
		}
		out.null = true
	case *ast.SequenceNode:
		for _, item := range v.Values {
			c, err := r.convert(item, depth+1)
			if err != nil {
				return nil, err
			}
			out.vals = append(out.vals, c)
		}
	case *ast.MappingNode:
		return out, r.members(out, v.Values, depth)
	case *ast.MappingValueNode:
		return out, r.members(out, []*ast.MappingValueNode{v}, depth)
	default:
		out.null = true
	}
	return out, nil
}

func (r *reader) members(out *value, pairs []*ast.MappingValueNode, depth int) error {
	out.isMap = true
	if len(pairs) > 0 {
		if t := pairs[0].Key.GetToken(); t != nil && t.Position != nil {
			out.line = t.Position.Line
		}
	}
	for _, p := range pairs {
		k, err := r.convert(p.Key, depth+1)
		if err != nil {
			return err
		}
		v, err := r.convert(p.Value, depth+1)
		if err != nil {
			return err
		}
		out.keys, out.vals = append(out.keys, k.text), append(out.vals, v)
	}
	return nil
}
