package evidence

import "fmt"

// MatterFiled begins an appeal or complaint, a case of its own. It holds what a
// reader needs to compute its deadline again.
type MatterFiled struct {
	Channel    Code   `json:"channel"` // portal, api, phone, letter, counter, e-mail
	DueOn      Date   `json:"due_on"`
	Holidays   Code   `json:"holidays"`
	Law        Code   `json:"law"`
	Locale     Code   `json:"locale,omitempty"`
	Matter     Code   `json:"matter"` // appeal, complaint
	Of         ID     `json:"of"`     // the request that it is about
	OwnDays    []Date `json:"own_days,omitempty"`
	Reason     Digest `json:"reason,omitempty"` // keyed digest: why received_at lies in the past
	ReceivedAt Time   `json:"received_at"`
	Rights     []Code `json:"rights"`
	Words      Digest `json:"words,omitempty"` // keyed digest of what the person wrote
	Zone       Code   `json:"zone"`
}

// Kind is "matter.filed".
func (MatterFiled) Kind() string { return "matter.filed" }

// MatterDecided is how an appeal or complaint was decided, by somebody who did
// not decide the request.
type MatterDecided struct {
	Decision Code   `json:"decision"` // granted, partly, denied
	Of       ID     `json:"of"`
	Reason   Digest `json:"reason"`         // keyed digest of what the person is told
	Redo     ID     `json:"redo,omitempty"` // the request by which it is done again
	Rights   []Code `json:"rights"`         // that are done again
}

// Kind is "matter.decided".
func (MatterDecided) Kind() string { return "matter.decided" }

// RecourseOpened says, in the request, that an appeal or complaint was filed.
type RecourseOpened struct {
	Case   ID   `json:"case"`
	Matter Code `json:"matter"`
}

// Kind is "recourse.opened".
func (RecourseOpened) Kind() string { return "recourse.opened" }

// RecourseEnded says, in the request, how it ended.
type RecourseEnded struct {
	Case     ID   `json:"case"`
	Decision Code `json:"decision"` // granted, partly, denied, withdrawn
	Redo     ID   `json:"redo,omitempty"`
}

// Kind is "recourse.ended".
func (RecourseEnded) Kind() string { return "recourse.ended" }

// DocumentReceived is an uploaded proof of identity or permission, sealed in the
// case until it is decided.
type DocumentReceived struct {
	Document ID     `json:"document"`
	SHA256   Digest `json:"sha256"` // keyed
	Size     Count  `json:"size"`   // bytes
	What     Code   `json:"what"`   // permission, parenthood, authority, identity
}

// Kind is "document.received".
func (DocumentReceived) Kind() string { return "document.received" }

// DocumentDeleted is the end of it: a proof is used once, then deleted.
type DocumentDeleted struct {
	Cause    Code `json:"cause"` // accepted, refused, ended
	Document ID   `json:"document"`
}

// Kind is "document.deleted".
func (DocumentDeleted) Kind() string { return "document.deleted" }

// RequestRepeated says that a person asked again: in the earlier request that a
// duplicate was joined to it, in a new one that an earlier one was answered.
type RequestRepeated struct {
	Case ID   `json:"case"` // the other one
	How  Code `json:"how"`  // joined, answered
}

// Kind is "request.repeated".
func (RequestRepeated) Kind() string { return "request.repeated" }

// matterWords are those of appeals, complaints, duplicates, documents and what
// holds keep.
func matterWords(d Data) string {
	switch d := d.(type) {
	case RequestRepeated:
		if d.How == "joined" {
			return fmt.Sprintf("asked again in case %s, which was joined to this one", d.Case)
		}
		return fmt.Sprintf("asked again after case %s was answered", d.Case)
	case MatterFiled:
		return fmt.Sprintf("%s about case %s filed over %s for %s; law %s, holidays %s, time zone %s; received %s; due on %s",
			d.Matter, d.Of, d.Channel, list(d.Rights), d.Law, d.Holidays, d.Zone, d.ReceivedAt.Format(TimeFormat), d.DueOn)
	case MatterDecided:
		s := fmt.Sprintf("decided: %s", plain(d.Decision))
		return s + when(d.Redo != "", fmt.Sprintf("; %s done again in case %s", list(d.Rights), d.Redo))
	case RecourseOpened:
		return fmt.Sprintf("%s filed, case %s", d.Matter, d.Case)
	case RecourseEnded:
		return fmt.Sprintf("appeal or complaint %s ended: %s", d.Case, plain(d.Decision)) + when(d.Redo != "", fmt.Sprintf("; done again in case %s", d.Redo))
	case DocumentReceived:
		return fmt.Sprintf("document received (%s), %d bytes", plain(d.What), d.Size)
	case DocumentDeleted:
		return "document deleted: " + plain(d.Cause)
	case HoldFound:
		return fmt.Sprintf("%s kept because of hold %s: %s", records(d.Records), d.Hold, holdWords(d.Ground))
	}
	return "event of kind " + d.Kind()
}
