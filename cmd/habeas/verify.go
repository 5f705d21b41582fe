package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"habeas/requests/evidence"
)

// VerifyCmd checks an evidence report. It needs no configuration, no server
// and, without --against URL, no network.
type VerifyCmd struct {
	File    string `arg:"" help:"The evidence report, a zip." placeholder:"FILE"`
	Key     string `help:"Public key of the log as known from elsewhere, or a file that holds it. Without it the report's own is used, which proves integrity, not origin." placeholder:"VKEY"`
	Against string `help:"Address of the log, or a file with a newer checkpoint and its consistency proof: shows that the log was not rolled back or rewritten since." placeholder:"URL|FILE"`
	Print   bool   `help:"Print the case, from its events alone, when the report holds."`
}

// Run verifies and prints what was found. The error is the first thing wrong.
func (c *VerifyCmd) Run(k *kong.Kong) error {
	return c.run(context.Background(), k.Stdout)
}

func (c *VerifyCmd) run(ctx context.Context, out io.Writer) error {
	opt := evidence.VerifyOptions{}
	if c.Key != "" {
		key, err := verifierKey(c.Key)
		if err != nil {
			return err
		}
		opt.Key = key
	}
	if strings.HasPrefix(c.Against, "http://") || strings.HasPrefix(c.Against, "https://") {
		opt.Against = evidence.AgainstURL(ctx, c.Against)
	} else if c.Against != "" {
		opt.Against = evidence.AgainstFile(c.Against)
	}
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("cannot open the report: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("cannot read the report: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("cannot read the report: %s is not a file", c.File)
	}
	sum, err := evidence.Verify(f, info.Size(), opt)
	if err != nil {
		return fmt.Errorf("the report does not hold: %w", err)
	}
	if err := printSummary(out, sum); err != nil {
		return err
	}
	if !c.Print {
		return nil
	}
	if _, err := fmt.Fprintln(out); err != nil {
		return err
	}
	return evidence.Print(out, f, info.Size())
}

// verifierKey takes a key, or a file that holds one, as log.vkey does.
func verifierKey(s string) (string, error) {
	if strings.Count(s, "+") >= 2 {
		return strings.TrimSpace(s), nil
	}
	b, err := os.ReadFile(s)
	if err != nil {
		return "", errors.New("--key is neither a key (name+hash+key) nor a file that holds one")
	}
	return strings.TrimSpace(string(b)), nil
}

func printSummary(w io.Writer, s evidence.Summary) error {
	var b strings.Builder
	fmt.Fprintf(&b, "The report holds.\n")
	fmt.Fprintf(&b, "  case     %s\n", s.Case)
	fmt.Fprintf(&b, "  events   %d, without a gap, from %s to %s\n", s.Events, s.First.Format("2006-01-02 15:04:05"), s.Last.Format("2006-01-02 15:04:05 UTC"))
	fmt.Fprintf(&b, "  records  %d receipts, as the events count them\n", s.Records)
	fmt.Fprintf(&b, "  log      %s, %d entries, root %s\n", s.Origin, s.TreeSize, s.Root)
	if s.KeyGiven {
		fmt.Fprintf(&b, "  key      the one given\n")
	} else {
		fmt.Fprintf(&b, "  key      the report's own: integrity, not origin (give --key to check where it comes from)\n")
	}
	if s.Against > 0 {
		fmt.Fprintf(&b, "  later    the log of %d entries contains this one\n", s.Against)
	} else {
		fmt.Fprintf(&b, "  later    not compared with a newer state of the log (give --against)\n")
	}
	fmt.Fprintf(&b, "  witness  unwitnessed: the operator could have rewritten this log\n")
	if len(s.Unknown) > 0 {
		fmt.Fprintf(&b, "  unknown  kinds of events that this version does not know: %s\n", strings.Join(s.Unknown, ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
