package fides

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"habeas/requests/connect/sqldb/dataset"
)

func load(t testing.TB, names ...string) []File {
	t.Helper()
	var out []File
	for _, n := range names {
		b, err := os.ReadFile("testdata/" + n)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, File{Name: n, Text: b})
	}
	return out
}

func imported(t *testing.T, opt Options, names ...string) (*dataset.Dataset, Result) {
	t.Helper()
	res := Import(load(t, names...), opt)
	if res.Faults() > 0 {
		t.Fatalf("faults: %v\n%s", res.Notes, res.Text)
	}
	d, err := dataset.Parse("imported", res.Text)
	if err != nil {
		t.Fatalf("%v\n%s", err, res.Text)
	}
	return d, res
}

func said(t *testing.T, res Result, want ...string) {
	t.Helper()
	for _, w := range want {
		if !slices.ContainsFunc(res.Notes, func(n Note) bool { return strings.Contains(n.String(), w) }) {
			t.Errorf("nothing says %q in\n%v", w, res.Notes)
		}
	}
}

// The shop loads as it stands, older and newer meta alike: identities,
// directions and keys as in its file, every reference marked and warned of.
func TestImportShop(t *testing.T) {
	for _, name := range []string{"shop_postgres.yml", "shop_mysql.yml"} {
		t.Run(name, func(t *testing.T) {
			d, res := imported(t, Options{}, name)
			tables := 12
			if len(d.Tables) != tables {
				t.Errorf("%d tables, want %d", len(d.Tables), tables)
			}
			for table, kind := range map[string]string{"customer.email": "email", "service_request.alt_email": "email", "report.email": "email", "visit.email": "email"} {
				name, col, _ := strings.Cut(table, ".")
				if !slices.ContainsFunc(d.Table(name).Entries, func(e *dataset.Entry) bool {
					return e.Column == col && e.Kind == kind && e.Enter && e.Match == dataset.MatchFold
				}) {
					t.Errorf("%s does not enter at %s", kind, table)
				}
			}
			refs := 0
			for _, tb := range d.Tables {
				for _, r := range tb.Refs {
					refs++
					if !r.SamePerson {
						t.Errorf("%s.%s is not same_person", tb.Name, r.Columns[0])
					}
				}
			}
			// Ten of the file, and employee and customer with the same address.
			if refs != 11 {
				t.Errorf("%d references", refs)
			}
			warned := 0
			for _, n := range res.Notes {
				if strings.Contains(n.Text, "same_person as in Fides") {
					warned++
				}
			}
			if warned != 10 {
				t.Errorf("%d references are warned of", warned)
			}
			orders := d.Table("orders")
			for _, r := range orders.Refs {
				if up := r.Columns[0] == "shipping_address_id"; r.Up != up || r.Down == up {
					t.Errorf("orders.%s goes up %v, down %v", r.Columns[0], r.Up, r.Down)
				}
			}
			if !d.Table("customer").Person || !d.Table("employee").Person || d.Table("report").Person || d.Table("address").Person {
				t.Error("people are customer and employee")
			}
			if n := len(d.Table("address").SharedBy); n != 4 {
				t.Errorf("address is shared by %d columns", n)
			}
			for _, lookup := range []string{"product", "order_item"} {
				if !d.Table(lookup).Lookup {
					t.Errorf("%s has nothing personal", lookup)
				}
			}
			if v := d.Table("visit"); v.Erase.Do != dataset.DeleteRow || !slices.Equal(v.Key, []string{"email", "last_visit"}) {
				t.Errorf("visit %+v", v)
			}
			said(t, res, "Fides names no primary_key of visit", "person: an identity enters customer", "people may share a row of address",
				"service_request.email has no category of people", "take this line off")
		})
	}
}

// Everything else that such files have is taken over or said.
func TestImportFeatures(t *testing.T) {
	d, res := imported(t, Options{Title: "CRM"}, "features.yml")
	p := d.Table("person")
	if p.Schema != "sales" || p.Column("birthday") == nil || d.Table("cache") != nil {
		t.Errorf("person %+v", p)
	}
	for col, want := range map[string]dataset.Masking{
		"id": dataset.Leave, "full_name": dataset.SetRandom, "note": dataset.SetText, "secret": dataset.SetHash,
		"sealed": dataset.SetNull, "tax_id": dataset.KeepValue, "workplace": dataset.SetNull, "birthday": dataset.SetNull, "tenant": dataset.Leave,
	} {
		if got := p.Column(col).Mask; got != want {
			t.Errorf("%s becomes %q, want %q", col, got, want)
		}
	}
	for col, want := range map[string]string{"email": "health", "workplace": "work.position", "tax_id": "identity.government", "birthday": "identity.birth_date", "tenant": ""} {
		if got := p.Column(col).Category; got != want {
			t.Errorf("%s is %q, want %q", col, got, want)
		}
	}
	if p.Column("note").Text != "gone!" || !slices.ContainsFunc(p.Entries, func(e *dataset.Entry) bool { return e.Kind == "phone" && e.Match == dataset.MatchNormal }) {
		t.Errorf("person %+v", p)
	}
	if len(p.After) != 1 || p.After[0].Table != "mail" || d.Table("mail").Erase.Do != dataset.DeleteRow {
		t.Errorf("order %v, mail %v", p.After, d.Table("mail").Erase)
	}
	if r := d.Table("mail").Refs[0]; !r.Up || !r.Down {
		t.Error("a reference without direction goes both ways")
	}
	if !slices.ContainsFunc(p.Entries, func(e *dataset.Entry) bool {
		return e.System == "billing" && e.Kind == "billing.client.account" && e.Learn && !e.Enter && e.Always
	}) || !slices.ContainsFunc(d.Table("account").Entries, func(e *dataset.Entry) bool {
		return e.System == "billing" && e.Kind == "billing.client.no" && e.Enter && !e.Learn
	}) {
		t.Error("references to another database are identities")
	}
	said(t, res,
		"features.yml:55: the identity email inside person.workplace is left out", "a nested value or a list", "custom_request_field tenant_id is left out",
		"aes_encrypt", "tax_id is read_only", "erase_after billing.invoice is left out", "gone.id is left out", "is inside a nested value",
		"collection cache is left out", "described by two datasets", "this leads to another database")
}

// A reference that stands in the other database's file gives ours its end.
func TestImportElsewhere(t *testing.T) {
	d, _ := imported(t, Options{Elsewhere: map[string]string{"billing": "books"}}, "features.yml", "billing.yml")
	if d.Table("client") != nil {
		t.Error("a table of another database is imported")
	}
	p := d.Table("person")
	for _, kind := range []string{"crm.person.id", "billing.client.account"} {
		if !slices.ContainsFunc(p.Entries, func(e *dataset.Entry) bool { return e.System == "books" && e.Kind == kind && e.Learn && e.Always }) {
			t.Errorf("person does not teach %s to books", kind)
		}
	}
	// And the other side, imported by itself, takes it by the same name.
	d, _ = imported(t, Options{Elsewhere: map[string]string{"crm": "crm", "crm_more": "crm"}}, "billing.yml", "features.yml")
	c := d.Table("client")
	if !slices.ContainsFunc(c.Entries, func(e *dataset.Entry) bool { return e.System == "crm" && e.Kind == "crm.person.id" && e.Enter }) ||
		!slices.ContainsFunc(c.Entries, func(e *dataset.Entry) bool { return e.Kind == "billing.client.account" && e.Enter }) ||
		!slices.ContainsFunc(c.Entries, func(e *dataset.Entry) bool { return e.Kind == "billing.client.no" && e.Learn }) {
		t.Errorf("client %+v", c)
	}
}

// What is not a Fides file is said with its place.
func TestImportFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "a.yml:1: the file is empty",
		"a: [":                 "not valid YAML",
		"system: {x: 1}":       "a.yml:1: no Fides dataset here",
		"dataset: [{name: x}]": "has no fides_key",
		"dataset: [{fides_key: x, collections: [{fields: []}]}]":                                         "this collection has no name",
		"dataset: [{fides_key: x, collections: [{name: c, fields: [{fides_meta: {identity: email}}]}]}]": "this field has no name",
	} {
		res := Import([]File{{Name: "a.yml", Text: []byte(text)}}, Options{})
		if res.Faults() == 0 {
			t.Errorf("no fault in %q", text)
		}
		said(t, res, want)
	}
}

// Whatever bytes come: no panic, and what is written is a dataset file unless
// it says that it is not.
func FuzzImport(f *testing.F) {
	for _, x := range load(f, "shop_postgres.yml", "shop_mysql.yml", "features.yml", "billing.yml") {
		f.Add(x.Text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		res := Import([]File{{Name: "x.yml", Text: text}}, Options{Elsewhere: map[string]string{"billing": "b"}})
		if res.Faults() > 0 {
			return
		}
		_, err := dataset.Parse("x", res.Text)
		var faults *dataset.FaultsError
		if err != nil && !errors.As(err, &faults) {
			t.Fatal(err)
		}
		if err != nil {
			t.Fatalf("not said: %v", err)
		}
	})
}

// Two datasets over the same tables in one database are one description; said
// to be in another database, one of them is left out.
func TestImportTwice(t *testing.T) {
	d, res := imported(t, Options{}, "shop_postgres.yml", "shop_mysql.yml")
	if len(d.Tables) != 13 {
		t.Errorf("%d tables", len(d.Tables))
	}
	for _, tb := range d.Tables {
		for i, r := range tb.Refs {
			if slices.ContainsFunc(tb.Refs[:i], func(o *dataset.Ref) bool { return o.To == r.To && slices.Equal(o.Columns, r.Columns) }) {
				t.Errorf("%s.%s refers to %s twice", tb.Name, r.Columns[0], r.To)
			}
		}
		for i, e := range tb.Entries {
			if slices.ContainsFunc(tb.Entries[:i], func(o *dataset.Entry) bool { return o.Kind == e.Kind && o.Column == e.Column }) {
				t.Errorf("%s enters at %s.%s twice", e.Kind, tb.Name, e.Column)
			}
		}
	}
	said(t, res, "customer is described by two datasets")
	if d, _ := imported(t, Options{Elsewhere: map[string]string{"shop_mysql": "other"}}, "shop_postgres.yml", "shop_mysql.yml"); d.Table("Lead") != nil || len(d.Tables) != 12 {
		t.Error("a dataset of another database is imported")
	}
}
