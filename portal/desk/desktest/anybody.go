package desktest

import (
	"net/http"
	"net/http/cookiejar"
	"time"
)

// Anybody is a visitor who is not signed in.
func (s *Site) Anybody() *Visitor {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	v := &Visitor{t: s.t, base: s.base, client: &http.Client{Jar: jar, Timeout: 60 * time.Second}}
	v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return v
}
