package export

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"habeas/requests/evidence"
	"habeas/templates/report"
)

// story is what the events of a case tell, gathered line by line.
type story struct {
	page     report.EvidencePage
	filed    evidence.RequestFiled
	isFiled  bool
	due      string // as it stands now, YYYY-MM-DD
	ended    time.Time
	end      string
	plan     string // hash of the plan that counts
	signers  map[string]bool
	needed   int64
	signed   int64
	byRule   bool
	acted    time.Time // first change of a record
	loose    map[string]int64
	failed   map[string]bool // tasks that ended in failure
	drift    int
	letters  int
	gaps     []string // in the order found
	lastSeq  int64
	answered bool // a letter followed the end
}

// tell reads the lines in order.
func tell(lines []evidence.Line) report.EvidencePage {
	s := &story{signers: map[string]bool{}, failed: map[string]bool{}, loose: map[string]int64{}}
	for _, l := range lines {
		s.page.Events = append(s.page.Events, report.Event{Seq: l.Seq, Index: l.Index, At: second(l.At), Actor: l.Actor, Say: evidence.Words(l)})
		if l.Seq != s.lastSeq+1 {
			s.gap("Events are missing: number %d follows number %d.", l.Seq, s.lastSeq)
		}
		s.lastSeq = l.Seq
		d, err := l.Payload()
		if err != nil {
			s.note("Event %d is of a kind that this version does not know (%s).", l.Seq, l.Kind)
			continue
		}
		s.see(l, d)
	}
	s.finish()
	s.page.Gaps = s.gaps
	return s.page
}

func (s *story) gap(format string, args ...any) {
	s.gaps = append(s.gaps, fmt.Sprintf(format, args...))
}

func (s *story) note(format string, args ...any) {
	s.page.Notes = append(s.page.Notes, fmt.Sprintf(format, args...))
}

func (s *story) clock(what, date string, cite evidence.Cite) {
	s.page.Clocks = append(s.page.Clocks, report.Clock{What: what, Date: date, Cite: string(cite)})
}

// see takes one event.
func (s *story) see(l evidence.Line, d evidence.Data) {
	switch d := d.(type) {
	case evidence.RequestFiled:
		s.file(d)
	case evidence.RequestRefused:
		s.page.Facts = append(s.page.Facts, report.Fact{Name: "Refused", Value: fmt.Sprintf("%s: %s (%s)", or(words(d.Right), "the request"), words(d.Ground), d.Cite)})
		if d.Right == "" {
			s.finishAt(l.At, "refused")
		}
	case evidence.RequestWithdrawn:
		s.finishAt(l.At, "withdrawn")
	case evidence.RequestExpired:
		s.finishAt(l.At, "expired, unverified")
	case evidence.RequestJoined:
		s.finishAt(l.At, "continued in case "+string(d.Into))
	case evidence.RequestCompleted:
		s.finishAt(l.At, "completed: "+words(d.Result))
		s.complete(d)
	case evidence.PlanMade:
		s.newPlan(l, "Plan made", d.PlanHash, d.Counts)
		if d.Manual > 0 {
			s.note("%s by hand in the plan of %s.", count(int64(d.Manual), "task"), second(l.At))
		}
		if d.Candidates > 0 {
			s.note("%s were reached only over an unproven identity; they are no part of the plan.", count(int64(d.Candidates), "record"))
		}
	case evidence.PlanChanged:
		s.newPlan(l, "Plan changed", d.PlanHash, d.Counts)
	case evidence.PlanApproved:
		s.approve(l, d)
	case evidence.DriftFound:
		s.drift++
	case evidence.TaskFailed:
		s.failed[string(d.Task)] = d.Next == "permanent"
	case evidence.TaskFinished:
		delete(s.failed, string(d.Task))
		if d.Result == "exception" {
			s.gap("Work by hand in %s ended with an exception.", d.System)
		}
	case evidence.RecordErased:
		s.act(l, d.Chunk)
	case evidence.RecordMasked:
		s.act(l, d.Chunk)
	case evidence.RecordDetached:
		s.act(l, d.Chunk)
	case evidence.OutcomeVerified:
		for _, o := range d.Outcomes {
			s.loose[string(d.System)+" "+string(o.Outcome)] = int64(o.Count)
		}
	case evidence.OutcomeReappeared:
		if d.Count > 0 {
			s.gap("%s came back in %s (%s).", count(int64(d.Count), "record"), d.System, words(d.Round))
		}
	case evidence.ClockPaused:
		s.clock("Paused from"+ofRight(d.Right), string(d.From), d.Cite)
	case evidence.ClockResumed:
		s.clock("Due after the pause"+ofRight(d.Right), string(d.DueOn), d.Cite)
		s.due = string(d.DueOn)
	case evidence.ClockExtended:
		s.clock("Extended to"+ofRight(d.Right), string(d.To), d.Cite)
		if s.due != "" && l.At.Format(time.DateOnly) > s.due {
			s.gap("The extension was announced after the due date (%s).", d.Cite)
		}
		s.due = string(d.To)
	case evidence.ClockChanged:
		s.clock("Due after "+words(d.Event)+ofRight(d.Right), string(d.To), d.Cite)
		s.due = string(d.To)
	case evidence.LetterSent:
		s.letters++
		s.answered = s.answered || !s.ended.IsZero()
	case evidence.LetterFailed:
		s.gap("The letter %s could not be delivered.", d.Template)
	case evidence.HoldSet:
		s.note("A hold on %s stands since %s, to be reviewed on %s.", count(int64(d.Records), "record"), second(l.At), d.ReviewOn)
	case evidence.HoldLifted:
		s.note("A hold was lifted on %s.", second(l.At))
	case evidence.KeyDestroyed:
		s.note("The case's key is destroyed, for good on %s: sealed texts and digests of this case can no longer be matched.", d.FinalOn)
	}
}

func (s *story) file(d evidence.RequestFiled) {
	s.filed, s.isFiled, s.due = d, true, string(d.DueOn)
	add := func(name, value string) {
		if value != "" {
			s.page.Facts = append(s.page.Facts, report.Fact{Name: name, Value: value})
		}
	}
	var rights []string
	for _, r := range d.Rights {
		rights = append(rights, words(r))
	}
	add("Rights", strings.Join(rights, ", "))
	add("Law", string(d.Law))
	add("Country", strings.TrimSpace(string(d.Country)+" "+string(d.Region)))
	add("Filed over", string(d.Channel))
	add("Received", second(d.ReceivedAt.Time)+" UTC")
	add("Time zone and holidays", string(d.Zone)+", "+string(d.Holidays))
	s.clock("Received", d.ReceivedAt.In(s.zone()).Format(time.DateOnly), "")
	if d.DueOn != "" {
		s.clock("Due when filed", string(d.DueOn), "")
	}
}

// zone is where the case's days begin and end.
func (s *story) zone() *time.Location {
	if zone, err := time.LoadLocation(string(s.filed.Zone)); err == nil && s.filed.Zone != "" {
		return zone
	}
	return time.UTC
}

func (s *story) finishAt(at time.Time, how string) {
	if s.ended.IsZero() {
		s.ended, s.end = at, how
	}
}

func (s *story) complete(d evidence.RequestCompleted) {
	for _, o := range d.Outcomes {
		switch o.Outcome {
		case "accepted":
			s.gap("%s only accepted: the system offers nothing to look at, so their erasure is unproven.", are(int64(o.Count)))
		case "purge_pending":
			s.gap("%s hidden and waiting to be purged: not yet proved gone.", are(int64(o.Count)))
		case "failed", "reappeared":
			s.gap("%s %s although the case is complete.", are(int64(o.Count)), words(o.Outcome))
		case "kept":
			s.note("%s kept on the grounds that the plan names: the answer is partial.", are(int64(o.Count)))
		}
	}
}

func (s *story) newPlan(l evidence.Line, what string, hash evidence.Digest, counts []evidence.ActionCount) {
	p := report.Plan{At: second(l.At) + " UTC", Hash: string(hash), What: what}
	for _, c := range counts {
		p.Counts = append(p.Counts, report.PlanCount{System: string(c.System), Action: string(c.Action), Count: int64(c.Count)})
	}
	s.page.Plans = append(s.page.Plans, p)
	if s.plan != string(hash) {
		s.plan, s.signed, s.byRule, s.needed = string(hash), 0, false, 0
		clear(s.signers)
		for i := range s.page.Signed {
			s.page.Signed[i].Stands = s.page.Signed[i].Hash == s.plan
		}
	}
}

func (s *story) approve(l evidence.Line, d evidence.PlanApproved) {
	who := l.Actor
	if d.ByRule {
		who = "by rule"
	}
	stands := string(d.PlanHash) == s.plan
	s.page.Signed = append(s.page.Signed, report.Approval{At: second(l.At), Who: who, Of: fmt.Sprintf("%d of %d", d.Approval, d.Needed), Hash: string(d.PlanHash), Stands: stands})
	if !stands {
		s.gap("An approval of %s signs a plan that was not the current one.", second(l.At))
		return
	}
	s.needed, s.byRule = int64(d.Needed), s.byRule || d.ByRule
	if s.signers[l.Actor] && !d.ByRule {
		s.gap("The same person approved the plan twice (%s).", second(l.At))
		return
	}
	s.signers[l.Actor] = true
	s.signed++
}

// act is the first change of a record: from here on approvals must be there.
func (s *story) act(l evidence.Line, c evidence.Chunk) {
	if c.Count == 0 || !s.acted.IsZero() {
		return
	}
	s.acted = l.At
	switch {
	case s.signed == 0:
		s.gap("Records were changed on %s without an approval of the plan.", second(l.At))
	case s.signed < s.needed:
		s.gap("Records were changed on %s with %d of %d approvals.", second(l.At), s.signed, s.needed)
	case s.needed == 1 && !s.byRule:
		s.note("One person's approval was enough, as configured.")
	}
}

// finish draws the conclusions that need the whole story.
func (s *story) finish() {
	add := func(name, value string) { s.page.Facts = append(s.page.Facts, report.Fact{Name: name, Value: value}) }
	if !s.isFiled {
		s.gap("The event that files the request is missing.")
	}
	if s.due != "" {
		add("Due", s.due)
	}
	if s.ended.IsZero() {
		add("State", "open")
		s.note("The request is still open.")
	} else {
		add("Ended", fmt.Sprintf("%s UTC, %s", second(s.ended), s.end))
		day := s.ended.In(s.zone()).Format(time.DateOnly)
		s.page.Clocks = append(s.page.Clocks, report.Clock{What: "Answered", Date: day})
		if days := between(s.due, day); days > 0 {
			s.gap("Answered %s late.", count(days, "day"))
		}
		if !s.answered && s.letters == 0 {
			s.gap("No letter told the customer how the request ended.")
		}
	}
	for _, failed := range s.failed {
		if failed {
			s.gap("A task failed for good and was not done afterwards.")
		}
	}
	if s.drift > 0 {
		s.note("Drift was found %s; nothing was changed then.", times(s.drift))
	}
	if s.acted.IsZero() {
		return
	}
	for _, k := range sortedKeys(s.loose) {
		system, outcome, _ := strings.Cut(k, " ")
		if n := s.loose[k]; n > 0 && (outcome == "failed" || outcome == "reappeared") && s.ended.IsZero() {
			s.gap("%s %s in %s when it was last looked at.", are(n), words(outcome), system)
		}
	}
}

func sortedKeys(m map[string]int64) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// between counts the days from a to b; 0 when b is not later or one is empty.
func between(a, b string) int64 {
	from, err1 := time.Parse(time.DateOnly, a)
	to, err2 := time.Parse(time.DateOnly, b)
	if err1 != nil || err2 != nil || !to.After(from) {
		return 0
	}
	return int64(to.Sub(from) / (24 * time.Hour))
}

func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func are(n int64) string {
	if n == 1 {
		return "1 record is"
	}
	return fmt.Sprintf("%d records are", n)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func ofRight(right evidence.Code) string {
	if right == "" {
		return ""
	}
	return " (" + words(right) + ")"
}

func second(t time.Time) string { return t.UTC().Format(time.DateTime) }

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
