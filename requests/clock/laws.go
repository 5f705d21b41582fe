package clock

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the deadlines of a machine without zone files are the same

	"github.com/goccy/go-yaml"
)

//go:embed laws.yaml
var lawsYAML []byte

// The rights a request may name, one word per right in every law.
const (
	Access            = "access"
	Portability       = "portability"
	Rectification     = "rectification"
	Erasure           = "erasure"
	Restriction       = "restriction"
	Objection         = "objection"
	ConsentWithdrawal = "consent_withdrawal"
	OptOut            = "opt_out"
	Limit             = "limit"
)

// Rights are all rights, in the order in which they are shown.
var Rights = []string{Access, Portability, Rectification, Erasure, Restriction, Objection, ConsentWithdrawal, OptOut, Limit}

// Law is one row of the table: the clocks of one law and what moves them.
// laws.yaml says what each field means.
type Law struct {
	Code      string            `yaml:"code"`
	Like      string            `yaml:"like"`
	Name      string            `yaml:"name"`
	Family    string            `yaml:"family"` // EU UK CA US BR PIPEDA QC CH
	Cite      string            `yaml:"cite"`
	Zone      string            `yaml:"zone"`
	Set       string            `yaml:"set"`
	InForce   Date              `yaml:"in_force"`
	Counsel   bool              `yaml:"counsel"`
	CountCite string            `yaml:"count_cite"` // the day of receipt is not counted
	ClampCite string            `yaml:"clamp_cite"` // a missing date becomes the month's last
	Roll      *Roll             `yaml:"roll"`
	FirstDay  bool              `yaml:"first_day"` // the day of receipt is day 1: every period of a request ends a day earlier
	Terms     []Term            `yaml:"clocks"`
	Moves     []Move            `yaml:"moves"`
	Keeps     string            `yaml:"keeps"`
	Extension *Extension        `yaml:"extension"`
	Rights    map[string]string `yaml:"rights"` // right → article
	Remedies  []Remedy          `yaml:"remedies"`
}

// Roll moves an end that is no working day to the next one.
type Roll struct {
	Cite string `yaml:"cite"`
}

// Term is one period of a law. Counsel marks a figure to be confirmed.
type Term struct {
	Name    string   `yaml:"name"`
	N       int      `yaml:"n"`
	Unit    string   `yaml:"unit"` // month, day, business_day, hour, announced
	From    string   `yaml:"from"` // request (default), denial, complaint, discovery
	Cite    string   `yaml:"cite"`
	Rights  []string `yaml:"rights"`
	Except  []string `yaml:"except"`
	InForce Date     `yaml:"in_force"`
	Target  int      `yaml:"target"`
	Note    string   `yaml:"note"`
	Counsel bool     `yaml:"counsel"`
}

// Move says what an event does to the response period.
type Move struct {
	Event   string   `yaml:"event"`  // id, fee, clarify
	Effect  string   `yaml:"effect"` // restart, pause
	Rights  []string `yaml:"rights"`
	Policy  string   `yaml:"policy"`
	Cite    string   `yaml:"cite"`
	Counsel bool     `yaml:"counsel"`
}

// Extension is the law's one extension of the response period.
type Extension struct {
	Cite    string   `yaml:"cite"`
	Grounds []string `yaml:"grounds"`
	Except  []string `yaml:"except"`
}

// Remedy is a way on that a refusal must name: appeal, controller, authority,
// attorney_general or court.
type Remedy struct {
	Code    string `yaml:"code"`
	Cite    string `yaml:"cite"`
	Counsel bool   `yaml:"counsel"`
}

// Laws is a table of laws by code.
type Laws struct{ rows map[string]*Law }

// Builtin is the table that comes with the program.
var Builtin = sync.OnceValue(func() *Laws {
	l, err := (&Laws{}).Load(bytes.NewReader(lawsYAML))
	if err != nil {
		panic(err) // embedded text: a test loads it
	}
	return l
})

// Load reads rows in the form of laws.yaml over l: a row with a known code
// replaces that law. It returns a new table and names the row that is wrong.
func (l *Laws) Load(r io.Reader) (*Laws, error) {
	rows, err := readRows(r)
	if err != nil {
		return nil, fmt.Errorf("law table: %w", err)
	}
	out := &Laws{rows: map[string]*Law{}}
	for code, row := range l.rows {
		out.rows[code] = row
	}
	for i := range rows {
		row := &rows[i]
		if row.Like != "" {
			base, ok := out.rows[row.Like]
			if !ok {
				return nil, fmt.Errorf("law table: %s is like %s, which no row above describes", clip(row.Code), clip(row.Like))
			}
			row.inherit(base)
		}
		row.fill()
		if err := row.check(); err != nil {
			return nil, fmt.Errorf("law table: %s: %w", clip(row.Code), err)
		}
		out.rows[row.Code] = row
	}
	return out, nil
}

// readRows decodes strictly. The decoder of goccy/go-yaml 1.19 panics on some
// malformed files (a tag before a mapping where a list belongs), which is a
// fault of the file and becomes an error.
func readRows(r io.Reader) (rows []Law, err error) {
	defer func() {
		if p := recover(); p != nil {
			rows, err = nil, fmt.Errorf("the file is no list of laws: %v", p)
		}
	}()
	err = yaml.NewDecoder(r, yaml.Strict()).Decode(&rows)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	return rows, err
}

// Law finds a row by its code. An unknown code is an Error that lists them. A
// nil table is Builtin.
func (l *Laws) Law(code string) (*Law, error) {
	l = l.orBuiltin()
	if row, ok := l.rows[code]; ok {
		return row, nil
	}
	return nil, badInput("law", "There is no law %q; use one of %s.", clip(code), strings.Join(l.Codes(), ", "))
}

// Codes are the codes of the table, sorted.
func (l *Laws) Codes() []string {
	l = l.orBuiltin()
	codes := make([]string, 0, len(l.rows))
	for code := range l.rows {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

func (l *Laws) orBuiltin() *Laws {
	if l == nil {
		return Builtin()
	}
	return l
}

// Aim returns a table in which the desk aims at that many days before the end
// of a request's periods, by the law's code; "*" is every law not named. An
// unknown code, and a number not from 0 to 30, are errors.
func (l *Laws) Aim(days map[string]int) (*Laws, error) {
	l = l.orBuiltin()
	out := &Laws{rows: map[string]*Law{}}
	for code, n := range days {
		if _, ok := l.rows[code]; !ok && code != "*" {
			_, err := l.Law(code)
			return nil, err
		}
		if n < 0 || n > 30 {
			return nil, fmt.Errorf("%s: a target lies 0 to 30 days before the end, not %d", clip(code), n)
		}
	}
	for code, row := range l.rows {
		n, ok := days[code]
		if !ok {
			n, ok = days["*"]
		}
		if ok {
			aimed := *row
			aimed.Terms = slices.Clone(row.Terms)
			for i := range aimed.Terms {
				if aimed.Terms[i].From == "request" {
					aimed.Terms[i].Target = n
				}
			}
			row = &aimed
		}
		out.rows[code] = row
	}
	return out, nil
}

func (w *Law) inherit(base *Law) {
	if w.Code == base.Code { // a row changed in part keeps what makes it this law
		set(&w.Name, base.Name)
		set(&w.Cite, base.Cite)
		set(&w.Keeps, base.Keeps)
		if w.InForce.IsZero() {
			w.InForce = base.InForce
		}
		w.Counsel = w.Counsel || base.Counsel
	}
	set(&w.Family, base.Family)
	set(&w.Zone, base.Zone)
	set(&w.Set, base.Set)
	w.FirstDay = w.FirstDay || base.FirstDay
	if base.CountCite != base.Cite {
		set(&w.CountCite, base.CountCite)
	}
	if base.ClampCite != base.Cite {
		set(&w.ClampCite, base.ClampCite)
	}
	if w.Roll == nil {
		w.Roll = base.Roll
	}
	if w.Terms == nil {
		w.Terms = bare(base.Terms, base.Cite)
	}
	if w.Moves == nil {
		w.Moves = base.Moves
	}
	if w.Extension == nil && base.Extension != nil {
		e := *base.Extension
		if e.Cite == base.Cite {
			e.Cite = ""
		}
		w.Extension = &e
	}
	if w.Rights == nil {
		w.Rights = map[string]string{}
		for right, cite := range base.Rights {
			if cite == base.Cite {
				cite = ""
			}
			w.Rights[right] = cite
		}
	}
	if w.Remedies == nil {
		for _, r := range base.Remedies {
			if r.Cite == base.Cite {
				r.Cite = ""
			}
			w.Remedies = append(w.Remedies, r)
		}
	}
}

// bare takes the other law's article off its terms, so that the heir's own
// article is filled in.
func bare(terms []Term, cite string) []Term {
	out := slices.Clone(terms)
	for i := range out {
		if out[i].Cite == cite {
			out[i].Cite = ""
		}
	}
	return out
}

// fill puts the law's own article wherever a part names none.
func (w *Law) fill() {
	set(&w.CountCite, w.Cite)
	set(&w.ClampCite, w.Cite)
	set(&w.Keeps, w.Cite)
	for i := range w.Terms {
		set(&w.Terms[i].Cite, w.Cite)
		set(&w.Terms[i].From, "request")
		if w.Counsel {
			w.Terms[i].Counsel = true
		}
	}
	for i := range w.Moves {
		set(&w.Moves[i].Cite, w.Cite)
	}
	if w.Extension != nil {
		set(&w.Extension.Cite, w.Cite)
	}
	for right, cite := range w.Rights {
		if cite == "" {
			w.Rights[right] = w.Cite
		}
	}
	for i := range w.Remedies {
		set(&w.Remedies[i].Cite, w.Cite)
	}
}

func set(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

func (w *Law) check() error {
	switch {
	case w.Code == "" || w.Name == "" || w.Family == "" || w.Cite == "":
		return errors.New("code, name, family and cite are needed")
	case sets[w.Set] == nil:
		return badSet(w.Set)
	case w.Zone == "":
		return errors.New("zone is needed")
	case !w.has("respond"):
		return errors.New("a clock named respond is needed")
	}
	if _, err := time.LoadLocation(w.Zone); err != nil {
		return fmt.Errorf("zone: %w", err)
	}
	for _, t := range w.Terms {
		if err := t.check(); err != nil {
			return fmt.Errorf("clock %s: %w", clip(t.Name), err)
		}
	}
	for _, m := range w.Moves {
		if !slices.Contains([]string{"id", "fee", "clarify"}, m.Event) || !slices.Contains([]string{"restart", "pause"}, m.Effect) {
			return errors.New("moves: event is id, fee or clarify; effect is restart or pause")
		}
		if m.Policy != "" && m.Policy != Suspend {
			return errors.New("moves: policy is suspend or not set")
		}
		if err := knownRights(m.Rights); err != nil {
			return err
		}
	}
	for right := range w.Rights {
		if err := knownRights([]string{right}); err != nil {
			return err
		}
	}
	return nil
}

func (t Term) check() error {
	if !slices.Contains(Names, t.Name) {
		return errors.New("the name is none of " + strings.Join(Names, " "))
	}
	limit, ok := map[string]int{"month": 60, "day": 2000, "business_day": 1000, "hour": 2000, "announced": 0}[t.Unit]
	if !ok {
		return errors.New("the unit is none of month, day, business_day, hour, announced")
	}
	if t.Unit != "announced" && (t.N < 1 || t.N > limit) {
		return fmt.Errorf("n must be from 1 to %d", limit)
	}
	if !slices.Contains([]string{"request", "denial", "complaint", "discovery"}, t.From) {
		return errors.New("from is none of request, denial, complaint, discovery")
	}
	if t.Target < 0 || t.Target > 30 {
		return errors.New("target must be from 0 to 30 days")
	}
	return knownRights(append(slices.Clone(t.Rights), t.Except...))
}

func knownRights(rights []string) error {
	for _, r := range rights {
		if !slices.Contains(Rights, r) {
			return fmt.Errorf("%q is no right", clip(r))
		}
	}
	return nil
}

func (w *Law) has(name string) bool {
	return slices.ContainsFunc(w.Terms, func(t Term) bool { return t.Name == name })
}

// terms are the periods that the law sets for a right and a moment, in the
// order of Names; the first fitting row of a name counts.
func (w *Law) terms(right string, received Date) []Term {
	var out []Term
	for _, name := range Names {
		for _, t := range w.Terms {
			if t.Name == name && fits(right, t.Rights, t.Except) && !received.Before(t.InForce) {
				out = append(out, t)
				break
			}
		}
	}
	return out
}

func fits(right string, only, except []string) bool {
	return (len(only) == 0 || slices.Contains(only, right)) && !slices.Contains(except, right)
}
