package clock_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"habeas/requests/clock"
)

// docs/law.md shows the table of periods; this holds it against the rows.
func TestDocsShowTheTable(t *testing.T) {
	text, err := os.ReadFile("../../docs/law.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range clock.Builtin().Codes() {
		law, err := clock.Builtin().Law(code)
		if err != nil {
			t.Fatal(err)
		}
		if row := docRow(law); !strings.Contains(string(text), row) {
			t.Errorf("docs/law.md lacks\n%s", row)
		}
	}
}

func docRow(law *clock.Law) string {
	cell := func(label, name, right string) string {
		for _, term := range law.Terms {
			if term.Name != name || (right != "") != (len(term.Rights) > 0) || (right != "" && term.Rights[0] != right) {
				continue
			}
			s := label + fmt.Sprintf("%d %s", term.N, strings.ReplaceAll(term.Unit, "_", " "))
			if term.N > 1 {
				s += "s"
			}
			if term.Unit == "announced" {
				s = "as announced"
			}
			// A law that awaits counsel as a whole says so once, in its name.
			if term.Counsel && (!law.Counsel || name == "appeal" || right != "" || law.Code == "QC") {
				s += " †"
			}
			return s
		}
		return ""
	}
	join := func(sep string, parts ...string) string {
		var some []string
		for _, p := range parts {
			if p != "" {
				some = append(some, p)
			}
		}
		if len(some) == 0 {
			return "–"
		}
		return strings.Join(some, sep)
	}
	name := law.Code
	if law.Counsel {
		name += " †"
	}
	return "| " + strings.Join([]string{
		name,
		join("", cell("", "acknowledge", "")),
		join("", cell("", "respond", "")),
		join("", cell("", "extended", "")),
		join("", cell("", "opt_out", "")),
		join(", extended ", cell("", "appeal", ""), cell("", "extended_appeal", "")),
		join("; ", cell("withdrawn consent ", "respond", "consent_withdrawal"), cell("complaint ", "complaint", ""), cell("people ", "notify_people", ""), cell("authority ", "notify_authority", "")),
	}, " | ") + " |"
}
