// Package static holds the style sheets, scripts and icons of the pages,
// built by `make assets` and committed. Their addresses hold a hash of the
// whole set, so that browsers keep them for good and never mix two builds.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"path"
	"strings"
	"sync"
)

//go:embed *.css *.js icons/*.svg
var files embed.FS

// CacheControl is what files under a hashed address are served with.
const CacheControl = "public, max-age=31536000, immutable"

var version = sync.OnceValue(func() string {
	sum := sha256.New()
	// WalkDir visits in lexical order, so the hash is the same in every build.
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		sum.Write([]byte(name))
		sum.Write([]byte{0})
		sum.Write(body)
		return nil
	})
	if err != nil {
		panic("static: the embedded files cannot be read: " + err.Error())
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
})

// URL is the hashed address of a file, e.g. /static/3f2a…/public.css.
func URL(name string) string { return "/static/" + version() + "/" + name }

// File is an embedded file ready to be served.
type File struct {
	Body []byte
	Type string // MIME type
}

// Get finds the file for the part of the path after /static/. A path with
// another hash than this build's is not found: an old page asking a new
// server, or the other way round, must not cache the wrong bytes for a year.
func Get(rest string) (File, bool) {
	hash, name, ok := strings.Cut(rest, "/")
	if !ok || hash != version() || !fs.ValidPath(name) {
		return File{}, false
	}
	body, err := files.ReadFile(name)
	if err != nil {
		return File{}, false
	}
	kind := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) {
	case ".js":
		kind = "text/javascript; charset=utf-8"
	case ".css":
		kind = "text/css; charset=utf-8"
	case ".svg":
		kind = "image/svg+xml"
	}
	return File{Body: body, Type: kind}, true
}
