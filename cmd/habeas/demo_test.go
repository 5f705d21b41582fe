package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

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

var (
	sixDigits = regexp.MustCompile(`(?:^|[^0-9])([0-9]{6})(?:[^0-9]|$)`)
	codeLike  = regexp.MustCompile(`[0-9]+`)
)
