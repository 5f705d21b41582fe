package plan

import (
	"encoding/json"
	"slices"
	"time"

	"habeas/requests/connect"
)

// Proposer turns what was found into plan records.
type Proposer struct {
	System   string
	Rights   []string
	Purposes []string // whose withdrawal is asked for; empty: all
	// Stops are, for a right that is about other uses than Purposes, the purposes
	// that it stops; an empty list stops none here.
	Stops map[string][]string
	// Articles is the law's article for each right: the ground of what the
	// description gives no other for.
	Articles map[string]string
	// Corrections are what was decided to correct, by type and key.
	Corrections map[[2]string]Correction
	// Portable tells which fields of a type are left out of what a person takes
	// along, and whether anything is left; nil: all of them.
	Portable func(typ string) (leaveOut []string, any bool)
	// Never are the fields of a type that the law forbids to disclose; nil: none.
	Never func(typ string) (fields []string, cite string)
	// Kept writes what a description says of what stays as a ground of the case's
	// law, and says false where it is none there; nil: as it is.
	Kept func(right, ground string) (written string, ok bool)
	// Doubt is the article for each right on which a record is withheld that may
	// be another person's; nil: the GDPR's.
	Doubt func(right string) string
	// Fingerprint digests a guard under the case's key.
	Fingerprint func(guard []byte) string
}

// Entry is a plan record with its note.
type Entry struct {
	Record Record
	Note   Note
}

// ambiguous is why a record that may be another person's is withheld.
const ambiguous = ": the identity leads to two people; withheld until the desk decides"

// AmbiguousGround is the same under the GDPR.
const AmbiguousGround = "GDPR Art. 12(6)" + ambiguous

// Propose returns one entry per right that touches the record, in the order
// of the rights' names. A record that may belong to somebody else is kept
// until the desk decides.
func (p Proposer) Propose(f connect.Found) []Entry {
	var out []Entry
	for _, right := range slices.Sorted(slices.Values(p.Rights)) {
		if right == "rectification" {
			out = append(out, p.correct(f)...)
			continue
		}
		prop := p.proposal(right, f)
		if prop == nil {
			continue
		}
		leaveOut, whole := []string(nil), true
		if right == "portability" && p.Portable != nil {
			leaveOut, whole = p.Portable(f.Type)
		}
		if !whole { // nothing of it is the person's to take along
			continue
		}
		ground, grounded := p.ground(right, prop)
		e := Entry{
			Record: normal(Record{
				System: p.System, Type: f.Type, Key: f.Key, Right: right,
				Action: prop.Action, Fields: prop.Fields, Ground: ground, Via: f.Via, Owner: f.Owner,
			}),
			Note: Note{Match: f.Match, Shared: f.Shared, Until: dateOf(prop.Until), Unfounded: !grounded, Undecided: !grounded},
		}
		if prop.Action == connect.Suppress {
			e.Note.Purposes = prop.Purposes
		}
		if Guarded(prop.Action) && len(f.Guard) > 0 {
			e.Record.Fingerprint = p.Fingerprint(f.Guard)
		}
		switch {
		case f.Match == connect.Ambiguous:
			if grounded { // else nothing can be done as proposed
				e.Note.Proposed = &Proposed{Action: e.Record.Action, Fields: e.Record.Fields, Ground: e.Record.Ground}
			}
			e.Record.Action, e.Record.Ground, e.Record.Fields = connect.Keep, p.ambiguous(right), nil
			e.Note.Undecided = true
		case prop.Action == connect.Redact:
			e.Note.Undecided = true
			p.forbid(&e.Record)
		case prop.Action == connect.Disclose:
			p.forbid(&e.Record)
		}
		if len(leaveOut) > 0 && e.Record.Action != connect.Keep && (e.Record.Action == connect.Disclose || len(e.Record.Fields) > 0) {
			e.Record.Action, e.Record.Fields = connect.Redact, append(e.Record.Fields, leaveOut...)
			e.Record = normal(e.Record)
		}
		out = append(out, e)
	}
	return out
}

// ground is what a proposal rests on: the article of the right, or what the
// description says of what stays. It is false where that is none under the law
// of the case.
func (p Proposer) ground(right string, prop *connect.Proposal) (ground string, ok bool) {
	if prop.Ground == "" {
		return p.Articles[right], true
	}
	if p.Kept == nil {
		return prop.Ground, true
	}
	return p.Kept(right, prop.Ground)
}

func (p Proposer) ambiguous(right string) string {
	if p.Doubt == nil {
		return AmbiguousGround
	}
	return p.Doubt(right) + ambiguous
}

// Correction is what was decided about the fields of one record.
type Correction struct {
	Values      map[string]json.RawMessage // new values by field, as JSON
	Refused     []string                   // fields that stay as they are
	Ground      string                     // of what is refused
	Fingerprint string                     // keyed digest of the values
}

// correct proposes what was decided. The values stand beside the record, which
// holds a digest of them: that is what approvals sign.
func (p Proposer) correct(f connect.Found) []Entry {
	c, ok := p.Corrections[[2]string{f.Type, f.Key}]
	if !ok {
		return nil
	}
	e := Entry{
		Record: Record{
			System: p.System, Type: f.Type, Key: f.Key, Right: "rectification", Action: connect.Correct, Ground: p.Articles["rectification"],
			Via: f.Via, Owner: f.Owner, Fingerprint: c.Fingerprint,
		},
		Note: Note{Match: f.Match, Shared: f.Shared, ByDesk: true, Values: c.Values},
	}
	if len(c.Values) == 0 {
		e.Record.Action, e.Record.Ground, e.Record.Fields, e.Record.Fingerprint = connect.Keep, c.Ground, c.Refused, p.Fingerprint(f.Guard)
		e.Note.Values = nil
	} else {
		for field := range c.Values {
			e.Record.Fields = append(e.Record.Fields, field)
		}
	}
	e.Record = normal(e.Record)
	return []Entry{e}
}

// forbid redacts what the law never lets out. That needs nobody's decision.
func (p Proposer) forbid(r *Record) {
	if p.Never == nil || r.Action == connect.Redact && len(r.Fields) == 0 {
		return
	}
	fields, cite := p.Never(r.Type)
	if len(fields) == 0 {
		return
	}
	if r.Action == connect.Redact {
		r.Ground += "; " + cite
	} else {
		r.Action, r.Ground = connect.Redact, cite
	}
	r.Fields = append(r.Fields, fields...)
	*r = normal(*r)
}

func (p Proposer) proposal(right string, f connect.Found) *connect.Proposal {
	switch right {
	case "access", "portability":
		return f.Access
	case "erasure":
		return f.Erasure
	case "consent_withdrawal", "objection", "opt_out", "limit", "restriction":
		asked := p.Purposes
		if list, ok := p.Stops[right]; ok {
			if len(list) == 0 {
				return nil
			}
			asked = list
		}
		if f.Withdraw == nil || !serves(f.Withdraw.Purposes, asked) {
			return nil
		}
		return f.Withdraw
	}
	return nil
}

func serves(record, asked []string) bool {
	if len(record) == 0 || len(asked) == 0 {
		return true
	}
	return slices.ContainsFunc(record, func(purpose string) bool { return slices.Contains(asked, purpose) })
}

// Guarded reports whether a changed value in a record with this action is
// drift: where something is kept or masked. In a record that goes anyway, a
// changed value changes nothing.
func Guarded(a connect.Action) bool {
	return a == connect.Keep || a == connect.Mask || a == connect.Detach
}

func dateOf(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.DateOnly)
}
