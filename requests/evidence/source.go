package evidence

import (
	"archive/zip"
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"slices"
)

// Fault is the first thing that is wrong with a report.
type Fault struct {
	File string // file in the report; empty: the zip itself
	Line int    // from 1; 0: the whole file
	Text string
}

func (f *Fault) Error() string {
	switch {
	case f.File == "":
		return f.Text
	case f.Line == 0:
		return f.File + ": " + f.Text
	}
	return fmt.Sprintf("%s line %d: %s", f.File, f.Line, f.Text)
}

func wrong(file string, line int, format string, args ...any) error {
	return &Fault{file, line, fmt.Sprintf(format, args...)}
}

// source opens the files of a report by name.
type source map[string]func() (io.ReadCloser, error)

// openSource finds the files. container is what is wrong with the zip around
// them: the files are looked at all the same, since that tells more.
func openSource(r io.ReaderAt, size int64) (files source, container, err error) {
	var names []string
	files = make(source)
	entries, container := readContainer(r, size)
	if container == nil {
		for _, e := range entries {
			names = append(names, e.name)
			body := io.NewSectionReader(r, e.header+int64(len(e.local())), e.size)
			files[e.name] = func() (io.ReadCloser, error) {
				return &crcReader{r: io.NewSectionReader(body, 0, body.Size()), sum: crc32.NewIEEE(), want: e.crc}, nil
			}
		}
	} else {
		z, err := zip.NewReader(r, size)
		if err != nil {
			return nil, nil, wrong("", 0, "not a readable evidence report: %s; get it again", container)
		}
		for _, f := range z.File {
			names = append(names, f.Name)
			files[f.Name] = f.Open
		}
	}
	return files, container, checkNames(names, container == nil)
}

// checkNames wants each file of a report once, and in order.
func checkNames(names []string, order bool) error {
	seen := make(map[string]bool)
	for _, name := range names {
		switch {
		case seen[name]:
			return wrong(printable(name), 0, "stands in the report twice")
		case !slices.Contains(reportFiles, name):
			return wrong(printable(name), 0, "does not belong in a report")
		}
		seen[name] = true
	}
	for _, name := range reportFiles {
		if !seen[name] {
			return wrong(name, 0, "is missing from the report")
		}
	}
	if order && !slices.Equal(names, reportFiles) {
		return wrong("", 0, "the files do not stand in their order; get the report again")
	}
	return nil
}

// printable keeps a foreign file name from writing to the terminal.
func printable(name string) string {
	q := fmt.Sprintf("%+.60q", name)
	if q == `"`+name+`"` {
		return name
	}
	return q
}

// crcReader checks a stored file's CRC at its end.
type crcReader struct {
	r    io.Reader
	sum  hash.Hash32
	want uint32
}

func (c *crcReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.sum.Write(b[:n])
	if errors.Is(err, io.EOF) && c.sum.Sum32() != c.want {
		return n, errors.New("its bytes do not fit its CRC")
	}
	return n, err
}

func (c *crcReader) Close() error { return nil }

// small reads a file that is short in every true report.
func (s source) small(name string) ([]byte, error) {
	f, err := s[name]()
	if err != nil {
		return nil, wrong(name, 0, "cannot be read")
	}
	defer f.Close()
	const limit = 1 << 16
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if len(b) > limit {
		return nil, wrong(name, 0, "is too long")
	}
	if err != nil {
		return b, wrong(name, 0, "altered: %s", readError(err))
	}
	return b, nil
}

// digest returns the hex SHA-256 of a file.
func (s source) digest(name string) (string, error) {
	f, err := s[name]()
	if err != nil {
		return "", wrong(name, 0, "cannot be read")
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, io.LimitReader(f, zipMax)); err != nil {
		return "", wrong(name, 0, "altered: %s", readError(err))
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

func readError(err error) string {
	if errors.Is(err, zip.ErrChecksum) {
		return "its bytes do not fit its CRC"
	}
	return err.Error()
}

// lines reads a file line by line.
type lines struct {
	name string
	n    int // lines read so far
	f    io.ReadCloser
	r    *bufio.Reader
}

// maxLine bounds the memory that a foreign file can take.
const maxLine = 1 << 20

func (s source) lines(name string) (*lines, error) {
	f, err := s[name]()
	if err != nil {
		return nil, wrong(name, 0, "cannot be read")
	}
	return &lines{name: name, f: f, r: bufio.NewReaderSize(f, 1<<16)}, nil
}

// next returns the next line without its newline; nil after the last one.
func (l *lines) next() ([]byte, error) {
	var line []byte
	for {
		part, err := l.r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, wrong(l.name, l.n+1, "is too long")
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil, nil
		case errors.Is(err, io.EOF):
			return nil, wrong(l.name, l.n+1, "is cut off: it does not end with a newline")
		case err != nil:
			return nil, wrong(l.name, 0, "altered: %s", readError(err))
		}
		l.n++
		return line[:len(line)-1], nil
	}
}

func (l *lines) close() { _ = l.f.Close() }
