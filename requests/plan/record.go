// Package plan says what is to happen to every record found: its canonical
// form, the hash that approvals sign, and what counts as drift from it.
package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gowebpki/jcs"

	"habeas/requests/connect"
)

// Version is the version of the canonical form.
const Version = 1

// Header is the first line of a plan.
type Header struct {
	V      int      `json:"v"`
	Case   string   `json:"case"`
	Rights []string `json:"rights"`
	// Nonce is 128 random bits in hex: without it, somebody who knows a
	// person's records could guess the plan behind a hash.
	Nonce string `json:"nonce"`
	// Datasets maps each system to the hash of its description, Config is the
	// hash of the settings that decide what a plan says.
	Datasets map[string]string `json:"datasets"`
	Config   string            `json:"config"`
}

// Record is one line of a plan: what happens to one record for one right.
type Record struct {
	System string         `json:"system"`
	Type   string         `json:"type"`
	Key    string         `json:"key"`
	Right  string         `json:"right"`
	Action connect.Action `json:"action"`
	Fields []string       `json:"fields"`
	Ground string         `json:"ground"`
	Via    string         `json:"via"`
	Owner  string         `json:"owner"`
	// Fingerprint is the keyed digest of the fields to be kept or masked, in
	// hex; empty where the record goes whole.
	Fingerprint string `json:"fingerprint"`
}

// Note is what the desk sees beside a record and approvals do not sign,
// because it follows from the record or changes by itself.
type Note struct {
	Match     connect.Match `json:"match"`
	Shared    int           `json:"shared"`
	Until     string        `json:"until,omitempty"` // date at which a ground to keep ends
	Undecided bool          `json:"undecided,omitempty"`
	Unfounded bool          `json:"unfounded,omitempty"` // the description's ground is none under the law of the case
	ByDesk    bool          `json:"by_desk,omitempty"`   // the ground is a person's words
	Hold      string        `json:"hold,omitempty"`      // id of the hold that keeps it
	Carried   bool          `json:"carried,omitempty"`   // done under an earlier plan of the case
	// Purposes are those that a suppression is about; empty means all.
	Purposes []string `json:"purposes,omitempty"`
	// Values are the new values of a correction, by field.
	Values map[string]json.RawMessage `json:"values,omitempty"`
	// Proposed is what would be done to an ambiguous record if it is this
	// person's.
	Proposed *Proposed `json:"proposed,omitempty"`
}

// Proposed is what the dataset description proposes for a record.
type Proposed struct {
	Action connect.Action `json:"action"`
	Fields []string       `json:"fields,omitempty"`
	Ground string         `json:"ground,omitempty"`
}

// Manual is one piece of work by hand.
type Manual struct {
	System       string `json:"system"`
	Right        string `json:"right"`
	Instructions string `json:"instructions"`
	Within       int    `json:"within_hours"`
}

// Compare orders records by (system, type, key), then right.
func Compare(a, b Record) int {
	if c := strings.Compare(a.System, b.System); c != 0 {
		return c
	}
	if c := strings.Compare(a.Type, b.Type); c != 0 {
		return c
	}
	if c := strings.Compare(a.Key, b.Key); c != 0 {
		return c
	}
	return strings.Compare(a.Right, b.Right)
}

// Line returns the RFC 8785 form of a header, record or manual task, without
// a newline.
func Line(v any) ([]byte, error) {
	if r, ok := v.(Record); ok && r.Fields == nil {
		r.Fields = []string{}
		v = r
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("plan: encode line: %w", err)
	}
	line, err := jcs.Transform(raw)
	if err != nil {
		return nil, fmt.Errorf("plan: canonical line: %w", err)
	}
	return line, nil
}

// normal returns rec with its fields sorted and without doubles.
func normal(rec Record) Record {
	rec.Fields = slices.Clone(rec.Fields)
	slices.Sort(rec.Fields)
	rec.Fields = slices.Compact(rec.Fields)
	return rec
}
