package evidence

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Data is the payload of one kind of event. Its fields stand in the order of
// their JSON names, so that encoding/json writes RFC 8785 order; a test holds
// that, the types allowed, and docs/events.md against this file.
type Data interface{ Kind() string }

// Kinds returns a zero value of every payload, in the order of docs/events.md.
func Kinds() []Data {
	return []Data{
		RequestFiled{},
		RequestJoined{},
		RequestRepeated{},
		RequestRefused{},
		RequestWithdrawn{},
		RequestExpired{},
		RequestCompleted{},
		RequestClosed{},
		MatterFiled{},
		MatterDecided{},
		RecourseOpened{},
		RecourseEnded{},
		DocumentReceived{},
		DocumentDeleted{},
		StatusChanged{},
		IdentityVerified{},
		IdentityFailed{},
		IdentityCompared{},
		PlanMade{},
		PlanChanged{},
		PlanApproved{},
		DriftFound{},
		TaskStarted{},
		TaskFinished{},
		TaskFailed{},
		RecordRead{},
		RecordErased{},
		RecordMasked{},
		RecordKept{},
		RecordDetached{},
		RecordSuppressed{},
		RecordCorrected{},
		RecordResumed{},
		OutcomeVerified{},
		OutcomeReappeared{},
		ClockPaused{},
		ClockResumed{},
		ClockExtended{},
		ClockChanged{},
		LawCorrected{},
		DeadlineNear{},
		DeadlineMissed{},
		LetterSent{},
		LetterFailed{},
		LetterEdited{},
		ReplyReceived{},
		ReplyDeleted{},
		PackageBuilt{},
		PackageReleased{},
		PackageDownloaded{},
		PackageDeleted{},
		EvidenceDownloaded{},
		PersonalDataViewed{},
		HoldSet{},
		HoldFound{},
		HoldLifted{},
		ConsentChanged{},
		RecipientDue{},
		RecipientTold{},
		RecipientExcused{},
		CorrectionDecided{},
		ObjectionRefused{},
		RestrictionSet{},
		RestrictionWarned{},
		RestrictionLifted{},
		KeyDestroyed{},
		UserChanged{},
		TokenChanged{},
		ConfigChanged{},
		KeyRotated{},
		SystemPaused{},
		SystemResumed{},
		SystemRestored{},
	}
}

var kindTypes = func() map[string]reflect.Type {
	m := make(map[string]reflect.Type)
	for _, d := range Kinds() {
		m[d.Kind()] = reflect.TypeOf(d)
	}
	return m
}()

func zero(t reflect.Type) any { return reflect.Zero(t).Interface() }

// Decode reads the payload of a kind. Unknown kinds are an error; members
// that this program does not know are not, so that it can read later logs.
func Decode(kind string, data []byte) (Data, error) {
	t, ok := kindTypes[kind]
	if !ok {
		return nil, fmt.Errorf("evidence: kind %q is not known to this version", kind)
	}
	v := reflect.New(t)
	if err := json.Unmarshal(data, v.Interface()); err != nil {
		return nil, fmt.Errorf("evidence: data of %s: %w", kind, err)
	}
	return v.Elem().Interface().(Data), nil
}

// RequestFiled holds what a reader needs to compute every deadline again.
type RequestFiled struct {
	Channel    Code   `json:"channel"` // portal, api, phone, letter, counter, e-mail, gpc
	Country    Code   `json:"country"`
	DueOn      Date   `json:"due_on,omitempty"` // as computed when filed
	Holidays   Code   `json:"holidays"`         // holiday set: DE, EW, none, …
	Law        Code   `json:"law"`              // EU, UK, CA, …
	Locale     Code   `json:"locale,omitempty"`
	Objections []Code `json:"objections,omitempty"` // what an objection is to: names in the register
	OnBehalf   bool   `json:"on_behalf"`
	OwnDays    []Date `json:"own_days,omitempty"` // the company's own holidays, of the next 400 days
	Policy     Code   `json:"policy,omitempty"`   // strict, suspend: pauses that the law leaves open
	Purposes   []Code `json:"purposes,omitempty"` // of a consent withdrawal or opt-out
	Reason     Digest `json:"reason,omitempty"`   // keyed digest: why received_at lies in the past
	ReceivedAt Time   `json:"received_at"`
	Region     Code   `json:"region,omitempty"`
	Rights     []Code `json:"rights"`
	Zone       Code   `json:"zone"` // time zone of the deadlines: Europe/Berlin
}

// RequestJoined says that this case is a duplicate, continued in another.
type RequestJoined struct {
	Into ID `json:"into"`
}

// RequestRefused refuses a right, or the whole request when Right is empty.
type RequestRefused struct {
	Cite   Cite   `json:"cite"`
	Ground Code   `json:"ground"`
	Reason Digest `json:"reason,omitempty"` // keyed digest of the sealed reason
	Right  Code   `json:"right,omitempty"`
}

// RequestWithdrawn stops what has not begun.
type RequestWithdrawn struct {
	Begun Count `json:"begun"` // records already acted on
	Cause Code  `json:"cause"` // customer, not_me, not_permitted
}

// RequestExpired ends an unverified request; counted as a denial.
type RequestExpired struct {
	Cause   Code `json:"cause"`             // unverified
	Counted Code `json:"counted,omitempty"` // denied: what figures count it as
	SentAt  Time `json:"sent_at"`           // when the letter that asked for proof was sent
}

// RequestCompleted is the end of the work.
type RequestCompleted struct {
	Decisions []RightDecided `json:"decisions,omitempty"`
	Flags     []Code         `json:"flags,omitempty"` // partial, unproven
	Outcomes  []OutcomeCount `json:"outcomes"`
	Result    Code           `json:"result"` // done, no_data_held
}

// RequestClosed follows the last re-scan.
type RequestClosed struct {
	RetainUntil Date `json:"retain_until,omitempty"` // when the case's key is to be destroyed
}

// StatusChanged is one step of the state table.
type StatusChanged struct {
	From Code `json:"from"`
	To   Code `json:"to"`
}

// IdentityVerified is one proof accepted.
type IdentityVerified struct {
	ByHand bool   `json:"by_hand"` // recorded by staff
	Proof  Code   `json:"proof"`   // email_code, representative_code, representative_check, representative_document, confirmation, agent_permission, staff_check, document, known_facts, sign_in, declaration, carried
	Reason Digest `json:"reason,omitempty"`
	Use    Code   `json:"use"` // verification, release, download
}

// IdentityFailed is one proof refused.
type IdentityFailed struct {
	Ground Code   `json:"ground,omitempty"` // of a refused permission: unsigned, names, scope, unreadable, outdated, doubtful, insufficient
	Note   Digest `json:"note,omitempty"`   // of a refused permission: keyed digest of what was looked at
	Proof  Code   `json:"proof"`            // as in identity.verified
	Reason Code   `json:"reason"`           // wrong-code, code-expired, code-dead, too-many-tries; refused, of a permission; of an address that a search found: ambiguous, changed_recently
	System Code   `json:"system,omitempty"` // where the search found it
	Tries  Count  `json:"tries"`
}

// IdentityCompared follows a comparison of what a person says of themselves with
// what the systems hold. It is never shown to the person.
type IdentityCompared struct {
	Agreed []Code `json:"agreed"` // all that agreed so far: email, name, phone, postcode, number
	Round  Count  `json:"round"`  // 1: the name given when filing
}

// ActionCount counts records of a plan.
type ActionCount struct {
	Action Code  `json:"action"`
	Count  Count `json:"count"`
	System Code  `json:"system"`
}

// RightCount counts records of a plan per right.
type RightCount struct {
	Count Count `json:"count"`
	Right Code  `json:"right"`
}

// OutcomeCount counts records per outcome.
type OutcomeCount struct {
	Count   Count `json:"count"`
	Outcome Code  `json:"outcome"`
}

// SystemHash is the digest of the dataset description used for a system.
type SystemHash struct {
	SHA256 Digest `json:"sha256"`
	System Code   `json:"system"`
}

// PlanMade is a plan as discovered.
type PlanMade struct {
	Candidates Count         `json:"candidates"` // reached only over unproven identities
	ConfigHash Digest        `json:"config_hash"`
	Counts     []ActionCount `json:"counts"`
	Datasets   []SystemHash  `json:"datasets"`
	Manual     Count         `json:"manual"`
	PlanHash   Digest        `json:"plan_hash"`
	Warnings   Count         `json:"warnings"`
}

// PlanChanged is a plan after decisions of the desk or a new discovery.
type PlanChanged struct {
	Changed  Count         `json:"changed"` // records decided otherwise
	Counts   []ActionCount `json:"counts"`
	Fallen   Count         `json:"fallen"` // approvals that no longer count
	Manual   Count         `json:"manual"`
	PlanHash Digest        `json:"plan_hash"`
	Previous Digest        `json:"previous"`
	Reason   Digest        `json:"reason,omitempty"` // keyed digest of the sealed grounds
}

// PlanApproved is one person's approval, or the rule's.
type PlanApproved struct {
	Approval Count        `json:"approval"` // which one this is, from 1
	ByRule   bool         `json:"by_rule"`
	Counts   []RightCount `json:"counts"`
	Needed   Count        `json:"needed"`
	PlanHash Digest       `json:"plan_hash"`
}

// DriftFound says that a system is no longer what was approved.
type DriftFound struct {
	Code     Code   `json:"code"`
	PlanHash Digest `json:"plan_hash"`
	Records  Count  `json:"records,omitempty"` // how many differ, if known
	System   Code   `json:"system"`
	Task     ID     `json:"task"`
}

// TaskStarted is the intent, written before the system is touched.
type TaskStarted struct {
	Attempt Count `json:"attempt"`
	Stage   Code  `json:"stage"`
	System  Code  `json:"system"`
	Task    ID    `json:"task"`
}

// TaskFinished is the end of a task, also of one done by hand.
type TaskFinished struct {
	Attempt Count  `json:"attempt"`
	Proof   Digest `json:"proof,omitempty"`  // SHA-256 of an uploaded proof, keyed
	Reason  Digest `json:"reason,omitempty"` // keyed digest of what the person wrote
	Records Count  `json:"records"`
	Result  Code   `json:"result"` // done, not_found, exception
	Stage   Code   `json:"stage"`
	System  Code   `json:"system"`
	Task    ID     `json:"task"`
}

// TaskFailed is one attempt that failed, and what follows.
type TaskFailed struct {
	Attempt Count `json:"attempt"`
	Code    Code  `json:"code"`
	Next    Code  `json:"next"` // retry, drift, manual, permanent
	RetryAt Time  `json:"retry_at,omitzero"`
	Stage   Code  `json:"stage"`
	System  Code  `json:"system"`
	Task    ID    `json:"task"`
}

// ClockPaused stops the legal clock.
type ClockPaused struct {
	Cite   Cite   `json:"cite"`
	From   Date   `json:"from"`
	Ground Code   `json:"ground"`
	Reason Digest `json:"reason,omitempty"`
	Right  Code   `json:"right,omitempty"`
	To     Date   `json:"to,omitempty"` // empty: until resumed
}

// ClockResumed starts it again.
type ClockResumed struct {
	Cite  Cite `json:"cite"`
	DueOn Date `json:"due_on"`
	From  Date `json:"from"` // first day of the pause
	Right Code `json:"right,omitempty"`
	To    Date `json:"to"` // last day of the pause
}

// ClockExtended moves the due date as the law allows.
type ClockExtended struct {
	Cite   Cite   `json:"cite"`
	From   Date   `json:"from"` // due before
	Ground Code   `json:"ground"`
	On     Date   `json:"on,omitempty"` // day of the notice
	Reason Digest `json:"reason,omitempty"`
	Right  Code   `json:"right,omitempty"`
	To     Date   `json:"to"`              // due now
	Until  Date   `json:"until,omitempty"` // the day announced, where the law sets no figure
}

// LawCorrected puts a case under the law that applies to it, and its clock
// with it. It holds what request.filed held of the old one.
type LawCorrected struct {
	Country  Code   `json:"country"`
	From     Date   `json:"from"` // due before
	Holidays Code   `json:"holidays"`
	Law      Code   `json:"law"`
	On       Date   `json:"on"` // day of the correction, where the controller is
	OwnDays  []Date `json:"own_days,omitempty"`
	Previous Code   `json:"previous"` // law
	Reason   Digest `json:"reason"`
	Region   Code   `json:"region,omitempty"`
	To       Date   `json:"to"` // due now
	Zone     Code   `json:"zone"`
}

// DeadlineNear is one reminder to the desk.
type DeadlineNear struct {
	Days  Count `json:"days"` // the distance that was reached
	DueOn Date  `json:"due_on"`
	Told  Count `json:"told"` // people to whom a mail goes
}

// DeadlineMissed says that the due date passed without an answer.
type DeadlineMissed struct {
	DueOn Date  `json:"due_on"`
	Told  Count `json:"told"`
}

// RightDecided is what a request ended with for one right.
type RightDecided struct {
	Decision Code `json:"decision"` // granted, partial, refused
	Right    Code `json:"right"`
}

// ClockChanged is any other event that moves a deadline: a proof of identity
// received, a fee paid.
type ClockChanged struct {
	Cite  Cite `json:"cite"`
	Event Code `json:"event"` // id, fee, clarify
	From  Date `json:"from"`  // due before
	Right Code `json:"right,omitempty"`
	To    Date `json:"to"` // due now
}
