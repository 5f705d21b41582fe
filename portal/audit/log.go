package audit

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/mod/sumdb/note"

	"habeas/portal/web"
	"habeas/requests/evidence"
	"habeas/templates"
)

// check is what came of reading the whole log again.
type check struct {
	at    time.Time
	size  int64 // entries that were intact
	fault string
}

// log shows the state of the evidence log, read again entry by entry.
func (h *audit) log(c *fiber.Ctx) error {
	v := templates.LogPage{Page: web.PageOf(c)}
	var err error
	if v.Log, err = h.state(c.UserContext(), time.Minute); err != nil {
		return err
	}
	v.Tiles = tiles(v.Log.Published)
	return render(c, fiber.StatusOK, templates.EvidenceLog(v))
}

// state is how the log stands. The whole of it is checked again when the last
// check is older than old, or when the log was found wanting.
func (h *audit) state(ctx context.Context, old time.Duration) (templates.LogState, error) {
	log := h.Svc.Log()
	var s templates.LogState
	head, err := log.Latest(ctx)
	if errors.Is(err, evidence.ErrNotFound) {
		s.Intact = true // nothing was written yet
		return s, nil
	}
	if err != nil {
		return s, err
	}
	s.Size, s.At, s.Root, s.Checkpoint = head.Size, head.At, head.Root.String(), string(head.Note)
	s.Origin, _, _ = strings.Cut(s.Checkpoint, "\n")
	if s.Key, err = log.VKey(ctx); err != nil && !errors.Is(err, evidence.ErrNotFound) {
		return s, err
	}
	if pub, err := log.Published(ctx); err == nil {
		s.Published = pub.Size
	} else if !errors.Is(err, evidence.ErrNotFound) {
		return s, err
	}
	pending, _, err := log.Lag(ctx)
	if err != nil {
		return s, err
	}
	s.Pending = int(pending)
	last, err := h.check(ctx, log, head, s.Key, old)
	if err != nil {
		return s, err
	}
	s.Intact, s.Fault, s.CheckedAt = last.fault == "", last.fault, last.at
	return s, nil
}

// check computes the tree again from the stored events and compares it with
// the signed checkpoint. One at a time: it reads everything.
func (h *audit) check(ctx context.Context, log *evidence.Log, head evidence.Checkpoint, vkey string, old time.Duration) (check, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.checked.fault == "" && h.Now().Sub(h.checked.at) < old && h.checked.size > 0 {
		return h.checked, nil
	}
	now := check{at: h.Now()}
	if err := signed(head, vkey); err != nil {
		now.fault = "The newest checkpoint is not signed by the log's key."
	}
	n, err := log.Check(ctx)
	now.size = n
	switch {
	case errors.Is(err, evidence.ErrDamaged):
		now.fault = "The stored log contradicts its checkpoint, from entry " + thousands(n) + " on. Stop the worker and keep the database as it is."
	case err != nil && !errors.Is(err, evidence.ErrNotFound):
		return now, err
	}
	h.checked = now
	return now, nil
}

// signed checks the checkpoint's signature, and that its text is what the
// database says beside it.
func signed(head evidence.Checkpoint, vkey string) error {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	n, err := note.Open(head.Note, note.VerifierList(v))
	if err != nil {
		return err
	}
	want := v.Name() + "\n" + digits(head.Size) + "\n" + head.Root.String() + "\n"
	if n.Text != want {
		return errors.New("audit: the checkpoint's text is another")
	}
	return nil
}

// tilesShown is how many tiles of a level the page lists: the newest.
const tilesShown = 8

// tiles lists the newest tiles of every level of a tree of this size.
func tiles(size int64) []templates.TileRow {
	var out []templates.TileRow
	for level, n := 0, size; n > 0; level, n = level+1, n>>8 {
		full, width := n>>8, int(n&255)
		for t := max(0, full-tilesShown); t < full; t++ {
			out = append(out, tile(level, t, 256))
		}
		if width > 0 {
			out = append(out, tile(level, full, width))
		}
	}
	return out
}

func tile(level int, n int64, width int) templates.TileRow {
	path := evidence.TilePath(level, n, width)
	return templates.TileRow{Href: "/log/tile/" + path, Path: path, Level: level, Width: width}
}
