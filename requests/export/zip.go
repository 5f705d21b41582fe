package export

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"

	"habeas/requests/connect"
	"habeas/templates/report"
)

// manifest closes the zip: what is in it, so that a customer can see that
// nothing is missing.
type manifest struct {
	V         int            `json:"v"`
	Case      string         `json:"case"`
	Reference string         `json:"reference"`
	Law       string         `json:"law"`
	MadeAt    time.Time      `json:"made_at"`
	Files     []manifestFile `json:"files"`
}

type manifestFile struct {
	Name    string `json:"name"`
	Bytes   int64  `json:"bytes"`
	Records *int64 `json:"records,omitempty"`
	SHA256  string `json:"sha256"`
}

// writeZip writes index.html, the data files and manifest.json, in this order.
func writeZip(ctx context.Context, w io.Writer, info PackageInfo, sources []Source) (files int, records int64, err error) {
	seen := make([][]*held, len(sources))
	names := newNamer()
	for i, s := range sources {
		if seen[i], err = survey(ctx, s, info, names); err != nil {
			return 0, 0, err
		}
		for _, h := range seen[i] {
			records += h.count
		}
	}
	z := newZipper(ctx, w, info.MadeAt)
	defer z.stop()
	z.create("index.html")
	if err := report.Index(indexView(info, sources, seen)).Render(ctx, z); err != nil {
		return 0, 0, errors.Join(z.finish(), fmt.Errorf("export: index.html: %w", err))
	}
	z.end(nil)
	if !info.CategoriesOnly {
		for i, s := range sources {
			if len(seen[i]) == 0 {
				continue
			}
			if err := writeData(ctx, z, s, seen[i], jsonFiles); err != nil {
				return 0, 0, errors.Join(z.finish(), err)
			}
			if err := writeData(ctx, z, s, seen[i], csvFiles); err != nil {
				return 0, 0, errors.Join(z.finish(), err)
			}
		}
	}
	m := manifest{V: 1, Case: info.Case, Reference: info.Reference, Law: info.Law, MadeAt: info.MadeAt.UTC().Truncate(time.Second), Files: z.files}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return 0, 0, fmt.Errorf("export: manifest: %w", err)
	}
	z.create("manifest.json")
	_, _ = z.Write(append(text, '\n')) // errors come back from finish
	z.end(nil)
	if err := z.finish(); err != nil {
		return 0, 0, err
	}
	return len(z.files), records, nil
}

// writeData reads the stage once and writes one file per type.
func writeData(ctx context.Context, z *zipper, s Source, types []*held, format dataFormat) error {
	in, err := s.Open(ctx)
	if err != nil {
		return err
	}
	defer in.Close()
	stage, err := OpenStage(in)
	if err != nil {
		return err
	}
	var file *held
	var body dataFile
	at := 0
	b := make([]byte, 0, 8<<10)
	finish := func() {
		if file != nil {
			_, _ = z.Write(body.foot())
			z.end(&file.count)
		}
	}
	for {
		row, err := stage.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if file == nil || file.typ != row.Type {
			finish()
			if at == len(types) || types[at].typ != row.Type {
				return fmt.Errorf("%w: it changed while it was read", ErrStage)
			}
			file = types[at]
			at++
			body = format(file)
			z.create(body.name)
			_, _ = z.Write(body.head)
		}
		b = body.row(b[:0], row)
		if _, err := z.Write(b); err != nil {
			return err
		}
	}
	finish()
	return nil
}

// dataFile writes one file: head, rows, foot.
type dataFile struct {
	name string
	head []byte
	row  func([]byte, connect.Row) []byte
	foot func() []byte
}

type dataFormat func(*held) dataFile

func jsonFiles(h *held) dataFile {
	shape := newJSONShape(connect.Row{})
	fields, first := []connect.Value(nil), true
	return dataFile{
		name: h.jsonName, head: []byte("["),
		row: func(b []byte, row connect.Row) []byte {
			if first || !sameFields(connect.Row{Values: fields}, connect.Row{Values: row.Values}) {
				fields, shape = append(fields[:0], row.Values...), newJSONShape(row)
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			return shape.appendJSONRow(append(b, '\n'), row)
		},
		foot: func() []byte { return []byte("\n]\n") },
	}
}

func csvFiles(h *held) dataFile {
	return dataFile{
		name: h.csvName, head: appendCSVHead([]byte(csvStart), h.fields),
		row: func(b []byte, row connect.Row) []byte {
			return appendCSVRow(b, h.align(row))
		},
		foot: func() []byte { return nil },
	}
}

// zipper compresses and writes in a goroutine of its own, so that reading and
// formatting the next rows costs no time on a machine with two cores.
type zipper struct {
	ctx    context.Context
	cancel context.CancelFunc
	work   chan chunk
	done   chan error
	free   chan []byte
	buf    []byte
	files  []manifestFile
	sum    hash.Hash
	n      int64
	failed error
	closed bool
}

// chunk is a piece of the current file; name begins the next file.
type chunk struct {
	name string
	data []byte
}

const chunkSize = 256 << 10

func newZipper(ctx context.Context, w io.Writer, at time.Time) *zipper {
	ctx, cancel := context.WithCancel(ctx)
	z := &zipper{ctx: ctx, cancel: cancel, work: make(chan chunk, 2), done: make(chan error, 1), free: make(chan []byte, 4), sum: sha256.New()}
	go func() {
		err := z.compress(w, at)
		cancel() // so that a writer in waiting hears of it
		z.done <- err
	}()
	return z
}

func (z *zipper) compress(w io.Writer, at time.Time) error {
	out := zip.NewWriter(w)
	out.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, deflateLevel) })
	var file io.Writer
	for c := range z.work {
		if err := z.ctx.Err(); err != nil {
			return fmt.Errorf("export: zip: %w", err)
		}
		var err error
		if c.name != "" {
			file, err = out.CreateHeader(&zip.FileHeader{Name: c.name, Method: zip.Deflate, Modified: at.UTC().Truncate(2 * time.Second)})
		} else {
			_, err = file.Write(c.data)
			z.free <- c.data[:0]
		}
		if err != nil {
			return fmt.Errorf("export: zip: %w", err)
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("export: zip: %w", err)
	}
	return nil
}

// deflateLevel is where deflate is fast and within a few per cent of its best.
const deflateLevel = 6

func (z *zipper) create(name string) {
	z.files = append(z.files, manifestFile{Name: name})
	z.sum.Reset()
	z.n = 0
	z.send(chunk{name: name})
}

// Write adds to the current file.
func (z *zipper) Write(p []byte) (int, error) {
	z.sum.Write(p)
	z.n += int64(len(p))
	for rest := p; len(rest) > 0 && z.failed == nil; {
		if z.buf == nil {
			select {
			case z.buf = <-z.free:
			default:
				z.buf = make([]byte, 0, chunkSize)
			}
		}
		n := min(len(rest), cap(z.buf)-len(z.buf))
		z.buf = append(z.buf, rest[:n]...)
		rest = rest[n:]
		if len(z.buf) == cap(z.buf) {
			z.flush()
		}
	}
	return len(p), z.failed
}

// end closes the current file; records is nil for what holds none.
func (z *zipper) end(records *int64) {
	z.flush()
	f := &z.files[len(z.files)-1]
	f.Bytes, f.Records, f.SHA256 = z.n, records, hex.EncodeToString(z.sum.Sum(nil))
}

func (z *zipper) flush() {
	if len(z.buf) > 0 {
		z.send(chunk{data: z.buf})
		z.buf = nil
	}
}

func (z *zipper) send(c chunk) {
	if z.failed != nil {
		return
	}
	select {
	case z.work <- c:
	case <-z.ctx.Done():
		z.failed = fmt.Errorf("export: zip: %w", z.ctx.Err())
	}
}

// finish waits until everything is written and returns the first error.
func (z *zipper) finish() error {
	if z.closed {
		return z.failed
	}
	z.closed = true
	close(z.work)
	if err := <-z.done; err != nil {
		z.failed = err
	}
	return z.failed
}

// stop ends the goroutine when finish was not reached.
func (z *zipper) stop() {
	z.cancel()
	if !z.closed {
		_ = z.finish()
	}
}

// namer makes file names that are safe on every system and differ in more
// than case.
type namer struct{ used map[string]bool }

func newNamer() *namer { return &namer{used: map[string]bool{}} }

func (n *namer) name(folder, system, typ string) string {
	if folder == "" {
		folder = "data"
	}
	base := folder + "/" + safeName(system) + "." + safeName(typ)
	name := base
	for i := 2; n.used[strings.ToLower(name)]; i++ {
		name = fmt.Sprintf("%s-%d", base, i)
	}
	n.used[strings.ToLower(name)] = true
	return name
}

// safeName keeps letters, digits, single dots, hyphens and underscores of
// ASCII.
func safeName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.') {
			return r
		}
		return '_'
	}, s)
	return strings.Trim(strings.ReplaceAll(s, "..", "__")[:min(len(s), 80)], ".")
}

// digestWriter counts and hashes what passes.
type digestWriter struct {
	w   io.Writer
	n   int64
	sum hash.Hash
}

func newDigestWriter(w io.Writer) *digestWriter { return &digestWriter{w: w, sum: sha256.New()} }

func (d *digestWriter) Write(p []byte) (int, error) {
	n, err := d.w.Write(p)
	d.n += int64(n)
	d.sum.Write(p[:n])
	return n, err
}

func (d *digestWriter) hex() string { return hex.EncodeToString(d.sum.Sum(nil)) }
