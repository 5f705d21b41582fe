package letters

import (
	"maps"
	"slices"
)

// Written renders a letter and tells which slots it asked for and which sentences it wrote.
func Written(name, lang string, d Data) (asked, said []string, err error) {
	c, err := newComposer(name, lang, d)
	if err != nil {
		return nil, nil, err
	}
	c.frame()
	return slices.Sorted(maps.Keys(c.asked)), slices.Sorted(maps.Keys(c.said)), c.fault()
}

// Without checks a letter as if its composition had lost a sentence, by a mistake in the code.
func Without(name, key string, d Data) error {
	c, err := newComposer(name, "en", d)
	if err != nil {
		return err
	}
	c.frame()
	delete(c.said, key)
	c.holds()
	return c.fault()
}

// Must lists the sentences that a kind owes under a law.
func Must(name, code string) []string {
	var out []string
	for _, key := range kinds[name].must {
		if key == "remedies" {
			out = append(out, laws[code].remedies()...)
		} else {
			out = append(out, key)
		}
	}
	return out
}

// Families lists the laws that have a kind; none means all.
func Families(name string) []string { return kinds[name].families }

// CitedIn writes a citation in a language.
var CitedIn = citedIn
