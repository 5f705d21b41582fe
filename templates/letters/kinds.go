package letters

// The kinds of letters. law.md's names stand beside them where it has one.
const (
	Code          = "code"           // verification code, also for what staff filed
	Ack           = "ack"            // ACK: receipt (11 CCR 7021(a))
	RequestJoined = "request_joined" // a duplicate was joined to the earlier request
	Withdrawn     = "withdrawn"      // the customer stopped it
	StoppedNotMe  = "stopped_not_me"
	ErasureWaits  = "erasure_waits" // approved: until when it can be cancelled

	// To the person concerned, when somebody asks for them, and to whoever asked (11 CCR 7063).
	BehalfNotice  = "behalf_notice"
	BehalfConfirm = "behalf_confirm"
	BehalfStopped = "behalf_stopped"

	BehalfDeclined    = "behalf_declined"
	BehalfPost        = "behalf_post"
	PermissionRefused = "permission_refused" // 11 CCR 7063, GDPR 12(6): the document does not suffice
	PermissionMissing = "permission_missing" // UNVERIFIED, to whoever asks for another

	IDRequest       = "id_request"       // ID_REQUEST, GDPR 12(6)
	Clarify         = "clarify"          // CLARIFY, Recital 63
	CorrectionProof = "correction_proof" // GDPR 16, 5(1)(d); 11 CCR 7023(d): what shows the right value

	Extension  = "extension"  // EXTENSION, GDPR 12(3)
	Unverified = "unverified" // UNVERIFIED, 11 CCR 7022(a), 7024(a)
	Expired    = "expired"    // a denial: identity never proven

	AccessReady       = "access_ready"       // ACCESS, GDPR 15
	PortabilityReady  = "portability_ready"  // GDPR 20
	ErasureDone       = "erasure_done"       // ERASURE, GDPR 17
	WithdrawalDone    = "withdrawal_done"    // WITHDRAWAL, GDPR 7(3)
	OptOutDone        = "opt_out_done"       // Civ. 1798.120, .121
	RectificationDone = "rectification_done" // GDPR 16
	RestrictionDone   = "restriction_done"   // GDPR 18
	RestrictionEnds   = "restriction_ends"   // GDPR 18(3): told before it is lifted
	ObjectionDone     = "objection_done"     // GDPR 21
	Done              = "done"               // anything else that was done
	KeepNotice        = "keep_notice"        // records that must stay for now, and why

	Partial             = "partial"              // PARTIAL
	Refusal             = "refusal"              // REFUSAL, GDPR 12(4)
	Excessive           = "excessive"            // EXCESSIVE, GDPR 12(5): a refusal, or a fee quoted first
	NotFound            = "not_found"            // NOT_FOUND
	RectificationDenied = "rectification_denied" // GDPR 16, 12(4)
	CADeleteDenied      = "ca_delete_denied"     // CA_DELETE_DENIED, 11 CCR 7022(f), (g)
	CACorrectDenied     = "ca_correct_denied"    // CA_CORRECT_DENIED, 11 CCR 7023(f)
	StateDenied         = "state_denied"         // STATE_DENIED: reason and how to appeal

	AppealReceived    = "appeal_received"
	AppealExtension   = "appeal_extension"
	AppealDecision    = "appeal_decision" // APPEAL
	ComplaintReceived = "complaint_received"
	ComplaintAnswer   = "complaint_answer"

	RecipientNotice = "recipient_notice" // GDPR 19: to somebody who got the data from us
	DeskReminder    = "desk_reminder"    // to our own privacy team, without personal data
	DeskOverdue     = "desk_overdue"
)

// kind is what one letter is made of.
type kind struct {
	compose func(*composer)
	// families are the laws that have this letter; none means all.
	families []string
	// must are sentences without which it does not go out, by key; "remedies" stands for those that the
	// law has. They belong to the letter, not to its slots: nobody can edit them away.
	must []string
	// named greets by name: the letter goes to a proven address only.
	named bool
	// free are the slots whose words are the desk's: reason, note, person.
	free []string
	// to is who gets it: the customer (""), a recipient of the data, or our desk.
	to string
}

const (
	toRecipient = "recipient"
	toDesk      = "desk"
	toPerson    = "person" // for whom somebody else asks: not for that somebody to read
)

var (
	withReason = []string{SlotReason, SlotNote, SlotPerson}
	withNote   = []string{SlotNote, SlotPerson}
)

// kinds holds every letter.
var kinds = map[string]kind{
	Code:          {compose: (*composer).code, must: []string{"code.not_me_text", "code.keep"}},
	Ack:           {compose: (*composer).ack, must: []string{"fact.received", "fact.request", "ack.answer", "ack.search"}},
	RequestJoined: {compose: (*composer).requestJoined, must: []string{"fact.received", "request_joined.due"}, named: true},
	Withdrawn:     {compose: (*composer).withdrawn, must: []string{"fact.received", "withdrawn.again"}, named: true, free: withNote},
	StoppedNotMe:  {compose: (*composer).stoppedNotMe, must: []string{"fact.received", "stopped_not_me.safe"}},
	ErasureWaits:  {compose: (*composer).erasureWaits, must: []string{"fact.received", "erasure_waits.intro", "erasure_waits.final"}, named: true},

	BehalfNotice:  {compose: (*composer).behalfNotice, must: []string{"fact.received", "fact.request_other", "behalf.stop_text"}, to: toPerson},
	BehalfConfirm: {compose: (*composer).behalfConfirm, must: []string{"fact.received", "fact.request_other", "behalf_confirm.only", "behalf.stop_text"}, to: toPerson},
	BehalfPost:    {compose: (*composer).behalfPost, must: []string{"fact.received", "fact.request_other", "behalf_post.stop"}, to: toPerson},
	BehalfStopped: {compose: (*composer).behalfStopped, must: []string{"fact.received", "behalf_stopped.why|behalf_stopped.why_plain", "behalf_stopped.again"}, named: true},

	BehalfDeclined: {compose: (*composer).behalfDeclined, must: []string{"fact.received", "behalf_declined.own"}, to: toPerson},
	PermissionRefused: {
		compose: (*composer).permissionRefused, named: true, free: withNote,
		must: []string{"fact.received", "permission.law|permission.law_plain", "permission.least", "permission.silence|permission_refused.stays", "remedies"},
	},
	PermissionMissing: {
		compose: (*composer).permissionMissing, named: true,
		must: []string{"fact.received", "permission.law|permission.law_plain", "permission.least", "permission.silence", "remedies"},
	},

	IDRequest: {
		compose: (*composer).idRequest, free: withReason,
		must: []string{"fact.received", "id_request.doubt", "id_request.items", "id_request.minimum", "id_request.channel", "id_request.deleted", "id_request.silence"},
	},
	Clarify: {
		compose: (*composer).clarify, free: withReason, named: true,
		must: []string{"fact.received", "clarify.items", "clarify.all", "clarify.silence"},
	},
	CorrectionProof: {
		compose: (*composer).correctionProof, free: withReason, named: true,
		must: []string{"fact.received", "correction_proof.why", "correction_proof.items", "id_request.minimum", "id_request.channel", "correction_proof.deleted", "correction_proof.silence"},
	},
	Extension:  {compose: (*composer).extension, must: []string{"fact.received", "extension.intro", "extension.why", "remedies"}, named: true, free: withReason},
	Unverified: {compose: (*composer).unverified, must: []string{"fact.received", "unverified.again|unverified.details", "unverified.more", "unverified.silence", "remedies"}},
	Expired:    {compose: (*composer).expired, must: []string{"fact.received", "expired.reason|expired.reason_other", "expired.again", "remedies"}},

	AccessReady:       {compose: (*composer).accessReady, must: []string{"fact.received", "access_ready.inside|access_ready.inside_ca", "access_ready.rights_text|access_ready.rights_california|access_ready.rights_states|access_ready.rights_canada", "authority"}, named: true, free: withNote},
	PortabilityReady:  {compose: (*composer).portabilityReady, must: []string{"fact.received", "portability_ready.scope", "authority"}, named: true, free: withNote},
	ErasureDone:       {compose: (*composer).erasureDone, must: []string{"fact.received", "erasure_done.intro", "authority"}, named: true, free: withNote},
	WithdrawalDone:    {compose: (*composer).withdrawalDone, must: []string{"fact.received", "withdrawal_done.past"}, named: true, free: withNote},
	OptOutDone:        {compose: (*composer).optOutDone, must: []string{"fact.received", "opt_out_done.price"}, named: true, free: withNote},
	RectificationDone: {compose: (*composer).rectificationDone, must: []string{"fact.received", "authority"}, named: true, free: withNote},
	RestrictionDone:   {compose: (*composer).restrictionDone, must: []string{"fact.received", "restriction_done.store", "restriction_done.before", "authority"}, named: true, free: withNote},
	RestrictionEnds:   {compose: (*composer).restrictionEnds, must: []string{"fact.received", "restriction_ends.intro", "remedies"}, named: true, free: withReason},
	ObjectionDone:     {compose: (*composer).objectionDone, must: []string{"fact.received", "objection_done.intro", "authority"}, named: true, free: withNote},
	Done:              {compose: (*composer).done, must: []string{"fact.received", "authority"}, named: true, free: withNote},
	KeepNotice:        {compose: (*composer).keepNotice, must: []string{"fact.received", "keep_notice.only", "remedies"}, named: true, free: withNote},

	Partial:             {compose: (*composer).partial, must: []string{"fact.received", "partial.not_done", "remedies"}, named: true, free: withReason},
	Refusal:             {compose: (*composer).refusal, must: []string{"fact.received", "refusal.action", "remedies"}, named: true, free: withReason},
	Excessive:           {compose: (*composer).excessive, must: []string{"fact.received", "excessive.burden", "remedies"}, named: true, free: withReason},
	NotFound:            {compose: (*composer).notFound, must: []string{"fact.received", "not_found.searched_for", "not_found.searched_in", "not_found.more", "remedies"}, named: true, free: withNote},
	RectificationDenied: {compose: (*composer).rectificationDenied, must: []string{"fact.received", "rectification_denied.statement", "remedies"}, named: true, free: withReason},
	CADeleteDenied: {
		compose: (*composer).caDeleteDenied, families: []string{"CA"}, named: true, free: withReason,
		must: []string{"fact.received", "ca_delete_denied.rest", "ca_delete_denied.only", "ca_delete_denied.providers", "record_kept", "remedies"},
	},
	CACorrectDenied: {
		compose: (*composer).caCorrectDenied, families: []string{"CA"}, named: true, free: withReason,
		must: []string{"fact.received", "ca_correct_denied.weighed", "record_kept", "remedies"},
	},
	StateDenied: {compose: (*composer).stateDenied, families: []string{"US"}, must: []string{"fact.received", "refusal.action", "remedies"}, named: true, free: withReason},

	AppealReceived:    {compose: (*composer).appealReceived, must: []string{"fact.received", "appeal_received.other", "appeal_received.answer"}, named: true, free: withNote},
	AppealExtension:   {compose: (*composer).appealExtension, must: []string{"fact.received", "appeal_extension.intro", "extension.why", "appeal_received.other", "authority"}, named: true, free: withReason},
	AppealDecision:    {compose: (*composer).appealDecision, must: []string{"fact.received", "appeal_decision.reasons"}, named: true, free: withReason},
	ComplaintReceived: {compose: (*composer).complaintReceived, must: []string{"fact.received", "complaint_received.look", "authority"}, named: true, free: withNote},
	ComplaintAnswer:   {compose: (*composer).complaintAnswer, must: []string{"fact.received", "complaint_answer.reasons", "complaint_answer.further"}, named: true, free: withReason},

	RecipientNotice: {compose: (*composer).recipientNotice, must: []string{"recipient_notice.who", "recipient_notice.confirm", "recipient_notice.purpose"}, to: toRecipient},
	DeskReminder:    {compose: (*composer).deskReminder, must: []string{"desk_reminder.intro"}, to: toDesk},
	DeskOverdue:     {compose: (*composer).deskOverdue, must: []string{"desk_overdue.intro", "desk_overdue.todo"}, to: toDesk},
}

// ToCustomer tells whether letters of a kind go to the person whose request it is. The others, to our
// own desk and to recipients of the data, are not the customer's to read.
func ToCustomer(name string) bool {
	k, ok := kinds[name]
	return ok && k.to == ""
}

// Free lists the slots of a kind whose words are the desk's: SlotReason, SlotNote, SlotPerson.
func Free(name string) []string { return kinds[name].free }
