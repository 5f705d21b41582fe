package connect

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Normal returns the form in which identities are compared: NFC, trimmed;
// e-mail addresses and handles in lower case, handles without a leading @,
// telephone numbers as + and digits.
func (id Identity) Normal() string {
	v := norm.NFC.String(strings.TrimSpace(id.Value))
	switch id.Kind {
	case "email":
		return strings.ToLower(v)
	case "handle":
		return strings.ToLower(strings.TrimPrefix(v, "@"))
	case "phone":
		return normalPhone(v)
	}
	return v
}

func normalPhone(v string) string {
	var b strings.Builder
	for i, r := range v {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '+' && i == 0:
			b.WriteRune(r)
		}
	}
	s := b.String()
	if strings.HasPrefix(s, "00") {
		s = "+" + s[2:]
	}
	return s
}

// Same reports whether two identities are the same.
func (id Identity) Same(other Identity) bool {
	return id.Kind == other.Kind && id.Normal() == other.Normal()
}
