package requests_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"habeas/requests"
	"habeas/requests/evidence"
	"habeas/requests/testkit/company"
)

// kept are vouchers younger than eight years from the end of their year.
var kept = map[string]string{
	"crm.orders":      ` and extract(year from t.placed_on) + 8 >= extract(year from now())`,
	"crm.order_lines": ` and extract(year from t.shipped_on) + 8 >= extract(year from now())`,
	"crm.invoices":    ` and extract(year from t.issued_on) + 8 >= extract(year from now())`,
}

// TestErasureChangesTheseRowsAndNoOther compares every byte of the company
// before and after.
func TestErasureChangesTheseRowsAndNoOther(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := richSubject(c)
	before := dump(c)
	gone, changed := map[string][]string{}, map[string][]string{}
	keeps := 0
	for table := range whose {
		rows := rowsOf(c, who, table, "")
		if k, ok := kept[table]; ok {
			stay := rowsOf(c, who, table, k)
			keeps += len(stay)
			rows = minus(rows, stay)
		}
		switch table {
		case "crm.opportunities", "social.comments":
			changed[table] = rows
		default:
			gone[table] = rows
		}
	}
	if keeps == 0 || len(gone["crm.orders"]) == 0 {
		t.Fatal("the subject has to have vouchers to keep and to erase")
	}

	r, _ := inReview(c, who.Email, "erasure")
	if diff := dump(c); fmt.Sprint(diff) != fmt.Sprint(before) {
		t.Error("discovery changed something")
	}
	c.Approve(r.ID)
	k := c.Await(r.ID, requests.Completed)

	after := dump(c)
	erased := 0
	for table, rows := range before {
		removed, added := minus(rows, after[table]), minus(after[table], rows)
		wantRemoved := slices.Concat(gone[table], changed[table])
		erased += len(gone[table])
		slices.Sort(wantRemoved)
		slices.Sort(removed)
		if !slices.Equal(removed, wantRemoved) {
			t.Errorf("%s: gone or changed\n%v\nwant\n%v", table, removed, wantRemoved)
		}
		if len(added) != len(changed[table]) {
			t.Errorf("%s: %d rows are new or changed, want %d: %v", table, len(added), len(changed[table]), added)
		}
		for _, row := range added {
			var now map[string]any
			must(t, json.Unmarshal([]byte(row), &now))
			var was map[string]any
			for _, w := range changed[table] {
				var m map[string]any
				must(t, json.Unmarshal([]byte(w), &m))
				if m["id"] == now["id"] {
					was = m
				}
			}
			for f, v := range was {
				want := v
				switch table + "." + f {
				case "crm.opportunities.contact_id", "crm.opportunities.remarks", "social.comments.profile_id":
					want = nil
				case "crm.opportunities.title":
					want = "Erased"
				case "social.comments.body":
					want = "[removed at the author’s request]"
				}
				if now[f] != want {
					t.Errorf("%s.%s is %v, want %v", table, f, now[f], want)
				}
			}
		}
	}

	var absent, masked, stayed int64
	for o, n := range outcomes(c, r.ID) {
		switch {
		case strings.HasSuffix(o, "verified_absent"):
			absent += n
		case strings.HasSuffix(o, "verified_masked"), strings.HasSuffix(o, "verified_detached"):
			masked += n
		case strings.HasSuffix(o, " kept"):
			stayed += n
		default:
			t.Errorf("outcome %s: %d", o, n)
		}
	}
	if absent != int64(erased) || masked != int64(len(changed["crm.opportunities"])+len(changed["social.comments"])) || stayed != int64(keeps) {
		t.Errorf("outcomes: %d absent of %d, %d masked, %d kept of %d", absent, erased, masked, stayed, keeps)
	}
	if !k.Has(requests.Partial) || k.Has(requests.Unproven) || k.Has(requests.Attention) || k.Result != "done" {
		t.Errorf("completed %s %v", k.Result, k.Flags)
	}
	var counted int64
	for _, e := range payloads[evidence.RecordErased](c, r.ID) {
		counted += int64(e.Count)
	}
	if counted != int64(erased) {
		t.Errorf("events count %d erased, want %d", counted, erased)
	}
	n := kinds(c, r.ID)
	for kind, want := range map[string]int{
		"request.filed": 1, "identity.verified": 1, "plan.made": 1, "plan.approved": 2, "request.completed": 1, "drift.found": 0,
		"record.erased": 2, "record.masked": 2, "record.detached": 2, "record.kept": 2, "outcome.verified": 2, "task.failed": 0,
	} {
		if n[kind] != want {
			t.Errorf("%d events %s, want %d", n[kind], kind, want)
		}
	}
	if n["task.started"] != n["task.finished"] {
		t.Errorf("%d tasks started, %d finished", n["task.started"], n["task.finished"])
	}
	if sum := report(c, r.ID); sum.Records == 0 {
		t.Error("no receipts")
	}
	m := letter(c, who.Email, "HGB")
	if !strings.Contains(m.Text, fmt.Sprint(erased)) {
		t.Errorf("the letter does not say that %d records were erased:\n%s", erased, m.Text)
	}
	if got := letters(c, r.ID); !slices.Equal(got, []string{"code", "ack", "partial"}) {
		t.Errorf("letters %v", got)
	}
	for _, l := range events(c, r.ID) {
		for _, secret := range []string{who.Email, who.Name, who.CustomerID, who.Phone} {
			if strings.Contains(string(l.Raw), secret) {
				t.Errorf("the log holds personal data: %s", l.Kind)
			}
		}
	}
}
