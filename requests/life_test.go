package requests_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
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

// kept are vouchers younger than eight years from the end of their year.
var kept = map[string]string{
	"crm.orders":      ` and extract(year from t.placed_on) + 8 >= extract(year from now())`,
	"crm.order_lines": ` and extract(year from t.shipped_on) + 8 >= extract(year from now())`,
	"crm.invoices":    ` and extract(year from t.issued_on) + 8 >= extract(year from now())`,
}

// TestErasureChangesTheseRowsAndNoOther compares every byte of the company
// before and after.
func TestErasureChangesTheseRowsAndNoOther(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := richSubject(c)
	before := dump(c)
	gone, changed := map[string][]string{}, map[string][]string{}
	keeps := 0
	for table := range whose {
		rows := rowsOf(c, who, table, "")
		if k, ok := kept[table]; ok {
			stay := rowsOf(c, who, table, k)
			keeps += len(stay)
			rows = minus(rows, stay)
		}
		switch table {
		case "crm.opportunities", "social.comments":
			changed[table] = rows
		default:
			gone[table] = rows
		}
	}
	if keeps == 0 || len(gone["crm.orders"]) == 0 {
		t.Fatal("the subject has to have vouchers to keep and to erase")
	}

	r, _ := inReview(c, who.Email, "erasure")
	if diff := dump(c); fmt.Sprint(diff) != fmt.Sprint(before) {
		t.Error("discovery changed something")
	}
	c.Approve(r.ID)
	k := c.Await(r.ID, requests.Completed)

	after := dump(c)
	erased := 0
	for table, rows := range before {
		removed, added := minus(rows, after[table]), minus(after[table], rows)
		wantRemoved := slices.Concat(gone[table], changed[table])
		erased += len(gone[table])
		slices.Sort(wantRemoved)
		slices.Sort(removed)
		if !slices.Equal(removed, wantRemoved) {
			t.Errorf("%s: gone or changed\n%v\nwant\n%v", table, removed, wantRemoved)
		}
		if len(added) != len(changed[table]) {
			t.Errorf("%s: %d rows are new or changed, want %d: %v", table, len(added), len(changed[table]), added)
		}
		for _, row := range added {
			var now map[string]any
			must(t, json.Unmarshal([]byte(row), &now))
			var was map[string]any
			for _, w := range changed[table] {
				var m map[string]any
				must(t, json.Unmarshal([]byte(w), &m))
				if m["id"] == now["id"] {
					was = m
				}
			}
			for f, v := range was {
				want := v
				switch table + "." + f {
				case "crm.opportunities.contact_id", "crm.opportunities.remarks", "social.comments.profile_id":
					want = nil
				case "crm.opportunities.title":
					want = "Erased"
				case "social.comments.body":
					want = "[removed at the author’s request]"
				}
				if now[f] != want {
					t.Errorf("%s.%s is %v, want %v", table, f, now[f], want)
				}
			}
		}
	}

	var absent, masked, stayed int64
	for o, n := range outcomes(c, r.ID) {
		switch {
		case strings.HasSuffix(o, "verified_absent"):
			absent += n
		case strings.HasSuffix(o, "verified_masked"), strings.HasSuffix(o, "verified_detached"):
			masked += n
		case strings.HasSuffix(o, " kept"):
			stayed += n
		default:
			t.Errorf("outcome %s: %d", o, n)
		}
	}
	if absent != int64(erased) || masked != int64(len(changed["crm.opportunities"])+len(changed["social.comments"])) || stayed != int64(keeps) {
		t.Errorf("outcomes: %d absent of %d, %d masked, %d kept of %d", absent, erased, masked, stayed, keeps)
	}
	if !k.Has(requests.Partial) || k.Has(requests.Unproven) || k.Has(requests.Attention) || k.Result != "done" {
		t.Errorf("completed %s %v", k.Result, k.Flags)
	}
	var counted int64
	for _, e := range payloads[evidence.RecordErased](c, r.ID) {
		counted += int64(e.Count)
	}
	if counted != int64(erased) {
		t.Errorf("events count %d erased, want %d", counted, erased)
	}
	n := kinds(c, r.ID)
	for kind, want := range map[string]int{
		"request.filed": 1, "identity.verified": 1, "plan.made": 1, "plan.approved": 2, "request.completed": 1, "drift.found": 0,
		"record.erased": 2, "record.masked": 2, "record.detached": 2, "record.kept": 2, "outcome.verified": 2, "task.failed": 0,
	} {
		if n[kind] != want {
			t.Errorf("%d events %s, want %d", n[kind], kind, want)
		}
	}
	if n["task.started"] != n["task.finished"] {
		t.Errorf("%d tasks started, %d finished", n["task.started"], n["task.finished"])
	}
	if sum := report(c, r.ID); sum.Records == 0 {
		t.Error("no receipts")
	}
	m := letter(c, who.Email, "HGB")
	if !strings.Contains(m.Text, fmt.Sprint(erased)) {
		t.Errorf("the letter does not say that %d records were erased:\n%s", erased, m.Text)
	}
	if got := letters(c, r.ID); !slices.Equal(got, []string{"code", "ack", "erasure_done"}) {
		t.Errorf("letters %v", got)
	}
	for _, l := range events(c, r.ID) {
		for _, secret := range []string{who.Email, who.Name, who.CustomerID, who.Phone} {
			if strings.Contains(string(l.Raw), secret) {
				t.Errorf("the log holds personal data: %s", l.Kind)
			}
		}
	}
}

// packageRow is one record in the package.
type packageRow map[string]any

func openPackage(c *company.Company, by requests.Actor, id uuid.UUID) map[string][]packageRow {
	c.Helper()
	d, err := c.Svc.OpenPackage(c.Context(), by, id)
	must(c.TB, err)
	defer d.Close()
	raw, err := io.ReadAll(d)
	must(c.TB, err)
	if int64(len(raw)) != d.Size || !strings.HasSuffix(d.Name, ".zip") {
		c.Errorf("%d bytes of %d as %s", len(raw), d.Size, d.Name)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	must(c.TB, err)
	if z.File[0].Name != "index.html" {
		c.Errorf("the first file is %s", z.File[0].Name)
	}
	out := map[string][]packageRow{}
	for _, f := range z.File {
		name, ok := strings.CutPrefix(f.Name, "data/")
		if !ok || !strings.HasSuffix(name, ".json") {
			continue
		}
		r, err := f.Open()
		must(c.TB, err)
		var rows []packageRow
		must(c.TB, json.NewDecoder(r).Decode(&rows))
		out[strings.TrimSuffix(name, ".json")] = rows
	}
	return out
}

func testAccess(c *company.Company, who acme.Subject) {
	before := allRows(c, who)
	r, by := inReview(c, who.Email, "access")
	p := planOf(c, r.ID)
	if k := c.Await(r.ID, requests.Review); !k.Has(requests.Attention) {
		c.Error("free text that nobody decided over asks for no attention")
	}
	_, err := c.Svc.OpenPackage(c.Context(), by, r.ID)
	refused(c.TB, err, "package-not-ready")
	c.Approve(r.ID)
	k := c.Await(r.ID, requests.Completed)
	if k.Has(requests.Attention) || k.Has(requests.Partial) {
		c.Errorf("flags %v", k.Flags)
	}
	stale := by
	stale.Fresh = false
	_, err = c.Svc.OpenPackage(c.Context(), stale, r.ID)
	refused(c.TB, err, "fresh-code-needed")
	_, err = c.Svc.OpenPackage(c.Context(), requests.Actor{Role: requests.Customer, ID: uuid.NewString(), Fresh: true}, r.ID)
	refused(c.TB, err, "not-found")
	_, err = c.Svc.OpenPackage(c.Context(), c.DPOs[0], r.ID)
	refused(c.TB, err, "not-found")

	held := openPackage(c, by, r.ID)
	total := 0
	for table := range whose {
		want := rowsOf(c, who, table, "")
		got := held[table]
		total += len(got)
		if len(got) != len(want) {
			c.Errorf("%s: %d records in the package, %d in the database", table, len(got), len(want))
			continue
		}
		wanted := map[string]bool{}
		for _, w := range want {
			wanted[w] = true
		}
		for _, row := range got {
			matches(c, table, row, want)
		}
	}
	if total != int(p.Total) {
		c.Errorf("%d records in the package, %d in the plan", total, p.Total)
	}
	for _, row := range held["crm.notes"] {
		if row["staff"] != nil || row["body"] != nil {
			c.Errorf("a note shows others' data or free text that nobody looked at: %v", row)
		}
	}
	unchanged(c, who, before)
	n := kinds(c, r.ID)
	for kind, want := range map[string]int{
		"record.read": 2, "package.built": 1, "package.downloaded": 1, "plan.approved": 1, "record.erased": 0, "request.completed": 1,
	} {
		if n[kind] != want {
			c.Errorf("%d events %s, want %d", n[kind], kind, want)
		}
	}
	if sum := report(c, r.ID); sum.Records != int64(total) {
		c.Errorf("%d receipts for %d records", sum.Records, total)
	}
	for o := range outcomes(c, r.ID) {
		if !strings.HasSuffix(o, " disclosed") && !strings.HasSuffix(o, " redacted") {
			c.Errorf("outcome %s", o)
		}
	}
	letter(c, who.Email, r.Reference)
	if got := letters(c, r.ID); got[len(got)-1] != "access_ready" {
		c.Errorf("letters %v", got)
	}
}

// matches checks that a record of the package equals one row of the database
// in every field that is not withheld.
func matches(c *company.Company, table string, row packageRow, rows []string) {
	c.Helper()
	for _, w := range rows {
		var have map[string]any
		must(c.TB, json.Unmarshal([]byte(w), &have))
		same := true
		for f, v := range row {
			if strings.HasPrefix(f, "_") {
				continue
			}
			same = same && alike(v, have[f])
		}
		if same {
			return
		}
	}
	c.Errorf("%s: no row of the person is %v", table, row)
}

// alike compares values across the two ways of writing times and numbers.
func alike(a, b any) bool {
	x, y := fmt.Sprint(a), fmt.Sprint(b)
	if x == y {
		return true
	}
	if len(x) >= 10 && len(y) >= 10 && x[:4] == y[:4] && strings.ContainsAny(x, "T:") {
		return true // 2016-03-01T00:00:00Z and 2016-03-01 00:00:00+00
	}
	var m, n any
	return json.Unmarshal([]byte(x), &m) == nil && json.Unmarshal([]byte(y), &n) == nil && fmt.Sprint(m) == fmt.Sprint(n)
}

func testConsentWithdrawal(c *company.Company, who acme.Subject) {
	email := connect.Identity{Kind: "email", Value: who.Email}
	service := requests.Actor{Role: requests.ServiceRole, ID: "shop"}
	for _, p := range []string{"marketing_email", "social_ads", "profiling"} {
		_, err := c.Svc.RecordConsent(c.Context(), service, requests.ConsentEntry{Identity: email, Purpose: p, Allowed: true})
		must(c.TB, err)
	}
	r := fileFor(c, who.Email, []string{"consent_withdrawal"}, "marketing_email", "social_ads")
	for p, want := range map[string]bool{"marketing_email": false, "social_ads": false, "profiling": true} {
		s, err := c.Svc.CheckConsent(c.Context(), email, p)
		must(c.TB, err)
		if s.Allowed != want {
			c.Errorf("%s is allowed: %v in the moment of filing", p, s.Allowed)
		}
	}
	if r.Verification != nil {
		c.Error("a withdrawal asks for proof of identity")
	}
	k := c.Await(r.ID, requests.Completed)
	if k.VerifiedAt != nil || k.Has(requests.Attention) {
		c.Errorf("flags %v", k.Flags)
	}
	for _, row := range list(c, `select status from crm.newsletter_subscriptions where contact_id = $1`, who.ContactID) {
		if row != "suppressed" {
			c.Errorf("newsletter is %s", row)
		}
	}
	got := list(c, `select purpose || ' ' || status from crm.consents where contact_id = $1 order by 1`, who.ContactID)
	if !slices.Equal(got, []string{"marketing_email withdrawn", "profiling given", "social_ads withdrawn"}) {
		c.Errorf("consents %v", got)
	}
	if got := list(c, `select distinct status from social.audience_members where crm_customer_id = $1`, who.CustomerID); !slices.Equal(got, []string{"suppressed"}) {
		c.Errorf("audience %v", got)
	}
	for o := range outcomes(c, r.ID) {
		if !strings.HasSuffix(o, "verified_suppressed") {
			c.Errorf("outcome %s", o)
		}
	}
	if n := len(list(c, `select email from crm.contacts where id = $1`, who.ContactID)); n != 1 {
		c.Error("a withdrawal erased the contact")
	}
	report(c, r.ID)

	m := letter(c, who.Email, "/undo?token=")
	_, err := c.Svc.Undo(c.Context(), token(c, m, "undo"))
	must(c.TB, err)
	s, err := c.Svc.CheckConsent(c.Context(), email, "marketing_email")
	must(c.TB, err)
	if !s.Allowed {
		c.Error("the undo link did not restore the ledger")
	}
	n := kinds(c, r.ID)["consent.changed"]
	_, err = c.Svc.Undo(c.Context(), token(c, m, "undo"))
	must(c.TB, err)
	if again := kinds(c, r.ID)["consent.changed"]; again != n || n != 4 {
		c.Errorf("undone twice: %d events, then %d", n, again)
	}
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

// testSameEvents: a withdrawal writes the same events for a person whom the
// company knows and for one whom it does not, and looks the same from outside.
func testSameEvents(c *company.Company, who acme.Subject) {
	known := fileFor(c, who.Email, []string{"opt_out"})
	unknown := fileFor(c, "nobody.at.all@nowhere.example", []string{"opt_out"})
	if fmt.Sprint(known.Rights, known.Status, known.Verification, known.DueOn) != fmt.Sprint(unknown.Rights, unknown.Status, unknown.Verification, unknown.DueOn) {
		c.Errorf("receipts differ: %+v and %+v", known, unknown)
	}
	c.Await(known.ID, requests.Completed)
	c.Await(unknown.ID, requests.Completed)
	letter(c, who.Email, known.Reference)
	letter(c, "nobody.at.all@nowhere.example", unknown.Reference)
	must(c.TB, poll(c, func() bool { return kinds(c, known.ID)["letter.sent"] == 1 && kinds(c, unknown.ID)["letter.sent"] == 1 }))
	a, b := kinds(c, known.ID), kinds(c, unknown.ID)
	if fmt.Sprint(a) != fmt.Sprint(b) {
		c.Errorf("events differ:\nknown   %v\nunknown %v", a, b)
	}
	if c.Await(known.ID, requests.Completed).Result == c.Await(unknown.ID, requests.Completed).Result {
		c.Error("nothing was found for either")
	}

	for _, right := range []string{"access", "erasure"} {
		one, two := c.File(who.Email, right), c.File("nobody.at.all@nowhere.example", right)
		if one.Status != two.Status || one.DueOn != two.DueOn || (one.Verification == nil) != (two.Verification == nil) {
			c.Errorf("%s: receipts differ: %+v and %+v", right, one, two)
		}
		c.Code(who.Email, one.Reference)
		c.Code("nobody.at.all@nowhere.example", two.Reference)
	}
}

func testUnknownErasure(c *company.Company) {
	who := acme.AwkwardCases().NoRecord
	r, by := inReview(c, who, "access", "erasure")
	if p := planOf(c, r.ID); p.Total != 0 {
		c.Fatalf("%d records", p.Total)
	}
	c.Approve(r.ID)
	k := c.Await(r.ID, requests.Completed)
	if k.Result != "no_data_held" || k.Has(requests.Partial) || k.Has(requests.Unproven) {
		c.Errorf("result %s %v", k.Result, k.Flags)
	}
	if got := letters(c, r.ID); !slices.Equal(got, []string{"code", "ack", "not_found"}) {
		c.Errorf("letters %v", got)
	}
	m := letter(c, who, "Customer database")
	if !strings.Contains(m.Text, "e-mail address") {
		c.Errorf("the letter does not say what was searched for:\n%s", m.Text)
	}
	_, err := c.Svc.OpenPackage(c.Context(), by, r.ID)
	refused(c.TB, err, "package-not-ready")
	report(c, r.ID)
}

func testTwoContacts(c *company.Company) {
	a := acme.AwkwardCases()
	for _, address := range []string{a.TwoContacts, a.TwoContactsOld} {
		r, _ := inReview(c, address, "access")
		var contacts []string
		for _, rec := range planOf(c, r.ID).Records {
			if rec.Type == "contacts" {
				contacts = append(contacts, rec.Key)
			}
		}
		if len(contacts) != 2 {
			c.Errorf("%s leads to the contacts %v, want both", address, contacts)
		}
	}
	r, _ := inReview(c, a.TwoContactsOld, "erasure")
	_, err := c.Svc.Withdraw(c.Context(), c.DPOs[0], r.ID)
	must(c.TB, err)
}

func testSharedAddress(c *company.Company) {
	a := acme.AwkwardCases()
	before := list(c, `select row_to_json(t)::text from crm.addresses t where id in (select x.address_id from crm.contact_addresses x join crm.contacts k on k.id = x.contact_id where k.email = $1)`, a.SharedHome)
	other := list(c, `select row_to_json(t)::text from crm.contacts t where email = $1`, a.SharedHomeOther)
	links := list(c, `select row_to_json(x)::text from crm.contact_addresses x join crm.contacts k on k.id = x.contact_id where k.email = $1`, a.SharedHomeOther)
	r, _ := inReview(c, a.SharedHome, "erasure")
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	after := list(c, `select row_to_json(t)::text from crm.addresses t where id in (select x.address_id from crm.contact_addresses x join crm.contacts k on k.id = x.contact_id where k.email = $1)`, a.SharedHomeOther)
	if len(before) == 0 || !slices.Equal(before, after) {
		c.Errorf("the shared address is %v, was %v", after, before)
	}
	if now := list(c, `select row_to_json(t)::text from crm.contacts t where email = $1`, a.SharedHomeOther); !slices.Equal(now, other) {
		c.Errorf("the other person's contact changed: %v", now)
	}
	if now := list(c, `select row_to_json(x)::text from crm.contact_addresses x join crm.contacts k on k.id = x.contact_id where k.email = $1`, a.SharedHomeOther); !slices.Equal(now, links) {
		c.Errorf("the other person's links changed: %v", now)
	}
	if left := list(c, `select email from crm.contacts where email = $1`, a.SharedHome); len(left) != 0 {
		c.Error("the person is still there")
	}
	report(c, r.ID)
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

// TestJourneys walks many people through one company at once.
func TestJourneys(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	subjects := acme.Subjects()
	for _, j := range []struct {
		name string
		run  func(*company.Company)
	}{
		{"access", func(c *company.Company) { testAccess(c, subjects[0]) }},
		{"consent withdrawal", func(c *company.Company) { testConsentWithdrawal(c, subjects[1]) }},
		{"same events", func(c *company.Company) { testSameEvents(c, subjects[2]) }},
		{"unknown person", testUnknownErasure},
		{"two contacts of one person", testTwoContacts},
		{"shared address", testSharedAddress},
		{"ambiguous identity", testAmbiguous},
		{"ambiguous, all withheld", testAllWithheld},
		{"paper file", testPaperFile},
		{"unproven handle", testCandidates},
		{"refuse the whole", func(c *company.Company) { testRefuseWhole(c, subjects[3]) }},
		{"refuse one right", func(c *company.Company) { testRefuseOneRight(c, subjects[4]) }},
		{"withdraw", func(c *company.Company) { testWithdraw(c, subjects[5], subjects[6]) }},
		{"not me", func(c *company.Company) { testNotMe(c, subjects[7]) }},
		{"clock", func(c *company.Company) { testClockSteps(c, subjects[8]) }},
		{"approvals", func(c *company.Company) { testApprovals(c, subjects[9], subjects[10]) }},
		{"decide", func(c *company.Company) { testDecide(c, subjects[11]) }},
		{"twenty racers", func(c *company.Company) { testRacers(c, subjects[12]) }},
		{"wrong codes", func(c *company.Company) { testWrongCodes(c, subjects[13]) }},
		{"undo in time", func(c *company.Company) { testUndoRace(c, subjects[14]) }},
	} {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			j.run(c.For(t))
		})
	}
}
