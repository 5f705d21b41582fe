package main

import (
	"archive/zip"
	"bytes"
	"html"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

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
