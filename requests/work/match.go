package work

import (
	"context"

	"habeas/requests"
	"habeas/requests/connect"
)

// match compares what a person says of themselves with the records of that person
// in one system. A system that cannot be searched or read agrees with nothing,
// which is no reason for work by hand.
func (w *Worker) match(ctx context.Context, cl *requests.Claim, conn connect.Connector) error {
	finder, finds := conn.(connect.Finder)
	reader, reads := conn.(connect.Reader)
	if !finds || !reads {
		return w.svc.Matched(ctx, cl, nil)
	}
	m, err := cl.Matching(conn.Describe())
	if err != nil {
		return err
	}
	var targets []connect.Target
	_, err = finder.Find(ctx, m.Who, func(f connect.Found) error {
		if m.Wants(f) && len(targets) < m.Limit() {
			targets = append(targets, connect.Target{Type: f.Type, Key: f.Key, Owner: f.Owner, Action: connect.Disclose})
		}
		return nil
	})
	if err == nil {
		err = reader.Read(ctx, connect.Stream(targets), func(row connect.Row) error {
			m.See(row)
			return nil
		})
	}
	switch {
	case err == nil:
		return w.svc.Matched(ctx, cl, m)
	case ctx.Err() != nil || connect.Advice(err).Next == connect.Retry:
		return err
	}
	return w.svc.Matched(ctx, cl, nil)
}
