package evidence

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	origin = "privacy.acme.example/log"
	caseA  = "0193f0e2-7a4b-7c31-9d55-0a1b2c3d4e5f"
	caseB  = "0193f0e2-7a4b-7c31-9d55-ffffffffffff"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// Independent computations, straight from RFC 6962 section 2.1 and RFC 9162
// sections 2.1.3.2 and 2.1.4.2: nothing of tlog is used.

func leafHash(b []byte) [32]byte { return sha256.Sum256(append([]byte{0}, b...)) }

func pair(l, r [32]byte) [32]byte {
	return sha256.Sum256(append(append([]byte{1}, l[:]...), r[:]...))
}

// naiveRoot is MTH(D[n]).
func naiveRoot(leaves [][32]byte) [32]byte {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	return pair(naiveRoot(leaves[:k]), naiveRoot(leaves[k:]))
}

func naiveInclusion(path []tlog.Hash, index, size int64, leaf, root [32]byte) bool {
	if index >= size {
		return false
	}
	fn, sn, r := index, size-1, leaf
	for _, p := range path {
		if sn == 0 {
			return false
		}
		if fn&1 == 1 || fn == sn {
			r = pair(p, r)
			for fn&1 == 0 && fn != 0 {
				fn, sn = fn>>1, sn>>1
			}
		} else {
			r = pair(r, p)
		}
		fn, sn = fn>>1, sn>>1
	}
	return sn == 0 && r == root
}

func naiveConsistency(path []tlog.Hash, first, second int64, firstRoot, secondRoot [32]byte) bool {
	if first == second {
		return len(path) == 0 && firstRoot == secondRoot
	}
	if first&(first-1) == 0 {
		path = append([]tlog.Hash{firstRoot}, path...)
	}
	if len(path) == 0 {
		return false
	}
	fn, sn := first-1, second-1
	for fn&1 == 1 {
		fn, sn = fn>>1, sn>>1
	}
	fr, sr := [32]byte(path[0]), [32]byte(path[0])
	for _, c := range path[1:] {
		if sn == 0 {
			return false
		}
		if fn&1 == 1 || fn == sn {
			fr, sr = pair(c, fr), pair(c, sr)
			for fn&1 == 0 && fn != 0 {
				fn, sn = fn>>1, sn>>1
			}
		} else {
			sr = pair(sr, c)
		}
		fn, sn = fn>>1, sn>>1
	}
	return fr == firstRoot && sr == secondRoot && sn == 0
}

// memory is a log without a database, for everything that is pure.
type memory struct {
	signer signer
	lines  []Line
	bodies map[int]string // receipts by log index
	hashes []tlog.Hash    // in tlog's storage order
}

func testKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func newMemory(t testing.TB, seed byte) *memory {
	t.Helper()
	s, err := newSigner(origin, testKey(seed))
	if err != nil {
		t.Fatal(err)
	}
	return &memory{signer: s, bodies: make(map[int]string)}
}

func (m *memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = m.hashes[x]
	}
	return out, nil
}

func (m *memory) add(t testing.TB, caseID string, data Data, receipts string) {
	t.Helper()
	seq := int64(1)
	for _, l := range m.lines {
		if l.Case == caseID {
			seq++
		}
	}
	n := int64(len(m.lines))
	salt := fmt.Sprintf("%032x", sha256.Sum256([]byte{byte(n)}))[:32]
	raw, err := encode(caseID, noon.Add(time.Duration(n)*time.Second), seq, salt, Event{"dpo:0193", data})
	if err != nil {
		t.Fatal(err)
	}
	line, err := ParseLine(raw)
	if err != nil {
		t.Fatal(err)
	}
	line.Index = n
	hashes, err := tlog.StoredHashes(n, raw, m)
	if err != nil {
		t.Fatal(err)
	}
	m.lines, m.hashes = append(m.lines, line), append(m.hashes, hashes...)
	m.bodies[int(n)] = receipts
}

// withReceipts adds a record event and its receipts.
func (m *memory) withReceipts(t testing.TB, caseID, task string, n int) {
	t.Helper()
	var body []byte
	for i := range n {
		body = append(receiptLine{
			At: At(noon), Key: Digest(fmt.Sprintf("%064x", i)), Outcome: "verified_absent", Right: "erasure",
			System: "crm", Task: ID(task), Type: "contacts",
		}.append(body), '\n')
	}
	m.add(t, caseID, RecordErased{Chunk{
		Attempt: 1, Count: Count(n), SHA256: Digest(fmt.Sprintf("%x", sha256.Sum256(body))), System: "crm", Task: ID(task),
	}}, string(body))
}

func (m *memory) checkpoint(t testing.TB, size int64) Checkpoint {
	t.Helper()
	root, err := tlog.TreeHash(size, m)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: checkpointText(origin, size, root)}, m.signer)
	if err != nil {
		t.Fatal(err)
	}
	return Checkpoint{Size: size, Root: root, Note: signed}
}

func (m *memory) snapshot(t testing.TB, caseID string) *Snapshot {
	t.Helper()
	vkey, err := VKey(origin, m.signer.key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	s := &Snapshot{Case: caseID, VKey: vkey, Checkpoint: m.checkpoint(t, int64(len(m.lines)))}
	var body strings.Builder
	for i, l := range m.lines {
		if l.Case != caseID {
			continue
		}
		p, err := prove(l.Index, s.Checkpoint.Size, m)
		if err != nil {
			t.Fatal(err)
		}
		s.Lines, s.Proofs = append(s.Lines, l), append(s.Proofs, p)
		body.WriteString(m.bodies[i])
	}
	s.receipts = func(w io.Writer) error {
		_, err := io.WriteString(w, body.String())
		return err
	}
	s.sign = func(digest string) ([]byte, error) {
		return note.Sign(&note.Note{Text: manifestText(origin, digest)}, m.signer)
	}
	s.close = func() {}
	return s
}

// sample fills a log with two cases, interleaved.
func sample(t testing.TB, seed byte) *memory {
	t.Helper()
	m := newMemory(t, seed)
	m.add(t, caseB, StatusChanged{From: "filed", To: "verified"}, "")
	m.add(t, caseA, RequestFiled{
		Channel: "portal", Country: "DE", Holidays: "DE", Law: "EU", ReceivedAt: At(noon),
		Rights: []Code{"erasure"}, Zone: "Europe/Berlin",
	}, "")
	m.add(t, caseA, PlanApproved{
		Approval: 1, Counts: []RightCount{{3, "erasure"}}, Needed: 2, PlanHash: Digest(strings.Repeat("ab", 32)),
	}, "")
	m.add(t, caseB, StatusChanged{From: "verified", To: "discovering"}, "")
	m.withReceipts(t, caseA, "task-1", 3)
	m.withReceipts(t, caseA, "task-2", 0)
	m.withReceipts(t, caseA, "task-3", 1)
	m.add(t, caseA, RequestCompleted{Outcomes: []OutcomeCount{{4, "verified_absent"}}, Result: "done"}, "")
	m.add(t, caseB, StatusChanged{From: "discovering", To: "review"}, "")
	return m
}

func report(t testing.TB, m *memory, caseID string) []byte {
	t.Helper()
	var out bytes.Buffer
	_, err := WriteReport(&out, Bundle{
		ReportHTML: []byte("<!doctype html><title>Evidence</title>"),
		ReportPDF:  []byte("%PDF-1.7 evidence"),
		Snapshot:   m.snapshot(t, caseID),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func verify(b []byte, opt VerifyOptions) (Summary, error) {
	return Verify(bytes.NewReader(b), int64(len(b)), opt)
}

func randomLeaves(n int) []tlog.Hash {
	r := rand.New(rand.NewPCG(1, 2))
	leaves := make([]tlog.Hash, n)
	for i := range leaves {
		for j := range leaves[i] {
			leaves[i][j] = byte(r.Uint32())
		}
	}
	return leaves
}
