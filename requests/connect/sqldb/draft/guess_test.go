package draft

import "testing"

// A date is when an identity changed only where its name says so of that column.
func TestChangedAt(t *testing.T) {
	for _, tt := range []struct {
		of, column string
		sort       Sort
		want       bool
	}{
		{"email", "email_changed_at", Date, true},
		{"email", "last_email_update", Date, true},
		{"emailAddress", "emailAddressModifiedOn", Date, true},
		{"E-Mail", "E-Mail_geändert_am", Date, true},
		{"email", "changed_at", Date, false}, // of the row
		{"email", "email_verified_at", Date, false},
		{"email", "phone_changed_at", Date, false},
		{"email", "email_changed", Truth, false},
		{"email", "old_email_changed_at", Date, false},
	} {
		got := changedAt([]Column{{Name: tt.of, Sort: Text}, {Name: tt.column, Sort: tt.sort}}, tt.of)
		if (got == tt.column) != tt.want {
			t.Errorf("%s of %s: %q", tt.column, tt.of, got)
		}
	}
}
