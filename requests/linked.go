package requests

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
)

// insertLinked writes a case that another one leads to, in the same
// transaction, with what is known of the person sealed under its own key.
func (ch *change) insertLinked(ctx context.Context, c *Case, subject Subject) error {
	key, wrapped, err := ch.s.ring.NewKey()
	if err != nil {
		return fmt.Errorf("case key: %w", err)
	}
	raw, err := json.Marshal(subject)
	if err != nil {
		return fmt.Errorf("encode subject: %w", err)
	}
	c.wrapped, c.sealed = wrapped, key.Seal("case", raw)
	return ch.s.insertCase(ctx, ch.Tx, c, subject.Identities, subject.Email)
}

// alongside changes another case in the transaction of this one, which is
// locked first.
func (ch *change) alongside(ctx context.Context, id uuid.UUID, fn func(*change) error) error {
	o := &change{Tx: ch.Tx, s: ch.s}
	var err error
	if o.c, err = ch.s.scan(ch.QueryRow(ctx, lockCase, id), &o.at); err != nil {
		return err
	}
	if err := o.apply(fn); err != nil {
		return err
	}
	ch.woke = ch.woke || o.woke
	return o.flush(ctx, false)
}
