package requests

import (
	"habeas/requests/connect"
	"habeas/requests/mail"
)

// ownGrounds are the codes under which letters have words for what connectors
// give as grounds of themselves.
var ownGrounds = map[string]string{
	connect.GroundShared:   "shared_record",
	connect.GroundDetached: "detached_record",
}

// OwnGround is the sentence of a ground that a connector gives of itself, and
// what it rests on under the law of the case. It is false for all others.
func (c *Case) OwnGround(lang, ground string) (sentence, cite string, ok bool) {
	code, ok := ownGrounds[ground]
	if !ok {
		return "", "", false
	}
	return mail.Ground(lang, code), c.ownCite(), true
}

// ownCite is the law's respect for other people's data: the GDPR's own
// articles, elsewhere the law itself.
func (c *Case) ownCite() string {
	switch c.Law {
	case "EU":
		return "GDPR Art. 15(4), 17(3)"
	case "UK":
		return "UK GDPR Art. 15(4), 17(3)"
	}
	if law, err := c.LawRow(); err == nil {
		return law.Cite
	}
	return c.Law
}
