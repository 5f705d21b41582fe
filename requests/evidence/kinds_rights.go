package evidence

import (
	"fmt"
	"strings"
)

// RecipientDue is a recipient who has to be told of what was done.
type RecipientDue struct {
	Notice    ID   `json:"notice"`
	Recipient Code `json:"recipient"` // its name in the register
	Right     Code `json:"right"`
	Way       Code `json:"way"` // mail, manual
}

// RecipientTold is the proof that a recipient was told, or its confirmation.
type RecipientTold struct {
	Notice    ID     `json:"notice"`
	Proof     Digest `json:"proof,omitempty"` // keyed digest of what a person recorded
	Recipient Code   `json:"recipient"`
	Right     Code   `json:"right"`
	Status    Code   `json:"status"` // delivered, acknowledged
}

// RecipientExcused is a recipient who is not told, with the reason.
type RecipientExcused struct {
	Cite      Cite   `json:"cite"`
	Ground    Code   `json:"ground"` // impossible, disproportionate
	Notice    ID     `json:"notice"`
	Reason    Digest `json:"reason"`
	Recipient Code   `json:"recipient"`
	Right     Code   `json:"right"`
}

// CorrectionDecided is what was decided about one field.
type CorrectionDecided struct {
	Cite     Cite   `json:"cite,omitempty"`
	Decision Code   `json:"decision"` // correct, refuse
	Field    Code   `json:"field"`
	Ground   Code   `json:"ground,omitempty"`
	Reason   Digest `json:"reason,omitempty"`
	Record   Digest `json:"record"` // keyed digest
	System   Code   `json:"system"`
	Type     Code   `json:"type"`
}

// ObjectionRefused says that uses to which a person objected go on, on a ground
// of the law (GDPR Art. 21(1)).
type ObjectionRefused struct {
	Cite   Cite   `json:"cite"`
	Ground Code   `json:"ground"`
	Reason Digest `json:"reason"`
	Uses   []Code `json:"uses"` // names in the register
}

// RestrictionSet begins a restriction (GDPR Art. 18).
type RestrictionSet struct {
	Cite   Cite `json:"cite"`
	Ground Code `json:"ground"`
}

// RestrictionWarned tells the person that it will end (Art. 18(3)).
type RestrictionWarned struct {
	LiftOn Date   `json:"lift_on"`
	Reason Digest `json:"reason"`
}

// RestrictionLifted ends it.
type RestrictionLifted struct {
	WarnedAt Time `json:"warned_at,omitzero"` // absent: the person took the request back
}

// Kind is "recipient.due".
func (RecipientDue) Kind() string { return "recipient.due" }

// Kind is "recipient.told".
func (RecipientTold) Kind() string { return "recipient.told" }

// Kind is "recipient.excused".
func (RecipientExcused) Kind() string { return "recipient.excused" }

// Kind is "correction.decided".
func (CorrectionDecided) Kind() string { return "correction.decided" }

// Kind is "objection.refused".
func (ObjectionRefused) Kind() string { return "objection.refused" }

// Kind is "restriction.set".
func (RestrictionSet) Kind() string { return "restriction.set" }

// Kind is "restriction.warned".
func (RestrictionWarned) Kind() string { return "restriction.warned" }

// Kind is "restriction.lifted".
func (RestrictionLifted) Kind() string { return "restriction.lifted" }

// rightsWords are those of recipients, corrections and restrictions.
func rightsWords(d Data) string {
	switch d := d.(type) {
	case RecipientDue:
		return fmt.Sprintf("recipient %s is to be told of the %s, by %s", d.Recipient, plain(d.Right), plain(d.Way))
	case RecipientTold:
		return fmt.Sprintf("recipient %s was told of the %s: %s", d.Recipient, plain(d.Right), plain(d.Status))
	case RecipientExcused:
		return fmt.Sprintf("recipient %s is not told of the %s: %s (%s)", d.Recipient, plain(d.Right), plain(d.Ground), d.Cite)
	case CorrectionDecided:
		s := fmt.Sprintf("field %s of a record of %s in %s: %s", d.Field, d.Type, d.System, plain(d.Decision))
		return s + when(d.Cite != "", " ("+string(d.Cite)+")")
	case ObjectionRefused:
		uses := make([]string, len(d.Uses))
		for i, u := range d.Uses {
			uses[i] = string(u)
		}
		return fmt.Sprintf("objection refused for %s: %s (%s)", strings.Join(uses, ", "), plain(d.Ground), d.Cite)
	case RestrictionSet:
		return fmt.Sprintf("processing restricted: %s (%s)", plain(d.Ground), d.Cite)
	case RestrictionWarned:
		return fmt.Sprintf("the person was told that the restriction ends, not before %s", d.LiftOn)
	case RestrictionLifted:
		if d.WarnedAt.IsZero() {
			return "restriction lifted: the person took the request back"
		}
		return "restriction lifted; the person was told on " + d.WarnedAt.Format(TimeFormat)
	}
	return "event of kind " + d.Kind()
}
