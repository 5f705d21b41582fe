package clock

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed granted.yaml
var grantedYAML []byte

// Granted is one ground on which a law grants a right.
type Granted struct {
	Code     string   `yaml:"code" json:"code"`
	Families []string `yaml:"families" json:"-"`
	Rights   []string `yaml:"rights" json:"-"`
	Cite     string   `yaml:"cite" json:"cite"`
	Text     string   `yaml:"text" json:"text"`
	With     string   `yaml:"with" json:"-"`
}

var allGranted = sync.OnceValue(func() []Granted {
	var rows []Granted
	if err := yaml.NewDecoder(bytes.NewReader(grantedYAML), yaml.Strict()).Decode(&rows); err != nil {
		panic(fmt.Errorf("table of granted: %w", err)) // embedded text: a test loads it
	}
	return rows
})

// Granted lists the grounds on which the law grants a right, with their full
// articles; none where it names none of its own.
func (w *Law) Granted(right string) []Granted {
	var out []Granted
	for _, g := range allGranted() {
		if slices.Contains(g.Families, w.Family) && slices.Contains(g.Rights, right) {
			g.Cite = map[string]string{"EU": "GDPR ", "UK": "UK GDPR "}[w.Family] + g.Cite
			out = append(out, g)
		}
	}
	return out
}

// Grants finds such a ground by its code or its article, which may stand
// inside a longer text.
func (w *Law) Grants(right, named string) (Granted, bool) {
	code := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(named)))
	list := w.Granted(right)
	for _, g := range list {
		if g.Code == code {
			return g, true
		}
	}
	for _, g := range list {
		for _, article := range articles.FindAllString(g.Cite, -1) {
			if cites(named, article) {
				return g, true
			}
		}
	}
	return Granted{}, false
}

// Grant is the ground that a request points to by itself: that of another
// right in it, else the first of the law's; false where the law names none.
func (w *Law) Grant(right string, asked []string) (Granted, bool) {
	list := w.Granted(right)
	for _, g := range list {
		if g.With != "" && slices.Contains(asked, g.With) {
			return g, true
		}
	}
	if len(list) == 0 {
		return Granted{}, false
	}
	return list[0], true
}
