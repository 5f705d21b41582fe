package requests_test

import (
	"testing"
	"time"

	"habeas/requests"
)

// A backup that lives longer than the last re-scan brings back what nobody looks
// for.
func TestRescansOutliveBackups(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, tt := range []struct {
		rescans []time.Duration
		backups time.Duration
		said    bool
	}{
		{nil, 0, false},
		{nil, 90 * day, false}, // the default ends after 90 days
		{nil, 91 * day, true},
		{[]time.Duration{40 * day, day}, 35 * day, false},
		{[]time.Duration{day}, 35 * day, true},
		{[]time.Duration{}, day, true},
	} {
		got := requests.Settings{Rescans: tt.rescans, SystemBackups: tt.backups}.Unlooked()
		if (len(got) == 1) != tt.said {
			t.Errorf("re-scans %v, backups %v: %q", tt.rescans, tt.backups, got)
		}
	}
}
