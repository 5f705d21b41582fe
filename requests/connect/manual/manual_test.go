package manual_test

import (
	"strings"
	"testing"
	"time"

	"habeas/requests/connect"
	"habeas/requests/connect/manual"
)

func TestOpen(t *testing.T) {
	tests := []struct {
		name    string
		options map[string]string
		want    connect.Manual
		fault   string
	}{
		{"plain", map[string]string{"instructions": "Look in the cabinet."}, connect.Manual{Instructions: "Look in the cabinet.", Within: 240 * time.Hour}, ""},
		{"all", map[string]string{"instructions": "x", "within": "3d", "always": "true"}, connect.Manual{Instructions: "x", Within: 72 * time.Hour, Always: true}, ""},
		{"hours", map[string]string{"instructions": "x", "within": "36h"}, connect.Manual{Instructions: "x", Within: 36 * time.Hour}, ""},
		{"nothing said", nil, connect.Manual{}, "instructions are missing"},
		{"no time", map[string]string{"instructions": "x", "within": "-1d"}, connect.Manual{}, "within must be"},
		{"no bool", map[string]string{"instructions": "x", "always": "maybe"}, connect.Manual{}, "always must be"},
		{"unknown", map[string]string{"instructions": "x", "whithin": "3d"}, connect.Manual{}, `unknown option "whithin"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := manual.Open(t.Context(), connect.Config{Name: "archive", Options: tt.options})
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Fatalf("error %v, want %q", err, tt.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := *c.Describe().Manual; got != tt.want {
				t.Fatalf("got %+v, want %+v", got, tt.want)
			}
			if _, ok := c.(connect.Finder); ok {
				t.Fatal("a manual system finds nothing by itself")
			}
		})
	}
}

// Changed instructions are another description, and so drift.
func TestHash(t *testing.T) {
	hash := func(s string) string {
		c, err := manual.Open(t.Context(), connect.Config{Options: map[string]string{"instructions": s}})
		if err != nil {
			t.Fatal(err)
		}
		return c.Describe().Hash
	}
	first, again, other := hash("a"), hash("a"), hash("b")
	if first != again || first == other {
		t.Fatal("the hash must follow the instructions")
	}
}
