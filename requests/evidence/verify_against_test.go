package evidence

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

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
