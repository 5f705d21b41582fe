package requests_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"habeas/requests"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// A person who proves their address in several tabs and browsers at once opts out
// once, however the calls meet.
func TestASignalIsCarriedOverOnce(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Workers: -1, Settings: requests.Settings{Rescans: []time.Duration{}, GPC: requests.GPC{Purposes: []string{"social_ads"}}}})
	for n, who := range acme.Subjects()[20:24] {
		devices := []string{strings.Repeat(string(rune('a'+n)), 43), strings.Repeat(string(rune('k'+n)), 43)}
		for _, d := range devices {
			must(t, c.Svc.HonourSignal(t.Context(), d, "", "portal"))
		}
		_, by := fileIn(c, "DE", "", who.Email, "access")
		before := cases(c)
		var ready, done sync.WaitGroup
		start := make(chan struct{})
		for i := range 12 {
			ready.Add(1)
			done.Go(func() {
				ready.Done()
				<-start
				if err := c.Svc.LinkSignal(t.Context(), by, devices[i%2]); err != nil {
					t.Error(err)
				}
			})
		}
		ready.Wait()
		close(start)
		done.Wait()
		if got := cases(c) - before; got != 1 {
			t.Errorf("filed %d times", got)
		}
	}
}

func cases(c *company.Company) (n int) {
	c.Helper()
	must(c.TB, c.DB.QueryRow(c.Context(), `select count(*) from cases`).Scan(&n))
	return n
}
