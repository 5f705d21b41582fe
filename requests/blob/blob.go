// Package blob stores staged data and packages by name. What is stored is already encrypted
// (seal.Key.Writer, age); the store itself keeps bytes.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrNotFound says that no blob has this name.
var ErrNotFound = errors.New("blob: not found")

// Store keeps blobs. A name is one or more segments of [A-Za-z0-9._-], none starting with a dot,
// separated by "/", 512 bytes at most; a blob's name is never also the folder of another's.
type Store interface {
	// Create begins a blob; it appears under its name at Commit and replaces an older one.
	Create(ctx context.Context, name string) (Writer, error)
	// Open returns the blob and its size in bytes; ErrNotFound when there is none.
	Open(ctx context.Context, name string) (io.ReadCloser, int64, error)
	// Delete removes a blob; one that is not there is no error.
	Delete(ctx context.Context, name string) error
	// DeletePrefix removes every blob under prefix + "/". Prefix is made of whole segments.
	DeletePrefix(ctx context.Context, prefix string) error
}

// Writer writes one blob. Abort after Commit does nothing, so it can be deferred.
type Writer interface {
	io.Writer
	Commit() error
	Abort() error
}

// checkName refuses what is not a name, traversal above all.
func checkName(name string) error {
	if name == "" || len(name) > 512 {
		return fmt.Errorf("blob: a name has 1 to 512 bytes, not %d", len(name))
	}
	for seg := range strings.SplitSeq(name, "/") {
		if seg == "" || seg[0] == '.' || len(seg) > 200 {
			return errors.New("blob: a name's segments have 1 to 200 characters and do not start with a dot")
		}
		for i := range len(seg) {
			c := seg[i]
			if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
				return errors.New("blob: a name holds only letters, digits, dots, underscores and hyphens between slashes")
			}
		}
	}
	return nil
}
