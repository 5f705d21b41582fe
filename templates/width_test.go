package templates

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"habeas/requests/testkit/browser"
)

// TestNamesThatDoNotFit: a company, a person and an address of words that are
// longer than a phone is wide, or that run from right to left, make no customer's
// page scroll sideways, in the language that has the longest words.
func TestNamesThatDoNotFit(t *testing.T) {
	t.Parallel()
	static, err := filepath.Abs("../static")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.NewReplacer(
		"Acme Outdoor", "Grundstücksverkehrsgenehmigungszuständigkeit GmbH",
		"Mara Lindqvist", "שרה בן־דוד Donaudampfschifffahrtsgesellschaftskapitänin", "Ada Counsel", "فاطمة الزهراء",
		"mara.lindqvist@mail.example", "mara.donaudampfschifffahrtsgesellschaft@grundstuecksverkehrsgenehmigung.example",
		"Customer records", "Donaudampfschifffahrtsgesellschaftskapitänsregister", "<details", "<details open",
	)
	tab, dir := browser.New(t), t.TempDir()
	looked := 0
	for name, page := range previews() {
		if strings.HasPrefix(name, "desk-") || strings.HasPrefix(name, "audit-") || strings.HasPrefix(name, "admin-") || strings.HasSuffix(name, "-staff") {
			continue
		}
		looked++
		html := regexp.MustCompile(`/static/[0-9a-f]{16}/`).ReplaceAllString(long.Replace(renderedIn(t, "de", page)), "file://"+static+"/")
		at := filepath.Join(dir, name+".html")
		if err := os.WriteFile(at, []byte(html), 0o600); err != nil {
			t.Fatal(err)
		}
		browser.Open(t, tab, "file://"+at)
		for _, width := range []int64{390, 1280} {
			browser.Do(t, tab, chromedp.EmulateViewport(width, 900))
			if wide := browser.Run(t, tab, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); wide > width {
				t.Errorf("%s is %d wide on %d", name, wide, width)
			}
		}
	}
	if looked < 40 {
		t.Errorf("%d pages only", looked)
	}
}
