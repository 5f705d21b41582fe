package letters

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// plainText writes the letter for readers without HTML. Lines are not wrapped: mail programs do.
func (d document) plainText() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n\n", d.Title, strings.Repeat("=", utf8.RuneCountInString(d.Title)))
	for _, x := range d.Blocks {
		x.writeText(&b, d.Colon)
		b.WriteString("\n")
	}
	b.WriteString("-- \n")
	for _, line := range d.Footer {
		b.WriteString(line + "\n")
	}
	return b.String()
}

func (x block) writeText(b *strings.Builder, colon string) {
	switch x.Kind {
	case paragraph, words:
		b.WriteString(x.Text + "\n")
	case heading:
		fmt.Fprintf(b, "%s\n%s\n", x.Text, strings.Repeat("-", utf8.RuneCountInString(x.Text)))
	case list:
		for _, item := range x.Items {
			b.WriteString("- " + item + "\n")
		}
	case steps:
		for i, item := range x.Items {
			fmt.Fprintf(b, "%d. %s\n", i+1, item)
		}
	case facts:
		for _, f := range x.Facts {
			fmt.Fprintf(b, "%s%s %s\n", f.Label, colon, f.Value)
		}
	case code:
		b.WriteString("    " + x.Text + "\n")
	case link, button:
		fmt.Fprintf(b, "%s%s\n%s\n", x.Text, colon, x.URL)
	}
}
