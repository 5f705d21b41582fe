package api

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
	"habeas/requests/evidence"
)

const (
	noSniff = "nosniff"
	maxLog  = math.MaxInt64 / 2
)

func index() schema { return schema{"type": "integer", "minimum": 0} }

var (
	entryParams = []param{
		{name: "from", schema: index(), doc: "First index, 0 where it is left out."},
		{name: "to", schema: index(), doc: "First index not wanted."},
		cursorParam,
	}
	consistencyParams = []param{
		{name: "from", required: true, schema: index(), doc: "Size of the smaller tree."},
		{name: "to", required: true, schema: index(), doc: "Size of the larger tree."},
	}
)

// entry is one event with its place in the log. line is the exact leaf.
type entry struct {
	Index *int64          `json:"index" doc:"From 0; null while the event waits to be written to the tree."`
	Line  string          `json:"line" doc:"The leaf, exactly: its hash is SHA-256(0x00 and this)."`
	Kind  string          `json:"kind"`
	Seq   int64           `json:"seq"`
	At    moment          `json:"at"`
	Actor string          `json:"actor"`
	Case  string          `json:"case"`
	Data  json.RawMessage `json:"data"`
	Salt  string          `json:"salt"`
	V     int             `json:"v"`
}

func entryOf(l evidence.Line) entry {
	e := entry{
		Line: string(l.Raw), Kind: l.Kind, Seq: l.Seq, At: moment(l.At), Actor: l.Actor, Case: l.Case, Data: l.Data, Salt: l.Salt, V: 1,
	}
	if l.Index >= 0 {
		e.Index = &l.Index
	}
	return e
}

func (a *api) events(c *fiber.Ctx) error {
	cs, err := a.caseOf(c, web.Actor(c))
	if err != nil {
		return err
	}
	lines, err := a.svc.Events(c.UserContext(), cs)
	if err != nil {
		return err
	}
	return answer(c, fiber.StatusOK, items[entry]{Items: each(lines, entryOf)})
}

func (a *api) entries(c *fiber.Ctx) error {
	q := readQuery(c, names(entryParams)...)
	from := q.number("from", 0, 0, maxLog)
	if q.text("cursor") != "" {
		from = q.number("cursor", 0, 0, maxLog)
	}
	to := q.number("to", maxLog, 0, maxLog)
	if err := q.err(); err != nil {
		return err
	}
	if from > to {
		return wrong("to", "Give an index that is not before from.")
	}
	lines, err := a.svc.Log().Entries(c.UserContext(), from, to)
	if err != nil {
		return err
	}
	out := items[entry]{Items: each(lines, entryOf)}
	if n := int64(len(lines)); n == evidence.MaxEntries && from+n < to {
		out.Next = strconv.FormatInt(from+n, 10)
	}
	return answer(c, fiber.StatusOK, out)
}

func (a *api) checkpoint(c *fiber.Ctx) error {
	cp, err := a.svc.Log().Published(c.UserContext())
	if err != nil {
		return notInLog(err)
	}
	c.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
	c.Set(fiber.HeaderXContentTypeOptions, noSniff)
	c.Set(fiber.HeaderCacheControl, "no-cache")
	return c.Send(cp.Note)
}

// tile serves hash tiles. A tile never changes once it is public.
func (a *api) tile(c *fiber.Ctx) error {
	level, n, width, err := evidence.ParseTilePath(c.Params("*"))
	if err != nil {
		return notInLog(evidence.ErrNotFound)
	}
	data, err := a.svc.Log().Tile(c.UserContext(), level, n, width)
	if err != nil {
		return notInLog(err)
	}
	c.Set(fiber.HeaderContentType, fiber.MIMEOctetStream)
	c.Set(fiber.HeaderXContentTypeOptions, noSniff)
	c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	return c.Send(data)
}

type consistency struct {
	Path []string `json:"path" doc:"Base64 of the hashes, as RFC 6962 orders them."`
}

func (a *api) consistency(c *fiber.Ctx) error {
	q := readQuery(c, names(consistencyParams)...)
	for _, p := range consistencyParams {
		if q.text(p.name) == "" {
			q.bad(p.name, "Give the size of a public tree.")
		}
	}
	if err := q.err(); err != nil {
		return err
	}
	from, to := q.number("from", 0, 0, maxLog), q.number("to", 0, 0, maxLog)
	if err := q.err(); err != nil {
		return err
	}
	if from > to {
		return wrong("to", "Give a size that is not smaller than from.")
	}
	path, err := a.svc.Log().Consistency(c.UserContext(), from, to)
	if err != nil {
		return notInLog(err)
	}
	c.Set(fiber.HeaderContentType, jsonType)
	return c.Send(evidence.ConsistencyJSON(path))
}

// notInLog turns the log's answer to what it does not have into ours.
func notInLog(err error) error {
	if errors.Is(err, evidence.ErrNotFound) {
		return &requests.Error{Kind: requests.NotFound, Code: "not-in-log", Safe: "The public log does not have this, or not yet.", Cause: err}
	}
	return err
}
