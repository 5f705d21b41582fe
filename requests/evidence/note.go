package evidence

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// signer is a note.Signer with a key that was parsed elsewhere.
type signer struct {
	note.Verifier
	key ed25519.PrivateKey
}

func (s signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

func newSigner(origin string, key ed25519.PrivateKey) (signer, error) {
	vkey, err := VKey(origin, key.Public().(ed25519.PublicKey))
	if err != nil {
		return signer{}, err
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return signer{}, fmt.Errorf("evidence: log origin: %w", err)
	}
	return signer{v, key}, nil
}

// parseVKey reads a verifier key and refuses every second way to write it.
func parseVKey(vkey string) (note.Verifier, error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, errors.New("not a verifier key (name+hash+key)")
	}
	_, rest, _ := strings.Cut(vkey, "+")
	_, key64, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.Strict().DecodeString(key64)
	if err != nil || len(key) != 1+ed25519.PublicKeySize {
		return nil, errors.New("not a verifier key (name+hash+key)")
	}
	if again, err := VKey(v.Name(), key[1:]); err != nil || again != vkey {
		return nil, errors.New("verifier key is not in its canonical form")
	}
	return v, nil
}

// openNote returns the text of a signed note. sumdb/note ignores the spare
// bits of base64 and repeated signatures; here both are refused. alone wants
// no signature but v's.
func openNote(msg []byte, v note.Verifier, alone bool) (string, error) {
	n, err := note.Open(msg, note.VerifierList(v))
	var unsigned *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unsigned):
		return "", fmt.Errorf("not signed by the key of %s", v.Name())
	case errors.As(err, &invalid):
		return "", errors.New("the signature is not valid for this text")
	case err != nil:
		return "", errors.New("not a signed note")
	}
	sigs := append(append([]note.Signature{}, n.Sigs...), n.UnverifiedSigs...)
	if alone && len(sigs) != 1 {
		return "", errors.New("has a signature too many")
	}
	for _, s := range sigs {
		if _, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil || strings.ContainsAny(s.Base64, "\r\n") {
			return "", errors.New("a signature is not in strict base64")
		}
	}
	lines := strings.Count(string(msg[len(n.Text):]), "\n") - 1
	if lines != len(sigs) {
		return "", errors.New("a signature is repeated")
	}
	return n.Text, nil
}

// checkpointText is the signed part of a C2SP tlog-checkpoint.
func checkpointText(origin string, size int64, root tlog.Hash) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, size, root)
}

// openCheckpoint checks a signed checkpoint and returns size and root.
func openCheckpoint(msg []byte, v note.Verifier) (int64, tlog.Hash, error) {
	text, err := openNote(msg, v, false)
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	f := strings.Split(text, "\n")
	if len(f) != 4 || f[0] != v.Name() {
		return 0, tlog.Hash{}, errors.New("not a checkpoint of this log")
	}
	size, ok := digits(f[1])
	root, err := parseHash(f[2])
	if !ok || err != nil {
		return 0, tlog.Hash{}, errors.New("malformed tree size or root hash")
	}
	return size, root, nil
}

// parseHash reads 32 bytes of strict base64.
func parseHash(s string) (tlog.Hash, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != tlog.HashSize || len(s) != base64.StdEncoding.EncodedLen(tlog.HashSize) {
		return tlog.Hash{}, errors.New("not a hash in strict base64")
	}
	return tlog.Hash(b), nil
}
