package evidence

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
)

// reportFiles are the files of a report, in the order in which they stand in
// it.
var reportFiles = []string{
	"report.html", "report.pdf", "events.jsonl", "proofs.jsonl", "checkpoint",
	"log.vkey", "receipts.jsonl", "manifest.json", "manifest.sig",
}

// Bundle is what an evidence report is made of.
type Bundle struct {
	ReportHTML []byte
	ReportPDF  []byte
	Snapshot   *Snapshot
}

// Written says what WriteReport wrote, for the event evidence.downloaded.
type Written struct {
	Events   int64
	TreeSize int64
	Manifest string // hex SHA-256 of manifest.json
}

// Event is the payload that notes this report's download.
func (w Written) Event() EvidenceDownloaded {
	return EvidenceDownloaded{Events: Count(w.Events), Manifest: Digest(w.Manifest), TreeSize: Count(w.TreeSize)}
}

type manifestFile struct{ name, sha256 string }

// manifest is manifest.json.
type manifest struct {
	caseID   string
	events   int64
	files    []manifestFile // sorted by name
	treeSize int64
}

// encode writes it as RFC 8785 JSON.
func (m manifest) encode() []byte {
	b := fmt.Appendf(nil, `{"case":"%s","events":%d,"files":[`, m.caseID, m.events)
	for i, f := range m.files {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"name":"%s","sha256":"%s"}`, f.name, f.sha256)
	}
	return fmt.Appendf(b, `],"tree_size":%d,"v":1}`, m.treeSize)
}

// WriteReport writes the evidence report of a case: a flat zip in constant
// memory for the receipts. It waits for the worker's signature when this
// process has no key; bound it by the snapshot's context.
func WriteReport(w io.Writer, b Bundle) (Written, error) {
	s := b.Snapshot
	var events, proofs bytes.Buffer
	for i, line := range s.Lines {
		events.Write(line.Raw)
		events.WriteByte('\n')
		proofs.Write(s.Proofs[i].encode())
		proofs.WriteByte('\n')
	}
	files := map[string][]byte{
		"report.html":  b.ReportHTML,
		"report.pdf":   b.ReportPDF,
		"events.jsonl": events.Bytes(),
		"proofs.jsonl": proofs.Bytes(),
		"checkpoint":   s.Checkpoint.Note,
		"log.vkey":     []byte(s.VKey + "\n"),
	}
	m := manifest{caseID: s.Case, events: int64(len(s.Lines)), treeSize: s.Checkpoint.Size}
	for name, body := range files {
		m.files = append(m.files, manifestFile{name, fmt.Sprintf("%x", sha256.Sum256(body))})
	}
	// The receipts may be large: once for size and sums, once for the bytes.
	// Both reads see the same snapshot.
	sum, crc := sha256.New(), crc32.NewIEEE()
	receipts := counter{w: io.MultiWriter(sum, crc)}
	if err := s.WriteReceipts(&receipts); err != nil {
		return Written{}, err
	}
	m.files = append(m.files, manifestFile{"receipts.jsonl", fmt.Sprintf("%x", sum.Sum(nil))})
	slices.SortFunc(m.files, func(a, b manifestFile) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	files["manifest.json"] = m.encode()
	digest := fmt.Sprintf("%x", sha256.Sum256(files["manifest.json"]))
	sig, err := s.sign(digest)
	if err != nil {
		return Written{}, err
	}
	files["manifest.sig"] = sig

	z := &zipWriter{w: w}
	for _, name := range reportFiles {
		if name == "receipts.jsonl" {
			err = z.file(name, receipts.n, crc.Sum32(), s.WriteReceipts)
		} else {
			err = z.bytes(name, files[name])
		}
		if err != nil {
			return Written{}, fmt.Errorf("evidence: report: %w", err)
		}
	}
	if err := z.close(); err != nil {
		return Written{}, fmt.Errorf("evidence: report: %w", err)
	}
	return Written{Events: m.events, TreeSize: m.treeSize, Manifest: digest}, nil
}
