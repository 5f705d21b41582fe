package blob_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"habeas/requests/blob"
)

func setup(t *testing.T) (blob.Store, string) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "blobs")
	store, err := blob.Dir(folder)
	if err != nil {
		t.Fatal(err)
	}
	return store, folder
}

func put(t *testing.T, s blob.Store, name, text string) {
	t.Helper()
	w, err := s.Create(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, s blob.Store, name string) (string, error) {
	t.Helper()
	r, size, err := s.Open(t.Context(), name)
	if err != nil {
		return "", err
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err == nil && int64(len(text)) != size {
		t.Errorf("%s: size %d, read %d", name, size, len(text))
	}
	return string(text), err
}

func files(t *testing.T, folder string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(folder, func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			out = append(out, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestLife(t *testing.T) {
	s, folder := setup(t)
	ctx := t.Context()
	if _, err := get(t, s, "staged/c1/crm"); !errors.Is(err, blob.ErrNotFound) {
		t.Fatalf("missing: %v", err)
	}
	w, err := s.Create(ctx, "staged/c1/crm")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "one"); err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, s, "staged/c1/crm"); !errors.Is(err, blob.ErrNotFound) {
		t.Fatalf("before commit: %v", err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err == nil {
		t.Error("a blob was committed twice")
	}
	if err := w.Abort(); err != nil {
		t.Errorf("abort after commit: %v", err)
	}
	put(t, s, "staged/c1/crm", "two")
	put(t, s, "staged/c1/social", "x")
	put(t, s, "staged/c10/crm", "y")
	if text, err := get(t, s, "staged/c1/crm"); err != nil || text != "two" {
		t.Fatalf("replaced: %q, %v", text, err)
	}
	if _, err := get(t, s, "staged/c1"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a folder opened: %v", err)
	}
	if err := s.Delete(ctx, "staged/c1"); err != nil {
		t.Errorf("delete of a folder's name: %v", err)
	}
	if err := s.DeletePrefix(ctx, "staged/c1"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"staged/c1/crm": blob.ErrNotFound, "staged/c1/social": blob.ErrNotFound, "staged/c10/crm": nil} {
		if _, err := get(t, s, name); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	for range 2 {
		if err := s.Delete(ctx, "staged/c10/crm"); err != nil {
			t.Errorf("delete: %v", err)
		}
		if err := s.DeletePrefix(ctx, "staged/c1/"); err != nil {
			t.Errorf("delete prefix: %v", err)
		}
	}
	if left := files(t, folder); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAbort(t *testing.T) {
	s, folder := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	put(t, s, "a", "old")
	w, err := s.Create(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "new"); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.WriteString(w, "er"); !errors.Is(err, context.Canceled) {
		t.Errorf("write after cancel: %v", err)
	}
	if err := w.Commit(); !errors.Is(err, context.Canceled) {
		t.Errorf("commit after cancel: %v", err)
	}
	if text, err := get(t, s, "a"); err != nil || text != "old" {
		t.Errorf("%q, %v", text, err)
	}
	if left := files(t, folder); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestNames(t *testing.T) {
	s, folder := setup(t)
	outside := filepath.Join(filepath.Dir(folder), "secret")
	if err := os.WriteFile(outside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("..", filepath.Join(folder, "up")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"", "/", ".", "..", "../secret", "a/../../secret", "a//b", "/etc/passwd", "a/", "./a", ".tmp/x", "a/.b",
		"a\\b", "a b", "a\x00b", "a%2f", "ä", strings.Repeat("a", 201), strings.Repeat("a/", 300) + "a",
	} {
		if _, _, err := s.Open(t.Context(), name); err == nil || errors.Is(err, blob.ErrNotFound) {
			t.Errorf("open %q: %v", name, err)
		}
		if _, err := s.Create(t.Context(), name); err == nil {
			t.Errorf("create %q succeeded", name)
		}
		if err := s.Delete(t.Context(), name); err == nil {
			t.Errorf("delete %q succeeded", name)
		}
		if err := s.DeletePrefix(t.Context(), name); err == nil && !strings.HasSuffix(name, "a/") {
			t.Errorf("delete prefix %q succeeded", name)
		}
	}
	if _, err := get(t, s, "up/secret"); err == nil {
		t.Error("a symbolic link led out of the store")
	}
	if err := s.Delete(t.Context(), "up/secret"); err == nil {
		t.Error("a delete followed a symbolic link")
	}
	if _, err := os.Stat(outside); err != nil {
		t.Errorf("file outside: %v", err)
	}
}

func TestCommitAgainstDeletePrefix(t *testing.T) {
	s, _ := setup(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				put(t, s, "staged/c1/crm", "x")
				if err := s.DeletePrefix(t.Context(), "staged/c1"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestCrashLeftoversGo(t *testing.T) {
	s, folder := setup(t)
	for range 2 {
		w, err := s.Create(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { w.Abort() })
	}
	left := files(t, folder)
	old := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(left[0], old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.Dir(folder); err != nil {
		t.Fatal(err)
	}
	if got := files(t, folder); len(got) != 1 || got[0] != left[1] {
		t.Errorf("after reopening: %v", got)
	}
}
