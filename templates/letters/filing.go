package letters

import (
	"regexp"
	"slices"
	"time"
)

var sixDigits = regexp.MustCompile(`^[0-9]{6}$`)

// code carries the code and the way to say "this was not me"; nothing of what the visitor typed.
func (c *composer) code() {
	c.need("code", sixDigits.MatchString(c.d.Code))
	c.need("valid", c.d.Valid >= time.Minute)
	switch {
	case c.d.Again:
		c.para("code.intro_again", "Company", c.doc.Company)
	case c.d.Staff:
		c.para("code.intro_staff")
	default:
		c.para("code.intro", "Company", c.doc.Company)
	}
	c.add(block{Kind: code, Text: c.d.Code})
	c.para("code.valid", "Count", int(c.d.Valid/time.Minute))
	c.button("code.enter", "enter_url", c.d.EnterURL)
	c.para("code.keep")
	c.heading("code.not_me")
	c.para("code.not_me_text")
	c.link("code.not_me_link", "not_me_url", c.d.NotMeURL)
}

func (c *composer) ack() {
	c.para("ack.intro", "Company", c.doc.Company)
	c.add(block{Kind: facts, Facts: []fact{
		{c.t("fact.reference"), c.d.Reference},
		{c.t("fact.received"), c.date("received", c.d.Received)},
		{c.t("fact.request"), c.rights()},
		{c.t("fact.due"), c.date("due", c.d.Due)},
	}})
	c.heading("ack.next")
	switch {
	case c.d.Verified:
		c.para("ack.verified")
	case c.needsProof():
		c.para("ack.verify")
	default:
		c.para("ack.no_proof")
	}
	c.para("ack.search")
	c.para("ack.answer", "Due", c.date("due", c.d.Due))
	c.button("ack.status", "status_url", c.d.StatusURL)
	c.para("ack.stop")
}

// needsProof is false when every right is one that no proof may be asked for (GDPR 7(3); 11 CCR
// 7026(d), 7027(e), 7060(b)).
func (c *composer) needsProof() bool {
	return slices.ContainsFunc(c.d.Rights, func(right string) bool {
		return right != "consent_withdrawal" && right != "opt_out" && right != "limit"
	})
}

func (c *composer) requestJoined() {
	c.need("joined", c.d.Joined != "")
	c.para("request_joined.intro", "Reference", c.d.Reference, "Joined", c.d.Joined)
	c.receipt()
	c.para("request_joined.due", "Due", c.date("due", c.d.Due))
	c.button("request_joined.status", "status_url", c.d.StatusURL)
}

func (c *composer) withdrawn() {
	c.para("withdrawn.intro", "Rights", c.rights(), "Date", c.date("at", c.d.At))
	if begun := plainAll(c.d.Begun); len(begun) > 0 {
		c.para("withdrawn.begun")
		c.items(begun)
	} else {
		c.para("withdrawn.nothing")
	}
	c.receipt()
	c.para("withdrawn.again")
}

func (c *composer) stoppedNotMe() {
	c.para("stopped_not_me.intro", "Reference", c.d.Reference, "Date", c.date("at", c.d.At))
	begun := plainAll(c.d.Begun)
	switch {
	case len(begun) > 0:
		c.para("stopped_not_me.begun")
		c.items(begun)
	case !c.d.Restored:
		c.para("stopped_not_me.nothing")
	}
	if c.d.Restored {
		c.para("stopped_not_me.restored")
	}
	c.receipt()
	c.para("stopped_not_me.safe")
}

// erasureWaits is the way back between the approval and the act.
func (c *composer) erasureWaits() {
	c.para("erasure_waits.intro", "Until", c.moment("until", c.d.Until))
	c.receipt()
	c.heading("erasure_waits.changed")
	c.para("erasure_waits.final")
	c.button("erasure_waits.cancel", "cancel_url", c.d.CancelURL)
	c.para("erasure_waits.agreed")
}

// receipt gives reference and day of receipt, which every answer repeats.
func (c *composer) receipt() {
	c.add(block{Kind: facts, Facts: []fact{
		{c.t("fact.reference"), c.d.Reference},
		{c.t("fact.received"), c.date("received", c.d.Received)},
	}})
}
