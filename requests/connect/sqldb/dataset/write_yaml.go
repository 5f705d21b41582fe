package dataset

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// String writes an Until as the file has it.
func (u *Until) String() string {
	s := u.Column
	if u.EndOfYear {
		s = "end of year " + s
	}
	for _, part := range []struct {
		n    int
		unit string
	}{{u.Years, "years"}, {u.Months, "months"}, {u.Days, "days"}} {
		if part.n > 0 {
			s += " + " + strconv.Itoa(part.n) + " " + part.unit
		}
	}
	return s
}

func condsYAML(conds []Cond) string {
	var parts []string
	for _, c := range conds {
		vals := make([]string, len(c.Values))
		for i, v := range c.Values {
			vals[i] = literalYAML(v)
		}
		v := "[" + strings.Join(vals, ", ") + "]"
		if len(vals) == 1 {
			v = vals[0]
		}
		if c.Not {
			v = "{not: " + v + "}"
		}
		parts = append(parts, scalarYAML(c.Column)+": "+v)
	}
	return flowYAML(parts)
}

func flowYAML(parts []string) string { return "{" + strings.Join(parts, ", ") + "}" }

func listYAML(items []string) string {
	if len(items) == 1 {
		return scalarYAML(items[0])
	}
	quoted := make([]string, len(items))
	for i, s := range items {
		quoted[i] = scalarYAML(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func literalYAML(v Literal) string {
	if v.Null {
		return "null"
	}
	return scalarYAML(v.Text)
}

var plainYAML = regexp.MustCompile(`^[\pL_][\pL\pN_./@-]*( [\pL\pN_./@+-]+)*$`)

// notText are plain scalars that YAML of one version or another takes for
// something else than text.
var notText = []string{"null", "true", "false", "yes", "no", "on", "off", "y", "n"}

// scalarYAML writes a text so that YAML reads the same text. Numbers and truth
// values count as their text in the format, but are quoted all the same.
func scalarYAML(s string) string {
	if plainYAML.MatchString(s) && !slices.Contains(notText, strings.ToLower(s)) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f || r == 0xfeff || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
