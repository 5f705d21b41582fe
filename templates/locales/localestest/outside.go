// Package localestest finds, in a page rendered in a pseudo-locale, what did
// not come out of a catalogue.
package localestest

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// spoken are the attributes that people read or hear.
var spoken = []string{"alt", "aria-label", "aria-description", "aria-roledescription", "aria-valuetext", "data-label", "label", "placeholder", "title"}

// Outside lists the texts of a page, elements and attributes alike, that stand
// outside of the brackets of a pseudo-locale. Text without letters is left out.
func Outside(t testing.TB, page io.Reader) []string {
	t.Helper()
	doc, err := html.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	keep := func(text string) {
		for _, part := range unbracketed(text) {
			if !slices.Contains(out, part) {
				out = append(out, part)
			}
		}
	}
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			keep(n.Data)
		case n.Type == html.ElementNode && (n.DataAtom == atom.Script || n.DataAtom == atom.Style || n.DataAtom == atom.Template):
			return
		case n.Type == html.ElementNode:
			for _, a := range n.Attr {
				if slices.Contains(spoken, a.Key) {
					keep(a.Val)
				}
				if a.Key == "value" && n.DataAtom == atom.Input && slices.ContainsFunc(n.Attr, func(b html.Attribute) bool {
					return b.Key == "type" && (b.Val == "submit" || b.Val == "button" || b.Val == "reset")
				}) {
					keep(a.Val)
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
	return out
}

// unbracketed are the parts of a text outside of all brackets that hold
// letters.
func unbracketed(text string) []string {
	var parts []string
	var part strings.Builder
	flush := func() {
		if s := strings.Join(strings.Fields(strings.Trim(part.String(), " \n\t–·×:;,.()")), " "); strings.ContainsFunc(s, unicode.IsLetter) {
			parts = append(parts, s)
		}
		part.Reset()
	}
	depth := 0
	for _, r := range text {
		switch {
		case r == '⟦':
			flush()
			depth++
		case r == '⟧':
			depth--
		case depth == 0:
			part.WriteRune(r)
		}
	}
	flush()
	if depth != 0 {
		parts = append(parts, fmt.Sprintf("unbalanced: %s", text))
	}
	return parts
}
