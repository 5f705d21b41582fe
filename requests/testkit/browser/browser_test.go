package browser

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// pages is a small site: a good page with a form, and a bad one.
func pages(t *testing.T) string {
	t.Helper()
	const head = `<!doctype html><html lang="en"><head><title>T</title><meta name="viewport" content="width=device-width"></head><body><main>`
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'sha256-none'; form-action 'self'")
		_, _ = io.WriteString(w, head+`<h1>Hello</h1><noscript><p id="plain">no scripts</p></noscript>
			<form action="/said"><label for="w">Word</label> <input id="w" name="w" value="old">
			<input type="checkbox" id="b" name="b"><label for="b">Box</label> <button>Say "it" now</button></form>`)
	})
	mux.HandleFunc("GET /said", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
		w.WriteHeader(http.StatusTeapot)
		_, seen := r.Cookie("seen")
		_, _ = io.WriteString(w, head+`<h1>`+r.FormValue("w")+r.FormValue("b")+`</h1>`)
		if seen == nil {
			_, _ = io.WriteString(w, `<p id="again">again</p>`)
		}
	})
	mux.HandleFunc("GET /script", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, head+`<h1>before</h1><script>document.querySelector("h1").textContent = "after"</script>`)
	})
	mux.HandleFunc("GET /bad", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, head+`<h1>Bad</h1><img src="data:,"><input><p style="color:#aaa;background:#fff">pale</p>`)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func TestForms(t *testing.T) {
	t.Parallel()
	url := pages(t)
	for name, options := range map[string][]Option{"with scripts": nil, "without": {WithoutScripts()}} {
		t.Run(name, func(t *testing.T) {
			ctx := New(t, options...)
			if status := Open(t, ctx, url+"/"); status != http.StatusOK {
				t.Errorf("status %d", status)
			}
			Axe(t, ctx)
			Screenshot(t, ctx, "none", 390)
			Fill(t, ctx, "#w", "spoken")
			Choose(t, ctx, "#b")
			if status := Press(t, ctx, `Say "it" now`); status != http.StatusTeapot {
				t.Errorf("status %d after the form", status)
			}
			if got := Text(t, ctx, "h1"); got != "spokenon" {
				t.Errorf("the server heard %q", got)
			}
			Open(t, ctx, url+"/script")
			want := map[string]string{"with scripts": "after", "without": "before"}[name]
			if got := Text(t, ctx, "h1"); got != want {
				t.Errorf("script page says %q, want %q", got, want)
			}
		})
	}
}

func TestPersonsShareNothing(t *testing.T) {
	t.Parallel()
	url := pages(t)
	one := New(t)
	two := Person(t, one)
	Open(t, one, url+"/said?w=x")
	Open(t, one, url+"/said?w=x")
	Text(t, one, "#again")
	Open(t, two, url+"/said?w=x")
	if text := Text(t, two, "body"); strings.Contains(text, "again") {
		t.Error("the second person has the first one's cookie")
	}
}

func TestAxeFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	ctx := New(t)
	Open(t, ctx, pages(t)+"/bad")
	found := map[string]bool{}
	for _, v := range violations(t, ctx) {
		found[v.ID] = true
	}
	for _, id := range []string{"image-alt", "label", "color-contrast"} {
		if !found[id] {
			t.Errorf("axe did not find %s, only %v", id, found)
		}
	}
}
