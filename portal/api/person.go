package api

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"habeas/requests/connect"
)

// person is an identity in a body: an object with kind and value, or, for an
// e-mail address, the address alone.
type person struct {
	Kind  string `json:"kind" enum:"email,phone,customer_id,handle,social_id"`
	Value string `json:"value"`
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (p *person) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() == '"' {
		p.Kind = "email"
		return json.UnmarshalDecode(dec, &p.Value)
	}
	type object person
	return json.UnmarshalDecode(dec, (*object)(p), json.RejectUnknownMembers(true))
}

func (p person) identity() connect.Identity { return connect.Identity{Kind: p.Kind, Value: p.Value} }

func (p person) missing() bool { return strings.TrimSpace(p.Value) == "" }
