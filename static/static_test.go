package static

import (
	"bytes"
	"strings"
	"testing"
)

func TestFilesAreServedUnderTheirHashOnly(t *testing.T) {
	for _, name := range []string{"public.css", "desk.css", "govuk.js", "habeas.js", "icons/mark.svg"} {
		f, ok := Get(strings.TrimPrefix(URL(name), "/static/"))
		if !ok || len(f.Body) == 0 || f.Type == "" {
			t.Errorf("%s is not served under %s (type %q, %d bytes)", name, URL(name), f.Type, len(f.Body))
		}
	}
	for _, rest := range []string{"", "public.css", "0000000000000000/public.css", version() + "/../static.go", version() + "/src/public.scss", version() + "/static.go"} {
		if _, ok := Get(rest); ok {
			t.Errorf("%q is served, it must not be", rest)
		}
	}
}

func TestStyleSheetsAreOurs(t *testing.T) {
	for _, name := range []string{"public.css", "desk.css"} {
		body, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, mark := range []string{"GDS Transport", "crown", "crest", "@import", "url(http", "url(/assets"} {
			if bytes.Contains(body, []byte(mark)) {
				t.Errorf("%s holds %q", name, mark)
			}
		}
		if !bytes.Contains(body, []byte("--govuk-brand-colour")) {
			t.Errorf("%s takes no colours from custom properties", name)
		}
	}
}

func TestBrandHoldsColoursOnly(t *testing.T) {
	good := Colours{Brand: "#c4622d", Button: "#abc"}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	css := string(good.CSS())
	if !strings.Contains(css, "--govuk-brand-colour:#c4622d;") || !strings.Contains(css, "--hb-button:#abc;") {
		t.Errorf("brand sheet lacks its colours: %s", css)
	}
	bad := Colours{Link: "red;}body{display:none", Brand: "#12345g"}
	err := bad.Check()
	if err == nil || !strings.Contains(err.Error(), "brand, link") {
		t.Errorf("every fault named at once, got %v", err)
	}
	if got := string(bad.CSS()); got != ":root{}\n" {
		t.Errorf("text of the config became CSS: %s", got)
	}
	if good.URL() == bad.URL() {
		t.Error("another brand needs another address")
	}
}
