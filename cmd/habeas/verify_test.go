package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

const (
	evidenceData = "../../requests/evidence/testdata/"
	// The key of the committed report: a seed of 32 bytes 0x01.
	evidenceOrigin = "privacy.acme.example/log+"
)

func runVerify(t *testing.T, args ...string) (out string, parsed bool, err error) {
	t.Helper()
	var cli struct {
		Verify VerifyCmd `cmd:""`
	}
	var stdout, stderr bytes.Buffer
	p, err := kong.New(&cli, kong.Writers(&stdout, &stderr))
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := p.Parse(append([]string{"verify"}, args...))
	if err != nil {
		return "", false, err
	}
	err = ctx.Run()
	return stdout.String(), true, err
}

func TestVerifyCommand(t *testing.T) {
	report := evidenceData + "report.zip"
	b, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	at := bytes.Index(b, []byte(evidenceOrigin))
	vkey := b[at : at+bytes.IndexByte(b[at:], '\n')]
	altered := bytes.Replace(b, []byte(`"needed":2`), []byte(`"needed":1`), 1)
	other := strings.Replace(string(vkey), "privacy", "quality", 1)
	for _, c := range []struct {
		name  string
		args  []string
		says  []string // on standard output
		fails string   // "" when it holds
	}{
		{"own key", []string{report}, []string{"report holds", "6, without a gap", "4 receipts", "integrity, not origin", "unwitnessed", "not compared"}, ""},
		{"key", []string{report, "--key", string(vkey)}, []string{"the one given"}, ""},
		{"key in a file", []string{report, "--key", write("log.vkey", append(vkey, '\n'))}, []string{"the one given"}, ""},
		{"against a file", []string{report, "--against", evidenceData + "newer"}, []string{"the log of 309 entries contains this one"}, ""},
		{"print", []string{report, "--print"}, []string{"request filed over portal for erasure", "3 records erased in crm", "request completed: done"}, ""},
		{"altered", []string{write("r.zip", altered), "--print"}, nil, "events.jsonl line 2: altered"},
		{"cut off", []string{write("r.zip", b[:len(b)-30])}, nil, "not a readable evidence report"},
		{"another's key", []string{report, "--key", other}, nil, "key given is not one"},
		{"no key", []string{report, "--key", "nonsense"}, nil, "--key is neither"},
		{"no such file", []string{"nowhere.zip"}, nil, "cannot open the report"},
		{"a folder", []string{t.TempDir()}, nil, "is not a file"},
		{"against nothing", []string{report, "--against", "nowhere"}, nil, "newer checkpoint"},
		{"against itself", []string{report, "--against", report}, nil, "newer checkpoint"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, parsed, err := runVerify(t, c.args...)
			if !parsed {
				t.Fatal(err)
			}
			if c.fails == "" && err != nil || c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
				t.Fatalf("error %v, want %q", err, c.fails)
			}
			if c.fails != "" && out != "" {
				t.Errorf("printed although it failed:\n%s", out)
			}
			for _, s := range c.says {
				if !strings.Contains(out, s) {
					t.Errorf("does not say %q:\n%s", s, out)
				}
			}
		})
	}
	if _, parsed, _ := runVerify(t); parsed {
		t.Error("no FILE is not wrong usage")
	}
}
