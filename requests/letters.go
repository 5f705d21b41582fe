package requests

import (
	"context"
	"time"
)

func (ch *change) letter(ctx context.Context, kind string) error { return nil }
func (ch *change) letterCode(ctx context.Context, subject Subject, code, notMe string, expires time.Time) error {
	return nil
}
func (ch *change) letterAck(ctx context.Context) error                           { return nil }
func (ch *change) letterExtension(ctx context.Context, st Step) error            { return nil }
func (ch *change) letterRefusal(ctx context.Context, st Step) error              { return nil }
func (ch *change) letterDone(ctx context.Context, outcomes []outcomeCount) error { return nil }
