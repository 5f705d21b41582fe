package evidence

import (
	"fmt"
	"io"
	"strings"
)

// Words says in plain English what an event tells, from the line alone. An
// event of a kind that this version does not know is named by its kind.
func Words(l Line) string {
	d, err := l.Payload()
	if err != nil {
		return "event of kind " + l.Kind
	}
	return WordsOf(d)
}

// WordsOf says it of a payload.
func WordsOf(d Data) string {
	switch d := d.(type) {
	case RequestFiled:
		s := fmt.Sprintf("request filed over %s for %s; law %s, holidays %s, time zone %s; received %s",
			d.Channel, list(d.Rights), d.Law, d.Holidays, d.Zone, d.ReceivedAt.Format(TimeFormat))
		return s + when(d.DueOn != "", "; due on "+string(d.DueOn)) + when(d.OnBehalf, "; on behalf of somebody else")
	case RequestJoined:
		return fmt.Sprintf("duplicate, continued in case %s", d.Into)
	case RequestRefused:
		return fmt.Sprintf("%s refused: %s (%s)", or(d.Right, "request"), plain(d.Ground), d.Cite)
	case RequestWithdrawn:
		return fmt.Sprintf("request withdrawn (%s), %s already acted on", plain(d.Cause), records(d.Begun))
	case RequestExpired:
		return fmt.Sprintf("request expired: %s since the letter of %s; counted as a denial", plain(d.Cause), d.SentAt.Format(TimeFormat))
	case RequestCompleted:
		return fmt.Sprintf("request completed: %s", plain(d.Result)) + outcomes(d.Outcomes) + when(len(d.Flags) > 0, "; flags: "+list(d.Flags))
	case RequestClosed:
		return "request closed" + when(d.RetainUntil != "", ", kept until "+string(d.RetainUntil))
	case StatusChanged:
		return fmt.Sprintf("status changed from %s to %s", d.From, d.To)
	case IdentityVerified:
		return fmt.Sprintf("identity proved by %s for %s", plain(d.Proof), plain(d.Use)) + when(d.ByHand, ", recorded by hand")
	case IdentityFailed:
		return fmt.Sprintf("identity not proved by %s: %s", plain(d.Proof), plain(d.Reason)) + when(d.System != "", " in "+string(d.System)) + when(d.Tries > 0, fmt.Sprintf(", try %d", d.Tries))
	case IdentityCompared:
		return fmt.Sprintf("what the person says of themselves compared, %d; agreed so far: ", d.Round) + when(len(d.Agreed) > 0, list(d.Agreed)) + when(len(d.Agreed) == 0, "nothing")
	case PlanMade:
		return fmt.Sprintf("plan made: %s; %d by hand, %d warnings, %d candidates; hash %s", actions(d.Counts), d.Manual, d.Warnings, d.Candidates, d.PlanHash)
	case PlanChanged:
		return fmt.Sprintf("plan changed: %s; %s decided otherwise, %d approvals fallen; hash %s, before %s", actions(d.Counts), records(d.Changed), d.Fallen, d.PlanHash, d.Previous)
	case PlanApproved:
		return fmt.Sprintf("plan approved, %d of %d", d.Approval, d.Needed) + when(d.ByRule, " by rule") + rights(d.Counts) + "; hash " + string(d.PlanHash)
	case DriftFound:
		return fmt.Sprintf("drift found in %s: %s", d.System, plain(d.Code)) + when(d.Records > 0, ", "+records(d.Records)) + "; nothing was changed, task " + string(d.Task)
	case TaskStarted:
		return fmt.Sprintf("%s started in %s, attempt %d, task %s", plain(d.Stage), d.System, d.Attempt, d.Task)
	case TaskFinished:
		return fmt.Sprintf("%s finished in %s: %s, %s, attempt %d, task %s", plain(d.Stage), d.System, plain(d.Result), records(d.Records), d.Attempt, d.Task)
	case TaskFailed:
		s := fmt.Sprintf("%s failed in %s: %s, attempt %d, next: %s", plain(d.Stage), d.System, plain(d.Code), d.Attempt, plain(d.Next))
		return s + when(!d.RetryAt.IsZero(), " at "+d.RetryAt.Format(TimeFormat)) + ", task " + string(d.Task)
	case OutcomeVerified:
		return fmt.Sprintf("looked again in %s (%s): %s", d.System, plain(d.Round), records(d.Count)) + outcomes(d.Outcomes)
	case OutcomeReappeared:
		return fmt.Sprintf("looked again in %s (%s): %s came back", d.System, plain(d.Round), records(d.Count))
	case chunked:
		c := d.chunk()
		return fmt.Sprintf("%s %s in %s, task %s", records(c.Count), strings.TrimPrefix(d.(Data).Kind(), "record."), c.System, c.Task)
	case ClockPaused:
		return fmt.Sprintf("clock%s paused from %s", of(d.Right), d.From) + when(d.To != "", " to "+string(d.To)) + fmt.Sprintf(": %s (%s)", plain(d.Ground), d.Cite)
	case ClockResumed:
		return fmt.Sprintf("clock%s resumed after a pause from %s to %s, due on %s (%s)", of(d.Right), d.From, d.To, d.DueOn, d.Cite)
	case ClockExtended:
		return fmt.Sprintf("clock%s extended from %s to %s: %s (%s)", of(d.Right), d.From, d.To, plain(d.Ground), d.Cite)
	case ClockChanged:
		return fmt.Sprintf("due date%s moved from %s to %s: %s (%s)", of(d.Right), d.From, d.To, plain(d.Event), d.Cite)
	}
	return deadlineWords(d)
}

// deadlineWords are those of a corrected law and of the desk's reminders.
func deadlineWords(d Data) string {
	switch d := d.(type) {
	case LawCorrected:
		return fmt.Sprintf("law corrected from %s to %s on %s (%s), due date moved from %s to %s", d.Previous, d.Law, d.On, d.Country, d.From, d.To)
	case DeadlineNear:
		return fmt.Sprintf("desk reminded of the due date %s, %d days or less before it, %d told", d.DueOn, d.Days, d.Told)
	case DeadlineMissed:
		return fmt.Sprintf("due date %s passed without an answer, %d told", d.DueOn, d.Told)
	}
	return otherWords(d)
}

// otherWords are those of the letters, packages, holds and the system.
func otherWords(d Data) string {
	switch d := d.(type) {
	case LetterSent:
		return fmt.Sprintf("letter %s sent in %s, version %s", d.Template, d.Language, d.Version)
	case LetterFailed:
		return fmt.Sprintf("letter %s could not be sent: %s", d.Template, plain(d.Code))
	case LetterEdited:
		return fmt.Sprintf("words written for the letter %s: %d slots", d.Template, len(d.Slots))
	case ReplyReceived:
		return fmt.Sprintf("reply received, %d bytes", d.Size) + when(d.File, ", with a file")
	case ReplyDeleted:
		return "reply deleted: " + plain(d.Cause)
	case PackageBuilt:
		return fmt.Sprintf("package built: %s in %d files, %d bytes, SHA-256 %s", records(d.Records), d.Files, d.Size, d.SHA256)
	case PackageReleased:
		return fmt.Sprintf("package released, %d of %d", d.Approval, d.Needed)
	case PackageDownloaded:
		return "package downloaded, SHA-256 " + string(d.SHA256)
	case PackageDeleted:
		return "package deleted: " + plain(d.Cause)
	case EvidenceDownloaded:
		return fmt.Sprintf("evidence report of %d events downloaded", d.Events)
	case PersonalDataViewed:
		return fmt.Sprintf("personal data viewed: %s, %s, purpose %s", plain(d.What), records(d.Records), plain(d.Purpose))
	case HoldSet:
		s := fmt.Sprintf("hold set on %s: %s, %s, to be reviewed on %s", plain(d.Scope), holdWords(d.Ground), records(d.Records), d.ReviewOn)
		return s + when(d.Cite != "" && d.Ground != atRisk, " ("+string(d.Cite)+")")
	case HoldLifted:
		return fmt.Sprintf("hold %s lifted", d.Hold)
	case RequestRepeated, MatterFiled, MatterDecided, RecourseOpened, RecourseEnded, DocumentReceived, DocumentDeleted, HoldFound:
		return matterWords(d)
	case ConsentChanged:
		if d.Source == "restriction" {
			return "use for " + plain(d.Purpose) + when(d.Allowed, " allowed again: the restriction ended") + when(!d.Allowed, " stopped by the restriction")
		}
		if d.Allowed {
			return "consent to " + plain(d.Purpose) + " given again"
		}
		return "consent to " + plain(d.Purpose) + " withdrawn"
	case RecipientDue, RecipientTold, RecipientExcused, CorrectionDecided, ObjectionRefused, RestrictionSet, RestrictionWarned, RestrictionLifted:
		return rightsWords(d)
	case KeyDestroyed:
		return fmt.Sprintf("the case's key destroyed, final on %s", d.FinalOn)
	case UserChanged:
		return fmt.Sprintf("user %s: %s", d.User, plain(d.Change)) + when(d.Role != "", ", role "+string(d.Role))
	case TokenChanged:
		return fmt.Sprintf("token %s: %s", d.Token, plain(d.Change))
	case ConfigChanged:
		return "configuration changed, SHA-256 " + string(d.Config)
	case KeyRotated:
		return fmt.Sprintf("key %s rotated, version %d", d.Key, d.Version)
	case SystemPaused:
		return fmt.Sprintf("system %s paused", d.System)
	case SystemResumed:
		return fmt.Sprintf("system %s resumed", d.System)
	case SystemRestored:
		return fmt.Sprintf("system %s came back from a backup: %d requests are looked at again, the opt-outs of %d written again", d.System, d.Looked, d.Suppressed)
	}
	return "event of kind " + d.Kind()
}

func when(yes bool, s string) string {
	if yes {
		return s
	}
	return ""
}

// atRisk is the ground of a hold that events of earlier versions name. It is
// withheld wherever they are read out.
const atRisk = "person_at_risk"

// holdWords tells why something is held.
func holdWords(ground Code) string {
	if ground == atRisk || ground == "withheld" {
		return "ground withheld"
	}
	return plain(ground)
}

// plain turns a code into words: "no_data_held" → "no data held".
func plain(c Code) string { return strings.ReplaceAll(string(c), "_", " ") }

func or(c Code, s string) string {
	if c == "" {
		return s
	}
	return plain(c)
}

func of(right Code) string { return when(right != "", " of "+plain(right)) }

func records(n Count) string {
	if n == 1 {
		return "1 record"
	}
	return fmt.Sprintf("%d records", n)
}

func list(codes []Code) string {
	s := make([]string, len(codes))
	for i, c := range codes {
		s[i] = plain(c)
	}
	return strings.Join(s, ", ")
}

func actions(counts []ActionCount) string {
	if len(counts) == 0 {
		return "no records"
	}
	s := make([]string, len(counts))
	for i, c := range counts {
		s[i] = fmt.Sprintf("%s %d in %s", c.Action, c.Count, c.System)
	}
	return strings.Join(s, ", ")
}

func rights(counts []RightCount) string {
	s := ""
	for _, c := range counts {
		s += fmt.Sprintf("; %s of %s", records(c.Count), plain(c.Right))
	}
	return s
}

func outcomes(counts []OutcomeCount) string {
	s := ""
	for _, c := range counts {
		s += fmt.Sprintf("; %d %s", c.Count, plain(c.Outcome))
	}
	return s
}

// Print tells the case from events.jsonl alone, one line per event. It checks
// nothing: call Verify first.
func Print(w io.Writer, r io.ReaderAt, size int64) error {
	files, _, err := openSource(r, size)
	if err != nil {
		return err
	}
	events, err := files.lines("events.jsonl")
	if err != nil {
		return err
	}
	defer events.close()
	for {
		raw, err := events.next()
		if err != nil || raw == nil {
			return err
		}
		line, err := ParseLine(raw)
		if err != nil {
			return wrong("events.jsonl", events.n, "%s", err)
		}
		if _, err := fmt.Fprintf(w, "%3d  %s  %-12s  %s\n", line.Seq, line.At.Format("2006-01-02 15:04:05"), line.Actor, Words(line)); err != nil {
			return fmt.Errorf("evidence: print: %w", err)
		}
	}
}
