package export_test

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"habeas/requests/connect"
	"habeas/requests/export"
	"habeas/requests/testkit/browser"
)

// A person unpacks the archive and opens the page from disk: it reads well,
// passes axe-core, asks nothing of a network and its links lead to files.
func TestIndexPageOpensOffline(t *testing.T) {
	f := setup(t)
	social := connect.Description{Name: "social", Title: "Social media records", Types: []connect.Type{{
		Name: "profiles", Title: "Your profiles on social networks", Purpose: "To answer you on the network you write from", Source: "The network",
		Recipient: "The network concerned", Retention: "Two years", Social: true,
		Fields: []connect.Field{{Name: "handle", Title: "Handle", Category: "social.account"}, {Name: "bio", Title: "About you", Category: "social.profile"}},
	}}}
	rows := append(someRows[:len(someRows):len(someRows)], row("long", "1", "a", `"`+strings.Repeat("x", 300)+`"`, "b", `"עברית"`), row("long", "2", "a", "null", "b", "{}"))
	_, b := f.build(t, info, f.staged(t, crm, rows...), f.staged(t, social, row("profiles", "1", "handle", `"anna.outdoor"`, "bio", `"Outdoors whenever it rains."`)))
	dir := t.TempDir()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, z); err != nil {
		t.Fatal(err)
	}

	ctx := browser.New(t)
	var mu sync.Mutex
	var asked []string
	if err := chromedp.Listen(ctx, func(e any) {
		if r, ok := e.(*network.EventRequestWillBeSent); ok {
			mu.Lock()
			asked = append(asked, r.Request.URL)
			mu.Unlock()
		}
	}); err != nil {
		t.Fatal(err)
	}
	page := "file://" + filepath.Join(dir, "index.html")
	browser.Open(t, ctx, page)
	if h := browser.Text(t, ctx, "h1"); h != "Your personal data" {
		t.Errorf("heading %q", h)
	}
	browser.Axe(t, ctx)
	for _, width := range []int{1280, 390} {
		browser.Screenshot(t, ctx, "package-index", width)
	}
	for _, href := range browser.Run(t, ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll("a[href^=data]")].map(a => a.getAttribute("href"))`)) {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(href))); err != nil {
			t.Errorf("a link leads nowhere: %v", err)
		}
	}
	for _, id := range browser.Run(t, ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll("a[href^='#']")].filter(a => !document.getElementById(a.hash.slice(1))).map(a => a.hash)`)) {
		t.Errorf("no such place on the page: %s", id)
	}
	mu.Lock()
	first := asked
	asked = nil
	mu.Unlock()
	if len(first) == 0 {
		t.Error("the browser told of no request, not even the page's own")
	}
	for _, url := range first {
		if url != page {
			t.Errorf("the page asked for %s", url)
		}
	}

	ca := info
	ca.Law, ca.CategoriesOnly = "CA", true
	_, b = f.build(t, ca, export.Source{System: crm, Open: export.Staged(f.store, "stage/crm", f.key)})
	_, files := unzip(t, b)
	if err := os.WriteFile(filepath.Join(dir, "ca.html"), []byte(files["index.html"]), 0o600); err != nil {
		t.Fatal(err)
	}
	browser.Open(t, ctx, "file://"+filepath.Join(dir, "ca.html"))
	browser.Axe(t, ctx)
	browser.Screenshot(t, ctx, "package-categories-only", 1280)
}
