package letters

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
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
const layout = "4"

type catalogue struct {
	bundle   *i18n.Bundle
	versions map[string]string // by language
	grounds  []string
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
			var file *i18n.MessageFile
			if file, err = c.bundle.ParseMessageFileBytes(data, lang+".yaml"); err == nil && lang == "en" {
				for _, m := range file.Messages {
					if code, ok := strings.CutPrefix(m.ID, "ground."); ok {
						c.grounds = append(c.grounds, code)
					}
				}
				slices.Sort(c.grounds)
			}
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
	Dir     string // ltr, rtl
	Colon   string // after a label: ":", in French with a space before it
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
	words // of people: their direction is their own
)

type fact struct{ Label, Value string }

// composer builds a document. It remembers what was missing, and which sentences it wrote.
type composer struct {
	kind    string
	k       kind
	d       Data
	law     law
	words   *i18n.Localizer
	doc     document
	said    map[string]bool
	asked   map[string]bool // slots that were needed, met or not
	missing []string
	err     error
}

func newComposer(name, lang string, d Data) (*composer, error) {
	k, ok := kinds[name]
	if !ok {
		return nil, fmt.Errorf("letters: there is no letter %q", name)
	}
	c := &composer{kind: name, k: k, d: d, words: i18n.NewLocalizer(catalogues().bundle, lang), said: map[string]bool{}, asked: map[string]bool{}}
	if c.law, ok = lawOf(d); !ok {
		return nil, fmt.Errorf("%w: %s: law", ErrMissing, name)
	}
	if len(k.families) > 0 && !slices.Contains(k.families, c.law.family) {
		return nil, fmt.Errorf("%w: %s under %s", ErrLaw, name, d.Law)
	}
	c.need("company", d.Company.Name != "")
	c.need("contact", d.Company.Contact != "")
	c.need("reference", d.Reference != "")
	c.doc = document{Lang: lang, Dir: locales.Direction(lang), Company: plain(d.Company.Name), Colour: parseColour(d.Company.Colour), Colon: c.colon()}
	return c, nil
}

// frame puts greeting, closing and footer around a composition.
func (c *composer) frame() {
	about := []any{"Company", c.doc.Company, "Reference", c.d.Reference, "Joined", c.d.Joined}
	c.doc.Subject = c.t(c.kind+".subject", about...)
	c.doc.Title = c.t(c.kind+".title", about...)
	// Where nobody has proven the address, a name is only what some visitor typed: it could carry a
	// message of theirs to a stranger.
	if name := plain(c.d.Name); name != "" && c.k.named && c.d.Verified && c.d.UndoURL == "" {
		c.para("frame.dear", "Name", c.isolate(name))
	} else {
		c.para("frame.hello")
	}
	if c.forAnother() {
		c.para("frame.other")
	}
	c.k.compose(c)
	if slices.Contains(c.k.free, SlotNote) {
		c.free(free(c.d.Note))
	}
	c.para("frame.regards")
	c.para("frame.team", "Company", c.doc.Company)
	if p := plain(c.d.Person); p != "" && slices.Contains(c.k.free, SlotPerson) {
		c.foot("frame.person", "Person", c.isolate(p))
	}
	c.foot("frame.questions", "Contact", c.d.Company.Contact, "Reference", c.d.Reference)
	if p := plain(c.d.Company.Phone); p != "" {
		c.foot("frame.phone", "Phone", c.isolate(p))
	}
	if p := plain(c.d.Company.DPO); p != "" {
		c.foot("frame.dpo", "DPO", c.isolate(p))
	}
	if p := plain(c.d.Company.Post); p != "" {
		c.doc.Footer = append(c.doc.Footer, c.isolate(p))
	}
	if c.d.Company.PrivacyURL != "" && (c.k.to == "" || c.k.to == toPerson) {
		c.foot("frame.privacy", "URL", c.url("privacy_url", c.d.Company.PrivacyURL))
	}
	c.holds()
}

// holds checks that the letter says what one of its kind must, so that a composition changed by
// mistake does not go out without the remedies.
func (c *composer) holds() {
	for _, key := range c.k.must {
		switch key {
		case "authority":
			c.need("named authority", c.said["remedy.authority"] || c.said["remedy.ag"])
		case "remedies":
			c.need("named authority", c.said["remedy.authority"] || c.said["remedy.ag"])
			for _, key := range c.law.remedies() {
				c.need(key, c.said[key])
			}
		default:
			c.need(key, slices.ContainsFunc(strings.Split(key, "|"), func(k string) bool { return c.said[k] }))
		}
	}
}

// colon is the one sentence that keeps its space.
func (c *composer) colon() string {
	c.said["frame.colon"] = true
	text, err := c.words.Localize(&i18n.LocalizeConfig{MessageID: "frame.colon"})
	if err != nil {
		return ":"
	}
	return text
}

// has tells whether the catalogue knows a sentence.
func (c *composer) has(key string) bool {
	_, err := c.words.Localize(&i18n.LocalizeConfig{MessageID: key})
	var unknown *i18n.MessageNotFoundErr
	return !errors.As(err, &unknown)
}

// t is a sentence of the catalogue; args are pairs of slot and value, "Count" picks the plural.
func (c *composer) t(key string, args ...any) string {
	c.said[key] = true
	config := &i18n.LocalizeConfig{MessageID: key}
	slots := make(map[string]any, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		name := args[i].(string)
		slots[name] = args[i+1]
		if name == "Count" {
			config.PluralCount = args[i+1]
			slots["N"] = locales.Number(c.doc.Lang, int64(args[i+1].(int)))
		}
	}
	config.TemplateData = slots
	text, err := c.words.Localize(config)
	text = strings.TrimSpace(text)
	if c.err == nil && (err != nil || text == "" || strings.Contains(text, "<no value>")) {
		c.err = fmt.Errorf("letters: catalogue: %s: %w", key, errSlot(err))
	}
	return text
}

func errSlot(err error) error {
	if err != nil {
		return err
	}
	return errors.New("it is empty, or a slot has no value")
}

func (c *composer) need(slot string, ok bool) {
	c.asked[slot] = true
	if !ok && !slices.Contains(c.missing, slot) {
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

// items makes a list, or lengthens the one that was just made.
func (c *composer) items(items []string) {
	if len(items) == 0 {
		return
	}
	if n := len(c.doc.Blocks); n > 0 && c.doc.Blocks[n-1].Kind == list {
		c.doc.Blocks[n-1].Items = append(c.doc.Blocks[n-1].Items, items...)
		return
	}
	c.add(block{Kind: list, Items: items})
}

// free adds paragraphs that people wrote.
func (c *composer) free(paragraphs []string) {
	for _, p := range paragraphs {
		c.add(block{Kind: words, Text: p})
	}
}

// freely adds paragraphs that the letter needs.
func (c *composer) freely(slot, text string) {
	paragraphs := free(text)
	c.need(slot, len(paragraphs) > 0)
	c.free(paragraphs)
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

// moment writes a time with its zone: 21 November 2026, 10:42 UTC. Zones that
// have a name in the letter's language are called by it.
func (c *composer) moment(slot string, at time.Time) string {
	zone, _ := at.Zone()
	if key := "zone." + zone; c.has(key) {
		zone = c.t(key)
	}
	clock := c.t("date.clock", "Hour", at.Hour(), "Minute", fmt.Sprintf("%02d", at.Minute()))
	return c.t("date.time", "Date", c.date(slot, at), "Time", clock, "Zone", zone)
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

// coded writes words of which some are codes that the catalogue has a phrase for.
func (c *composer) coded(prefix, slot string, given []string) []string {
	out := plainAll(given)
	for i, x := range out {
		if key := prefix + "." + x; !strings.ContainsAny(x, " .") && c.has(key) {
			out[i] = c.t(key)
		}
	}
	c.need(slot, len(out) > 0)
	return out
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
