// Package clock computes the deadlines that privacy laws set, each with the
// rules that lead there. It is pure: no I/O, no clock of its own. The laws are
// rows of laws.yaml with their articles; docs/law.md explains the table.
package clock

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Names are all names of deadlines, in the order in which results list them.
var Names = []string{
	"acknowledge", "respond", "extended", "opt_out", "appeal", "extended_appeal",
	"complaint", "notify_people", "notify_authority",
}

// Policies for the pause that EU law leaves open: Strict never moves the
// clock, Suspend lets the days of an open identity or scope question not count.
const (
	Strict  = "strict"
	Suspend = "suspend"
)

// Input is what a clock needs to know.
type Input struct {
	Law         string
	Set         string // holiday set; "" is the law's own
	Zone        string // IANA zone of the controller; "" is the set's or the law's own
	Right       string // "" is access
	Received    When   // of the request; for appeal, complaint and breach clocks of the denial, the complaint, the discovery
	Events      []Event
	PausePolicy string    // Strict ("") or Suspend
	Holidays    []Holiday // extra ones: a region's, a company's
	Now         time.Time // zero: not checked. Nothing may have happened after it, and an open pause counts up to it
	Laws        *Laws     // nil is Builtin
}

// Result holds every deadline that the law sets, in the order of Names.
type Result struct {
	Deadlines []Deadline `json:"deadlines"`
	// Binding names the deadline by which this request must be answered:
	// respond, extended once the extension was announced, or opt_out.
	Binding string `json:"-"`
	Law     string `json:"-"`
	Set     string `json:"-"` // as used
	Zone    string `json:"-"` // as used
}

// Deadline is one end of a period with its derivation.
type Deadline struct {
	Name    string
	From    string    // what the given moment stands for: request, denial, complaint, discovery
	Due     Date      // local day on which it ends
	At      time.Time // last moment: 23:59:59 local, or the exact instant of an hour clock
	Hours   bool      // an hour clock: At is the deadline, not the day's end
	Target  Date      // internal day to aim at, never later than Due
	Counsel bool      // the figure awaits confirmation by counsel
	Rules   []Rule
}

// MarshalJSON writes the contract's form: a date as YYYY-MM-DD, the instant
// of an hour clock as RFC 3339 in UTC.
func (d Deadline) MarshalJSON() ([]byte, error) {
	due := d.Due.String()
	if d.Hours {
		due = d.At.UTC().Format(time.RFC3339)
	}
	return json.Marshal(struct {
		Name  string `json:"name"`
		Due   string `json:"due"`
		Rules []Rule `json:"rules"`
	}{d.Name, due, d.Rules})
}

// UnmarshalJSON reads what MarshalJSON writes. At is set for hour clocks only:
// the last second of a day depends on the zone, which the form does not hold.
func (d *Deadline) UnmarshalJSON(b []byte) error {
	var form struct {
		Name  string `json:"name"`
		Due   string `json:"due"`
		Rules []Rule `json:"rules"`
	}
	if err := json.Unmarshal(b, &form); err != nil {
		return err
	}
	due, err := ParseWhen(form.Due)
	if err != nil {
		return err
	}
	*d = Deadline{Name: form.Name, Due: due.In(time.UTC), At: due.At, Hours: !due.At.IsZero(), Rules: form.Rules}
	return nil
}

// Get finds a deadline by name.
func (r Result) Get(name string) (Deadline, bool) {
	i := slices.IndexFunc(r.Deadlines, func(d Deadline) bool { return d.Name == name })
	if i < 0 {
		return Deadline{}, false
	}
	return r.Deadlines[i], true
}

// Due is the binding deadline of the request.
func (r Result) Due() Deadline {
	d, _ := r.Get(r.Binding)
	return d
}

// OfRequest are the deadlines that bind the request itself: without those of
// later steps (appeal, complaint), of breaches and of other rights.
func (r Result) OfRequest() []Deadline {
	var out []Deadline
	for _, d := range r.Deadlines {
		if d.From == "request" && (d.Name != "opt_out" || r.Binding == "opt_out") {
			out = append(out, d)
		}
	}
	return out
}

// run is one computation: the input, resolved.
type run struct {
	in       Input
	law      *Law
	loc      *time.Location
	cal      *calendar
	right    string
	received Date
	today    Date // zero when Now is
}

// Compute derives every deadline that the law sets for the right. Errors are
// *Error and name the rule.
func Compute(in Input) (Result, error) {
	r, err := resolve(in)
	if err != nil {
		return Result{}, err
	}
	res := Result{Law: r.law.Code, Set: r.in.Set, Zone: r.in.Zone, Binding: "respond"}
	for _, t := range r.law.terms(r.right, r.received) {
		if d, ok := r.deadline(t); ok {
			res.Deadlines = append(res.Deadlines, d)
		}
	}
	if _, ok := res.Get("respond"); !ok {
		res.Binding = "opt_out"
	}
	extended, err := r.checkExtension(res)
	if err != nil {
		return Result{}, err
	}
	if extended {
		res.Binding = "extended"
	}
	return res, nil
}

// CheckNames refuses names that do not exist (law, set, zone, right, pause
// policy), without computing anything.
func CheckNames(in Input) error {
	_, err := named(in)
	return err
}

func resolve(in Input) (*run, error) {
	r, err := named(in)
	if err != nil {
		return nil, err
	}
	return r, r.check()
}

// named resolves the names of an input and fills in what the law sets itself.
func named(in Input) (*run, error) {
	laws := in.Laws
	if laws == nil {
		laws = Builtin()
	}
	law, err := laws.Law(in.Law)
	if err != nil {
		return nil, err
	}
	if in.Zone == "" {
		in.Zone = zoneFor(law, in.Set)
	}
	set(&in.Set, law.Set)
	set(&in.Right, Access)
	set(&in.PausePolicy, Strict)
	if sets[in.Set] == nil {
		return nil, badSet(in.Set)
	}
	if !slices.Contains(Rights, in.Right) {
		return nil, badInput("right", "There is no right %q; use one of %s.", clip(in.Right), strings.Join(Rights, ", "))
	}
	if in.PausePolicy != Strict && in.PausePolicy != Suspend {
		return nil, badInput("pause_policy", "The pause policy is strict or suspend, not %q.", clip(in.PausePolicy))
	}
	loc, err := time.LoadLocation(in.Zone)
	if err != nil || in.Zone == "Local" {
		return nil, badInput("zone", "There is no time zone %q; use an IANA name such as Europe/Berlin.", clip(in.Zone))
	}
	r := &run{in: in, law: law, loc: loc, cal: newCalendar(in.Set, in.Holidays), right: in.Right, received: in.Received.In(loc)}
	r.in.Events = slices.DeleteFunc(slices.Clone(in.Events), func(e Event) bool { return e.Right != "" && e.Right != in.Right })
	if !in.Now.IsZero() {
		r.today = DateIn(in.Now, loc)
	}
	return r, nil
}

// check refuses moments that cannot be.
func (r *run) check() error {
	if !r.received.Valid() {
		return badInput("received", "The date of receipt is missing or impossible; give a date from 2000-01-01 to 2199-12-31.")
	}
	if !r.today.IsZero() && (r.received.After(r.today) || r.in.Received.At.After(r.in.Now)) {
		return badInput("received", "The date of receipt, %s, lies in the future; give the day on which the request reached you.", r.received.Long())
	}
	if r.received.Before(r.law.InForce) {
		return unlawful(r.law.Cite, "The %s is in force from %s; choose the law that applied on %s.", r.law.Name, r.law.InForce.Long(), r.received.Long())
	}
	for _, h := range r.in.Holidays {
		if !h.Date.Valid() {
			return badInput("holidays", "The extra holiday %q has no date of the calendar; write YYYY-MM-DD, from 2000 to 2199.", clip(h.Name))
		}
	}
	for _, e := range r.in.Events {
		if err := r.checkEvent(e); err != nil {
			return err
		}
	}
	return nil
}

// deadline derives one term; false when it has no figure and nothing was
// announced.
func (r *run) deadline(t Term) (Deadline, bool) {
	d := Deadline{Name: t.Name, From: t.From, Counsel: t.Counsel}
	switch t.Unit {
	case "hour":
		r.hours(t, &d)
		return d, true
	case "announced":
		if !r.announced(t, &d) {
			return d, false
		}
	default:
		r.days(t, &d)
	}
	d.At = d.Due.endOf(r.loc)
	d.Target = d.Due.AddDays(-t.Target)
	if t.Note != "" {
		d.rule("note", t.Cite, Facts{}, "%s", t.Note)
	}
	return d, true
}

// hours counts elapsed hours: no holiday, weekend or clock change moves them.
func (r *run) hours(t Term, d *Deadline) {
	start := r.in.Received.instant(r.loc)
	d.Hours = true
	d.At = start.Add(time.Duration(t.N) * time.Hour).In(r.loc)
	d.Due = DateIn(d.At, r.loc)
	d.Target = d.Due
	if r.in.Received.At.IsZero() {
		d.rule("counted", t.Cite, Facts{Day: r.received}, "Counted from the first minute of %s, as no hour is given.", r.received.Long())
	} else {
		d.rule("counted", t.Cite, Facts{Day: r.received}, "Counted from %s, when it became known.", moment(start.In(r.loc)))
	}
	d.rule("ends", t.Cite, Facts{Day: d.Due, N: t.N, Unit: t.Unit}, "%d hours end %s; weekends, holidays and clock changes do not move them.", t.N, moment(d.At))
}

// announced is a new date that the controller announced instead of a figure.
func (r *run) announced(t Term, d *Deadline) bool {
	for _, e := range r.in.Events {
		if e.Kind == Extended && !e.To.IsZero() {
			d.Due = e.To
			r.receivedRule(t, d)
			d.rule("announced", t.Cite, Facts{From: e.From, Day: e.To}, "On %s the answer was announced for %s.", e.From.Long(), weekday(e.To))
			return true
		}
	}
	return false
}

// days counts months, days or business days from the start, adds the days
// that do not count and rolls the end.
func (r *run) days(t Term, d *Deadline) {
	r.receivedRule(t, d)
	s := settled{start: r.received}
	if t.From == "request" && (t.Name == "respond" || t.Name == "extended") {
		s = r.settle(t)
	}
	start := s.start
	if start != r.received {
		d.rule("restarted", r.move(s.by.Kind).Cite, Facts{What: s.by.Kind, From: s.by.From, To: s.by.To, Day: start}, "%s on %s: the period counts from that day.", arrived(s.by, r.today), start.Long())
	}
	end := r.count(start, t)
	cite := t.Cite
	if t.Unit == "month" && start.AddMonths(t.N).Day != start.Day {
		cite += "; " + r.law.ClampCite
	}
	d.rule("ends", cite, Facts{Day: end, N: t.N, Unit: t.Unit, Holiday: r.cal.holiday(end) != ""}, "%s %s %s.", spell(t.N, t.Unit), ends(t.N), r.describe(end))
	end = r.pauses(s, end, d)
	d.Due = end
	if r.law.Roll == nil {
		return
	}
	if d.Due = r.cal.roll(end); d.Due != end {
		d.rule("rolled", r.law.Roll.Cite, Facts{Day: d.Due}, "Moved to %s, the next working day.", weekday(d.Due))
	}
}

// count is the end of a period before anything moves it: a day less where the
// law is read to count the day of receipt.
func (r *run) count(start Date, t Term) Date {
	less := 0
	if r.law.FirstDay && t.From == "request" {
		less = 1
	}
	switch t.Unit {
	case "month":
		return start.AddMonths(t.N).AddDays(-less)
	case "business_day":
		return r.cal.addWorking(start, t.N-less)
	default:
		return start.AddDays(t.N - less)
	}
}

// zoneFor is the controller's zone when none is given.
func zoneFor(law *Law, set string) string {
	switch set {
	case "DE":
		return "Europe/Berlin"
	case "FR":
		return "Europe/Paris"
	case "IE":
		return "Europe/Dublin"
	case "EW", "SC":
		return "Europe/London"
	}
	return law.Zone
}
