package work

import (
	"context"
	"fmt"
	"iter"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
)

// looked are the actions whose records are looked up again.
var looked = []connect.Action{connect.Erase, connect.Mask, connect.Detach, connect.Correct, connect.Suppress, connect.Keep}

// look reads every planned record again, and searches by every identity and
// id that the plan holds: what is seen is the outcome, whatever a system said.
func (w *Worker) look(ctx context.Context, cl *requests.Claim, conn connect.Connector) error {
	looker, ok := conn.(connect.Looker)
	if !ok {
		return w.acceptUnseen(ctx, cl)
	}
	l, err := w.openLook(ctx, cl)
	if err != nil {
		return err
	}
	actions := looked
	if cl.Stage == requests.Rescan {
		actions = looked[:3] // consent may be given again; what was erased stays erased
		if w.svc.AfterRestore(cl) {
			actions = looked[:4] // the wrong value, too, may be back
		}
	}
	planned, stop := iter.Pull2(l.records(ctx, actions))
	defer stop()
	err = looker.Look(ctx, targetsOf(l.records(ctx, actions)), func(res connect.Result) error {
		p, err, more := planned()
		if err != nil {
			return err
		}
		if !more || p.Record.Type != res.Type || p.Record.Key != res.Key {
			return fmt.Errorf("work: a look does not follow the order of the targets")
		}
		return l.see(ctx, p, res)
	})
	if err != nil {
		return err
	}
	if err := l.search(ctx, looker); err != nil {
		return err
	}
	return l.close(ctx)
}

// look is one verify or re-scan in the making.
type look struct {
	w    *Worker
	cl   *requests.Claim
	seen *evidence.Receipts
	back *evidence.Receipts
	buf  []requests.Outcome
	sum  map[string]int64
}

func (w *Worker) openLook(ctx context.Context, cl *requests.Claim) (*look, error) {
	seen, err := w.svc.Receipts(ctx, cl, evidence.OutcomeVerified{}.Kind())
	if err != nil {
		return nil, err
	}
	back, err := w.svc.Receipts(ctx, cl, evidence.OutcomeReappeared{}.Kind())
	if err != nil {
		return nil, err
	}
	return &look{w: w, cl: cl, seen: seen, back: back, sum: map[string]int64{}}, nil
}

// records are those whose outcome a look decides: not what access disclosed or
// withheld.
func (l *look) records(ctx context.Context, actions []connect.Action) iter.Seq2[requests.Planned, error] {
	return func(yield func(requests.Planned, error) bool) {
		for p, err := range l.w.svc.Planned(ctx, l.cl, actions...) {
			if err == nil && (p.Record.Right == "access" || p.Record.Right == "portability") {
				continue
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

func (l *look) see(ctx context.Context, p requests.Planned, res connect.Result) error {
	outcome := outcomeOf(p.Record.Action, res.State)
	if outcome == "failed" && l.cl.Stage == requests.Rescan {
		outcome = "reappeared"
	}
	if err := l.seen.Add(ctx, l.w.svc.ReceiptFor(l.cl, p.Record, outcome)); err != nil {
		return err
	}
	if outcome == "reappeared" {
		if err := l.back.Add(ctx, l.w.svc.ReceiptFor(l.cl, p.Record, outcome)); err != nil {
			return err
		}
	}
	l.sum[outcome]++
	l.buf = append(l.buf, requests.Outcome{Ord: p.Ord, Outcome: outcome, Until: res.Until})
	if len(l.buf) < batch {
		return nil
	}
	return l.flush(ctx)
}

func (l *look) flush(ctx context.Context) error {
	err := l.w.svc.SetOutcomes(ctx, l.cl, l.buf)
	l.buf = l.buf[:0]
	return err
}

// outcomeOf is what a state means for what was planned.
func outcomeOf(a connect.Action, s connect.State) string {
	switch s {
	case connect.PurgePending:
		return "purge_pending"
	case connect.Accepted:
		return "accepted"
	}
	switch a {
	case connect.Keep:
		return "kept"
	case connect.Erase:
		if s == connect.Absent {
			return "verified_absent"
		}
	case connect.Mask:
		if s == connect.Masked || s == connect.Absent {
			return "verified_masked"
		}
	case connect.Detach:
		if s == connect.Detached || s == connect.Absent {
			return "verified_detached"
		}
	case connect.Suppress:
		if s == connect.Suppressed || s == connect.Absent {
			return "verified_suppressed"
		}
	case connect.Correct:
		if s == connect.Corrected {
			return "verified_corrected"
		}
	}
	return "failed"
}

// search looks for the person by everything the plan knows. A record that is
// not in the plan, and that an erasure would have taken, has come back.
func (l *look) search(ctx context.Context, looker connect.Looker) error {
	erasing := false
	for _, r := range l.cl.Rights {
		erasing = erasing || r == "erasure"
	}
	if !erasing {
		return nil
	}
	who, err := l.w.svc.FoundIdentities(ctx, l.cl)
	if err != nil || len(who) == 0 {
		return err
	}
	return looker.Search(ctx, who, func(f connect.Found) error {
		if f.Erasure == nil || f.Match == connect.Ambiguous {
			return nil
		}
		_, planned, err := l.w.svc.PlannedAction(ctx, l.cl, f.Type, f.Key, "erasure")
		if err != nil || planned {
			return err
		}
		l.sum["reappeared"]++
		receipt := l.w.svc.Receipt(l.cl, f.Type, f.Key, "erasure", "reappeared")
		if err := l.seen.Add(ctx, receipt); err != nil {
			return err
		}
		return l.back.Add(ctx, receipt)
	})
}

func (l *look) close(ctx context.Context) error {
	if err := l.flush(ctx); err != nil {
		return err
	}
	out := requests.Looked{Outcomes: []evidence.OutcomeCount{}}
	for _, o := range requests.OutcomeNames {
		if n := l.sum[o]; n > 0 {
			out.Outcomes = append(out.Outcomes, evidence.OutcomeCount{Outcome: evidence.Code(o), Count: evidence.Count(n)})
		}
	}
	var err error
	if out.Seen, err = l.seen.Close(ctx); err != nil {
		return err
	}
	if out.Back, err = l.back.Close(ctx); err != nil {
		return err
	}
	return l.w.svc.LookedAgain(ctx, l.cl, out)
}

// acceptUnseen records that a system offers nothing to look at: its records
// stay accepted, and the case says unproven.
func (w *Worker) acceptUnseen(ctx context.Context, cl *requests.Claim) error {
	l, err := w.openLook(ctx, cl)
	if err != nil {
		return err
	}
	for p, err := range l.records(ctx, looked) {
		if err != nil {
			return err
		}
		state := connect.Accepted
		if p.Record.Action == connect.Keep {
			state = connect.Present
		}
		if err := l.see(ctx, p, connect.Result{Type: p.Record.Type, Key: p.Record.Key, State: state}); err != nil {
			return err
		}
	}
	return l.close(ctx)
}
