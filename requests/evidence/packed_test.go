package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// unpack and pack take a report apart and put it together as Habeas would.
type packed struct {
	names []string
	body  map[string][]byte
}

func unpack(t testing.TB, b []byte) packed {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	p := packed{body: make(map[string][]byte)}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if p.body[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		p.names = append(p.names, f.Name)
	}
	return p
}

func (p packed) pack(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	z := &zipWriter{w: &out}
	for _, name := range p.names {
		if err := z.bytes(name, p.body[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// foreign packs as other tools do: compressed.
func (p packed) foreign(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range p.names {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(p.body[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// relist writes manifest.json anew for the files as they are.
func (p packed) relist(t testing.TB) {
	t.Helper()
	m, err := parseManifest(p.body["manifest.json"])
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range m.files {
		m.files[i].sha256 = fmt.Sprintf("%x", sha256.Sum256(p.body[f.name]))
	}
	m.events = int64(bytes.Count(p.body["events.jsonl"], []byte("\n")))
	p.body["manifest.json"] = m.encode()
}

// resign signs the manifest with a key.
func (p packed) resign(t testing.TB, key ed25519.PrivateKey) {
	t.Helper()
	s, err := newSigner(origin, key)
	if err != nil {
		t.Fatal(err)
	}
	text := manifestText(origin, fmt.Sprintf("%x", sha256.Sum256(p.body["manifest.json"])))
	if p.body["manifest.sig"], err = note.Sign(&note.Note{Text: text}, s); err != nil {
		t.Fatal(err)
	}
}

func (p packed) lines(name string) [][]byte {
	l := bytes.SplitAfter(p.body[name], []byte("\n"))
	return l[:len(l)-1]
}

func (p packed) set(name string, lines [][]byte) { p.body[name] = bytes.Join(lines, nil) }

func wants(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted, want an error with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("says %q, want %q in it", err, part)
		}
	}
}
