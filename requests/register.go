package requests

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"habeas/requests/connect"
	"habeas/requests/mail"
)

// Recipient is somebody who gets personal data from the company: a processor, a
// service provider, another controller (GDPR Art. 4(9), 15(1)(c), 19).
type Recipient struct {
	Name       string   `yaml:"name"`       // short, for logs: "dhl"
	Title      string   `yaml:"title"`      // as people read it: "DHL Paket GmbH"
	Kind       string   `yaml:"kind"`       // processor, service_provider, contractor, controller, third_party, authority, public
	Contact    string   `yaml:"contact"`    // e-mail address for notices; empty: told by hand
	Country    string   `yaml:"country"`    // ISO 3166-1
	Safeguards string   `yaml:"safeguards"` // of a transfer out of the EEA (Art. 15(2), 46)
	Locale     string   `yaml:"locale"`     // of notices (default en)
	KnownBy    []string `yaml:"known_by"`   // kinds of identity by which it finds a person (default email)
}

// Processing is one entry of the register of processing (GDPR Art. 30): what
// Art. 15(1) wants told about the records that it covers.
type Processing struct {
	Name  string `yaml:"name"`
	Title string `yaml:"title"`
	// Titles are the title by language, for who reads another one.
	Titles     map[string]string `yaml:"titles"`
	Purpose    string            `yaml:"purpose"`    // Art. 15(1)(a)
	Basis      string            `yaml:"basis"`      // consent, contract, legal_duty, vital_interests, public_task, legitimate_interests
	BasisText  string            `yaml:"basis_text"` // which contract, duty or interest
	Consent    string            `yaml:"consent"`    // for basis consent: the purpose whose consent it rests on
	Purposes   []string          `yaml:"purposes"`   // of the ledger, besides consent: what services ask for before this use
	Marketing  bool              `yaml:"marketing"`  // direct marketing: an objection always stops it (Art. 21(2), (3))
	Covers     []string          `yaml:"covers"`     // record types: crm.orders, crm.*
	Categories []string          `yaml:"categories"` // Art. 15(1)(b), besides those of the columns
	Recipients []string          `yaml:"recipients"` // names; Art. 15(1)(c)
	Retention  string            `yaml:"retention"`  // Art. 15(1)(d)
	Source     string            `yaml:"source"`     // Art. 15(1)(g)
	Transfers  string            `yaml:"transfers"`  // Art. 15(2)
	Automated  string            `yaml:"automated"`  // Art. 15(1)(h): logic, significance, consequences
}

// In is what the processing is called in a language.
func (p Processing) In(lang string) string { return firstOf(p.Titles[lang], p.Title, p.Purpose) }

// objectable reports whether people may object to it: GDPR Art. 21(1), (2).
func (p Processing) objectable() bool {
	return p.Marketing || p.Basis == "legitimate_interests" || p.Basis == "public_task"
}

// asksFor are the names under which services ask the ledger before this use:
// purposes, else its own.
func (p Processing) asksFor() []string {
	out := slices.Clone(p.Purposes)
	if p.Consent != "" {
		out = append(out, p.Consent)
	}
	if len(out) == 0 {
		out = []string{p.Name}
	}
	return out
}

// ownUse reports whether a name is that of a use which services ask for by it:
// one that people may object to and that rests on no consent.
func (s Settings) ownUse(name string) bool {
	p, ok := s.entry(name)
	return ok && p.objectable() && slices.Equal(p.asksFor(), []string{name})
}

// bases are the legal bases of GDPR Art. 6(1), with their letters.
var bases = map[string]string{
	"consent": "a", "contract": "b", "legal_duty": "c", "vital_interests": "d", "public_task": "e", "legitimate_interests": "f",
}

var (
	registerName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,59}$`)
	recipientIs  = []string{"", "processor", "service_provider", "contractor", "controller", "third_party", "authority", "public"}
)

// CheckRegister names every fault of the register.
func (s Settings) CheckRegister() error {
	var faults []error
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	known := map[string]bool{}
	for i, r := range s.Recipients {
		switch {
		case !registerName.MatchString(r.Name) || known[r.Name]:
			bad("recipients[%d].name: every recipient needs a short name of its own, in small letters", i)
		case r.Title == "":
			bad("recipients.%s.title is missing: letters and packages name the recipient", r.Name)
		case !slices.Contains(recipientIs, r.Kind):
			bad("recipients.%s.kind: use one of %s", r.Name, strings.Join(recipientIs[1:], ", "))
		case r.Contact != "" && mail.CheckAddress(r.Contact) != nil:
			bad("recipients.%s.contact is not an e-mail address", r.Name)
		}
		known[r.Name] = true
	}
	seen := map[string]bool{}
	for i, p := range s.Register {
		if !registerName.MatchString(p.Name) || seen[p.Name] {
			bad("register[%d].name: every entry needs a short name of its own, in small letters", i)
			continue
		}
		seen[p.Name] = true
		for _, missing := range []struct{ key, value string }{{"purpose", p.Purpose}, {"retention", p.Retention}, {"source", p.Source}} {
			if missing.value == "" {
				bad("register.%s.%s is missing: Art. 15(1) GDPR wants it told", p.Name, missing.key)
			}
		}
		if bases[p.Basis] == "" {
			bad("register.%s.basis: use one of consent, contract, legal_duty, vital_interests, public_task, legitimate_interests", p.Name)
		}
		if len(p.Covers) == 0 {
			bad("register.%s.covers is missing: name the record types, such as crm.orders or crm.*", p.Name)
		}
		for _, c := range p.Covers {
			if system, typ, ok := strings.Cut(c, "."); !ok || system == "" || typ == "" {
				bad("register.%s.covers: %q is not SYSTEM.TYPE", p.Name, c)
			}
		}
		for _, r := range p.Recipients {
			if !known[r] {
				bad("register.%s.recipients: %q is not among the recipients", p.Name, r)
			}
		}
		for _, x := range append([]string{p.Consent}, p.Purposes...) {
			if x != "" && !slices.ContainsFunc(s.Purposes, func(have Purpose) bool { return have.Name == x }) {
				bad("register.%s: %q is not among the purposes", p.Name, x)
			}
		}
	}
	return errors.Join(faults...)
}

// Uncovered names the record types of the systems about which Art. 15 could not
// be answered whole: no entry of the register covers them, and their own
// description leaves something out.
func (s Settings) Uncovered(systems []connect.Connector) []string {
	var out []string
	for _, c := range systems {
		d := c.Describe()
		for _, t := range d.Types {
			if len(s.processing(d.Name, t.Name)) > 0 {
				continue
			}
			var missing []string
			for _, m := range []struct{ key, value string }{{"purpose", t.Purpose}, {"source", t.Source}, {"recipient", t.Recipient}, {"retention", t.Retention}} {
				if m.value == "" {
					missing = append(missing, m.key)
				}
			}
			missing = append(missing, "legal basis")
			out = append(out, fmt.Sprintf("%s.%s is in no entry of the register; missing for Art. 15(1): %s", d.Name, t.Name, strings.Join(missing, ", ")))
		}
	}
	return out
}

// covers reports whether the entry is about a record type.
func (p Processing) covers(system, typ string) bool {
	return slices.Contains(p.Covers, system+"."+typ) || slices.Contains(p.Covers, system+".*")
}

// processing are the entries of the register that cover a record type.
func (s Settings) processing(system, typ string) []Processing {
	var out []Processing
	for _, p := range s.Register {
		if p.covers(system, typ) {
			out = append(out, p)
		}
	}
	return out
}

// recipient is the recipient of a name.
func (s Settings) recipient(name string) (Recipient, bool) {
	i := slices.IndexFunc(s.Recipients, func(r Recipient) bool { return r.Name == name })
	if i < 0 {
		return Recipient{}, false
	}
	return s.Recipients[i], true
}

// toNobody are words with which a description says that nobody gets the data.
var toNobody = regexp.MustCompile(`(?i)^(nobody|no one|none|keine?r?|niemand|personne|nadie|-|–)\.?$`)

// RecipientsOf are those who got records of a type: as the register says, else
// as the system's own description does, in words, told by hand.
func (s Settings) RecipientsOf(system string, t connect.Type) []Recipient {
	var out []Recipient
	add := func(r Recipient) {
		if !slices.ContainsFunc(out, func(have Recipient) bool { return have.Name == r.Name }) {
			out = append(out, r)
		}
	}
	entries := s.processing(system, t.Name)
	for _, p := range entries {
		for _, name := range p.Recipients {
			if r, ok := s.recipient(name); ok {
				add(r)
			}
		}
	}
	if len(entries) > 0 {
		return out
	}
	for words := range strings.SplitSeq(t.Recipient, ";") {
		if words = strings.TrimSpace(words); words != "" && !toNobody.MatchString(words) {
			add(Recipient{Name: slug(words), Title: words})
		}
	}
	return out
}

// slug makes a name for logs out of words.
func slug(words string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(words) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 60 {
			break
		}
	}
	if s := strings.TrimRight(b.String(), "-"); s != "" {
		return s
	}
	return "recipient"
}
