package evidence_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/requests/evidence"
	"habeas/requests/testkit"
)

func receipt(i int) evidence.Receipt {
	return evidence.Receipt{Type: "contacts", Key: fmt.Sprintf("%064x", i), Right: "erasure", Outcome: "verified_absent", At: time.Now()}
}

func TestReceiptsInParts(t *testing.T) {
	t.Parallel()
	pool := testkit.DB(t)
	log := open(t, pool, 0)
	id, task := uuid.NewString(), uuid.NewString()
	of := evidence.ReceiptsOf{Case: id, Task: task, System: "crm", Kind: "record.erased", Attempt: 1}

	// The first attempt stores a part and crashes.
	first, err := evidence.OpenReceipts(t.Context(), pool, of)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 9000 {
		if err := first.Add(t.Context(), receipt(i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, pool, "receipts"); n != 1 {
		t.Fatalf("%d parts stored before the end, want 1", n)
	}

	of.Attempt = 2
	second, err := evidence.OpenReceipts(t.Context(), pool, of)
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, pool, "receipts"); n != 0 {
		t.Fatalf("%d parts of the crashed attempt are left", n)
	}
	// The crashed attempt was only slow, and goes on writing.
	if _, err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 10000 {
		if err := second.Add(t.Context(), receipt(i)); err != nil {
			t.Fatal(err)
		}
	}
	chunk, err := second.Close(t.Context())
	if err != nil || chunk.Count != 10000 || chunk.Attempt != 2 || chunk.System != "crm" || string(chunk.Task) != task {
		t.Fatalf("%+v %v", chunk, err)
	}
	appendTo(t, pool, id, 0, evidence.Event{Actor: "worker", Data: evidence.RecordErased{Chunk: chunk}})
	integrate(t, log)

	snap, err := log.Snapshot(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	var body bytes.Buffer
	if err := snap.WriteReceipts(&body); err != nil {
		t.Fatal(err)
	}
	if sum(body.Bytes()) != string(chunk.SHA256) || bytes.Count(body.Bytes(), []byte("\n")) != 10000 {
		t.Errorf("receipts of %d lines do not hash as their event says", bytes.Count(body.Bytes(), []byte("\n")))
	}
	var parts int
	if err := pool.QueryRow(t.Context(), "select max(length(body)) from receipts").Scan(&parts); err != nil || parts > 1<<20+1000 {
		t.Errorf("a part of %d bytes, %v", parts, err)
	}
}

func TestReceiptsRefuse(t *testing.T) {
	t.Parallel()
	pool := testkit.DB(t)
	good := evidence.ReceiptsOf{Case: uuid.NewString(), Task: "t", System: "crm", Kind: "record.read", Attempt: 1}
	for name, change := range map[string]func(*evidence.ReceiptsOf){
		"kind without receipts": func(of *evidence.ReceiptsOf) { of.Kind = "letter.sent" },
		"unknown kind":          func(of *evidence.ReceiptsOf) { of.Kind = "record.painted" },
		"case":                  func(of *evidence.ReceiptsOf) { of.Case = "x" },
		"system":                func(of *evidence.ReceiptsOf) { of.System = "a b" },
	} {
		of := good
		change(&of)
		if _, err := evidence.OpenReceipts(t.Context(), pool, of); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	r, err := evidence.OpenReceipts(t.Context(), pool, good)
	if err != nil {
		t.Fatal(err)
	}
	bad := receipt(1)
	bad.Key = "erika@acme.example"
	if err := r.Add(t.Context(), bad); err == nil {
		t.Error("an address as key is accepted")
	}
	chunk, err := r.Close(t.Context())
	if err != nil || chunk.Count != 0 || string(chunk.SHA256) != sum(nil) {
		t.Errorf("an empty chunk: %+v %v", chunk, err)
	}
}

// The whole way with a portal that has no key: events, receipts, report,
// verification.
func TestReportFromTheDatabase(t *testing.T) {
	t.Parallel()
	pool := testkit.DB(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- open(t, pool, 0).Run(ctx) }()
	defer func() { stop(); <-ended }()

	id := uuid.NewString()
	seq := int64(0)
	add := func(d evidence.Data) {
		appendTo(t, pool, id, seq, evidence.Event{Actor: "worker", Data: d})
		appendTo(t, pool, uuid.NewString(), 0, step(1)) // other cases in between
		seq++
	}
	add(evidence.RequestFiled{
		Channel: "portal", Country: "DE", Holidays: "DE", Law: "EU", ReceivedAt: evidence.At(time.Now()), Rights: []evidence.Code{"erasure"}, Zone: "Europe/Berlin",
	})
	for i, n := range []int{3, 0} {
		r, err := evidence.OpenReceipts(t.Context(), pool, evidence.ReceiptsOf{Case: id, Task: fmt.Sprint("task-", i), System: "crm", Kind: "record.erased", Attempt: 1})
		if err != nil {
			t.Fatal(err)
		}
		for j := range n {
			if err := r.Add(t.Context(), receipt(j)); err != nil {
				t.Fatal(err)
			}
		}
		chunk, err := r.Close(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		add(evidence.RecordErased{Chunk: chunk})
	}
	reader, err := evidence.OpenLog(pool, evidence.Config{Origin: origin})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Snapshot(t.Context(), uuid.NewString()); err == nil {
		t.Error("a snapshot of a case without events")
	}
	if err := reader.WaitFor(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	snap, err := reader.Snapshot(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	// What happens meanwhile is not in it.
	add(evidence.StatusChanged{From: "filed", To: "verified"})
	var out bytes.Buffer
	w, err := evidence.WriteReport(&out, evidence.Bundle{ReportHTML: []byte("<p>"), ReportPDF: []byte("%PDF"), Snapshot: snap})
	if err != nil {
		t.Fatal(err)
	}
	vkey, err := reader.VKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := evidence.Verify(bytes.NewReader(out.Bytes()), int64(out.Len()), evidence.VerifyOptions{Key: vkey})
	if err != nil {
		t.Fatal(err)
	}
	if got.Case != id || got.Events != 3 || got.Records != 3 || w.Events != 3 || w.TreeSize != got.TreeSize {
		t.Errorf("%+v %+v", got, w)
	}
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(f); err != nil || sum(b) != w.Manifest {
		t.Errorf("manifest digest %s %v", w.Manifest, err)
	}
	var story strings.Builder
	if err := evidence.Print(&story, bytes.NewReader(out.Bytes()), int64(out.Len())); err != nil {
		t.Fatal(err)
	}
	if s := story.String(); !strings.Contains(s, "request filed over portal for erasure") || !strings.Contains(s, "3 records erased in crm") || strings.Count(s, "\n") != 3 {
		t.Errorf("story:\n%s", s)
	}
}
