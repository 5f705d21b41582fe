package requests

import (
	"context"
	"slices"
	"time"

	"habeas/requests/mail"
)

func (ch *change) letterExtension(ctx context.Context, before time.Time, st Step) error {
	return ch.write(ctx, mail.Extension, func(d *mail.Slots) {
		d.Previous, d.Why, d.WhyCode = before, st.Reason, st.Ground
		if st.Right != "" { // of several rights, the one that is answered later
			d.Rights, d.Due = []string{st.Right}, dateTime(ch.dueOf(st.Right, false))
		}
		if st.Reason == "" && !slices.Contains([]string{"complexity", "number", "necessary"}, st.Ground) {
			d.Why = ch.c.groundTitle(st)
		}
	})
}

// letterRefusal tells what was refused: one letter per kind that the law has
// for it.
func (ch *change) letterRefusal(ctx context.Context, st Step) error {
	byKind := map[string][]mail.Reason{}
	var order []string
	for _, dec := range ch.c.Decisions {
		if dec.Decision != "refused" || (st.Right != "" && dec.Right != st.Right) {
			continue
		}
		code := ch.c.groundCode(dec.Right, st.Ground)
		kind := ch.deniedKind(dec.Right, code)
		if byKind[kind] == nil {
			order = append(order, kind)
		}
		byKind[kind] = append(byKind[kind], mail.Reason{Right: dec.Right, Ground: dec.Ground, Text: st.Reason, Code: code})
	}
	for _, kind := range order {
		err := ch.write(ctx, kind, func(d *mail.Slots) {
			d.Rights, d.Reasons = nil, byKind[kind]
			for _, r := range d.Reasons {
				d.Rights = append(d.Rights, r.Right)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// deniedKind is the letter that denies a right on a ground.
func (ch *change) deniedKind(right, code string) string {
	kinds := mail.KindsIn(ch.c.family())
	has := func(kind string) bool { return slices.Contains(kinds, kind) }
	switch {
	case (code == "excessive" || code == "unfounded") && !has(mail.StateDenied):
		return mail.Excessive
	case right == "erasure" && has(mail.CADeleteDenied) && code != "identity_unproven":
		return mail.CADeleteDenied
	case right == "rectification" && has(mail.CACorrectDenied) && code != "identity_unproven":
		return mail.CACorrectDenied
	case has(mail.StateDenied):
		return mail.StateDenied
	case right == "rectification" && code != "identity_unproven":
		return mail.RectificationDenied
	}
	return mail.Refusal
}
