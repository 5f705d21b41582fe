package export_test

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/evidence"
	"habeas/requests/export"
	"habeas/requests/testkit"
	"habeas/requests/testkit/browser"
	"habeas/templates/report"
)

var digest = evidence.Digest(strings.Repeat("0123456789abcdef", 4))

// evidenceReport writes the report of an erasure of n records and returns its
// files.
func evidenceReport(t *testing.T, n int) (whole []byte, files map[string]string) {
	t.Helper()
	pool := testkit.DB(t)
	log, err := evidence.OpenLog(pool, evidence.Config{Origin: "privacy.acme.example/log", Signer: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), PublishEvery: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	caseID, task, look := uuid.NewString(), uuid.NewString(), uuid.NewString()
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	receipts := func(kind, task, outcome string) evidence.Chunk {
		r, err := evidence.OpenReceipts(t.Context(), pool, evidence.ReceiptsOf{Case: caseID, Task: task, System: "crm", Kind: kind, Attempt: 1})
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			typ := []string{"contacts", "notes"}[i%2]
			if err := r.Add(t.Context(), evidence.Receipt{Type: typ, Key: fmt.Sprintf("%064x", i), Right: "erasure", Outcome: outcome, At: at}); err != nil {
				t.Fatal(err)
			}
		}
		c, err := r.Close(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	did, saw := receipts("record.erased", task, "erased"), receipts("outcome.verified", look, "verified_absent")
	outcomes := []evidence.OutcomeCount{{Count: evidence.Count(n), Outcome: "verified_absent"}}
	err = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		return evidence.Append(t.Context(), tx, caseID, at, 0,
			evidence.Event{Actor: "customer:" + caseID, Data: evidence.RequestFiled{Channel: "portal", Country: "DE", DueOn: "2026-12-02", Holidays: "DE", Law: "EU", ReceivedAt: evidence.At(at), Rights: []evidence.Code{"erasure"}, Zone: "Europe/Berlin"}},
			evidence.Event{Actor: "system", Data: evidence.IdentityVerified{Proof: "email_code", Use: "verification"}},
			evidence.Event{Actor: "worker", Data: evidence.PlanMade{ConfigHash: digest, PlanHash: digest, Counts: []evidence.ActionCount{{Action: "erase", Count: evidence.Count(n), System: "crm"}}, Datasets: []evidence.SystemHash{{SHA256: digest, System: "crm"}}}},
			evidence.Event{Actor: "dpo:" + uuid.NewString(), Data: evidence.PlanApproved{Approval: 1, Needed: 2, PlanHash: digest}},
			evidence.Event{Actor: "worker", Data: evidence.RecordErased{Chunk: did}},
			evidence.Event{Actor: "worker", Data: evidence.OutcomeVerified{Attempt: saw.Attempt, Count: saw.Count, Outcomes: outcomes, Round: "after_act", SHA256: saw.SHA256, System: "crm", Task: saw.Task}},
			evidence.Event{Actor: "worker", Data: evidence.RequestCompleted{Outcomes: outcomes, Result: "done"}},
			evidence.Event{Actor: "system", Data: evidence.LetterSent{Digest: digest, Template: "ERASURE", Language: "en", Letter: "l1", Version: "1"}},
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Integrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	opt := export.ReportOptions{Deadlines: func(lines []evidence.Line) []report.Clock {
		return []report.Clock{{What: "respond", Date: "2026-12-02", Cite: "GDPR Art. 12(3); Reg. 1182/71 Art. 3(2)(c)"}}
	}}
	written, err := export.EvidenceReport(t.Context(), &out, log, caseID, opt)
	if err != nil {
		t.Fatal(err)
	}
	if written.Events != 8 {
		t.Errorf("%+v", written)
	}
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	for _, f := range z.File {
		files[f.Name] = read(t, z, f.Name)
	}
	return out.Bytes(), files
}

func read(t *testing.T, z *zip.Reader, name string) string {
	t.Helper()
	r, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEvidenceReportVerifiesAndReads(t *testing.T) {
	t.Parallel()
	whole, files := evidenceReport(t, 12)
	if _, err := evidence.Verify(bytes.NewReader(whole), int64(len(whole)), evidence.VerifyOptions{}); err != nil {
		t.Errorf("habeas verify refuses the report: %v", err)
	}
	page := files["report.html"]
	for _, want := range []string{
		"with 1 of 2 approvals", "GDPR Art. 12(3)", "Europe/Berlin", "verified absent", "contacts", ">6<", "plan approved, 1 of 2",
		"Unwitnessed", "privacy.acme.example/log", "request filed over portal for erasure",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("report.html does not say %q", want)
		}
	}
	if strings.Index(page, `id="gaps"`) > strings.Index(page, `id="clocks"`) || strings.Contains(page, "<script") {
		t.Error("gaps come first, and scripts never")
	}
	if pdf := files["report.pdf"]; !strings.HasPrefix(pdf, "%PDF-") || len(pdf) < 10_000 {
		t.Errorf("report.pdf has %d bytes", len(pdf))
	}

	dir := t.TempDir()
	for _, name := range []string{"report.html", "report.pdf"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(files[name]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if keep := os.Getenv("HABEAS_KEEP_PDF"); keep != "" {
		if err := os.WriteFile(keep, []byte(files["report.pdf"]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx := browser.New(t)
	browser.Open(t, ctx, "file://"+filepath.Join(dir, "report.html"))
	browser.Axe(t, ctx)
	for _, width := range []int{1280, 390} {
		browser.Screenshot(t, ctx, "evidence-report", width)
	}
}

// Without an integrator the events never reach the log: the report says so in
// time, and does not wait for ever.
func TestEvidenceReportWaitsOnlySoLong(t *testing.T) {
	t.Parallel()
	pool := testkit.DB(t)
	log, err := evidence.OpenLog(pool, evidence.Config{Origin: "privacy.acme.example/log", Signer: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), PublishEvery: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	caseID := uuid.NewString()
	if err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		return evidence.Append(t.Context(), tx, caseID, time.Now(), 0, evidence.Event{Actor: "worker", Data: evidence.StatusChanged{From: "filed", To: "verified"}})
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := export.EvidenceReport(t.Context(), io.Discard, log, caseID, export.ReportOptions{Wait: 50 * time.Millisecond}); !errors.Is(err, export.ErrLogBehind) {
		t.Errorf("%v", err)
	}
}
