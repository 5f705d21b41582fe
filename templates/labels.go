package templates

import (
	"fmt"
	"strings"
	"time"
)

// Words for the desk's codes. Unknown codes are shown as they are, with
// spaces for underscores, so that a new one is at least readable.

func word(table map[string]string, code string) string {
	if w, ok := table[code]; ok {
		return w
	}
	w := strings.ReplaceAll(code, "_", " ")
	if w == "" {
		return w
	}
	return strings.ToUpper(w[:1]) + w[1:]
}

// RightLabel names a right for staff.
func RightLabel(code string) string { return word(rightWords, code) }

// RightLabels joins the names of several rights.
func RightLabels(codes []string) string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = RightLabel(c)
		if i > 0 {
			out[i] = strings.ToLower(out[i][:1]) + out[i][1:]
		}
	}
	return strings.Join(out, ", ")
}

var rightWords = map[string]string{
	"access":             "Access",
	"portability":        "Portability",
	"rectification":      "Rectification",
	"erasure":            "Erasure",
	"restriction":        "Restriction",
	"objection":          "Objection",
	"consent_withdrawal": "Consent withdrawal",
	"opt_out":            "Opt-out",
	"limit":              "Limit use",
}

// StatusLabel names a case's status for staff.
func StatusLabel(code string) string { return word(statusWords, code) }

var statusWords = map[string]string{
	"filed":       "Waiting on customer",
	"verified":    "Identity proved",
	"discovering": "Searching",
	"review":      "Ready to decide",
	"executing":   "Carrying out",
	"verifying":   "Checking",
	"completed":   "Completed",
	"closed":      "Closed",
	"refused":     "Refused",
	"expired":     "Not verified in time",
	"withdrawn":   "Withdrawn",
}

var statusColours = map[string]string{
	"filed": "neutral", "verified": "info", "discovering": "info", "review": "warn",
	"executing": "now", "verifying": "now", "completed": "good", "closed": "good",
	"refused": "bad", "expired": "neutral", "withdrawn": "neutral",
}

var flagWords = map[string]string{
	"paused":    "Clock paused",
	"extended":  "Extended",
	"overdue":   "Overdue",
	"attention": "Needs attention",
	"partial":   "Partly kept",
	"unproven":  "Unproven",
}

var flagColours = map[string]string{"overdue": "bad", "attention": "bad", "unproven": "warn", "partial": "keep", "paused": "neutral", "extended": "neutral"}

var actionWords = map[string]string{
	"disclose": "Disclose", "redact": "Redact", "erase": "Erase", "mask": "Mask",
	"suppress": "Suppress", "correct": "Correct", "keep": "Keep", "detach": "Detach",
}

// actionEffects say what an action does, for the page that approves it.
var actionEffects = map[string]string{
	"disclose": "go into the customer's package",
	"redact":   "go into the package with parts blacked out",
	"erase":    "are deleted and cannot be brought back",
	"mask":     "stay, with the person's data overwritten",
	"suppress": "are put out of use",
	"correct":  "are corrected",
	"keep":     "stay as they are, with a legal ground",
	"detach":   "stay for others, without this person",
}

var outcomeWords = map[string]string{
	"disclosed":           "Disclosed",
	"redacted":            "Disclosed, redacted",
	"kept":                "Kept",
	"verified_absent":     "Gone, checked",
	"verified_masked":     "Masked, checked",
	"verified_detached":   "Detached, checked",
	"verified_suppressed": "Suppressed, checked",
	"verified_corrected":  "Corrected, checked",
	"accepted":            "Accepted, cannot be checked",
	"purge_pending":       "Purge pending",
	"failed":              "Failed",
	"reappeared":          "Reappeared",
}

var outcomeColours = map[string]string{
	"disclosed": "disclose", "redacted": "redact", "kept": "keep", "accepted": "warn", "purge_pending": "warn",
	"failed": "bad", "reappeared": "bad",
}

var stageWords = map[string]string{
	"discover": "Search", "collect": "Collect", "suppress": "Suppress", "apply": "Carry out",
	"drift": "Read again", "verify": "Check", "rescan": "Look again", "manual": "By hand", "package": "Package",
	"resume": "Give back",
}

var taskWords = map[string]string{
	"waiting": "Waiting", "queued": "Queued", "running": "Running", "done": "Done", "retry": "Will retry",
	"failed": "Failed", "manual": "To do by hand", "paused": "Paused", "cancelled": "Cancelled",
}

var taskColours = map[string]string{
	"waiting": "neutral", "queued": "neutral", "running": "now", "done": "good", "retry": "warn",
	"failed": "bad", "manual": "info", "paused": "neutral", "cancelled": "neutral",
}

var roleWords = map[string]string{"dpo": "DPO", "agent": "Agent", "auditor": "Auditor", "admin": "Admin"}

var channelWords = map[string]string{"portal": "Portal", "api": "API", "phone": "Phone", "letter": "Letter", "counter": "Counter", "e-mail": "E-mail", "gpc": "Browser signal"}

// channelBy says how a request came: "by phone", "over the portal".
func channelBy(code string) string {
	switch code {
	case "portal":
		return "over the portal"
	case "api":
		return "over the API"
	case "counter":
		return "at the counter"
	}
	return "by " + strings.ToLower(word(channelWords, code))
}

func colour(table map[string]string, code, otherwise string) string {
	if c, ok := table[code]; ok {
		return c
	}
	return otherwise
}

// daysWords says how long there is: "3 days left", "Overdue 2 days".
func daysWords(c Clock) string {
	switch {
	case c.Due.IsZero():
		return "No deadline"
	case c.Paused:
		return "Clock paused"
	case c.DaysLeft < -1:
		return fmt.Sprintf("Overdue %d days", -c.DaysLeft)
	case c.DaysLeft == -1:
		return "Overdue 1 day"
	case c.DaysLeft == 0:
		return "Due today"
	case c.DaysLeft == 1:
		return "1 day left"
	default:
		return fmt.Sprintf("%d days left", c.DaysLeft)
	}
}

// urgency is the class suffix for a clock: over, soon, stopped or far.
func urgency(c Clock) string {
	switch {
	case c.Due.IsZero() || c.Paused:
		return "stopped"
	case c.DaysLeft < 0:
		return "over"
	case c.DaysLeft <= 7:
		return "soon"
	default:
		return "far"
	}
}

// ended says that a case no longer runs against its deadline.
func ended(status string) bool {
	switch status {
	case "completed", "closed", "refused", "expired", "withdrawn":
		return true
	}
	return false
}

func shortHash(h string) string {
	if len(h) <= 12 {
		return h
	}
	return h[:8] + "…" + h[len(h)-4:]
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(int64(n)) + " " + many
}

// thousands writes 12345 as 12,345 (desk pages are English).
func thousands(n int64) string {
	s := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// waitWords writes a duration in hours or minutes.
func waitWords(d time.Duration) string {
	if d >= time.Hour {
		return plural(int(d.Round(time.Hour)/time.Hour), "hour", "hours")
	}
	return plural(int((d+time.Minute-1)/time.Minute), "minute", "minutes")
}

// total adds up the counts of a plan.
func (p *PlanView) total() int {
	n := 0
	for _, c := range p.Counts {
		n += c.Count
	}
	return n
}

// irreversible counts the records that cannot be brought back.
func (p *PlanView) irreversible() int {
	n := 0
	for _, c := range p.Counts {
		if c.Action == "erase" || c.Action == "mask" || c.Action == "detach" {
			n += c.Count
		}
	}
	return n
}

// LetterLabel names a kind of letter for staff.
func LetterLabel(kind string) string { return word(letterWords, kind) }

var letterWords = map[string]string{
	"ack": "Receipt of the request", "code": "Code", "request_joined": "Joined to an earlier request", "withdrawn": "Request withdrawn",
	"stopped_not_me": "Stopped: it was not them", "erasure_waits": "Until when they can cancel", "id_request": "Asked for proof of identity", "clarify": "Question to the customer", "correction_proof": "Asked for proof of a correction",
	"extension": "Extension of the deadline", "unverified": "Could not verify", "expired": "Not verified in time",
	"access_ready": "Answer to the access request", "portability_ready": "Answer to the portability request",
	"erasure_done": "Answer to the erasure request", "withdrawal_done": "Consent withdrawn", "opt_out_done": "Opt-out done",
	"rectification_done": "Data corrected", "restriction_done": "Use restricted", "restriction_ends": "Restriction about to end",
	"objection_done": "Objection in force", "done": "Answer", "keep_notice": "Records that must stay",
	"partial": "Answer, partly refused", "refusal": "Refusal", "excessive": "Unfounded or excessive: refusal or fee", "not_found": "No data held",
	"rectification_denied": "Correction refused", "ca_delete_denied": "Deletion denied (California)", "ca_correct_denied": "Correction denied (California)",
	"state_denied": "Denial with appeal (US state)", "appeal_received": "Receipt of the appeal", "appeal_extension": "More time for the appeal", "appeal_decision": "Decision on the appeal",
	"complaint_received": "Receipt of the complaint", "complaint_answer": "Answer to the complaint",
	"recipient_notice": "Notice to a recipient", "desk_reminder": "Reminder to the desk", "desk_overdue": "Overdue notice to the desk",
}

func joinFields(fields []string) string {
	if len(fields) > 6 {
		return strings.Join(fields[:6], ", ") + fmt.Sprintf(" and %d more", len(fields)-6)
	}
	return strings.Join(fields, ", ")
}
