package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func TestVerifyAcceptsAReport(t *testing.T) {
	m := sample(t, 1)
	b := report(t, m, caseA)
	sum, err := verify(b, VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if sum.Case != caseA || sum.Events != 6 || sum.Records != 4 || sum.TreeSize != 9 || sum.KeyGiven || sum.Origin != origin {
		t.Errorf("summary %+v", sum)
	}
	vkey, _ := VKey(origin, m.signer.key.Public().(ed25519.PublicKey))
	if sum, err := verify(b, VerifyOptions{Key: vkey}); err != nil || !sum.KeyGiven {
		t.Errorf("with the log's key: %+v %v", sum, err)
	}
	other, _ := VKey(origin, testKey(9).Public().(ed25519.PublicKey))
	_, err = verify(b, VerifyOptions{Key: other})
	wants(t, err, "log.vkey", "wrong key")
	_, err = verify(b, VerifyOptions{Key: "nonsense"})
	wants(t, err, "key given")
}

func TestOtherToolsReadTheReport(t *testing.T) {
	b := report(t, sample(t, 1), caseA)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		names = append(names, f.Name)
	}
	if !slices.Equal(names, reportFiles) {
		t.Errorf("files %v", names)
	}
}

// Every byte of the zip counts: any change of any byte is found, and the
// message names the file it lies in.
func TestEveryByteCounts(t *testing.T) {
	b := report(t, sample(t, 1), caseA)
	entries, err := readContainer(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	within := func(at int64) string {
		for _, e := range entries {
			if from := e.header + int64(len(e.local())); at >= from && at < from+e.size {
				return e.name
			}
		}
		return ""
	}
	t.Logf("%d bytes", len(b))
	for _, flip := range []byte{0x01, 0x20, 0x80} {
		t.Run(fmt.Sprintf("%#x", flip), func(t *testing.T) {
			t.Parallel()
			c := bytes.Clone(b)
			for i := range c {
				c[i] ^= flip
				_, err := verify(c, VerifyOptions{})
				c[i] ^= flip
				if err == nil {
					t.Fatalf("byte %d of %q flipped by %#x: accepted", i, within(int64(i)), flip)
				}
				if file := within(int64(i)); file != "" && !strings.HasPrefix(err.Error(), file) {
					// A key altered so that it is still a key makes the
					// signatures invalid; nothing else may be named instead.
					t.Fatalf("byte %d of %s flipped by %#x: says %q", i, file, flip, err)
				}
			}
		})
	}
}

func TestCutOffOrLengthened(t *testing.T) {
	b := report(t, sample(t, 1), caseA)
	for n := range b {
		if _, err := verify(b[:n], VerifyOptions{}); err == nil {
			t.Fatalf("the first %d of %d bytes are accepted", n, len(b))
		}
	}
	for _, c := range [][]byte{append(bytes.Clone(b), 0), append([]byte{0}, b...), append(bytes.Clone(b), b...)} {
		if _, err := verify(c, VerifyOptions{}); err == nil {
			t.Fatal("bytes around the report are accepted")
		}
	}
}

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

func TestVerifyRefuses(t *testing.T) {
	good := report(t, sample(t, 1), caseA)
	drop := func(name string) func(*testing.T, *packed) {
		return func(_ *testing.T, p *packed) { l := p.lines(name); p.set(name, l[:len(l)-1]) }
	}
	both := func(f ...func(*testing.T, *packed)) func(*testing.T, *packed) {
		return func(t *testing.T, p *packed) {
			for _, f := range f {
				f(t, p)
			}
		}
	}
	swap := func(name string) func(*testing.T, *packed) {
		return func(_ *testing.T, p *packed) { l := p.lines(name); l[1], l[2] = l[2], l[1]; p.set(name, l) }
	}
	double := func(name string) func(*testing.T, *packed) {
		return func(_ *testing.T, p *packed) {
			l := p.lines(name)
			p.set(name, append(l, l[len(l)-1]))
		}
	}
	relist := func(t *testing.T, p *packed) { p.relist(t) }
	// A thief of the key could sign anything but the log's own leaves.
	resign := func(t *testing.T, p *packed) { p.relist(t); p.resign(t, testKey(1)) }
	edit := func(name, from, to string) func(*testing.T, *packed) {
		return func(t *testing.T, p *packed) {
			if !bytes.Contains(p.body[name], []byte(from)) {
				t.Fatalf("%s does not contain %q", name, from)
			}
			p.body[name] = bytes.Replace(p.body[name], []byte(from), []byte(to), 1)
		}
	}
	for _, c := range []struct {
		name   string
		change func(*testing.T, *packed)
		says   []string
	}{
		{"last event dropped", drop("events.jsonl"), []string{"events.jsonl line 6", "missing"}},
		{"last proof dropped", drop("proofs.jsonl"), []string{"proofs.jsonl line 6", "missing"}},
		{"event and proof dropped", both(drop("events.jsonl"), drop("proofs.jsonl")), []string{"events.jsonl", "5 events", "counts 6"}},
		{"event and proof dropped, listed", both(drop("events.jsonl"), drop("proofs.jsonl"), relist), []string{"manifest.json", "altered"}},
		{"event doubled", double("events.jsonl"), []string{"events.jsonl line 7", "event 6"}},
		{"event and proof doubled, signed", both(double("events.jsonl"), double("proofs.jsonl"), resign), []string{"events.jsonl line 7"}},
		{"events swapped", swap("events.jsonl"), []string{"events.jsonl line 2", "swapped"}},
		{"proofs swapped", swap("proofs.jsonl"), []string{"proofs.jsonl line 2"}},
		{"events and proofs swapped, signed", both(swap("events.jsonl"), swap("proofs.jsonl"), resign), []string{"events.jsonl line 2"}},
		{"receipts swapped, signed", both(swap("receipts.jsonl"), resign), []string{"receipts.jsonl line 1", "altered"}},
		{"receipt dropped, signed", both(drop("receipts.jsonl"), resign), []string{"receipts.jsonl line 4", "missing"}},
		{"receipt doubled, signed", both(double("receipts.jsonl"), resign), []string{"receipts.jsonl line 5", "one too many"}},
		{"event reworded, signed", both(edit("events.jsonl", `"needed":2`, `"needed":1`), resign), []string{"events.jsonl line 2", "altered"}},
		{"event with a space, signed", both(edit("events.jsonl", `,"kind"`, `, "kind"`), resign), []string{"events.jsonl line 1", "canonical"}},
		{"event of another case, signed", both(edit("events.jsonl", caseA, caseB), resign), []string{"events.jsonl line 1", "another case"}},
		{"newline missing", func(_ *testing.T, p *packed) {
			p.body["events.jsonl"] = bytes.TrimSuffix(p.body["events.jsonl"], []byte("\n"))
		}, []string{"events.jsonl line 6", "newline"}},
		{"empty line", edit("events.jsonl", "\n", "\n\n"), []string{"events.jsonl line 2"}},
		{"page rewritten", edit("report.html", "Evidence", "Nothing!"), []string{"report.html", "altered"}},
		{"page rewritten, listed", both(edit("report.html", "Evidence", "Nothing!"), relist), []string{"manifest.json", "altered"}},
		{"page rewritten, listed, signed by another", func(t *testing.T, p *packed) {
			edit("report.html", "Evidence", "Nothing!")(t, p)
			p.relist(t)
			p.resign(t, testKey(2))
		}, []string{"manifest.sig", "not signed by"}},
		{"PDF rewritten", edit("report.pdf", "evidence", "nothing!"), []string{"report.pdf", "altered"}},
		{"spare bits of a signature", func(t *testing.T, p *packed) { spareBits(t, p, "checkpoint") }, []string{"checkpoint", "strict base64"}},
		{"spare bits of the manifest's signature", func(t *testing.T, p *packed) { spareBits(t, p, "manifest.sig") }, []string{"manifest.sig", "strict base64"}},
		{"spare bits of a proof, signed", func(t *testing.T, p *packed) {
			i := bytes.Index(p.body["proofs.jsonl"], []byte(`="`)) - 1
			p.body["proofs.jsonl"][i] = spare(p.body["proofs.jsonl"][i])
			resign(t, p)
		}, []string{"proofs.jsonl line 1", "base64"}},
		{"proof with a space, signed", both(edit("proofs.jsonl", `,"path"`, `, "path"`), resign), []string{"proofs.jsonl line 1", "canonical"}},
		{"manifest with a space, signed", func(t *testing.T, p *packed) {
			edit("manifest.json", `,"v":1`, `, "v":1`)(t, p)
			p.resign(t, testKey(1))
		}, []string{"manifest.json", "canonical"}},
		{"manifest with a file more, signed", func(t *testing.T, p *packed) {
			edit("manifest.json", `"files":[`, `"files":[{"name":"a","sha256":"`+strings.Repeat("0", 64)+`"},`)(t, p)
			p.resign(t, testKey(1))
		}, []string{"manifest.json", "does not list the files"}},
		{"tree size in the manifest, signed", func(t *testing.T, p *packed) {
			edit("manifest.json", `"tree_size":9`, `"tree_size":8`)(t, p)
			p.resign(t, testKey(1))
		}, []string{"checkpoint", "tree of 9"}},
		{"events counted otherwise, signed", func(t *testing.T, p *packed) {
			edit("manifest.json", `"events":6`, `"events":7`)(t, p)
			p.resign(t, testKey(1))
		}, []string{"events.jsonl", "manifest counts 7"}},
		{"signature twice", func(_ *testing.T, p *packed) {
			s := p.body["manifest.sig"]
			p.body["manifest.sig"] = append(s, s[bytes.Index(s, []byte("\n\n"))+2:]...)
		}, []string{"manifest.sig", "repeated"}},
		{"key in capitals", func(_ *testing.T, p *packed) {
			f := strings.Split(string(p.body["log.vkey"]), "+")
			f[1] = strings.ToUpper(f[1])
			p.body["log.vkey"] = []byte(strings.Join(f, "+"))
		}, []string{"log.vkey"}},
		{"tree size in the checkpoint", edit("checkpoint", "\n9\n", "\n8\n"), []string{"checkpoint", "signature"}},
		{"file missing", func(_ *testing.T, p *packed) { p.names = p.names[1:] }, []string{"report.html", "missing"}},
		{"file extra", func(_ *testing.T, p *packed) { p.names = append(p.names, "notes.txt"); p.body["notes.txt"] = nil }, []string{"notes.txt", "does not belong"}},
		{"folder", func(_ *testing.T, p *packed) { p.names = append(p.names, "x/"); p.body["x/"] = nil }, []string{"does not belong"}},
		{"file twice", func(_ *testing.T, p *packed) { p.names = append(p.names, "events.jsonl") }, []string{"events.jsonl", "twice"}},
		{"another order", func(_ *testing.T, p *packed) { slices.Reverse(p.names) }, []string{"order"}},
		{"name for the terminal", func(_ *testing.T, p *packed) { p.names = append(p.names, "\x1b[2Jhi") }, []string{`\x1b[2Jhi`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := unpack(t, good)
			c.change(t, &p)
			_, err := verify(p.pack(t), VerifyOptions{})
			wants(t, err, c.says...)
			if c.name == "another order" {
				return
			}
			// The message names the same fault when another tool packed it.
			_, err = verify(p.foreign(t), VerifyOptions{})
			wants(t, err, c.says...)
		})
	}
	t.Run("packed again", func(t *testing.T) {
		_, err := verify(unpack(t, good).foreign(t), VerifyOptions{})
		wants(t, err, "intact", "packed again")
	})
	t.Run("no zip", func(t *testing.T) {
		for _, s := range []string{"", "PK", "hello", strings.Repeat("x", 70000)} {
			_, err := verify([]byte(s), VerifyOptions{})
			wants(t, err, "not a readable evidence report")
		}
	})
}

// spare flips an unused bit of a base64 string's last character.
func spare(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	return alphabet[strings.IndexByte(alphabet, c)^1]
}

func spareBits(t *testing.T, p *packed, name string) {
	t.Helper()
	b := p.body[name]
	before, err := base64.StdEncoding.DecodeString(string(b[bytes.LastIndexByte(b, ' ')+1 : len(b)-1]))
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.LastIndexByte(b, '=')
	for b[i] == '=' {
		i--
	}
	b[i] = spare(b[i])
	after, err := base64.StdEncoding.DecodeString(string(b[bytes.LastIndexByte(b, ' ')+1 : len(b)-1]))
	if err != nil || !bytes.Equal(before, after) {
		t.Fatalf("not spare bits: %v", err)
	}
}

func (m *memory) consistency(t testing.TB, from, to int64) []byte {
	t.Helper()
	path, err := tlog.ProveTree(to, from, m)
	if err != nil {
		t.Fatal(err)
	}
	return ConsistencyJSON(path)
}

func TestAgainstANewerLog(t *testing.T) {
	m := sample(t, 1)
	old := report(t, m, caseA)
	// The same log, later.
	for range 300 {
		m.add(t, caseB, StatusChanged{From: "review", To: "executing"}, "")
	}
	// The log rolled back behind the report and grown again.
	rolled := newMemory(t, 1)
	for _, l := range m.lines[:5] {
		hashes, err := tlog.StoredHashes(l.Index, l.Raw, rolled)
		if err != nil {
			t.Fatal(err)
		}
		rolled.lines, rolled.hashes = append(rolled.lines, l), append(rolled.hashes, hashes...)
	}
	for len(rolled.lines) < 309 {
		rolled.add(t, caseB, StatusChanged{From: "review", To: "refused"}, "")
	}
	stranger := sample(t, 2)

	state := func(m *memory, size int64) ([]byte, []byte) {
		cp := m.checkpoint(t, size).Note
		if size <= 9 {
			return cp, nil
		}
		return cp, m.consistency(t, 9, size)
	}
	for _, c := range []struct {
		name string
		log  *memory
		size int64
		says []string
	}{
		{"grown", m, 309, nil},
		{"same", m, 9, nil},
		{"not yet published", m, 8, []string{"shows 8 entries", "log of 9"}},
		{"rolled back and grown", rolled, 309, []string{"rolled back"}},
		{"rolled back to the same size", rolled, 9, []string{"same size"}},
		{"another log's key", stranger, 9, []string{"newer checkpoint", "not signed by"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cp, proof := state(c.log, c.size)
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/log/checkpoint":
					w.Write(cp)
				case "/log/consistency":
					if r.URL.Query().Get("from") != "9" || r.URL.Query().Get("to") != strconv.FormatInt(c.size, 10) {
						t.Errorf("asked for %s", r.URL)
					}
					w.Write(proof)
				default:
					http.NotFound(w, r)
				}
			}))
			defer srv.Close()
			file := filepath.Join(t.TempDir(), "state")
			if err := os.WriteFile(file, append(bytes.Clone(cp), proof...), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, against := range []Against{
				AgainstURL(t.Context(), srv.URL), AgainstURL(t.Context(), srv.URL+"/log/"), AgainstURL(t.Context(), srv.URL+"/log/checkpoint"),
				AgainstFile(file),
			} {
				sum, err := verify(old, VerifyOptions{Against: against})
				if c.says != nil {
					wants(t, err, c.says...)
				} else if err != nil || sum.Against != c.size {
					t.Errorf("%+v %v", sum, err)
				}
			}
		})
	}
	t.Run("faults", func(t *testing.T) {
		cp := m.checkpoint(t, 309).Note
		for _, proof := range []string{"", "{}", `{"path":["AAAA"]}`, `{"path":null}`, `{"path":[],"x":1}`, strings.Repeat("[", 9999)} {
			_, err := verify(old, VerifyOptions{Against: func(int64) ([]byte, []byte, error) { return cp, []byte(proof), nil }})
			if err == nil {
				t.Errorf("proof %q is accepted", proof)
			}
		}
		for _, url := range []string{"ftp://x.test", "http://", "::", "http://127.0.0.1:1"} {
			_, err := verify(old, VerifyOptions{Against: AgainstURL(t.Context(), url)})
			wants(t, err, "newer checkpoint")
		}
		_, err := verify(old, VerifyOptions{Against: AgainstFile(filepath.Join(t.TempDir(), "none"))})
		wants(t, err, "newer checkpoint")
	})
}

// A log that took the case's events in another order than they count is
// refused, though every signature and proof in the report is right.
func TestOrderInTheLogCounts(t *testing.T) {
	m := newMemory(t, 1)
	lines := sample(t, 1).lines
	for i, l := range []Line{lines[2], lines[1]} { // events 2 and 1 of the case
		hashes, err := tlog.StoredHashes(int64(i), l.Raw, m)
		if err != nil {
			t.Fatal(err)
		}
		l.Index = int64(i)
		m.lines, m.hashes = append(m.lines, l), append(m.hashes, hashes...)
	}
	snap := m.snapshot(t, caseA)
	slices.Reverse(snap.Lines)
	slices.Reverse(snap.Proofs)
	var out bytes.Buffer
	if _, err := WriteReport(&out, Bundle{Snapshot: snap}); err != nil {
		t.Fatal(err)
	}
	_, err := verify(out.Bytes(), VerifyOptions{})
	wants(t, err, "proofs.jsonl line 2", "not in order")
}

func FuzzVerify(f *testing.F) {
	b := report(f, sample(f, 1), caseA)
	f.Add(b)
	f.Add(unpack(f, b).foreign(f))
	f.Fuzz(func(t *testing.T, c []byte) {
		if _, err := verify(c, VerifyOptions{}); err == nil && !bytes.Equal(b, c) {
			t.Fatal("another report than the one written is accepted")
		}
	})
}

func FuzzParseLine(f *testing.F) {
	m := sample(f, 1)
	for _, l := range m.lines {
		f.Add(l.Raw)
		f.Add(m.snapshot(f, caseA).Proofs[0].encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if l, err := ParseLine(b); err == nil {
			if d, err := l.Payload(); err == nil {
				Words(l)
				_ = d
			}
		}
		if p, err := parseProof(b); err == nil && !bytes.Equal(p.encode(), b) {
			t.Fatal("a proof has two forms")
		}
		if r, err := parseReceipt(b); err == nil && !bytes.Equal(r.append(nil), b) {
			t.Fatal("a receipt has two forms")
		}
	})
}

// The files under testdata freeze the format: reports that auditors hold today
// must verify for years. HABEAS_UPDATE=1 writes them anew.
func TestFormatIsFrozen(t *testing.T) {
	m := sample(t, 1)
	files := map[string][]byte{"report.zip": report(t, m, caseA)}
	for range 300 {
		m.add(t, caseB, StatusChanged{From: "review", To: "executing"}, "")
	}
	files["newer"] = append(m.checkpoint(t, 309).Note, m.consistency(t, 9, 309)...)
	for name, want := range files {
		path := filepath.Join("testdata", name)
		if os.Getenv("HABEAS_UPDATE") != "" {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is written otherwise than before (%v)", name, err)
		}
	}
}
