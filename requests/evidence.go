package requests

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

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
	written, err := export.EvidenceReport(ctx, w, s.log, c.ID.String(), export.ReportOptions{Deadlines: recompute, Wait: LogWait})
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

// ClockFrom computes a case's deadlines from its events alone.
func ClockFrom(lines []evidence.Line) ([]clock.Deadline, error) {
	var filed *evidence.RequestFiled
	var events []clock.Event
	policy := clock.Strict
	for _, l := range lines {
		payload, err := l.Payload()
		if err != nil {
			return nil, err
		}
		switch d := payload.(type) {
		case evidence.RequestFiled:
			filed = &d
		case evidence.ClockPaused:
			events = append(events, clock.Event{Kind: string(d.Ground), From: date(d.From), Right: string(d.Right)})
			policy = clock.Suspend // a pause that the strict policy refuses is not in the log
		case evidence.ClockResumed:
			for i, e := range slices.Backward(events) {
				if e.Kind != clock.Extended && e.To.IsZero() {
					events[i].To = date(d.To)
					break
				}
			}
		case evidence.ClockExtended:
			events = append(events, clock.Event{Kind: clock.Extended, From: clock.DateIn(l.At, zone(string(filed.Zone))), Right: string(d.Right)})
		}
	}
	if filed == nil {
		return nil, errors.New("requests: the events do not say when the request was received")
	}
	var out []clock.Deadline
	for _, right := range filed.Rights {
		res, err := clock.Compute(clock.Input{
			Law: string(filed.Law), Set: string(filed.Holidays), Zone: string(filed.Zone), Right: string(right),
			Received: clock.At(filed.ReceivedAt.Time), Events: events, PausePolicy: policy, Now: lines[len(lines)-1].At,
		})
		if err != nil {
			return nil, fmt.Errorf("recompute clock: %w", err)
		}
		for _, d := range res.OfRequest() {
			if !slices.ContainsFunc(out, func(have clock.Deadline) bool { return have.Name == d.Name && have.Due == d.Due }) {
				out = append(out, d)
			}
		}
	}
	return out, nil
}

func date(d evidence.Date) clock.Date {
	parsed, _ := clock.ParseDate(string(d))
	return parsed
}

func zone(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return loc
}

// recompute is ClockFrom as the report shows it: every date with the rules
// that lead to it.
func recompute(lines []evidence.Line) []export.Clock {
	deadlines, err := ClockFrom(lines)
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
