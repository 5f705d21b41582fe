package api_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"habeas/portal/api"
	"habeas/requests"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

var notMe = regexp.MustCompile(`not-me\?token=([A-Za-z0-9_-]+)`)

func (p *portal) notMeToken(t *testing.T, email, reference string) string {
	t.Helper()
	m, err := p.Mail.Wait(p.Deadline(), func(m mail.Captured) bool {
		return slices.Contains(m.To, email) && strings.Contains(m.Text, reference) && notMe.MatchString(m.Text)
	})
	if err != nil {
		t.Fatal(err)
	}
	return notMe.FindStringSubmatch(m.Text)[1]
}

func clockSteps(t *testing.T, p *portal, who []acme.Subject) {
	f := p.fileFor(t, who[0].Email, "erasure")
	one := "/api/v1/requests/" + f.ID
	p.verify(t, who[0].Email, f)
	before := p.await(t, f.ID, requests.Review)

	p.post(t, one+"/extension", p.dpo, map[string]string{}).want(422)
	if r := p.post(t, one+"/extension", p.dpo, map[string]string{}); !strings.Contains(string(r.Body), "12(3)") {
		t.Errorf("the refusal names no article: %s", r.Body)
	}
	var k kase
	p.post(t, one+"/extension", p.dpo, map[string]string{"ground": "complexity", "reason": "Many systems"}).want(200).into(&k)
	if k.DueOn <= before.DueOn || !slices.Contains(k.Flags, "extended") {
		t.Errorf("extended from %s to %s %v", before.DueOn, k.DueOn, k.Flags)
	}
	p.post(t, one+"/extension", p.dpo, map[string]string{"ground": "complexity", "reason": "Again"}).problem(422, "not-lawful")

	p.post(t, one+"/resume", p.dpo, "").problem(409, "not-paused")
	p.post(t, one+"/pause", p.dpo, map[string]string{"ground": "holidays", "reason": "x"}).want(422)
	p.post(t, one+"/rediscovery", p.dpo, "").want(202)
	p.await(t, f.ID, requests.Review)

	r := p.post(t, one+"/refusal", p.dpo, map[string]string{"ground": "because"}).want(422)
	if !strings.Contains(string(r.Body), "Art") {
		t.Errorf("the refusal names no article: %s", r.Body)
	}
	p.post(t, one+"/refusal", p.dpo, map[string]string{"ground": "manifestly_unfounded", "right": "portability", "reason": "x"}).problem(400, "invalid-input")
}

// manualWork ends tasks for people: as JSON, and as a form with a proof.
func manualWork(t *testing.T, p *portal, _ []acme.Subject) {
	ctx := t.Context()
	var emails []string
	rows, err := p.CRM.Query(ctx, `select c.email from crm.contacts c where c.paper_file is not null and c.email is not null order by c.id limit 2`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var e string
		if err := rows.Scan(&e); err != nil {
			t.Fatal(err)
		}
		emails = append(emails, e)
	}
	if rows.Err() != nil || len(emails) != 2 {
		t.Fatalf("%d people with a paper file, %v", len(emails), rows.Err())
	}
	for i, email := range emails {
		f := p.fileFor(t, email, "erasure")
		one := "/api/v1/requests/" + f.ID
		p.verify(t, email, f)
		p.await(t, f.ID, requests.Review)
		p.approve(t, f.ID, p.dpo, p.dpo2)
		k := p.await(t, f.ID, requests.Executing)
		j := slices.IndexFunc(k.Tasks, func(task struct {
			ID, System, Stage, Status, Error string
			Attempts                         int
		},
		) bool {
			return task.Stage == "manual"
		})
		if j < 0 {
			t.Fatalf("no manual task: %+v", k.Tasks)
		}
		result := one + "/tasks/" + k.Tasks[j].ID + "/result"
		p.post(t, result, p.agent, map[string]string{"result": "maybe"}).problem(400, "invalid-input")
		p.post(t, result, p.agent, map[string]string{"result": "exception"}).problem(400, "invalid-input")
		if i == 0 {
			p.post(t, result, p.agent, map[string]string{"result": "done"}).want(200)
		} else {
			body, kind := form(t, map[string]string{"result": "done", "reason": "Shredded"}, []byte("%PDF-1.7 protocol"))
			p.send(t, http.MethodPost, result, p.agent, body, "Content-Type", kind).want(200)
			bad, badKind := form(t, map[string]string{"result": "done", "colour": "red"}, nil)
			p.send(t, http.MethodPost, result, p.agent, bad, "Content-Type", badKind).problem(400, "invalid-input")
		}
		p.post(t, result, p.agent, map[string]string{"result": "done"}).problem(409, "task-ended")
		p.await(t, f.ID, requests.Completed)
	}
}

func form(t *testing.T, fields map[string]string, proof []byte) ([]byte, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		if err := w.WriteField(k, fields[k]); err != nil {
			t.Fatal(err)
		}
	}
	if proof != nil {
		part, err := w.CreateFormFile("proof", "protocol.pdf")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(proof); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}

// roles tries every call with every token that the contract does not name.
func roles(t *testing.T, p *portal, who []acme.Subject) {
	f := p.fileFor(t, who[0].Email, "access")
	tokens := map[string]string{
		"public": "", "dpo": p.dpo, "agent": p.agent, "auditor": p.auditor, "admin": p.admin, "service": p.service,
		"customer": p.verify(t, who[0].Email, f),
	}
	fill := strings.NewReplacer("{id}", f.ID, "{task}", f.ID, "{name}", "crm", "{path}", "0/000")
	for call, granted := range contract {
		method, path, _ := strings.Cut(call, " ")
		if strings.Contains(granted, "public") {
			continue
		}
		for role, token := range tokens {
			if slices.Contains(strings.Fields(granted), role) {
				continue
			}
			status, code := 403, "not-allowed"
			if role == "public" {
				status, code = 401, "sign-in-needed"
			}
			// the body is not read: it is no JSON, and nobody says so
			p.send(t, method, fill.Replace(path), token, []byte("{"), "Content-Type", "application/json").problem(status, code)
		}
	}
	p.get(t, "/api/v1/systems", "hb_wrong").problem(401, "unknown-token")
}

func lists(t *testing.T, p *portal, who []acme.Subject) {
	var made []string
	for range 3 {
		made = append(made, p.fileFor(t, who[0].Email, "erasure").ID)
	}
	var page struct {
		Items []kase
		Next  string `json:"next_cursor"`
	}
	var seen []string
	due := ""
	for path := "/api/v1/requests?limit=2&status=filed&right=erasure"; ; path = "/api/v1/requests?limit=2&status=filed&right=erasure&cursor=" + page.Next {
		page.Next, page.Items = "", nil
		p.get(t, path, p.auditor).want(200).into(&page)
		for _, k := range page.Items {
			if k.DueOn < due {
				t.Errorf("%s after %s", k.DueOn, due)
			}
			due = k.DueOn
			seen = append(seen, k.ID)
		}
		if page.Next == "" {
			break
		}
	}
	for _, id := range made {
		if !slices.Contains(seen, id) {
			t.Errorf("%s is not in the list", id)
		}
	}
	for _, bad := range []string{
		"status=lost", "right=everything", "due_before=tomorrow", "due_before=2026-13-01", "flag=red", "system=erp", "limit=0", "limit=201", "limit=x",
		"limit=%2B5", "cursor=abc", "colour=red", "limit=2&limit=3",
	} {
		p.get(t, "/api/v1/requests?"+bad, p.dpo).problem(400, "invalid-input")
	}
	p.get(t, "/api/v1/requests?due_before=1999-01-01", p.dpo).want(200).into(&page)
	if len(page.Items) != 0 {
		t.Error("something was due before 1999")
	}

	find := func(body any) []string {
		page.Items = nil
		p.post(t, "/api/v1/requests/search", p.agent, body).want(200).into(&page)
		var ids []string
		for _, k := range page.Items {
			ids = append(ids, k.ID)
		}
		slices.Sort(ids)
		return ids
	}
	slices.Sort(made)
	if got := find(map[string]any{"identity": map[string]string{"kind": "email", "value": strings.ToUpper(who[0].Email)}}); !slices.Equal(got, made) {
		t.Errorf("found %v, want %v", got, made)
	}
	if got := find(map[string]any{"identity": who[0].Email}); !slices.Equal(got, made) {
		t.Errorf("found %v, want %v", got, made)
	}
	ref := p.look(t, made[0]).Reference
	if got := find(map[string]any{"reference": strings.ToLower(ref)}); !slices.Equal(got, made[:1]) {
		t.Errorf("found %v by reference", got)
	}
	p.post(t, "/api/v1/requests/search", p.agent, map[string]any{}).problem(400, "invalid-input")
	p.post(t, "/api/v1/requests/search", p.agent, map[string]any{"reference": ref, "identity": who[0].Email}).problem(400, "invalid-input")
}

// heard is one server-sent event.
type heard struct{ event, data string }

// listen reads a stream until the test ends or the stream does.
func (p *portal) listen(t *testing.T, path, token string) <-chan heard {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("stream: %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	out := make(chan heard, 1000)
	go func() {
		defer close(out)
		defer res.Body.Close()
		var h heard
		lines := bufio.NewScanner(res.Body)
		for lines.Scan() {
			switch line := lines.Text(); {
			case strings.HasPrefix(line, "event: "):
				h.event = line[7:]
			case strings.HasPrefix(line, "data: "):
				h.data = line[6:]
			case strings.HasPrefix(line, ":"):
				out <- heard{event: "beat"}
			case line == "" && h.event != "":
				out <- h
				h = heard{}
			}
		}
	}()
	return out
}

func streaming(t *testing.T, p *portal, who []acme.Subject) {
	f := p.fileFor(t, who[0].Email, "erasure")
	customer := p.verify(t, who[0].Email, f)
	path := "/api/v1/stream?request=" + f.ID
	p.get(t, "/api/v1/stream?request=x", customer).problem(400, "invalid-input")
	p.get(t, "/api/v1/stream", customer).problem(400, "invalid-input")
	other := p.fileFor(t, who[1].Email, "erasure")
	p.get(t, "/api/v1/stream?request="+other.ID, customer).problem(404, "not-found")

	events := p.listen(t, path, p.dpo)
	mine := p.listen(t, path, customer)
	p.await(t, f.ID, requests.Review)
	p.approve(t, f.ID, p.dpo, p.dpo2)
	counts := map[string]int{}
	var status struct{ Status string }
	for h := range events {
		counts[h.event]++
		if h.event == "status" {
			if err := json.Unmarshal([]byte(h.data), &status); err != nil {
				t.Fatal(err)
			}
		}
		if status.Status == "completed" && counts["beat"] > 0 && counts["task"] > 0 && counts["counts"] > 0 {
			break
		}
	}
	if status.Status != "completed" {
		t.Errorf("the stream ended at %q, %v", status.Status, counts)
	}
	for h := range mine {
		if h.event == "status" && strings.Contains(h.data, `"completed"`) {
			break
		}
		if strings.Contains(h.data, who[0].Email) || strings.Contains(h.data, "attention") {
			t.Errorf("the customer hears %s", h.data)
		}
	}
}

// TestStreamsEndFirst: an open stream does not hold up the end of the program.
func TestStreamsEndFirst(t *testing.T) {
	t.Parallel()
	p := start(t, company.Options{Workers: -1})
	f := p.fileFor(t, "somebody@unknown.example", "erasure")
	events := p.listen(t, "/api/v1/stream?request="+f.ID, p.dpo)
	if h := <-events; h.event != "status" {
		t.Errorf("first event is %v", h)
	}
	p.stop()
	for range events { // ends
	}
}

// TestStreamLife: an old stream ends, so that its reader proves again who it is.
func TestStreamLife(t *testing.T) {
	t.Parallel()
	p := start(t, company.Options{Workers: -1}, func(d *api.Deps) { d.Life = 300 * time.Millisecond })
	f := p.fileFor(t, "somebody@unknown.example", "erasure")
	n := 0
	for range p.listen(t, "/api/v1/stream?request="+f.ID, p.dpo) { // ends
		n++
	}
	if n == 0 {
		t.Error("nothing was heard")
	}
}

func systems(t *testing.T, p *portal, _ []acme.Subject) {
	var list struct {
		Items []struct {
			Name    string
			Paused  bool
			Healthy *bool
		}
		AllPaused bool `json:"all_paused"`
	}
	p.get(t, "/api/v1/systems", p.admin).want(200).into(&list)
	var names []string
	for _, s := range list.Items {
		names = append(names, s.Name)
	}
	if fmt.Sprint(names) != "[archive crm social]" || list.AllPaused {
		t.Errorf("systems %v", list)
	}
	got := p.post(t, "/api/v1/systems/crm/check", p.dpo, "").want(200).object()
	if got["healthy"] != true {
		t.Errorf("check: %v", got)
	}
	p.get(t, "/api/v1/systems", p.admin).want(200).into(&list)
	if h := list.Items[1].Healthy; h == nil || !*h {
		t.Errorf("the check is not kept: %+v", list.Items[1])
	}
	// archive has no tasks of workers: pausing it disturbs no other test
	p.post(t, "/api/v1/systems/archive/pause", p.admin, "{}").want(200)
	p.get(t, "/api/v1/systems", p.admin).want(200).into(&list)
	if !list.Items[0].Paused {
		t.Error("not paused")
	}
	p.post(t, "/api/v1/systems/archive/resume", p.admin, "{}").want(200)
	for _, verb := range []string{"pause", "resume", "check"} {
		p.post(t, "/api/v1/systems/erp/"+verb, p.admin, "").problem(404, "no-such-system")
	}
}

func consents(t *testing.T, p *portal, who []acme.Subject) {
	id := map[string]string{"kind": "email", "value": who[0].Email}
	ask := map[string]any{"identity": id, "purpose": "profiling"}
	if got := p.post(t, "/api/v1/consents/check", p.service, ask).want(200).object(); len(got) != 1 || got["allowed"] != false {
		t.Errorf("unknown: %v", got)
	}
	give := map[string]any{"identity": id, "purpose": "profiling", "allowed": true, "since": "2026-01-02T03:04:05Z"}
	first := p.post(t, "/api/v1/consents", p.service, give).want(201).object()
	got := p.post(t, "/api/v1/consents/check", p.service, ask).want(200).object()
	if got["allowed"] != true || got["since"] != "2026-01-02T03:04:05.000Z" || got["receipt"] != first["receipt"] {
		t.Errorf("given: %v, receipt %v", got, first["receipt"])
	}
	for field, v := range map[string]any{"purpose": "world_peace", "allowed": nil, "since": "2999-01-01T00:00:00Z", "identity": map[string]string{"kind": "email", "value": "x"}} {
		bad := maps.Clone(give)
		bad[field] = v
		fields := p.post(t, "/api/v1/consents", p.service, bad).problem(400, "invalid-input")
		if len(fields) == 0 || !strings.HasPrefix(fields[0], strings.TrimSuffix(field, "y")) {
			t.Errorf("%s: fields %v", field, fields)
		}
	}
}
