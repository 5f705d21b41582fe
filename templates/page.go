// Package templates holds the pages: one page per .templ file, each taking a
// plain view struct that a handler fills. It knows nothing of requests or
// storage. Every string that a customer sees comes from the catalogue under
// locales/ through T; the desk's and the auditor's pages are English.
package templates

import (
	"time"
)

// Page is what every page needs, whoever sees it.
type Page struct {
	Brand   Brand
	CSRF    string   // token that forms of this page send back
	Path    string   // path of this page, for links back
	Here    string   // address of this page with its query: where the choice of a language leads back to
	Demo    bool     // says that this is a demonstration with invented people
	Session *Session // nil when nobody is signed in
	Staff   *Staff   // nil on public pages
	// OptedOut says that this browser's opt-out signal is honoured (11 CCR
	// 7025(c)(6)).
	OptedOut bool
	Notice   *Notice // what the last action did
	Errors   []FieldError
}

// Brand is the company on whose behalf the portal runs. It comes from config.
type Brand struct {
	Name         string // "Acme Outdoor"
	Controller   string // legal name and address of the controller, one line
	Contact      string // e-mail of the privacy team
	Phone        string // optional
	Post         string // postal address, optional
	DPO          string // how to reach the data protection officer, optional
	Authority    string // supervisory authority, with address or link text
	AuthorityURL string
	PrivacyURL   string // the company's privacy notice; "" shows our own page only
	LogoURL      string // "" shows the name alone
	StyleURL     string // brand.css with the company's colours; "" for the stock colours
}

// Session says when the person is signed out, so that the page can warn.
type Session struct {
	Idle     time.Duration // signed out after so long without a request
	KeepURL  string        // GET keeps the session alive, answers 204
	EndURL   string        // POST signs out
	EndedURL string        // where a page goes when the session has ended
}

// Staff is the signed-in member of staff. Role is dpo, agent, auditor or admin.
type Staff struct {
	Name string
	Role string
}

// Notice tells once what an action did. Kind is "success" or "important".
type Notice struct {
	Kind  string
	Title string
	Text  string
	Link  string // text of the link, optional
	Href  string
}

// FieldError is one fault of a form. Field is the control's name.
type FieldError struct {
	Field   string
	Message string
}

// ErrorOf gives the message for a field, or "".
func (p Page) ErrorOf(field string) string {
	for _, e := range p.Errors {
		if e.Field == field {
			return e.Message
		}
	}
	return ""
}

// Option is one choice of a select, radio or checkbox group.
type Option struct {
	Value string
	Label string
	Hint  string
}

// Rule is one step of a deadline's derivation, with its source.
type Rule struct {
	Cite string // "Reg. 1182/71 Art. 3(4)"
	Text string
	// Code names the step, so that it can be told in the reader's language; the
	// rest is what it says. See clock.Facts.
	Code           string
	What           string
	Day, From, To  time.Time
	N              int
	Unit           string
	First, Holiday bool
}

// Clock is a legal deadline and how it came about.
type Clock struct {
	Due      time.Time // civil date on which the answer is due; zero when there is none
	Received time.Time
	Law      string    // "GDPR Art. 12(3)"
	LawName  string    // "General Data Protection Regulation"
	LawCode  string    // of the law table: "EU"
	Counsel  bool      // the figure awaits confirmation by counsel
	Target   time.Time // the day that the desk aims at, where it lies before the due date
	Rules    []Rule
	Changes  []ClockChange // pauses and extensions, oldest first
	DaysLeft int           // negative when overdue
	Paused   bool
	Extended bool
}

// ClockChange moves or tries to move a deadline.
type ClockChange struct {
	At   time.Time
	Kind string // paused, resumed, extended
	From time.Time
	To   time.Time // zero while the clock still stands
	Cite string
	Text string
}
