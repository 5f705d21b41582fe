// Package ops answers infrastructure: health, readiness and metrics. None of
// it holds personal data.
package ops

import (
	"context"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"habeas/portal/web"
	"habeas/requests"
)

// Deps are what the room needs.
type Deps struct {
	Svc *requests.Service
	// Queue reports whether Redis answers. The portal works without it: work
	// waits in PostgreSQL.
	Queue func(context.Context) error
}

// Routes are /healthz, /readyz and /metrics.
func Routes(d Deps) []web.Route {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &figures{svc: d.Svc})
	anybody := []requests.Role{requests.Public}
	return []web.Route{
		{Method: "GET", Path: "/healthz", Roles: anybody, Kind: web.Call, Handler: func(c *fiber.Ctx) error { return c.JSON(fiber.Map{"status": "ok"}) }},
		{Method: "GET", Path: "/readyz", Roles: anybody, Kind: web.Call, Handler: d.ready},
		{Method: "GET", Path: "/metrics", Roles: anybody, Kind: web.Call, Handler: adaptor.HTTPHandler(promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))},
	}
}

func (d Deps) ready(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), 2*time.Second)
	defer cancel()
	if err := d.Svc.Ready(ctx); err != nil {
		return err
	}
	queue := "ok"
	if d.Queue != nil && d.Queue(ctx) != nil {
		queue = "away: work waits in the database"
	}
	return c.JSON(fiber.Map{"status": "ok", "queue": queue})
}

// figures collects when it is asked, from PostgreSQL, so that every process
// tells the same.
type figures struct{ svc *requests.Service }

var (
	casesDesc   = prometheus.NewDesc("habeas_cases", "Cases by status.", []string{"status"}, nil)
	flagsDesc   = prometheus.NewDesc("habeas_open_cases_flagged", "Open cases by flag.", []string{"flag"}, nil)
	overdueDesc = prometheus.NewDesc("habeas_overdue_seconds", "How far past its due date the oldest open case is.", nil, nil)
	tasksDesc   = prometheus.NewDesc("habeas_tasks", "Tasks not ended.", []string{"system", "stage", "status"}, nil)
	retriesDesc = prometheus.NewDesc("habeas_task_failed_attempts", "Failed attempts of tasks not ended.", []string{"system", "stage", "status"}, nil)
	ageDesc     = prometheus.NewDesc("habeas_task_oldest_seconds", "How long the oldest task has been due.", []string{"system", "stage", "status"}, nil)
	lagDesc     = prometheus.NewDesc("habeas_log_pending_events", "Events that wait for the evidence log.", nil, nil)
	lagAgeDesc  = prometheus.NewDesc("habeas_log_lag_seconds", "Age of the oldest event that waits for the evidence log.", nil, nil)
	lettersDesc = prometheus.NewDesc("habeas_letters", "Letters by state.", []string{"status"}, nil)
)

// Describe implements prometheus.Collector.
func (f *figures) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(f, out) }

// Collect implements prometheus.Collector.
func (f *figures) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	fig, err := f.svc.Figures(ctx)
	if err != nil {
		slog.Warn("figures unavailable", "err", err)
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, st := range requests.Statuses {
		gauge(casesDesc, float64(fig.Cases[st]), string(st))
	}
	for flag, n := range fig.Flags {
		gauge(flagsDesc, float64(n), string(flag))
	}
	gauge(overdueDesc, fig.OldestDue.Seconds())
	for _, t := range fig.Tasks {
		gauge(tasksDesc, float64(t.Count), t.System, t.Stage, t.Status)
		gauge(retriesDesc, float64(t.Retries), t.System, t.Stage, t.Status)
		gauge(ageDesc, t.Oldest.Seconds(), t.System, t.Stage, t.Status)
	}
	gauge(lagDesc, float64(fig.LogLag))
	gauge(lagAgeDesc, fig.LogAge.Seconds())
	for st, n := range fig.Letters {
		gauge(lettersDesc, float64(n), st)
	}
}
