package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
)

// Hasher computes a plan's hash as its lines pass by: the header, the records
// in order, the manual tasks. Hex SHA-256 over the RFC 8785 lines, each ended
// by a newline.
type Hasher struct {
	sum     hash.Hash
	last    Record
	records int64
	manual  bool
}

// ErrOrder says that records came out of order or twice.
var ErrOrder = errors.New("plan: records are not sorted by system, type, key and right")

// NewHasher starts a plan with its header.
func NewHasher(h Header) (*Hasher, error) {
	line, err := Line(h)
	if err != nil {
		return nil, err
	}
	hs := &Hasher{sum: sha256.New()}
	hs.write(line)
	return hs, nil
}

// Add takes the next record and returns its line.
func (h *Hasher) Add(rec Record) ([]byte, error) {
	if h.manual || (h.records > 0 && Compare(h.last, rec) >= 0) {
		return nil, ErrOrder
	}
	line, err := Line(rec)
	if err != nil {
		return nil, err
	}
	h.write(line)
	h.last = rec
	h.records++
	return line, nil
}

// AddManual takes the next manual task, after the last record.
func (h *Hasher) AddManual(m Manual) error {
	line, err := Line(m)
	if err != nil {
		return err
	}
	h.manual = true
	h.write(line)
	return nil
}

// Records is how many records were added.
func (h *Hasher) Records() int64 { return h.records }

// Sum returns the plan's hash in hex.
func (h *Hasher) Sum() string { return hex.EncodeToString(h.sum.Sum(nil)) }

func (h *Hasher) write(line []byte) {
	h.sum.Write(line)
	h.sum.Write([]byte{'\n'})
}
