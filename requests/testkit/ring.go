package testkit

import (
	"path/filepath"
	"testing"

	"habeas/requests/seal"
)

// Ring returns a new key ring, in a key file that is gone when t ends.
func Ring(t testing.TB) *seal.Ring {
	t.Helper()
	ring, err := seal.CreateRing(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	return ring
}
