package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"habeas/requests"
	"habeas/templates"
)

var statusOf = map[requests.Kind]int{
	requests.Invalid:      fiber.StatusBadRequest,
	requests.Unlawful:     fiber.StatusUnprocessableEntity,
	requests.Unprocessed:  fiber.StatusUnprocessableEntity,
	requests.Unauthorized: fiber.StatusUnauthorized,
	requests.Forbidden:    fiber.StatusForbidden,
	requests.NotFound:     fiber.StatusNotFound,
	requests.Gone:         fiber.StatusGone,
	requests.Conflict:     fiber.StatusConflict,
	requests.TooMany:      fiber.StatusTooManyRequests,
	requests.Unavailable:  fiber.StatusServiceUnavailable,
	requests.Internal:     fiber.StatusInternalServerError,
}

// Problem is an RFC 9457 problem document.
type Problem struct {
	Type   string                `json:"type"`
	Title  string                `json:"title"`
	Status int                   `json:"status"`
	Detail string                `json:"detail"`
	Errors []requests.FieldError `json:"errors,omitempty"`
}

// problemOf says what of an error may be shown. What is unknown is ours: the
// cause goes to the log, a general sentence to the asker.
func problemOf(err error) Problem {
	var f *fiber.Error
	if errors.As(err, &f) {
		p := Problem{Type: "/problems/" + slug(f.Code), Title: http.StatusText(f.Code), Status: f.Code, Detail: f.Message}
		if f.Code >= 500 {
			p.Detail = http.StatusText(f.Code)
		}
		return p
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Problem{Type: "/problems/too-slow", Title: http.StatusText(http.StatusServiceUnavailable), Status: http.StatusServiceUnavailable, Detail: "This took too long. Try again in a minute."}
	}
	e := requests.AsError(err)
	status, ok := statusOf[e.Kind]
	if !ok {
		status = fiber.StatusInternalServerError
	}
	return Problem{Type: "/problems/" + e.Code, Title: http.StatusText(status), Status: status, Detail: e.Safe, Errors: e.Fields}
}

func slug(status int) string {
	return strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "-")
}

// fail answers an error as a page or as a problem document. It is fiber's
// ErrorHandler too, so that nothing escapes it.
func (a *App) fail(c *fiber.Ctx, err error) error {
	p := problemOf(err)
	if appOf(c) == nil { // no HTTP that could be read: nothing of the frame ran before
		c.Locals(appKey, a)
		a.headers(c, "")
		c.Context().SetConnectionClose()
		return writeProblem(c.Status(p.Status), p)
	}
	if p.Status >= 500 {
		a.cfg.Log.Error("request failed", "request", RequestID(c), "err", err)
	}
	c.Response().ResetBody()
	c.Status(p.Status)
	if p.Status == fiber.StatusServiceUnavailable && len(c.Response().Header.Peek(fiber.HeaderRetryAfter)) == 0 {
		c.Set(fiber.HeaderRetryAfter, "5")
	}
	if !wantsPage(c) {
		return writeProblem(c, p)
	}
	if p.Status == fiber.StatusUnauthorized {
		return a.toSignIn(c)
	}
	return a.problemPage(c, p)
}

func writeProblem(c *fiber.Ctx, p Problem) error {
	if p.Status == fiber.StatusUnauthorized {
		c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/problem+json")
	return c.Send(raw)
}

// wantsPage: a route says what it is; elsewhere the path and the Accept header
// do.
func wantsPage(c *fiber.Ctx) bool {
	if r := routeOf(c); r != nil {
		if r.Kind == Page {
			return true
		}
		return r.Kind == Stream && strings.HasPrefix(c.Get("Sec-Fetch-Dest"), "document")
	}
	path := c.Path()
	if strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/log/") || path == "/log" {
		return false
	}
	return strings.Contains(c.Get(fiber.HeaderAccept), "text/html") || c.Get(fiber.HeaderAccept) == "" || c.Get(fiber.HeaderAccept) == "*/*"
}

// toSignIn leads staff to their door and customers to where a new code opens
// their request again.
func (a *App) toSignIn(c *fiber.Ctx) error {
	r := routeOf(c)
	if r == nil || !forStaff(r) {
		return Redirect(c, "/session-ended")
	}
	q := url.Values{}
	if c.Method() == fiber.MethodGet {
		q.Set("next", c.Path())
	}
	if a.cookies.Get(c, "staff") != "" {
		q.Set("ended", "1")
	}
	if len(q) == 0 {
		return Redirect(c, "/sign-in")
	}
	return Redirect(c, "/sign-in?"+q.Encode())
}

func (a *App) problemPage(c *fiber.Ctx, p Problem) error {
	v := templates.ProblemPage{Page: PageOf(c), Code: p.Status, RequestID: RequestID(c)}
	if v.Staff != nil && p.Status < 500 {
		v.Detail = p.Detail
	}
	if secs, err := strconv.Atoi(string(c.Response().Header.Peek(fiber.HeaderRetryAfter))); err == nil && p.Status == fiber.StatusTooManyRequests {
		v.Retry = time.Duration(secs) * time.Second
	}
	return Render(c, templates.Problem(v))
}

// unknown answers what is not in the table: 405 when the path is there for
// another method.
func (a *App) unknown(c *fiber.Ctx, routes []Route) error {
	drain(c)
	var allow []string
	for _, r := range routes {
		if fiber.RoutePatternMatch(c.Path(), r.Path, fiber.Config{CaseSensitive: true}) {
			allow = append(allow, r.Method)
		}
	}
	if len(allow) > 0 {
		c.Set(fiber.HeaderAllow, strings.Join(allow, ", "))
		return fiber.NewError(fiber.StatusMethodNotAllowed, "This address knows "+strings.Join(allow, ", ")+" only.")
	}
	return fiber.NewError(fiber.StatusNotFound, "There is nothing at this address.")
}
