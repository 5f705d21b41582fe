package export_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"habeas/requests/blob"
	"habeas/requests/connect"
	"habeas/requests/export"
	"habeas/requests/seal"
	"habeas/requests/testkit"
)

var crm = connect.Description{
	Name: "crm", Title: "Customer database",
	Types: []connect.Type{
		{
			Name: "contacts", Title: "Your contact details", Purpose: "To run your customer account", Source: "You, when you ordered",
			Recipient: "Parcel carrier (DHL)", Retention: "Three years",
			Fields: []connect.Field{{Name: "id"}, {Name: "name", Title: "Name", Category: "identity.name"}, {Name: "email", Title: "E-mail", Category: "contact.email"}},
		},
		{
			Name: "notes", Title: "Notes of our staff", Purpose: "To advise you", Source: "Our staff", Recipient: "Nobody", Retention: "Two years",
			Fields: []connect.Field{{Name: "id"}, {Name: "body", Title: "Note", Category: "content.note", FreeText: true}},
		},
	},
}

var info = export.PackageInfo{
	Case: "0193f0e2-0000-7000-8000-000000000001", Reference: "H4B-E2A", Name: "Zoe\u0308 <b>O'Neil</b>", Law: "EU", Lang: "en",
	ReceivedAt: time.Date(2026, 11, 2, 23, 30, 0, 0, time.UTC), MadeAt: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC),
	Company: export.Company{Name: "Acme Outdoor GmbH", Address: "Seeweg 1, 10115 Berlin", Email: "privacy@acme.example", Officer: "Dr. Ute Kern", Authority: "Berliner Beauftragte für Datenschutz"},
}

// fixture is a case key and a folder for blobs.
type fixture struct {
	key   seal.Key
	store blob.Store
}

func setup(t testing.TB) fixture {
	t.Helper()
	key, _, err := testkit.Ring(t).NewKey()
	if err != nil {
		t.Fatal(err)
	}
	store, err := blob.Dir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return fixture{key: key, store: store}
}

// staged stores rows as the worker does and returns the source.
func (f fixture) staged(t testing.TB, d connect.Description, rows ...connect.Row) export.Source {
	t.Helper()
	name := "stage/" + d.Name
	w, err := f.store.Create(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := f.key.Writer(w)
	if err != nil {
		t.Fatal(err)
	}
	s := export.NewStage(sealed)
	for _, r := range rows {
		if err := s.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.Close(), sealed.Close(), w.Commit()); err != nil {
		t.Fatal(err)
	}
	return export.Source{System: d, Open: export.Staged(f.store, name, f.key)}
}

// build makes a package and returns what the customer gets.
func (f fixture) build(t testing.TB, info export.PackageInfo, sources ...export.Source) (export.Package, []byte) {
	t.Helper()
	w, err := f.store.Create(t.Context(), "packages/one")
	if err != nil {
		t.Fatal(err)
	}
	p, err := export.BuildPackage(t.Context(), w, f.key, info, sources)
	if err != nil {
		t.Fatal(err)
	}
	sealed, _, err := f.store.Open(t.Context(), "packages/one")
	if err != nil {
		t.Fatal(err)
	}
	defer sealed.Close()
	plain, err := export.OpenPackage(sealed, f.key)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(b); p.SHA256 != hex.EncodeToString(sum[:]) || p.Bytes != int64(len(b)) {
		t.Errorf("%+v does not describe the %d bytes that the customer gets", p, len(b))
	}
	return p, b
}

// unzip returns the files in order.
func unzip(t testing.TB, b []byte) (names []string, files map[string]string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, f.Name)
		files[f.Name] = string(body)
	}
	return names, files
}

var someRows = []connect.Row{
	row("contacts", "1", "id", "1", "name", `"ليلى <script>alert(1)</script>"`, "email", `"=cmd|x@mail.example"`),
	row("notes", "7", "id", "7", "body", "withheld"),
	row("notes", "9", "id", "9", "body", `"Shoe size 42\n\"wide\""`),
}

func TestPackageHoldsEverything(t *testing.T) {
	f := setup(t)
	p, b := f.build(t, info, f.staged(t, crm, someRows...), export.Source{System: connect.Description{Name: "empty", Title: "Empty"}})
	names, files := unzip(t, b)
	want := "index.html data/crm.contacts.json data/crm.notes.json data/crm.contacts.csv data/crm.notes.csv manifest.json"
	if got := strings.Join(names, " "); got != want {
		t.Fatalf("files %s, want %s", got, want)
	}
	if p.Records != 3 || p.Files != len(names) || p.Name != "H4B-E2A.zip" {
		t.Errorf("%+v", p)
	}

	var notes []map[string]any
	if err := json.Unmarshal([]byte(files["data/crm.notes.json"]), &notes); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(notes) != `[map[_record:7 _withheld:[body] id:7] map[_record:9 body:Shoe size 42`+"\n"+`"wide" id:9]]` {
		t.Errorf("%v", notes)
	}
	text, bom := strings.CutPrefix(files["data/crm.contacts.csv"], "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || !bom {
		t.Fatal(bom, err)
	}
	if fmt.Sprint(rows) != `[[id name email] [1 ليلى <script>alert(1)</script> '=cmd|x@mail.example]]` {
		t.Errorf("%v", rows)
	}

	var m struct {
		V     int
		Case  string
		Files []struct {
			Name    string
			Bytes   int64
			Records *int64
			SHA256  string
		}
	}
	if err := json.Unmarshal([]byte(files["manifest.json"]), &m); err != nil {
		t.Fatal(err)
	}
	if m.V != 1 || m.Case != info.Case || len(m.Files) != len(names)-1 {
		t.Errorf("%+v", m)
	}
	for i, mf := range m.Files {
		sum := sha256.Sum256([]byte(files[mf.Name]))
		if mf.Name != names[i] || mf.SHA256 != hex.EncodeToString(sum[:]) || mf.Bytes != int64(len(files[mf.Name])) {
			t.Errorf("the manifest is wrong about %s", mf.Name)
		}
	}
}

func TestIndexPageExplainsAndEscapes(t *testing.T) {
	f := setup(t)
	_, b := f.build(t, info, f.staged(t, crm, someRows...))
	_, files := unzip(t, b)
	page := files["index.html"]
	for _, want := range []string{
		"To run your customer account", "You, when you ordered", "Parcel carrier (DHL)", "Three years", "To advise you",
		"Article 16", "Article 77", "Berliner Beauftragte für Datenschutz", "Dr. Ute Kern", "Article 15(4)",
		"e-mail address", "&lt;script&gt;alert(1)&lt;/script&gt;", `href="data/crm.contacts.csv"`, "2 November 2026", "2 records", "1 record<",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("index.html does not say %q", want)
		}
	}
	for _, bad := range []string{"<script", "http://", "https://", "‹", "<b>O'Neil", "src="} {
		if strings.Contains(page, bad) {
			t.Errorf("index.html holds %q", bad)
		}
	}
}

// What was withheld never reached the stage; the package says that it was.
func TestRedactedFieldsAreNamedAndAbsent(t *testing.T) {
	f := setup(t)
	secret := connect.Row{Type: "notes", Key: "7", Values: []connect.Value{{Field: "body", Data: json.RawMessage(`"about Peter"`), Redacted: true}}}
	_, b := f.build(t, info, f.staged(t, crm, secret))
	_, files := unzip(t, b)
	for name, text := range files {
		if strings.Contains(text, "Peter") {
			t.Errorf("%s holds what was withheld", name)
		}
	}
	if !strings.Contains(files["data/crm.notes.json"], `"_withheld":["body"]`) || !strings.Contains(files["data/crm.notes.csv"], "[withheld]") {
		t.Error("the files do not say what was withheld")
	}
}

func TestManyRecordsStayInTheFiles(t *testing.T) {
	f := setup(t)
	var rows []connect.Row
	for i := range 5000 {
		rows = append(rows, row("contacts", fmt.Sprint(i), "id", fmt.Sprint(i), "name", fmt.Sprintf(`"person %d"`, i), "email", "null"))
	}
	_, b := f.build(t, info, f.staged(t, crm, rows...))
	_, files := unzip(t, b)
	page := files["index.html"]
	if len(page) > 40_000 || !strings.Contains(page, "The first 20 of 5,000 records") || strings.Contains(page, "person 20<") {
		t.Errorf("index.html has %d bytes", len(page))
	}
	if n := strings.Count(files["data/crm.contacts.json"], `"_record"`); n != 5000 {
		t.Errorf("%d records in JSON", n)
	}
	if n := strings.Count(files["data/crm.contacts.csv"], "\r\n"); n != 5001 {
		t.Errorf("%d lines of CSV", n)
	}
}

func TestHugeValue(t *testing.T) {
	f := setup(t)
	huge := strings.Repeat("ü€𝒜", 200_000)
	_, b := f.build(t, info, f.staged(t, crm, row("notes", "1", "id", "1", "body", `"`+huge+`"`)))
	_, files := unzip(t, b)
	if !strings.Contains(files["data/crm.notes.json"], huge) || !strings.Contains(files["data/crm.notes.csv"], huge) {
		t.Error("the value is not whole in the files")
	}
	if page := files["index.html"]; len(page) > 40_000 || !strings.Contains(page, "continues in the file") {
		t.Errorf("index.html has %d bytes", len(page))
	}
}

// A type whose rows differ in their fields keeps every value under its name.
func TestFieldsMayDiffer(t *testing.T) {
	f := setup(t)
	_, b := f.build(t, info, f.staged(t, crm, row("x", "1", "a", "1"), row("x", "2", "b", "2", "a", "3")))
	_, files := unzip(t, b)
	if got, want := files["data/crm.x.csv"], "\ufeff\"a\",\"b\"\r\n1,\r\n3,2\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := files["data/crm.x.json"], "[\n{\"_record\":\"1\",\"a\":1},\n{\"_record\":\"2\",\"b\":2,\"a\":3}\n]\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestFileNamesAreSafe(t *testing.T) {
	f := setup(t)
	_, b := f.build(t, info, f.staged(t, crm, row("../../etc/passwd", "1"), row("A", "1"), row("a", "1"), row("ä", "1")))
	names, _ := unzip(t, b)
	seen := map[string]bool{}
	for _, n := range names {
		if strings.Contains(n, "..") || strings.Count(n, "/") > 1 || seen[strings.ToLower(n)] {
			t.Errorf("file name %q", n)
		}
		seen[strings.ToLower(n)] = true
	}
	if len(names) != 10 {
		t.Errorf("%d files: %v", len(names), names)
	}
}

func TestOnlyTheCustomerOpensALockedPackage(t *testing.T) {
	f := setup(t)
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	pass, err := age.NewScryptIdentity("correct horse battery staple")
	if err != nil {
		t.Fatal(err)
	}
	src := f.staged(t, crm, someRows...)
	for name, tt := range map[string]struct {
		change func(*export.PackageInfo)
		id     age.Identity
	}{
		"recipient":  {func(i *export.PackageInfo) { i.Recipient = id.Recipient().String() }, id},
		"passphrase": {func(i *export.PackageInfo) { i.Passphrase = "correct horse battery staple" }, pass},
	} {
		t.Run(name, func(t *testing.T) {
			locked := info
			tt.change(&locked)
			p, b := f.build(t, locked, src)
			if !strings.HasSuffix(p.Name, ".zip.age") {
				t.Errorf("named %s", p.Name)
			}
			r, err := age.Decrypt(bytes.NewReader(b), tt.id)
			if err != nil {
				t.Fatal(err)
			}
			plain, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			if names, _ := unzip(t, plain); len(names) != 6 {
				t.Errorf("%v", names)
			}
		})
	}
	if err := export.CheckRecipient("age1nonsense"); err == nil || strings.Contains(err.Error(), "nonsense") {
		t.Errorf("%v", err)
	}
}

// California, identity proved to a reasonable degree only (1798.110).
func TestCategoriesOnlyHoldsNoValues(t *testing.T) {
	f := setup(t)
	ca := info
	ca.Law, ca.CategoriesOnly, ca.Name, ca.Company.Authority = "CA", true, "", ""
	_, b := f.build(t, ca, f.staged(t, crm, someRows...))
	names, files := unzip(t, b)
	if got := strings.Join(names, " "); got != "index.html manifest.json" {
		t.Fatalf("files %s", got)
	}
	page := files["index.html"]
	for _, want := range []string{"e-mail address", "notes by staff", "You, when you ordered", "Parcel carrier (DHL)", "To advise you", "1798.110", "1798.105", "California Privacy"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, bad := range []string{"mail.example", "ليلى", "Shoe size", "GDPR", "record<", "records<", "data/"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
}

func TestNothingHeldSaysSo(t *testing.T) {
	f := setup(t)
	_, b := f.build(t, info)
	names, files := unzip(t, b)
	if len(names) != 2 || !strings.Contains(files["index.html"], "We hold no personal data about you") {
		t.Errorf("%v", names)
	}
}

// A stage that is cut short, altered or gone leaves no package behind.
func TestBrokenStageMakesNoPackage(t *testing.T) {
	f := setup(t)
	whole := stage(t, someRows...)
	opens := 0
	for name, open := range map[string]func(context.Context) (io.ReadCloser, error){
		"cut": func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(whole[:len(whole)-3])), nil
		},
		"cut at the second reading": func(context.Context) (io.ReadCloser, error) {
			if opens++; opens == 2 {
				return io.NopCloser(bytes.NewReader(whole[:len(whole)-3])), nil
			}
			return io.NopCloser(bytes.NewReader(whole)), nil
		},
		"gone": export.Staged(f.store, "stage/nowhere", f.key),
	} {
		w, err := f.store.Create(t.Context(), "packages/broken")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := export.BuildPackage(t.Context(), w, f.key, info, []export.Source{{System: crm, Open: open}}); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, _, err := f.store.Open(t.Context(), "packages/broken"); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%s: a package is there: %v", name, err)
		}
	}
}

type failing struct{ left int }

var errFull = errors.New("disk full")

func (w *failing) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}
func (w *failing) Commit() error { return errors.New("committed") }
func (w *failing) Abort() error  { return nil }

func TestAFullDiskIsReported(t *testing.T) {
	f := setup(t)
	var rows []connect.Row
	for i := range 8_000 {
		rows = append(rows, row("contacts", fmt.Sprint(i), "name", fmt.Sprintf(`"%x"`, sha256.Sum256([]byte{byte(i), byte(i >> 8)}))))
	}
	src := f.staged(t, crm, rows...)
	if _, err := export.BuildPackage(t.Context(), &failing{left: 300_000}, f.key, info, []export.Source{src}); !errors.Is(err, errFull) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := export.BuildPackage(ctx, &failing{left: 1 << 30}, f.key, info, []export.Source{src}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
