package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"time"
)

// tmpDir holds blobs that are being written; no name starts with a dot, so none can reach it.
const tmpDir = ".tmp"

// tmpLife is how old an unfinished blob must be to count as left behind by a crash.
const tmpLife = 24 * time.Hour

type dir struct{ root *os.Root }

// Dir opens a store in a folder (made when missing, mode 0700). Several processes may share it. A
// blob is written aside, synced and renamed, so that a reader sees it whole or not at all. Symbolic
// links that lead out of the folder are not followed.
func Dir(folder string) (Store, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("blob: open folder: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("blob: open folder: %w", err)
	}
	if err := root.MkdirAll(tmpDir, 0o700); err != nil {
		root.Close()
		return nil, fmt.Errorf("blob: open folder: %w", err)
	}
	d := &dir{root: root}
	d.sweep(time.Now())
	return d, nil
}

// sweep removes what crashed writers left behind; a file that cannot be removed is tried next time.
func (d *dir) sweep(now time.Time) {
	entries, err := fs.ReadDir(d.root.FS(), tmpDir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > tmpLife {
			_ = d.root.Remove(path.Join(tmpDir, e.Name()))
		}
	}
}

func (d *dir) Create(ctx context.Context, name string) (Writer, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	tmp := path.Join(tmpDir, rand.Text())
	file, err := d.root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("blob: create: %w", err)
	}
	return &dirWriter{ctx: ctx, dir: d, file: file, tmp: tmp, name: name}, nil
}

func (d *dir) Open(ctx context.Context, name string) (io.ReadCloser, int64, error) {
	if err := checkName(name); err != nil {
		return nil, 0, err
	}
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	file, err := d.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, ErrNotFound
	}
	if err != nil {
		return nil, 0, fmt.Errorf("blob: open: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, 0, fmt.Errorf("blob: open: %w", err)
	}
	if !info.Mode().IsRegular() {
		file.Close()
		return nil, 0, ErrNotFound
	}
	return file, info.Size(), nil
}

func (d *dir) Delete(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	info, err := d.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && info.IsDir()) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("blob: delete: %w", err)
	}
	if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("blob: delete: %w", err)
	}
	return d.sync(path.Dir(name))
}

func (d *dir) DeletePrefix(ctx context.Context, prefix string) error {
	prefix = strings.TrimSuffix(prefix, "/")
	if err := checkName(prefix); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	info, err := d.root.Lstat(prefix)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && !info.IsDir()) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("blob: delete: %w", err)
	}
	// A blob committed while its folder is being emptied: once more.
	for range 10 {
		if err = d.root.RemoveAll(prefix); !errors.Is(err, syscall.ENOTEMPTY) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("blob: delete: %w", err)
	}
	return d.sync(path.Dir(prefix))
}

// sync makes a rename or removal in a folder survive a power cut; a folder that was deleted
// meanwhile needs none.
func (d *dir) sync(folder string) error {
	f, err := d.root.Open(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("blob: sync folder: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("blob: sync folder: %w", err)
	}
	return nil
}

type dirWriter struct {
	ctx  context.Context
	dir  *dir
	file *os.File
	tmp  string
	name string
	done bool
}

func (w *dirWriter) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.file.Write(p)
}

func (w *dirWriter) Commit() error {
	if w.done {
		return errors.New("blob: commit: the blob is already finished")
	}
	if err := w.ctx.Err(); err != nil {
		return errors.Join(err, w.Abort())
	}
	if err := w.file.Sync(); err != nil {
		return errors.Join(fmt.Errorf("blob: commit: %w", err), w.Abort())
	}
	if err := w.rename(); err != nil {
		return errors.Join(fmt.Errorf("blob: commit: %w", err), w.Abort())
	}
	w.done = true
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("blob: commit: %w", err)
	}
	// New folders above the blob must survive as well.
	for folder := path.Dir(w.name); ; folder = path.Dir(folder) {
		if err := w.dir.sync(folder); err != nil {
			return err
		}
		if folder == "." {
			return nil
		}
	}
}

// rename tries again when DeletePrefix removed the folder between making it and renaming into it.
func (w *dirWriter) rename() (err error) {
	for range 10 {
		err = w.dir.root.MkdirAll(path.Dir(w.name), 0o700)
		if err == nil {
			err = w.dir.root.Rename(w.tmp, w.name)
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return err
}

func (w *dirWriter) Abort() error {
	if w.done {
		return nil
	}
	w.done = true
	w.file.Close()
	if err := w.dir.root.Remove(w.tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("blob: abort: %w", err)
	}
	return nil
}
