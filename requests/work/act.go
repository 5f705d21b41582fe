package work

import (
	"context"
	"fmt"
	"iter"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/export"
)

// batch is how many findings or outcomes are written at once.
const batch = 1000

// act carries out one stage in one system.
func (w *Worker) act(ctx context.Context, cl *requests.Claim) error {
	if cl.Stage == requests.Package {
		return w.svc.BuildPackage(ctx, cl)
	}
	conn, ok := w.svc.System(cl.System)
	if !ok {
		return connect.Permanent("no-such-system", "This system is no longer configured.", nil)
	}
	switch cl.Stage {
	case requests.Discover:
		return w.discover(ctx, cl, conn)
	case requests.Collect:
		return w.collect(ctx, cl, conn)
	case requests.Match:
		return w.match(ctx, cl, conn)
	case requests.Check:
		return w.check(ctx, cl, conn)
	case requests.Suppress, requests.Erase:
		return w.apply(ctx, cl, conn)
	case requests.Verify, requests.Rescan:
		return w.look(ctx, cl, conn)
	case requests.Resume:
		return w.resume(ctx, cl, conn)
	}
	return connect.Permanent("no-such-stage", "Habeas does not know this kind of task.", nil)
}

func (w *Worker) discover(ctx context.Context, cl *requests.Claim, conn connect.Connector) error {
	finder, ok := conn.(connect.Finder)
	if !ok {
		return connect.Hand("cannot-search", "This system cannot be searched by Habeas.")
	}
	who, err := cl.Identities()
	if err != nil {
		return err
	}
	held, err := w.svc.HeldRecords(ctx, cl.System)
	if err != nil {
		return err
	}
	var learned requests.Learned
	var n int64
	buf := make([]connect.Found, 0, batch)
	flush := func() error {
		if err := w.svc.Keep(ctx, cl, n-int64(len(buf)), buf); err != nil {
			return err
		}
		buf = buf[:0]
		return nil
	}
	learned.Findings, err = finder.Find(ctx, who, func(f connect.Found) error {
		if held(f.Type, f.Key) {
			learned.Held = append(learned.Held, requests.HeldRecord{Type: f.Type, Key: f.Key})
		}
		buf = append(buf, f)
		n++
		if len(buf) < batch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	if err := flush(); err != nil {
		return err
	}
	if err := ties(ctx, conn, &learned); err != nil {
		return err
	}
	return w.svc.Discovered(ctx, cl, n, learned)
}

// ties asks a system that knows which records hang together for those of the
// held ones; there are as many of them as somebody named.
func ties(ctx context.Context, conn connect.Connector, l *requests.Learned) error {
	tier, ok := conn.(connect.Tier)
	if !ok {
		l.Held = nil // by type then
		return nil
	}
	if len(l.Held) == 0 {
		return nil
	}
	return tier.Ties(ctx, func(yield func(connect.Target, error) bool) {
		for _, r := range l.Held {
			if !yield(connect.Target{Type: r.Type, Key: r.Key, Action: connect.Keep}, nil) {
				return
			}
		}
	}, func(t connect.Tie) error {
		l.Ties = append(l.Ties, t)
		return nil
	})
}

func (w *Worker) collect(ctx context.Context, cl *requests.Claim, conn connect.Connector) error {
	reader, ok := conn.(connect.Reader)
	if !ok {
		return connect.Hand("cannot-read", "This system's records have to be copied by hand.")
	}
	receipts, err := w.svc.Receipts(ctx, cl, evidence.RecordRead{}.Kind())
	if err != nil {
		return err
	}
	withhold, err := w.svc.Withholding(ctx, cl, conn.Describe())
	if err != nil {
		return err
	}
	out, err := w.svc.Stage(ctx, cl)
	if err != nil {
		return err
	}
	err = requests.WriteStage(out, cl, func(st *export.StageWriter) error {
		return reader.Read(ctx, w.svc.ToCollect(ctx, cl), func(row connect.Row) error {
			if err := st.Write(withhold(row)); err != nil {
				return err
			}
			return receipts.Add(ctx, w.svc.Receipt(cl, row.Type, row.Key, "access", "read"))
		})
	})
	if err != nil {
		return err
	}
	chunk, err := receipts.Close(ctx)
	if err != nil {
		return err
	}
	return w.svc.Collected(ctx, cl, chunk)
}

// check reads the system again and compares it with the plan.
func (w *Worker) check(ctx context.Context, cl *requests.Claim, conn connect.Connector) error {
	finder, ok := conn.(connect.Finder)
	if !ok {
		return w.svc.Checked(ctx, cl, 0)
	}
	cmp, err := w.svc.Compare(ctx, cl)
	if err != nil {
		return err
	}
	defer cmp.Close()
	if conn.Describe().Hash != cmp.Dataset {
		return w.svc.Drifted(ctx, cl, "dataset-changed", 0)
	}
	var n int64
	_, err = finder.Find(ctx, cmp.Who, func(f connect.Found) error {
		n++
		for _, e := range cmp.Proposer.Propose(f) {
			if err := cmp.Drift.See(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := cmp.Drift.End(); err != nil {
		return err
	}
	if cmp.Drift.Found() {
		d := cmp.Drift
		return w.svc.Drifted(ctx, cl, "records-changed", int64(d.Added+d.Missing+d.Moved+d.Changed))
	}
	return w.svc.Checked(ctx, cl, n)
}

// kindOf is the event that counts records brought to a state.
var kindOf = map[connect.Action]string{
	connect.Erase: "record.erased", connect.Mask: "record.masked", connect.Detach: "record.detached", connect.Correct: "record.corrected",
	connect.Keep: "record.kept", connect.Suppress: "record.suppressed",
}

// actsOf are the actions of a stage, in the order of their events.
func actsOf(stage requests.Stage) []connect.Action {
	if stage == requests.Suppress {
		return []connect.Action{connect.Suppress}
	}
	return []connect.Action{connect.Erase, connect.Mask, connect.Detach, connect.Correct, connect.Keep}
}

// apply changes records as planned. The intent was committed with the claim:
// on a later attempt, what is gone already is a result.
func (w *Worker) apply(ctx context.Context, cl *requests.Claim, conn connect.Connector) error {
	applier, ok := conn.(connect.Applier)
	if !ok {
		return connect.Hand("cannot-change", "This system's records have to be changed by hand.")
	}
	actions := actsOf(cl.Stage)
	receipts := map[connect.Action]*evidence.Receipts{}
	for _, a := range actions {
		r, err := w.svc.Receipts(ctx, cl, kindOf[a])
		if err != nil {
			return err
		}
		receipts[a] = r
	}
	act := actions
	if cl.Stage == requests.Erase {
		act = actions[:len(actions)-1] // what is kept is not touched
	}
	var n int64
	if cl.Stage == requests.Suppress {
		if err := w.svc.BeforeStop(ctx, cl, conn); err != nil {
			return err
		}
	}
	planned, stop := iter.Pull2(w.svc.Planned(ctx, cl, act...))
	defer stop()
	err := applier.Apply(ctx, cl.ID.String(), targetsOf(w.svc.Planned(ctx, cl, act...)), func(res connect.Result) error {
		p, err, more := planned()
		if err != nil {
			return err
		}
		if !more || p.Record.Type != res.Type || p.Record.Key != res.Key {
			return fmt.Errorf("work: a result does not follow the order of the targets")
		}
		n++
		return receipts[p.Record.Action].Add(ctx, w.svc.ReceiptFor(cl, p.Record, string(res.State)))
	})
	if err != nil {
		return err
	}
	if cl.Stage == requests.Suppress {
		if err := w.svc.AfterStop(ctx, cl, conn); err != nil {
			return err
		}
	}
	if cl.Stage == requests.Erase {
		for p, err := range w.svc.Planned(ctx, cl, connect.Keep) {
			if err != nil {
				return err
			}
			if err := receipts[connect.Keep].Add(ctx, w.svc.ReceiptFor(cl, p.Record, "kept")); err != nil {
				return err
			}
		}
	}
	var did []evidence.Data
	for _, a := range actions {
		chunk, err := receipts[a].Close(ctx)
		if err != nil {
			return err
		}
		did = append(did, eventOf(a, chunk))
	}
	return w.svc.Applied(ctx, cl, did, n)
}

func eventOf(a connect.Action, c evidence.Chunk) evidence.Data {
	switch a {
	case connect.Erase:
		return evidence.RecordErased{Chunk: c}
	case connect.Mask:
		return evidence.RecordMasked{Chunk: c}
	case connect.Detach:
		return evidence.RecordDetached{Chunk: c}
	case connect.Correct:
		return evidence.RecordCorrected{Chunk: c}
	case connect.Suppress:
		return evidence.RecordSuppressed{Chunk: c}
	default:
		return evidence.RecordKept{Chunk: c}
	}
}

func targetsOf(planned iter.Seq2[requests.Planned, error]) iter.Seq2[connect.Target, error] {
	return func(yield func(connect.Target, error) bool) {
		for p, err := range planned {
			if !yield(p.Target(), err) || err != nil {
				return
			}
		}
	}
}
