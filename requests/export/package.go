package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"filippo.io/age"

	"habeas/requests/blob"
	"habeas/requests/connect"
	"habeas/requests/seal"
)

// Company is the controller as the customer's package names it.
type Company struct {
	Name         string
	Address      string // one line
	Email        string // where privacy questions go
	Officer      string // data protection officer, if there is one
	Authority    string // supervisory authority for complaints (Art. 77)
	AuthorityURL string
	// What the records themselves do not tell; the page leaves out what is empty.
	Transfers string // third countries and their safeguards (Art. 15(2))
	Automated string // automated decisions: logic and consequences (Art. 15(1)(h))
}

// PackageInfo is what a package says beside the data.
type PackageInfo struct {
	Case        string
	Reference   string
	Name        string // whom it is for
	Law         string // "EU", "UK", "CA", …: which articles are named
	Lang        string // catalogue: "en"
	Zone        *time.Location
	ReceivedAt  time.Time
	MadeAt      time.Time
	Company     Company
	Portability bool // the request names Art. 20 GDPR, too
	// CategoriesOnly gives categories, sources, purposes and recipients and no
	// values (Cal. Civ. Code 1798.110; 11 CCR 7024(a): identity proved to a
	// reasonable, not to a high degree).
	CategoriesOnly  bool
	CategoriesAsked bool // nothing else was asked for
	// Period is what a request to know in California is for: "year" is the 12
	// months before it, else everything since 2022 (1798.130(a)(2)(B)).
	Period string
	// FirstRows is how many records of a type stand in index.html (default 20);
	// all of them are in the data files.
	FirstRows int
	// Recipient (age1…) or Passphrase, when the customer gave one: then only
	// they can open the package.
	Recipient  string
	Passphrase string
}

// Source is what was collected in one system.
type Source struct {
	System connect.Description
	Folder string // of its files; "" is data, which index.html shows
	// Open returns the plain stage (OpenStage reads it). It is called three
	// times: to count, for JSON, for CSV. nil: nothing was found there.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// Package is what BuildPackage made.
type Package struct {
	Files   int
	Records int64
	Bytes   int64  // what the customer downloads
	SHA256  string // of these bytes, hex
	Name    string // file name for the download
}

// Staged opens a stage stored under key.
func Staged(store blob.Store, name string, key seal.Key) func(context.Context) (io.ReadCloser, error) {
	return func(ctx context.Context) (io.ReadCloser, error) {
		sealed, _, err := store.Open(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("export: open stage: %w", err)
		}
		plain, err := key.Reader(sealed)
		if err != nil {
			sealed.Close()
			return nil, fmt.Errorf("export: open stage: %w", err)
		}
		return struct {
			io.Reader
			io.Closer
		}{plain, sealed}, nil
	}
}

// BuildPackage writes the customer's package: zip, encrypted for the customer
// if they gave a key, sealed under key, into w, which it commits; on an error
// it aborts w. Records stream; memory does not grow with them. Sources stand
// in the package in the order given.
func BuildPackage(ctx context.Context, w blob.Writer, key seal.Key, info PackageInfo, sources []Source) (Package, error) {
	p, err := buildPackage(ctx, w, key, info, sources)
	if err != nil {
		return Package{}, errors.Join(err, w.Abort())
	}
	if err := w.Commit(); err != nil {
		return Package{}, fmt.Errorf("export: store package: %w", err)
	}
	return p, nil
}

func buildPackage(ctx context.Context, w io.Writer, key seal.Key, info PackageInfo, sources []Source) (Package, error) {
	sealed, err := key.Writer(w)
	if err != nil {
		return Package{}, fmt.Errorf("export: %w", err)
	}
	out := newDigestWriter(sealed)
	plain, err := forCustomer(out, info)
	if err != nil {
		return Package{}, err
	}
	files, records, err := writeZip(ctx, plain, info, sources)
	if err != nil {
		return Package{}, err
	}
	if err := plain.Close(); err != nil {
		return Package{}, fmt.Errorf("export: encrypt: %w", err)
	}
	if err := sealed.Close(); err != nil {
		return Package{}, fmt.Errorf("export: seal: %w", err)
	}
	return Package{Files: files, Records: records, Bytes: out.n, SHA256: out.hex(), Name: info.fileName()}, nil
}

// OpenPackage returns what the customer gets: the zip, or the .age file that
// only they can open. It must be read to its end before it counts as whole.
func OpenPackage(r io.Reader, key seal.Key) (io.Reader, error) {
	plain, err := key.Reader(r)
	if err != nil {
		return nil, fmt.Errorf("export: open package: %w", err)
	}
	return plain, nil
}

// Locked reports whether only the customer can open the package.
func (i PackageInfo) Locked() bool { return i.Recipient != "" || i.Passphrase != "" }

// fileName holds the reference and nobody's name.
func (i PackageInfo) fileName() string {
	name := safeName(i.Reference)
	if name == "" {
		name = "data"
	}
	if i.Locked() {
		return name + ".zip.age"
	}
	return name + ".zip"
}

// CheckRecipient says whether text is an age recipient that a package can be
// encrypted for. The error does not repeat it.
func CheckRecipient(text string) error {
	_, err := parseRecipient(text)
	return err
}

func parseRecipient(text string) (age.Recipient, error) {
	if r, err := age.ParseX25519Recipient(text); err == nil {
		return r, nil
	}
	if r, err := age.ParseHybridRecipient(text); err == nil {
		return r, nil
	}
	return nil, errors.New("export: not an age recipient: it begins with age1")
}

// scryptWork is age's own cost of a guess, 2^18: about a second. Tests lower
// it.
var scryptWork = 18

func forCustomer(w io.Writer, info PackageInfo) (io.WriteCloser, error) {
	var to age.Recipient
	var err error
	switch {
	case info.Recipient != "":
		to, err = parseRecipient(info.Recipient)
	case info.Passphrase != "":
		var pass *age.ScryptRecipient
		if pass, err = age.NewScryptRecipient(info.Passphrase); err == nil {
			pass.SetWorkFactor(scryptWork)
			to = pass
		}
	default:
		return nopCloser{w}, nil
	}
	if err != nil {
		return nil, err
	}
	out, err := age.Encrypt(w, to)
	if err != nil {
		return nil, fmt.Errorf("export: encrypt: %w", err)
	}
	return out, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
