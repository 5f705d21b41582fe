package export

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"habeas/requests/evidence"
	"habeas/templates/report"
)

// ReportOptions adds to an evidence report what its events do not spell out.
type ReportOptions struct {
	// Deadlines computes the legal dates again from the case's events
	// (requests/clock), each with its article; nil leaves the dates as the
	// events have them.
	Deadlines func(lines []evidence.Line) []report.Clock
	// Wait bounds how long the case's events may take to reach the log; 0
	// leaves it to the context. The writing itself is bounded by the context
	// only: a case with a million records takes longer than a look at the log.
	Wait time.Duration
}

// ErrLogBehind says that the case's newest events were not in the log, or the
// report was not signed, in time.
var ErrLogBehind = errors.New("export: the log is behind")

// EvidenceReport writes the evidence report of a case to w: it waits until the
// case's events are in the log, makes report.html and report.pdf from them and
// ends in evidence.WriteReport. Bound it by ctx; evidence.ErrNoEvents when the
// log holds nothing of the case.
func EvidenceReport(ctx context.Context, w io.Writer, log *evidence.Log, caseID string, opt ReportOptions) (evidence.Written, error) {
	if err := waitFor(ctx, log, caseID, opt.Wait); err != nil {
		return evidence.Written{}, err
	}
	s, err := log.Snapshot(ctx, caseID)
	if err != nil {
		return evidence.Written{}, err
	}
	defer s.Close()
	page, err := readable(s, log.Origin(), opt)
	if err != nil {
		return evidence.Written{}, err
	}
	var html bytes.Buffer
	if err := report.Evidence(page).Render(ctx, &html); err != nil {
		return evidence.Written{}, fmt.Errorf("export: report.html: %w", err)
	}
	pdf, err := reportPDF(page)
	if err != nil {
		return evidence.Written{}, err
	}
	written, err := evidence.WriteReport(w, evidence.Bundle{ReportHTML: html.Bytes(), ReportPDF: pdf, Snapshot: s})
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return evidence.Written{}, fmt.Errorf("%w: %w", ErrLogBehind, err) // no worker signed it
	}
	return written, err
}

func waitFor(ctx context.Context, log *evidence.Log, caseID string, limit time.Duration) error {
	if limit <= 0 {
		return log.WaitFor(ctx, caseID)
	}
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := log.WaitFor(bounded, caseID)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return ErrLogBehind
	}
	return err
}

// readable tells the case from its snapshot.
func readable(s *evidence.Snapshot, origin string, opt ReportOptions) (report.EvidencePage, error) {
	page := tell(s.Lines)
	page.Case = s.Case
	if opt.Deadlines != nil {
		page.Clocks = append(opt.Deadlines(s.Lines), page.Clocks...)
	}
	page.Log = []report.Fact{
		{Name: "Origin", Value: origin},
		{Name: "Events of this case", Value: fmt.Sprint(len(s.Lines))},
		{Name: "Events in the log", Value: fmt.Sprint(s.Checkpoint.Size)},
		{Name: "Root hash", Value: s.Checkpoint.Root.String()},
		{Name: "Checkpoint signed", Value: minute(s.Checkpoint.At)},
		{Name: "Key", Value: s.VKey},
	}
	pr, pw := io.Pipe()
	written := make(chan struct{})
	go func() {
		pw.CloseWithError(s.WriteReceipts(pw))
		close(written)
	}()
	// The snapshot's connection is free again only when the writer has ended,
	// also when the reading stopped early.
	defer func() {
		pr.Close()
		<-written
	}()
	var err error
	if page.Done, page.Seen, err = outcomes(s.Lines, pr); err != nil {
		return report.EvidencePage{}, err
	}
	return page, nil
}

// fate is what happened to a group of records.
type fate struct{ System, Type, Right, Outcome string }

// outcomes counts the receipts by system, type, right and outcome: those of
// the acts, and those of each system's last look.
func outcomes(lines []evidence.Line, receipts io.Reader) (done, seen []report.Outcome, err error) {
	looked := map[string]string{} // task → system, of looks
	last := map[string]string{}   // system → task of its last look
	for _, l := range lines {
		d, err := l.Payload()
		if err != nil {
			continue // of a later version; its words say so
		}
		if v, ok := d.(evidence.OutcomeVerified); ok {
			looked[string(v.Task)] = string(v.System)
			last[string(v.System)] = string(v.Task)
		}
	}
	acts, looks := map[fate]int64{}, map[fate]int64{}
	var at receipt
	var counted map[fate]int64
	r := bufio.NewReaderSize(receipts, 64<<10)
	for {
		line, err := r.ReadSlice('\n')
		if len(line) > 0 {
			if same, ok := fateOf(line, &at); !ok {
				return nil, nil, errors.New("export: a receipt is not as the log writes it")
			} else if !same {
				counted = nil
				switch system, isLook := looked[at.task]; {
				case !isLook:
					counted = acts
				case last[system] == at.task:
					counted = looks
				}
			}
			if counted != nil {
				counted[at.fate]++
			}
		}
		if errors.Is(err, io.EOF) {
			return sorted(acts), sorted(looks), nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("export: receipts: %w", err)
		}
	}
}

// receipt is the part of a receipt that counts.
type receipt struct {
	fate
	task string
}

// fateOf reads a receipt's line into at. A receipt's values need no escapes
// and stand in the order of their names, so that no JSON reader is needed for
// a million of them. same: nothing differs from what at held.
func fateOf(line []byte, at *receipt) (same, ok bool) {
	same = true
	for _, m := range [...]struct {
		name string
		to   *string
	}{{`"outcome":"`, &at.Outcome}, {`"right":"`, &at.Right}, {`"system":"`, &at.System}, {`"task":"`, &at.task}, {`"type":"`, &at.Type}} {
		_, rest, found := bytes.Cut(line, []byte(m.name))
		value, rest, ended := bytes.Cut(rest, []byte{'"'})
		if !found || !ended {
			return false, false
		}
		if string(value) != *m.to {
			*m.to, same = string(value), false
		}
		line = rest
	}
	return same, true
}

func sorted(counts map[fate]int64) []report.Outcome {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b fate) int {
		return cmp.Or(strings.Compare(a.System, b.System), strings.Compare(a.Type, b.Type), strings.Compare(a.Right, b.Right), strings.Compare(a.Outcome, b.Outcome))
	})
	out := make([]report.Outcome, len(keys))
	for i, k := range keys {
		out[i] = report.Outcome{System: k.System, Type: k.Type, Right: words(k.Right), Outcome: words(k.Outcome), Count: counts[k]}
	}
	return out
}

// words turns a code into words: "verified_absent" → "verified absent".
func words[T ~string](code T) string { return strings.ReplaceAll(string(code), "_", " ") }
