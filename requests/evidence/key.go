package evidence

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// VKey returns the public key of a log as auditors get it:
// "<origin>+<8 hex digits>+<base64>" (C2SP signed-note).
func VKey(origin string, key ed25519.PublicKey) (string, error) {
	vkey, err := note.NewEd25519VerifierKey(origin, key)
	if err != nil {
		return "", fmt.Errorf("evidence: verifier key: %w", err)
	}
	return vkey, nil
}

// CreateKey makes a new signing key for the log of this origin and writes it
// to a file of mode 0600 that must not exist yet.
func CreateKey(path, origin string) (ed25519.PrivateKey, error) {
	skey, _, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return nil, fmt.Errorf("evidence: log key: %w", err)
	}
	if _, err := note.NewSigner(skey); err != nil {
		return nil, fmt.Errorf("evidence: log origin %q: needs to be without spaces and plus signs", origin)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("evidence: log key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("evidence: log key: %w", err)
	}
	_, err = f.WriteString(skey + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("evidence: log key: %w", err)
	}
	_, key, err := ParseKey(skey)
	return key, err
}

// LoadKey reads the file that CreateKey wrote.
func LoadKey(path string) (origin string, key ed25519.PrivateKey, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", nil, fmt.Errorf("evidence: log key: %w", err)
	}
	return ParseKey(strings.TrimSpace(string(b)))
}

// LoadOrCreateKey reads the key, or makes it on the first start. A key of
// another origin is an error: its signatures would not verify.
func LoadOrCreateKey(path, origin string) (ed25519.PrivateKey, error) {
	got, key, err := LoadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return CreateKey(path, origin)
	}
	if err != nil {
		return nil, err
	}
	if got != origin {
		return nil, fmt.Errorf("evidence: the log key is for %q, the configured origin is %q", got, origin)
	}
	return key, nil
}

// ParseKey reads a signing key in the text form of C2SP signed notes:
// "PRIVATE+KEY+<origin>+<8 hex digits>+<base64>".
func ParseKey(skey string) (origin string, key ed25519.PrivateKey, err error) {
	s, err := note.NewSigner(skey)
	if err != nil {
		return "", nil, errors.New("evidence: log key: malformed")
	}
	f := strings.SplitN(skey, "+", 5)
	raw, err := base64.StdEncoding.Strict().DecodeString(f[4])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return "", nil, errors.New("evidence: log key: malformed")
	}
	return s.Name(), ed25519.NewKeyFromSeed(raw[1:]), nil
}
