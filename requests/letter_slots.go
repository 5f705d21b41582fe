package requests

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"habeas/requests/export"
	"habeas/requests/mail"
	"habeas/requests/plan"
)

// erasureKind is the letter that answers an erasure: what was kept makes it a
// part, with the remedies of one refused; where all was kept it is a denial.
// California has one letter for both (11 CCR 7022(f)).
func (ch *change) erasureKind(n mail.Counts) string {
	kept := n.Kept
	n.Kept = 0
	switch {
	case kept == 0:
		return mail.ErasureDone
	case n == mail.Counts{} || slices.Contains(mail.KindsIn(ch.c.family()), mail.CADeleteDenied):
		return ch.deniedKind("erasure", "")
	}
	return mail.Partial
}

// erasureAnswers are the letters for an erasure that was carried out: words
// prepared for one of them stand in whichever it becomes.
var erasureAnswers = []string{mail.ErasureDone, mail.Partial}

// optOutURL leads to where a sale or sharing is opted out of, where there is
// one (11 CCR 7022(g)).
func (ch *change) optOutURL() string {
	if !ch.s.set.GPC.On() {
		return ""
	}
	return ch.s.set.BaseURL + "/request/what"
}

// neverPutOut are the kinds of data among what was found whose values the law
// forbids to put out (11 CCR 7024(d)).
func (ch *change) neverPutOut(ctx context.Context) ([]string, error) {
	types, err := ch.heldTypes(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, at := range types {
		if t, ok := ch.s.typeOf(at[0], at[1]); ok {
			for _, kind := range export.NeverKinds(ch.c.Law, t) {
				if !slices.Contains(out, kind) {
					out = append(out, kind)
				}
			}
		}
	}
	return out, nil
}

// refusedHealth says whether a field that stays as it is tells about health: the
// person may then add a statement (11 CCR 7023(f)).
func (ch *change) refusedHealth(ctx context.Context) (bool, error) {
	rows, err := ch.Query(ctx, `select c.system, c.type, c.field from corrections c where c.case_id = $1 and c.decision = 'refuse'`, ch.c.ID)
	if err != nil {
		return false, fmt.Errorf("read corrections: %w", err)
	}
	health := false
	var system, typ, field string
	_, err = pgx.ForEachRow(rows, []any{&system, &typ, &field}, func() error {
		t, _ := ch.s.typeOf(system, typ)
		for _, f := range t.Fields {
			health = health || f.Name == field && (f.Category == "health" || strings.HasPrefix(f.Category, "health."))
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("read corrections: %w", err)
	}
	return health, nil
}

// letterHeld tells without delay that records have to stay after all: a hold was
// set after the plan was approved (GDPR 12(4), 17(3)). Once for a request.
func (ch *change) letterHeld(ctx context.Context, w *weighing, p *storedPlan) error {
	var told bool
	if err := ch.QueryRow(ctx, `select exists (select 1 from outbox o where o.case_id = $1 and o.kind = $2)`, ch.c.ID, mail.KeepNotice).Scan(&told); err != nil {
		return fmt.Errorf("look for letter: %w", err)
	}
	if told {
		return nil
	}
	var kept []mail.Kept
	for r, err := range recordsOf(ctx, ch.Tx, ch.key, p.ID, "", nil) {
		if err != nil {
			return err
		}
		e := plan.Entry{Record: r.Record, Note: r.Note}
		if r.Outcome != "" || !destroys(e.Record.Action) {
			continue
		}
		if w.keep(&e); e.Note.Hold == "" {
			continue
		}
		k := mail.Kept{What: ch.s.typeTitle(e.Record.System, e.Record.Type), Count: 1}
		k.Ground, k.Text, k.Code = ch.c.GroundParts("erasure", e.Record.Ground)
		kept = addKept(kept, k)
	}
	if len(kept) == 0 {
		return nil
	}
	return ch.write(ctx, mail.KeepNotice, func(d *mail.Slots) { d.Rights, d.Kept = []string{"erasure"}, kept })
}
