package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// Exit codes: 0 done, 1 it failed, 2 wrong usage; errors on standard error.
func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
	}{
		{"clock --law EU --received 2026-01-31", 0},
		{"clock --law EU --received 2026-01-31 --json", 0},
		{"clock --law EU --received 2026-02-30", 2},
		{"clock --law XX --received 2026-01-31", 2},
		{"clock --law EU", 2},
		{"clock --law EU --received 2026-01-31 --event x=1", 2},
		{"--help", 0},
		{"", 2},
		{"nonsense", 2},
		{"migrate sideways", 2},
		{"user add --role dpo", 2},
		{"token create", 2},
		{"serve", 2},
		{"config check --config " + filepath.Join(t.TempDir(), "none.yaml"), 1},
		{"demo --listen nowhere --data " + t.TempDir(), 1},
	} {
		code, out, errs := command(t, strings.Fields(c.args)...)
		if code != c.code || (c.code != 0) != (errs != "") || c.code != 0 && out != "" {
			t.Errorf("habeas %s: %d, want %d: %q %q", c.args, code, c.code, out, errs)
		}
	}
	_, out, _ := command(t, "clock", "--law", "EU", "--received", "2026-03-07", "--json")
	var got struct {
		Deadlines []struct {
			Name, Due string
			Rules     []struct{ Cite, Text string }
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Deadlines) == 0 || got.Deadlines[0].Name != "respond" || got.Deadlines[0].Due != "2026-04-07" || len(got.Deadlines[0].Rules) == 0 {
		t.Errorf("%v %s", err, out)
	}
}
