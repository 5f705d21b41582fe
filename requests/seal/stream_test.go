package seal_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"

	"habeas/requests/seal"
)

func encrypt(t testing.TB, key seal.Key, plain []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := key.Writer(&buf)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestStream(t *testing.T) {
	ring, _ := setup(t)
	key, wrapped := newKey(t, ring)
	other, _ := newKey(t, ring)
	for _, size := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 200_000} {
		plain := bytes.Repeat([]byte{7}, size)
		sealed := encrypt(t, key, plain)
		again, err := ring.Unwrap(wrapped)
		if err != nil {
			t.Fatal(err)
		}
		r, err := again.Reader(bytes.NewReader(sealed))
		if err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%d bytes: read %d, %v", size, len(got), err)
		}
		if _, err := other.Reader(bytes.NewReader(sealed)); !errors.Is(err, seal.ErrOpen) {
			t.Fatalf("another key opened the stream: %v", err)
		}
		r, err = key.Reader(bytes.NewReader(sealed[:len(sealed)-1]))
		if err == nil {
			_, err = io.ReadAll(r)
		}
		if err == nil {
			t.Fatalf("%d bytes: a cut stream read to its end", size)
		}
	}
}

func TestSystemStreamSurvivesRotation(t *testing.T) {
	ring, _ := setup(t)
	sealed := encrypt(t, ring.System(), []byte("hello"))
	if err := ring.Rotate(); err != nil {
		t.Fatal(err)
	}
	r, err := ring.System().Reader(bytes.NewReader(sealed))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != "hello" {
		t.Fatalf("%q, %v", got, err)
	}
}

// TestStreamMemory writes and reads 64 MiB and lets the heap grow by less than 4.
func TestStreamMemory(t *testing.T) {
	ring, _ := setup(t)
	key, _ := newKey(t, ring)
	pr, pw := io.Pipe()
	go func() {
		w, err := key.Writer(pw)
		chunk := make([]byte, 1<<20)
		for i := 0; i < 64 && err == nil; i++ {
			_, err = w.Write(chunk)
		}
		if err == nil {
			err = w.Close()
		}
		pw.CloseWithError(err)
	}()
	r, err := key.Reader(pr)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n, err := io.Copy(io.Discard, r)
	if err != nil || n != 64<<20 {
		t.Fatalf("%d bytes, %v", n, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("heap grew by %d bytes", grown)
	}
}

func FuzzOpen(f *testing.F) {
	ring, _ := setup(f)
	key, wrapped := newKey(f, ring)
	f.Add("l", key.Seal("other", []byte("x")))
	f.Add("", []byte{})
	f.Add("", wrapped)
	f.Fuzz(func(t *testing.T, label string, sealed []byte) {
		if _, err := key.Open(label, sealed); err == nil {
			t.Error("foreign bytes opened")
		}
		if _, err := ring.Unwrap(sealed); err == nil && !bytes.Equal(sealed, wrapped) {
			t.Error("foreign bytes unwrapped")
		}
	})
}

func FuzzReader(f *testing.F) {
	ring, _ := setup(f)
	key, _ := newKey(f, ring)
	stream := encrypt(f, key, []byte("hello"))
	f.Add(stream)
	f.Add(stream[:40])
	f.Add([]byte("age-encryption.org/v1\n-> habeas-case-key 1\n\n--- x\n"))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		r, err := key.Reader(bytes.NewReader(sealed))
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if err == nil && !bytes.Equal(sealed, stream) {
			t.Error("foreign bytes read to their end")
		}
	})
}
