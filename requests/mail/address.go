package mail

import (
	"errors"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrAddress says that a text is not one bare mail address.
var ErrAddress = errors.New("mail: not a mail address")

// CheckAddress accepts one bare address (local@domain), 254 bytes at most: no display name, no
// comment, no quoted local part, no address literal, nothing that could end a header or an SMTP line.
func CheckAddress(address string) error {
	if len(address) > 254 || !utf8.ValidString(address) || hasControl(address) {
		return ErrAddress
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address {
		return ErrAddress
	}
	_, domain, _ := strings.Cut(address, "@")
	if domain == "" || strings.ContainsAny(domain, "[]@ ") || strings.HasPrefix(domain, ".") || strings.HasSuffix(domain, ".") {
		return ErrAddress
	}
	return nil
}

// hasControl finds control, line and paragraph separators and formatting characters, which no
// header may hold.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Cf, r)
	})
}
