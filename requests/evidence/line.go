package evidence

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gowebpki/jcs"
)

// SystemCase is the stream of what belongs to no case: users, config, keys.
const SystemCase = "00000000-0000-0000-0000-000000000000"

// Event is one thing that happened. Actor is a role and an id ("dpo:0193…"),
// or a part of the program alone ("system", "worker").
type Event struct {
	Actor string
	Data  Data
}

// Line is one event as it stands in the log.
type Line struct {
	Index int64 // in the whole log, from 0; -1 while it waits for the integrator
	Actor string
	At    time.Time
	Case  string
	Kind  string
	Salt  string
	Seq   int64
	Data  json.RawMessage
	Raw   []byte // the exact leaf, without newline
}

// Payload returns the typed data.
func (l Line) Payload() (Data, error) { return Decode(l.Kind, l.Data) }

// encode writes the leaf: RFC 8785, members in their known order, so that no
// general canonicaliser runs in the business transaction.
func encode(caseID string, at time.Time, seq int64, salt string, e Event) ([]byte, error) {
	if e.Data == nil {
		return nil, errors.New("evidence: event without data")
	}
	if !word(e.Actor, "-_:.") {
		return nil, fault("actor")
	}
	kind := e.Data.Kind()
	var b bytes.Buffer
	b.Grow(512)
	b.WriteString(`{"actor":"`)
	b.WriteString(e.Actor)
	b.WriteString(`","at":"`)
	b.Write(at.UTC().AppendFormat(b.AvailableBuffer(), TimeFormat))
	b.WriteString(`","case":"`)
	b.WriteString(caseID)
	b.WriteString(`","data":`)
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e.Data); err != nil {
		return nil, fmt.Errorf("evidence: data of %s: %w", kind, err)
	}
	b.Truncate(b.Len() - 1) // Encode ends with a newline
	b.WriteString(`,"kind":"`)
	b.WriteString(kind)
	b.WriteString(`","salt":"`)
	b.WriteString(salt)
	b.WriteString(`","seq":`)
	b.Write(strconv.AppendInt(b.AvailableBuffer(), seq, 10))
	b.WriteString(`,"v":1}`)
	return b.Bytes(), nil
}

// newSalts returns n salts of 128 random bits as hexadecimal digits.
func newSalts(n int) []string {
	raw := make([]byte, 16*n)
	rand.Read(raw) // never fails (crypto/rand)
	salts := make([]string, n)
	for i := range salts {
		salts[i] = fmt.Sprintf("%x", raw[16*i:16*i+16])
	}
	return salts
}

// ParseLine reads a leaf and refuses what is not exactly as encode writes it:
// canonical JSON, known members, well-formed values.
func ParseLine(raw []byte) (Line, error) {
	if len(raw) == 0 || raw[0] != '{' {
		return Line{}, errors.New("not a JSON object")
	}
	canonical, err := jcs.Transform(raw)
	if err != nil {
		return Line{}, errors.New("not valid JSON")
	}
	if !bytes.Equal(canonical, raw) {
		return Line{}, errors.New("not canonical JSON (RFC 8785)")
	}
	var p struct {
		Actor *string         `json:"actor"`
		At    *string         `json:"at"`
		Case  *string         `json:"case"`
		Data  json.RawMessage `json:"data"`
		Kind  *string         `json:"kind"`
		Salt  *string         `json:"salt"`
		Seq   *Count          `json:"seq"`
		V     *int            `json:"v"`
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return Line{}, errors.New("not an event: a member is unknown or of the wrong form")
	}
	if p.Actor == nil || p.At == nil || p.Case == nil || p.Kind == nil || p.Salt == nil || p.Seq == nil || p.V == nil {
		return Line{}, errors.New("not an event: a member is missing")
	}
	if *p.V != 1 {
		return Line{}, fmt.Errorf("event format %d is not known to this version", *p.V)
	}
	at, err := parseTime(*p.At)
	switch {
	case err != nil:
		return Line{}, errors.New(`"at" is not a time in UTC with milliseconds`)
	case !word(*p.Actor, "-_:."):
		return Line{}, errors.New(`"actor" is malformed`)
	case !validCase(*p.Case):
		return Line{}, errors.New(`"case" is not a UUID`)
	case !word(*p.Kind, "._"):
		return Line{}, errors.New(`"kind" is malformed`)
	case !hex(*p.Salt, 32):
		return Line{}, errors.New(`"salt" is not 32 hexadecimal digits`)
	case *p.Seq < 1:
		return Line{}, errors.New(`"seq" is not a number from 1`)
	case len(p.Data) == 0 || p.Data[0] != '{':
		return Line{}, errors.New(`"data" is not an object`)
	}
	return Line{
		Index: -1, Actor: *p.Actor, At: at, Case: *p.Case, Kind: *p.Kind,
		Salt: *p.Salt, Seq: int64(*p.Seq), Data: p.Data, Raw: raw,
	}, nil
}

// validCase reports whether s is a UUID in lower case, as PostgreSQL writes it.
func validCase(s string) bool {
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' &&
		hex(s[:8]+s[9:13]+s[14:18]+s[19:23]+s[24:], 32)
}
