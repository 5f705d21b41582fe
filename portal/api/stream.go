package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/web"
	"habeas/requests"
)

var streamParam = param{name: "request", required: true, schema: schema{"type": "string", "format": "uuid"}, doc: "The request's id."}

type statusEvent struct {
	Status requests.Status `json:"status"`
	Flags  []requests.Flag `json:"flags"`
	DueOn  date            `json:"due_on"`
}

type taskEvent struct {
	ID       uuid.UUID      `json:"id"`
	System   string         `json:"system"`
	Stage    requests.Stage `json:"stage"`
	Status   string         `json:"status"`
	Attempts int            `json:"attempts"`
	Error    string         `json:"error"`
	Count    int64          `json:"count"`
}

// countsEvent sums up a case's tasks.
type countsEvent struct {
	Total   int   `json:"total"`
	Waiting int   `json:"waiting"`
	Running int   `json:"running"`
	Open    int   `json:"open"`
	Done    int   `json:"done"`
	Failed  int   `json:"failed"`
	Records int64 `json:"records"`
}

// stream tells what happens in a case as it happens. A new reader is told all
// first, so that one who lost the connection has missed nothing.
func (a *api) stream(c *fiber.Ctx) error {
	if err := onlyGet(c); err != nil {
		return err
	}
	q := readQuery(c, streamParam.name)
	if err := q.err(); err != nil {
		return err
	}
	id, err := uuid.Parse(q.text(streamParam.name))
	if err != nil {
		return wrong(streamParam.name, "Give the request's id.")
	}
	by := web.Actor(c)
	cs, err := a.svc.Get(c.UserContext(), by, id)
	if err != nil {
		return err
	}
	leave, err := a.readers.enter(id)
	if err != nil {
		return err
	}
	w := &watch{
		a: a, id: id, conn: c.Context().Conn(), sent: map[string]string{},
		// where no identity was proved, what systems do would tell whether
		// the person is known
		statusOnly: by.Role == requests.Customer && !requests.NeedsProof(cs.Rights),
		customer:   by.Role == requests.Customer,
	}
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderXContentTypeOptions, noSniff)
	c.Set("X-Accel-Buffering", "no")
	c.Set(fiber.HeaderConnection, "close")
	c.Context().SetBodyStreamWriter(func(buf *bufio.Writer) {
		defer leave()
		w.run(buf)
	})
	return nil
}

// watch is one reader of one case.
type watch struct {
	a          *api
	id         uuid.UUID
	conn       net.Conn
	customer   bool
	statusOnly bool
	mark       requests.Mark
	sent       map[string]string // what the reader has, by event
	buf        *bufio.Writer
}

// run writes until the reader goes, the program ends or the stream is old.
func (w *watch) run(buf *bufio.Writer) {
	w.buf = buf
	poll, beat := time.NewTicker(w.a.Poll), time.NewTicker(w.a.Beat)
	defer poll.Stop()
	defer beat.Stop()
	life := time.NewTimer(w.a.Life)
	defer life.Stop()
	fmt.Fprint(buf, "retry: 2000\n\n")
	if w.look() != nil {
		return
	}
	for {
		var err error
		select {
		case <-w.a.Done:
			return
		case <-life.C:
			return
		case <-beat.C:
			fmt.Fprint(buf, ": still here\n\n")
			w.mark = requests.Mark{} // what moved without an event is found now
			err = w.look()
		case <-poll.C:
			err = w.look()
		}
		if err != nil {
			return
		}
	}
}

// look reads how far the case is and writes what the reader does not have.
func (w *watch) look() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	p, err := w.a.svc.Progress(ctx, w.id, w.mark)
	switch {
	case err != nil:
		return err // the reader connects again
	case p == nil:
		return w.flush()
	}
	w.mark = p.Mark
	if err := w.send("status", "status", statusEvent{Status: p.Status, Flags: w.flags(p), DueOn: date(p.DueOn)}); err != nil {
		return err
	}
	if w.statusOnly || w.customer && p.Quiet {
		return w.flush()
	}
	var sum countsEvent
	for _, t := range p.Tasks {
		if t.Status == "cancelled" {
			continue
		}
		sum.add(t)
	}
	for _, t := range p.Tasks {
		e := taskEvent{ID: t.ID, System: t.System, Stage: t.Stage, Status: t.Status, Attempts: t.Attempts, Count: t.Count}
		if !w.customer {
			e.Error = t.Error
		}
		if err := w.send("task", t.ID.String(), e); err != nil {
			return err
		}
	}
	if err := w.send("counts", "counts", sum); err != nil {
		return err
	}
	return w.flush()
}

func (w *watch) flags(p *requests.Progress) []requests.Flag {
	if !w.customer {
		return full(p.Flags)
	}
	return customerFlags(p.Flags, !w.statusOnly)
}

// customerFlags are those that are a customer's business.
func customerFlags(flags []requests.Flag, proved bool) []requests.Flag {
	shown := []requests.Flag{requests.Paused, requests.Extended, requests.Overdue}
	if proved {
		shown = append(shown, requests.Partial, requests.Unproven)
	}
	return slices.DeleteFunc(full(slices.Clone(flags)), func(f requests.Flag) bool { return !slices.Contains(shown, f) })
}

func (e *countsEvent) add(t requests.TaskProgress) {
	e.Total++
	e.Records += t.Count
	switch t.Status {
	case "waiting":
		e.Waiting++
	case "running":
		e.Running++
	case "open":
		e.Open++
	case "done":
		e.Done++
	case "failed":
		e.Failed++
	}
}

// send writes an event unless the reader has the same already.
func (w *watch) send(event, key string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil || w.sent[key] == string(raw) {
		return err
	}
	w.sent[key] = string(raw)
	_, err = fmt.Fprintf(w.buf, "event: %s\ndata: %s\n\n", event, raw)
	return err
}

// flush hands what was written to the reader, who has a while to take it.
func (w *watch) flush() error {
	if w.buf.Buffered() == 0 {
		return nil
	}
	if err := w.conn.SetWriteDeadline(time.Now().Add(slowest)); err != nil {
		return err
	}
	return w.buf.Flush()
}
