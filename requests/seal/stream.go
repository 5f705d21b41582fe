package seal

import (
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

const (
	stanzaType  = "habeas-case-key"
	streamLabel = "age file key"
)

// Writer encrypts a stream under the key in the age format, in constant memory (64 KiB chunks).
// The stream is whole only after Close; what is cut off before that does not open to its end.
func (k Key) Writer(w io.Writer) (io.WriteCloser, error) {
	if k.Zero() {
		return nil, errors.New("seal: stream: use of a zero Key")
	}
	out, err := age.Encrypt(w, recipient{k})
	if err != nil {
		return nil, fmt.Errorf("seal: stream: %w", err)
	}
	return out, nil
}

// Reader decrypts a stream. Chunks are authenticated before they are handed out; a stream that was
// altered or cut ends with an error that is not io.EOF, so a caller must read to the end before it
// trusts that it has everything.
func (k Key) Reader(r io.Reader) (io.Reader, error) {
	if k.Zero() {
		return nil, ErrOpen
	}
	in, err := age.Decrypt(r, identity{k})
	if err != nil {
		return nil, fmt.Errorf("%w: stream: %w", ErrOpen, err)
	}
	return in, nil
}

// recipient and identity wrap age's file key under the case key, so that a stream dies with it.
type recipient struct{ key Key }

func (r recipient) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	return []*age.Stanza{{Type: stanzaType, Args: []string{"1"}, Body: sealWith(r.key.first().stream, streamLabel, fileKey)}}, nil
}

type identity struct{ key Key }

func (i identity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if s.Type != stanzaType || len(s.Args) != 1 || s.Args[0] != "1" {
			continue
		}
		for _, secret := range i.key.secrets {
			fileKey, err := openWith(secret.stream, streamLabel, s.Body)
			if err == nil && len(fileKey) == 16 {
				return fileKey, nil
			}
		}
	}
	return nil, age.ErrIncorrectIdentity
}
