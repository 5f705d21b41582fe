package letters

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"habeas/templates/locales"
)

// layout is part of a letter's version: raise it when a composition or letter.templ changes.
const layout = "1"

type catalogue struct {
	bundle   *i18n.Bundle
	versions map[string]string // by language
}

var catalogues = sync.OnceValue(func() catalogue {
	c := catalogue{bundle: i18n.NewBundle(language.English), versions: map[string]string{}}
	c.bundle.RegisterUnmarshalFunc("yaml", func(data []byte, v any) error { return yaml.Unmarshal(data, v) })
	names, err := fs.Glob(locales.Letters, "*/letters.yaml")
	for _, name := range names {
		if err != nil {
			break
		}
		var data []byte
		if data, err = locales.Letters.ReadFile(name); err == nil {
			lang := path.Dir(name)
			sum := sha256.Sum256(append([]byte(layout+"\n"), data...))
			c.versions[lang] = hex.EncodeToString(sum[:6])
			// go-i18n takes the language from the file's name.
			_, err = c.bundle.ParseMessageFileBytes(data, lang+".yaml")
		}
	}
	if err != nil {
		panic("letters: the catalogue cannot be read: " + err.Error())
	}
	return c
})

// document is a letter before it becomes text or HTML.
type document struct {
	Lang    string
	Subject string
	Title   string
	Company string
	Colour  colour
	Blocks  []block
	Footer  []string
}

type block struct {
	Kind  blockKind
	Text  string
	Items []string
	Facts []fact
	URL   string
}

type blockKind int

const (
	paragraph blockKind = iota
	heading
	list
	steps
	facts
	code
	link
	button
)

type fact struct{ Label, Value string }

// composer builds a document and remembers what was missing.
type composer struct {
	kind    string
	d       Data
	law     law
	words   *i18n.Localizer
	doc     document
	missing []string
	err     error
}

func newComposer(kind, lang string, d Data) (*composer, error) {
	c := &composer{kind: kind, d: d, words: i18n.NewLocalizer(catalogues().bundle, lang)}
	known := false
	c.law, known = laws[d.Law]
	if !known {
		return nil, fmt.Errorf("%w: %s: law", ErrMissing, kind)
	}
	c.need("company", d.Company.Name != "")
	c.need("contact", d.Company.Contact != "")
	c.need("reference", d.Reference != "")
	c.doc = document{Lang: lang, Company: plain(d.Company.Name), Colour: parseColour(d.Company.Colour)}
	return c, nil
}

// frame puts greeting, closing and footer around a composition.
func (c *composer) frame(compose func(*composer)) {
	about := []any{"Company", c.doc.Company, "Reference", c.d.Reference, "Joined", c.d.Joined}
	c.doc.Subject = c.t(c.kind+".subject", about...)
	c.doc.Title = c.t(c.kind+".title", about...)
	// Where nobody has proven the address, a name is only what some visitor typed: it could carry a
	// message of theirs to a stranger.
	if name := plain(c.d.Name); name != "" && addressed[c.kind] && c.d.UndoURL == "" {
		c.para("frame.dear", "Name", name)
	} else {
		c.para("frame.hello")
	}
	compose(c)
	c.para("frame.regards")
	c.para("frame.team", "Company", c.doc.Company)
	c.foot("frame.questions", "Contact", c.d.Company.Contact, "Reference", c.d.Reference)
	if p := plain(c.d.Company.Phone); p != "" {
		c.foot("frame.phone", "Phone", p)
	}
	if p := plain(c.d.Company.DPO); p != "" {
		c.foot("frame.dpo", "DPO", p)
	}
	if p := plain(c.d.Company.Post); p != "" {
		c.doc.Footer = append(c.doc.Footer, p)
	}
	if c.d.Company.PrivacyURL != "" {
		c.foot("frame.privacy", "URL", c.url("privacy_url", c.d.Company.PrivacyURL))
	}
}

// addressed are the letters that go to a proven address only.
var addressed = map[string]bool{
	Joined: true, AccessReady: true, ErasureDone: true, WithdrawalDone: true, OptOutDone: true, Done: true,
	Partial: true, Refusal: true, NotFound: true, Extension: true, Withdrawn: true,
}

// t is a sentence of the catalogue; args are pairs of slot and value, "Count" picks the plural.
func (c *composer) t(key string, args ...any) string {
	config := &i18n.LocalizeConfig{MessageID: key}
	slots := make(map[string]any, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		name := args[i].(string)
		slots[name] = args[i+1]
		if name == "Count" {
			config.PluralCount = args[i+1]
			slots["N"] = number(args[i+1].(int))
		}
	}
	config.TemplateData = slots
	text, err := c.words.Localize(config)
	if c.err == nil && (err != nil || strings.Contains(text, "<no value>")) {
		c.err = fmt.Errorf("letters: catalogue: %s: %w", key, errSlot(err))
	}
	return strings.TrimSpace(text)
}

func errSlot(err error) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("a slot has no value")
}

func (c *composer) need(slot string, ok bool) {
	if !ok {
		c.missing = append(c.missing, slot)
	}
}

func (c *composer) fault() error {
	if len(c.missing) > 0 {
		return fmt.Errorf("%w: %s: %s", ErrMissing, c.kind, strings.Join(c.missing, ", "))
	}
	return c.err
}

func (c *composer) add(b block) { c.doc.Blocks = append(c.doc.Blocks, b) }

func (c *composer) para(key string, args ...any) {
	c.add(block{Kind: paragraph, Text: c.t(key, args...)})
}

func (c *composer) heading(key string) { c.add(block{Kind: heading, Text: c.t(key)}) }

func (c *composer) items(items []string) {
	if len(items) > 0 {
		c.add(block{Kind: list, Items: items})
	}
}

func (c *composer) foot(key string, args ...any) {
	c.doc.Footer = append(c.doc.Footer, c.t(key, args...))
}

// button is the one thing that a letter asks for; link is any other address.
func (c *composer) button(key, slot, address string) {
	c.add(block{Kind: button, Text: c.t(key), URL: c.url(slot, address)})
}

func (c *composer) link(key, slot, address string) {
	c.add(block{Kind: link, Text: c.t(key), URL: c.url(slot, address)})
}

// url accepts an absolute web address.
func (c *composer) url(slot, address string) string {
	u, err := url.Parse(address)
	c.need(slot, err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http") && !strings.ContainsFunc(address, unicode.IsSpace))
	return address
}

// date writes a civil date that the letter needs: 21 December 2026.
func (c *composer) date(slot string, day time.Time) string {
	c.need(slot, !day.IsZero())
	return c.t("date.long", "Day", day.Day(), "Month", c.t(fmt.Sprintf("date.month.m%d", day.Month())), "Year", day.Year())
}

// moment writes a time with its zone: 21 November 2026, 10:42 UTC.
func (c *composer) moment(slot string, at time.Time) string {
	zone, _ := at.Zone()
	return c.t("date.time", "Date", c.date(slot, at), "Time", at.Format("15:04"), "Zone", zone)
}

// rights writes what was asked for in words.
func (c *composer) rights() string {
	c.need("rights", len(c.d.Rights) > 0)
	words := make([]string, 0, len(c.d.Rights))
	for _, right := range c.d.Rights {
		words = append(words, c.t("right."+right))
	}
	return c.join(words)
}

func (c *composer) join(words []string) string {
	n := len(words)
	switch n {
	case 0:
		return ""
	case 1:
		return words[0]
	case 2:
		return c.t("list.two", "First", words[0], "Last", words[1])
	}
	head := words[0]
	for _, next := range words[1 : n-1] {
		head = c.t("list.more", "Head", head, "Next", next)
	}
	return c.t("list.last", "Head", head, "Last", words[n-1])
}

// recipients writes whom we told; nobody, nothing.
func (c *composer) recipients(key string) {
	if names := plainAll(c.d.Recipients); len(names) > 0 {
		c.para(key, "Recipients", c.join(names))
	}
}

// longDigits are runs that could be taken for a mailed code.
var longDigits = regexp.MustCompile(`[0-9]{6,}`)

// plain makes text that people wrote fit for a letter: one line, 1,000 characters at most, long
// numbers in groups.
func plain(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if runes := []rune(s); len(runes) > 1000 {
		s = string(runes[:1000]) + "…"
	}
	return longDigits.ReplaceAllStringFunc(s, func(digits string) string {
		var b strings.Builder
		for i, r := range digits {
			if i > 0 && i%4 == 0 {
				b.WriteRune('\u00a0')
			}
			b.WriteRune(r)
		}
		return b.String()
	})
}

func plainAll(list []string) []string {
	var out []string
	for _, s := range list {
		if p := plain(s); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// number writes 12345 as 12,345.
func number(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
