package desk_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/portal/audit"
	"habeas/portal/desk"
	"habeas/portal/desk/desktest"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// open serves the desk over a running company.
func open(t *testing.T, c *company.Company) *desktest.Site {
	t.Helper()
	rdb, prefix := testkit.Redis(t)
	routes := append(desk.Routes(desk.Deps{Svc: c.Svc}), audit.Routes(audit.Deps{Svc: c.Svc})...)
	return desktest.Open(t, c.Svc, web.Config{Redis: rdb, Prefix: prefix, Digest: c.Ring.Lookup}, routes)
}

func one(k, v string) url.Values { return url.Values{k: {v}} }

func path(id uuid.UUID, verb string) string {
	return "/desk/cases/" + id.String() + strings.TrimSuffix("/"+verb, "/")
}

// inReview files a request and proves its address.
func inReview(c *company.Company, email string, rights ...string) *requests.Receipt {
	c.Helper()
	r := c.File(email, rights...)
	c.Verify(email, r)
	c.Await(r.ID, requests.Review)
	return r
}

// An erasure as two officers see it: nothing personal on the way, both have
// to agree, and the page says what was seen afterwards.
func TestErasureByTwoOfficers(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	who := acme.Subjects()[0]
	names := []string{who.Email, who.Name, who.Phone}
	r := inReview(c, who.Email, "erasure")
	dana, ines := site.As(c.DPOs[0]), site.As(c.DPOs[1])

	dana.Get("/desk").Is(200).Says(r.Reference, "Erasure", "Germany", "Ready to decide", "Decide the plan").Hides(names...)
	page := dana.Get(path(r.ID, "")).Is(200).Says("GDPR Art. 17", "Identity proved", "Plan made", "0 of 2 given", "Why this date?", "Reg. 1182/71").Hides(names...)
	if page.Link("Approve this plan") != path(r.ID, "approve") {
		t.Errorf("the one thing to do is not to approve: %s", page.Text)
	}
	approve := dana.Get(path(r.ID, "approve")).Is(200).Says("deleted and cannot be brought back", "1 more person has to approve").Hides(names...)
	approve.Submit(path(r.ID, "approve"), nil).Is(200).Says("Approved", "1 of 2 given", "You have approved this plan")
	dana.Get(path(r.ID, "approve")).Submit(path(r.ID, "approve"), nil).Is(http.StatusConflict).Says("A second person has to approve")
	c.Await(r.ID, requests.Review)

	second := ines.Get(path(r.ID, "approve")).Is(200).Says("Yours is the last approval needed")
	second.Submit(path(r.ID, "approve"), nil).Is(200).Says("The work has started")
	c.Await(r.ID, requests.Completed)
	ines.Get(path(r.ID, "")).Is(200).Says("Completed", "Gone, checked", "Request completed").Hides(names...)
	if n := rows(t, c, `select count(*) from crm.contacts where email = $1`, who.Email); n != 0 {
		t.Errorf("%d contacts are left", n)
	}
}

func rows(t *testing.T, c *company.Company, sql string, args ...any) (n int) {
	t.Helper()
	if err := c.CRM.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// What was shown is what is signed: a plan that changed meanwhile is refused,
// and the form comes back with the new one.
func TestStalePlanIsNotApproved(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	r := inReview(c, acme.Subjects()[1].Email, "erasure")
	dana, ines := site.As(c.DPOs[0]), site.As(c.DPOs[1])
	shown := dana.Get(path(r.ID, "approve")).Is(200)
	ines.Get(path(r.ID, "rediscover")).Submit(path(r.ID, "rediscover"), nil).Is(200).Says("Searching again")
	c.Await(r.ID, requests.Review)
	again := shown.Submit(path(r.ID, "approve"), nil).Is(http.StatusConflict).Says("The plan has changed since you looked")
	if again.Form(path(r.ID, "approve")).Get("plan_hash") == shown.Form(path(r.ID, "approve")).Get("plan_hash") {
		t.Error("the form still has the old plan's hash")
	}
}

// Personal data is shown to the desk for a purpose, and every look is in the
// log; letters too, without the codes in them.
func TestPersonalDataNeedsAPurpose(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	who := acme.Subjects()[2]
	r := inReview(c, who.Email, "erasure")
	agent := site.As(c.Agent)
	to := path(r.ID, "personal-data")
	ask := agent.Get(to).Is(200).Says("Why do you need to see it?").Hides(who.Email, who.Name)
	ask.Submit(to, nil).Is(400).Says("Choose why you need to see it").Hides(who.Email)
	ask.Submit(to, one("purpose", "curiosity")).Is(400).Hides(who.Email)
	shown := ask.Submit(to, one("purpose", "plan_review")).Is(200).Says(who.Email, "Customer database", who.Name)
	if shown.Header.Get("Cache-Control") != "no-store" {
		t.Error("a page with personal data may be cached")
	}
	agent.Get(path(r.ID, "")).Says("Personal data viewed", "Purpose: plan review").Hides(who.Email)

	code := c.Code(who.Email, r.Reference)
	letters := letterPaths(agent.Get(path(r.ID, "")))
	if len(letters) == 0 {
		t.Fatal("no letters on the case's page")
	}
	read := 0
	for _, l := range letters {
		agent.Get(l).Is(200).Hides(who.Email).Submit(l, nil).Is(400).Hides(who.Email)
		text := agent.Get(l).Submit(l, one("purpose", "complaint")).Is(200).Says(who.Email).Hides(code)
		if strings.Contains(text.Text, r.Reference) {
			read++
		}
	}
	if read == 0 {
		t.Error("no letter could be read")
	}
	for _, other := range []requests.Actor{c.Auditor, c.Admin} {
		site.As(other).Get(to).Is(http.StatusForbidden)
	}
}

func letterPaths(p *desktest.Page) []string {
	var out []string
	for _, part := range strings.Split(string(p.Body), `href="`)[1:] {
		href, _, _ := strings.Cut(part, `"`)
		if strings.Contains(href, "/letters/") {
			out = append(out, href)
		}
	}
	return out
}

// What the law does not allow is refused with its article, on the form and
// with what was typed.
func TestUnlawfulStepsNameTheArticle(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	r := inReview(c, acme.Subjects()[3].Email, "erasure")
	dana := site.As(c.DPOs[0])

	refuse := dana.Get(path(r.ID, "refuse")).Is(200).Says("GDPR Art. 12(5)", "GDPR Art. 17(3)(e)")
	refuse.Submit(path(r.ID, "refuse"), one("reason", "Typed with care")).Is(422).Says("Typed with care", "GDPR Art.")
	refuse.Submit(path(r.ID, "refuse"), one("ground", "legal_claims")).Is(400).Says("Give the reason")
	pause := dana.Get(path(r.ID, "pause")).Is(200)
	pause.Submit(path(r.ID, "pause"), url.Values{"ground": {"fee"}, "reason": {"Typed with care"}}).Is(422).Says("Typed with care", "Art.")

	before, err := c.Svc.Get(t.Context(), c.DPOs[0], r.ID)
	if err != nil {
		t.Fatal(err)
	}
	extend := dana.Get(path(r.ID, "extend")).Is(200).Says("New date:")
	letter := extend.Submit(path(r.ID, "extend"), url.Values{"ground": {"complexity"}, "reason": {"Three systems and paper"}}).Is(200)
	sendLetter(letter.Says("Nothing is decided yet", "Three systems and paper")).Is(200).Says("Deadline extended")
	after, err := c.Svc.Get(t.Context(), c.DPOs[0], r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !after.DueOn.After(before.DueOn) || !strings.Contains(extend.Text, after.DueOn.Format("2 January 2006")) {
		t.Errorf("due %s, before %s; the form did not show it", after.DueOn, before.DueOn)
	}
	dana.Get(path(r.ID, "extend")).Submit(path(r.ID, "extend"), url.Values{"ground": {"complexity"}, "reason": {"Once more"}}).Is(422).Says("no second extension")

	letter = dana.Get(path(r.ID, "refuse")).Submit(path(r.ID, "refuse"), url.Values{"ground": {"legal_claims"}, "reason": {"A claim is pending"}}).Is(200)
	sendLetter(letter.Says("Nothing is decided yet", "A claim is pending", "go to court")).Is(200).Says("Refused", "GDPR Art. 17(3)(e)")
	c.Await(r.ID, requests.Refused)
}

// A letter of today's post: entered by an agent, proved by hand by an officer
// who then does not approve, and paper work with its proof.
func TestLetterFromFilingToPaper(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: requests.Settings{ApprovalsErasure: 1}})
	site := open(t, c)
	agent, dana, ines := site.As(c.Agent), site.As(c.DPOs[0]), site.As(c.DPOs[1])
	who := acme.AwkwardCases().PaperFile
	form := agent.Get("/desk/new").Is(200)
	typed := url.Values{
		"channel": {"letter"}, "rights": {"erasure"}, "email": {who}, "country": {"DE"},
		"received_at": {time.Now().AddDate(0, 0, -3).Format(time.DateOnly)},
	}
	form.Submit("/desk/new", url.Values{"channel": {"letter"}, "message": {"Typed with care"}}).Is(400).Says("Typed with care", "Say what you ask for")
	form.Submit("/desk/new", typed).Is(400).Says("Say why it is entered later")
	typed.Set("reason", "Postmark")
	filed := form.Submit("/desk/new", typed).Is(200).Says("Request filed", "by letter").Hides(who)
	id := uuid.MustParse(strings.TrimPrefix(strings.TrimSuffix(filed.Path, "?done=filed"), "/desk/cases/"))

	dana.Get(path(id, "prove")).Submit(path(id, "prove"), nil).Is(400).Says("Say how the person proved")
	dana.Get(path(id, "prove")).Submit(path(id, "prove"), one("reason", "Signature compared")).Is(200).Says("Proof recorded")
	c.Await(id, requests.Review)
	dana.Get(path(id, "")).Says("You recorded the proof of identity")
	dana.Get(path(id, "approve")).Submit(path(id, "approve"), nil).Is(403).Says("somebody else has to approve")
	ines.Get(path(id, "approve")).Submit(path(id, "approve"), nil).Is(200).Says("The work has started")

	task := awaitManual(t, c, agent, id)
	result := agent.Get(task).Is(200).Says("Take the folder out of the archive")
	result.Submit(task, nil).Is(400)
	result.Upload(task, url.Values{"result": {"exception"}}, "proof", "x.txt", nil).Is(400).Says("why it could not be done")
	result.Upload(task, url.Values{"result": {"done"}}, "proof", "x.jpg", make([]byte, 5<<20+1)).Is(400).Says("at most 5 MB")
	result.Upload(task, url.Values{"result": {"done"}}, "proof", "folder.jpg", []byte("a photo of an empty folder")).Is(200).Says("Result recorded", "A proof was uploaded")
	c.Await(id, requests.Completed)
}

// awaitManual waits until the case's page asks for a result by hand.
func awaitManual(t *testing.T, c *company.Company, v *desktest.Visitor, id uuid.UUID) string {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for ctx := c.Deadline(); ; {
		if to := v.Get(path(id, "")).Link("Record the result"); to != "" {
			return to
		}
		select {
		case <-ctx.Done():
			t.Fatal("nothing is to be done by hand")
		case <-tick.C:
		}
	}
}

// Search finds by reference and by identity, and shows neither identity nor
// name; the address of the answer does not hold it.
func TestSearch(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Workers: -1})
	site := open(t, c)
	who := acme.Subjects()[4]
	r := c.File(who.Email, "access")
	agent := site.As(c.Agent)
	list := agent.Get("/desk").Is(200)
	if p := list.Submit("/desk/search", one("q", strings.ToLower(r.Reference))).Is(200); p.Path != path(r.ID, "") {
		t.Errorf("a reference leads to %s", p.Path)
	}
	found := list.Submit("/desk/search", one("q", " "+strings.ToUpper(who.Email))).Is(200).Says(r.Reference).Hides(who.Email)
	if found.Path != "/desk/search" {
		t.Errorf("the answer stands at %s", found.Path)
	}
	list.Submit("/desk/search", one("q", "nobody@nowhere.example")).Is(200).Says("No case has what you gave").Hides(r.Reference, "nobody@nowhere.example")
	list.Submit("/desk/search", nil).Is(400).Says("Give a reference")
	agent.Get("/desk?filter=waiting").Says(r.Reference)
	agent.Get("/desk?filter=ready").Hides(r.Reference).Says("Nothing to decide")
	agent.Get("/desk?right=erasure").Hides(r.Reference)
	agent.Get("/desk?filter=nonsense").Is(400)
}

// Agents work cases and decide nothing; admins see no case; auditors do not
// work; nobody gets in without a session.
func TestRolesOnTheDesk(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	r := inReview(c, acme.Subjects()[5].Email, "erasure")
	agent := site.As(c.Agent)
	for _, verb := range []string{"approve", "refuse", "extend", "pause", "resume", "rediscover", "withdraw"} {
		agent.Get(path(r.ID, verb)).Is(403)
		agent.Post(path(r.ID, verb), nil).Is(403)
	}
	page := agent.Get(path(r.ID, "")).Is(200).Says("Only a data protection officer approves")
	for _, verb := range []string{"approve", "refuse", "extend", "pause"} {
		if page.Leads(path(r.ID, verb)) {
			t.Errorf("an agent is offered to %s", verb)
		}
	}
	for _, v := range []requests.Actor{c.Admin, c.Auditor} {
		site.As(v).Get(path(r.ID, "")).Is(403)
		site.As(v).Get("/desk").Is(403)
	}
	for _, v := range []requests.Actor{c.DPOs[0], c.Agent, c.Auditor} {
		site.As(v).Get("/admin/users").Is(403)
	}
	site.As(c.DPOs[0]).Get(path(uuid.New(), "")).Is(404)
	site.As(c.DPOs[0]).Get("/desk/cases/not-an-id").Is(404)
	site.As(c.DPOs[0]).Post(path(r.ID, "approve"), nil).Is(403).Says("no longer valid") // without the form's token
}

// Somebody whom the company does not know: one approval answers that no data
// is held.
func TestNobodyIsKnown(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	site := open(t, c)
	r := inReview(c, acme.AwkwardCases().NoRecord, "erasure")
	dana := site.As(c.DPOs[0])
	dana.Get(path(r.ID, "")).Says("No record of this person was found", "0 of 1 given")
	page := dana.Get(path(r.ID, "approve")).Is(200).Says("the customer is told that no data is held", "Yours is the last approval needed")
	page.Submit(path(r.ID, "approve"), nil).Is(200)
	c.Await(r.ID, requests.Completed)
	dana.Get(path(r.ID, "")).Says("No data held")
}
