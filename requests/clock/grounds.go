package clock

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed grounds.yaml
var groundsYAML []byte

// Scopes of a ground: it refuses the request, keeps back a record, or both.
const (
	ScopeRequest = "request"
	ScopeRecord  = "record"
	ScopeBoth    = "both"
)

// Ground is one lawful reason to refuse a right or to keep a record back.
type Ground struct {
	Code     string   `yaml:"code" json:"code"`
	Families []string `yaml:"families" json:"-"`
	Rights   []string `yaml:"rights" json:"-"`
	Scope    string   `yaml:"scope" json:"scope"`
	Cite     string   `yaml:"cite" json:"cite"`
	Text     string   `yaml:"text" json:"text"`
	Counsel  bool     `yaml:"counsel" json:"counsel,omitempty"`
}

var allGrounds = sync.OnceValue(func() []Ground {
	g, err := loadGrounds(bytes.NewReader(groundsYAML))
	if err != nil {
		panic(err) // embedded text: a test loads it
	}
	return g
})

func loadGrounds(r io.Reader) ([]Ground, error) {
	var rows []Ground
	if err := yaml.NewDecoder(r, yaml.Strict()).Decode(&rows); err != nil {
		return nil, fmt.Errorf("table of grounds: %w", err)
	}
	for _, g := range rows {
		if g.Code == "" || len(g.Families) == 0 || len(g.Rights) == 0 || g.Text == "" {
			return nil, fmt.Errorf("table of grounds: %s needs code, families, rights and text", clip(g.Code))
		}
		if !slices.Contains([]string{ScopeRequest, ScopeRecord, ScopeBoth}, g.Scope) {
			return nil, fmt.Errorf("table of grounds: %s: scope is request, record or both", g.Code)
		}
		if err := knownRights(g.Rights); err != nil {
			return nil, fmt.Errorf("table of grounds: %s: %w", g.Code, err)
		}
	}
	return rows, nil
}

// Grounds lists the grounds of a law for a right, with their full articles.
// A right that the law does not grant can be refused as not_granted.
func (w *Law) Grounds(right string) []Ground {
	var out []Ground
	for _, g := range allGrounds() {
		if !slices.Contains(g.Families, w.Family) || !slices.Contains(g.Rights, right) {
			continue
		}
		set(&g.Cite, w.Cite)
		if strings.HasPrefix(g.Cite, "Art.") {
			g.Cite = map[string]string{"EU": "GDPR ", "UK": "UK GDPR "}[w.Family] + g.Cite
		}
		out = append(out, g)
	}
	if _, granted := w.Rights[right]; !granted {
		out = append(out, Ground{Code: "not_granted", Scope: ScopeBoth, Cite: w.Cite, Text: "this law does not grant the right"})
	}
	return out
}

// sameCode are other words in which people name a ground.
var sameCode = map[string]string{
	"manifestly_unfounded": "unfounded", "manifestly_excessive": "excessive", "repetitive": "excessive",
	"identity": "identity_unproven", "identity_not_proved": "identity_unproven", "identity_not_proven": "identity_unproven",
	"identity_unverified": "identity_unproven", "identity_not_verified": "identity_unproven",
	"unverified": "identity_unproven", "not_verified": "identity_unproven", "cannot_identify": "identity_unproven",
}

// Ground finds a ground by its code ("legal_claims"), by its article
// ("17(3)(e)", "GDPR Art. 17(3)(e)", also inside a longer citation), or as
// Write wrote it.
func (w *Law) Ground(right, named string) (Ground, bool) {
	if g, _, _, ok := w.Written(right, named); ok {
		return g, true
	}
	code := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(named)))
	if other, ok := sameCode[code]; ok {
		code = other
	}
	var best Ground
	length := 0
	for _, g := range w.Grounds(right) {
		if g.Code == code || strings.EqualFold(g.Cite, strings.TrimSpace(named)) {
			return g, true
		}
		for _, article := range articles.FindAllString(g.Cite, -1) {
			if len(article) > length && cites(named, article) {
				best, length = g, len(article)
			}
		}
	}
	return best, length > 0
}

// articles are the parts of a citation that are telling alone: a number with
// paragraphs in brackets, "12(5)" or "1798.105(d)(8)".
var articles = regexp.MustCompile(`[0-9][0-9.:-]*[A-Z]?(\([0-9A-Za-z]+\))+`)

// cites says whether a text names the article itself, not a longer number
// that merely contains it.
func cites(text, article string) bool {
	for i := strings.Index(text, article); i >= 0; {
		if i == 0 || !strings.ContainsRune("0123456789.", rune(text[i-1])) {
			return true
		}
		next := strings.Index(text[i+1:], article)
		if next < 0 {
			return false
		}
		i += 1 + next
	}
	return false
}
