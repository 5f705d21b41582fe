package letters_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"habeas/requests/testkit/browser"
	"habeas/templates/letters"
)

// TestNamesThatDoNotFit: with a name that runs from right to left and words of
// sixty letters, no letter has to be scrolled sideways on a phone or a screen, no
// name turns the sentence around it, and the text holds each of them whole.
func TestNamesThatDoNotFit(t *testing.T) {
	t.Parallel()
	const hebrew, arabic = "שרה בן־דוד", "فاطمة الزهراء"
	long := strings.Repeat("Grundstuecksverkehrsgenehmigungs", 2)[:60]
	tab := browser.New(t)
	dir := t.TempDir()
	for i, kind := range letters.Kinds() {
		for _, lang := range []string{"en", "de"} {
			d := dataFor(kind)
			d.Name, d.Verified, d.Person = []string{hebrew, arabic}[i%2]+" "+long, true, arabic
			d.Company.Name, d.Recipient = "Acme "+long, hebrew+" "+long
			d.Note, d.Why = long+" "+long, long
			d.Recipients, d.Untold = []string{arabic, long}, []letters.Untold{{Name: hebrew, Text: long}}
			d.SearchedIn, d.Identifiers, d.Purposes = []string{long}, []string{long + "@" + strings.ToLower(long) + ".example"}, []string{long}
			for k := range d.Kept {
				d.Kept[k].What, d.Kept[k].Text = arabic+" "+long, long
			}
			for k := range d.Reasons {
				d.Reasons[k].Text = long + " " + hebrew
			}
			_, text, page, _, err := letters.Render(kind, lang, d)
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			if strings.Count(text, "\u2068") != strings.Count(text, "\u2069") {
				t.Errorf("%s: a name is not closed:\n%s", kind, text)
			}
			greeted := strings.Contains(text, d.Name)
			if greeted && !strings.Contains(text, "\u2068"+d.Name+"\u2069") {
				t.Errorf("%s: the name turns the text around it:\n%s", kind, text)
			}
			if greeted && !strings.Contains(page, "<bdi>"+d.Name+"</bdi>") {
				t.Errorf("%s: the name turns the page around it", kind)
			}
			if kind == letters.ErasureDone && !greeted {
				t.Errorf("%s does not greet", kind)
			}
			at := filepath.Join(dir, lang+"-"+kind+".html")
			if err := os.WriteFile(at, []byte(page), 0o600); err != nil {
				t.Fatal(err)
			}
			browser.Open(t, tab, "file://"+at)
			for _, width := range []int64{390, 1280} {
				browser.Do(t, tab, chromedp.EmulateViewport(width, 900))
				if wide := browser.Run(t, tab, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); wide > width {
					t.Errorf("%s in %s is %d wide on %d", kind, lang, wide, width)
				}
			}
		}
	}
}
