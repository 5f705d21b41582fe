package requests

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"habeas/requests/clock"
	"habeas/requests/evidence"
	"habeas/requests/export"
)

// Evidence writes a case's evidence report to w. It waits until the newest
// events are in the log; the download's own event is not in the report.
func (s *Service) Evidence(ctx context.Context, by Actor, id uuid.UUID, w io.Writer) error {
	c, err := s.Get(ctx, by, id)
	if err != nil {
		return err
	}
	if by.Role != Auditor && by.Role != DPO {
		return errNotFound()
	}
	written, err := export.EvidenceReport(ctx, w, s.log, c.ID.String(), export.ReportOptions{Deadlines: s.recompute, Wait: LogWait})
	switch {
	case errors.Is(err, evidence.ErrNoEvents), errors.Is(err, export.ErrLogBehind):
		return refuse(Unavailable, "log-behind", "The newest events are not in the log yet. Try again in a few seconds.")
	case err != nil:
		return fmt.Errorf("evidence report: %w", err)
	}
	return s.noteDownload(ctx, by, id, written)
}

func (s *Service) noteDownload(ctx context.Context, by Actor, id uuid.UUID, w evidence.Written) error {
	return s.within(ctx, id, func(ch *change) error {
		ch.record(by, w.Event())
		return nil
	})
}

func date(d evidence.Date) clock.Date {
	parsed, _ := clock.ParseDate(string(d))
	return parsed
}

// recompute is ClockFrom as the report shows it: every date with the rules
// that lead to it.
func (s *Service) recompute(lines []evidence.Line) []export.Clock {
	deadlines, err := s.ClockFrom(lines)
	if err != nil {
		return nil
	}
	var out []export.Clock
	for _, d := range deadlines {
		for i, r := range d.Rules {
			c := export.Clock{What: r.Text, Cite: r.Cite}
			if i == 0 {
				c.What = cmp.Or(deadlineNames[d.Name], d.Name) + ": " + r.Text
			}
			if i == len(d.Rules)-1 {
				c.Date = d.Due.String()
			}
			out = append(out, c)
		}
	}
	return out
}

// deadlineNames are the clock's names as auditors read them.
var deadlineNames = map[string]string{
	"acknowledge": "Acknowledgement", "respond": "Answer", "extended": "Answer if extended", "opt_out": "Opt-out",
}
