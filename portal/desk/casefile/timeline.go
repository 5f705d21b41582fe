package casefile

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"habeas/requests/evidence"
	"habeas/templates"
)

// Timeline tells a case's events in plain words, newest first. What a person
// would not miss is left out: every step of status, and starts that went well.
// The auditor's page has them all.
func Timeline(lines []evidence.Line, names Names, titles Titles) []templates.TimelineItem {
	var out []templates.TimelineItem
	var s search
	for _, l := range lines {
		d, err := l.Payload()
		if err != nil {
			continue
		}
		title, text := tell(d, titles)
		switch d := d.(type) {
		case evidence.TaskFinished:
			if d.Stage == "discover" {
				if s.rounds == nil {
					s = search{rounds: map[string]int{}, found: map[string]int64{}}
				} else {
					out = slices.Delete(out, s.at, s.at+1)
				}
				s.at = len(out)
				title, text = s.add(titles.System(string(d.System)), int64(d.Records))
			}
		case evidence.PlanMade:
			s = search{}
		}
		if title == "" {
			continue
		}
		out = append(out, templates.TimelineItem{At: l.At, Title: title, Text: text, By: names.Actor(l.Actor), Kind: l.Kind, Index: l.Index})
	}
	slices.Reverse(out)
	return out
}

// search is one search of all systems, told in one line however often what
// one system taught sent it back to another.
type search struct {
	at     int // its place in the timeline
	order  []string
	rounds map[string]int
	found  map[string]int64 // by the last round
}

func (s *search) add(system string, n int64) (title, text string) {
	if s.rounds[system] == 0 {
		s.order = append(s.order, system)
	}
	s.rounds[system]++
	s.found[system] = n
	most := 0
	parts := make([]string, len(s.order))
	for i, name := range s.order {
		parts[i] = fmt.Sprintf("%s: %s", name, Records(s.found[name]))
		most = max(most, s.rounds[name])
	}
	text = strings.Join(parts, ", ") + "."
	if most > 1 {
		text += fmt.Sprintf(" In %d rounds.", most)
	}
	if len(s.order) == 1 {
		return "Searched one system", text
	}
	return fmt.Sprintf("Searched %d systems", len(s.order)), text
}

// tell gives an event its title and sentence; no title leaves it out.
func tell(d evidence.Data, titles Titles) (title, text string) {
	sys := func(name evidence.Code) string { return titles.System(string(name)) }
	switch d := d.(type) {
	case evidence.RequestFiled:
		return "Request filed", fmt.Sprintf("For %s, received on %s. Answer due on %s.", list(d.Rights), d.ReceivedAt.Format("2 January 2006"), long(d.DueOn))
	case evidence.RequestJoined:
		return "Duplicate", "This request goes on in another case."
	case evidence.RequestRefused:
		return "Refused: " + plain(d.Right), plain(d.Ground) + ", " + string(d.Cite)
	case evidence.RequestWithdrawn:
		if d.Cause == "not_me" {
			return "Stopped: it was not them", "The person at the address said that somebody else asked in their name."
		}
		return "Request withdrawn", ""
	case evidence.RequestExpired:
		return "Request expired", "Nobody proved who they are. This counts as a denial."
	case evidence.RequestCompleted:
		return "Request completed", outcomeText(d.Outcomes)
	case evidence.RequestClosed:
		return "Request closed", "The last look found nothing that came back."
	case evidence.IdentityVerified:
		if d.ByHand {
			return "Identity checked by hand", "Whoever recorded it cannot approve."
		}
		return "Identity proved", "By the code mailed to the address."
	case evidence.IdentityFailed:
		switch d.Reason {
		case "ambiguous":
			return "The address leads to several people", "In " + sys(d.System) + ". Whoever reads its mail may be another of them: a person decides who is asking."
		case "changed_recently":
			return "The address is new", "In " + sys(d.System) + " it was changed less than 30 days before the request: a person decides who is asking."
		case "refused":
			return "Proof not accepted", "It did not suffice; the customer is told what else does."
		}
		return "Wrong code", fmt.Sprintf("Try %d.", d.Tries)
	case evidence.IdentityCompared:
		return "Details compared", compared(d.Agreed)
	case evidence.PlanMade:
		if len(d.Counts) == 0 && d.Manual > 0 {
			return "Plan made", "No system changes a record; people do the work by hand."
		}
		return "Plan made", countsText(d.Counts, titles)
	case evidence.PlanChanged:
		text := countsText(d.Counts, titles)
		if d.Fallen > 0 {
			text += fmt.Sprintf(" %s fell with the old plan.", approvalsWord(int64(d.Fallen)))
		}
		return fmt.Sprintf("Plan changed, %s", Records(int64(d.Changed))), text
	case evidence.PlanApproved:
		if d.ByRule {
			return "Approved by rule", "This right needs no decision."
		}
		return fmt.Sprintf("Plan approved, %d of %d", d.Approval, d.Needed), ""
	case evidence.DriftFound:
		return "Drift found in " + sys(d.System), "The system is not what was approved. Nothing was changed; the case comes back for approval."
	case evidence.TaskStarted:
		if d.Attempt > 1 && d.Stage != "rescan" {
			return fmt.Sprintf("%s tried again in %s", stageTitle(d.Stage), sys(d.System)), fmt.Sprintf("Attempt %d.", d.Attempt)
		}
		return "", ""
	case evidence.TaskFinished:
		return finished(d, sys(d.System))
	case evidence.TaskFailed:
		return fmt.Sprintf("%s failed in %s", stageTitle(d.Stage), sys(d.System)), failedText(d)
	case evidence.ClockPaused:
		return "Clock paused", plain(d.Ground) + ", " + string(d.Cite)
	case evidence.ClockResumed:
		return "Clock went on", fmt.Sprintf("Now due on %s (%s).", long(d.DueOn), d.Cite)
	case evidence.ClockExtended:
		return "Deadline extended", fmt.Sprintf("From %s to %s (%s).", long(d.From), long(d.To), d.Cite)
	case evidence.ClockChanged:
		return "Deadline moved", fmt.Sprintf("From %s to %s (%s).", long(d.From), long(d.To), d.Cite)
	}
	return tellMore(d, sys)
}

// tellClock tells what happened to a deadline besides pauses and extensions.
func tellClock(d evidence.Data) (title, text string) {
	switch d := d.(type) {
	case evidence.LawCorrected:
		return "Law corrected", fmt.Sprintf("From %s to %s. Due on %s, before on %s.", d.Previous, d.Law, long(d.To), long(d.From))
	case evidence.DeadlineNear:
		return "The desk was reminded", fmt.Sprintf("Due on %s.", long(d.DueOn))
	case evidence.DeadlineMissed:
		return "The due date has passed", fmt.Sprintf("It was %s, and there is no answer.", long(d.DueOn))
	}
	return "", ""
}

func tellMore(d evidence.Data, sys func(evidence.Code) string) (title, text string) {
	switch d := d.(type) {
	case evidence.RecordErased:
		return chunkText("erased", d.Chunk, sys)
	case evidence.RecordMasked:
		return chunkText("masked", d.Chunk, sys)
	case evidence.RecordDetached:
		return chunkText("detached", d.Chunk, sys)
	case evidence.RecordSuppressed:
		return chunkText("suppressed", d.Chunk, sys)
	case evidence.RecordCorrected:
		return chunkText("corrected", d.Chunk, sys)
	case evidence.RecordResumed:
		return chunkText("given back", d.Chunk, sys)
	case evidence.RecordKept:
		return chunkText("kept", d.Chunk, sys)
	case evidence.RecordRead:
		return chunkText("read", d.Chunk, sys)
	case evidence.OutcomeVerified:
		return "Looked again in " + sys(d.System), outcomeText(d.Outcomes)
	case evidence.OutcomeReappeared:
		return "Came back in " + sys(d.System), Records(int64(d.Count)) + " of the person found again."
	case evidence.LetterSent:
		return "Letter sent", templates.LetterLabel(string(d.Template)) + ", " + string(d.Language)
	case evidence.LetterFailed:
		return "A letter could not be sent", plain(d.Template) + ": " + plain(d.Code)
	case evidence.PackageBuilt:
		return "Package built", fmt.Sprintf("%s in %d files.", Records(int64(d.Records)), d.Files)
	case evidence.PackageDownloaded:
		return "Package downloaded", ""
	case evidence.PackageDeleted:
		return "Package deleted", plain(d.Cause)
	case evidence.EvidenceDownloaded:
		return "Evidence report downloaded", ""
	case evidence.PersonalDataViewed:
		return "Personal data viewed", "Purpose: " + plain(d.Purpose) + "."
	case evidence.HoldSet:
		return "Hold set", heldFor(d.Ground)
	case evidence.HoldLifted:
		return "Hold lifted", ""
	case evidence.ConsentChanged:
		switch {
		case d.Source == "restriction" && d.Allowed:
			return "Consent counts again", plain(d.Purpose) + ": the restriction had stopped it."
		case d.Source == "restriction":
			return "Consent not used while restricted", plain(d.Purpose)
		case d.Allowed:
			return "Consent given again", plain(d.Purpose)
		}
		return "Consent withdrawn", plain(d.Purpose)
	case evidence.KeyDestroyed:
		return "The case's key was destroyed", "Personal data of this case cannot be read any more."
	}
	title, text = tellClock(d)
	if title == "" {
		return tellMatter(d)
	}
	return title, text
}

var stageTitles = map[evidence.Code]string{
	"discover": "Search", "collect": "Collecting", "check": "Reading again", "package": "Package", "suppress": "Suppression",
	"erase": "Erasure", "verify": "Check", "rescan": "Later look", "manual": "Work by hand",
	"resume": "Giving back",
}

func stageTitle(s evidence.Code) string {
	if t, ok := stageTitles[s]; ok {
		return t
	}
	return plain(s)
}

func finished(d evidence.TaskFinished, system string) (title, text string) {
	switch d.Stage {
	case "check":
		return "Read again before acting: " + system, "As planned."
	case "manual":
		text := map[evidence.Code]string{"done": "Done as instructed.", "not_found": "Nothing was found there.", "exception": "It could not be done."}[d.Result]
		if d.Proof != "" {
			text += " A proof was uploaded."
		}
		return "Work by hand ended: " + system, text
	}
	return "", "" // the record and outcome events say it
}

func failedText(d evidence.TaskFailed) string {
	text := strings.ReplaceAll(plain(d.Code), "-", " ") + "."
	switch d.Next {
	case "retry":
		return text + " Habeas tries again by itself."
	case "manual":
		return text + " A person has to do it."
	case "permanent":
		return text + " Trying again by itself would not help."
	}
	return text
}

func chunkText(did string, c evidence.Chunk, sys func(evidence.Code) string) (title, text string) {
	if c.Count == 0 {
		return "", ""
	}
	return fmt.Sprintf("%s %s in %s", Records(int64(c.Count)), did, sys(c.System)), ""
}

func countsText(counts []evidence.ActionCount, titles Titles) string {
	if len(counts) == 0 {
		return "No record of this person was found."
	}
	var order []string
	of := map[string][]string{}
	for _, c := range counts {
		name := titles.System(string(c.System))
		if of[name] == nil {
			order = append(order, name)
		}
		of[name] = append(of[name], fmt.Sprintf("%s %d", plain(c.Action), c.Count))
	}
	for i, name := range order {
		order[i] = name + ": " + strings.Join(of[name], ", ")
	}
	return strings.Join(order, ". ") + "."
}

func outcomeText(counts []evidence.OutcomeCount) string {
	if len(counts) == 0 {
		return ""
	}
	var s []string
	for _, c := range counts {
		s = append(s, fmt.Sprintf("%d %s", c.Count, plain(c.Outcome)))
	}
	return strings.Join(s, ", ") + "."
}

// Records counts records in words.
func Records(n int64) string {
	if n == 1 {
		return "1 record"
	}
	return fmt.Sprintf("%d records", n)
}

func approvalsWord(n int64) string {
	if n == 1 {
		return "One approval"
	}
	return fmt.Sprintf("%d approvals", n)
}

// plain turns a code into words.
func plain(c evidence.Code) string { return strings.ReplaceAll(string(c), "_", " ") }

func list(codes []evidence.Code) string {
	s := make([]string, len(codes))
	for i, c := range codes {
		s[i] = plain(c)
	}
	return strings.Join(s, ", ")
}

func dayOf(d evidence.Date) time.Time {
	t, _ := time.Parse(time.DateOnly, string(d))
	return t
}

func long(d evidence.Date) string { return dayOf(d).Format("2 January 2006") }

// Changes are the pauses and extensions of the clock, oldest first.
func Changes(lines []evidence.Line) []templates.ClockChange {
	var out []templates.ClockChange
	for _, l := range lines {
		d, err := l.Payload()
		if err != nil {
			continue
		}
		c := templates.ClockChange{At: l.At}
		switch d := d.(type) {
		case evidence.ClockPaused:
			c.Kind, c.Cite, c.Text = "paused", string(d.Cite), plain(d.Ground)+"."
			c.From = dayOf(d.From)
		case evidence.ClockResumed:
			c.Kind, c.Cite, c.Text = "resumed", string(d.Cite), "Due on "+long(d.DueOn)+"."
			c.From, c.To = dayOf(d.From), dayOf(d.To)
		case evidence.ClockExtended:
			c.Kind, c.Cite, c.Text = "extended", string(d.Cite), plain(d.Ground)+"."
			c.From, c.To = dayOf(d.From), dayOf(d.To)
		case evidence.LawCorrected:
			c.Kind, c.Text = "law", fmt.Sprintf("From %s to %s.", d.Previous, d.Law)
			c.From, c.To = dayOf(d.From), dayOf(d.To)
		default:
			continue
		}
		out = append(out, c)
	}
	return out
}
