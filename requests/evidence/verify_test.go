package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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
