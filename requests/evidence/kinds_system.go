package evidence

// LetterSent is one letter handed to the mail server.
type LetterSent struct {
	Digest   Digest `json:"digest"` // keyed, over the letter as sent
	Template Code   `json:"kind"`   // which letter: UNVERIFIED, …
	Language Code   `json:"language"`
	Letter   ID     `json:"letter"`
	Version  Code   `json:"version"`       // of the template
	Way      Code   `json:"way,omitempty"` // post, for a letter on paper
}

// LetterFailed is a letter that the mail server refused for good.
type LetterFailed struct {
	Code     Code `json:"code"`
	Template Code `json:"kind"`
	Letter   ID   `json:"letter"`
}

// LetterEdited is what a person wrote into the free slots of a letter, when it was sent or for one that
// will be.
type LetterEdited struct {
	Digest   Digest `json:"digest"`           // keyed, over the words
	Template Code   `json:"kind"`             // which letter
	Letter   ID     `json:"letter,omitempty"` // absent: the next letter of that kind
	Slots    []Code `json:"slots"`            // reason, note, person
}

// ReplyReceived is what the customer sent over the portal: an answer, a proof.
type ReplyReceived struct {
	Digest Digest `json:"digest"` // keyed, over text and file
	File   bool   `json:"file"`   // with a file
	Reply  ID     `json:"reply"`
	Size   Count  `json:"size"` // bytes
}

// ReplyDeleted is the end of one: it was checked, or the case ended.
type ReplyDeleted struct {
	Cause Code `json:"cause"` // checked, closed
	Reply ID   `json:"reply"`
}

// PackageBuilt is a customer's package, stored and not yet released.
type PackageBuilt struct {
	Files   Count  `json:"files"`
	Package ID     `json:"package"`
	Records Count  `json:"records"`
	SHA256  Digest `json:"sha256"` // of the bytes that the customer gets
	Size    Count  `json:"size"`   // bytes
}

// PackageReleased is one person's release of it.
type PackageReleased struct {
	Approval Count `json:"approval"` // which one this is, from 1
	Needed   Count `json:"needed"`
	Package  ID    `json:"package"`
}

// PackageDownloaded is one download by the customer.
type PackageDownloaded struct {
	Package ID     `json:"package"`
	SHA256  Digest `json:"sha256"`
}

// PackageDeleted is the end of a package or of staged data.
type PackageDeleted struct {
	Cause   Code `json:"cause"` // expired, withdrawn, closed
	Package ID   `json:"package"`
}

// EvidenceDownloaded is one download of the evidence report. It is not in the
// report that it speaks of.
type EvidenceDownloaded struct {
	Events   Count  `json:"events"`
	Manifest Digest `json:"manifest"` // SHA-256 of manifest.json
	TreeSize Count  `json:"tree_size"`
}

// PersonalDataViewed is one look at personal data by staff.
type PersonalDataViewed struct {
	Purpose Code  `json:"purpose"`
	Records Count `json:"records"`
	What    Code  `json:"what"` // identities, staged, preview
}

// HoldSet keeps records from being erased.
type HoldSet struct {
	Basis    Digest `json:"basis,omitempty"` // keyed digest of ground and article where they are withheld
	Cite     Cite   `json:"cite,omitempty"`
	Ground   Code   `json:"ground"` // withheld where it would tell something of a person
	Hold     ID     `json:"hold"`
	Owner    ID     `json:"owner"`
	Reason   Digest `json:"reason,omitempty"`
	Records  Count  `json:"records"`
	ReviewOn Date   `json:"review_on"`
	Scope    Code   `json:"scope"` // person, system, records
	System   Code   `json:"system,omitempty"`
}

// HoldFound says that a plan keeps records back because of a hold.
type HoldFound struct {
	Ground  Code  `json:"ground"`
	Hold    ID    `json:"hold"`
	Records Count `json:"records"`
}

// HoldLifted ends a hold.
type HoldLifted struct {
	Hold   ID     `json:"hold"`
	Reason Digest `json:"reason,omitempty"`
}

// ConsentChanged is one entry of the consent ledger made by a case.
type ConsentChanged struct {
	Allowed bool   `json:"allowed"`
	Purpose Code   `json:"purpose"`
	Source  Code   `json:"source"`  // request, undo, service, gpc, restriction
	Subject Digest `json:"subject"` // keyed digest of the identity
}

// KeyDestroyed ends the readability of a case's sealed data.
type KeyDestroyed struct {
	FinalOn Date `json:"final_on"` // when the last backup that holds the key is gone
}

// UserChanged is a change of a member of staff.
type UserChanged struct {
	Change Code `json:"change"` // created, role, password, disabled, enabled, locked, unlocked
	Role   Code `json:"role,omitempty"`
	User   ID   `json:"user"`
}

// TokenChanged is a change of an API token.
type TokenChanged struct {
	Change  Code `json:"change"` // created, revoked
	Service Code `json:"service,omitempty"`
	Token   ID   `json:"token"`
	User    ID   `json:"user,omitempty"`
}

// ConfigChanged is a start with another configuration or dataset.
type ConfigChanged struct {
	Config   Digest       `json:"config"`
	Datasets []SystemHash `json:"datasets,omitempty"`
	Previous Digest       `json:"previous,omitempty"`
}

// KeyRotated is a new version of the key-encryption key or the log's key.
type KeyRotated struct {
	Key     Code  `json:"key"` // seal, log
	Version Count `json:"version"`
}

// SystemPaused stops all work in a system.
type SystemPaused struct {
	Reason Digest `json:"reason,omitempty"`
	System Code   `json:"system"` // "all" for every system
}

// SystemResumed lets it go on.
type SystemResumed struct {
	System Code `json:"system"`
}

// SystemRestored says that a system came back from a backup: what requests erased
// or stopped there is looked for, or stopped, again.
type SystemRestored struct {
	Looked     Count `json:"looked"`     // requests whose records are looked for
	Suppressed Count `json:"suppressed"` // requests whose opt-outs are written again
	System     Code  `json:"system"`
}
