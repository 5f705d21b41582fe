package letters

import "slices"

// appealReceived acknowledges an appeal, a case of its own that somebody else decides.
func (c *composer) appealReceived() {
	c.need("joined", c.d.Joined != "")
	c.para("appeal_received.intro", "Joined", c.d.Joined)
	c.receipt()
	c.para("appeal_received.other")
	c.para("appeal_received.answer", "Due", c.date("due", c.d.Due))
	c.button("ack.status", "status_url", c.d.StatusURL)
}

// appealDecision is in writing and with reasons; where it denies, it leads to the Attorney General.
func (c *composer) appealDecision() {
	c.decided("appeal_decision")
	c.heading("appeal_decision.reasons")
	c.reasons()
	c.items(plainAll(c.d.Results))
	if c.d.Decision == Granted {
		c.complaint()
		return
	}
	a := c.authority()
	c.need("authority_url", a.URL != "")
	c.heading("remedy.title")
	if c.law.family == "US" {
		c.para("remedy.ag_now", "Authority", c.isolate(a.line()))
	} else {
		c.para("remedy.authority", "Authority", c.isolate(a.line()))
	}
	if a.URL != "" {
		c.para("remedy.authority_url", "URL", c.url("authority", a.URL))
	}
	c.court()
}

// complaintReceived is due within 30 days (UK: DPA 2018 s164A).
func (c *composer) complaintReceived() {
	c.need("joined", c.d.Joined != "")
	c.para("complaint_received.intro", "Joined", c.d.Joined)
	c.receipt()
	c.para("complaint_received.look")
	if !c.d.Due.IsZero() {
		c.para("complaint_received.answer", "Due", c.date("due", c.d.Due))
	}
	c.button("ack.status", "status_url", c.d.StatusURL)
	c.complaint()
}

// complaintAnswer tells what came of it, and where else to turn.
func (c *composer) complaintAnswer() {
	c.decided("complaint_answer")
	c.heading("complaint_answer.reasons")
	c.reasons()
	c.items(plainAll(c.d.Results))
	c.heading("complaint_answer.further")
	c.complaint()
	c.court()
}

func (c *composer) decided(key string) {
	c.need("joined", c.d.Joined != "")
	c.need("decision", slices.Contains([]string{Granted, PartlyGranted, Denied}, c.d.Decision))
	if c.d.Decision != "" {
		c.para(key+"."+c.d.Decision, "Joined", c.d.Joined, "Date", c.date("at", c.d.At))
	}
	c.receipt()
}
