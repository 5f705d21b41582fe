package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Proof ties one leaf to a tree head.
type Proof struct {
	Index int64
	Path  []tlog.Hash // from the leaf upwards (RFC 6962 audit path)
}

// Proof returns the inclusion proof of a leaf in the tree of this size.
func (l *Log) Proof(ctx context.Context, index, size int64) (Proof, error) {
	latest, err := l.Latest(ctx)
	if err != nil {
		return Proof{}, err
	}
	if size > latest.Size {
		return Proof{}, ErrNotFound
	}
	return prove(index, size, newTileReader(ctx, l.pool))
}

func prove(index, size int64, r tlog.HashReader) (Proof, error) {
	if index < 0 || index >= size {
		return Proof{}, ErrNotFound
	}
	path, err := tlog.ProveRecord(size, index, r)
	if err != nil {
		return Proof{}, fmt.Errorf("evidence: proof: %w", err)
	}
	return Proof{index, path}, nil
}

// Consistency returns the proof that the published tree of size to grew from
// the one of size from. Sizes that are not public yet are ErrNotFound: an
// answer would tell how busy the log is between two publications.
func (l *Log) Consistency(ctx context.Context, from, to int64) ([]tlog.Hash, error) {
	pub, err := l.Published(ctx)
	if err != nil {
		return nil, err
	}
	if from < 0 || from > to || to > pub.Size {
		return nil, ErrNotFound
	}
	if from == 0 || from == to {
		return []tlog.Hash{}, nil
	}
	path, err := tlog.ProveTree(to, from, newTileReader(ctx, l.pool))
	if err != nil {
		return nil, fmt.Errorf("evidence: consistency: %w", err)
	}
	return path, nil
}

// ConsistencyJSON is the answer of /log/consistency: {"path":["base64",…]}.
func ConsistencyJSON(path []tlog.Hash) []byte {
	b := append([]byte(`{"path":[`), hashList(path)...)
	return append(b, `]}`...)
}

// hashList writes hashes as the inside of a JSON array.
func hashList(path []tlog.Hash) []byte {
	var b []byte
	for i, h := range path {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), h.String()...), '"')
	}
	return b
}

// encode writes the line of proofs.jsonl, without newline.
func (p Proof) encode() []byte {
	b := fmt.Appendf(nil, `{"index":%d,"path":[`, p.Index)
	return append(append(b, hashList(p.Path)...), `]}`...)
}

// parseProof reads a line of proofs.jsonl and wants it exactly as encode
// writes it.
func parseProof(line []byte) (Proof, error) {
	var p struct {
		Index *Count   `json:"index"`
		Path  []string `json:"path"`
	}
	if err := json.Unmarshal(line, &p); err != nil || p.Index == nil || len(p.Path) > 64 {
		return Proof{}, errors.New("not a proof")
	}
	path, err := parsePath(p.Path)
	if err != nil {
		return Proof{}, err
	}
	proof := Proof{int64(*p.Index), path}
	if string(proof.encode()) != string(line) {
		return Proof{}, errors.New("not in its canonical form")
	}
	return proof, nil
}

func parsePath(list []string) ([]tlog.Hash, error) {
	path := make([]tlog.Hash, len(list))
	for i, s := range list {
		h, err := parseHash(s)
		if err != nil {
			return nil, err
		}
		path[i] = h
	}
	return path, nil
}
