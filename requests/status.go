package requests

import (
	"slices"
)

// Status is where a case stands in its life. See README.md.
type Status string

// The statuses of a case.
const (
	Filed       Status = "filed"
	Verified    Status = "verified"
	Discovering Status = "discovering"
	Review      Status = "review"
	Executing   Status = "executing"
	Verifying   Status = "verifying"
	Completed   Status = "completed"
	Closed      Status = "closed"
	Refused     Status = "refused"
	Expired     Status = "expired"
	Withdrawn   Status = "withdrawn"
)

// Flag marks a case without being a status.
type Flag string

// The flags of a case.
const (
	Paused    Flag = "paused"
	Extended  Flag = "extended"
	Overdue   Flag = "overdue"
	Attention Flag = "attention"
	Partial   Flag = "partial"
	Unproven  Flag = "unproven"
)

// transitions is the life of a request: the only steps there are. README.md
// shows it as a table, and a test holds the two together.
var transitions = map[Status][]Status{
	Filed:       {Verified, Refused, Expired, Discovering, Withdrawn},
	Verified:    {Discovering, Review, Withdrawn},
	Discovering: {Review, Executing, Withdrawn},
	Review:      {Discovering, Executing, Refused, Completed, Withdrawn},
	Executing:   {Verifying, Review, Withdrawn},
	Verifying:   {Completed, Review},
	Completed:   {Closed, Review},
}

// Statuses lists every status in the order of a request's life.
var Statuses = []Status{Filed, Verified, Discovering, Review, Executing, Verifying, Completed, Closed, Refused, Expired, Withdrawn}

// CanBecome reports whether the step from s to next exists.
func (s Status) CanBecome(next Status) bool { return slices.Contains(transitions[s], next) }

// Open reports whether the case still waits for something.
func (s Status) Open() bool {
	switch s {
	case Completed, Closed, Refused, Expired, Withdrawn:
		return false
	}
	return true
}

// unverifiedRights need no proof of identity: GDPR Art. 7(3); 11 CCR 7026(d),
// 7027(e), 7060(b).
var unverifiedRights = []string{"consent_withdrawal", "opt_out", "limit"}

// NeedsProof reports whether any of the rights asks for proof of identity.
func NeedsProof(rights []string) bool {
	return slices.ContainsFunc(rights, func(r string) bool { return !slices.Contains(unverifiedRights, r) })
}
