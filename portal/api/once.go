package api

import (
	"bytes"
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
)

const (
	keyHeader    = "Idempotency-Key"
	maxKeyLength = 255
)

// once honours Idempotency-Key: the same call again gets the first answer,
// byte for byte, refusals too. What failed on our side can be tried again.
func (a *api) once(next fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if len(c.Request().Header.Peek(keyHeader)) == 0 {
			return next(c)
		}
		key := string(c.Request().Header.Peek(keyHeader))
		if !validKey(key) {
			return wrong(keyHeader, "An idempotency key has between 1 and 255 visible ASCII characters.")
		}
		body, err := rawBody(c)
		if err != nil {
			return err
		}
		caller := callerOf(c)
		call := bytes.Join([][]byte{[]byte(c.Method()), []byte(c.OriginalURL()), []byte(c.Get(fiber.HeaderContentType)), body}, []byte{0})
		first, err := a.claim(c.UserContext(), caller, key, call)
		if err != nil {
			return err
		}
		if first != nil {
			c.Set(fiber.HeaderContentType, first.Type)
			return c.Status(first.Status).Send(first.Body)
		}
		return a.first(c, next, caller, key)
	}
}

// callerOf is whose keys a call's key stands beside. Callers without a sign-in
// are told apart by address: who guesses somebody's key could otherwise try
// codes against the stored answer, where no try is counted.
func callerOf(c *fiber.Ctx) string {
	by := web.Actor(c)
	if by.Role == requests.Public {
		return by.String() + " " + web.Address(c)
	}
	return by.String()
}

// busyFor is how long a second call waits for the first one's answer.
const busyFor = 10 * time.Second

// claim takes the key, or returns the first call's answer: it waits a while
// for one that is still being made.
func (a *api) claim(ctx context.Context, caller, key string, call []byte) (*requests.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, busyFor)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		first, err := a.svc.Once(ctx, caller, key, call)
		if err == nil || requests.AsError(err).Code != "idempotency-busy" {
			return first, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-tick.C:
		}
	}
}

// first answers a claimed call and keeps the answer. The key outlives the
// caller's patience: it is settled even when the caller has gone.
func (a *api) first(c *fiber.Ctx, next fiber.Handler, caller, key string) error {
	ctx := context.WithoutCancel(c.UserContext())
	kept := false
	defer func() {
		if !kept {
			_ = a.svc.DropAnswer(ctx, caller, key) // at worst the key stays taken until it expires
		}
	}()
	if err := next(c); err != nil {
		if requests.AsError(err).Kind == requests.Internal && !isFiber(err) {
			return err
		}
		if err := c.App().ErrorHandler(c, err); err != nil {
			return err
		}
	}
	res := c.Response()
	if res.StatusCode() >= fiber.StatusInternalServerError {
		return nil
	}
	kept = true
	// Should this fail, the work is done and the key stays taken: a second call
	// is told to wait, and nothing happens twice.
	_ = a.svc.KeepAnswer(ctx, caller, key, requests.Answer{
		Status: res.StatusCode(), Type: string(res.Header.ContentType()), Body: bytes.Clone(res.Body()),
	})
	return nil
}

func isFiber(err error) bool {
	_, ok := err.(*fiber.Error)
	return ok
}

func validKey(key string) bool {
	if key == "" || len(key) > maxKeyLength {
		return false
	}
	for i := range len(key) {
		if key[i] < '!' || key[i] > '~' {
			return false
		}
	}
	return true
}
