package main

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/sync/errgroup"

	"habeas/requests/work"
)

// WorkCmd runs a worker: dispatcher, tasks, sweeper, letters and the log.
type WorkCmd struct{}

// Run works until the process is told to stop.
func (WorkCmd) Run(ctx context.Context, g *Globals) error {
	cfg, err := loadConfig(g.Config)
	if err != nil {
		return err
	}
	a, err := open(ctx, cfg, true)
	if err != nil {
		return err
	}
	defer a.close()
	return a.work(ctx)
}

// work runs everything that happens without somebody asking.
func (a *app) work(ctx context.Context) error {
	host, _ := os.Hostname()
	w := work.New(a.svc, a.queue, work.Options{
		Name: fmt.Sprintf("%s-%d", host, os.Getpid()), Concurrency: a.cfg.Worker.Concurrency, Lease: a.cfg.Worker.Lease,
	})
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.Run(ctx) })
	g.Go(func() error { return a.log.Run(ctx) })
	g.Go(func() error { return a.outbox().Run(ctx) })
	return quiet(ctx, g.Wait())
}
