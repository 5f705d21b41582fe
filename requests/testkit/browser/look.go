package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// Screenshot lays the page out width CSS pixels wide and fails if it has to
// be scrolled sideways. With HABEAS_SCREENS=1 in the environment it writes
// the page, at most 2600 pixels of it, to docs/screens/NAME-WIDTH.png.
func Screenshot(t testing.TB, ctx context.Context, name string, width int) {
	t.Helper()
	Do(t, ctx, chromedp.EmulateViewport(int64(width), 900))
	defer Do(t, ctx, chromedp.EmulateViewport(1280, 900))
	if wide := Run(t, ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth`)); wide > width {
		t.Errorf("%s: page is %d wide in a window of %d", name, wide, width)
	}
	if os.Getenv("HABEAS_SCREENS") != "1" {
		return
	}
	picture, err := paletted(Run(t, ctx, chromedp.FullScreenshot(100)))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root(t), "docs", "screens")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, width)), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}

// violation is what axe-core found, in the words that it has for it.
type violation struct {
	ID     string `json:"id"`
	Help   string `json:"help"`
	Impact string `json:"impact"`
	Nodes  []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// axeRun asks for WCAG 2.2, levels A and AA, and what they build on.
const axeRun = `axe.run(document, {
	runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]},
	resultTypes: ["violations"],
}).then(result => result.violations.map(({id, help, impact, nodes}) => ({
	id, help, impact: impact || "", nodes: nodes.map(({html, failureSummary}) => ({html, failureSummary: failureSummary || ""})),
})))`

// Axe fails the test for every violation of WCAG 2.2 A and AA that axe-core
// finds on the page. It goes on, so that all are seen at once.
func Axe(t testing.TB, ctx context.Context) {
	t.Helper()
	for _, v := range violations(t, ctx) {
		var where strings.Builder
		for _, n := range v.Nodes {
			fmt.Fprintf(&where, "\n\t%s\n\t%s", n.HTML, strings.ReplaceAll(n.Summary, "\n", "\n\t"))
		}
		t.Errorf("axe: %s (%s): %s%s", v.ID, v.Impact, v.Help, where.String())
	}
}

// violations runs axe-core, past the page's content security policy.
func violations(t testing.TB, ctx context.Context) []violation {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(root(t), "portal", "testdata", "axe", "axe.min.js"))
	if err != nil {
		t.Fatalf("browser: axe-core is missing, run scripts/axe.sh: %v", err)
	}
	if ctx.Value(noScripts{}) != nil {
		// axe-core needs timers. The page's own scripts stay as they were
		// when it loaded: not run.
		Do(t, ctx, scripts(true))
		defer Do(t, ctx, scripts(false))
	}
	Run(t, ctx, chromedp.Evaluate[bool](string(script)+"\n;true"))
	return Run(t, ctx, chromedp.Evaluate[[]violation](axeRun, chromedp.EvalAwaitPromise))
}
