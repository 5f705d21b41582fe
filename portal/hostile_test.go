package portal_test

import (
	"archive/zip"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"habeas/portal"
	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

var everyRole = []requests.Role{
	requests.Public, requests.Customer, requests.DPO, requests.Agent, requests.Auditor, requests.Admin, requests.ServiceRole,
}

// everything switches on what adds routes.
var everything = requests.Settings{GPC: requests.GPC{Purposes: []string{"social_ads"}, Origins: []string{shop}}}

// Every route for every role, from the route table: what is not granted is
// refused, whatever the body holds; what is granted is not.
func TestRolesAndRoutes(t *testing.T) {
	g := attack(t, company.Options{Settings: everything})
	who := acme.Subjects()
	other := g.File(who[1].Email, "access") // somebody else's, for the paths
	own := g.customer(who[0].Email, "access")
	g.Await(own.ID, requests.Review)
	for _, r := range portal.Routes(g.deps) {
		if r.Kind == web.Asset {
			continue
		}
		path := strings.NewReplacer(":id", other.ID.String(), ":name", "none", ":task", uuid.NewString(), ":letter", uuid.NewString(),
			":user", uuid.NewString(), ":hold", uuid.NewString(), ":draft", uuid.NewString(), ":reply", uuid.NewString(), ":document", uuid.NewString(),
			":notice", uuid.NewString(), ":kind", "clarify", "*", "0/000").Replace(r.Path)
		for _, role := range everyRole {
			granted := slices.Contains(r.Roles, requests.Public) || slices.Contains(r.Roles, role)
			if granted && r.Method == http.MethodPost && r.Kind == web.Page {
				continue // TestFormsNeedTheirToken
			}
			var a got
			if r.Kind == web.Page {
				if role == requests.ServiceRole {
					continue
				}
				a = g.form(g.browser(role), path, "csrf=none&%ff=%ff")
				if r.Method == http.MethodGet {
					a = g.send(g.browser(role), "GET", path, nil)
				}
			} else {
				a = g.call(r.Method, path, role, "{\xff")
			}
			refused := a.status == 401 || a.status == 403 || a.status == 303 && slices.Contains([]string{"/session-ended", "/sign-in"}, strings.Split(a.header.Get("Location"), "?")[0])
			switch {
			case !granted && !refused:
				t.Errorf("%s %s lets %s in: %d %.200s", r.Method, r.Path, role, a.status, a.body)
			case granted && refused && !strings.Contains(a.body, "fresh-code-needed"):
				t.Errorf("%s %s refuses %s: %d %.200s", r.Method, r.Path, role, a.status, a.body)
			case !refused && role == requests.Customer && strings.Contains(r.Path, ":id") && a.status < 400:
				t.Errorf("%s %s shows a customer another's request: %d %.200s", r.Method, r.Path, a.status, a.body)
			case a.status >= 500:
				t.Errorf("%s %s as %s: %d %.200s", r.Method, r.Path, role, a.status, a.body)
			}
			if r.Kind != web.Page && a.status >= 400 {
				a.problem(t)
			}
		}
	}
}

// Every form of the table: without its token, or with another browser's, it
// is refused, and nothing is done.
func TestFormsNeedTheirToken(t *testing.T) {
	g := attack(t, company.Options{Workers: -1})
	g.customer(acme.Subjects()[0].Email, "access")
	stolen := g.csrf(g.browser(requests.Public), "/sign-in")
	for _, r := range portal.Routes(g.deps) {
		if r.Kind != web.Page || r.Method == http.MethodGet {
			continue
		}
		path := strings.NewReplacer(":id", g.users[requests.Customer], ":name", "crm", ":task", uuid.NewString(), ":letter", uuid.NewString(), ":user", g.users[requests.Agent]).Replace(r.Path)
		role := r.Roles[0]
		for what, body := range map[string]string{"no token": "a=b", "another's": "csrf=" + url.QueryEscape(stolen)} {
			if a := g.form(g.browser(role), path, body); a.status != 403 {
				t.Errorf("%s as %s with %s: %d %.200s", path, role, what, a.status, a.body)
			}
		}
	}
}

func TestWrongMethods(t *testing.T) {
	g := attack(t, company.Options{Workers: -1})
	allowed := map[string][]string{}
	for _, r := range portal.Routes(g.deps) {
		allowed[r.Path] = append(allowed[r.Path], r.Method)
	}
	for pattern, methods := range allowed {
		path := strings.NewReplacer(":id", uuid.NewString(), ":name", "x", ":task", "x", ":letter", "x", ":user", "x", ":file", "x", "*", "x").Replace(pattern)
		for _, m := range []string{"POST", "PUT", "PATCH", "DELETE", "TRACE"} {
			if slices.Contains(methods, m) {
				continue
			}
			if a := g.send(http.DefaultClient, m, path, nil); a.status != 405 || !strings.Contains(a.header.Get("Allow"), methods[0]) {
				t.Errorf("%s %s: %d, allows %q", m, path, a.status, a.header.Get("Allow"))
			}
		}
	}
}

// manyBytes is a body without end that looks like JSON for a while.
type manyBytes struct{}

func (manyBytes) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '['
	}
	return len(p), nil
}

func TestBadBytes(t *testing.T) {
	g := attack(t, company.Options{Workers: -1})
	const file = "/api/v1/requests"
	good := `{"rights":["access"],"country":"DE","identities":[{"kind":"email","value":"a@b.example"}]%s}`
	for name, body := range map[string]string{
		"malformed": `{"rights":`, "no object": `7`, "unknown member": fmt.Sprintf(good, `,"admin":true`), "member twice": fmt.Sprintf(good, `,"country":"FR"`),
		"not UTF-8": fmt.Sprintf(good, ",\"name\":\"\xc3\x28\""), "NUL": fmt.Sprintf(good, `,"name":"a\u0000b"`), "half a letter": fmt.Sprintf(good, `,"name":"\ud83d"`),
		"region": fmt.Sprintf(good, `,"region":"<b>"`), "two lines": fmt.Sprintf(good, `,"name":"a\r\nBcc: x@y.example"`),
		"long address": strings.Replace(fmt.Sprintf(good, ""), "a@b", strings.Repeat("a", 310)+"@b", 1),
		"header":       strings.Replace(fmt.Sprintf(good, ""), "a@b", `a\r\nBcc: c@d`, 1), "two addresses": strings.Replace(fmt.Sprintf(good, ""), "a@b", `c@d.example, a@b`, 1),
		"deep": strings.Repeat(`{"a":`, 50_000),
	} {
		a := g.call("POST", file, requests.Public, body)
		if p := a.problem(t); a.status != 400 || len(p.Errors) == 0 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	// A language that nobody speaks never loses a request: the nearest answers.
	for _, locale := range []string{"de-AT", "en'><script>", strings.Repeat("e", 5000), "", "x", "de_\u00e4"} {
		if a := g.call("POST", file, requests.Public, fmt.Sprintf(good, `,"region":"ca","locale":"`+locale+`"`)); a.status != 201 {
			t.Errorf("a good one in %.20q: %d %s", locale, a.status, a.body)
		}
	}
	for _, path := range []string{file, file + "/" + uuid.NewString() + "/verification", "/sign-in", "/request/what", file + "/" + uuid.NewString() + "/approval"} {
		want := 413
		if strings.HasSuffix(path, "/approval") {
			want = 401 // who may not is refused before
		}
		for name, body := range map[string]io.Reader{
			"of a length": strings.NewReader(strings.Repeat("[", 10<<20)), "chunked": io.LimitReader(manyBytes{}, 10<<20),
		} {
			if a := g.send(http.DefaultClient, "POST", path, body, "Content-Type", "application/json"); a.status != want {
				t.Errorf("10 MB %s to %s: %d %.200s", name, path, a.status, a.body)
			}
		}
	}
	c := g.browser(requests.Public)
	token := url.QueryEscape(g.csrf(c, "/request/what"))
	if a := g.form(c, "/request/what", "csrf="+token+"&right=%ff%fe"); a.status != 400 || strings.Contains(a.body, "\xff") {
		t.Errorf("not UTF-8 in a form: %d", a.status)
	}
	for _, path := range []string{"/status/letters/%ff", "/api/v1/requests/%ff", "/log/tile/%00", "/find?reference=%ff", "/%c0%ae%c0%ae/etc/passwd", "/static/..%2f..%2fetc%2fpasswd", "/static/%2e%2e/%2e%2e/etc/passwd"} {
		a := g.send(c, "GET", path, nil)
		if a.status < 400 && a.header.Get("Location") != "/session-ended" || a.status >= 500 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	for _, header := range []string{"Accept-Language", "User-Agent", "X-Forwarded-For", "Cookie", "Idempotency-Key", "Accept", "Referer"} {
		if a := g.send(http.DefaultClient, "POST", file, strings.NewReader(fmt.Sprintf(good, "")), "Content-Type", "application/json", header, "\xff\xfe<script>"); a.status != 201 && (header != "Idempotency-Key" || a.status != 400) {
			t.Errorf("%s with bytes: %d %s", header, a.status, a.body)
		}
	}
}

const (
	evilName    = `<script>alert(1)</script>'); drop table cases; --`
	evilMessage = "=cmd|' /C calc'!A0 <img src=x onerror=alert(2)>\n\"><svg onload=alert(3)>"
)

// A whole case of somebody whose name is an attack: nothing of it is run,
// everywhere it is text; and nothing personal is where none belongs.
func TestHostileNameThroughAWholeCase(t *testing.T) {
	g := attack(t, company.Options{})
	s := acme.Subjects()[0]
	filed, err := g.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"access", "erasure"}, Country: "DE", Locale: "en", Name: evilName, Message: evilMessage,
		Identities: []connect.Identity{{Kind: "email", Value: s.Email}},
	})
	if err != nil {
		t.Fatal(err)
	}
	code := g.Code(s.Email, filed.Reference)
	a := g.call("POST", "/api/v1/requests/"+filed.ID.String()+"/verification", requests.Public, `{"code":"`+code+`"}`)
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	token := regexp.MustCompile(`"access_token":"([^"]+)"`).FindStringSubmatch(a.body)[1]
	g.tokens[requests.Customer], g.users[requests.Customer] = token, filed.ID.String()
	g.Await(filed.ID, requests.Review)

	look := func(role requests.Role, path string) {
		t.Helper()
		page := g.send(g.browser(role), "GET", path, nil)
		if page.status != 200 {
			t.Errorf("%s as %s: %d", path, role, page.status)
		}
		for _, bad := range []string{"<script>alert", "<img src=x", "<svg onload"} {
			if strings.Contains(page.body, bad) {
				t.Errorf("%s holds %q", path, bad)
			}
		}
	}
	id := filed.ID.String()
	visit := func() {
		look(requests.DPO, "/desk")
		look(requests.DPO, "/desk/cases/"+id)
		look(requests.Auditor, "/audit")
		look(requests.Auditor, "/audit/cases/"+id)
		look(requests.Customer, "/status")
	}
	visit()
	officer := g.browser(requests.DPO)
	personal := g.form(officer, "/desk/cases/"+id+"/personal-data", url.Values{
		"csrf": {g.csrf(officer, "/desk/cases/"+id+"/personal-data")}, "purpose": {"plan_review"},
	}.Encode())
	if personal.status != 200 || strings.Contains(personal.body, "<script>alert") || !strings.Contains(personal.body, "&lt;script&gt;alert(1)") {
		t.Errorf("personal data: %d, the name is not there as text", personal.status)
	}
	g.Approve(filed.ID)
	g.Await(filed.ID, requests.Completed)
	visit()
	for _, m := range g.Mail.Messages() {
		if strings.Contains(m.HTML, "<script>alert") || strings.Contains(m.HTML, "<img src=x") || strings.ContainsAny(m.Subject, "\r\n") {
			t.Errorf("mail %q holds the name as it is", m.Subject)
		}
	}
	g.nothingPersonal(s, code, token, filed.ID)
}

// nothingPersonal looks where no personal data may be.
func (g *target) nothingPersonal(s acme.Subject, code, token string, id uuid.UUID) {
	g.Helper()
	places := g.places(id)
	places["errors"] = g.call("POST", "/api/v1/requests", requests.Public, `{"rights":["x"],"country":"`+s.Email+`","identities":[{"kind":"email","value":"`+s.Email+` x"}],"name":"`+s.Name+`"}`).body +
		g.call("GET", "/api/v1/requests?cursor="+url.QueryEscape(s.Email)+"&status="+url.QueryEscape(s.Name), requests.DPO, "").body +
		g.call("POST", "/api/v1/requests/"+id.String()+"/refusal", requests.DPO, `{"ground":"none","reason":"`+s.Email+`"}`).body
	given, family, _ := strings.Cut(s.Name, " ")
	for where, text := range places {
		for _, secret := range []string{s.Email, strings.Split(s.Email, "@")[0], s.Name, given + "." + family, "alert(1)", "onerror", token} {
			if strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
				at := strings.Index(strings.ToLower(text), strings.ToLower(secret))
				g.Errorf("%s holds %q: …%s…", where, secret, text[max(0, at-120):min(len(text), at+120)])
			}
		}
		if !strings.HasPrefix(where, "table ") && where != "Redis" && regexp.MustCompile(`\b`+code+`\b`).MatchString(text) {
			g.Errorf("%s holds the code", where)
		}
	}
}

// places are all where no personal data may be, with what stands there.
func (g *target) places(ids ...uuid.UUID) map[string]string {
	g.Helper()
	ctx := g.Context()
	places := map[string]string{
		"the log": g.log.String(), "Redis": g.redisHolds(ctx), "metrics": g.send(http.DefaultClient, "GET", "/metrics", nil).body,
	}
	for _, path := range []string{"/api/v1/holds?lifted=true", "/api/v1/figures", "/api/v1/figures?format=csv", "/api/v1/requests"} {
		places[path] = g.call("GET", path, requests.Auditor, "").body
	}
	for _, id := range ids {
		at := "/api/v1/requests/" + id.String()
		for _, path := range []string{at, at + "/events", at + "/recipients"} {
			places[path] = g.call("GET", path, requests.Auditor, "").body
		}
		report := g.call("GET", at+"/evidence", requests.Auditor, "").body
		files, err := zip.NewReader(strings.NewReader(report), int64(len(report)))
		if err != nil {
			g.Fatalf("evidence: %v", err)
		}
		for _, f := range files.File {
			r, err := f.Open()
			if err != nil {
				g.Fatal(err)
			}
			raw, err := io.ReadAll(r)
			if err != nil {
				g.Fatal(err)
			}
			places["evidence "+f.Name+" of "+id.String()] = string(raw)
		}
		places["audit page of "+id.String()] = g.send(g.browser(requests.Auditor), "GET", "/audit/cases/"+id.String(), nil).body
	}
	owner, err := pgxpool.New(ctx, testkit.OwnerURL(g.TB))
	if err != nil {
		g.Fatal(err)
	}
	defer owner.Close()
	rows, err := owner.Query(ctx, `select t.table_name from information_schema.tables t where t.table_schema = 'public' and t.table_type = 'BASE TABLE'`)
	if err != nil {
		g.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) < 10 {
		g.Fatalf("%d tables: %v", len(names), err)
	}
	for _, name := range names {
		rows, err := owner.Query(ctx, `select t::text from `+pgx.Identifier{name}.Sanitize()+` t`)
		if err != nil {
			g.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			g.Fatal(err)
		}
		places["table "+name] = strings.Join(lines, "\n")
	}
	if len(places["the log"]) < 1000 || !strings.Contains(places["Redis"], "session:") || !strings.Contains(places["table cases"], ids[0].String()) {
		g.Error("the places that were looked at are empty")
	}
	return places
}

// Whether a person is known shows neither in an answer's shape nor in its
// words, nor in its time.
func TestUnknownPersonIsLikeAKnownOne(t *testing.T) {
	g := attack(t, company.Options{Workers: -1})
	rows, err := g.CRM.Query(t.Context(), `select c.email from crm.contacts c where c.email is not null order by c.id limit 220`)
	if err != nil {
		t.Fatal(err)
	}
	known, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(known) < 220 {
		t.Fatalf("%d people: %v", len(known), err)
	}
	volatile := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|HB-[A-Z0-9-]+|\d{4}-\d\d-\d\dT[0-9:.]+Z|token=[a-z]+|\b[0-9]{6}\b`)
	file := func(email string) (string, time.Duration) {
		began := time.Now()
		a := g.call("POST", "/api/v1/requests", requests.Public, fmt.Sprintf(`{"rights":["erasure"],"country":"DE","identities":[{"kind":"email","value":%q}]}`, email))
		took := time.Since(began)
		if a.status != 201 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		return volatile.ReplaceAllString(a.body, "…"), took
	}
	shapes := map[string]bool{}
	// ratio is the median, over pairs filed one after the other in random
	// order, of the known person's time over the unknown one's.
	ratio := func(try int) float64 {
		var ratios []float64
		for i, email := range known {
			at := strings.IndexByte(email, '@')
			unknown := strings.Repeat("q", at-4) + fmt.Sprintf("%04d", i) + fmt.Sprint("x", try) + email[at:]
			pair, took := []string{email, unknown}, [2]time.Duration{}
			order := []int{0, 1}
			rand.Shuffle(2, func(a, b int) { order[a], order[b] = order[b], order[a] })
			for _, n := range order {
				shape, d := file(pair[n])
				shapes[shape], took[n] = true, d
			}
			if i >= 20 { // warm by then
				ratios = append(ratios, float64(took[0])/float64(took[1]))
			}
		}
		slices.Sort(ratios)
		return ratios[len(ratios)/2]
	}
	// A busy machine blurs one measurement; a difference in the code shows in
	// every one.
	var seen []float64
	for try := range 5 {
		r := ratio(try)
		seen = append(seen, r)
		if r >= 0.9 && r <= 1.1 {
			break
		}
	}
	t.Logf("known over unknown, median of %d pairs: %.3f", len(known)-20, seen)
	if r := seen[len(seen)-1]; r < 0.9 || r > 1.1 {
		t.Errorf("known people take %.3f of the time of unknown ones", seen)
	}
	if len(shapes) != 1 {
		t.Errorf("answers differ: %v", shapes)
	}
	texts := map[string]bool{}
	for _, m := range g.Mail.Messages() {
		texts[volatile.ReplaceAllString(m.Subject+m.Text, "…")] = true
	}
	if len(texts) > 1 {
		t.Errorf("letters differ: %v", texts)
	}
}
