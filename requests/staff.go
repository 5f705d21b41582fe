package requests

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/nbutton23/zxcvbn-go"

	"habeas/requests/connect"
	"habeas/requests/evidence"
)

// A wrong password locks an account for a while, longer each time.
const (
	maxFailed   = 5
	lockFor     = 15 * time.Minute
	minStrength = 3 // of zxcvbn's 4
	minPassword = 10
	maxPassword = 256
)

// User is a member of staff.
type User struct {
	ID        uuid.UUID
	Role      Role
	Name      string
	Email     string
	Disabled  bool
	Locked    bool
	CreatedAt time.Time
}

// Actor is the user as an actor.
func (u User) Actor() Actor { return Actor{Role: u.Role, ID: u.ID.String()} }

type userSealed struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

func userLookup(email string) (kind, normal string) {
	return "user", connect.Identity{Kind: "email", Value: email}.Normal()
}

// CheckPassword refuses a password that can be guessed. inputs are words that
// the password must not be made of, such as the name.
func CheckPassword(password string, inputs ...string) error {
	switch {
	case len(password) < minPassword:
		return invalid(FieldError{Field: "password", Message: fmt.Sprintf("A password has at least %d characters.", minPassword)})
	case len(password) > maxPassword:
		return invalid(FieldError{Field: "password", Message: fmt.Sprintf("A password has at most %d characters.", maxPassword)})
	case zxcvbn.PasswordStrength(password, inputs).Score < minStrength:
		return invalid(FieldError{Field: "password", Message: "This password is easy to guess. Use several words that have nothing to do with each other."})
	}
	return nil
}

// AddUser makes an account for a member of staff.
func (s *Service) AddUser(ctx context.Context, by Actor, role Role, name, email, password string) (*User, error) {
	if !(Actor{Role: role}).Staff() {
		return nil, invalid(FieldError{Field: "role", Message: "Use dpo, agent, auditor or admin."})
	}
	if !validEmail(email) {
		return nil, invalid(FieldError{Field: "email", Message: "Give a complete e-mail address."})
	}
	if strings.TrimSpace(name) == "" {
		name, _, _ = strings.Cut(email, "@")
	}
	if len(name) > maxName || !plainText(name) {
		return nil, invalid(FieldError{Field: "name", Message: fmt.Sprintf("A name has at most %d letters.", maxName)})
	}
	if err := CheckPassword(password, name, email, s.set.Company); err != nil {
		return nil, err
	}
	hash, err := argon2id.CreateHash(password, argon2id.DefaultParams)
	if err != nil {
		return nil, fmt.Errorf("hash password: %w", err)
	}
	raw, err := json.Marshal(userSealed{Name: name, Email: email})
	if err != nil {
		return nil, fmt.Errorf("encode user: %w", err)
	}
	u := &User{ID: newID(), Role: role, Name: name, Email: email, CreatedAt: s.now()}
	kind, normal := userLookup(email)
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `insert into users (id, role, email_lookup, sealed, password, created_at) values ($1, $2, $3, $4, $5, $6)`,
			u.ID, role, s.ring.Lookup(kind, normal), s.ring.System().Seal("user", raw), hash, u.CreatedAt)
		if isUnique(err) {
			return refuse(Conflict, "user-exists", "There is a user with this e-mail address already.")
		}
		if err != nil {
			return fmt.Errorf("insert user: %w", err)
		}
		return evidence.AppendSystem(ctx, tx, evidence.Event{Actor: by.String(), Data: evidence.UserChanged{
			Change: "created", Role: evidence.Code(role), User: evidence.ID(u.ID.String()),
		}})
	})
	if err != nil {
		return nil, err
	}
	return u, nil
}

const userColumns = `u.id, u.role, u.sealed, u.disabled, u.locked_until, u.created_at`

func (s *Service) scanUser(row pgx.Row, more ...any) (*User, error) {
	var u User
	var sealed []byte
	var locked *time.Time
	if err := row.Scan(append([]any{&u.ID, &u.Role, &sealed, &u.Disabled, &locked, &u.CreatedAt}, more...)...); err != nil {
		return nil, err
	}
	u.Locked = locked != nil && locked.After(s.now())
	var open userSealed
	if err := openJSON(s.ring.System(), "user", sealed, &open); err != nil {
		return nil, err
	}
	u.Name, u.Email = open.Name, open.Email
	return &u, nil
}

// wrongSignIn is the one answer to every sign-in that fails, so that it tells
// neither who works here nor whether an account is locked.
func wrongSignIn() *Error {
	return refuse(Unauthorized, "wrong-sign-in", "The e-mail address or the password is not right. After five wrong tries an account is locked for a quarter of an hour.")
}

// nobody is the hash that is compared when there is no such user, so that the
// answer takes the same time.
var nobody, _ = argon2id.CreateHash("there is no such user", argon2id.DefaultParams)

// hashing bounds how many passwords are compared at once: each takes 64 MB,
// and who tries many at once must not get them all in before the account is
// locked.
var hashing = make(chan struct{}, 3)

// SignIn checks an e-mail address and password.
func (s *Service) SignIn(ctx context.Context, email, password string) (*User, error) {
	if len(password) > maxPassword {
		return nil, wrongSignIn()
	}
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
	case <-ctx.Done():
		return nil, fmt.Errorf("sign in: %w", ctx.Err())
	}
	kind, normal := userLookup(email)
	var hash string
	var failed int
	u, err := s.scanUser(s.db.QueryRow(ctx, `select `+userColumns+`, u.password, u.failed from users u where u.email_lookup = any($1)`,
		s.ring.Lookups(kind, normal)), &hash, &failed)
	if errors.Is(err, pgx.ErrNoRows) {
		_, _ = argon2id.ComparePasswordAndHash(password, nobody)
		return nil, wrongSignIn()
	}
	if err != nil {
		return nil, fmt.Errorf("read user: %w", err)
	}
	right, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return nil, fmt.Errorf("compare password: %w", err)
	}
	if right && !u.Locked && !u.Disabled {
		if failed > 0 {
			_, err = s.db.Exec(ctx, `update users set failed = 0, locked_until = null where id = $1`, u.ID)
		}
		return u, err
	}
	if right || u.Locked {
		return nil, wrongSignIn()
	}
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `update users set failed = failed + 1, locked_until = case when failed + 1 >= $2 then clock_timestamp() + $3::interval end
			where id = $1 returning failed`, u.ID, maxFailed, lockFor).Scan(&n); err != nil || n != maxFailed {
			return err
		}
		return evidence.AppendSystem(ctx, tx, evidence.Event{Actor: "system", Data: evidence.UserChanged{Change: "locked", User: evidence.ID(u.ID.String())}})
	})
	if err != nil {
		return nil, fmt.Errorf("count failed sign-in: %w", err)
	}
	return nil, wrongSignIn()
}

// User returns a member of staff who may still work.
func (s *Service) User(ctx context.Context, id uuid.UUID) (*User, error) {
	u, err := s.scanUser(s.db.QueryRow(ctx, `select `+userColumns+` from users u where u.id = $1`, id))
	if errors.Is(err, pgx.ErrNoRows) || (err == nil && u.Disabled) {
		return nil, refuse(Unauthorized, "signed-out", "Sign in again.")
	}
	return u, err
}

// Users lists the staff.
func (s *Service) Users(ctx context.Context) ([]*User, error) {
	rows, err := s.db.Query(ctx, `select `+userColumns+` from users u order by u.created_at, u.id`)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*User, error) { return s.scanUser(row) })
}

// DisableUser ends or restores a member of staff's access.
func (s *Service) DisableUser(ctx context.Context, by Actor, id uuid.UUID, disabled bool) error {
	if by.ID == id.String() {
		return refuse(Conflict, "own-account", "You cannot end your own access. Ask another administrator.")
	}
	change := evidence.Code("enabled")
	if disabled {
		change = "disabled"
	}
	return pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update users set disabled = $2 where id = $1`, id, disabled)
		if err != nil {
			return fmt.Errorf("disable user: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return refuse(NotFound, "no-such-user", "There is no such user.")
		}
		return evidence.AppendSystem(ctx, tx, evidence.Event{Actor: by.String(), Data: evidence.UserChanged{Change: change, User: evidence.ID(id.String())}})
	})
}

// NewToken makes an API token that acts as a user, or as a named service.
func (s *Service) NewToken(ctx context.Context, by Actor, user *uuid.UUID, service string) (string, error) {
	if (user == nil) == (service == "") {
		return "", invalid(FieldError{Field: "user", Message: "A token acts as a user or as a service, not both."})
	}
	raw := make([]byte, 32)
	rand.Read(raw)
	token := "hb_" + base64.RawURLEncoding.EncodeToString(raw)
	id := newID()
	err := pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `insert into tokens (hash, id, user_id, service, created_at) values ($1, $2, $3, $4, $5)`, hashToken(token), id, user, service, s.now())
		if err != nil {
			return fmt.Errorf("insert token: %w", err)
		}
		changed := evidence.TokenChanged{Change: "created", Token: evidence.ID(id.String()), Service: evidence.Code(service)}
		if user != nil {
			changed.User = evidence.ID(user.String())
		}
		return evidence.AppendSystem(ctx, tx, evidence.Event{Actor: by.String(), Data: changed})
	})
	return token, err
}

// Token returns whom an API token acts as: a user, a service, or the customer
// of one case.
func (s *Service) Token(ctx context.Context, token string) (Actor, error) {
	var user *uuid.UUID
	var role *Role
	var service string
	err := s.db.QueryRow(ctx, `select t.user_id, u.role, t.service from tokens t left join users u on u.id = t.user_id
		where t.hash = $1 and t.revoked_at is null and (u.id is null or not u.disabled)`, hashToken(token)).Scan(&user, &role, &service)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return s.CustomerToken(ctx, token)
	case err != nil:
		return Actor{}, fmt.Errorf("read token: %w", err)
	case user != nil:
		return Actor{Role: *role, ID: user.String()}, nil
	}
	return Actor{Role: ServiceRole, ID: service}, nil
}

// UserByEmail finds a member of staff, for the command line.
func (s *Service) UserByEmail(ctx context.Context, email string) (*User, error) {
	kind, normal := userLookup(email)
	u, err := s.scanUser(s.db.QueryRow(ctx, `select `+userColumns+` from users u where u.email_lookup = any($1)`, s.ring.Lookups(kind, normal)))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, refuse(NotFound, "no-such-user", "There is no user with this e-mail address.")
	}
	return u, err
}
