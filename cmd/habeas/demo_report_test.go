package main

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// report downloads the evidence report, which verifies.
func (d *running) report(id string) string {
	d.Helper()
	status, raw := d.call("GET", "/api/v1/requests/"+id+"/evidence", d.token("auditor", 0), nil)
	if status != 200 {
		d.Fatalf("evidence: %d %s", status, raw)
	}
	path := filepath.Join(d.TempDir(), "report.zip")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		d.Fatal(err)
	}
	if code, _, errs := command(d.T, "verify", path, "--against", d.URL); code != 0 {
		d.Errorf("verify: %d %s", code, errs)
	}
	return path
}

func (d *running) verifies(report string) {
	d.Helper()
	raw, err := os.ReadFile(report)
	if err != nil {
		d.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		d.Fatal(err)
	}
	key := ""
	for _, f := range z.File {
		if f.Name == "log.vkey" {
			r, err := f.Open()
			if err != nil {
				d.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil {
				d.Fatal(err)
			}
			key = strings.TrimSpace(string(text))
		}
	}
	flipped := bytes.Clone(raw)
	flipped[len(flipped)/3] ^= 1
	broken := filepath.Join(d.TempDir(), "broken.zip")
	if err := os.WriteFile(broken, flipped, 0o600); err != nil {
		d.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{report}, 0, "integrity, not origin"},
		{[]string{report, "--key", key}, 0, "the one given"},
		{[]string{report, "--against", d.URL}, 0, "contains this one"},
		{[]string{report, "--print"}, 0, "erased in crm"},
		{[]string{broken}, 1, "does not hold"},
		{[]string{report, "--key", strings.Replace(key, "acme", "emca", 1)}, 1, "does not hold"},
		{[]string{filepath.Join(d.TempDir(), "none.zip")}, 1, "cannot open"},
		{nil, 2, "expected"},
		{[]string{report, "--nothing"}, 2, "unknown flag"},
	} {
		code, out, errs := command(d.T, append([]string{"verify"}, c.args...)...)
		if code != c.code || !strings.Contains(out+errs, c.says) || (code != 0) != (out == "") {
			d.Errorf("verify %v: %d, want %d and %q: %s %s", c.args, code, c.code, c.says, out, errs)
		}
	}
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// signIn enters as an officer with a browser.
func (d *running) signIn() *http.Client {
	d.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		d.Fatal(err)
	}
	c := &http.Client{Jar: jar}
	res, err := c.Get(d.URL + "/sign-in")
	if err != nil {
		d.Fatal(err)
	}
	page, err := io.ReadAll(res.Body)
	res.Body.Close()
	token := csrfField.FindSubmatch(page)
	if err != nil || token == nil {
		d.Fatalf("no form to sign in: %v", err)
	}
	res, err = c.PostForm(d.URL+"/sign-in", url.Values{"csrf": {string(token[1])}, "email": {d.Staff[0].Email}, "password": {d.Staff[0].Password}})
	if err != nil {
		d.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 || res.Request.URL.Path != "/desk" {
		d.Fatalf("sign in: %d %s", res.StatusCode, res.Request.URL.Path)
	}
	return c
}
