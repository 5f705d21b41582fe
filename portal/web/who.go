package web

import (
	"errors"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"habeas/portal/session"
	"habeas/requests"
)

const staffKey = "staff"

// who finds out who asks: a bearer token, or a session cookie of the kind that
// the route is for. Cookies alone never let a call write, nor another site read
// through one, because other sites can make a browser send them.
func (a *App) who(c *fiber.Ctx, r *Route) (requests.Actor, error) {
	nobody := requests.Actor{Role: requests.Public}
	if h := c.Get(fiber.HeaderAuthorization); h != "" && r.Kind != Page {
		scheme, token, _ := strings.Cut(h, " ")
		if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > 512 {
			return nobody, &requests.Error{Kind: requests.Unauthorized, Code: "unknown-token", Safe: "Send Authorization: Bearer and your token."}
		}
		return a.cfg.Token(c.UserContext(), strings.TrimSpace(token))
	}
	if r.Kind != Page && (r.writes() || r.public() || foreign(c)) {
		return nobody, nil
	}
	if actor, ok, err := a.staff(c, r); ok || err != nil {
		return actor, err
	}
	return a.customer(c, r)
}

// staff answers with the signed-in member of staff, when the route is for one.
func (a *App) staff(c *fiber.Ctx, r *Route) (requests.Actor, bool, error) {
	token := a.cookies.Get(c, session.Staff)
	if token == "" || !forStaff(r) {
		return requests.Actor{}, false, nil
	}
	s, ok, err := a.sessions.Get(c.UserContext(), session.Staff, token, keeps(c, r))
	if err != nil || !ok {
		return requests.Actor{}, false, unavailable(err)
	}
	id, err := uuid.Parse(s.ID)
	if err != nil {
		return requests.Actor{}, false, nil
	}
	u, err := a.cfg.Staff(c.UserContext(), id)
	if err != nil {
		var known *requests.Error
		if errors.As(err, &known) && known.Kind == requests.Unauthorized { // disabled since
			return requests.Actor{}, false, a.sessions.End(c.UserContext(), session.Staff, token)
		}
		return requests.Actor{}, false, err
	}
	c.Locals(staffKey, u)
	return u.Actor(), true, nil
}

// customer answers with the customer whose case this browser has open.
func (a *App) customer(c *fiber.Ctx, r *Route) (requests.Actor, error) {
	nobody := requests.Actor{Role: requests.Public}
	token := a.cookies.Get(c, session.Customer)
	if token == "" || !r.public() && !r.lets(requests.Actor{Role: requests.Customer}) {
		return nobody, nil
	}
	s, ok, err := a.sessions.Get(c.UserContext(), session.Customer, token, keeps(c, r))
	if err != nil || !ok {
		return nobody, unavailable(err)
	}
	return requests.Actor{Role: requests.Customer, ID: s.ID, Fresh: s.Fresh.After(a.cfg.Now()), Grant: s.Grant}, nil
}

func forStaff(r *Route) bool {
	for _, role := range r.Roles {
		if (requests.Actor{Role: role}).Staff() {
			return true
		}
	}
	return false
}

// keeps says whether a request is something that a person does: it starts the
// idle time anew. What a page fetches by itself does not.
func keeps(c *fiber.Ctx, r *Route) bool { return r.Kind != Stream && c.Get("X-Live") == "" }

func unavailable(err error) error {
	if err == nil {
		return nil
	}
	return &requests.Error{Kind: requests.Unavailable, Code: "sessions-away", Safe: "Sign-ins cannot be checked at the moment. Try again in a minute.", Cause: err}
}

// StaffUser is the signed-in member of staff of a page, nil elsewhere.
func StaffUser(c *fiber.Ctx) *requests.User {
	u, _ := c.Locals(staffKey).(*requests.User)
	return u
}

// SignInStaff starts a staff session in this browser. The old one ends.
func SignInStaff(c *fiber.Ctx, user uuid.UUID) error {
	return appOf(c).start(c, session.Staff, user.String(), "", time.Time{})
}

// SignInCustomer opens a case in this browser, for as long as the access that
// was proved lasts; a code given just now counts as fresh until then.
func SignInCustomer(c *fiber.Ctx, caseID uuid.UUID, grant string, fresh time.Time) error {
	return appOf(c).start(c, session.Customer, caseID.String(), grant, fresh)
}

func (a *App) start(c *fiber.Ctx, kind session.Kind, id, grant string, fresh time.Time) error {
	if err := a.end(c, kind); err != nil {
		return err
	}
	token, err := a.sessions.StartGranted(c.UserContext(), kind, id, grant, fresh)
	if err != nil {
		return unavailable(err)
	}
	a.cookies.Set(c, kind, token)
	return nil
}

// SignOut ends this browser's session of the kind.
func SignOut(c *fiber.Ctx, kind session.Kind) error { return appOf(c).end(c, kind) }

func (a *App) end(c *fiber.Ctx, kind session.Kind) error {
	token := a.cookies.Get(c, kind)
	if token == "" {
		return nil
	}
	a.cookies.Set(c, kind, "")
	return unavailable(a.sessions.End(c.UserContext(), kind, token))
}

// Visit is a random id of this browser, made when there is none: it holds the
// draft of a request before anybody is signed in.
func Visit(c *fiber.Ctx) string { return appOf(c).cookies.Visit(c, true) }

// EndVisit forgets it.
func EndVisit(c *fiber.Ctx) { appOf(c).cookies.EndVisit(c) }

// checkCSRF refuses forms that another site sent.
func (a *App) checkCSRF(c *fiber.Ctx, r *Route) error {
	if r.Kind != Page || !r.writes() {
		return nil
	}
	if !foreign(c) && a.csrf.Holds(c.FormValue("csrf"), a.cookies.Get(c, session.Staff), a.cookies.Get(c, session.Customer), a.cookies.Visit(c, false)) {
		return nil
	}
	return &requests.Error{Kind: requests.Forbidden, Code: "form-expired", Safe: "This form is no longer valid. Load the page again and send it once more."}
}

// foreign says whether another site made the browser ask. Some calls write an
// event when they are read: nobody's link may make staff look at somebody's data.
func foreign(c *fiber.Ctx) bool {
	site := c.Get("Sec-Fetch-Site")
	return site != "" && site != "same-origin" && site != "none"
}

// csrfOf is the token for the forms of a page: of the session that the page is
// for, else of the browser's visit.
func (a *App) csrfOf(c *fiber.Ctx) string {
	actor := Actor(c)
	cookie := ""
	switch {
	case actor.Staff():
		cookie = a.cookies.Get(c, session.Staff)
	case actor.Role == requests.Customer:
		cookie = a.cookies.Get(c, session.Customer)
	}
	if cookie == "" {
		cookie = a.cookies.Visit(c, true)
	}
	return a.csrf.CSRF(cookie)
}
