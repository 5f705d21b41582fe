package letters_test

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"habeas/templates/letters"
)

// docs/law.md names every authority as letters do, and what of it is not confirmed.
func TestAuthoritiesAreWrittenDown(t *testing.T) {
	raw, err := os.ReadFile("../../docs/law.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range letters.Laws() {
		a, ok := letters.AuthorityOf(code)
		if !ok {
			if code != "EU" {
				t.Errorf("%s names nobody", code)
			}
			continue
		}
		if u, err := url.Parse(a.URL); err != nil || u.Scheme != "https" || u.Host == "" {
			t.Errorf("%s: %q is no web address", code, a.URL)
		}
		name, open := a.Name, letters.Unconfirmed(code)
		if a.Address != "" {
			name += ", " + a.Address
		}
		if open == "" {
			open = "–"
		}
		if row := fmt.Sprintf("| %s | %s | <%s> | %s |", code, name, a.URL, open); !strings.Contains(string(raw), row) {
			t.Errorf("docs/law.md has no row\n%s", row)
		}
	}
}
