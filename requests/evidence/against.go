package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Against returns a newer checkpoint of the log and the consistency proof from
// a tree of this size to it ({"path":["base64",…]}; empty when the sizes are
// equal).
type Against func(size int64) (checkpoint, proof []byte, err error)

// against wants the report's tree to be a beginning of the newer one.
func (c *checker) against() error {
	if c.opt.Against == nil {
		return nil
	}
	cp, proof, err := c.opt.Against(c.size)
	if err != nil {
		return wrong("", 0, "newer checkpoint: %s", err)
	}
	size, root, err := openCheckpoint(cp, c.verifier)
	if err != nil {
		return wrong("", 0, "newer checkpoint: %s", err)
	}
	switch {
	case size < c.size:
		return wrong("", 0, "the log shows %d entries, the report comes from a log of %d: it was rolled back, or has not published them yet; ask again after its next publication", size, c.size)
	case size == c.size && root != c.root:
		return wrong("", 0, "the report does not come from this log: same size, other root hash; one of the two was rewritten")
	case size > c.size:
		path, err := parseConsistency(proof)
		if err != nil {
			return wrong("", 0, "consistency proof: %s", err)
		}
		if err := tlog.CheckTree(path, size, root, c.size, c.root); err != nil {
			return wrong("", 0, "the newer log of %d entries does not contain the log of %d that this report comes from: one of the two was rolled back or rewritten", size, c.size)
		}
	}
	c.sum.Against = size
	return nil
}

func parseConsistency(b []byte) ([]tlog.Hash, error) {
	var p struct {
		Path []string `json:"path"`
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil || len(p.Path) > 128 {
		return nil, errors.New(`not of the form {"path":["base64",…]}`)
	}
	return parsePath(p.Path)
}

// AgainstFile reads a file that holds a checkpoint as /log/checkpoint serves
// it, and after it, unless the sizes are equal, the answer of
// /log/consistency.
func AgainstFile(path string) Against {
	return func(int64) ([]byte, []byte, error) {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, err
		}
		cp, proof := b, []byte(nil)
		if i := bytes.Index(b, []byte("\n{")); i >= 0 {
			cp, proof = b[:i+1], b[i+1:]
		}
		// `cat` may have put an empty line between the two.
		cp = append(bytes.TrimRight(cp, "\n"), '\n')
		return cp, proof, nil
	}
}

// AgainstURL asks a running Habeas: base is its address, with or without /log.
func AgainstURL(ctx context.Context, base string) Against {
	return func(size int64) ([]byte, []byte, error) {
		u, err := url.Parse(base)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, nil, errors.New("not an http or https address")
		}
		u.RawQuery, u.Fragment = "", ""
		u.Path = strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), "/checkpoint")
		if !strings.HasSuffix(u.Path, "/log") {
			u.Path += "/log"
		}
		cp, err := fetch(ctx, u.JoinPath("checkpoint"))
		if err != nil {
			return nil, nil, err
		}
		// The size is believed here only to ask; the signature is checked later.
		newer := int64(0)
		if f := strings.SplitN(string(cp), "\n", 3); len(f) == 3 {
			newer, _ = digits(f[1])
		}
		if newer <= size {
			return cp, nil, nil
		}
		c := u.JoinPath("consistency")
		c.RawQuery = fmt.Sprintf("from=%d&to=%d", size, newer)
		proof, err := fetch(ctx, c)
		return cp, proof, err
	}
}

func fetch(ctx context.Context, u *url.URL) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	// A redirect would let the answer come from somebody else.
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", u.Redacted(), res.Status)
	}
	const limit = 1 << 20
	b, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if len(b) > limit {
		return nil, fmt.Errorf("the answer of %s is too long", u.Redacted())
	}
	return b, nil
}
