package letters

import "slices"

// idRequest asks for the least that proves who asks (GDPR 12(6), 5(1)(c)).
func (c *composer) idRequest() {
	until := c.date("until", c.d.Until)
	c.para("id_request.intro", "Rights", c.rights())
	c.receipt()
	c.heading("id_request.doubt")
	c.freely("why", c.d.Why)
	c.heading("id_request.items")
	c.items(c.coded("proof", "items", c.d.Items))
	c.para("id_request.minimum")
	c.heading("id_request.how")
	c.para("id_request.channel")
	c.button("id_request.link", "enter_url", c.d.EnterURL)
	c.para("id_request.deleted")
	c.clock("id_request")
	c.para("id_request.silence", "Until", until)
}

// clarify asks what the person is looking for, and leaves the whole on offer (Recital 63).
func (c *composer) clarify() {
	until := c.date("until", c.d.Until)
	c.para("clarify.intro", "Rights", c.rights())
	c.receipt()
	if why := free(c.d.Why); len(why) > 0 {
		c.free(why)
	}
	c.heading("clarify.items")
	questions := plainAll(c.d.Items)
	c.need("items", len(questions) > 0)
	c.items(questions)
	c.para("clarify.all")
	c.button("clarify.link", "enter_url", c.d.EnterURL)
	c.clock("clarify")
	c.para("clarify.silence", "Until", until)
}

// correctionProof asks for what shows which value is right: the least, by the safe way, used for the
// correction alone (GDPR 16, 5(1)(d); 11 CCR 7023(d)). No law lets the clock stand for it.
func (c *composer) correctionProof() {
	until := c.date("until", c.d.Until)
	c.para("correction_proof.intro")
	c.receipt()
	c.heading("correction_proof.why")
	c.freely("why", c.d.Why)
	c.heading("correction_proof.items")
	items := plainAll(c.d.Items)
	c.need("items", len(items) > 0)
	c.items(items)
	c.para("id_request.minimum")
	c.heading("id_request.how")
	c.para("id_request.channel")
	c.button("id_request.link", "enter_url", c.d.EnterURL)
	c.para("correction_proof.deleted")
	if c.law.family == "EU" || c.law.family == "UK" {
		c.para("correction_proof.meanwhile", "Cite", c.article("18(1)(a)"))
	}
	c.para("id_request.runs", "Due", c.date("due", c.d.Due))
	c.para("correction_proof.silence", "Until", until)
}

// clock tells what happens to the date of our answer meanwhile.
func (c *composer) clock(key string) {
	c.need("clock", slices.Contains([]string{ClockRuns, ClockStops, ClockRestarts}, c.d.Clock))
	if c.d.Clock == ClockRuns {
		c.para(key+".runs", "Due", c.date("due", c.d.Due))
		return
	}
	if c.d.Clock != "" {
		c.para(key + "." + c.d.Clock)
	}
}

// extension must go out before the base date is over; that check is the clock's. PIPEDA 8(4) wants the
// right to complain in it; every law gets it.
func (c *composer) extension() {
	c.need("why", plain(c.d.Why) != "" || c.d.WhyCode != "")
	c.need("due later than previous", c.d.Due.After(c.d.Previous))
	c.para("extension.intro", "Previous", c.date("previous", c.d.Previous), "Due", c.date("due", c.d.Due))
	c.receipt()
	c.heading("extension.why")
	if slices.Contains([]string{"complexity", "number", "necessary"}, c.d.WhyCode) {
		c.para("extension." + c.d.WhyCode)
	}
	c.free(free(c.d.Why))
	c.para("extension.once")
	c.button("extension.status", "status_url", c.d.StatusURL)
	c.remedies()
}

// unverified says what is missing, what can be done and what silence leads to.
func (c *composer) unverified() {
	until := c.date("until", c.d.Until)
	c.para("unverified.intro", "Rights", c.rights())
	c.receipt()
	c.heading("unverified.how")
	if len(c.d.Items) > 0 && !slices.Contains(c.d.Items, "code") { // the address is proved, and too little else
		c.para("unverified.details", "Until", until)
		c.button("unverified.details_link", "enter_url", c.d.EnterURL)
	} else {
		c.para("unverified.again", "Until", until)
		c.button("unverified.link", "enter_url", c.d.EnterURL)
	}
	c.para("unverified.more", "Contact", c.d.Company.Contact)
	if len(c.d.Items) > 0 {
		c.items(c.coded("proof", "items", c.d.Items))
	}
	c.para("unverified.silence", "Until", until)
	c.categoriesInstead()
	c.remedies()
}

// categoriesInstead: what cannot be answered with specific pieces is answered with categories, and those
// by the privacy policy (11 CCR 7024(a), (b)).
func (c *composer) categoriesInstead() {
	if c.law.family == "CA" && (slices.Contains(c.d.Rights, "access") || slices.Contains(c.d.Rights, "portability")) {
		c.para("unverified.ca", "URL", c.url("privacy_url", c.d.Company.PrivacyURL))
	}
}

// expired counts as a denial, so it carries reason and remedies.
func (c *composer) expired() {
	other := ""
	if slices.Contains(standings, c.d.Standing) {
		other = "_other" // to whoever asked for another
	}
	c.para("expired.intro"+other, "Rights", c.rights(), "Date", c.date("at", c.d.At))
	c.receipt()
	c.para("expired.reason" + other)
	c.categoriesInstead()
	c.para("expired.again")
	c.remedies()
}
