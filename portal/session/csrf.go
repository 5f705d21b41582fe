package session

import (
	"crypto/hmac"
	"encoding/base64"
)

// Digest is a keyed digest that all portals share, such as seal.Ring.Lookup.
type Digest func(kind, value string) []byte

// CSRF is the token that a form sends back: a keyed digest of the cookie that
// came with the page. Another site can make a browser send the cookie, but it
// can neither read it nor compute this.
func (d Digest) CSRF(cookie string) string {
	if cookie == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(d("csrf", cookie))
}

// Holds reports whether token belongs to one of the cookies.
func (d Digest) Holds(token string, cookies ...string) bool {
	held := false
	for _, c := range cookies {
		if c != "" && token != "" && hmac.Equal([]byte(d.CSRF(c)), []byte(token)) {
			held = true
		}
	}
	return held
}
