package desk_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/portal/desk"
	"habeas/portal/desk/desktest"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/browser"
	"habeas/requests/testkit/company"
)

// told is a register with one recipient who has an address and one who has none.
func told() requests.Settings {
	return requests.Settings{
		Rescans: []time.Duration{},
		Recipients: []requests.Recipient{
			{Name: "dhl", Title: "DHL Paket", Kind: "processor", Contact: "privacy@dhl.example", Country: "DE", KnownBy: []string{"email"}},
			{Name: "adviser", Title: "Tax adviser Kranz", Kind: "controller", Country: "DE"},
		},
		Register: []requests.Processing{{
			Name: "shop", Title: "Selling and delivering", Purpose: "To sell and deliver what you order", Basis: "contract", BasisText: "your orders",
			Covers: []string{"crm.*", "social.*"}, Recipients: []string{"dhl", "adviser"}, Retention: "Ten years", Source: "You", Automated: "None",
		}, {
			Name: "catalogue", Title: "The printed catalogue", Purpose: "To send a catalogue", Basis: "legitimate_interests", Marketing: true,
			Covers: []string{"crm.contacts"}, Retention: "Two years", Source: "You",
		}, {
			Name: "advising", Title: "Notes of our staff", Purpose: "To advise you", Basis: "legitimate_interests", BasisText: "our interest in advising customers",
			Covers: []string{"crm.notes"}, Retention: "Two years", Source: "Our staff",
		}},
	}
}

func fileFor(c *company.Company, email string, f requests.Filing) *requests.Receipt {
	c.Helper()
	f.Country, f.Locale, f.Identities = "DE", "en", []connect.Identity{{Kind: "email", Value: email}}
	r, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, f)
	if err != nil {
		c.Fatal(err)
	}
	c.Verify(email, r)
	c.Await(r.ID, requests.Review)
	return r
}

func wishes() []requests.ProposedCorrection {
	return []requests.ProposedCorrection{{What: "my given name", Wrong: "as it is", Right: "Zoë"}, {What: "my date of birth", Right: "1990-01-02"}}
}

// option is the value of the first choice whose words have all the parts.
func option(t *testing.T, p *desktest.Page, parts ...string) string {
	t.Helper()
	for line := range strings.SplitSeq(string(p.Body), "<option") {
		line, _, ok := strings.Cut(line, "</option>")
		for _, part := range parts {
			ok = ok && strings.Contains(line, part)
		}
		if ok {
			_, after, _ := strings.Cut(line, `value="`)
			value, _, _ := strings.Cut(after, `"`)
			return value
		}
	}
	t.Fatalf("no choice with %q", parts)
	return ""
}

// The desk maps what the person wants corrected to fields, for a purpose, and
// corrects one and leaves another on a ground of the law.
func TestCorrectionsAreMappedAndDecided(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: told()})
	site := open(t, c)
	who := acme.Subjects()[8]
	r := fileFor(c, who.Email, requests.Filing{Rights: []string{"rectification"}, Corrections: wishes()})
	agent, to := site.As(c.Agent), path(r.ID, "corrections")
	if page := agent.Get(path(r.ID, "")).Is(200).Hides("Zoë"); page.Link("Decide the corrections") != to {
		t.Errorf("the case does not lead to the corrections: %s", page.Text)
	}
	ask := agent.Get(to).Is(200).Hides("Zoë", who.Email)
	ask.Submit(to, nil).Is(400).Says("Choose why you need to see it").Hides("Zoë")
	shown := ask.Submit(to, one("purpose", "plan_review")).Is(200).Says("my given name", "Zoë", "my date of birth", "Customer database")
	agent.Get(path(r.ID, "")).Says("Personal data viewed")

	given, born := option(t, shown, "iven name"), option(t, shown, "irth")
	shown.Submit(to, nil).Is(400).Says("Choose a field, and decide about it")
	shown.Submit(to, url.Values{"field-0": {given}, "value-0": {""}}).Is(400).Says("Give the new value")
	shown.Submit(to, url.Values{"field-0": {"crm"}}).Is(400).Says("Choose the field from the list")
	shown.Submit(to, url.Values{"field-1": {born}, "decision-1": {"refuse"}}).Is(400).Says("Choose the ground on which it stays")
	shown.Submit(to, url.Values{"field-1": {born}, "decision-1": {"refuse"}, "ground-1": {"accurate"}}).Is(400).Says("Say why the value stays")
	shown.Submit(to, url.Values{"field-0": {"crm/contacts/1999/given_name"}}).Is(400).Says("no such record or field")
	both := url.Values{"field-0": {given}, "field-1": {born}, "decision-1": {"refuse"}, "ground-1": {"accurate"}, "reason-1": {"As in the passport"}}
	shown.Submit(to, both).Is(200).Says("a new plan is made")
	c.Await(r.ID, requests.Review)
	page := agent.Get(path(r.ID, "")).Is(200)
	if page.Link("Change the corrections") != to && page.Link("Decide the corrections") == to {
		t.Error("the corrections still wait")
	}
	agent.Get(to).Submit(to, one("purpose", "plan_review")).Is(200).Says("Decided so far", "Corrected to", "Stays as it is", "As in the passport")
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	if n := rows(t, c, `select count(*) from crm.contacts where id = $1 and given_name = 'Zoë'`, who.ContactID); n != 1 {
		t.Error("the name was not corrected")
	}
	agent.Get(to).Submit(to, one("purpose", "plan_review")).Is(409).Says("while a request for rectification is in review")
	for _, other := range []requests.Actor{c.Auditor, c.Admin} {
		site.As(other).Get(to).Is(403)
	}
}

// The case's page says what holds it from closing; proof and reason are
// recorded there, the reason by an officer only.
func TestRecipientsHoldTheCase(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: told()})
	site := open(t, c)
	who := acme.Subjects()[6]
	r := inReview(c, who.Email, "erasure")
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	awaitDelivery(t, c, r.ID, "dhl")
	dana, to := site.As(c.DPOs[0]), path(r.ID, "recipients")
	if page := dana.Get(path(r.ID, "")).Is(200).Says("It does not close yet", "Tax adviser Kranz has not been told yet", "DHL Paket").Hides(who.Email); page.Link("Tell the recipients") != to {
		t.Errorf("the case does not lead to the recipients: %s", page.Text)
	}
	page := dana.Get(to).Is(200).Says("What keeps the case from closing", "To be told by hand", "GDPR Art. 19").Hides(who.Email)
	site.As(c.Agent).Get(to).Is(200).Hides("disproportionate effort</label>")

	k, err := c.Svc.Get(t.Context(), c.Auditor, r.ID)
	must(t, err)
	list, err := c.Svc.Notices(t.Context(), k)
	must(t, err)
	var adviser uuid.UUID
	for _, n := range list {
		if n.Recipient == "adviser" {
			adviser = n.ID
		}
	}
	post := to + "/" + adviser.String()
	with := func(result, reason string) url.Values {
		return url.Values{"result-" + adviser.String(): {result}, "reason-" + adviser.String(): {reason}}
	}
	page.Submit(post, nil).Is(400).Says("Choose what came of it")
	page.Submit(post, with("told", "")).Is(400).Says("Say how the recipient was told")
	agent := site.As(c.Agent).Get(to)
	agent.Submit(post, with("impossible", "Closed in May")).Is(403).Says("Only a data protection officer")
	page.Submit(post, with("disproportionate", "Archived on paper in 1998")).Is(200).Says("Not told, with reason", "disproportionate effort", "Archived on paper in 1998")
	site.As(c.Agent).Get(to).Is(200).Hides("Archived on paper")
	c.Await(r.ID, requests.Closed)
	dana.Post(to+"/"+uuid.NewString(), url.Values{"csrf": page.Form(post)["csrf"]}).Is(404)
}

// awaitDelivery waits until a recipient's mail server has taken the notice.
func awaitDelivery(t *testing.T, c *company.Company, id uuid.UUID, recipient string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for ctx := c.Deadline(); ; {
		k, err := c.Svc.Get(ctx, c.Auditor, id)
		must(t, err)
		list, err := c.Svc.Notices(ctx, k)
		must(t, err)
		for _, n := range list {
			if n.Recipient == recipient && n.Status == "delivered" {
				return
			}
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s was not told: %+v", recipient, list)
		case <-tick.C:
		}
	}
}

// A restriction ends a week after the person was told of it, and not before.
func TestEndOfARestriction(t *testing.T) {
	t.Parallel()
	clock := testkit.NewClock(time.Now())
	c := company.New(t, company.Options{Settings: told(), Now: clock.Now})
	rdb, prefix := testkit.Redis(t)
	site := desktest.Open(t, c.Svc, web.Config{Redis: rdb, Prefix: prefix, Digest: c.Ring.Lookup}, desk.Routes(desk.Deps{Svc: c.Svc, Now: clock.Now}))
	r := fileFor(c, acme.Subjects()[11].Email, requests.Filing{Rights: []string{"restriction"}, Restriction: "needed_for_claims"})
	dana, to := site.As(c.DPOs[0]), path(r.ID, "restriction")
	dana.Get(to).Is(404) // not in force yet
	c.Approve(r.ID)
	c.FinishByHand(r.ID)
	c.Await(r.ID, requests.Completed)
	if dana.Get(path(r.ID, "")).Is(200).Says("Stored only since").Link("End of the restriction") != to {
		t.Error("the case does not lead to its restriction")
	}
	page := dana.Get(to).Is(200).Says("GDPR Art. 18(1)(c)", "Before a restriction ends the person is told")
	page.Submit(to+"/warn", nil).Is(400).Says("Say why the restriction ends")
	letter := page.Submit(to+"/warn", one("reason", "The lawsuit has ended")).Is(200).Says("Read the letter before the restriction ends", "The lawsuit has ended", "Nothing is sent yet")
	if r, err := c.Svc.Restriction(t.Context(), caseOf(c, r)); err != nil || r.WarnedAt != nil {
		t.Errorf("told before the letter was sent: %+v, %v", r, err)
	}
	sendLetter(letter).Is(200).Says("The person is told")
	warned := dana.Get(to).Is(200).Says("It can be lifted from")
	csrf := url.Values{"csrf": page.Form(to + "/warn")["csrf"]}
	if warned.Status == 200 {
		dana.Post(to+"/lift", csrf).Is(422).Says("not before that day")
	}
	clock.Add(8 * 24 * time.Hour)
	dana.Get(to).Is(200).Submit(to+"/lift", nil).Is(200).Says("The restriction is lifted", "has ended", "to be unmarked by hand: Customer database, Linked social records")
	dana.Get(path(r.ID, "")).Says("Lifted on")
	site.As(c.Agent).Get(to).Is(403)
}

// The case says what the person objects to; an officer weighs it use by use, and
// direct marketing not at all.
func TestObjectionIsWeighed(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: told()})
	site := open(t, c)
	r := fileFor(c, acme.Subjects()[13].Email, requests.Filing{Rights: []string{"objection"}, Objections: []string{"catalogue", "advising"}})
	dana, to := site.As(c.DPOs[0]), path(r.ID, "objection")
	if dana.Get(path(r.ID, "")).Is(200).Says("The person objects to", "The printed catalogue", "Always stops", "No system changes a record").Hides("No record of this person").Link("Weigh the objection") != to {
		t.Error("the case does not lead to the objection")
	}
	site.As(c.Agent).Get(path(r.ID, "")).Is(200).Says("The printed catalogue").Hides("Weigh the objection")
	site.As(c.Agent).Get(to).Is(403)
	page := dana.Get(to).Is(200).Says("our interest in advising customers (GDPR Art. 6(1)(f))")
	why := "The notes are evidence in a lawsuit"
	page.Submit(to, nil).Is(400).Says("Choose the uses that go on")
	page.Submit(to, url.Values{"uses": {"advising"}}).Is(400).Says("Choose the ground on which they go on")
	page.Submit(to, url.Values{"uses": {"advising"}, "ground": {"compelling_grounds"}}).Is(400).Says("Give the reason")
	page.Submit(to, url.Values{"uses": {"catalogue"}, "ground": {"compelling_grounds"}, "reason": {why}}).Is(422).Says("GDPR Art. 21(3)")
	page.Submit(to, url.Values{"uses": {"advising"}, "ground": {"compelling_grounds"}, "reason": {why}}).Is(200).Says("Recorded", "Goes on", why)
	c.Await(r.ID, requests.Review)
	site.As(c.Agent).Get(path(r.ID, "")).Says("Goes on", "GDPR Art. 21(1)").Hides(why)
	dana.Get(to).Is(200).Says("There is nothing to weigh")
	other := inReview(c, acme.Subjects()[14].Email, "erasure")
	dana.Get(path(other.ID, "objection")).Is(404)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The pages of corrections, recipients and restrictions in a browser.
func TestRightsPagesInABrowser(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: told()})
	site := open(t, c)
	wish := fileFor(c, acme.Subjects()[8].Email, requests.Filing{Rights: []string{"rectification"}, Corrections: wishes(), Message: "Please hurry."})
	gone := inReview(c, acme.Subjects()[6].Email, "erasure")
	c.Approve(gone.ID)
	c.Await(gone.ID, requests.Completed)
	kept := fileFor(c, acme.Subjects()[11].Email, requests.Filing{Rights: []string{"restriction"}, Restriction: "accuracy_contested"})
	c.Approve(kept.ID)
	c.FinishByHand(kept.ID)
	c.Await(kept.ID, requests.Completed)
	against := fileFor(c, acme.Subjects()[12].Email, requests.Filing{Rights: []string{"objection"}, Objections: []string{"catalogue", "advising"}})

	tab := browser.New(t)
	see := func(name, to string) {
		t.Helper()
		if status := browser.Open(t, tab, site.URL(to)); status != 200 {
			t.Fatalf("%s answers %d", to, status)
		}
		browser.Axe(t, tab)
		browser.Screenshot(t, tab, name, 1280)
		browser.Screenshot(t, tab, name, 390)
	}
	browser.Open(t, tab, site.URL("/enter/"+c.DPOs[0].ID))
	see("desk-corrections-why", path(wish.ID, "corrections"))
	browser.Choose(t, tab, `input[value="plan_review"]`)
	browser.Press(t, tab, "Show the corrections")
	browser.Axe(t, tab)
	browser.Screenshot(t, tab, "desk-corrections", 1280)
	browser.Screenshot(t, tab, "desk-corrections", 390)
	browser.Press(t, tab, "Keep these decisions") // nothing is chosen
	browser.Axe(t, tab)
	browser.Screenshot(t, tab, "desk-corrections-wrong", 1280)
	see("desk-recipients", path(gone.ID, "recipients"))
	see("desk-recipients-case", path(gone.ID, ""))
	see("desk-restriction", path(kept.ID, "restriction"))
	see("desk-objection", path(against.ID, "objection"))
	see("desk-objection-case", path(against.ID, ""))
}
