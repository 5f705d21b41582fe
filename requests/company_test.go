package requests_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// events returns a case's events, which are numbered from 1 without a gap.
func events(c *company.Company, id uuid.UUID) []evidence.Line {
	c.Helper()
	k, err := c.Svc.Get(c.Context(), c.Auditor, id)
	must(c.TB, err)
	lines, err := c.Svc.Events(c.Context(), k)
	must(c.TB, err)
	for i, l := range lines {
		if l.Seq != int64(i+1) {
			c.Fatalf("event %d has number %d", i+1, l.Seq)
		}
	}
	return lines
}

// kinds counts a case's events by kind.
func kinds(c *company.Company, id uuid.UUID) map[string]int {
	c.Helper()
	n := map[string]int{}
	for _, l := range events(c, id) {
		n[l.Kind]++
	}
	return n
}

// payloads returns the data of a case's events of one kind.
func payloads[T evidence.Data](c *company.Company, id uuid.UUID) []T {
	c.Helper()
	var out []T
	for _, l := range events(c, id) {
		d, err := l.Payload()
		must(c.TB, err)
		if v, ok := d.(T); ok {
			out = append(out, v)
		}
	}
	return out
}

// report writes the case's evidence report and checks it as an auditor would:
// every event in the log, every receipt counted and hashed.
func report(c *company.Company, id uuid.UUID) evidence.Summary {
	c.Helper()
	ctx := c.Deadline()
	must(c.TB, c.Log.WaitFor(ctx, id.String()))
	snap, err := c.Log.Snapshot(ctx, id.String())
	must(c.TB, err)
	defer snap.Close()
	var out bytes.Buffer
	_, err = evidence.WriteReport(&out, evidence.Bundle{ReportHTML: []byte("report"), ReportPDF: []byte("report"), Snapshot: snap})
	must(c.TB, err)
	sum, err := evidence.Verify(bytes.NewReader(out.Bytes()), int64(out.Len()), evidence.VerifyOptions{})
	if err != nil {
		c.Fatalf("the evidence does not hold: %v", err)
	}
	return sum
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks that an error is a refusal with a code.
func refused(t testing.TB, err error, code string) *requests.Error {
	t.Helper()
	e := requests.AsError(err)
	if err == nil || e.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	return e
}

// letters are the kinds of a case's letters, in order, once all are sent.
func letters(c *company.Company, id uuid.UUID) []string {
	c.Helper()
	k, err := c.Svc.Get(c.Context(), c.Auditor, id)
	must(c.TB, err)
	list, err := c.Svc.Letters(c.Context(), k)
	must(c.TB, err)
	var out []string
	for _, l := range list {
		out = append(out, l.Kind)
	}
	return out
}

// letter waits for a letter to an address that holds a text.
func letter(c *company.Company, to, text string) mail.Captured {
	c.Helper()
	m, err := c.Mail.Wait(c.Deadline(), func(m mail.Captured) bool { return slices.Contains(m.To, to) && strings.Contains(m.Text, text) })
	if err != nil {
		c.Fatalf("no letter to %s with %q: %v", to, text, err)
	}
	return m
}

// inReview files, verifies and waits for the plan.
func inReview(c *company.Company, email string, rights ...string) (*requests.Receipt, requests.Actor) {
	c.Helper()
	r := c.File(email, rights...)
	who := c.Verify(email, r)
	c.Await(r.ID, requests.Review)
	return r, who
}

func planOf(c *company.Company, id uuid.UUID) *requests.PlanView {
	c.Helper()
	k, err := c.Svc.Get(c.Context(), c.Auditor, id)
	must(c.TB, err)
	p, err := c.Svc.Plan(c.Context(), k, "", 1000)
	must(c.TB, err)
	return p
}

func outcomes(c *company.Company, id uuid.UUID) map[string]int64 {
	c.Helper()
	k, err := c.Svc.Get(c.Context(), c.Auditor, id)
	must(c.TB, err)
	totals, err := c.Svc.OutcomeTotals(c.Context(), k)
	must(c.TB, err)
	out := map[string]int64{}
	for _, o := range totals {
		out[o.System+"."+o.Type+" "+o.Outcome] += o.Count
	}
	return out
}

// dump is every row of the company's database: table → rows as JSON.
func dump(c *company.Company) map[string][]string {
	c.Helper()
	rows, err := c.CRM.Query(c.Context(), `select table_schema || '.' || table_name from information_schema.tables where table_schema in ('crm', 'social') order by 1`)
	must(c.TB, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(c.TB, err)
	out := map[string][]string{}
	for _, table := range tables {
		out[table] = list(c, `select row_to_json(t)::text from `+table+` t order by 1`)
	}
	return out
}

func list(c *company.Company, sql string, args ...any) []string {
	c.Helper()
	rows, err := c.CRM.Query(c.Context(), sql, args...)
	must(c.TB, err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(c.TB, err)
	return out
}

// minus are the rows of a that b does not have.
func minus(a, b []string) []string {
	n := map[string]int{}
	for _, r := range b {
		n[r]++
	}
	var out []string
	for _, r := range a {
		if n[r]--; n[r] < 0 {
			out = append(out, r)
		}
	}
	return out
}

// whose says which rows of each table are about a person, apart from the
// walk: $1 contact id, $2 customer number, $3 profile id.
var whose = map[string]string{
	"crm.contacts":                 `t.id = $1`,
	"crm.contact_addresses":        `t.contact_id = $1`,
	"crm.addresses":                `t.id in (select a.address_id from crm.contact_addresses a where a.contact_id = $1)`,
	"crm.opportunities":            `t.contact_id = $1`,
	"crm.activities":               `t.contact_id = $1`,
	"crm.notes":                    `t.contact_id = $1`,
	"crm.tickets":                  `t.contact_id = $1`,
	"crm.ticket_messages":          `t.ticket_id in (select k.id from crm.tickets k where k.contact_id = $1)`,
	"crm.orders":                   `t.customer_no = $2`,
	"crm.order_lines":              `t.order_id in (select o.id from crm.orders o where o.customer_no = $2)`,
	"crm.invoices":                 `t.customer_no = $2`,
	"crm.newsletter_subscriptions": `t.contact_id = $1`,
	"crm.consents":                 `t.contact_id = $1`,
	"crm.social_links":             `t.contact_id = $1`,
	"social.profiles":              `t.id = $3`,
	"social.dm_participants":       `t.profile_id = $3`,
	"social.dm_threads":            `t.id in (select p.thread_id from social.dm_participants p where p.profile_id = $3)`,
	"social.dm_messages":           `t.thread_id in (select p.thread_id from social.dm_participants p where p.profile_id = $3)`,
	"social.mentions":              `t.profile_id = $3`,
	"social.comments":              `t.profile_id = $3`,
	"social.audience_members":      `t.crm_customer_id = $2`,
	"social.lead_submissions":      `t.profile_id = $3`,
}

// rowsOf are a person's rows of one table.
func rowsOf(c *company.Company, who acme.Subject, table, also string) []string {
	c.Helper()
	return list(c, `select row_to_json(t)::text from `+table+` t where `+whose[table]+also+` and $1::bigint is not null and $2::text is not null and $3::bigint is not null order by 1`,
		who.ContactID, who.CustomerID, who.ProfileID)
}

// richSubject is a person with rows that are masked and detached, too.
func richSubject(c *company.Company) acme.Subject {
	c.Helper()
	for _, s := range acme.Subjects() {
		if len(rowsOf(c, s, "crm.opportunities", "")) > 0 && len(rowsOf(c, s, "social.comments", "")) > 0 {
			return s
		}
	}
	c.Fatal("no subject has offers and comments")
	return acme.Subject{}
}

var tokenLink = regexp.MustCompile(`/(undo|not-me)\?token=([^\s"]+)`)

func token(c *company.Company, m mail.Captured, kind string) string {
	c.Helper()
	for _, l := range tokenLink.FindAllStringSubmatch(m.Text, -1) {
		if l[1] == kind {
			return l[2]
		}
	}
	c.Fatalf("no %s link in\n%s", kind, m.Text)
	return ""
}

// fileFor files with purposes.
func fileFor(c *company.Company, email string, rights []string, purposes ...string) *requests.Receipt {
	c.Helper()
	r, err := c.Svc.File(c.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: rights, Country: "DE", Locale: "en", Purposes: purposes, Identities: []connect.Identity{{Kind: "email", Value: email}},
	})
	must(c.TB, err)
	return r
}

// poll looks until something is so.
func poll(c *company.Company, ok func() bool) error {
	ctx := c.Deadline()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

func must2[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		must(t, err)
		return v
	}
}

// race runs fn twenty times at once and returns how many succeeded and the
// codes of the others.
func race(c *company.Company, fn func(i int) error) (won int, lost map[string]int) {
	var wg sync.WaitGroup
	errs := make([]error, 20)
	start := make(chan struct{})
	for i := range errs {
		wg.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	wg.Wait()
	lost = map[string]int{}
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			lost[requests.AsError(err).Code]++
		}
	}
	return won, lost
}
