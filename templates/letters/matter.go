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

// appealExtension must go out before the first date is over (C.R.S. 6-1-1306(3)); that check is the
// case's. It speaks of the appeal, which the person waits for, and not of the request.
func (c *composer) appealExtension() {
	c.need("joined", c.d.Joined != "")
	c.need("why", plain(c.d.Why) != "" || c.d.WhyCode != "")
	c.need("due later than previous", c.d.Due.After(c.d.Previous))
	c.para("appeal_extension.intro", "Joined", c.d.Joined, "Previous", c.date("previous", c.d.Previous), "Due", c.date("due", c.d.Due))
	c.receipt()
	c.heading("extension.why")
	if slices.Contains([]string{"complexity", "number", "necessary"}, c.d.WhyCode) {
		c.para("appeal_extension." + c.d.WhyCode)
	}
	c.free(free(c.d.Why))
	c.para("extension.once")
	c.para("appeal_received.other")
	c.button("ack.status", "status_url", c.d.StatusURL)
	c.complaint()
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
