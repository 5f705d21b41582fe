package requests

import (
	"context"
	"slices"
	"strings"
	"time"

	"habeas/requests/connect"
	"habeas/requests/consent"
)

// ConsentEntry is what a service reports: somebody gave or refused a consent.
type ConsentEntry struct {
	Identity connect.Identity `json:"identity"`
	Purpose  string           `json:"purpose"`
	Allowed  bool             `json:"allowed"`
	Since    *time.Time       `json:"since,omitempty"`
}

// ConsentState is what holds for a person and a purpose now.
type ConsentState = consent.State

func (s *Service) checkConsent(id connect.Identity, purpose string) error {
	known := slices.ContainsFunc(s.set.Purposes, func(p Purpose) bool { return p.Name == purpose })
	var faults []FieldError
	if id.Kind != visitorKind || id.Value == "" || len(id.Value) > maxVisitor || !plainText(id.Value) {
		_, faults = checkIdentities([]connect.Identity{id}, Actor{Role: Agent}, nil)
	}
	if !known {
		var names []string
		for _, p := range s.set.Purposes {
			names = append(names, p.Name)
		}
		faults = append(faults, FieldError{Field: "purpose", Message: "This is not a purpose here. Use " + strings.Join(names, ", ") + "."})
	}
	if len(faults) > 0 {
		return invalid(faults...)
	}
	return nil
}

// RecordConsent adds a statement to the consent ledger and returns its receipt.
func (s *Service) RecordConsent(ctx context.Context, by Actor, e ConsentEntry) (ConsentState, error) {
	if err := s.checkConsent(e.Identity, e.Purpose); err != nil {
		return ConsentState{}, err
	}
	since := s.now()
	if e.Since != nil {
		if e.Since.After(since) {
			return ConsentState{}, invalid(FieldError{Field: "since", Message: "A consent cannot have been given in the future."})
		}
		since = *e.Since
	}
	receipt, err := consent.Record(ctx, s.db, s.ring, consent.Entry{
		Identities: []consent.Identity{{Kind: e.Identity.Kind, Normal: e.Identity.Normal()}},
		Purpose:    e.Purpose, Allowed: e.Allowed, Since: since, Source: "service:" + by.ID,
	})
	return ConsentState{Allowed: e.Allowed, Since: since, Receipt: receipt}, err
}

// CheckConsent tells whether a purpose is allowed for a person now: asked at
// the time of use, it refuses from the moment a withdrawal was filed, however
// long the systems take to follow.
func (s *Service) CheckConsent(ctx context.Context, id connect.Identity, purpose string) (ConsentState, error) {
	if err := s.checkConsent(id, purpose); err != nil {
		if e := AsError(err); len(e.Fields) == 1 && e.Fields[0].Field == "purpose" && s.set.ownUse(purpose) {
			return s.checkUse(ctx, id, purpose)
		}
		return ConsentState{}, err
	}
	return consent.Check(ctx, s.db, s.ring, consent.Identity{Kind: id.Kind, Normal: id.Normal()}, purpose)
}

// AskAgainFrom is the first day on which somebody who refuses a sale or sharing
// may be asked for consent again (Cal. Civ. Code 1798.135(c)(4)); nil where the
// law sets none.
func (s *Service) AskAgainFrom(purpose string, st ConsentState) *time.Time {
	if st.Allowed || st.Since.IsZero() || !slices.Contains(s.set.GPC.Purposes, purpose) {
		return nil
	}
	return new(promptAfter(st.Since))
}
