package seal

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"log/slog"

	"golang.org/x/crypto/chacha20poly1305"
)

const sealV1 = 1

// Key is one case's key. The zero Key opens nothing, and sealing with it panics: it would be no
// protection. A Key prints as "seal.Key", never its bytes.
type Key struct {
	secrets []*secret // the first seals; all of them open (more than one only for Ring.System)
}

type secret struct {
	field  cipher.AEAD
	stream cipher.AEAD
	digest []byte
}

func newKey(raw []byte) (Key, error) {
	field, err := chacha20poly1305.NewX(derive(raw, "habeas/field/v1"))
	if err != nil {
		return Key{}, fmt.Errorf("seal: %w", err)
	}
	stream, err := chacha20poly1305.NewX(derive(raw, "habeas/stream/v1"))
	if err != nil {
		return Key{}, fmt.Errorf("seal: %w", err)
	}
	return Key{secrets: []*secret{{field: field, stream: stream, digest: derive(raw, "habeas/digest/v1")}}}, nil
}

// derive is HKDF-SHA256 with the purpose as info; it fails only for absurd lengths.
func derive(raw []byte, purpose string) []byte {
	out, err := hkdf.Key(sha256.New, raw, nil, purpose, keySize)
	if err != nil {
		panic("seal: HKDF: " + err.Error())
	}
	return out
}

// Zero says that the Key is not set.
func (k Key) Zero() bool { return len(k.secrets) == 0 }

func (k Key) first() *secret {
	if k.Zero() {
		panic("seal: use of a zero Key")
	}
	return k.secrets[0]
}

// Seal encrypts plain under a random nonce: version byte, 24 bytes nonce, ciphertext with tag (41
// bytes more than plain). label is authenticated, not stored: name the table and column, so that
// one field's bytes cannot be moved to another.
func (k Key) Seal(label string, plain []byte) []byte {
	return sealWith(k.first().field, label, plain)
}

func sealWith(aead cipher.AEAD, label string, plain []byte) []byte {
	out := make([]byte, 1+chacha20poly1305.NonceSizeX, 1+chacha20poly1305.NonceSizeX+len(plain)+chacha20poly1305.Overhead)
	out[0] = sealV1
	rand.Read(out[1:])
	return aead.Seal(out, out[1:], plain, append([]byte{sealV1}, label...))
}

// Open decrypts what Seal made under the same label; ErrOpen for anything else.
func (k Key) Open(label string, sealed []byte) ([]byte, error) {
	for _, s := range k.secrets {
		if plain, err := openWith(s.field, label, sealed); err == nil {
			return plain, nil
		}
	}
	return nil, ErrOpen
}

func openWith(aead cipher.AEAD, label string, sealed []byte) ([]byte, error) {
	const head = 1 + chacha20poly1305.NonceSizeX
	if len(sealed) < head+chacha20poly1305.Overhead || sealed[0] != sealV1 {
		return nil, ErrOpen
	}
	plain, err := aead.Open(nil, sealed[1:head], sealed[head:], append([]byte{sealV1}, label...))
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

// Digest is a keyed digest (HMAC-SHA256 under a derived key, 64 hex characters) of the parts in
// their order. It stands for a value in events: without the key it can be neither guessed nor linked.
func (k Key) Digest(label string, parts ...string) string {
	mac := hmac.New(sha256.New, k.first().digest)
	writeParts(mac, append([]string{label}, parts...)...)
	return hex.EncodeToString(mac.Sum(nil))
}

// writeParts prefixes each part with its length, so that ("a","bc") and ("ab","c") differ.
func writeParts(h hash.Hash, parts ...string) {
	var size [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(size[:], uint64(len(p)))
		h.Write(size[:])
		h.Write([]byte(p))
	}
}

// Format keeps key material out of every fmt verb.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, "seal.Key") }

// LogValue keeps key material out of logs.
func (k Key) LogValue() slog.Value { return slog.StringValue("seal.Key") }
