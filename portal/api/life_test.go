package api_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"habeas/requests"
	"habeas/requests/evidence"
	"habeas/requests/testkit/acme"
)

type planPage struct {
	PlanHash string `json:"plan_hash"`
	Total    int
	Records  []struct {
		System, Type, Key, Right, Action, Ground, Via, Match string
		Fields                                               []string
		Shared                                               int
	}
	Manual   []any
	Warnings []any
	Next     string `json:"next_cursor"`
}

func erasure(t *testing.T, p *portal, who []acme.Subject) {
	known := p.fileFor(t, who[0].Email, "erasure")
	unknown := p.fileFor(t, "nobody.at.all@unknown.example", "erasure")
	if known.Status != "filed" || known.Status != unknown.Status || known.Verification == nil || *known.Verification != *unknown.Verification {
		t.Errorf("answers tell who is known: %+v, %+v", known, unknown)
	}
	one := "/api/v1/requests/" + known.ID
	customer := p.verify(t, who[0].Email, known)
	k := p.await(t, known.ID, requests.Review)
	if k.PlanHash == "" || len(k.Deadlines) == 0 || len(k.Deadlines[0].Rules) == 0 {
		t.Errorf("no plan or deadlines in %+v", k)
	}

	// who sees what
	for _, secret := range []string{who[0].Email, who[0].Name} {
		for _, token := range []string{p.dpo, p.auditor, customer} {
			for _, path := range []string{one, "/api/v1/requests"} {
				if token == customer && path != one {
					continue
				}
				if r := p.get(t, path, token).want(200); bytes.Contains(r.Body, []byte(secret)) {
					t.Errorf("%s holds %q", path, secret)
				}
			}
		}
	}
	for _, member := range []string{"plan_hash", "approvals", "tasks", "outcomes"} {
		if _, ok := p.get(t, one, customer).object()[member]; ok {
			t.Errorf("the customer sees %s", member)
		}
		if _, ok := p.get(t, one, p.auditor).object()[member]; !ok {
			t.Errorf("the auditor does not see %s", member)
		}
	}
	p.get(t, "/api/v1/requests/"+unknown.ID, customer).problem(404, "not-found")

	// the plan, in pages
	var whole planPage
	p.get(t, one+"/plan", p.agent).want(200).into(&whole)
	if len(whole.Records) < 3 || whole.Total != len(whole.Records) || whole.PlanHash != k.PlanHash {
		t.Fatalf("plan has %d records of %d, hash %s", len(whole.Records), whole.Total, whole.PlanHash)
	}
	var first, second planPage
	p.get(t, one+"/plan?limit=2", p.agent).want(200).into(&first)
	p.get(t, one+"/plan?limit=1000&cursor="+first.Next, p.agent).want(200).into(&second)
	if got := fmt.Sprint(slices.Concat(first.Records, second.Records)); got != fmt.Sprint(whole.Records) {
		t.Errorf("pages do not make the whole: %s", got)
	}

	// personal data needs a purpose
	p.get(t, one+"/personal-data", p.dpo).problem(400, "invalid-input")
	if r := p.get(t, one+"/personal-data?purpose=plan_review", p.dpo).want(200); !bytes.Contains(r.Body, []byte(who[0].Email)) {
		t.Error("personal data without the e-mail address")
	}

	// one approval, a decision, and the approval falls
	p.approve(t, known.ID, p.dpo)
	p.post(t, one+"/approval", p.dpo, map[string]string{"plan_hash": k.PlanHash}).problem(409, "second-person-needed")
	i := slices.IndexFunc(whole.Records, func(r struct {
		System, Type, Key, Right, Action, Ground, Via, Match string
		Fields                                               []string
		Shared                                               int
	},
	) bool {
		return r.Action == "erase"
	})
	rec := whole.Records[i]
	change := map[string]any{"records": []any{map[string]any{"system": rec.System, "type": rec.Type, "key": rec.Key, "action": "keep", "ground": "HGB §257"}}}
	changed := p.post(t, one+"/plan/decisions", p.agent, change).want(200).object()["plan_hash"]
	if changed == "" || changed == k.PlanHash {
		t.Errorf("plan hash after a decision is %v", changed)
	}
	p.post(t, one+"/approval", p.dpo2, map[string]string{"plan_hash": k.PlanHash}).problem(409, "plan-changed")
	p.get(t, one+"/plan?cursor="+first.Next, p.agent).problem(409, "plan-changed")
	if k = p.look(t, known.ID); len(k.Approvals) != 0 {
		t.Errorf("approvals stand after a decision: %+v", k.Approvals)
	}
	// and back again
	change["records"].([]any)[0].(map[string]any)["action"] = "erase"
	p.post(t, one+"/plan/decisions", p.agent, change).want(200)
	change["records"].([]any)[0].(map[string]any)["action"] = "explode"
	p.post(t, one+"/plan/decisions", p.agent, change).want(400)

	p.approve(t, known.ID, p.dpo, p.dpo2)
	k = p.await(t, known.ID, requests.Completed)
	if len(k.Outcomes) == 0 || k.Result != "done" {
		t.Errorf("completed with %+v", k)
	}
	for _, o := range k.Outcomes {
		if len(o.Key) != 64 || strings.Contains(o.Key, "-") {
			t.Errorf("key %q is not opaque", o.Key)
		}
	}
	p.post(t, one+"/withdrawal", customer, "").problem(409, "already-begun")
	if r := p.post(t, one+"/withdrawal", customer, ""); !strings.Contains(string(r.Body), "Customer database") {
		t.Errorf("does not say what has begun: %s", r.Body)
	}
	inTheLog(t, p, known.ID, customer)
}

// inTheLog checks receipt, events, entries, tiles and proofs of a case.
func inTheLog(t *testing.T, p *portal, id, customer string) {
	one := "/api/v1/requests/" + id
	var rec struct {
		Checkpoint string
		Events     []struct {
			Index int64
			Line  string
			Path  []string
		}
	}
	p.get(t, one+"/receipt", customer).want(200).into(&rec)
	head := strings.Split(rec.Checkpoint, "\n")
	size, err := strconv.ParseInt(head[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	root, err := tlog.ParseHash(head[2])
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.Events) < 10 {
		t.Errorf("receipt has %d events", len(rec.Events))
	}
	for _, e := range rec.Events {
		var proof tlog.RecordProof
		for _, h := range e.Path {
			raw, err := base64.StdEncoding.DecodeString(h)
			if err != nil {
				t.Fatal(err)
			}
			proof = append(proof, tlog.Hash(raw))
		}
		if err := tlog.CheckRecord(proof, size, root, e.Index, tlog.RecordHash([]byte(e.Line))); err != nil {
			t.Errorf("event %d: %v", e.Index, err)
		}
	}

	var events struct {
		Items []struct {
			Index      *int64
			Line, Kind string
			Seq        int64
		}
	}
	p.get(t, one+"/events", p.auditor).want(200).into(&events)
	for i, e := range events.Items {
		if e.Seq != int64(i+1) || e.Index == nil {
			t.Fatalf("event %d has seq %d, index %v", i, e.Seq, e.Index)
		}
	}
	at := *events.Items[0].Index
	var entries struct {
		Items []struct {
			Index *int64
			Line  string
		}
	}
	p.get(t, fmt.Sprintf("/api/v1/log/entries?from=%d&to=%d", at, at+1), p.auditor).want(200).into(&entries)
	if len(entries.Items) != 1 || entries.Items[0].Line != events.Items[0].Line {
		t.Errorf("entry %d is %+v", at, entries.Items)
	}
	p.get(t, "/api/v1/log/entries?from=5&to=4", p.auditor).problem(400, "invalid-input")

	report := p.get(t, one+"/evidence", p.auditor).want(200)
	sum, err := evidence.Verify(bytes.NewReader(report.Body), int64(len(report.Body)), evidence.VerifyOptions{})
	if err != nil {
		t.Fatalf("evidence report: %v", err)
	}
	if sum.Case != id || sum.Events != int64(len(events.Items)) {
		t.Errorf("report of %s with %d events, want %d", sum.Case, sum.Events, len(events.Items))
	}
	if h := report.Header; h.Get("Content-Length") != strconv.Itoa(len(report.Body)) || h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") {
		t.Errorf("headers of the report: %v", h)
	}

	note := p.get(t, "/log/checkpoint", "").want(200)
	public, err := strconv.ParseInt(strings.Split(string(note.Body), "\n")[1], 10, 64)
	if err != nil || public < size {
		t.Errorf("public checkpoint of size %d, want at least %d", public, size)
	}
	var path struct{ Path []string }
	p.get(t, fmt.Sprintf("/log/consistency?from=1&to=%d", public), "").want(200).into(&path)
	if len(path.Path) == 0 {
		t.Error("empty proof")
	}
	if tile := p.get(t, "/log/tile/0/000.p/1", "").want(200); len(tile.Body) != 32 || !bytes.Equal(tile.Body, leafHash(t, p)) {
		t.Errorf("tile of width 1 has %d bytes", len(tile.Body))
	}
	for _, bad := range []string{"/log/tile/0/999", "/log/tile/entries/000", "/log/tile/8/0/000", "/log/tile/0/000.p/0", "/log/tile/x"} {
		p.get(t, bad, "").problem(404, "not-in-log")
	}
	p.get(t, "/log/consistency?from=1&to=99999999", "").problem(404, "not-in-log")
	p.get(t, "/log/consistency?from=1", "").problem(400, "invalid-input")
	p.get(t, "/log/consistency?from=-1&to=+2", "").problem(400, "invalid-input")
}

func leafHash(t *testing.T, p *portal) []byte {
	var first struct{ Items []struct{ Line string } }
	p.get(t, "/api/v1/log/entries?to=1", p.auditor).want(200).into(&first)
	h := tlog.RecordHash([]byte(first.Items[0].Line))
	return h[:]
}

func access(t *testing.T, p *portal, who []acme.Subject) {
	f := p.fileFor(t, who[0].Email, "access")
	one := "/api/v1/requests/" + f.ID
	customer := p.verify(t, who[0].Email, f)
	p.await(t, f.ID, requests.Review)
	p.get(t, one+"/package", customer).problem(404, "package-not-ready")
	p.get(t, one+"/package", p.dpo).problem(403, "not-allowed")
	p.approve(t, f.ID, p.dpo)
	p.await(t, f.ID, requests.Completed)

	res := p.get(t, one+"/package", customer).want(200)
	if n := res.Header.Get("Content-Length"); n != strconv.Itoa(len(res.Body)) {
		t.Errorf("Content-Length %q for %d bytes", n, len(res.Body))
	}
	want := map[string]string{
		"Content-Type": "application/zip", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
		"Content-Disposition": "attachment; filename=" + f.Reference + ".zip",
	}
	for _, h := range slices.Sorted(maps.Keys(want)) {
		if got := res.Header.Get(h); got != want[h] {
			t.Errorf("%s: %q, want %q", h, got, want[h])
		}
	}
	z, err := zip.NewReader(bytes.NewReader(res.Body), int64(len(res.Body)))
	if err != nil || z.File[0].Name != "index.html" {
		t.Fatalf("package: %v", err)
	}
	sum := sha256.Sum256(res.Body)
	mine := p.get(t, one, customer).object()["package"].(map[string]any)
	if mine["sha256"] != hex.EncodeToString(sum[:]) {
		t.Errorf("sha256 is %v", mine["sha256"])
	}
	p.send(t, http.MethodHead, one+"/package", customer, nil).want(405)

	ctx := t.Context()
	if _, err := p.DB.Exec(ctx, `update customer_tokens set fresh_until = now() - interval '1 second' where case_id = $1`, f.ID); err != nil {
		t.Fatal(err)
	}
	p.get(t, one+"/package", customer).problem(403, "fresh-code-needed")
	old := p.Code(who[0].Email, f.Reference)
	p.post(t, one+"/verification/code", "", "").want(202)
	again := p.verifyWith(t, f, p.newCode(t, who[0].Email, f.Reference, old))
	p.get(t, one+"/package", again).want(200)
	if _, err := p.DB.Exec(ctx, `update cases set package_until = now() - interval '1 second' where id = $1`, f.ID); err != nil {
		t.Fatal(err)
	}
	p.get(t, one+"/package", again).problem(410, "package-expired")
}

func withdrawalOfConsent(t *testing.T, p *portal, who []acme.Subject) {
	consent := map[string]any{"identity": map[string]string{"kind": "email", "value": who[0].Email}, "purpose": "marketing_email"}
	give := maps.Clone(consent)
	give["allowed"] = true
	p.post(t, "/api/v1/consents", p.service, give).want(201)
	if got := p.post(t, "/api/v1/consents/check", p.service, consent).want(200).object()["allowed"]; got != true {
		t.Fatalf("allowed is %v", got)
	}
	var f filed
	p.post(t, "/api/v1/requests", "", map[string]any{
		"rights": []string{"opt_out"}, "country": "US", "region": "CA", "identities": []any{who[0].Email}, "purposes": []string{"marketing_email"},
	}).want(201).into(&f)
	if f.Status != "discovering" || f.Verification != nil {
		t.Errorf("filed: %+v", f)
	}
	var state struct {
		Allowed        bool
		Since, Receipt string
	}
	p.post(t, "/api/v1/consents/check", p.service, consent).want(200).into(&state)
	if state.Allowed || state.Since == "" {
		t.Errorf("right after filing: %+v", state)
	}
	k := p.await(t, f.ID, requests.Completed)
	if k.Result != "done" {
		t.Errorf("result %q", k.Result)
	}

	// somebody unknown gets the same answers
	var g filed
	p.post(t, "/api/v1/requests", "", map[string]any{
		"rights": []string{"opt_out"}, "country": "US", "region": "CA", "identities": []any{"a.stranger@unknown.example"}, "purposes": []string{"marketing_email"},
	}).want(201).into(&g)
	p.await(t, g.ID, requests.Completed)
	seen := map[string]string{}
	for _, x := range []struct {
		filed
		email string
	}{{f, who[0].Email}, {g, "a.stranger@unknown.example"}} {
		p.post(t, "/api/v1/requests/"+x.ID+"/verification/code", "", "").want(202)
		token := p.verify(t, x.email, x.filed)
		v := p.get(t, "/api/v1/requests/"+x.ID, token).want(200).object()
		for _, own := range []string{"id", "reference", "received_at", "completed_at", "verified_at", "closed_at"} {
			delete(v, own)
		}
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		seen[string(raw)] = x.ID
		rec := p.get(t, "/api/v1/requests/"+x.ID+"/receipt", token).want(200)
		for _, kind := range []string{"record.", "task.", "outcome.", "plan.", "request.completed"} {
			if bytes.Contains(rec.Body, []byte(`\"kind\":\"`+kind)) {
				t.Errorf("the receipt of an unproved request has %s events", kind)
			}
		}
	}
	if len(seen) != 1 {
		t.Errorf("the customer's view tells who is known: %v", seen)
	}
}

func stopping(t *testing.T, p *portal, who []acme.Subject) {
	f := p.fileFor(t, who[0].Email, "erasure")
	customer := p.verify(t, who[0].Email, f)
	other := p.fileFor(t, who[1].Email, "erasure")
	p.post(t, "/api/v1/requests/"+other.ID+"/withdrawal", customer, "").problem(404, "not-found")
	got := p.post(t, "/api/v1/requests/"+f.ID+"/withdrawal", customer, "{}").want(200).object()
	if got["status"] != "withdrawn" {
		t.Errorf("withdrawal: %v", got)
	}
	p.post(t, "/api/v1/requests/"+f.ID+"/withdrawal", customer, "").problem(409, "already-begun")

	token := p.notMeToken(t, who[1].Email, other.Reference)
	p.post(t, "/api/v1/requests/"+f.ID+"/not-me", "", map[string]string{"token": token}).problem(404, "not-found")
	p.post(t, "/api/v1/requests/"+other.ID+"/not-me", "", map[string]string{"token": "guess"}).problem(410, "link-expired")
	if got := p.post(t, "/api/v1/requests/"+other.ID+"/not-me", "", map[string]string{"token": token}).want(200).object(); got["status"] != "withdrawn" {
		t.Errorf("not me: %v", got)
	}
}

func codes(t *testing.T, p *portal, who []acme.Subject) {
	f := p.fileFor(t, who[0].Email, "access")
	path := "/api/v1/requests/" + f.ID + "/verification"
	right := p.Code(who[0].Email, f.Reference)
	wrong := "000000"
	if right == wrong {
		wrong = "111111"
	}
	for range 4 {
		p.post(t, path, "", map[string]string{"code": wrong}).problem(422, "wrong-code")
	}
	p.post(t, path, "", map[string]string{"code": wrong}).problem(429, "code-dead")
	p.post(t, path, "", map[string]string{"code": right}).problem(429, "code-dead")
	p.post(t, path, "", map[string]string{"code": ""}).problem(400, "invalid-input")
	for range 4 {
		p.post(t, path+"/code", "", "").want(202)
	}
	p.post(t, path+"/code", "", "").problem(429, "too-many-codes")
	nowhere := "/api/v1/requests/" + uuid.Must(uuid.NewV7()).String()
	p.post(t, nowhere+"/verification", "", map[string]string{"code": wrong}).problem(404, "not-found")
	p.get(t, nowhere, p.dpo).problem(404, "not-found")
	p.get(t, "/api/v1/requests/"+strings.ToUpper(f.ID), p.dpo).problem(404, "not-found")
}
