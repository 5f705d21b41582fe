package templates

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
)

var (
	sampleNow = time.Date(2026, 11, 21, 10, 45, 0, 0, time.UTC)
	berlin    = time.FixedZone("CET", 3600)
)

// TestPreview renders every page with sample data. With HABEAS_SCREENS set to a
// language it also writes them in it, to a folder habeas-screens, for a look in a
// browser.
func TestPreview(t *testing.T) {
	unfinished := regexp.MustCompile(`‹[^›]*›|&lt;no value&gt;|<no value>|%!|\b(TODO|lorem)\b`)
	unsafe := regexp.MustCompile(`(?i)<script(?: [^>]*)?>[^<]|\sstyle=|\son[a-z]+="|javascript:|<style|action="about:`)
	labelled := regexp.MustCompile(`<(?:input|select|textarea)[^>]* id="([^"]+)"`)
	for name, page := range previews() {
		t.Run(name, func(t *testing.T) {
			html := rendered(t, page)
			if bad := unfinished.FindString(html); bad != "" {
				t.Errorf("unfinished text %q", bad)
			}
			if bad := unsafe.FindString(html); bad != "" {
				t.Errorf("a strict content security policy forbids %q", bad)
			}
			if n := strings.Count(html, "<h1"); n != 1 {
				t.Errorf("%d level 1 headings, want 1", n)
			}
			if !strings.Contains(html, `id="main"`) || !strings.Contains(html, `<html lang="en"`) {
				t.Error("skip link's target or language missing")
			}
			for _, m := range labelled.FindAllStringSubmatch(html, -1) {
				if !strings.Contains(html, `for="`+m[1]+`"`) {
					t.Errorf("control %s has no label", m[1])
				}
			}
			if lang := os.Getenv("HABEAS_SCREENS"); slices.Contains(Languages(), lang) {
				write(t, lang+"-"+name, renderedIn(t, lang, page))
			}
		})
	}
}

func rendered(t *testing.T, page templ.Component) string { return renderedIn(t, "en", page) }

func renderedIn(t *testing.T, lang string, page templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := page.Render(WithLocale(context.Background(), Locale{Lang: lang, Zone: berlin, Now: sampleNow}), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// write stores a page beside the assets so that file: URLs find them.
func write(t *testing.T, name, html string) {
	t.Helper()
	dir := filepath.Join(os.TempDir(), "habeas-screens")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../static")
	if err != nil {
		t.Fatal(err)
	}
	html = regexp.MustCompile(`/static/[0-9a-f]{16}/`).ReplaceAllString(html, "file://"+root+"/")
	if err := os.WriteFile(filepath.Join(dir, name+".html"), []byte(html), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestEveryKeyHasItsWords finds keys that a page names and the catalogue lacks.
func TestEveryKeyHasItsWords(t *testing.T) {
	sources, err := filepath.Glob("*.templ")
	if err != nil || len(sources) == 0 {
		t.Fatal("no page sources", err)
	}
	key := regexp.MustCompile(`T\(ctx, "([a-z0-9_.]+)"[,)]`)
	for _, name := range sources {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllStringSubmatch(string(src), -1) {
			if got := Text("en", m[1], "Count", 2); strings.HasPrefix(got, "‹") {
				t.Errorf("%s: no words for %s", name, m[1])
			}
		}
	}
}
