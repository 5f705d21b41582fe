package company

import (
	"time"

	"github.com/google/uuid"
)

// State is the row of a case, every event of it, and how many cases, events,
// letters and drafts of letters there are at all: two of them are equal where
// nothing was changed in between. It waits until no letter is on its way.
func (c *Company) State(id uuid.UUID) string {
	c.Helper()
	ctx := c.Deadline()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var queued bool
		c.must(c.DB.QueryRow(ctx, `select exists (select 1 from outbox o where o.status = 'due')`).Scan(&queued))
		if !queued {
			break
		}
		select {
		case <-ctx.Done():
			c.Fatal("letters stay in the outbox")
		case <-tick.C:
		}
	}
	var state string
	err := c.DB.QueryRow(ctx, `select coalesce((select to_jsonb(c)::text from cases c where c.id = $1), '') || ' ' ||
		coalesce((select string_agg(e.line, ' ' order by e.seq) from events e where e.case_id = $1), '') || ' ' ||
		(select count(*) from cases c) || ' ' || (select count(*) from events e) || ' ' || (select count(*) from outbox o) || ' ' || (select count(*) from letter_drafts d)`, id).Scan(&state)
	c.must(err)
	return state
}
