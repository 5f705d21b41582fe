package requests

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"filippo.io/age"

	"habeas/requests/connect"
)

func (s *Service) checkFiling(by Actor, f Filing) (Filing, error) {
	var faults []FieldError
	bad := func(field, message string) { faults = append(faults, FieldError{Field: field, Message: message}) }

	if len(f.Rights) == 0 {
		bad("rights", "Say what you ask for: "+strings.Join(offered, ", ")+".")
	}
	f.Rights = slices.Clone(f.Rights)
	slices.Sort(f.Rights)
	f.Rights = slices.Compact(f.Rights)
	for _, r := range f.Rights {
		if !slices.Contains(offered, r) {
			bad("rights", "One of these is not offered here. Use "+strings.Join(offered, ", ")+".")
			break
		}
	}
	f.Country = strings.ToUpper(strings.TrimSpace(f.Country))
	if len(f.Country) != 2 || f.Country[0] < 'A' || f.Country[0] > 'Z' || f.Country[1] < 'A' || f.Country[1] > 'Z' {
		bad("country", "Give the country where you live as two letters, such as DE.")
	}
	f.Region = strings.ToUpper(strings.TrimSpace(f.Region))
	if !regionForm.MatchString(f.Region) {
		bad("region", "Give the state or province as its short code, such as CA.")
	}
	if len(f.Name) > maxName || !plainText(f.Name) {
		bad("name", fmt.Sprintf("A name has at most %d letters, without control characters.", maxName))
	}
	if len(f.Message) > maxMessage || !utf8.ValidString(f.Message) || strings.ContainsRune(f.Message, 0) {
		bad("message", fmt.Sprintf("A message has at most %d letters.", maxMessage))
	}
	f.Identities, faults = checkIdentities(f.Identities, by, faults)
	for _, x := range []struct {
		field, value string
		known        []string
	}{{"know", f.Know, knowKinds}, {"period", f.Period, periods}, {"restriction", f.Restriction, restrictions}} {
		if x.value != "" && !slices.Contains(x.known, x.value) {
			bad(x.field, "Use one of "+strings.Join(x.known, ", ")+".")
		}
	}
	f.Purposes, faults = s.checkPurposes(f, faults)
	f.Corrections, faults = checkCorrections(f, faults)
	f.Objections, faults = s.checkObjections(f, faults)
	if f.AgeRecipient != "" {
		if _, err := age.ParseX25519Recipient(f.AgeRecipient); err != nil {
			bad("age_recipient", "This is not an age public key. It starts with age1.")
		}
	}
	f.OnBehalf, faults = checkBehalf(f, by, faults)
	faults = s.checkChannel(by, f, faults)
	if len(faults) > 0 {
		return f, invalid(faults...)
	}
	f.Locale = NearestLanguage(f.Locale, s.set.Languages)
	return f, nil
}

func checkIdentities(ids []connect.Identity, by Actor, faults []FieldError) ([]connect.Identity, []FieldError) {
	bad := func(message string) { faults = append(faults, FieldError{Field: "identities", Message: message}) }
	if len(ids) == 0 && by.Staff() {
		bad("Give at least one way in which the company knows the person: e-mail address, phone, customer number or handle.")
		return nil, faults
	}
	if len(ids) == 0 || len(ids) > maxIdentities {
		bad(fmt.Sprintf("Give between one and %d ways in which we know you, at least an e-mail address.", maxIdentities))
		return nil, faults
	}
	out := make([]connect.Identity, 0, len(ids))
	for _, id := range ids {
		id.Proven = false
		id.Value = strings.TrimSpace(id.Value)
		switch {
		case !slices.Contains([]string{"email", "phone", "customer_id", "handle", "social_id"}, id.Kind):
			bad("A kind of identity is unknown. Use email, phone, customer_id or handle.")
		case id.Value == "" || len(id.Value) > maxIdentity || !plainText(id.Value):
			bad(fmt.Sprintf("An identity has between 1 and %d letters, without control characters.", maxIdentity))
		case id.Kind == "email" && !validEmail(id.Value):
			bad("An e-mail address is not complete. It looks like name@company.example.")
		case !slices.ContainsFunc(out, id.Same):
			out = append(out, id)
		}
	}
	if emailOf(out) == "" && !by.Staff() && len(faults) == 0 {
		bad("Give an e-mail address, so that we can check that it is you and answer.")
	}
	return out, faults
}

func (s *Service) checkPurposes(f Filing, faults []FieldError) ([]string, []FieldError) {
	var known []string
	for _, p := range s.set.Purposes {
		known = append(known, p.Name)
	}
	purposes := slices.Clone(f.Purposes)
	slices.Sort(purposes)
	purposes = slices.Compact(purposes)
	for _, p := range purposes {
		if !slices.Contains(known, p) {
			return nil, append(faults, FieldError{Field: "purposes", Message: "One of these is not a purpose here. Use " + strings.Join(known, ", ") + "."})
		}
	}
	if len(purposes) == 0 {
		purposes = s.set.meant(f.Rights)
	}
	return purposes, faults
}

// meant are the purposes that a request stops which names none: of a right to
// limit the uses of sensitive data, of every other right all. Where no purpose is
// marked as sensitive, limiting stops all as well: too much rather than too little.
func (s Settings) meant(rights []string) []string {
	var all, sensitive []string
	for _, p := range s.Purposes {
		all = append(all, p.Name)
		if p.Sensitive {
			sensitive = append(sensitive, p.Name)
		}
	}
	slices.Sort(all)
	slices.Sort(sensitive)
	asks := func(right string) bool { return slices.Contains(rights, right) }
	switch {
	case asks("consent_withdrawal"), asks("opt_out"), asks("limit") && sensitive == nil:
		return all
	case asks("limit"):
		return sensitive
	}
	return nil
}

// earliest is a day before which no law of the table gave anybody a right to ask:
// an earlier one is a slip.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

func (s *Service) checkChannel(by Actor, f Filing, faults []FieldError) []FieldError {
	if f.Channel == "" && f.ReceivedAt == nil {
		return faults
	}
	if !by.Staff() {
		return append(faults, FieldError{Field: "channel", Message: "Only staff may enter a request that came another way."})
	}
	if f.Channel == "" {
		faults = append(faults, FieldError{Field: "channel", Message: "Say how it came: " + strings.Join(channels, ", ") + "."})
	} else if !slices.Contains(channels, f.Channel) {
		faults = append(faults, FieldError{Field: "channel", Message: "Use " + strings.Join(channels, ", ") + "."})
	}
	if f.ReceivedAt != nil {
		switch {
		case f.ReceivedAt.After(s.now()):
			faults = append(faults, FieldError{Field: "received_at", Message: "A request cannot have been received in the future: its time counts from the day of receipt (" + s.countedBy(f) + ")."})
		case f.ReceivedAt.Before(earliest):
			faults = append(faults, FieldError{Field: "received_at", Message: "A request cannot have been received before 1990."})
		}
		if strings.TrimSpace(f.Reason) == "" {
			faults = append(faults, FieldError{Field: "reason", Message: "Say why it is entered later than it was received."})
		}
	}
	return faults
}
