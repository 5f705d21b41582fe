package desk

import (
	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/templates"
)

// notices are what a page says after something was done, by the code in the
// address it was redirected to.
var notices = map[string]templates.Notice{
	"approved":           {Kind: "success", Title: "Approved", Text: "Nothing starts before the last approval needed is there."},
	"started":            {Kind: "success", Title: "Approved. The work has started", Text: "Every system is read again first. This page follows what happens."},
	"refused":            {Kind: "success", Title: "Refused", Text: "The letter with the reason and the remedies goes out now."},
	"extended":           {Kind: "success", Title: "Deadline extended", Text: "The letter with the reason goes out now."},
	"asked":              {Kind: "success", Title: "Asked", Text: "The letter goes out now."},
	"words":              {Kind: "success", Title: "Kept", Text: "Your words stand in the letter when it goes out."},
	"reply-gone":         {Kind: "success", Title: "Deleted", Text: "The reply is gone; the log says that it was there and when it went."},
	"posted":             {Kind: "success", Title: "Posted", Text: "The log says that the letter is in the post."},
	"law":                {Kind: "success", Title: "The law is corrected", Text: "The clock was computed anew from the day of receipt."},
	"paused":             {Kind: "success", Title: "The clock is paused", Text: "Let it go on as soon as the answer is there."},
	"resumed":            {Kind: "success", Title: "The clock goes on", Text: "The due date was computed anew."},
	"rediscover":         {Kind: "success", Title: "Searching again", Text: "A new plan is made when every system has answered."},
	"withdrawn":          {Kind: "success", Title: "Withdrawn", Text: "What had not begun is stopped."},
	"held":               {Kind: "success", Title: "The hold is set", Text: "Plans to come keep what it covers, and approved ones are weighed against it before anything is erased."},
	"lifted":             {Kind: "success", Title: "The hold is lifted", Text: "Open requests that kept something back because of it ask for attention."},
	"entered":            {Kind: "success", Title: "Entered", Text: "It is acknowledged by letter now. Somebody decides it who had no part in the request."},
	"answered":           {Kind: "success", Title: "Decided", Text: "The letter with the reasons goes out now."},
	"permission_refused": {Kind: "success", Title: "Refused", Text: "The documents are deleted. Whoever asks gets a letter that says why and what would suffice."},
	"permission":         {Kind: "success", Title: "Recorded", Text: "The documents are deleted. If nothing else is missing, the search begins now."},
	"proved":             {Kind: "success", Title: "Proof recorded", Text: "The search of the systems has started. Somebody else has to approve."},
	"settled":            {Kind: "success", Title: "Proof recorded", Text: "It is in the log with a keyed digest of the reason. Somebody else has to approve."},
	"decided":            {Kind: "success", Title: "The plan was changed", Text: "It has a new hash. Approvals given before have fallen."},
	"corrections":        {Kind: "success", Title: "Kept", Text: "The systems are searched again with what was decided, and a new plan is made."},
	"weighed":            {Kind: "success", Title: "Recorded", Text: "The systems are searched again, and a new plan is made. What goes on stands in the letter, with the reason."},
	"told":               {Kind: "success", Title: "Recorded", Text: "The log says when, with a keyed digest of the proof or reason."},
	"warned":             {Kind: "success", Title: "The person is told", Text: "The letter goes out now. The restriction can be lifted from the day that it names."},
	"unrestricted":       {Kind: "success", Title: "The restriction is lifted", Text: "The data may be used again as before."},
	"result":             {Kind: "success", Title: "Result recorded"},
	"retried":            {Kind: "success", Title: "The task was started again"},
	"filed":              {Kind: "success", Title: "Request filed", Text: "Its clock counts from the day of receipt."},
	"system-pause":       {Kind: "important", Title: "Paused", Text: "No new task starts. Deadlines run on."},
	"system-go":          {Kind: "success", Title: "Work goes on"},
	"checked":            {Kind: "success", Title: "Checked", Text: "The answer stands beside the system."},
	"user-added":         {Kind: "success", Title: "User added", Text: "Hand the password over in person."},
	"user-off":           {Kind: "success", Title: "Access ended", Text: "Sessions and tokens of this user no longer work."},
	"user-on":            {Kind: "success", Title: "Access restored"},
}

// page fills in what every page needs, with the notice of what was just done.
func (h desk) page(c *fiber.Ctx) templates.Page {
	p := web.PageOf(c)
	if n, ok := notices[c.Query("done")]; ok {
		p.Notice = &n
	}
	return p
}
