package requests

import (
	"strings"

	"habeas/requests/clock"
	"habeas/requests/connect"
	"habeas/requests/mail"
)

// ownGrounds are the codes under which letters have words for what connectors
// give as grounds of themselves.
var ownGrounds = map[string]string{
	connect.GroundShared:   "shared_record",
	connect.GroundDetached: "detached_record",
}

// ownGround finds the code of what a connector gives as ground of itself, also
// behind the article that a plan puts before it.
func ownGround(ground string) (code string, ok bool) {
	for text, code := range ownGrounds {
		if strings.Contains(ground, text) {
			return code, true
		}
	}
	return "", false
}

// OwnGround is the sentence of a ground that a connector gives of itself, and
// what it rests on under the law of the case. It is false for all others.
func (c *Case) OwnGround(lang, ground string) (sentence, cite string, ok bool) {
	code, ok := ownGround(ground)
	if !ok {
		return "", "", false
	}
	return mail.Ground(lang, code), c.ownCite(), true
}

// ownCite is the law's respect for other people's data, elsewhere the article
// of the right.
func (c *Case) ownCite() string {
	switch c.Law {
	case "EU":
		return "GDPR Art. 15(4), 17(3)"
	case "UK":
		return "UK GDPR Art. 15(4), 17(3)"
	}
	law, err := c.LawRow()
	if err != nil {
		return c.Law
	}
	if g, ok := law.Ground(clock.Erasure, "others_rights"); ok {
		return g.Cite
	}
	return firstOf(law.Rights[clock.Erasure], law.Cite)
}

// DoubtCite is what a record that may be another person's is withheld on: the
// law's duty to know who asks.
func (c *Case) DoubtCite(right string) string {
	law, err := c.LawRow()
	if err != nil {
		return c.Law
	}
	switch law.Family {
	case "EU":
		return "GDPR Art. 12(6)"
	case "UK":
		return "UK GDPR Art. 12(6)"
	}
	if g, ok := law.Ground(right, "identity_unproven"); ok {
		return g.Cite
	}
	return firstOf(law.Rights[right], law.Cite)
}

// GroundParts takes a record's ground to its citation, its words and the code
// of the law's table. Words that only repeat the table are left to the letter,
// which has them in its language. What was written under another law, before
// the law of the case was corrected, is told by the law of the case.
func (c *Case) GroundParts(right, ground string) (cite, words, code string) {
	if code, ok := ownGround(ground); ok {
		return c.ownCite(), "", code
	}
	law, err := c.LawRow()
	if err != nil {
		return ground, ground, ""
	}
	g, statute, words, ok := law.Written(right, ground)
	if !ok {
		if g, statute, words, ok = c.retold(law, right, ground); !ok {
			return c.groundRead(law, right, ground)
		}
	}
	cite = g.Cite
	if statute != "" {
		cite += "; " + statute
	}
	return cite, words, g.Code
}

// told is a ground in the words of the law of the case, also where it was
// written under another one.
func (c *Case) told(right, ground string) string {
	if law, err := c.LawRow(); err == nil {
		if _, _, _, ok := law.Written(right, ground); !ok {
			if g, statute, words, ok := c.retold(law, right, ground); ok {
				return g.Write(statute, words)
			}
		}
	}
	return ground
}

// retold finds what a ground written under another law is under this one.
func (c *Case) retold(law *clock.Law, right, ground string) (g clock.Ground, statute, words string, ok bool) {
	for _, code := range c.laws.Codes() {
		other, err := c.laws.Law(code)
		if err != nil || other.Family == law.Family && other.Cite == law.Cite {
			continue
		}
		was, statute, words, ok := other.Written(right, ground)
		if !ok {
			continue
		}
		if near, has := law.Near(right, was.Code); has {
			return near, statute, words, true
		}
	}
	return g, "", "", false
}

// groundRead reads a ground that names an article, or nothing of the law's.
func (c *Case) groundRead(law *clock.Law, right, ground string) (cite, words, code string) {
	cite, words = ground, ground
	if before, after, ok := strings.Cut(ground, ": "); ok {
		cite, words = before, after
	}
	g, ok := law.Ground(right, cite)
	if !ok {
		return cite, words, ""
	}
	if rest, repeats := strings.CutPrefix(strings.ToLower(words), strings.ToLower(g.Text)); repeats {
		words = strings.Trim(words[len(words)-len(rest):], " .,;:")
	} else if words == cite {
		words = ""
	}
	return cite, words, g.Code
}
