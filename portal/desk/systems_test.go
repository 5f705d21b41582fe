package desk_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/portal/desk/desktest"
	"habeas/requests"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// The kill switch stops new work and lets it go on.
func TestKillSwitch(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	dana, admin, agent := site.As(c.DPOs[0]), site.As(c.Admin), site.As(c.Agent)
	page := admin.Get("/desk/systems").Is(200).Says("Customer database", "Linked social records", "Paper archive", "Not checked yet")
	page.Submit("/desk/systems/crm/check", nil).Is(200).Says("Checked")
	page.Submit("/desk/systems/all/pause", nil).Is(200).Says("All systems are paused", "admin")
	dana.Get("/desk").Says("All systems are paused")
	agent.Post("/desk/systems/all/resume", nil).Is(403)
	who := acme.Subjects()[6]
	r := c.File(who.Email, "erasure")
	c.Verify(who.Email, r)
	k := c.Await(r.ID, requests.Discovering)
	tasks, err := c.Svc.Tasks(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		if task.Status != "waiting" {
			t.Errorf("%s is %s while everything is paused", task.System, task.Status)
		}
	}
	dana.Get("/desk/systems").Submit("/desk/systems/all/resume", nil).Is(200).Says("Work goes on")
	c.Await(r.ID, requests.Review)
}

// Users: a weak password is refused beside what was typed, access ends, a
// token is shown once.
func TestUsers(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Workers: -1})
	site := open(t, c)
	admin := site.As(c.Admin)
	page := admin.Get("/admin/users").Is(200)
	typed := url.Values{"name": {"Tom Reyes"}, "email": {"tom.reyes@acme.example"}, "role": {"agent"}, "password": {"password12"}}
	weak := page.Submit("/admin/users", typed).Is(400).Says("easy to guess").Hides("password12")
	if kept := weak.Form("/admin/users"); kept.Get("name") != "Tom Reyes" || kept.Get("role") != "agent" {
		t.Errorf("what was typed is gone: %v", kept)
	}
	typed.Set("password", "quartz-lantern-moss-19-river")
	page.Submit("/admin/users", typed).Is(200).Says("User added", "tom.reyes@acme.example").Hides("quartz-lantern")
	page.Submit("/admin/users", typed).Is(409).Says("already")

	u, err := c.Svc.UserByEmail(t.Context(), "tom.reyes@acme.example")
	if err != nil {
		t.Fatal(err)
	}
	tom := site.As(u.Actor())
	tom.Get("/desk").Is(200)
	admin.Get("/admin/users").Submit("/admin/users/"+c.DPOs[0].ID+"/token", nil).Is(403) // would let an admin approve
	shown := admin.Get("/admin/users").Submit("/admin/users/"+u.ID.String()+"/token", nil).Is(200).Says("shown once")
	_, token, _ := strings.Cut(shown.Text, "shown once: ")
	token, _, _ = strings.Cut(token, " ")
	if by, err := c.Svc.Token(t.Context(), token); err != nil || by.ID != u.ID.String() {
		t.Errorf("the token acts as %v, %v", by, err)
	}
	admin.Get("/admin/users").Hides(token).Submit("/admin/users/"+u.ID.String()+"/disable", nil).Is(200).Says("Access ended")
	if p := tom.Get("/desk"); p.Status == 200 && strings.Contains(p.Text, "Cases") {
		t.Error("a disabled user still works")
	}
	if _, err := c.Svc.Token(t.Context(), token); err == nil {
		t.Error("a disabled user's token still works")
	}
}

// A task that failed for good is looked at, mended and tried again.
func TestFailedTaskIsTriedAgain(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	who := acme.Subjects()[7]
	if _, err := c.CRM.Exec(t.Context(), `alter table crm.contacts rename to contacts_away`); err != nil {
		t.Fatal(err)
	}
	r := c.File(who.Email, "access")
	c.Verify(who.Email, r)
	agent := site.As(c.Agent)
	retry := awaitRetry(t, c, agent, r.ID)
	agent.Get("/desk/systems").Says("Customer database")
	if _, err := c.CRM.Exec(t.Context(), `alter table crm.contacts_away rename to contacts`); err != nil {
		t.Fatal(err)
	}
	agent.Get(path(r.ID, "")).Submit(retry, nil).Is(200).Says("The task was started again")
	c.Await(r.ID, requests.Review)
}

// awaitRetry waits until the case's page offers to try a task again.
func awaitRetry(t *testing.T, c *company.Company, v *desktest.Visitor, id uuid.UUID) string {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for ctx := c.Deadline(); ; {
		page := v.Get(path(id, ""))
		if _, rest, ok := strings.Cut(string(page.Body), `action="`+path(id, "")+"/tasks/"); ok {
			task, _, _ := strings.Cut(rest, `"`)
			return path(id, "") + "/tasks/" + task
		}
		select {
		case <-ctx.Done():
			t.Fatalf("no task can be tried again: %s", page.Text)
		case <-tick.C:
		}
	}
}
