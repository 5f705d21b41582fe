package casefile

import (
	"context"

	"habeas/requests"
	"habeas/templates"
)

// Objections are what a case objects to, in English.
func Objections(ctx context.Context, svc *requests.Service, cs *requests.Case) ([]templates.ObjectionRow, error) {
	list, err := svc.Objections(ctx, cs, "en")
	if err != nil {
		return nil, err
	}
	var out []templates.ObjectionRow
	for _, o := range list {
		out = append(out, templates.ObjectionRow{Use: o.Use, Title: o.Title, Basis: o.Basis, Marketing: o.Marketing, Refused: o.Refused(), Cite: o.Cite, Reason: o.Reason})
	}
	return out, nil
}

// Recipients are those who have to be told, without what people recorded.
func Recipients(ctx context.Context, svc *requests.Service, cs *requests.Case) ([]templates.RecipientRow, error) {
	list, err := svc.Notices(ctx, cs)
	if err != nil {
		return nil, err
	}
	var out []templates.RecipientRow
	for _, n := range list {
		row := templates.RecipientRow{ID: n.ID.String(), Title: n.Title, Right: n.Right, Way: n.Way, Status: n.Status, MadeAt: n.MadeAt, Ground: n.Ground}
		if n.DoneAt != nil {
			row.DoneAt = *n.DoneAt
		}
		out = append(out, row)
	}
	return out, nil
}

// Restriction says where a restriction stands, in a sentence; "" without one.
func Restriction(ctx context.Context, svc *requests.Service, cs *requests.Case) (string, error) {
	r, err := svc.Restriction(ctx, cs)
	if err != nil || r == nil {
		return "", err
	}
	const day = "2 January 2006"
	switch {
	case r.LiftedAt != nil && r.WarnedAt != nil:
		return "Lifted on " + r.LiftedAt.Format(day) + ", of which the person was told on " + r.WarnedAt.Format(day) + ". Stored only since " + r.Since.Format(day) + " until then.", nil
	case r.WarnedAt != nil && r.LiftOn != nil:
		return "Stored only since " + r.Since.Format(day) + ". The person was told that it ends, on " + r.LiftOn.Format(day) + " at the earliest.", nil
	}
	return "Stored only since " + r.Since.Format(day) + ".", nil
}
