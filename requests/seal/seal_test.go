package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"habeas/requests/seal"
)

func setup(t testing.TB) (*seal.Ring, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	ring, err := seal.CreateRing(path)
	if err != nil {
		t.Fatal(err)
	}
	return ring, path
}

func newKey(t testing.TB, ring *seal.Ring) (seal.Key, []byte) {
	t.Helper()
	key, wrapped, err := ring.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return key, wrapped
}

func TestSealOpen(t *testing.T) {
	ring, _ := setup(t)
	key, _ := newKey(t, ring)
	other, _ := newKey(t, ring)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		label := rapid.String().Draw(t, "label")
		sealed := key.Seal(label, plain)
		got, err := key.Open(label, sealed)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("open: %v", err)
		}
		if _, err := other.Open(label, sealed); !errors.Is(err, seal.ErrOpen) {
			t.Fatalf("another key opened it: %v", err)
		}
		if _, err := key.Open(label+"x", sealed); !errors.Is(err, seal.ErrOpen) {
			t.Fatalf("another label opened it: %v", err)
		}
		flipped := bytes.Clone(sealed)
		flipped[rapid.IntRange(0, len(flipped)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := key.Open(label, flipped); !errors.Is(err, seal.ErrOpen) {
			t.Fatalf("altered bytes opened: %v", err)
		}
		if again := key.Seal(label, plain); bytes.Equal(again, sealed) {
			t.Fatal("two seals are equal: the nonce is not random")
		}
	})
}

func TestZeroKey(t *testing.T) {
	var key seal.Key
	if _, err := key.Open("x", make([]byte, 64)); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("open: %v", err)
	}
	if _, err := key.Writer(io.Discard); err == nil {
		t.Error("a zero key wrote a stream")
	}
	defer func() {
		if recover() == nil {
			t.Error("a zero key sealed")
		}
	}()
	key.Seal("x", nil)
}

func TestDigestIsPerKeyLabelAndBoundary(t *testing.T) {
	ring, _ := setup(t)
	key, wrapped := newKey(t, ring)
	other, _ := newKey(t, ring)
	base := key.Digest("field", "a", "bc")
	if len(base) != 64 || strings.Trim(base, "0123456789abcdef") != "" {
		t.Fatalf("digest %q", base)
	}
	for name, d := range map[string]string{
		"other key": other.Digest("field", "a", "bc"), "other label": key.Digest("fielda", "bc"),
		"other boundary": key.Digest("field", "ab", "c"), "joined": key.Digest("field", "abc"), "empty part": key.Digest("field", "a", "bc", ""),
	} {
		if d == base {
			t.Errorf("%s: equal digest", name)
		}
	}
	again, err := ring.Unwrap(wrapped)
	if err != nil {
		t.Fatal(err)
	}
	if again.Digest("field", "a", "bc") != base {
		t.Error("an unwrapped key digests differently")
	}
}

func TestRotate(t *testing.T) {
	ring, path := setup(t)
	key, wrapped := newKey(t, ring)
	sealed := key.Seal("f", []byte("hello"))
	draft := ring.System().Seal("draft", []byte("later"))
	elsewhere, err := seal.LoadRing(path) // another process
	if err != nil {
		t.Fatal(err)
	}
	if out, changed, err := ring.Rewrap(wrapped); err != nil || changed || !bytes.Equal(out, wrapped) {
		t.Fatalf("rewrap before rotation: changed=%v err=%v", changed, err)
	}
	if err := ring.Rotate(); err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Unwrap(wrapped); err != nil {
		t.Fatalf("old key-encryption key: %v", err)
	}
	out, changed, err := ring.Rewrap(wrapped)
	if err != nil || !changed || bytes.Equal(out, wrapped) {
		t.Fatalf("rewrap: changed=%v err=%v", changed, err)
	}
	again, err := elsewhere.Unwrap(out)
	if err != nil {
		t.Fatalf("another process does not know the new key: %v", err)
	}
	if plain, err := again.Open("f", sealed); err != nil || string(plain) != "hello" {
		t.Fatalf("open after rewrap: %v", err)
	}
	if plain, err := ring.System().Open("draft", draft); err != nil || string(plain) != "later" {
		t.Fatalf("system key after rotation: %v", err)
	}
	if plain, err := elsewhere.System().Open("d", ring.System().Seal("d", []byte("x"))); err != nil || string(plain) != "x" {
		t.Fatalf("system key across processes: %v", err)
	}
}

func TestUnwrapForeign(t *testing.T) {
	ring, _ := setup(t)
	other, _ := setup(t)
	if err := other.Rotate(); err != nil {
		t.Fatal(err)
	}
	_, wrapped := newKey(t, other)
	if _, err := ring.Unwrap(wrapped); !errors.Is(err, seal.ErrUnknownKEK) {
		t.Errorf("unknown id: %v", err)
	}
	_, mine := newKey(t, ring)
	for i := range mine {
		bad := bytes.Clone(mine)
		bad[i] ^= 1
		if _, err := ring.Unwrap(bad); err == nil {
			t.Fatalf("byte %d altered, still unwrapped", i)
		}
	}
}

func TestConcurrentRotationsAllCount(t *testing.T) {
	ring, path := setup(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r, err := seal.LoadRing(path)
			if err == nil {
				err = r.Rotate()
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := ring.Rotate(); err != nil {
		t.Fatal(err)
	}
	if got := ring.KEK(); got != 10 {
		t.Errorf("newest key id %d, want 10: a rotation was lost", got)
	}
	leftovers, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || len(leftovers) != 0 {
		t.Errorf("left behind: %v %v", leftovers, err)
	}
}

func TestLookup(t *testing.T) {
	ring, _ := setup(t)
	old := ring.Lookup("email", "maria@mail.example")
	if len(old) != 33 || old[0] != 1 {
		t.Fatalf("look-up digest %x", old)
	}
	if bytes.Equal(old, ring.Lookup("phone", "maria@mail.example")) {
		t.Error("kinds share a digest")
	}
	if err := ring.RotateLookup(); err != nil {
		t.Fatal(err)
	}
	now := ring.Lookups("email", "maria@mail.example")
	if len(now) != 2 || now[0][0] != 2 || !bytes.Equal(now[1], old) {
		t.Fatalf("look-ups after rotation: %x", now)
	}
	if !bytes.Equal(now[0], ring.Lookup("email", "maria@mail.example")) {
		t.Error("Lookup is not the newest of Lookups")
	}
}

func TestCreateRingNeverReplaces(t *testing.T) {
	_, path := setup(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.CreateRing(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second create: %v", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the key file changed: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

const key1 = `"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="`

func entry(id int, key string) string {
	return fmt.Sprintf(`{"id":%d,"created":"2026-11-21T10:00:00Z","key":%s}`, id, key)
}

func TestKeyFileFaults(t *testing.T) {
	good := entry(1, key1)
	for name, tc := range map[string]struct{ text, want string }{
		"not JSON":      {`keys`, "not a key file"},
		"unknown field": {`{"version":1,"keks":[` + good + `],"lookups":[` + good + `],"x":1}`, "unknown field"},
		"trailing":      {`{"version":1,"keks":[` + good + `],"lookups":[` + good + `]} {}`, "more text"},
		"version":       {`{"version":9,"keks":[` + good + `],"lookups":[` + good + `]}`, "version 9"},
		"no keks":       {`{"version":1,"keks":[],"lookups":[` + good + `]}`, "keks is empty"},
		"no lookups":    {`{"version":1,"keks":[` + good + `]}`, "lookups is empty"},
		"twice":         {`{"version":1,"keks":[` + good + `,` + good + `],"lookups":[` + good + `]}`, "ids must rise"},
		"short":         {`{"version":1,"keks":[` + entry(1, `"AQID"`) + `],"lookups":[` + good + `]}`, "has 3 bytes"},
		"zeros":         {`{"version":1,"keks":[` + entry(1, `"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="`) + `],"lookups":[` + good + `]}`, "all zeros"},
		"not base64":    {`{"version":1,"keks":[` + entry(1, `"secret text"`) + `],"lookups":[` + good + `]}`, "not base64"},
		"lookup id 256": {`{"version":1,"keks":[` + good + `],"lookups":[` + entry(256, key1) + `]}`, "above 255"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys.json")
			if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := seal.LoadRing(path)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if err != nil && (strings.Contains(err.Error(), "secret text") || strings.Contains(err.Error(), key1)) {
				t.Errorf("the error shows key text: %v", err)
			}
		})
	}
}

func TestKeyFileMode(t *testing.T) {
	_, path := setup(t)
	for mode, ok := range map[fs.FileMode]bool{0o600: true, 0o440: true, 0o640: true, 0o644: false, 0o660: false, 0o604: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.LoadRing(path); (err == nil) != ok {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
}

func TestFromEnv(t *testing.T) {
	ring, path := setup(t)
	_, wrapped := newKey(t, ring)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(seal.EnvKeys, string(text))
	env, err := seal.FromEnv()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := env.Unwrap(wrapped); err != nil {
		t.Error(err)
	}
	if err := env.Rotate(); err == nil {
		t.Error("a ring from the environment rotated")
	}
	t.Setenv(seal.EnvKeys, "")
	if _, err := seal.FromEnv(); err == nil {
		t.Error("an empty variable gave a ring")
	}
}

func TestKeyDoesNotPrint(t *testing.T) {
	ring, _ := setup(t)
	key, _ := newKey(t, ring)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb, key); got != "seal.Key" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	ring, _ := setup(b)
	key, _ := newKey(b, ring)
	plain := make([]byte, 64)
	for b.Loop() {
		key.Seal("cases.email", plain)
	}
}
