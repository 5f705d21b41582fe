package requests_test

import (
	"archive/zip"
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// redescribed is a system whose description a test has changed.
type redescribed struct {
	system
	d connect.Description
}

func (r redescribed) Describe() connect.Description { return r.d }

// categorise gives columns another data category: "crm.contacts.birth_date".
func categorise(categories map[string]string) func(connect.Connector) connect.Connector {
	return func(c connect.Connector) connect.Connector {
		d := c.Describe()
		d.Types = slices.Clone(d.Types)
		for i := range d.Types {
			t := &d.Types[i]
			t.Fields = slices.Clone(t.Fields)
			for k := range t.Fields {
				if to, ok := categories[d.Name+"."+t.Name+"."+t.Fields[k].Name]; ok {
					t.Fields[k].Category = to
				}
			}
		}
		return redescribed{c.(system), d}
	}
}

// inCalifornia files for somebody who lives there, under the name that the
// company knows.
func inCalifornia(c *company.Company, email string, rights ...string) *requests.Receipt {
	c.Helper()
	r, err := c.Svc.File(c.Context(), c.Agent, requests.Filing{
		Rights: rights, Country: "US", Region: "CA", Locale: "en", Channel: "letter", Name: nameOf(email), Identities: []connect.Identity{{Kind: "email", Value: email}},
	})
	must(c.TB, err)
	return r
}

// nameOf is the name under which the sample company knows an address; "" is nobody.
func nameOf(email string) string {
	for _, s := range acme.Subjects() {
		if s.Email == email {
			return s.Name
		}
	}
	return ""
}

// law.md §8, 4: what 11 CCR 7024(d) names never leaves the house; its kind is
// named instead.
func TestLaw8_04_KnowNeverPutsOutNumbersAndSecrets(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Wrap: categorise(map[string]string{
		"crm.contacts.birth_date": "identity.ssn", "crm.contacts.phone": "financial.account", "crm.contacts.job_title": "auth.password",
	})})
	who := acme.Subjects()[3]
	var birth, phone string
	must(t, c.CRM.QueryRow(t.Context(), `select birth_date::text, phone from crm.contacts where id = $1`, who.ContactID).Scan(&birth, &phone))
	change(c, `update crm.contacts set job_title = null where id = $1`, who.ContactID)
	r := inCalifornia(c, who.Email, "access")
	_, err := c.Svc.ProveByHand(t.Context(), c.Agent, r.ID, "Passport seen at the counter")
	must(t, err)
	c.Await(r.ID, requests.Review)

	p := planOf(c, r.ID)
	i := slices.IndexFunc(p.Records, func(p requests.PlanRecord) bool { return p.Type == "contacts" })
	rec := p.Records[i]
	if rec.Action != connect.Redact || !slices.Equal(rec.Fields, []string{"birth_date", "job_title", "phone"}) || rec.Ground != "11 CCR 7024(d)" || rec.Note.Undecided {
		t.Errorf("planned %+v", rec)
	}
	_, err = c.Svc.Decide(t.Context(), c.DPOs[0], r.ID, []requests.Decision{{System: "crm", Type: "contacts", Key: rec.Key, Action: connect.Disclose, Ground: "asked for"}})
	refused(t, err, "never-disclosed")
	_, err = c.Svc.Decide(t.Context(), c.DPOs[0], r.ID, []requests.Decision{
		{System: "crm", Type: "contacts", Key: rec.Key, Action: connect.Redact, Fields: []string{"given_name"}, Ground: "others_rights"},
	})
	must(t, err)
	seen, err := c.Svc.PersonalData(t.Context(), c.DPOs[0], r.ID, "redaction")
	must(t, err)
	for _, sys := range seen.Systems {
		for _, row := range sys.Rows {
			for _, v := range row.Values {
				if row.Type == "contacts" && (v.Field == "birth_date" || v.Field == "phone") && !v.Redacted {
					t.Errorf("%s is staged", v.Field)
				}
			}
		}
	}
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	files := packaged(c, r)
	for name, text := range files {
		if strings.Contains(text, birth) || regexp.MustCompile(regexp.QuoteMeta(phone)+`["<]`).MatchString(text) && strings.Contains(name, "contacts") {
			t.Errorf("%s holds a number that must not leave the house", name)
		}
	}
	page := files["index.html"]
	for _, want := range []string{"your Social Security number", "your financial account number", "11 CCR 7024(d)"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not name %q", want)
		}
	}
	if strings.Contains(page, "your account password") {
		t.Error("the page names a kind that is not held")
	}
	if !strings.Contains(files["data/crm.contacts.json"], `"_withheld":["given_name","phone","birth_date"]`) {
		t.Errorf("contacts: %s", files["data/crm.contacts.json"])
	}
}

// law.md §8, 5: who is not proved to a high degree gets categories, never data.
func TestLaw8_05_UnverifiedPiecesBecomeCategories(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := acme.Subjects()[4]
	r := inCalifornia(c, who.Email, "access")
	c.Verify(who.Email, r) // a mailed code: a reasonable degree, no more
	c.Await(r.ID, requests.Review)
	c.Approve(r.ID)
	k := c.Await(r.ID, requests.Completed)
	if !k.Has(requests.Partial) || len(k.Decisions) != 1 || k.Decisions[0].Ground != "11 CCR 7024(a)" {
		t.Errorf("flags %v, decisions %+v", k.Flags, k.Decisions)
	}
	files := packaged(c, r)
	if len(files) != 2 {
		t.Errorf("%d files", len(files))
	}
	for name, text := range files {
		for _, value := range []string{who.Email, who.Phone, who.CustomerID} {
			if strings.Contains(text, value) {
				t.Errorf("%s holds a value", name)
			}
		}
	}
	for _, want := range []string{"Categories only", "confirmed to a reasonable degree", "e-mail address", "goes back to 1 January 2022"} {
		if !strings.Contains(files["index.html"], want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if scope, err := c.Svc.PackageScope(t.Context(), k); err != nil || scope != requests.Categories {
		t.Errorf("scope %s %v", scope, err)
	}
}

// Who asks for categories gets them whole: nothing is held back, and the answer
// is no partial one. The look-back is as the law has it, whatever was chosen.
func TestCategoriesAsAskedFor(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: company.Registered(t)})
	who := acme.Subjects()[15]
	r, err := c.Svc.File(t.Context(), requests.Actor{Role: requests.Public}, requests.Filing{
		Rights: []string{"access"}, Country: "US", Region: "CA", Locale: "en", Know: "categories", Period: "year", Name: who.Name,
		Identities: []connect.Identity{{Kind: "email", Value: who.Email}},
	})
	must(t, err)
	c.Verify(who.Email, r)
	c.Await(r.ID, requests.Review)
	c.Approve(r.ID)
	k := c.Await(r.ID, requests.Completed, requests.Closed)
	if k.Has(requests.Partial) || k.Decisions[0].Decision != "granted" {
		t.Errorf("flags %v, decisions %+v", k.Flags, k.Decisions)
	}
	if scope, err := c.Svc.PackageScope(t.Context(), k); err != nil || scope != requests.AskedCategories {
		t.Errorf("scope %s %v", scope, err)
	}
	files := packaged(c, r)
	page := files["index.html"]
	for _, want := range []string{"You asked for the categories only", "the 12 months before your request", "back to 1 January 2022", "telephone number", "Rundbrief Mail GmbH"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, "reasonable degree") {
		t.Error("the page says that something is held back")
	}
	for name, text := range files {
		for _, value := range []string{who.Email, who.Phone, who.CustomerID} {
			if strings.Contains(text, value) {
				t.Errorf("%s holds a value", name)
			}
		}
	}
}

// packaged downloads the package of a case: its files by name.
func packaged(c *company.Company, r *requests.Receipt) map[string]string {
	c.Helper()
	d, err := c.Svc.OpenPackage(c.Context(), requests.Actor{Role: requests.Customer, ID: r.ID.String(), Fresh: true}, r.ID)
	must(c.TB, err)
	defer d.Close()
	raw, err := io.ReadAll(d)
	must(c.TB, err)
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	must(c.TB, err)
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		must(c.TB, err)
		text, err := io.ReadAll(r)
		must(c.TB, err)
		out[f.Name] = string(text)
	}
	return out
}
