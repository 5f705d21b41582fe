package work

import (
	"context"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
)

// resume gives back what a restriction stopped in a system, and looks whether it
// is there: a system's word alone is no proof.
func (w *Worker) resume(ctx context.Context, cl *requests.Claim, conn connect.Connector) error {
	applier, ok := conn.(connect.Applier)
	if !ok {
		return connect.Hand("cannot-change", "This system's records have to be changed by hand.")
	}
	reader, ok := conn.(connect.Reader)
	if !ok {
		return connect.Hand("cannot-read", "This system's records have to be looked at by hand.")
	}
	receipts, err := w.svc.Receipts(ctx, cl, evidence.RecordResumed{}.Kind())
	if err != nil {
		return err
	}
	var acted, seen int64
	err = applier.Apply(ctx, cl.ID.String(), w.svc.Resuming(ctx, cl, reader), func(res connect.Result) error {
		acted++
		return receipts.Add(ctx, w.svc.Receipt(cl, res.Type, res.Key, "restriction", "resumed"))
	})
	if connect.IsDrift(err) { // there is no plan to be approved anew
		return connect.Permanent("changed-since", "The system is not as the restriction left it, so nothing was given back.", err)
	}
	if err != nil {
		return err
	}
	if looker, ok := conn.(connect.Looker); ok && acted > 0 {
		err := looker.Look(ctx, w.svc.Resuming(ctx, cl, reader), func(res connect.Result) error {
			if res.State == connect.Corrected {
				seen++
			}
			return nil
		})
		if err != nil {
			return err
		}
		if seen < acted {
			return connect.RetryAfter(0, "not-resumed", "Some records do not hold what they held before the restriction.", nil)
		}
	}
	chunk, err := receipts.Close(ctx)
	if err != nil {
		return err
	}
	return w.svc.Resumed(ctx, cl, chunk)
}
