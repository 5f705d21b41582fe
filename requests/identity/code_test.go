package identity_test

import (
	"path/filepath"
	"regexp"
	"testing"

	. "habeas/requests/identity"
	"habeas/requests/seal"
)

func TestNewCode(t *testing.T) {
	six := regexp.MustCompile(`^[0-9]{6}$`)
	seen := map[string]bool{}
	firsts := map[byte]int{}
	for range 2000 {
		code := NewCode()
		if !six.MatchString(code) {
			t.Fatalf("%q is no run of six digits", code)
		}
		seen[code] = true
		firsts[code[0]]++
	}
	// About 2 of 2000 are expected twice; 1900 distinct ones fail a constant
	// or short-cycled source and no honest one.
	if len(seen) < 1900 || len(firsts) != 10 {
		t.Errorf("%d distinct codes of 2000, %d first digits", len(seen), len(firsts))
	}
}

func TestMatch(t *testing.T) {
	ring, err := seal.CreateRing(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := ring.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := ring.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	stored := MAC(key, "012345")
	for typed, want := range map[string]bool{
		"012345": true, " 012 345 ": true, "012-345": true, "012\u00a0345": true,
		"12345": false, "0123456": false, "012346": false, "": false, "०१२३४५": false,
	} {
		if got := Match(key, stored, typed); got != want {
			t.Errorf("%q: %v", typed, got)
		}
	}
	if Match(other, stored, "012345") {
		t.Error("another case's key opens the code")
	}
}
