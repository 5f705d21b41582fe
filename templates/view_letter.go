package templates

// DraftPage shows the letters of a decision before it is made, with the slots
// that a person may fill.
type DraftPage struct {
	Page
	Case    CaseHead
	Do      string // refuse extend ask preview
	Action  string // path of the POST
	Back    string // where to change what the draft was made from
	Reason  string
	Reasons bool // the reason can be changed here
	Note    string
	Person  string
	Changed bool // the letters changed since they were last looked at
	Letters []DraftLetter
}

// DraftLetter is one letter as it would go out, and its English reading where
// it is in another language.
type DraftLetter struct {
	Kind     string
	Language string // name of the language, in English
	Locale   string
	// Recipient is who gets it where that is not the customer.
	Recipient string
	Paper     bool
	Subject   string
	Text      string
	Src       string // address of the letter's own HTML
	English   string // address of the English reading; "" where the letter is English
	Subject2  string // of the English reading
	Text2     string
}

// AskPage asks the customer for a proof or for what they look for.
type AskPage struct {
	Page
	Case   CaseHead
	Kind   string // id_request, clarify, correction_proof, excessive
	Action string
	Why    string
	Proofs []Option // id_request: what can be asked for
	Chosen []string
	Items  string // one per line
	Fee    string // excessive: the amount with its currency
	Until  string // 2026-12-01
	Pause  bool
	Law    string // why the clock cannot stop; "" where it can
}
