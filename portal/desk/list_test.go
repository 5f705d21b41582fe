package desk_test

import (
	"testing"
	"time"

	"habeas/portal/desk"
	"habeas/portal/desk/desktest"
	"habeas/portal/web"
	"habeas/requests/testkit"
	"habeas/requests/testkit/company"
)

// The list tells of what is late and of what falls due within a week, and leads
// to exactly these.
func TestTheListReminds(t *testing.T) {
	t.Parallel()
	clk := testkit.NewClock(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	c := company.New(t, company.Options{Workers: -1, Now: clk.Now})
	rdb, prefix := testkit.Redis(t)
	site := desktest.Open(t, c.Svc, web.Config{Redis: rdb, Prefix: prefix, Digest: c.Ring.Lookup}, desk.Routes(desk.Deps{Svc: c.Svc, Now: clk.Now}))
	dana := site.As(c.DPOs[0])
	dana.Get("/desk").Is(200).Hides("is overdue.", "in the next 7 days.")
	first := c.File("first@people.example", "access") // due on 1 July
	dana.Get("/desk").Is(200).Hides("is overdue.", "in the next 7 days.")
	clk.Set(time.Date(2026, 6, 26, 12, 0, 0, 0, time.UTC))
	second := c.File("second@people.example", "access") // due on 27 July
	p := dana.Get("/desk").Is(200).Says("1 request falls due in the next 7 days.").Hides("overdue.")
	dana.Get(p.Link("Show what is due soon")).Is(200).Says(first.Reference).Hides(second.Reference, "Show what is due soon")
	clk.Set(time.Date(2026, 7, 28, 12, 0, 0, 0, time.UTC))
	c.File("third@people.example", "access")
	p = dana.Get("/desk").Is(200).Says("2 requests are overdue.")
	dana.Get(p.Link("Show what is overdue")).Is(200).Says(first.Reference, second.Reference)
}
