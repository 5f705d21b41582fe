package export_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/flate"

	"habeas/requests/connect"
	"habeas/requests/export"
)

// discard is a blob that is thrown away and tells after each piece.
type discard struct{ wrote func() }

func (d discard) Write(p []byte) (int, error) {
	if d.wrote != nil {
		d.wrote()
	}
	return len(p), nil
}
func (discard) Commit() error { return nil }
func (discard) Abort() error  { return nil }

// manyRows is a source with n rows like a ticket's messages, sealed as the
// worker leaves them.
func (f fixture) manyRows(t testing.TB, n int) export.Source {
	t.Helper()
	var b bytes.Buffer
	sealed, err := f.key.Writer(&b)
	if err != nil {
		t.Fatal(err)
	}
	s := export.NewStage(sealed)
	r := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 4000)
	for i := range words {
		words[i] = strings.ToLower(base32.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, r.Uint64()))[:2+r.IntN(9)])
	}
	var body strings.Builder
	for i := range n {
		body.Reset()
		body.WriteByte('"')
		for range 8 + r.IntN(24) {
			body.WriteString(words[r.IntN(len(words))])
			body.WriteByte(' ')
		}
		body.WriteByte('"')
		if err := s.Write(row("messages", fmt.Sprint(i), "id", fmt.Sprint(i), "ticket", fmt.Sprintf(`"T-%07d"`, r.IntN(n)), "sent_at", fmt.Sprintf(`"2024-%02d-%02dT%02d:%02d:00Z"`, 1+i%12, 1+i%28, r.IntN(24), r.IntN(60)),
			"from_email", `"jürgen.müller@mail.example"`, "body", body.String())); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := sealed.Close(); err != nil {
		t.Fatal(err)
	}
	return export.Source{System: connect.Description{Name: "crm"}, Open: func(context.Context) (io.ReadCloser, error) {
		r, err := f.key.Reader(bytes.NewReader(b.Bytes()))
		return io.NopCloser(r), err
	}}
}

// peak is the highest live heap while a package of n rows is made, above what
// was there before.
func (f fixture) peak(t testing.TB, n int) int64 {
	t.Helper()
	src := f.manyRows(t, n)
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	base, high, pieces := int64(m.HeapAlloc), int64(0), 0
	w := discard{wrote: func() {
		if pieces++; pieces%8 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&m)
			high = max(high, int64(m.HeapAlloc)-base)
		}
	}}
	if _, err := export.BuildPackage(t.Context(), w, f.key, info, []export.Source{src}); err != nil {
		t.Fatal(err)
	}
	return high
}

func TestPackageMemoryIsFlat(t *testing.T) {
	f := setup(t)
	few, many := f.peak(t, 3_000), f.peak(t, 30_000)
	t.Logf("live heap above the start: %.1f MB for 3,000 rows, %.1f MB for 30,000", float64(few)/1e6, float64(many)/1e6)
	if many > few+2<<20 || many > 16<<20 {
		t.Errorf("memory grows with the rows: %d and %d bytes", few, many)
	}
}

// floor is zip and age alone over the same files.
func (f fixture) floor(t testing.TB, names []string, files map[string][]byte) {
	t.Helper()
	sealed, err := f.key.Writer(discard{})
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(sealed)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, 6) })
	for _, name := range names {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := sealed.Close(); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkPackage compares with zip and age alone over the same bytes, in
// turns: ratio 1 is as fast (the budget is 0.9). heap-MB is the highest live
// heap with a million rows.
func BenchmarkPackage(b *testing.B) {
	f := setup(b)
	src := f.manyRows(b, 100_000)
	_, plain := f.build(b, info, src)
	names, texts := unzip(b, plain)
	files, size := map[string][]byte{}, 0
	for name, text := range texts {
		files[name] = []byte(text)
		size += len(text)
	}
	b.SetBytes(int64(size))
	var ratios []float64
	for b.Loop() {
		started := time.Now()
		if _, err := export.BuildPackage(b.Context(), discard{}, f.key, info, []export.Source{src}); err != nil {
			b.Fatal(err)
		}
		ours := time.Since(started)
		b.StopTimer()
		started = time.Now()
		f.floor(b, names, files)
		ratios = append(ratios, time.Since(started).Seconds()/ours.Seconds())
		b.StartTimer()
	}
	b.StopTimer()
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
	b.ReportMetric(float64(f.peak(b, 1_000_000))/1e6, "heap-MB")
}
