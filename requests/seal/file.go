package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const fileVersion = 1

// keyFile is the key file: strict JSON, entries oldest first.
//
//	{"version":1,
//	 "keks":[{"id":1,"created":"2026-11-21T10:00:00Z","key":"<32 bytes, base64>"}],
//	 "lookups":[{"id":1,"created":"2026-11-21T10:00:00Z","key":"<32 bytes, base64>"}]}
type keyFile struct {
	Version int        `json:"version"`
	KEKs    []keyEntry `json:"keks"`
	Lookups []keyEntry `json:"lookups"`
}

type keyEntry struct {
	ID      uint32    `json:"id"`
	Created time.Time `json:"created"`
	Key     keyBytes  `json:"key"`
}

// keyBytes is 32 bytes in strict base64; faults are reported without the text, which is a secret.
type keyBytes []byte

func (k keyBytes) MarshalText() ([]byte, error) {
	return []byte(base64.StdEncoding.EncodeToString(k)), nil
}

func (k *keyBytes) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.Strict().DecodeString(string(text))
	if err != nil {
		return errors.New("a key is not base64")
	}
	*k = raw
	return nil
}

// GoString keeps the key out of %#v and failing tests.
func (k keyBytes) GoString() string { return "keyBytes(redacted)" }

// String keeps the key out of %v and %s.
func (k keyBytes) String() string { return "redacted" }

func newKeyEntry(id uint32) keyEntry {
	key := make([]byte, keySize)
	rand.Read(key)
	return keyEntry{ID: id, Created: time.Now().UTC().Truncate(time.Second), Key: key}
}

func (f *keyFile) addKEK() error {
	f.KEKs = append(f.KEKs, newKeyEntry(f.KEKs[len(f.KEKs)-1].ID+1))
	return nil
}

// addLookup is limited to 255 keys by the version byte of a digest.
func (f *keyFile) addLookup() error {
	id := f.Lookups[len(f.Lookups)-1].ID + 1
	if id > 255 {
		return errors.New("seal: 255 look-up keys are the most a ring can number")
	}
	f.Lookups = append(f.Lookups, newKeyEntry(id))
	return nil
}

// parseKeyFile reads and checks a key file; errors name the fault and never a key.
func parseKeyFile(text []byte) (keyFile, error) {
	var f keyFile
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return keyFile{}, fmt.Errorf("not a key file: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return keyFile{}, errors.New("not a key file: more text follows its end")
	}
	if f.Version != fileVersion {
		return keyFile{}, fmt.Errorf("key file version %d is not known; this program reads version %d", f.Version, fileVersion)
	}
	if err := checkEntries("keks", f.KEKs, 1<<32-2); err != nil {
		return keyFile{}, err
	}
	if err := checkEntries("lookups", f.Lookups, 255); err != nil {
		return keyFile{}, err
	}
	return f, nil
}

func checkEntries(name string, entries []keyEntry, maxID uint32) error {
	if len(entries) == 0 {
		return fmt.Errorf("key file: %s is empty", name)
	}
	var last uint32
	for _, e := range entries {
		switch {
		case e.ID <= last:
			return fmt.Errorf("key file: %s: ids must rise from 1, id %d follows %d", name, e.ID, last)
		case e.ID > maxID:
			return fmt.Errorf("key file: %s: id %d is above %d", name, e.ID, maxID)
		case len(e.Key) != keySize:
			return fmt.Errorf("key file: %s: key %d has %d bytes, not %d", name, e.ID, len(e.Key), keySize)
		case bytes.Equal(e.Key, make([]byte, keySize)):
			return fmt.Errorf("key file: %s: key %d is all zeros", name, e.ID)
		}
		last = e.ID
	}
	return nil
}

func readKeyFile(path string) (keyFile, time.Time, error) {
	file, err := os.Open(path)
	if err != nil {
		return keyFile{}, time.Time{}, fmt.Errorf("seal: key file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return keyFile{}, time.Time{}, fmt.Errorf("seal: key file: %w", err)
	}
	// A group may read: that is how Kubernetes and systemd hand a secret to an unprivileged user.
	if mode := info.Mode().Perm(); mode&0o027 != 0 {
		return keyFile{}, time.Time{}, fmt.Errorf("seal: key file %s has mode %04o: others could read or change it; run chmod 600 on it", path, mode)
	}
	text, err := io.ReadAll(io.LimitReader(file, 1<<20))
	if err != nil {
		return keyFile{}, time.Time{}, fmt.Errorf("seal: key file: %w", err)
	}
	f, err := parseKeyFile(text)
	if err != nil {
		return keyFile{}, time.Time{}, fmt.Errorf("seal: %s: %w", path, err)
	}
	return f, info.ModTime(), nil
}

// createKeyFile links a finished file to path, so that it appears whole or not at all and never
// replaces another.
func createKeyFile(path string, f keyFile) error {
	tmp, err := writeTemp(path, f)
	if err != nil {
		return err
	}
	defer os.Remove(tmp)
	if err := os.Link(tmp, path); err != nil {
		return fmt.Errorf("seal: create key file: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// updateKeyFile changes the file under a lock on its folder: two rotations at once both count.
func updateKeyFile(path string, change func(*keyFile) error) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("seal: rotate: %w", err)
	}
	defer dir.Close()
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("seal: rotate: lock: %w", err)
	}
	f, _, err := readKeyFile(path)
	if err != nil {
		return err
	}
	if err := change(&f); err != nil {
		return err
	}
	tmp, err := writeTemp(path, f)
	if err != nil {
		return err
	}
	defer os.Remove(tmp)
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("seal: rotate: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// writeTemp writes the file beside path, synced, with mode 0600.
func writeTemp(path string, f keyFile) (string, error) {
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return "", fmt.Errorf("seal: key file: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return "", fmt.Errorf("seal: key file: %w", err)
	}
	_, err = tmp.Write(append(text, '\n'))
	if err == nil {
		err = tmp.Sync()
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(tmp.Name())
		return "", fmt.Errorf("seal: key file: %w", err)
	}
	return tmp.Name(), nil
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("seal: key file: %w", err)
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil {
		return fmt.Errorf("seal: key file: %w", err)
	}
	return nil
}
