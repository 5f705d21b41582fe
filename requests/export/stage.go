package export

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"

	"habeas/requests/connect"
)

// A stage is "habeas-stage/1\n" and one frame per row: the length of the rest
// (uvarint), then 0 and the row's type and field names when they differ from
// those of the row before, else 1; the key; per field its flags and its JSON.
// Texts are a length (uvarint) and bytes. A frame of length 0 ends the stage,
// followed by the number of rows: a stage that was cut short is noticed.
const stageMagic = "habeas-stage/1\n"

const (
	newShape  = 0
	sameShape = 1

	flagRedacted = 1
	flagAbsent   = 2 // no Data and not redacted

	maxFrame = 256 << 20
)

// ErrStage says that a staged stream is cut short or none of ours.
var ErrStage = errors.New("export: the staged data is incomplete or damaged")

// StageWriter writes one system's rows of one case. It is the plain stream:
// hand it a seal.Key's Writer, and close that after it.
type StageWriter struct {
	w     *bufio.Writer
	frame []byte
	shape connect.Row // type and fields of the row before
	seen  map[string]bool
	rows  uint64
}

// NewStage starts a stage on w.
func NewStage(w io.Writer) *StageWriter {
	s := &StageWriter{w: bufio.NewWriterSize(w, 64<<10), seen: map[string]bool{}}
	s.w.WriteString(stageMagic) // an error comes back from Close
	return s
}

// Write adds a row. Rows of one type come one after another; that is how
// connectors emit them.
func (s *StageWriter) Write(row connect.Row) error {
	f := s.frame[:0]
	if s.rows > 0 && sameFields(s.shape, row) {
		f = append(f, sameShape)
	} else {
		if row.Type != s.shape.Type || s.rows == 0 {
			if s.seen[row.Type] {
				return fmt.Errorf("export: rows of type %q are not together", row.Type)
			}
			s.seen[row.Type] = true
		}
		f = append(f, newShape)
		f = appendText(f, row.Type)
		f = binary.AppendUvarint(f, uint64(len(row.Values)))
		s.shape = connect.Row{Type: row.Type, Values: make([]connect.Value, len(row.Values))}
		for i, v := range row.Values {
			f = appendText(f, v.Field)
			s.shape.Values[i].Field = v.Field
		}
	}
	f = appendText(f, row.Key)
	for _, v := range row.Values {
		switch {
		case v.Redacted:
			f = append(f, flagRedacted)
		case v.Data == nil:
			f = append(f, flagAbsent)
		case !validJSON(v.Data):
			return fmt.Errorf("export: field %q of type %q is not JSON", v.Field, row.Type)
		default:
			data := []byte(v.Data)
			if !utf8.Valid(data) {
				data = bytes.ToValidUTF8(data, []byte("\ufffd"))
			}
			f = append(f, 0)
			f = binary.AppendUvarint(f, uint64(len(data)))
			f = append(f, data...)
		}
	}
	if len(f) > maxFrame {
		return fmt.Errorf("export: a row of type %q is larger than %d MiB", row.Type, maxFrame>>20)
	}
	s.frame = f
	var head [binary.MaxVarintLen64]byte
	if _, err := s.w.Write(head[:binary.PutUvarint(head[:], uint64(len(f)))]); err != nil {
		return fmt.Errorf("export: stage: %w", err)
	}
	if _, err := s.w.Write(f); err != nil {
		return fmt.Errorf("export: stage: %w", err)
	}
	s.rows++
	return nil
}

// Rows is how many rows were written.
func (s *StageWriter) Rows() int64 { return int64(s.rows) }

// Close ends the stage; it does not close the writer beneath.
func (s *StageWriter) Close() error {
	end := binary.AppendUvarint([]byte{0}, s.rows)
	if _, err := s.w.Write(end); err != nil {
		return fmt.Errorf("export: stage: %w", err)
	}
	if err := s.w.Flush(); err != nil {
		return fmt.Errorf("export: stage: %w", err)
	}
	return nil
}

// StageReader reads a stage.
type StageReader struct {
	r     *bufio.Reader
	shape connect.Row
	buf   []byte
	rows  uint64
	ended bool
}

// OpenStage reads the stage from r, which the caller gets from seal.Key.Reader.
func OpenStage(r io.Reader) (*StageReader, error) {
	s := &StageReader{r: bufio.NewReaderSize(r, 64<<10)}
	magic := make([]byte, len(stageMagic))
	if _, err := io.ReadFull(s.r, magic); err != nil {
		return nil, broken(err)
	}
	if string(magic) != stageMagic {
		return nil, ErrStage
	}
	return s, nil
}

// Next returns the next row, io.EOF after the last. The row's values are the
// caller's to keep.
func (s *StageReader) Next() (connect.Row, error) {
	row, err := s.next()
	if err != nil {
		return connect.Row{}, err
	}
	keep := row
	keep.Values = make([]connect.Value, len(row.Values))
	for i, v := range row.Values {
		v.Data = bytes.Clone(v.Data)
		keep.Values[i] = v
	}
	return keep, nil
}

// All yields every row; an error ends it.
func (s *StageReader) All() iter.Seq2[connect.Row, error] {
	return func(yield func(connect.Row, error) bool) {
		for {
			row, err := s.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// next returns a row that is overwritten by the following call.
func (s *StageReader) next() (connect.Row, error) {
	if s.ended {
		return connect.Row{}, io.EOF
	}
	size, err := binary.ReadUvarint(s.r)
	if err != nil {
		return connect.Row{}, broken(err)
	}
	if size == 0 {
		return connect.Row{}, s.end()
	}
	if size > maxFrame {
		return connect.Row{}, ErrStage
	}
	if int(size) <= s.r.Size() { // most rows: parsed where they lie
		frame, err := s.r.Peek(int(size))
		if err != nil {
			return connect.Row{}, broken(err)
		}
		row, err := s.parse(frame)
		if err != nil {
			return connect.Row{}, err
		}
		_, err = s.r.Discard(int(size))
		return row, broken(err)
	}
	if err := s.fill(int(size)); err != nil {
		return connect.Row{}, err
	}
	return s.parse(s.buf)
}

// fill reads a frame. It trusts the stated size only as far as bytes arrive.
func (s *StageReader) fill(size int) error {
	if size <= cap(s.buf) {
		s.buf = s.buf[:size]
		_, err := io.ReadFull(s.r, s.buf)
		return broken(err)
	}
	grown := bytes.NewBuffer(s.buf[:0])
	n, err := io.CopyN(grown, s.r, int64(size))
	s.buf = grown.Bytes()
	if err == nil && n != int64(size) {
		return ErrStage
	}
	return broken(err)
}

func (s *StageReader) end() error {
	n, err := binary.ReadUvarint(s.r)
	if err != nil {
		return broken(err)
	}
	if n != s.rows {
		return ErrStage
	}
	// Reading on to the end makes the sealed stream check its last chunk.
	if _, err := s.r.ReadByte(); !errors.Is(err, io.EOF) {
		if err == nil {
			return ErrStage
		}
		return broken(err)
	}
	s.ended = true
	return io.EOF
}

func (s *StageReader) parse(f []byte) (connect.Row, error) {
	if len(f) == 0 {
		return connect.Row{}, ErrStage
	}
	shape, f := f[0], f[1:]
	ok := true
	if shape == newShape {
		var typ string
		var n uint64
		typ, f, ok = takeText(f)
		if !ok {
			return connect.Row{}, ErrStage
		}
		n, f, ok = takeUint(f)
		if !ok || n > uint64(len(f)) {
			return connect.Row{}, ErrStage
		}
		s.shape = connect.Row{Type: typ, Values: make([]connect.Value, n)}
		for i := range s.shape.Values {
			if s.shape.Values[i].Field, f, ok = takeText(f); !ok {
				return connect.Row{}, ErrStage
			}
		}
	} else if shape != sameShape || s.rows == 0 {
		return connect.Row{}, ErrStage
	}
	row := s.shape
	if row.Key, f, ok = takeText(f); !ok {
		return connect.Row{}, ErrStage
	}
	for i := range row.Values {
		v := &row.Values[i]
		if len(f) == 0 {
			return connect.Row{}, ErrStage
		}
		flags := f[0]
		f = f[1:]
		v.Data, v.Redacted = nil, flags == flagRedacted
		if flags == 0 {
			var n uint64
			if n, f, ok = takeUint(f); !ok || n > uint64(len(f)) {
				return connect.Row{}, ErrStage
			}
			v.Data, f = json.RawMessage(f[:n:n]), f[n:]
		}
	}
	if len(f) != 0 {
		return connect.Row{}, ErrStage
	}
	s.rows++
	return row, nil
}

func sameFields(a, b connect.Row) bool {
	if a.Type != b.Type || len(a.Values) != len(b.Values) {
		return false
	}
	for i := range a.Values {
		if a.Values[i].Field != b.Values[i].Field {
			return false
		}
	}
	return true
}

func appendText(f []byte, s string) []byte {
	return append(binary.AppendUvarint(f, uint64(len(s))), s...)
}

func takeUint(f []byte) (uint64, []byte, bool) {
	n, size := binary.Uvarint(f)
	if size <= 0 {
		return 0, nil, false
	}
	return n, f[size:], true
}

func takeText(f []byte) (string, []byte, bool) {
	n, f, ok := takeUint(f)
	if !ok || n > uint64(len(f)) {
		return "", nil, false
	}
	return string(f[:n]), f[n:], true
}

// broken turns an early end into ErrStage and keeps other causes.
func broken(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return ErrStage
	}
	return fmt.Errorf("%w: %w", ErrStage, err)
}

// validJSON is json.Valid with a short way for plain texts.
func validJSON(b []byte) bool {
	if len(b) < 2 || b[0] != '"' {
		return json.Valid(b)
	}
	for _, c := range b[1 : len(b)-1] {
		if c == '"' || c == '\\' || c < ' ' {
			return json.Valid(b)
		}
	}
	return b[len(b)-1] == '"'
}
