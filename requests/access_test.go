package requests_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"

	"habeas/requests"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// packageRow is one record in the package.
type packageRow map[string]any

func openPackage(c *company.Company, by requests.Actor, id uuid.UUID) map[string][]packageRow {
	c.Helper()
	d, err := c.Svc.OpenPackage(c.Context(), by, id)
	must(c.TB, err)
	defer d.Close()
	raw, err := io.ReadAll(d)
	must(c.TB, err)
	if int64(len(raw)) != d.Size || !strings.HasSuffix(d.Name, ".zip") {
		c.Errorf("%d bytes of %d as %s", len(raw), d.Size, d.Name)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	must(c.TB, err)
	if z.File[0].Name != "index.html" {
		c.Errorf("the first file is %s", z.File[0].Name)
	}
	out := map[string][]packageRow{}
	for _, f := range z.File {
		name, ok := strings.CutPrefix(f.Name, "data/")
		if !ok || !strings.HasSuffix(name, ".json") {
			continue
		}
		r, err := f.Open()
		must(c.TB, err)
		var rows []packageRow
		must(c.TB, json.NewDecoder(r).Decode(&rows))
		out[strings.TrimSuffix(name, ".json")] = rows
	}
	return out
}

func testAccess(c *company.Company, who acme.Subject) {
	before := allRows(c, who)
	r, by := inReview(c, who.Email, "access")
	p := planOf(c, r.ID)
	if k := c.Await(r.ID, requests.Review); !k.Has(requests.Attention) {
		c.Error("free text that nobody decided over asks for no attention")
	}
	_, err := c.Svc.OpenPackage(c.Context(), by, r.ID)
	refused(c.TB, err, "package-not-ready")
	c.Approve(r.ID)
	k := c.Await(r.ID, requests.Completed)
	if k.Has(requests.Attention) || k.Has(requests.Partial) {
		c.Errorf("flags %v", k.Flags)
	}
	stale := by
	stale.Fresh = false
	_, err = c.Svc.OpenPackage(c.Context(), stale, r.ID)
	refused(c.TB, err, "fresh-code-needed")
	_, err = c.Svc.OpenPackage(c.Context(), requests.Actor{Role: requests.Customer, ID: uuid.NewString(), Fresh: true}, r.ID)
	refused(c.TB, err, "not-found")
	_, err = c.Svc.OpenPackage(c.Context(), c.DPOs[0], r.ID)
	refused(c.TB, err, "not-found")

	held := openPackage(c, by, r.ID)
	total := 0
	for table := range whose {
		want := rowsOf(c, who, table, "")
		got := held[table]
		total += len(got)
		if len(got) != len(want) {
			c.Errorf("%s: %d records in the package, %d in the database", table, len(got), len(want))
			continue
		}
		wanted := map[string]bool{}
		for _, w := range want {
			wanted[w] = true
		}
		for _, row := range got {
			matches(c, table, row, want)
		}
	}
	if total != int(p.Total) {
		c.Errorf("%d records in the package, %d in the plan", total, p.Total)
	}
	for _, row := range held["crm.notes"] {
		if row["staff"] != nil || row["body"] != nil {
			c.Errorf("a note shows others' data or free text that nobody looked at: %v", row)
		}
	}
	unchanged(c, who, before)
	n := kinds(c, r.ID)
	for kind, want := range map[string]int{
		"record.read": 2, "package.built": 1, "package.downloaded": 1, "plan.approved": 1, "record.erased": 0, "request.completed": 1,
	} {
		if n[kind] != want {
			c.Errorf("%d events %s, want %d", n[kind], kind, want)
		}
	}
	if sum := report(c, r.ID); sum.Records != int64(total) {
		c.Errorf("%d receipts for %d records", sum.Records, total)
	}
	for o := range outcomes(c, r.ID) {
		if !strings.HasSuffix(o, " disclosed") && !strings.HasSuffix(o, " redacted") {
			c.Errorf("outcome %s", o)
		}
	}
	letter(c, who.Email, r.Reference)
	if got := letters(c, r.ID); got[len(got)-1] != "access_ready" {
		c.Errorf("letters %v", got)
	}
}

// matches checks that a record of the package equals one row of the database
// in every field that is not withheld.
func matches(c *company.Company, table string, row packageRow, rows []string) {
	c.Helper()
	for _, w := range rows {
		var have map[string]any
		must(c.TB, json.Unmarshal([]byte(w), &have))
		same := true
		for f, v := range row {
			if strings.HasPrefix(f, "_") {
				continue
			}
			same = same && alike(v, have[f])
		}
		if same {
			return
		}
	}
	c.Errorf("%s: no row of the person is %v", table, row)
}

// alike compares values across the two ways of writing times and numbers.
func alike(a, b any) bool {
	x, y := fmt.Sprint(a), fmt.Sprint(b)
	if x == y {
		return true
	}
	if len(x) >= 10 && len(y) >= 10 && x[:4] == y[:4] && strings.ContainsAny(x, "T:") {
		return true // 2016-03-01T00:00:00Z and 2016-03-01 00:00:00+00
	}
	var m, n any
	return json.Unmarshal([]byte(x), &m) == nil && json.Unmarshal([]byte(y), &n) == nil && fmt.Sprint(m) == fmt.Sprint(n)
}
