package portal_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"habeas/requests"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// asksFor answers the questions of somebody who asks for another person, up to
// the check page, and keeps every page on the way.
func (g *target) asksFor(c *http.Client, right, person, own string) (pages []got) {
	g.Helper()
	country := url.Values{"country": {"DE"}}
	if right == "opt_out" {
		country = url.Values{"country": {"US"}, "region": {"CA"}}
	}
	for _, step := range []struct {
		path string
		form url.Values
	}{
		{"/request/what", url.Values{"rights": {right}}},
		{"/request/who", url.Values{"who": {"other"}}},
		{"/request/behalf", url.Values{"behalf": {"agent"}}},
		{"/request/yourself", url.Values{"rep_name": {"Ada Counsel"}, "rep_email": {own}}},
		{"/request/where", country},
		{"/request/contact", url.Values{"email": {person}, "name": {"Mara Lindqvist"}}},
	} {
		pages = append(pages, g.post(c, step.path, step.form))
	}
	return append(pages, g.send(c, "GET", "/request/check", nil))
}

// post fills in the form of a page and goes where it leads.
func (g *target) post(c *http.Client, path string, form url.Values) got {
	g.Helper()
	form.Set("csrf", g.csrf(c, path))
	a := g.form(c, path, form.Encode())
	if to := a.header.Get("Location"); a.status == 303 {
		return g.send(c, "GET", to, nil)
	}
	return a
}

// part is one part of a form with a file, with the header that its sender wants.
type part struct{ header, body string }

func file(field, name, body string) part {
	return part{fmt.Sprintf(`Content-Disposition: form-data; name="%s"; filename="%s"`, field, name) + "\r\nContent-Type: application/pdf", body}
}

func (g *target) uploads(c *http.Client, path string, parts ...part) got {
	g.Helper()
	var body bytes.Buffer
	for _, p := range append([]part{{`Content-Disposition: form-data; name="csrf"`, g.csrf(c, "/find")}}, parts...) {
		fmt.Fprintf(&body, "--edge\r\n%s\r\n\r\n%s\r\n", p.header, p.body)
	}
	body.WriteString("--edge--\r\n")
	return g.send(c, "POST", path, &body, "Content-Type", "multipart/form-data; boundary=edge")
}

// Files that are no permission, on the page that takes one after the code and on
// the one that takes one with an opt-out: a clear error, nothing stored, nothing
// of what was typed lost, and neither name nor content in the log.
func TestHostilePermissions(t *testing.T) {
	g := attack(t, company.Options{Workers: -1})
	r := g.forSomebodyWithout(acme.Subjects()[2].Email, "access")
	g.Code(counsel, r.Reference)
	proved := g.opens(counsel, r.Reference)
	filing := g.browser(requests.Public)
	g.asksFor(filing, "opt_out", acme.Subjects()[3].Email, counsel)

	const secret = "secret-name-of-a-client"
	pdf := "%PDF-1.7\n" + strings.Repeat("signed ", 20)
	for _, page := range []struct {
		path, field, says string
		limit             int
		browser           *http.Client
		refuses           int
	}{
		{"/status/permission", "file", "Choose a PDF, JPEG or PNG of at most 10\u00a0MB", requests.MaxDocument, proved, 400},
		{"/request/check", "permission", "Choose a PDF, JPEG or PNG of at most 4\u00a0MB, or none", 4 << 20, filing, 422},
	} {
		for name, x := range map[string]struct {
			parts  []part
			status int
			says   string
		}{
			"a path for a name":      {[]part{file(page.field, "../../"+secret+".pdf", "<html>"+secret)}, page.refuses, page.says},
			"a path of windows":      {[]part{file(page.field, `C:\\`+secret+`\\..\\boot.ini`, secret)}, page.refuses, page.says},
			"HTML":                   {[]part{file(page.field, secret+".html", "<!doctype html><script>alert('"+secret+"')</script>")}, page.refuses, page.says},
			"SVG":                    {[]part{file(page.field, secret+".svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`)}, page.refuses, page.says},
			"HTML with a PDF inside": {[]part{file(page.field, secret+".pdf", "<html>\n%PDF-1.7\n"+secret)}, page.refuses, page.says},
			"zip with a PDF inside":  {[]part{file(page.field, secret+".pdf", "PK\x03\x04%PDF-1.7")}, page.refuses, page.says},
			"a program":              {[]part{file(page.field, secret+".pdf", "MZ\x90\x00%PDF-1.7")}, page.refuses, page.says},
			"empty":                  {[]part{file(page.field, secret+".pdf", "")}, page.refuses, page.says},
			"a byte too many":        {[]part{file(page.field, secret+".pdf", pdf+strings.Repeat("x", page.limit+1-len(pdf)))}, page.refuses, page.says},
			"far too many":           {[]part{file(page.field, secret+".pdf", pdf+strings.Repeat("x", page.limit+1<<20))}, 413, "That is too large"},
			"twice":                  {[]part{file(page.field, secret+".pdf", pdf), file(page.field, "b.pdf", pdf)}, page.refuses, "Choose one file only"},
			"NUL in the name":        {[]part{file(page.field, secret+"\x00.pdf", secret)}, 400, ""},
			"a line in the name":     {[]part{file(page.field, secret+"\r\nX-Evil: 1", secret)}, 400, ""},
			"NUL beside it":          {[]part{{`Content-Disposition: form-data; name="note"`, "a\x00b"}, file(page.field, secret+".pdf", pdf)}, 400, ""},
		} {
			if name == "a line in the name" && page.path == "/request/check" {
				continue // a part without a name, and none is needed there
			}
			a := g.uploads(page.browser, page.path, x.parts...)
			if a.status != x.status || !strings.Contains(a.body, x.says) || strings.Contains(a.body, secret) || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
				t.Errorf("%s, %s: %d, want %d and %q: %.600s", page.path, name, a.status, x.status, x.says, textOf(a.body))
			}
			if n := g.documents(t.Context()); n != 0 {
				t.Fatalf("%s, %s: %d documents are stored", page.path, name, n)
			}
		}
		broken := g.send(g.browser(requests.Public), "POST", page.path, strings.NewReader("--edge\r\nContent-Disposition: form-data; name=\""+secret+"\x00"),
			"Content-Type", "multipart/form-data; boundary=edge")
		if page.browser == proved && !strings.HasPrefix(broken.header.Get("Location"), "/session-ended") || strings.Contains(broken.body, secret) {
			t.Errorf("%s: a stranger's broken form is read before the role: %d %.300s", page.path, broken.status, broken.body)
		}
		if a := g.send(page.browser, "GET", page.path, nil); a.status != 200 {
			t.Errorf("%s is gone afterwards: %d", page.path, a.status)
		}
	}
	if a := g.send(filing, "GET", "/request/check", nil); !strings.Contains(a.body, acme.Subjects()[3].Email) || !strings.Contains(a.body, "Ada Counsel") || !strings.Contains(a.body, counsel) {
		t.Errorf("what was typed is lost: %.600s", textOf(a.body))
	}

	// The same pages take what is a permission, whatever it is called, once.
	for _, a := range []got{
		g.uploads(proved, "/status/permission", file("file", "../../../"+secret+"\u202e.exe", pdf)), g.uploads(filing, "/request/check", file("permission", secret+"/"+secret, pdf)),
	} {
		if a.status != 303 {
			t.Errorf("a permission is refused: %d %.600s", a.status, textOf(a.body))
		}
	}
	if a := g.uploads(filing, "/request/check", file("permission", "again.pdf", pdf)); a.status != 303 || g.documents(t.Context()) != 2 {
		t.Errorf("sent again: %d, %d documents", a.status, g.documents(t.Context()))
	}
	for i := range 5 {
		a := g.uploads(proved, "/status/permission", file("file", "more.pdf", pdf))
		if want := []int{303, 303, 303, 303, 429}[i]; a.status != want {
			t.Errorf("document %d: %d, want %d", i+2, a.status, want)
		}
	}
	if log := g.log.String(); strings.Contains(log, secret) || strings.Contains(log, "boot.ini") || strings.Contains(log, "again.pdf") {
		t.Error("a file's name or content is in the log")
	}
	if held := g.redisHolds(t.Context()); strings.Contains(held, secret) {
		t.Error("a file's name is in Redis")
	}
}

// documents counts what is stored.
func (g *target) documents(ctx context.Context) (n int) {
	g.Helper()
	if err := g.DB.QueryRow(ctx, `select count(*) from attachments where kind = 'document'`).Scan(&n); err != nil {
		g.Fatal(err)
	}
	return n
}

// forSomebodyWithout files as an agent who has not sent the permission yet.
func (g *target) forSomebodyWithout(email string, rights ...string) *requests.Receipt {
	g.Helper()
	c := g.browser(requests.Public)
	g.asksFor(c, rights[0], email, counsel)
	a := g.post(c, "/request/check", url.Values{})
	ref := reference.FindString(textOf(a.body))
	cs, err := g.Svc.ByReference(g.Context(), ref)
	if err != nil {
		g.Fatalf("%v: %d %.600s", err, a.status, textOf(a.body))
	}
	return &requests.Receipt{ID: cs.ID, Reference: ref, Rights: rights}
}

// until opens a page until it says a text: letters leave a moment later.
func (g *target) until(c *http.Client, path, text string) got {
	g.Helper()
	ctx := g.Deadline()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		a := g.send(c, "GET", path, nil)
		if strings.Contains(a.body, text) {
			return a
		}
		select {
		case <-ctx.Done():
			g.Fatalf("%s does not come to say %q: %.600s", path, text, textOf(a.body))
		case <-tick.C:
		}
	}
}

var markup = regexp.MustCompile(`(?s)<(script|style|head).*?</(script|style|head)>|<[^>]*>|\s+`)

func textOf(page string) string { return markup.ReplaceAllString(page, " ") }

// Whoever asks for another learns from no page and no letter whether that person
// is known: the answers are equal byte for byte, but for tokens, references and
// the addresses that were typed.
func TestNobodyLearnsWhetherThePersonIsKnown(t *testing.T) {
	g := attack(t, company.Options{Workers: -1})
	known := acme.Subjects()[7].Email
	unknown := strings.Repeat("q", strings.IndexByte(known, '@')) + known[strings.IndexByte(known, '@'):]
	walk := func(person string) (out map[string]string) {
		out = map[string]string{}
		volatile := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|HB-[A-Z0-9]{4}-[A-Z0-9]{4}|name="csrf" value="[^"]*"|token=[A-Za-z%0-9_-]+|name="token" value="[^"]*"|\b[0-9]{6}\b|\b[0-9]{1,2}:[0-9]{2}\b|nonce="[^"]*"`)
		keep := func(name string, a got) got {
			header := fmt.Sprint(a.status, a.header.Get("Location"), a.header.Get("Content-Type"), a.header.Get("Cache-Control"), a.header.Get("Content-Security-Policy"))
			out[name] = volatile.ReplaceAllString(strings.ReplaceAll(strings.ReplaceAll(header+a.body, person, "PERSON"), url.QueryEscape(person), "PERSON"), "…")
			return a
		}
		filed := func(name, right string) (*http.Client, string) {
			c := g.browser(requests.Public)
			for i, p := range g.asksFor(c, right, person, counsel) {
				keep(fmt.Sprint(name, " question ", i), p)
			}
			a := keep(name+" sent", g.post(c, "/request/check", url.Values{}))
			if right == "opt_out" {
				keep(name+" confirmation", g.send(c, "GET", "/request/confirmation", nil))
			}
			return c, reference.FindString(textOf(a.body))
		}
		agent, ref := filed("access", "access")
		keep("code wrong", g.post(agent, "/request/code", url.Values{"code": {"000000"}}))
		keep("code", g.post(agent, "/request/code", url.Values{"code": {g.Code(counsel, ref)}}))
		for _, path := range []string{"/request/confirmation", "/status", "/status/permission"} {
			keep("agent "+path, g.send(agent, "GET", path, nil))
		}
		keep("no document", g.uploads(agent, "/status/permission"))
		keep("bad document", g.uploads(agent, "/status/permission", file("file", "x.pdf", "<html>")))
		keep("document", g.uploads(agent, "/status/permission", file("file", "x.pdf", "%PDF-1.7 signed")))
		keep("looking", g.send(agent, "GET", "/status", nil))
		cs, err := g.Svc.ByReference(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Svc.DecidePermission(t.Context(), g.DPOs[0], cs.ID, requests.PermissionDecision{Ground: "unsigned", Reason: "Looked"}); err != nil {
			t.Fatal(err)
		}
		keep("refused", g.until(agent, "/status", "The document does not show that you may ask"))
		keep("refused permission", g.send(agent, "GET", "/status/permission", nil))
		anybody := g.browser(requests.Public)
		link := "/confirm?token=" + g.mailed(person, ref, "confirm")
		keep("confirm page", g.send(anybody, "GET", link, nil))
		decline := strings.Replace(link, "/confirm", "/not-me", 1)
		keep("decline page", g.send(anybody, "GET", decline, nil))
		token := strings.TrimPrefix(link, "/confirm?token=")
		keep("confirmed", g.form(anybody, "/confirm", url.Values{"csrf": {g.csrf(anybody, link)}, "token": {token}}.Encode()))
		keep("confirmed page", g.send(anybody, "GET", "/confirm?done=1", nil))
		keep("status confirmed", g.send(agent, "GET", "/status", nil))
		keep("declined", g.form(anybody, "/not-me", url.Values{"csrf": {g.csrf(anybody, decline)}, "token": {token}}.Encode()))
		keep("declined page", g.send(anybody, "GET", "/not-me?done=declined", nil))
		keep("status declined", g.until(agent, "/status", "We have stopped the request"))
		keep("made-up link", g.send(anybody, "GET", "/confirm?token=madeup", nil))
		_, other := filed("opt-out", "opt_out")
		g.mailed(person, other, "undo")
		if _, err := g.Mail.Wait(g.Deadline(), func(m mail.Captured) bool { return slices.Contains(m.To, counsel) && strings.Contains(m.Text, other) }); err != nil {
			t.Fatal(err)
		}
		for _, m := range g.Mail.Messages() {
			if strings.Contains(m.Text, ref) || strings.Contains(m.Text, other) {
				name := volatile.ReplaceAllString(m.Subject, "…") + strings.Join(m.To, " ")
				out["mail "+strings.ReplaceAll(name, person, "PERSON")] = volatile.ReplaceAllString(strings.ReplaceAll(m.Text+m.HTML, person, "PERSON"), "…")
			}
		}
		return out
	}
	a, b := walk(known), walk(unknown)
	if len(a) < 30 {
		t.Errorf("only %d answers were compared", len(a))
	}
	for name := range a {
		if a[name] != b[name] {
			i := 0
			for i < min(len(a[name]), len(b[name])) && a[name][i] == b[name][i] {
				i++
			}
			t.Errorf("%s differs at %d:\n known   %.200q\n unknown %.200q", name, i, a[name][max(0, i-60):], b[name][min(len(b[name]), max(0, i-60)):])
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			t.Errorf("only an unknown person's request has %q", name)
		}
	}
}
