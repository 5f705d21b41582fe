package static

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// Colours make a brand out of the stock style sheets. Empty fields keep the
// stock colour. Each is #rgb or #rrggbb.
type Colours struct {
	Brand     string `yaml:"brand"`      // marks, lines, the head of a confirmation
	Link      string `yaml:"link"`       // links
	LinkHover string `yaml:"link_hover"` // links under the pointer
	Button    string `yaml:"button"`     // the main button
	Header    string `yaml:"header"`     // header of the public pages
	HeaderInk string `yaml:"header_ink"` // text on that header
	Surface   string `yaml:"surface"`    // quiet panels
}

var hexColour = regexp.MustCompile(`^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`)

// Check names the colours that are not written as #rgb or #rrggbb.
func (c Colours) Check() error {
	var bad []string
	for _, p := range c.properties() {
		if p.value != "" && !hexColour.MatchString(p.value) {
			bad = append(bad, p.field)
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("brand colours must be written as #rrggbb: %s", strings.Join(bad, ", "))
	}
	return nil
}

// CSS is the brand's style sheet: custom properties only. Values that Check
// would refuse are left out, so that no text of the config becomes CSS.
func (c Colours) CSS() []byte {
	var b strings.Builder
	b.WriteString(":root{")
	for _, p := range c.properties() {
		if hexColour.MatchString(p.value) {
			for _, name := range p.names {
				fmt.Fprintf(&b, "%s:%s;", name, p.value)
			}
		}
	}
	b.WriteString("}\n")
	return []byte(b.String())
}

// Hash is part of the brand sheet's address, which changes with its content.
func (c Colours) Hash() string {
	sum := sha256.Sum256(c.CSS())
	return hex.EncodeToString(sum[:])[:16]
}

// URL is the brand sheet's hashed address: /static/brand/<hash>.css.
func (c Colours) URL() string { return "/static/brand/" + c.Hash() + ".css" }

type property struct {
	field string
	names []string
	value string
}

func (c Colours) properties() []property {
	return []property{
		{"brand", []string{"--govuk-brand-colour", "--hb-brand"}, c.Brand},
		{"link", []string{"--govuk-link-colour", "--govuk-link-visited-colour"}, c.Link},
		{"link_hover", []string{"--govuk-link-hover-colour"}, c.LinkHover},
		{"button", []string{"--govuk-success-colour", "--hb-button"}, c.Button},
		{"header", []string{"--hb-header"}, c.Header},
		{"header_ink", []string{"--hb-header-ink"}, c.HeaderInk},
		{"surface", []string{"--govuk-surface-background-colour", "--hb-surface"}, c.Surface},
	}
}
