package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// runClock parses and runs `habeas clock ARGS`; parsed tells wrong usage from
// a failure.
func runClock(t *testing.T, args ...string) (out string, parsed bool, err error) {
	t.Helper()
	var cli struct {
		Clock ClockCmd `cmd:""`
	}
	var stdout, stderr bytes.Buffer
	p, err := kong.New(&cli, kong.Writers(&stdout, &stderr))
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := p.Parse(append([]string{"clock"}, args...))
	if err != nil {
		return "", false, err
	}
	err = ctx.Run()
	return stdout.String(), true, err
}

func TestClockJSON(t *testing.T) {
	out, _, err := runClock(t, "--law", "EU", "--set", "DE", "--zone", "Europe/Berlin", "--received", "2026-03-05", "--json")
	if err != nil {
		t.Fatal(err)
	}
	type rule struct{ Cite, Text string }
	var got struct {
		Deadlines []struct {
			Name, Due string
			Rules     []rule
		}
	}
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	due := map[string]string{}
	for _, d := range got.Deadlines {
		due[d.Name] = d.Due
	}
	want := map[string]string{"respond": "2026-04-07", "extended": "2026-06-05", "notify_authority": "2026-03-07T23:00:00Z"}
	if diff := cmp.Diff(want, due); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]rule{
		{"Reg. 1182/71 Art. 3(1)", "Received 5 March 2026; that day is not counted."},
		{"GDPR Art. 12(3)", "One month ends 5 April 2026, a Sunday."},
		{"Reg. 1182/71 Art. 3(4)", "Moved to Tuesday 7 April 2026, the next working day."},
	}, got.Deadlines[0].Rules); diff != "" {
		t.Error(diff)
	}
}

func TestClockText(t *testing.T) {
	out, _, err := runClock(t, "--law=UK", "--set=EW", "--received=2026-06-01",
		"--event=clarify=2026-06-03/2026-06-09", "--event", "clarify=2026-06-08/2026-06-12", "--right=access")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"respond           2026-07-13 Monday\n",
		"  The clarification asked 3 June 2026, answered 9 June 2026: 7 days do not count, so the period ends 8 July 2026, a Wednesday. (UK GDPR Art. 12A)\n",
		"  The clarification asked 8 June 2026, answered 12 June 2026: 3 days do not count, so the period ends 11 July 2026, a Saturday. (UK GDPR Art. 12A)\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestClockRefuses(t *testing.T) {
	tests := []struct {
		name  string
		args  []string
		usage bool
		want  string
	}{
		{"no law", []string{"--received=2026-01-01"}, true, "--law"},
		{"unknown law", []string{"--law=XX", "--received=2026-01-01"}, true, `no law "XX"; use one of BR, CA`},
		{"unknown set", []string{"--law=EU", "--set=XX", "--received=2026-01-01"}, true, "holiday set"},
		{"unknown zone", []string{"--law=EU", "--zone=Mars/Base", "--received=2026-01-01"}, true, "time zone"},
		{"unknown right", []string{"--law=EU", "--right=fly", "--received=2026-01-01"}, true, "no right"},
		{"unknown policy", []string{"--law=EU", "--pause-policy=lax", "--received=2026-01-01"}, true, "pause policy"},
		{"impossible date", []string{"--law=EU", "--received=2026-02-30"}, true, "not a date of the calendar; write YYYY-MM-DD"},
		{"impossible event", []string{"--law=EU", "--received=2026-01-01", "--event=id=2026-13-01"}, true, "write YYYY-MM-DD"},
		{"half an event", []string{"--law=EU", "--received=2026-01-01", "--event=clarify=2026-01-02"}, true, "clarify=ASKED/ANSWERED"},
		{"received is empty", []string{"--law=EU", "--received="}, true, "from 2000-01-01 to 2199-12-31"},
		{"received before any law", []string{"--law=EU", "--received=1899-12-31"}, true, "from 2000-01-01 to 2199-12-31"},
		{"an hour that is none", []string{"--law=EU", "--received=2026-01-01T25:00Z"}, true, "is not a time"},
		{"answered before it was asked", []string{"--law=UK", "--received=2026-03-02", "--event=clarify=2026-03-10/2026-03-04"}, true, "swap the days"},
		{"asked before the receipt", []string{"--law=UK", "--received=2026-03-02", "--event=clarify=2026-02-10/2026-03-04"}, true, "lies before the receipt"},
		{"two extensions", []string{"--law=EU", "--received=2026-03-05", "--event=extension=2026-03-08", "--event=extension=2026-03-09"}, false, "there is no second extension (GDPR Art. 12(3))."},
		{"no date announced", []string{"--law=CH", "--received=2026-03-05", "--event=extension=2026-03-08"}, false, "write extension=NOTICE/DATE (DPO Art. 18)"},
		{"no extension in the law", []string{"--law=BR", "--received=2026-03-05", "--event=extension=2026-03-08"}, false, "has no extension"},
		{"late extension", []string{"--law=EU", "--set=DE", "--received=2026-03-05", "--event=extension=2026-04-08"}, false, "by the base due date, 7 April 2026; it can no longer be extended (GDPR Art. 12(3))."},
		{"before the law", []string{"--law=OK", "--received=2026-05-01"}, false, "in force from 1 January 2027"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, parsed, err := runClock(t, tt.args...)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want one with %q", err, tt.want)
			}
			if wrong := !parsed || errors.As(err, &usageError{}); wrong != tt.usage {
				t.Errorf("wrong usage: %v, want %v", wrong, tt.usage)
			}
			if out != "" || strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one sentence: %q %q", out, err)
			}
		})
	}
}
