package requests_test

import (
	"context"
	"iter"
	"sync"

	"habeas/requests/connect"
)

// system is a connector that can do everything.
type system interface {
	connect.Connector
	connect.Finder
	connect.Reader
	connect.Applier
	connect.Looker
}

// hooked lets a test stand between Habeas and a system. A hook that returns an
// error replaces the call.
type hooked struct {
	system
	h *hooks
}

type hooks struct {
	mu     sync.Mutex
	before map[string]func(ctx context.Context) error             // "crm find"
	after  map[string]func(ctx context.Context, job string) error // "crm apply"
}

func (h *hooks) wrap(c connect.Connector) connect.Connector { return hooked{c.(system), h} }

// once hooks in before one call; the next goes through.
func (h *hooks) once(call string, fn func(context.Context) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.before == nil {
		h.before = map[string]func(context.Context) error{}
	}
	h.before[call] = fn
}

// afterOnce hooks in after one apply.
func (h *hooks) afterOnce(call string, fn func(ctx context.Context, job string) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.after == nil {
		h.after = map[string]func(context.Context, string) error{}
	}
	h.after[call] = fn
}

func (h *hooks) call(ctx context.Context, name string) error {
	h.mu.Lock()
	fn := h.before[name]
	delete(h.before, name)
	h.mu.Unlock()
	if fn == nil {
		return nil
	}
	return fn(ctx)
}

func (x hooked) Find(ctx context.Context, who []connect.Identity, emit func(connect.Found) error) (connect.Findings, error) {
	if err := x.h.call(ctx, x.Describe().Name+" find"); err != nil {
		return connect.Findings{}, err
	}
	return x.system.Find(ctx, who, emit)
}

func (x hooked) Read(ctx context.Context, targets iter.Seq2[connect.Target, error], emit func(connect.Row) error) error {
	if err := x.h.call(ctx, x.Describe().Name+" read"); err != nil {
		return err
	}
	return x.system.Read(ctx, targets, emit)
}

func (x hooked) Apply(ctx context.Context, job string, targets iter.Seq2[connect.Target, error], done func(connect.Result) error) error {
	name := x.Describe().Name + " apply"
	if err := x.h.call(ctx, name); err != nil {
		return err
	}
	if err := x.system.Apply(ctx, job, targets, done); err != nil {
		return err
	}
	x.h.mu.Lock()
	fn := x.h.after[name]
	delete(x.h.after, name)
	x.h.mu.Unlock()
	if fn == nil {
		return nil
	}
	return fn(ctx, job)
}
