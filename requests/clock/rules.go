package clock

import (
	"fmt"
	"time"
)

// Rule is one step of a derivation: a sentence for people and the article it
// rests on. Code names the step, so that a page may put it in other words:
// received, restarted, ends, paused, late_pause, no_pause, rolled, announced,
// counted, note.
type Rule struct {
	Cite  string `json:"cite"`
	Text  string `json:"text"`
	Code  string `json:"-"`
	Facts Facts  `json:"-"`
}

// Facts are what a rule's sentence says, for a page in another language.
type Facts struct {
	What     string // received: request, denial, complaint, discovery; else the kind of an event
	Day      Date   // received, restarted, ends, paused (new end), rolled, announced (the date promised)
	From, To Date   // of an event; a zero To is still open
	N        int    // of the period; of the days that do not count
	Unit     string // month, day, business_day, hour
	First    bool   // received: the day counts as day 1
	Local    bool   // received: the instant lay on another day elsewhere
	Holiday  bool   // Day is a holiday
}

// String is the sentence with its article.
func (r Rule) String() string { return r.Text + " (" + r.Cite + ")" }

func (d *Deadline) rule(code, cite string, facts Facts, format string, args ...any) {
	d.Rules = append(d.Rules, Rule{Cite: cite, Text: fmt.Sprintf(format, args...), Code: code, Facts: facts})
}

// receivedRule says from which day the period counts and why that day.
func (r *run) receivedRule(t Term, d *Deadline) {
	day := r.received.Long()
	facts := Facts{What: t.From, Day: r.received}
	if at := r.in.Received.At; !at.IsZero() {
		if stated := dateOf(at); stated != r.received {
			facts.Local = true
			day = fmt.Sprintf("%s %s, which is %s in %s", stated.Long(), at.Format("15:04 -07:00"), r.received.Long(), r.in.Zone)
		}
	}
	cite := t.Cite
	text := "Received %s; that day is not counted."
	switch t.From {
	case "request":
		cite = r.law.CountCite
		if r.law.FirstDay {
			facts.First, text = true, "Received %s; that day is day 1."
		}
	case "denial":
		text = "Denied %s; that day is not counted."
	case "complaint":
		text = "Complaint received %s; the day after it is day 1."
	case "discovery":
		text = "Discovered %s; that day is not counted."
	}
	d.rule("received", cite, facts, text, day)
}

// describe is a date with its weekday and, if it is one, its holiday:
// "28 February 2026, a Saturday".
func (r *run) describe(d Date) string {
	s := d.Long() + ", a " + d.Weekday().String()
	if name := r.cal.holiday(d); name != "" {
		s += " and holiday (" + name + ")"
	}
	return s
}

// weekday is "Monday 2 March 2026".
func weekday(d Date) string { return d.Weekday().String() + " " + d.Long() }

func moment(t time.Time) string { return t.Format("Monday 2 January 2006 15:04 -07:00") }

// spell is a period in words: "One month", "45 days", "10 business days".
func spell(n int, unit string) string {
	name := map[string]string{"month": "month", "day": "day", "business_day": "business day"}[unit]
	words := []string{"", "One", "Two", "Three"}
	count := fmt.Sprint(n)
	if n < len(words) {
		count = words[n]
	}
	if n == 1 {
		return count + " " + name
	}
	return count + " " + name + "s"
}

func ends(n int) string {
	if n == 1 {
		return "ends"
	}
	return "end"
}

func doDays(n int) string {
	if n == 1 {
		return "1 day does"
	}
	return fmt.Sprintf("%d days do", n)
}

func arrived(e Event, today Date) string {
	open := e.To.IsZero() && !today.IsZero()
	switch {
	case e.Kind == Identity && open:
		return "Proof of identity still open"
	case e.Kind == Identity:
		return "Proof of identity received"
	case open:
		return "Fee still unpaid"
	default:
		return "Fee paid"
	}
}

func happened(e Event) string {
	what := map[string]string{Identity: "The proof of identity", Fee: "The fee", Clarify: "The clarification"}[e.Kind]
	switch {
	case e.From.IsZero():
		return what + " of " + e.To.Long()
	case e.To.IsZero():
		return what + " asked " + e.From.Long() + " and still open"
	default:
		return what + " asked " + e.From.Long() + ", answered " + e.To.Long()
	}
}
