// Package work carries tasks out: it dispatches their ids to Redis Streams,
// claims them, lets connectors act, and records what came of it. Kill a worker
// at any point, or Redis with everything in it: leases run out, the sweeper
// hands the tasks out again, and the fence keeps a late worker from writing.
package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"habeas/requests"
	"habeas/requests/queue"
)

// Options tune a worker. Zero values are good ones.
type Options struct {
	Name        string        // unique among the workers
	Concurrency int           // tasks at once (default 8)
	Lease       time.Duration // how long a claim holds without a heartbeat (default 30 s)
	Poll        time.Duration // how often the dispatcher looks unasked (default 1 s)
	Sweep       time.Duration // how often the sweeper runs (default 15 s)
	Again       time.Duration // how long a dispatched task may wait before it is handed out again (default 30 s)
	Log         *slog.Logger
	Observe     func(stage, result string, took time.Duration) // for metrics
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&o.Lease, 30*time.Second)
	set(&o.Poll, time.Second)
	set(&o.Sweep, 15*time.Second)
	set(&o.Again, 30*time.Second)
	if o.Concurrency == 0 {
		o.Concurrency = 8
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Observe == nil {
		o.Observe = func(string, string, time.Duration) {}
	}
	return o
}

// Worker carries tasks out.
type Worker struct {
	svc  *requests.Service
	q    *queue.Queue
	opt  Options
	poke chan struct{}
}

// New returns a worker over a service and a queue.
func New(svc *requests.Service, q *queue.Queue, opt Options) *Worker {
	return &Worker{svc: svc, q: q, opt: opt.withDefaults(), poke: make(chan struct{}, 1)}
}

// streams are the queues the worker reads: one per system and one for work in
// Habeas itself.
func (w *Worker) streams() []string { return append(w.svc.SystemNames(), requests.OwnSystem) }

// Run works until ctx ends, then lets tasks in hand come to their end for as
// long as a lease lasts.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.svc.Prepare(ctx); err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.dispatch(gctx) })
	g.Go(func() error { return w.sweep(gctx) })
	g.Go(func() error { return w.consume(gctx) })
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// dispatch hands runnable tasks to the streams, when woken and now and then.
func (w *Worker) dispatch(ctx context.Context) error {
	wakes := w.q.Wakes(ctx)
	tick := time.NewTicker(w.opt.Poll)
	defer tick.Stop()
	for {
		if err := w.dispatchOnce(ctx); err != nil && ctx.Err() == nil {
			w.opt.Log.Warn("dispatch failed", "err", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wakes:
		case <-w.poke:
		case <-tick.C:
		}
	}
}

func (w *Worker) dispatchOnce(ctx context.Context) error {
	known, err := w.q.Epoch(ctx)
	if err != nil {
		return err // Redis is away: what is due stays due
	}
	if !known {
		if err := w.svc.Forget(ctx); err != nil {
			return err
		}
	}
	tasks, err := w.svc.ToDispatch(ctx, w.opt.Again)
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if err := w.q.Push(ctx, t.System, t.ID); err != nil {
			return err // handed out again after Again, or at once when the epoch is gone
		}
	}
	return nil
}

// sweep returns what dead workers held, and moves what no task moves.
func (w *Worker) sweep(ctx context.Context) error {
	leases := time.NewTicker(max(w.opt.Lease/4, 100*time.Millisecond))
	defer leases.Stop()
	rest := time.NewTicker(w.opt.Sweep)
	defer rest.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-leases.C:
			var n int64
			if n, err = w.svc.Reap(ctx); n > 0 {
				w.opt.Log.Info("leases ran out", "tasks", n)
				w.nudge()
			}
		case <-rest.C:
			err = w.svc.Sweep(ctx)
			if _, rerr := w.q.Reclaim(ctx, w.opt.Name, w.streams(), 4*w.opt.Lease); rerr != nil {
				err = errors.Join(err, rerr)
			}
			w.nudge()
		}
		if err != nil && ctx.Err() == nil {
			w.opt.Log.Warn("sweep failed", "err", err)
		}
	}
}

func (w *Worker) nudge() {
	select {
	case w.poke <- struct{}{}:
	default:
	}
}

// consume reads the streams and works on what it gets, Concurrency at a time.
func (w *Worker) consume(ctx context.Context) error {
	slots := make(chan struct{}, w.opt.Concurrency)
	var wg sync.WaitGroup
	defer wg.Wait()
	for ctx.Err() == nil {
		slots <- struct{}{} // at least one is free before more is taken
		<-slots
		msgs, err := w.q.Read(ctx, w.opt.Name, w.streams(), max(1, w.opt.Concurrency-len(slots)), queue.MaxBlock)
		if err != nil {
			w.afterReadError(ctx, err)
			continue
		}
		for _, m := range msgs {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				w.one(context.WithoutCancel(ctx), m)
			})
		}
	}
	return ctx.Err()
}

func (w *Worker) afterReadError(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	if errors.Is(err, queue.ErrGone) {
		if err := w.q.Open(ctx, w.streams()...); err == nil {
			w.nudge()
			return
		}
	}
	w.opt.Log.Warn("queue unavailable", "err", err)
	select { // Redis is away: PostgreSQL keeps what is to do
	case <-ctx.Done():
	case <-time.After(200 * time.Millisecond):
	}
}

// one claims and carries out one delivery.
func (w *Worker) one(ctx context.Context, m queue.Message) {
	defer func() {
		if err := w.q.Ack(ctx, m); err != nil {
			w.opt.Log.Warn("ack failed", "err", err)
		}
	}()
	cl, err := w.svc.Claim(ctx, m.Task, w.opt.Name, w.opt.Lease)
	if errors.Is(err, requests.ErrNotNow) {
		if err := w.svc.PutBack(ctx, m.Task); err != nil {
			w.opt.Log.Warn("put back failed", "task", m.Task, "err", err)
		}
		return
	}
	if err != nil {
		w.opt.Log.Warn("claim failed", "task", m.Task, "err", err)
		return
	}
	start := time.Now()
	result := "done"
	if err := w.carryOut(ctx, cl); err != nil {
		result = w.failed(ctx, cl, err)
	}
	w.opt.Observe(string(cl.Stage), result, time.Since(start))
	w.nudge()
}

// carryOut runs the claim's stage under its lease. A lost lease cancels it.
func (w *Worker) carryOut(ctx context.Context, cl *requests.Claim) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go w.beat(ctx, cl, cancel)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in %s: %v", cl.Stage, p)
			w.opt.Log.Error("task panicked", "task", cl.ID, "stage", cl.Stage)
		}
	}()
	return w.act(ctx, cl)
}

func (w *Worker) beat(ctx context.Context, cl *requests.Claim, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(w.opt.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := w.svc.Heartbeat(ctx, cl, w.opt.Lease); errors.Is(err, requests.ErrFenced) {
				cancel(err)
				return
			}
		}
	}
}

func (w *Worker) failed(ctx context.Context, cl *requests.Claim, cause error) string {
	if errors.Is(cause, requests.ErrFenced) {
		w.opt.Log.Info("task was taken over", "task", cl.ID, "attempt", cl.Attempt)
		return "fenced"
	}
	if err := w.svc.Fail(ctx, cl, cause); err != nil {
		w.opt.Log.Warn("task failed and could not be recorded", "task", cl.ID, "stage", cl.Stage, "err", err)
		return "lost"
	}
	advice := requests.Advice(cause)
	w.opt.Log.Warn("task failed", "task", cl.ID, "system", cl.System, "stage", cl.Stage, "attempt", cl.Attempt, "code", advice.Code, "next", advice.Next)
	return string(advice.Next)
}
