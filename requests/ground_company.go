package requests

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"habeas/requests/clock"
	"habeas/requests/connect"
)

// CompanyGround is a reason of the company's own to keep records, as its
// dataset files name it, with what it is under each law. A ground without an
// entry belongs to the laws that have the exemption it cites itself; a statute
// alone is a legal duty to keep.
type CompanyGround struct {
	Ground string            `yaml:"ground"` // as the dataset file has it, or without the article of a privacy law
	Laws   map[string]string `yaml:"laws"`   // exemption by law (EU, CA, VA; US all states, "*" all others): {EU: legal_duty}
	Rights []string          `yaml:"rights"` // which it keeps records from (default erasure)
	Facts  string            `yaml:"facts"`  // what letters say of it (default: the ground)
}

// privacyCites are citations of privacy laws in a company's own words: its
// letters cite the law of the case instead.
var privacyCites = regexp.MustCompile(`\s*\([^()]*(?:` + privacyNames + `)[^()]*(?:\([^()]*\)[^()]*)*\)`)

const privacyNames = `GDPR|DSGVO|RGPD|1798\.|CCR 7[0-9]|LGPD|PIPEDA|FADP|CCPA`

var namesPrivacyLaw = regexp.MustCompile(`^\s*(?:Art|Recital)|` + privacyNames)

// ownWords are what a company's ground says besides the privacy law: the
// statute that it names, and its words.
func ownWords(ground string) (statute, words string) {
	ground = strings.TrimSpace(privacyCites.ReplaceAllString(ground, ""))
	head, tail, said := strings.Cut(ground, ": ")
	if !said {
		if !provision.MatchString(head) {
			return "", head
		}
		tail = ""
	}
	var parts []string
	for _, part := range regexp.MustCompile(`[,;] `).Split(head, -1) {
		if !namesPrivacyLaw.MatchString(part) {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", "), tail
}

// company finds the entry of a ground: by its text as configured, or as plans
// keep it.
func (s Settings) company(ground string) (CompanyGround, bool) {
	statute, words := ownWords(ground)
	for _, g := range s.Grounds {
		st, w := ownWords(g.Ground)
		if g.Ground == ground || st == statute && w == words && (st != "" || w != "") {
			return g, true
		}
	}
	return CompanyGround{}, false
}

// exemption is what a company's ground is under a law for a right. It is false,
// with what to do, where the ground does not belong to that law.
func (s Settings) exemption(law *clock.Law, right, ground string) (written, no string) {
	statute, words := ownWords(ground)
	own, listed := s.company(ground)
	if own.Facts != "" {
		statute, words = ownWords(own.Facts)
	}
	if m := namesPrivacyLaw.FindString(words); m != "" && own.Facts == "" && law.Family != "EU" && law.Family != "UK" {
		return "", "its words cite another law; give it `facts` under `grounds` in the configuration"
	}
	if listed {
		rights := own.Rights
		if len(rights) == 0 {
			rights = []string{clock.Erasure}
		}
		if !slices.Contains(rights, right) {
			return "", "it is the company's for " + strings.Join(rights, ", ") + " only"
		}
		code := firstOf(own.Laws[law.Code], own.Laws[law.Family], own.Laws["*"])
		g, ok := law.Ground(right, code)
		if code == "" || !ok || g.Scope == clock.ScopeRequest {
			return "", "it is the company's for " + strings.Join(slices.Sorted(maps.Keys(own.Laws)), ", ") + " only; add this law to it under `grounds` in the configuration if it holds here too"
		}
		return g.Write(statute, words), ""
	}
	if right != clock.Erasure {
		return "", "it is the company's for erasure only"
	}
	if g, ok := law.Ground(right, ground); ok && g.Scope != clock.ScopeRequest {
		return g.Write(statute, words), ""
	}
	if other, g, ok := law.Elsewhere(s.Laws, right, ground); ok {
		if near, has := law.Near(right, g.Code); has {
			return near.Write(statute, words), ""
		}
		return "", "it is an exemption of the " + other.Name + " (" + g.Code + "); say under `grounds` in the configuration what it is here"
	}
	if g, ok := law.Near(right, "legal_duty"); ok && provision.MatchString(ground) {
		return g.Write(statute, words), ""
	}
	return "", "it names no exemption; say under `grounds` in the configuration what it is here"
}

// keptBy writes what a dataset file says of records and fields that stay as a
// ground of the case's law. Where it is none, the record waits for the desk.
func (s *Service) keptBy(system string, c *Case) func(right, ground string) (written string, ok bool) {
	law, err := c.LawRow()
	if err != nil {
		return nil
	}
	var texts []string
	if conn, ok := s.System(system); ok {
		for _, t := range conn.Describe().Types {
			texts = append(texts, t.Grounds...)
		}
	}
	type answer struct {
		written string
		ok      bool
	}
	known := map[[2]string]answer{} // a plan may have a million records
	return func(right, ground string) (string, bool) {
		at := [2]string{right, ground}
		if have, seen := known[at]; seen {
			return have.written, have.ok
		}
		have := answer{ok: true}
		if _, own := ownGrounds[ground]; own {
			have.written = c.ownCite() + ": " + ground
		} else {
			var list []string
			for _, one := range apartOf(ground, texts) {
				written, no := s.set.exemption(law, right, one)
				if no != "" {
					list, have.ok = []string{noExemption(law, right, no)}, false
					break
				}
				list = append(list, written)
			}
			have.written = strings.Join(list, "; ")
		}
		known[at] = have
		return have.written, have.ok
	}
}

// apartOf takes the grounds of several fields apart again, which a connector
// joined: a ground may hold what joins them.
func apartOf(joined string, texts []string) []string {
	var out []string
	for joined != "" {
		longest := ""
		for _, text := range texts {
			if len(text) > len(longest) && (joined == text || strings.HasPrefix(joined, text+"; ")) {
				longest = text
			}
		}
		if longest == "" {
			return append(out, joined)
		}
		out = append(out, longest)
		joined = strings.TrimPrefix(joined[len(longest):], "; ")
	}
	return out
}

// noExemption is what a plan says of a record that a dataset file keeps on a
// ground which is none under the law of the case.
func noExemption(law *clock.Law, right, why string) string {
	return firstOf(law.Rights[right], law.Cite) + ": kept until the desk decides; the dataset file's ground is no exemption here: " + why
}

// unfounded warns of records that wait because no exemption of the law stands
// behind the ground on which a dataset file keeps them.
func (ch *change) unfounded(w *planWriter) []connect.Warning {
	law, err := ch.c.LawRow()
	if w.unfounded == 0 || err != nil {
		return nil
	}
	return []connect.Warning{{Code: withoutGround, Text: fmt.Sprintf(
		"%d records are kept by the dataset files on a ground that is no exemption of the %s. Decide about each: keep it on one of the law's, or let it go. For cases to come, say under `grounds` in the configuration what it is there.",
		w.unfounded, law.Name)}}
}

// withoutGround is the code of that warning.
const withoutGround = "ground-without-law"

// CheckGrounds names what cannot be in the company's own grounds.
func (s Settings) CheckGrounds() []error {
	var faults []error
	bad := func(i int, format string, args ...any) {
		faults = append(faults, fmt.Errorf("grounds[%d]: "+format, append([]any{i}, args...)...))
	}
	for _, code := range s.UnderLaws {
		if _, err := s.Laws.Law(code); err != nil {
			faults = append(faults, fmt.Errorf("company.laws: %w", err))
		}
	}
	for i, g := range s.Grounds {
		if strings.TrimSpace(g.Ground) == "" {
			bad(i, "ground is missing: give the text as the dataset file has it")
		}
		if len(g.Laws) == 0 {
			bad(i, "laws is missing: name the exemption by law, such as {EU: legal_duty}")
		}
		if j := slices.IndexFunc(s.Grounds, func(o CompanyGround) bool { return o.Ground == g.Ground }); j < i {
			bad(i, "the same ground stands in grounds[%d]", j)
		}
		if namesPrivacyLaw.MatchString(g.Facts) {
			bad(i, "facts cites a privacy law: letters cite that of the case themselves")
		}
		for _, right := range g.Rights {
			if !slices.Contains(clock.Rights, right) {
				bad(i, "there is no right %q; use one of %s", right, strings.Join(clock.Rights, ", "))
			}
		}
		for _, place := range slices.Sorted(maps.Keys(g.Laws)) {
			if err := s.checkExemption(place, g.Laws[place], g.Rights); err != nil {
				bad(i, "laws.%s: %w", place, err)
			}
		}
	}
	return faults
}

// checkExemption says what is wrong with a ground's exemption under a law, a
// family of laws, or all others.
func (s Settings) checkExemption(place, code string, rights []string) error {
	if len(rights) == 0 {
		rights = []string{clock.Erasure}
	}
	var last error
	known, fits := false, false
	for _, name := range s.Laws.Codes() {
		law, err := s.Laws.Law(name)
		if err != nil || place != name && place != law.Family && place != "*" {
			continue
		}
		known = true
		for _, right := range rights {
			err := clock.Allowed(clock.Step{Law: name, Right: right, Do: clock.Keep, Ground: code, Laws: s.Laws})
			if err != nil && place != "*" {
				return err
			}
			fits, last = fits || err == nil, err
		}
	}
	switch {
	case !known:
		_, err := s.Laws.Law(place)
		return err
	case !fits:
		return last
	}
	return nil
}

// Untold names, for each ground on which a system's description keeps records,
// the laws under which the company does business and it is no exemption:
// records kept on it would wait for the desk in every case there.
func (s Settings) Untold(systems []connect.Connector) []string {
	under := s.UnderLaws
	if len(under) == 0 {
		under = s.Laws.Codes()
	}
	type lack struct {
		laws []string
		why  string
	}
	var order []string
	where, lacks, used := map[string][]string{}, map[string]*lack{}, map[string]bool{}
	for _, conn := range systems {
		d := conn.Describe()
		for _, t := range d.Types {
			for _, ground := range t.Grounds {
				if where[ground] == nil {
					order = append(order, ground)
				}
				where[ground] = append(where[ground], d.Name+"."+t.Name)
				if g, ok := s.company(ground); ok {
					used[g.Ground] = true
				}
			}
		}
	}
	var out []string
	for _, ground := range order {
		for _, code := range under {
			law, err := s.Laws.Law(code)
			if err != nil {
				continue
			}
			if _, grants := law.Rights[clock.Erasure]; !grants {
				continue
			}
			if _, no := s.exemption(law, clock.Erasure, ground); no != "" {
				if lacks[ground] == nil {
					lacks[ground] = &lack{}
				}
				lacks[ground].laws, lacks[ground].why = append(lacks[ground].laws, code), no
			}
		}
		if l := lacks[ground]; l != nil {
			out = append(out, fmt.Sprintf("%s: the ground %q is no exemption under %s (%s). Records kept on it wait for the desk in every case there.",
				strings.Join(where[ground], ", "), ground, strings.Join(l.laws, ", "), l.why))
		}
	}
	for _, g := range s.Grounds {
		if len(systems) > 0 && !used[g.Ground] {
			out = append(out, fmt.Sprintf("grounds: %q stands in no dataset file; write it as the file does.", g.Ground))
		}
	}
	return out
}
