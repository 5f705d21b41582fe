package desk

import (
	"context"

	"habeas/requests"
	"habeas/templates"
)

// related are the other cases of the address, or about this one, as they hang
// together.
func (h desk) related(ctx context.Context, cs *requests.Case) ([]templates.RelatedCase, error) {
	list, err := h.Svc.Related(ctx, cs)
	if err != nil {
		return nil, err
	}
	var out []templates.RelatedCase
	for _, r := range list {
		out = append(out, templates.RelatedCase{
			CaseLink: templates.CaseLink{ID: r.ID.String(), Reference: r.Reference},
			Rights:   r.Rights, Kind: r.Kind, Status: string(r.Status), How: relation(cs, r),
		})
	}
	return out, nil
}

func relation(cs, other *requests.Case) string {
	switch {
	case other.JoinedInto != nil && *other.JoinedInto == cs.ID:
		return "Joined to this one"
	case cs.JoinedInto != nil && *cs.JoinedInto == other.ID:
		return "Answers this one, too"
	case other.Of != nil && *other.Of == cs.ID && other.Kind == requests.KindAppeal:
		return "Appeal about this one"
	case other.Of != nil && *other.Of == cs.ID && other.Kind == requests.KindComplaint:
		return "Complaint about this one"
	case cs.Of != nil && *cs.Of == other.ID:
		return "Upheld: this one does it again"
	}
	return "Same address"
}
