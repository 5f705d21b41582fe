package evidence

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// The report's zip is written and read here byte by byte, in one form only:
// stored files, no directories, no comments, no extra fields, one fixed date.
// archive/zip would accept many forms of the same files, and with them bytes
// that nobody looks at. Every other tool reads it as an ordinary zip.

// zipEntry is one file in the container.
type zipEntry struct {
	name   string
	crc    uint32
	size   int64
	header int64 // where its local header begins
}

const (
	zipMax       = 1<<32 - 1<<20 // beyond it, zip64 would be needed
	zipDosDate   = 1<<5 | 1      // 1980-01-01: the report's time stands in its events
	localSize    = 30
	zipNameMax   = 64
	localMagic   = 0x04034b50
	centralMagic = 0x02014b50
	endMagic     = 0x06054b50
)

// common writes the fields that the local header and the directory share.
func (e zipEntry) common(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint16(b, 20) // version needed
	b = le.AppendUint16(b, 0)  // flags
	b = le.AppendUint16(b, 0)  // stored
	b = le.AppendUint16(b, 0)  // time
	b = le.AppendUint16(b, zipDosDate)
	b = le.AppendUint32(b, e.crc)
	b = le.AppendUint32(b, uint32(e.size))
	b = le.AppendUint32(b, uint32(e.size))
	b = le.AppendUint16(b, uint16(len(e.name)))
	return le.AppendUint16(b, 0) // no extra field
}

// local is what stands before the file's bytes.
func (e zipEntry) local() []byte {
	b := binary.LittleEndian.AppendUint32(nil, localMagic)
	return append(e.common(b), e.name...)
}

// directory is what stands after the last file.
func directory(entries []zipEntry, at int64) []byte {
	le := binary.LittleEndian
	var b []byte
	for _, e := range entries {
		b = le.AppendUint32(b, centralMagic)
		b = le.AppendUint16(b, 20) // made by: MS-DOS attributes, version 2.0
		b = e.common(b)
		b = le.AppendUint16(b, 0) // no comment
		b = le.AppendUint16(b, 0) // disk
		b = le.AppendUint16(b, 0) // internal attributes
		b = le.AppendUint32(b, 0) // external attributes
		b = le.AppendUint32(b, uint32(e.header))
		b = append(b, e.name...)
	}
	size := len(b)
	b = le.AppendUint32(b, endMagic)
	b = le.AppendUint32(b, 0) // disks
	b = le.AppendUint16(b, uint16(len(entries)))
	b = le.AppendUint16(b, uint16(len(entries)))
	b = le.AppendUint32(b, uint32(size))
	b = le.AppendUint32(b, uint32(at))
	return le.AppendUint16(b, 0) // no comment
}

// zipWriter writes the container front to back.
type zipWriter struct {
	w       io.Writer
	at      int64
	entries []zipEntry
}

// file writes one file whose size and CRC are known; body writes its bytes.
func (z *zipWriter) file(name string, size int64, crc uint32, body func(io.Writer) error) error {
	if z.at+size > zipMax {
		return errors.New("evidence: report is larger than 4 GiB")
	}
	e := zipEntry{name, crc, size, z.at}
	if err := z.write(e.local()); err != nil {
		return err
	}
	sum := crc32.NewIEEE()
	n := counter{w: io.MultiWriter(z.w, sum)}
	if err := body(&n); err != nil {
		return err
	}
	if n.n != size || sum.Sum32() != crc {
		return fmt.Errorf("evidence: %s changed while the report was written", name)
	}
	z.at += size
	z.entries = append(z.entries, e)
	return nil
}

func (z *zipWriter) bytes(name string, b []byte) error {
	return z.file(name, int64(len(b)), crc32.ChecksumIEEE(b), func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

func (z *zipWriter) write(b []byte) error {
	n, err := z.w.Write(b)
	z.at += int64(n)
	return err
}

func (z *zipWriter) close() error { return z.write(directory(z.entries, z.at)) }

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// readContainer finds the files and wants every byte outside of them to be as
// zipWriter writes it. The files' CRCs are checked by whoever reads them.
func readContainer(r io.ReaderAt, size int64) ([]zipEntry, error) {
	var entries []zipEntry
	at := int64(0)
	for {
		if len(entries) > 2*len(reportFiles) {
			return nil, errors.New("too many files")
		}
		head := make([]byte, localSize+zipNameMax)
		n, err := r.ReadAt(head, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read: %w", err)
		}
		head = head[:n]
		if len(head) < 4 || binary.LittleEndian.Uint32(head) != localMagic {
			break
		}
		if len(head) < localSize {
			return nil, errors.New("it is cut off")
		}
		le := binary.LittleEndian
		e := zipEntry{crc: le.Uint32(head[14:]), size: int64(le.Uint32(head[18:])), header: at}
		nameLen := int(le.Uint16(head[26:]))
		if nameLen > zipNameMax || localSize+nameLen > len(head) {
			return nil, fmt.Errorf("the header of file %d is malformed", len(entries)+1)
		}
		e.name = string(head[localSize : localSize+nameLen])
		if !bytes.Equal(e.local(), head[:localSize+nameLen]) {
			return nil, fmt.Errorf("the header of file %d is not as Habeas writes it", len(entries)+1)
		}
		at += localSize + int64(nameLen) + e.size
		if at > size {
			return nil, errors.New("it is cut off")
		}
		entries = append(entries, e)
	}
	want := directory(entries, at)
	if size-at != int64(len(want)) {
		return nil, errors.New("there are bytes too many or too few after the last file")
	}
	got := make([]byte, len(want))
	if _, err := r.ReadAt(got, at); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read: %w", err)
	}
	if !bytes.Equal(got, want) {
		return nil, errors.New("its directory is not as Habeas writes it")
	}
	return entries, nil
}
