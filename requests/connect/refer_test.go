package connect_test

import (
	"strings"
	"testing"

	"habeas/requests/connect"
)

// What a description names is there, or it is said with its place.
func TestStrangers(t *testing.T) {
	all := []connect.Description{
		{Name: "crm", Refers: []connect.Refer{
			{System: "archive", Where: "dataset crm.yaml:4"},
			{System: "support", Kind: "ticket_no", Enters: true, Where: "dataset crm.yaml:5"},
			{System: "support", Kind: "case_no", Enters: true, Where: "dataset crm.yaml:6"},
			{System: "support", Kind: "case_no", Where: "dataset crm.yaml:7"}, // only learned there
			{System: "gone", Kind: "no", Where: "dataset crm.yaml:8"},
			{System: "crm", Kind: "no", Where: "dataset crm.yaml:9"},
			{System: "lost", Where: "dataset crm.yaml:10"},
		}},
		{Name: "support", Accepts: []string{"email", "ticket_no"}},
		{Name: "archive"},
	}
	var got []string
	for _, f := range connect.Strangers(all[0], all) {
		got = append(got, f.Where+": "+f.Text)
	}
	want := []string{
		`crm.yaml:6: the system "support" does not find people by case_no`,
		`crm.yaml:8: refers to the system "gone", which is not configured: nobody would be searched there`,
		`crm.yaml:9: refers to the system "crm", which is this one`,
		`crm.yaml:10: points to the system "lost", which is not configured: nothing would be done there`,
	}
	if len(got) != len(want) {
		t.Fatalf("%d of %d: %q", len(got), len(want), got)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("%q, want %q", got[i], want[i])
		}
	}
	if f := connect.Strangers(all[1], all); len(f) > 0 {
		t.Errorf("%v", f)
	}
}
