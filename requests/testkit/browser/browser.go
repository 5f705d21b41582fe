// Package browser drives a real headless Chromium in tests: as a person with
// scripts or without, with axe-core for accessibility and a picture of each
// page for people to look at. A test without a browser fails; it does not
// skip.
//
// Every step ends after StepLimit at the latest and fails the test with the
// address and heading of the page that it was on.
package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// StepLimit bounds one step, on a machine where others work too.
const StepLimit = 30 * time.Second

// programs are the names that Chromium goes by, best first.
var programs = []string{
	"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
}

// Option changes what kind of visitor a browser is.
type Option func(*visitor)

type visitor struct{ noScripts bool }

// WithoutScripts makes a browser that runs no scripts of the page.
func WithoutScripts() Option { return func(v *visitor) { v.noScripts = true } }

// New starts a browser with a profile of its own and returns the context of
// its tab, 1280 wide. It is gone when t ends.
func New(t testing.TB, options ...Option) context.Context {
	t.Helper()
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program(t)),
		chromedp.NoSandbox, // tests run as root, on pages of our own
		chromedp.DisableGPU,
		chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en-GB"),
	)
	all, stop := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(stop)
	return tab(t, all, options)
}

// Person returns the context of another person's tab in the same browser,
// who shares neither cookies nor storage with the first.
func Person(t testing.TB, ctx context.Context, options ...Option) context.Context {
	t.Helper()
	return tab(t, ctx, options, chromedp.WithNewBrowserContext())
}

// tab opens a tab below parent.
func tab(t testing.TB, parent context.Context, options []Option, tabOptions ...chromedp.ContextOption) context.Context {
	t.Helper()
	var v visitor
	for _, o := range options {
		o(&v)
	}
	ctx, closeTab := chromedp.NewContext(parent, tabOptions...)
	t.Cleanup(closeTab)
	// The first run starts the browser and binds it to its context, which
	// therefore must be the one that lasts.
	start := []chromedp.Action[chromedp.Void]{chromedp.EmulateViewport(1280, 900)}
	if v.noScripts {
		ctx = context.WithValue(ctx, noScripts{}, true)
		start = append(start, scripts(false))
	}
	if err := chromedp.Do(ctx, start...); err != nil {
		t.Fatalf("browser: start: %v", err)
	}
	return ctx
}

// noScripts marks the context of a tab without scripts.
type noScripts struct{}

// scripts lets the page run scripts, or not.
func scripts(on bool) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled,
			emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	})
}

// program finds the browser.
func program(t testing.TB) string {
	t.Helper()
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("browser: no Chromium on PATH: run `apt-get install -y chromium`")
	return ""
}

// Do runs steps one after the other.
func Do(t testing.TB, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	for i, step := range steps {
		limited, cancel := context.WithTimeout(ctx, StepLimit)
		err := again(func() error { return chromedp.Do(limited, step) })
		cancel()
		if err != nil {
			t.Fatalf("browser: step %d: %v\n%s", i+1, err, whereabouts(ctx))
		}
	}
}

// again repeats a step whose node was replaced between being found and being
// used, as a live page does with what it shows.
func again(step func() error) (err error) {
	for range 5 {
		if err = step(); err == nil || !strings.Contains(err.Error(), "node with given id") {
			return err
		}
	}
	return err
}

// Run runs one action and returns its value.
func Run[T any](t testing.TB, ctx context.Context, action chromedp.Action[T]) T {
	t.Helper()
	limited, cancel := context.WithTimeout(ctx, StepLimit)
	defer cancel()
	var value T
	err := again(func() (err error) { value, err = chromedp.Run(limited, action); return err })
	if err != nil {
		t.Fatalf("browser: %v\n%s", err, whereabouts(ctx))
	}
	return value
}

// Open goes to url and returns the HTTP status of the page.
func Open(t testing.TB, ctx context.Context, url string) int {
	t.Helper()
	return visit(t, ctx, chromedp.Navigate(url))
}

// Follow clicks what selector names, a link or a button, and waits for the
// page that it leads to. It returns the page's HTTP status.
func Follow(t testing.TB, ctx context.Context, selector string) int {
	t.Helper()
	return visit(t, ctx, chromedp.Click(chromedp.CSS(selector)))
}

// Press does what Follow does for the button or link with this text.
func Press(t testing.TB, ctx context.Context, text string) int {
	t.Helper()
	return visit(t, ctx, chromedp.Click(chromedp.Search(
		`//*[self::button or self::a or self::summary][normalize-space(.)=`+quote(text)+`]`)))
}

// visit runs a step that loads a page.
func visit(t testing.TB, ctx context.Context, step chromedp.Action[chromedp.Void]) int {
	t.Helper()
	limited, cancel := context.WithTimeout(ctx, StepLimit)
	defer cancel()
	var response *network.Response
	err := again(func() (err error) { response, err = chromedp.RunResponse(limited, step); return err })
	if err != nil {
		t.Fatalf("browser: %v\n%s", err, whereabouts(ctx))
	}
	return status(response)
}

// status is 0 for a page that came without a response of its own.
func status(r *network.Response) int {
	if r == nil {
		return 0
	}
	return int(r.Status)
}

// Fill types value into the field that selector names, in place of what is
// there.
func Fill(t testing.TB, ctx context.Context, selector, value string) {
	t.Helper()
	field := chromedp.CSS(selector)
	Do(t, ctx, chromedp.WaitVisible(field))
	evaluate(t, ctx, `(e => { e.value = ""; return true })`, selector)
	Do(t, ctx, chromedp.SendKeys(field, value))
}

// Choose ticks the box or radio button that selector names, unless it is
// ticked. Its label may lie over it, so the mouse would not do.
func Choose(t testing.TB, ctx context.Context, selector string) {
	t.Helper()
	Do(t, ctx, chromedp.WaitReady(chromedp.CSS(selector)))
	evaluate(t, ctx, `(e => { if (!e.checked) e.click(); return e.checked })`, selector)
}

// evaluate calls a function that returns a boolean, written in JavaScript, on
// the element that selector names, and fails unless it returns true.
func evaluate(t testing.TB, ctx context.Context, function, selector string) {
	t.Helper()
	call := fmt.Sprintf(`%s(document.querySelector(%q))`, function, selector)
	if !Run(t, ctx, chromedp.Evaluate[bool](call)) {
		t.Fatalf("browser: %s does not do what it should\n%s", selector, whereabouts(ctx))
	}
}

// Text returns the text of the first element that selector names.
func Text(t testing.TB, ctx context.Context, selector string) string {
	t.Helper()
	return strings.TrimSpace(Run(t, ctx, chromedp.Text(chromedp.CSS(selector))))
}

// whereabouts says which page a step failed on. Addresses of Habeas hold no
// personal data.
func whereabouts(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	where, err := chromedp.Run(ctx, chromedp.Evaluate[string](
		`location.href + "\n" + (document.body ? document.body.innerText : "").slice(0, 1500)`))
	if err != nil {
		return "(page unknown: " + err.Error() + ")"
	}
	return "on " + where
}

// quote writes an XPath string.
func quote(s string) string {
	if !strings.Contains(s, `"`) {
		return `"` + s + `"`
	}
	return `concat("` + strings.ReplaceAll(s, `"`, `", '"', "`) + `")`
}

// root is the folder of go.mod, above the folder that tests run in.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("browser: not below a module")
		}
		dir = up
	}
}
