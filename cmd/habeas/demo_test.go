package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// The demo as its users have it: the program itself, its ready file, HTTP and
// SQL.
func TestDemo(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	d := startDemo(t, data, "127.0.0.1:0")
	d.readyFile()
	browser := d.signIn()

	erased := d.erase(d.Subjects[0])
	report := d.report(erased.ID)
	d.verifies(report)
	d.access(d.Subjects[1])
	withdrawn := d.withdraw(d.Subjects[2])
	d.report(withdrawn.ID)

	// stopped, and started again where it was
	listen := strings.TrimPrefix(d.URL, "http://")
	d.stop()
	copied := filepath.Join(t.TempDir(), "rolled-back")
	if out, err := exec.Command("cp", "-a", data, copied).CombinedOutput(); err != nil {
		t.Fatalf("copy: %v %s", err, out)
	}
	again := startDemo(t, data, listen)
	if again.URL != d.URL || fmt.Sprint(again.Staff) != fmt.Sprint(d.Staff) {
		t.Errorf("a second start has other sign-ins: %v", again.Staff)
	}
	again.want(200, "GET", "/api/v1/requests/"+erased.ID, erased.token, nil, nil)
	again.want(200, "GET", "/api/v1/requests/"+erased.ID, d.token("dpo", 1), nil, nil)
	if res, err := browser.Get(again.URL + "/desk"); err != nil || res.StatusCode != 200 || res.Request.URL.Path != "/desk" {
		t.Errorf("signed in before, now %v %v", res, err)
	}
	if code, _, errs := command(t, "verify", report, "--against", again.URL); code != 0 {
		t.Errorf("the report against the log after a restart: %d %s", code, errs)
	}

	// two side by side; one is an older state of the other, as a rollback makes
	older := startDemo(t, copied, "127.0.0.1:0")
	again.erase(again.Subjects[5])
	again.withdraw(again.Subjects[6])
	forked := older.report(older.withdraw(older.Subjects[7]).ID)
	if code, _, errs := command(t, "verify", forked); code != 0 {
		t.Errorf("a forked log's report by itself: %d %s", code, errs)
	}
	if code, _, errs := command(t, "verify", forked, "--against", again.URL); code != 1 || !strings.Contains(errs, "does not hold") {
		t.Errorf("a rolled-back log passes: %d %s", code, errs)
	}
	older.stop()
	again.kill()
}

// The sample company has a whole register of processing: an access package
// answers all of Art. 15(1) GDPR, and an erasure closes by itself once everybody
// who got the data was told and the systems were looked at again.
func TestDemoErasureCloses(t *testing.T) {
	d := startDemo(t, filepath.Join(t.TempDir(), "data"), "127.0.0.1:0", "--rescans", "1s,2s")
	gone := d.Subjects[0]
	f := d.erase(gone)
	d.await(f.ID, "closed")
	told := map[string]bool{}
	var mails []struct {
		To   []string
		Text string
	}
	d.want(200, "GET", "/demo/mail.json", "", nil, &mails)
	for _, m := range mails {
		if m.To[0] != gone.Email {
			told[m.To[0]] = true
			if !strings.Contains(m.Text, gone.Email) && !strings.Contains(m.Text, "AC-1") || strings.Contains(m.Text, gone.Name) {
				t.Errorf("the notice to %s says more or less than it must: %s", m.To[0], m.Text)
			}
		}
	}
	for _, who := range []string{"privacy@dhl.example", "dpo@rundbrief.example", "privacy@socialdesk.example"} {
		if !told[who] {
			t.Errorf("%s was not told: %v", who, told)
		}
	}
	page := d.access(d.Subjects[1])
	for _, want := range []string{
		"your orders (GDPR Art. 6(1)(b))", "HGB §257, AO §147 (GDPR Art. 6(1)(c))", "our interest in advising customers well (GDPR Art. 6(1)(f))",
		"DHL Paket GmbH (DE)", "Blickfang Media GmbH, places our advertising in social networks (DE)", "adequacy decision (EU) 2023/1795", "Nothing else depends on it",
		"Eight years from the end of the year", "Public posts on the network", "Article 77", "Berlin Commissioner",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the package does not say %q", want)
		}
	}
	if strings.Contains(page, "Not stated") {
		t.Error("the package leaves something open")
	}
	d.stop()
}

func (d *running) readyFile() {
	d.Helper()
	roles := map[string]int{}
	for _, s := range d.Staff {
		roles[s.Role]++
		if s.Email == "" || s.Password == "" || s.Token == "" {
			d.Errorf("incomplete sign-in %+v", s)
		}
	}
	if fmt.Sprint(roles) != "map[admin:1 agent:1 auditor:1 dpo:2]" {
		d.Errorf("staff: %v", roles)
	}
	seen := map[string]bool{}
	for _, s := range d.Subjects {
		seen[s.Email] = true
	}
	if len(seen) < 10 || len(seen) != len(d.Subjects) {
		d.Errorf("%d subjects of %d have an address of their own", len(seen), len(d.Subjects))
	}
	if d.MailURL != d.URL+"/demo/mail.json" {
		d.Errorf("mail_url %s", d.MailURL)
	}
	for _, base := range []string{d.DatabaseURL, d.CRMURL} {
		conn, err := pgx.Connect(d.Context(), base)
		if err != nil {
			d.Fatal(err)
		}
		_ = conn.Close(d.Context())
	}
	if !strings.Contains(d.out.String(), d.Staff[0].Password) || !strings.Contains(d.out.String(), d.URL) {
		d.Errorf("does not print addresses and sign-ins: %s", d.out)
	}
}

// filed is a request that was filed.
type filed struct {
	ID, Reference, Status string
	DueOn                 string `json:"due_on"`
	Verification          *struct {
		Channel   string
		ExpiresAt time.Time `json:"expires_at"`
	}
	token string
}

func (d *running) file(s demoSubject, rights ...string) *filed {
	d.Helper()
	f := &filed{}
	d.want(201, "POST", "/api/v1/requests", "", map[string]any{
		"rights": rights, "country": "DE", "identities": []any{map[string]string{"kind": "email", "value": s.Email}},
	}, f)
	for group := range strings.SplitSeq(f.Reference, "-") {
		if !strings.ContainsAny(group, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			d.Errorf("reference %s has a group without a letter", f.Reference)
		}
	}
	return f
}

var (
	sixDigits = regexp.MustCompile(`(?:^|[^0-9])([0-9]{6})(?:[^0-9]|$)`)
	codeLike  = regexp.MustCompile(`[0-9]+`)
)

// code is that of the newest mail to a person; it comes within two seconds,
// and a mail holds no other run of digits that could be one.
func (d *running) code(s demoSubject, reference string) string {
	d.Helper()
	var found string
	d.until("a code is mailed", 10*time.Second, func() bool {
		var mails []struct {
			To                  []string
			Subject, Text, HTML string
			At                  time.Time
		}
		d.want(200, "GET", "/demo/mail.json", "", nil, &mails)
		for i, m := range mails {
			if i > 0 && m.At.After(mails[i-1].At) {
				d.Error("mails are not newest first")
			}
			var runs []string
			for _, run := range codeLike.FindAllString(m.Text, -1) {
				if len(run) >= 6 && len(run) <= 8 {
					runs = append(runs, run)
				}
			}
			code := sixDigits.FindStringSubmatch(m.Text)
			isCode := strings.Contains(m.Text, "enter this code") || strings.Contains(m.Subject, "code")
			if len(runs) > 1 || len(runs) == 1 && !isCode {
				d.Fatalf("mail %q holds %v", m.Subject, runs)
			}
			if found == "" && slices.Contains(m.To, s.Email) && code != nil && strings.Contains(m.Text, reference) {
				found = code[1]
			}
		}
		return found != ""
	})
	return found
}

func (d *running) prove(s demoSubject, f *filed) {
	d.Helper()
	if f.Status != "filed" || f.Verification == nil || f.Verification.Channel != "email" {
		d.Fatalf("filed: %+v", f)
	}
	var proved struct {
		Token string `json:"access_token"`
	}
	code := d.code(s, f.Reference)
	d.want(200, "POST", "/api/v1/requests/"+f.ID+"/verification", "", map[string]string{"code": code}, &proved)
	d.want(422, "POST", "/api/v1/requests/"+f.ID+"/verification", "", map[string]string{"code": code}, nil)
	f.token = proved.Token
}

func (d *running) await(id, status string) {
	d.Helper()
	var got struct {
		Status string
		Flags  []string
		Result string
	}
	d.until(status, time.Minute, func() bool {
		d.want(200, "GET", "/api/v1/requests/"+id, d.token("auditor", 0), nil, &got)
		return got.Status == status
	})
}

type planOf struct {
	Hash    string `json:"plan_hash"`
	Records []struct{ System, Type, Key, Action, Ground string }
	Next    string `json:"next_cursor"`
}

func (d *running) plan(id string) planOf {
	d.Helper()
	var p planOf
	d.want(200, "GET", "/api/v1/requests/"+id+"/plan", d.token("agent", 0), nil, &p)
	if p.Next != "" {
		d.Fatal("the plan has more pages")
	}
	return p
}

func (d *running) erase(s demoSubject) *filed {
	d.Helper()
	f := d.file(s, "erasure")
	d.prove(s, f)
	d.await(f.ID, "review")
	p := d.plan(f.ID)
	d.standsIn(s, p, false)
	hash := map[string]string{"plan_hash": p.Hash}
	one := "/api/v1/requests/" + f.ID
	d.want(403, "POST", one+"/approval", d.token("agent", 0), hash, nil)
	d.want(202, "POST", one+"/approval", d.token("dpo", 0), hash, nil)
	d.want(409, "POST", one+"/approval", d.token("dpo", 0), hash, nil)
	var last struct{ Status string }
	d.want(202, "POST", one+"/approval", d.token("dpo", 1), hash, &last)
	if last.Status != "executing" {
		d.Errorf("after the last approval: %s", last.Status)
	}
	d.await(f.ID, "completed")
	d.standsIn(s, p, true)
	return f
}

// standsIn looks for the person's address in every row of the company's: it
// may stand in rows of the plan only, afterwards only in those that are kept.
func (d *running) standsIn(s demoSubject, p planOf, after bool) {
	d.Helper()
	ctx := d.Context()
	conn, err := pgx.Connect(ctx, d.CRMURL)
	if err != nil {
		d.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `select t.table_schema, t.table_name from information_schema.tables t where t.table_schema in ('crm', 'social') and t.table_type = 'BASE TABLE'`)
	if err != nil {
		d.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (name [2]string, err error) { return name, r.Scan(&name[0], &name[1]) })
	if err != nil || len(tables) < 20 {
		d.Fatalf("%d tables: %v", len(tables), err)
	}
	found := 0
	for _, name := range tables {
		rows, err := conn.Query(ctx, `select coalesce(to_jsonb(t)->>'id', '') from `+pgx.Identifier(name[:]).Sanitize()+` t where strpos(lower(t::text), lower($1)) > 0`, s.Email)
		if err != nil {
			d.Fatal(err)
		}
		keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			d.Fatal(err)
		}
		found += len(keys)
		for _, key := range keys {
			planned := slices.ContainsFunc(p.Records, func(r struct{ System, Type, Key, Action, Ground string }) bool {
				return r.System == name[0] && r.Type == name[1] && r.Key == key && (!after || r.Action == "keep")
			})
			if !planned {
				d.Errorf("the address stands in %s.%s %s (after: %v)", name[0], name[1], key, after)
			}
		}
	}
	if found == 0 && !after {
		d.Errorf("%s stands nowhere in the company", s.Email)
	}
}

// access asks for the person's data and returns the package's page.
func (d *running) access(s demoSubject) (page string) {
	d.Helper()
	f := d.file(s, "access")
	d.prove(s, f)
	d.await(f.ID, "review")
	one := "/api/v1/requests/" + f.ID
	d.want(404, "GET", one+"/package", f.token, nil, nil)
	d.want(202, "POST", one+"/approval", d.token("dpo", 0), map[string]string{"plan_hash": d.plan(f.ID).Hash}, nil)
	d.await(f.ID, "completed")
	status, raw := d.call("GET", one+"/package", f.token, nil)
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if status != 200 || err != nil {
		d.Fatalf("package: %d %v %.200s", status, err, raw)
	}
	var names []string
	held := false
	for _, file := range z.File {
		names = append(names, file.Name)
		r, err := file.Open()
		if err != nil {
			d.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			d.Fatal(err)
		}
		if file.Name == "index.html" {
			page = html.UnescapeString(string(text))
		}
		held = held || strings.HasPrefix(file.Name, "data/") && bytes.Contains(text, []byte(s.Email))
	}
	if len(names) == 0 || names[0] != "index.html" || !held {
		d.Errorf("package: %v, holds the person's data: %v", names, held)
	}
	return page
}

// withdraw withdraws consent: nobody proves anything, nothing is erased.
func (d *running) withdraw(s demoSubject) *filed {
	d.Helper()
	f := d.file(s, "consent_withdrawal")
	if f.Verification != nil {
		d.Errorf("a withdrawal asks for proof: %+v", f.Verification)
	}
	d.await(f.ID, "completed")
	conn, err := pgx.Connect(d.Context(), d.CRMURL)
	if err != nil {
		d.Fatal(err)
	}
	defer conn.Close(d.Context())
	var given, subscribed, contacts int
	if err := conn.QueryRow(d.Context(), `select
		(select count(*) from crm.consents c join crm.contacts p on p.id = c.contact_id where p.email = $1 and c.status = 'given'),
		(select count(*) from crm.newsletter_subscriptions n where n.email = $1 and n.status = 'subscribed'),
		(select count(*) from crm.contacts p where p.email = $1)`, s.Email).Scan(&given, &subscribed, &contacts); err != nil {
		d.Fatal(err)
	}
	if given != 0 || subscribed != 0 || contacts != 1 {
		d.Errorf("after a withdrawal: %d consents given, %d subscriptions, %d contacts", given, subscribed, contacts)
	}
	return f
}

// report downloads the evidence report, which verifies.
func (d *running) report(id string) string {
	d.Helper()
	status, raw := d.call("GET", "/api/v1/requests/"+id+"/evidence", d.token("auditor", 0), nil)
	if status != 200 {
		d.Fatalf("evidence: %d %s", status, raw)
	}
	path := filepath.Join(d.TempDir(), "report.zip")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		d.Fatal(err)
	}
	if code, _, errs := command(d.T, "verify", path, "--against", d.URL); code != 0 {
		d.Errorf("verify: %d %s", code, errs)
	}
	return path
}

func (d *running) verifies(report string) {
	d.Helper()
	raw, err := os.ReadFile(report)
	if err != nil {
		d.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		d.Fatal(err)
	}
	key := ""
	for _, f := range z.File {
		if f.Name == "log.vkey" {
			r, err := f.Open()
			if err != nil {
				d.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil {
				d.Fatal(err)
			}
			key = strings.TrimSpace(string(text))
		}
	}
	flipped := bytes.Clone(raw)
	flipped[len(flipped)/3] ^= 1
	broken := filepath.Join(d.TempDir(), "broken.zip")
	if err := os.WriteFile(broken, flipped, 0o600); err != nil {
		d.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{report}, 0, "integrity, not origin"},
		{[]string{report, "--key", key}, 0, "the one given"},
		{[]string{report, "--against", d.URL}, 0, "contains this one"},
		{[]string{report, "--print"}, 0, "erased in crm"},
		{[]string{broken}, 1, "does not hold"},
		{[]string{report, "--key", strings.Replace(key, "acme", "emca", 1)}, 1, "does not hold"},
		{[]string{filepath.Join(d.TempDir(), "none.zip")}, 1, "cannot open"},
		{nil, 2, "expected"},
		{[]string{report, "--nothing"}, 2, "unknown flag"},
	} {
		code, out, errs := command(d.T, append([]string{"verify"}, c.args...)...)
		if code != c.code || !strings.Contains(out+errs, c.says) || (code != 0) != (out == "") {
			d.Errorf("verify %v: %d, want %d and %q: %s %s", c.args, code, c.code, c.says, out, errs)
		}
	}
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// signIn enters as an officer with a browser.
func (d *running) signIn() *http.Client {
	d.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		d.Fatal(err)
	}
	c := &http.Client{Jar: jar}
	res, err := c.Get(d.URL + "/sign-in")
	if err != nil {
		d.Fatal(err)
	}
	page, err := io.ReadAll(res.Body)
	res.Body.Close()
	token := csrfField.FindSubmatch(page)
	if err != nil || token == nil {
		d.Fatalf("no form to sign in: %v", err)
	}
	res, err = c.PostForm(d.URL+"/sign-in", url.Values{"csrf": {string(token[1])}, "email": {d.Staff[0].Email}, "password": {d.Staff[0].Password}})
	if err != nil {
		d.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 || res.Request.URL.Path != "/desk" {
		d.Fatalf("sign in: %d %s", res.StatusCode, res.Request.URL.Path)
	}
	return c
}

// Exit codes: 0 done, 1 it failed, 2 wrong usage; errors on standard error.
func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
	}{
		{"clock --law EU --received 2026-01-31", 0},
		{"clock --law EU --received 2026-01-31 --json", 0},
		{"clock --law EU --received 2026-02-30", 2},
		{"clock --law XX --received 2026-01-31", 2},
		{"clock --law EU", 2},
		{"clock --law EU --received 2026-01-31 --event x=1", 2},
		{"--help", 0},
		{"", 2},
		{"nonsense", 2},
		{"migrate sideways", 2},
		{"user add --role dpo", 2},
		{"token create", 2},
		{"serve", 2},
		{"config check --config " + filepath.Join(t.TempDir(), "none.yaml"), 1},
		{"demo --listen nowhere --data " + t.TempDir(), 1},
	} {
		code, out, errs := command(t, strings.Fields(c.args)...)
		if code != c.code || (c.code != 0) != (errs != "") || c.code != 0 && out != "" {
			t.Errorf("habeas %s: %d, want %d: %q %q", c.args, code, c.code, out, errs)
		}
	}
	_, out, _ := command(t, "clock", "--law", "EU", "--received", "2026-03-07", "--json")
	var got struct {
		Deadlines []struct {
			Name, Due string
			Rules     []struct{ Cite, Text string }
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Deadlines) == 0 || got.Deadlines[0].Name != "respond" || got.Deadlines[0].Due != "2026-04-07" || len(got.Deadlines[0].Rules) == 0 {
		t.Errorf("%v %s", err, out)
	}
}
