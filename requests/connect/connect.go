// Package connect is the contract between Habeas and the systems that hold
// personal data: a CRM, the social records linked to it, a mailing tool, a
// paper archive.
//
// A connector says what it holds (Describe) and implements the capabilities it
// has, each a small interface: Finder, Reader, Applier, Looker. What a system
// cannot do is planned as a manual task, never silently left out.
//
// Everything a connector gets or returns about records is streamed: a person
// may have a million rows.
package connect

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"time"
)

// Connector is one configured system. It is safe for concurrent use.
type Connector interface {
	// Describe says what the system holds and can do. It reads configuration
	// only and does not touch the system.
	Describe() Description
	// Check reports whether the system can be reached and is as described:
	// one Fault per problem, in plain words, without personal data.
	Check(ctx context.Context) ([]Fault, error)
	Close() error
}

// Finder walks the system from verified identities to every record of one
// person. It never changes anything.
type Finder interface {
	// Find emits every record that belongs to the person, sorted by
	// (Type, Key) bytewise, each once. Records reached only over an identity
	// that is not Proven are not emitted but counted in Findings.Candidates.
	Find(ctx context.Context, who []Identity, emit func(Found) error) (Findings, error)
}

// Reader reads the values of known records.
type Reader interface {
	// Read emits one Row per target that still exists, in the order of the
	// targets, with the fields of others and free text redacted as the
	// target's Fields say (Redact: Fields are those to be blacked out).
	Read(ctx context.Context, targets iter.Seq2[Target, error], emit func(Row) error) error
}

// Applier changes records as an approved plan says.
type Applier interface {
	// Apply erases, masks, detaches, suppresses or corrects the targets. A
	// system that has transactions does it in one, children first. job is the
	// same for every attempt at the same task: the idempotency key. A target
	// that is already in its target state is a success. When the system turns
	// out not to be what was planned, nothing is changed and the error is a
	// drift (IsDrift).
	Apply(ctx context.Context, job string, targets iter.Seq2[Target, error], done func(Result) error) error
}

// Looker looks again, after the act and in later re-scans.
type Looker interface {
	// Look reports the present state of every target, in order.
	Look(ctx context.Context, targets iter.Seq2[Target, error], emit func(Result) error) error
	// Search emits the records that any of the identities still leads to
	// directly, without walking on. Used to find what reappeared.
	Search(ctx context.Context, who []Identity, emit func(Found) error) error
}

// Tier knows which single records hang together. Where a system is none, what its
// Findings.Needs say of types counts.
type Tier interface {
	// Ties emits the constraints by which the targets refer to records, and by
	// which these refer to others in turn: what is emitted of a record follows
	// what led to it. It never changes anything.
	Ties(ctx context.Context, targets iter.Seq2[Target, error], emit func(Tie) error) error
}

// Tie says that the system keeps one record only with another, to which it refers.
type Tie struct {
	Type      string `json:"type"`
	Key       string `json:"key"`
	NeedsType string `json:"needs_type"`
	NeedsKey  string `json:"needs_key"`
}

// Identity is something a person is known by.
type Identity struct {
	Kind  string `json:"kind"`  // email, phone, customer_id, handle (name@network), social_id (network:id), …
	Value string `json:"value"` // as given; compare with Normal
	// Proven says that the identity is proved to be the person's. An unproven
	// one leads to candidates only.
	Proven bool `json:"proven"`
}

// Action is what a plan does to a record.
type Action string

// The actions of a plan. Keep does nothing and says on which ground.
const (
	Disclose Action = "disclose"
	Redact   Action = "redact"
	Erase    Action = "erase"
	Mask     Action = "mask"
	Suppress Action = "suppress"
	Correct  Action = "correct"
	Keep     Action = "keep"
	Detach   Action = "detach"
)

// Match says how surely a record was tied to the person.
type Match string

// Exact: an identity stands in the record. Derived: reached over references.
// Ambiguous: the identity reaches two people; the desk decides.
const (
	Exact     Match = "exact"
	Derived   Match = "derived"
	Ambiguous Match = "ambiguous"
)

// Found is one record of the person, as found.
type Found struct {
	Type string // the system's record type, e.g. "contacts"
	Key  string // primary key as text; composite keys as a JSON array
	// Owner names the person within the system to whom the record belongs
	// ("contacts/17", the type and key of the person's row; a JSON array of
	// these where several rows of the person use a shared record), so that a
	// change of owner is drift. Empty where no row stands for the person.
	Owner string
	// Via is the path by which it was reached, e.g. "contacts.email" or
	// "contacts.email > tickets.contact_id". It holds no values.
	Via    string
	Match  Match
	Shared int // how many other people use the record too
	// What each kind of right would do to the record. A nil proposal means
	// that the right does not touch it.
	Access   *Proposal // Disclose, or Redact with the fields to black out
	Erasure  *Proposal // Erase, Mask, Detach or Keep
	Withdraw *Proposal // Suppress: consent withdrawal, objection and opt-out
	// Guard holds the canonical values of the fields that erasure keeps or
	// masks; the plan stores only a keyed digest of it. Empty for a record
	// that goes whole.
	Guard []byte
}

// Proposal is what the dataset description proposes for a record.
type Proposal struct {
	Action Action
	Fields []string   // the fields it concerns, sorted; empty means the whole record
	Ground string     // the reason with its legal citation, e.g. "HGB §257: invoices, 8 years"
	Until  *time.Time // for Keep: when the reason ends
	// Purposes, for Suppress: the purposes whose withdrawal it carries out.
	// Empty means all of them.
	Purposes []string
}

// Findings is what a walk learned besides records.
type Findings struct {
	Learned    []Identity // identities found on the way, for other systems and for verify
	Candidates []Candidate
	Warnings   []Warning
	Points     []Pointer // records elsewhere that this system refers to
	Entered    []Entrance
	// Needs are, by record type, the types that its records refer to by a
	// constraint: a record stays only where those that it refers to stay.
	Needs map[string][]string
}

// Entrance is a proved identity that leads to somebody, and what the system
// tells of how much it proves: an address that several people use, or that was
// put into the record days ago, does not say who is asking.
type Entrance struct {
	Identity Identity `json:"identity"`
	// People counts the different people to whom it leads; 0 where only records
	// that are no people's own hold it.
	People int `json:"people"`
	// ChangedOn is the day on which it last changed in a record where it stands;
	// nil when it never did, or when the system does not know.
	ChangedOn *time.Time `json:"changed_on,omitempty"`
}

// Candidate counts records reached only over an unproven identity.
type Candidate struct {
	Type  string `json:"type"`
	Via   string `json:"via"`
	Count int    `json:"count"`
}

// Warning is something the desk should know before it decides. Text holds no
// personal data.
type Warning struct {
	Code string `json:"code"` // e.g. "stale-handle", "no-index", "ambiguous"
	Text string `json:"text"`
	// Actions are those that run into it; a plan without them does not say it.
	// Empty means that it always counts.
	Actions []Action `json:"actions,omitempty"`
}

// Pointer says that a record of this system refers to something kept in
// another system, such as a folder in the paper archive.
type Pointer struct {
	System string `json:"system"`
	Ref    string `json:"ref"` // sealed where stored
}

// Target is one planned record.
type Target struct {
	Type   string
	Key    string
	Owner  string
	Action Action
	Fields []string
	Values map[string]json.RawMessage // for Correct: the new values
}

// Stream is a list as the stream that systems take.
func Stream(targets []Target) iter.Seq2[Target, error] {
	return func(yield func(Target, error) bool) {
		for _, t := range targets {
			if !yield(t, nil) {
				return
			}
		}
	}
}

// Row is one record's values.
type Row struct {
	Type   string
	Key    string
	Values []Value // in the order of the type's Fields
}

// Value is one field's value as JSON. Redacted fields have no Data.
type Value struct {
	Field    string          `json:"field"`
	Data     json.RawMessage `json:"data,omitempty"`
	Redacted bool            `json:"redacted,omitempty"`
}

// State is what was seen of a record after acting or looking.
type State string

// The states of a record. Present means unchanged. Accepted means that the
// system offers nothing to look at. PurgePending: gone for users, purged later.
const (
	Absent       State = "absent"
	Masked       State = "masked"
	Detached     State = "detached"
	Suppressed   State = "suppressed"
	Corrected    State = "corrected"
	Present      State = "present"
	Accepted     State = "accepted"
	PurgePending State = "purge_pending"
)

// Result is the state of one target.
type Result struct {
	Type  string
	Key   string
	State State
	Until time.Time // for PurgePending
	// Guard as in Found, where the record still exists.
	Guard []byte
}

// Description is what a system holds and can do.
type Description struct {
	Name  string // as configured: "crm"
	Title string // for people: "Customer database"
	Kind  string // the connector: "postgresql", "mysql", "manual"
	Types []Type
	// Accepts lists the identity kinds at which Find can enter.
	Accepts []string
	// Hash is the hex SHA-256 of the description that decides what is found
	// and what is done. It stands in the plan's header: a changed description
	// is drift.
	Hash string
	// Manual is set for what people must do by hand here.
	Manual *Manual
	// Unchecked names, in plain words, what cannot be looked at afterwards.
	Unchecked []string
	// Slots is how many tasks may run in this system at once (default 4).
	Slots int
	// Refers lists where the description names other systems.
	Refers []Refer
}

// Refer is a place where one system's description names another: as where a
// record points to, or with the kind of identity by which it is known there.
type Refer struct {
	System string
	Kind   string // empty for a pointer
	Enters bool   // the other system is to find people by this kind
	Where  string // as in Fault
}

// Manual describes work by hand in a system.
type Manual struct {
	Instructions string        // what to do, in plain words
	Within       time.Duration // how long people have
	Always       bool          // plan one for every case, not only where a record points here
}

// Type is one kind of record.
type Type struct {
	Name      string
	Title     string // for people: "Orders"
	Purpose   string // why the company has it (Art. 15(1)(a))
	Source    string // where it came from (Art. 15(1)(g))
	Recipient string // who received it (Art. 15(1)(c))
	Retention string // how long it is kept (Art. 15(1)(d))
	Provided  string // who gave it, where a field does not say: subject, observed, derived; "" is subject (Art. 20)
	Basis     string // legal basis, in words (from the register of processing)
	Transfers string // third countries and safeguards (Art. 15(2))
	Automated string // automated decisions with it (Art. 15(1)(h))
	Social    bool   // linked social record
	Fields    []Field
	Actions   []Action // what Apply can do to it
	Grounds   []string // on which records or fields of it may be kept: "CITATION: words", or words
}

// Field is one field of a record type.
type Field struct {
	Name     string
	Title    string
	Category string // data category, e.g. "contact.email", "content.message"
	FreeText bool   // may mention others: redacted until somebody decides (Art. 15(4))
	Others   bool   // about other people
	Provided string // subject, observed or derived; "" is as the type says
	Key      bool   // records of the type are known by it: never corrected
}

// Grounds that connectors give of themselves. Letters and pages have words of
// their own for them in each language.
const (
	// GroundShared is why a record that others use is not destroyed.
	GroundShared = "Others use this record too; it is not the person's alone"
	// GroundDetached is why a record stays that is to be detached and leads to
	// nobody.
	GroundDetached = "The dataset file detaches this record instead of erasing it, and nothing in it leads to the person"
)

// Fault is one thing wrong with a system or its description.
type Fault struct {
	Where string // "dataset acme-crm.yaml:41" or "table orders"
	Text  string
	// Advice: nothing stands in the way, but somebody should look: a look-up
	// without an index, a trigger that runs along.
	Advice bool
}

// Standing leaves out advice.
func Standing(faults []Fault) []Fault {
	return slices.DeleteFunc(slices.Clone(faults), func(f Fault) bool { return f.Advice })
}

// Opener makes a connector from its configuration.
type Opener func(ctx context.Context, cfg Config) (Connector, error)

// Config is one entry under `systems:` in habeas.yaml.
type Config struct {
	Name    string            // unique among the systems
	Kind    string            // which Opener
	Title   string            // for people
	URL     string            // secret; never logged
	Dataset string            // path of the dataset file, or its text (which has more than one line)
	Slots   int               // tasks at once
	Options map[string]string // what the kind needs besides
	Now     func() time.Time
}
