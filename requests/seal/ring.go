// Package seal encrypts personal data in our own tables and blobs, one key per case.
//
// A [Ring] holds what lives outside PostgreSQL: key-encryption keys (KEKs), which wrap the case
// keys, and the HMAC keys of equality look-ups. A [Key] is one case's: it seals fields
// (XChaCha20-Poly1305), derives the digests of the case's events and encrypts streams (age).
// Destroying the wrapped case key makes all of that unreadable and the digests unlinkable.
package seal

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
)

const (
	keySize   = 32
	wrapV1    = 1
	wrapLabel = "habeas/wrap/v1"
)

// EnvKeys is the environment variable that may hold the text of a key file.
const EnvKeys = "HABEAS_KEYS"

var (
	// ErrUnknownKEK says that a case key is wrapped under a key-encryption key that the ring lacks.
	ErrUnknownKEK = errors.New("seal: the key-encryption key of this case key is not in the key file")
	// ErrOpen says that sealed bytes were altered, belong to another key or to another label.
	ErrOpen = errors.New("seal: sealed bytes do not open under this key and label")
)

// Ring holds key-encryption keys and look-up keys. It is safe for concurrent use. A ring loaded
// from a file notices within a second that another process rotated the file.
type Ring struct {
	path string // "" when the ring came from the environment

	mu      sync.RWMutex
	file    keyFile
	aeads   map[uint32]cipher.AEAD
	system  Key
	modTime time.Time
	looked  time.Time
}

// LoadRing reads the key file at path. A file that others may read or that its group may write is refused.
func LoadRing(path string) (*Ring, error) {
	r := &Ring{path: path}
	if err := r.reload(); err != nil {
		return nil, err
	}
	return r, nil
}

// CreateRing writes a new key file (mode 0600) and returns its ring. An existing file is never
// replaced: the error is then fs.ErrExist, for its keys may be the only ones that open the database.
func CreateRing(path string) (*Ring, error) {
	f := keyFile{Version: fileVersion}
	f.KEKs = append(f.KEKs, newKeyEntry(1))
	f.Lookups = append(f.Lookups, newKeyEntry(1))
	if err := createKeyFile(path, f); err != nil {
		return nil, err
	}
	return LoadRing(path)
}

// FromEnv reads the ring from HABEAS_KEYS, which holds the text of a key file. Such a ring cannot rotate.
func FromEnv() (*Ring, error) {
	text := os.Getenv(EnvKeys)
	if text == "" {
		return nil, fmt.Errorf("seal: %s is empty: set it to the text of a key file", EnvKeys)
	}
	f, err := parseKeyFile([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("seal: %s: %w", EnvKeys, err)
	}
	r := &Ring{}
	if err := r.use(f); err != nil {
		return nil, err
	}
	return r, nil
}

// NewKey makes a case key and wraps it under the newest key-encryption key.
func (r *Ring) NewKey() (Key, []byte, error) {
	secret := make([]byte, keySize)
	rand.Read(secret)
	k, err := newKey(secret)
	if err != nil {
		return Key{}, nil, err
	}
	wrapped, err := r.wrap(secret)
	if err != nil {
		return Key{}, nil, err
	}
	return k, wrapped, nil
}

// Unwrap opens a wrapped case key: ErrUnknownKEK when its key-encryption key is missing, ErrOpen
// when the bytes were altered.
func (r *Ring) Unwrap(wrapped []byte) (Key, error) {
	secret, _, err := r.unwrap(wrapped)
	if err != nil {
		return Key{}, err
	}
	return newKey(secret)
}

// Rewrap wraps a case key under the newest key-encryption key. changed is false, and out the
// input, when it already is.
func (r *Ring) Rewrap(wrapped []byte) (out []byte, changed bool, err error) {
	secret, id, err := r.unwrap(wrapped)
	if err != nil {
		return nil, false, err
	}
	r.refresh()
	if id == r.newest() {
		return wrapped, false, nil
	}
	out, err = r.wrap(secret)
	return out, err == nil, err
}

// System is the key for what belongs to no case: drafts, stored answers, settings. It follows the
// newest key-encryption key; what older ones sealed still opens as long as they stay in the file.
// Its Digest changes with a rotation: look up by [Ring.Lookup] instead.
func (r *Ring) System() Key {
	r.refresh()
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.system
}

// Lookup is the keyed digest by which a value is found again: 1 byte key version, 32 bytes
// HMAC-SHA256 over kind and the normalised value, under the newest look-up key.
func (r *Ring) Lookup(kind, normal string) []byte {
	r.refresh()
	r.mu.RLock()
	defer r.mu.RUnlock()
	return lookup(r.file.Lookups[len(r.file.Lookups)-1], kind, normal)
}

// Lookups is the digest under every look-up key, newest first: compare stored digests with all of them.
func (r *Ring) Lookups(kind, normal string) [][]byte {
	r.refresh()
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := make([][]byte, 0, len(r.file.Lookups))
	for i := len(r.file.Lookups) - 1; i >= 0; i-- {
		out = append(out, lookup(r.file.Lookups[i], kind, normal))
	}
	return out
}

func lookup(e keyEntry, kind, normal string) []byte {
	mac := hmac.New(sha256.New, e.Key)
	writeParts(mac, "habeas/lookup/v1", kind, normal)
	return mac.Sum([]byte{byte(e.ID)})
}

// Rotate adds a key-encryption key to the file; new case keys are wrapped under it. Old case keys
// still open: Rewrap them, then the old entry may be deleted from the file.
func (r *Ring) Rotate() error { return r.rotate(func(f *keyFile) error { return f.addKEK() }) }

// RotateLookup adds a look-up key. Digests stored under older ones are still found by Lookups, so
// an old entry must stay as long as the suppression list or the consent ledger holds its digests.
func (r *Ring) RotateLookup() error {
	return r.rotate(func(f *keyFile) error { return f.addLookup() })
}

func (r *Ring) rotate(add func(*keyFile) error) error {
	if r.path == "" {
		return fmt.Errorf("seal: keys from %s cannot be rotated here: rotate a key file and set the variable to its text", EnvKeys)
	}
	if err := updateKeyFile(r.path, add); err != nil {
		return err
	}
	return r.reload()
}

// KEK is the id of the newest key-encryption key, for the event that records a rotation.
func (r *Ring) KEK() uint32 {
	r.refresh()
	return r.newest()
}

func (r *Ring) newest() uint32 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.file.KEKs[len(r.file.KEKs)-1].ID
}

// wrap writes version, KEK id (4 bytes, big endian), nonce and the sealed secret.
func (r *Ring) wrap(secret []byte) ([]byte, error) {
	r.refresh()
	r.mu.RLock()
	defer r.mu.RUnlock()
	id := r.file.KEKs[len(r.file.KEKs)-1].ID
	head := binary.BigEndian.AppendUint32([]byte{wrapV1}, id)
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	rand.Read(nonce)
	out := append(head, nonce...)
	return r.aeads[id].Seal(out, nonce, secret, append([]byte(wrapLabel), head...)), nil
}

func (r *Ring) unwrap(wrapped []byte) (secret []byte, id uint32, err error) {
	const head = 1 + 4
	if len(wrapped) != head+chacha20poly1305.NonceSizeX+keySize+chacha20poly1305.Overhead || wrapped[0] != wrapV1 {
		return nil, 0, fmt.Errorf("seal: not a wrapped case key: %w", ErrOpen)
	}
	id = binary.BigEndian.Uint32(wrapped[1:head])
	aead := r.kek(id)
	if aead == nil {
		return nil, 0, fmt.Errorf("%w (id %d)", ErrUnknownKEK, id)
	}
	nonce, sealed := wrapped[head:head+chacha20poly1305.NonceSizeX], wrapped[head+chacha20poly1305.NonceSizeX:]
	secret, err = aead.Open(nil, nonce, sealed, append([]byte(wrapLabel), wrapped[:head]...))
	if err != nil {
		return nil, 0, fmt.Errorf("seal: wrapped case key: %w", ErrOpen)
	}
	return secret, id, nil
}

// kek finds a key-encryption key; one that another process has just added is read from the file.
func (r *Ring) kek(id uint32) cipher.AEAD {
	r.mu.RLock()
	aead := r.aeads[id]
	r.mu.RUnlock()
	if aead != nil || r.path == "" || r.reload() != nil {
		return aead
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.aeads[id]
}

// refresh reads the file again when it changed; it looks once a second at most. A file that cannot
// be read at the moment leaves the ring as it is.
func (r *Ring) refresh() {
	if r.path == "" {
		return
	}
	now := time.Now()
	r.mu.RLock()
	fresh := now.Sub(r.looked) < time.Second
	modTime := r.modTime
	r.mu.RUnlock()
	if fresh {
		return
	}
	r.mu.Lock()
	r.looked = now
	r.mu.Unlock()
	if info, err := os.Stat(r.path); err == nil && !info.ModTime().Equal(modTime) {
		_ = r.reload()
	}
}

func (r *Ring) reload() error {
	f, modTime, err := readKeyFile(r.path)
	if err != nil {
		return err
	}
	if err := r.use(f); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.modTime, r.looked = modTime, time.Now()
	return nil
}

func (r *Ring) use(f keyFile) error {
	aeads := make(map[uint32]cipher.AEAD, len(f.KEKs))
	var system Key
	for i := len(f.KEKs) - 1; i >= 0; i-- {
		kek := f.KEKs[i]
		aead, err := chacha20poly1305.NewX(kek.Key)
		if err != nil {
			return fmt.Errorf("seal: key-encryption key %d: %w", kek.ID, err)
		}
		aeads[kek.ID] = aead
		k, err := newKey(derive(kek.Key, "habeas/system/v1"))
		if err != nil {
			return err
		}
		system.secrets = append(system.secrets, k.secrets...)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.file, r.aeads, r.system = f, aeads, system
	return nil
}
