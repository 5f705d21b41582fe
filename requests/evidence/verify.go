package evidence

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// VerifyOptions are what an auditor brings along.
type VerifyOptions struct {
	// Key is the log's public key as known from elsewhere. Without it the
	// report's own is taken, which proves integrity, not origin.
	Key string
	// Against gets a newer state of the log; nil: none is asked.
	Against Against
}

// Summary is what a report that holds was found to be.
type Summary struct {
	Case     string
	Origin   string
	VKey     string
	KeyGiven bool
	Events   int64
	Records  int64 // receipts
	First    time.Time
	Last     time.Time
	TreeSize int64
	Root     tlog.Hash
	Against  int64    // size of the newer tree that contains this one; 0: none asked
	Unknown  []string // kinds of events that this version does not know
}

// checker holds what is known of a report while it is being checked.
type checker struct {
	files    source
	opt      VerifyOptions
	verifier note.Verifier
	manifest manifest
	size     int64
	root     tlog.Hash
	sum      Summary
}

// Verify checks an evidence report offline, in constant memory. The error is a
// *Fault with the first thing that is wrong. Every byte of the file counts.
func Verify(r io.ReaderAt, size int64, opt VerifyOptions) (Summary, error) {
	files, container, err := openSource(r, size)
	if err != nil {
		return Summary{}, err
	}
	c := &checker{files: files, opt: opt}
	for _, step := range []func() error{c.key, c.signature, c.checkpoint, c.events, c.digests, c.against} {
		if err := step(); err != nil {
			return Summary{}, err
		}
	}
	if container != nil {
		return Summary{}, wrong("", 0, "every file in the report is intact, but the zip around them is not as Habeas writes it: %s; was it packed again?", container)
	}
	return c.sum, nil
}

func (c *checker) key() error {
	b, err := c.files.small("log.vkey")
	if err != nil {
		return err
	}
	vkey, ok := strings.CutSuffix(string(b), "\n")
	if !ok {
		return wrong("log.vkey", 0, "does not end with a newline")
	}
	v, err := parseVKey(vkey)
	if err != nil {
		return wrong("log.vkey", 0, "%s", err)
	}
	if c.opt.Key != "" && c.opt.Key != vkey {
		if _, err := parseVKey(c.opt.Key); err != nil {
			return wrong("", 0, "the key given is not one: %s", err)
		}
		return wrong("log.vkey", 0, "wrong key: the report names another key than the one given")
	}
	c.verifier = v
	c.sum.VKey, c.sum.Origin, c.sum.KeyGiven = vkey, v.Name(), c.opt.Key != ""
	return nil
}

func (c *checker) signature() error {
	sig, err := c.files.small("manifest.sig")
	if err != nil {
		return err
	}
	text, err := openNote(sig, c.verifier, true)
	if err != nil {
		return wrong("manifest.sig", 0, "%s", err)
	}
	// A byte wrong in manifest.json is told by the signature, not by its CRC.
	body, err := c.files.small("manifest.json")
	if body == nil && err != nil {
		return err
	}
	f := strings.Split(text, "\n")
	if len(f) != 3 || f[0] != c.verifier.Name()+"/manifest" || !hex(f[1], 64) {
		return wrong("manifest.sig", 0, "does not sign a manifest")
	}
	if f[1] != fmt.Sprintf("%x", sha256.Sum256(body)) {
		return wrong("manifest.json", 0, "altered: manifest.sig signs another one")
	}
	if err != nil {
		return err
	}
	m, err := parseManifest(body)
	if err != nil {
		return wrong("manifest.json", 0, "%s", err)
	}
	c.manifest = m
	c.sum.Case, c.sum.Events, c.sum.TreeSize = m.caseID, m.events, m.treeSize
	return nil
}

func parseManifest(body []byte) (manifest, error) {
	var p struct {
		Case   string `json:"case"`
		Events Count  `json:"events"`
		Files  []struct {
			Name   string `json:"name"`
			SHA256 Digest `json:"sha256"`
		} `json:"files"`
		TreeSize Count `json:"tree_size"`
		V        int   `json:"v"`
	}
	if err := json.Unmarshal(body, &p); err != nil || p.V != 1 {
		return manifest{}, errors.New("not a manifest of this version")
	}
	m := manifest{caseID: p.Case, events: int64(p.Events), treeSize: int64(p.TreeSize)}
	var names []string
	for _, f := range p.Files {
		m.files = append(m.files, manifestFile{f.Name, string(f.SHA256)})
		names = append(names, f.Name)
	}
	if !validCase(m.caseID) || string(m.encode()) != string(body) {
		return manifest{}, errors.New("not in its canonical form")
	}
	var want []string
	for _, name := range reportFiles {
		if name != "manifest.json" && name != "manifest.sig" {
			want = append(want, name)
		}
	}
	slices.Sort(want)
	if !slices.Equal(names, want) {
		return manifest{}, errors.New("does not list the files of a report")
	}
	if m.events < 1 {
		return manifest{}, errors.New("counts no events")
	}
	return m, nil
}

func (c *checker) checkpoint() error {
	b, err := c.files.small("checkpoint")
	if err != nil {
		return err
	}
	size, root, err := openCheckpoint(b, c.verifier)
	if err != nil {
		return wrong("checkpoint", 0, "%s", err)
	}
	if size != c.manifest.treeSize {
		return wrong("checkpoint", 0, "is of a tree of %d, the manifest of one of %d", size, c.manifest.treeSize)
	}
	c.size, c.root, c.sum.Root = size, root, root
	return nil
}

// events walks events, proofs and receipts side by side.
func (c *checker) events() error {
	events, err := c.files.lines("events.jsonl")
	if err != nil {
		return err
	}
	defer events.close()
	proofs, err := c.files.lines("proofs.jsonl")
	if err != nil {
		return err
	}
	defer proofs.close()
	receipts, err := c.files.lines("receipts.jsonl")
	if err != nil {
		return err
	}
	defer receipts.close()
	last := int64(-1)
	for {
		raw, err := events.next()
		if err != nil {
			return err
		}
		proof, err := proofs.next()
		if err != nil {
			return err
		}
		if raw == nil && proof == nil {
			break
		}
		n := max(events.n, proofs.n)
		if raw == nil {
			return wrong("events.jsonl", n, "is missing: proofs.jsonl has a proof for it")
		}
		line, err := c.event(raw, n)
		if err != nil {
			return err
		}
		if proof == nil {
			return wrong("proofs.jsonl", n, "is missing: events.jsonl has %d lines or more", n)
		}
		if last, err = c.included(raw, proof, n, last); err != nil {
			return err
		}
		if err := c.chunk(line, n, receipts); err != nil {
			return err
		}
	}
	if int64(events.n) != c.manifest.events {
		return wrong("events.jsonl", 0, "has %d events, the manifest counts %d", events.n, c.manifest.events)
	}
	if extra, err := receipts.next(); err != nil {
		return err
	} else if extra != nil {
		return wrong("receipts.jsonl", receipts.n, "is one too many: no event counts it")
	}
	c.sum.Records = int64(receipts.n)
	return nil
}

// event checks what a line says about itself.
func (c *checker) event(raw []byte, n int) (Line, error) {
	line, err := ParseLine(raw)
	if err != nil {
		return Line{}, wrong("events.jsonl", n, "altered: %s", err)
	}
	if line.Case != c.manifest.caseID {
		return Line{}, wrong("events.jsonl", n, "belongs to another case")
	}
	if line.Seq != int64(n) {
		return Line{}, wrong("events.jsonl", n, "is event %d of the case: lines are missing, added or swapped", line.Seq)
	}
	if _, known := kindTypes[line.Kind]; !known && !slices.Contains(c.sum.Unknown, line.Kind) {
		c.sum.Unknown = append(c.sum.Unknown, line.Kind)
	}
	if n == 1 {
		c.sum.First = line.At
	}
	c.sum.Last = line.At
	return line, nil
}

// included checks that the line is in the log, after the one before it.
func (c *checker) included(raw, proof []byte, n int, last int64) (int64, error) {
	p, err := parseProof(proof)
	if err != nil {
		return 0, wrong("proofs.jsonl", n, "altered: %s", err)
	}
	if p.Index >= c.size {
		return 0, wrong("proofs.jsonl", n, "is for entry %d of a log of %d", p.Index, c.size)
	}
	if p.Index <= last {
		return 0, wrong("proofs.jsonl", n, "is for entry %d, the line before for entry %d: not in order", p.Index, last)
	}
	if err := tlog.CheckRecord(p.Path, c.size, c.root, p.Index, tlog.RecordHash(raw)); err == nil {
		return p.Index, nil
	}
	// The manifest tells which of the two was altered.
	if c.intact("events.jsonl") && !c.intact("proofs.jsonl") {
		return 0, wrong("proofs.jsonl", n, "altered: it does not lead from the event to the checkpoint")
	}
	return 0, wrong("events.jsonl", n, "altered: it is not entry %d of the log that the checkpoint signs", p.Index)
}

// chunk reads the receipts that an event vouches for.
func (c *checker) chunk(line Line, n int, receipts *lines) error {
	t, known := kindTypes[line.Kind]
	if !known {
		return nil
	}
	if _, ok := zero(t).(chunked); !ok {
		return nil
	}
	d, err := line.Payload()
	if err != nil {
		return wrong("events.jsonl", n, "its data is not as %s has it", line.Kind)
	}
	chunk := d.(chunked).chunk()
	sum := sha256.New()
	from := receipts.n + 1
	for i := Count(0); i < chunk.Count; i++ {
		raw, err := receipts.next()
		if err != nil {
			return err
		}
		if raw == nil {
			return wrong("receipts.jsonl", receipts.n+1, "is missing: event %d counts %d records", n, chunk.Count)
		}
		r, err := parseReceipt(raw)
		if err != nil {
			return wrong("receipts.jsonl", receipts.n, "altered: %s", err)
		}
		if r.Task != chunk.Task || r.System != chunk.System {
			return wrong("receipts.jsonl", receipts.n, "belongs to another task than event %d", n)
		}
		sum.Write(raw)
		sum.Write([]byte{'\n'})
	}
	if fmt.Sprintf("%x", sum.Sum(nil)) != string(chunk.SHA256) {
		return wrong("receipts.jsonl", from, "altered, here or up to line %d: event %d vouches for others", receipts.n, n)
	}
	return nil
}

func (c *checker) intact(name string) bool {
	got, err := c.files.digest(name)
	if err != nil {
		return false
	}
	return slices.Contains(c.manifest.files, manifestFile{name, got})
}

// digests compares every file with the manifest.
func (c *checker) digests() error {
	for _, f := range c.manifest.files {
		got, err := c.files.digest(f.name)
		if err != nil {
			return err
		}
		if got != f.sha256 {
			return wrong(f.name, 0, "altered: it is not the file that manifest.json lists")
		}
	}
	return nil
}
