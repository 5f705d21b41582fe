package letters

import "slices"

func (c *composer) portabilityReady() {
	until := c.date("until", c.d.Until)
	c.para("portability_ready.intro")
	c.receipt()
	c.para("portability_ready.scope")
	c.steps()
	c.button("access_ready.link", "download_url", c.d.DownloadURL)
	c.para("access_ready.until", "Until", until)
	c.para("portability_ready.direct")
	if len(c.d.Kept) > 0 {
		c.heading("portability_ready.left_out")
		c.kept()
		c.remedies()
		return
	}
	c.complaint()
}

// rectificationDone names what was corrected and where, never the values: the letter may be read by
// somebody who looks over a shoulder.
func (c *composer) rectificationDone() {
	c.need("changes", len(c.d.Changes) > 0 || c.d.Counts.Corrected > 0)
	c.need("kept", c.d.Counts.Kept == kept(c.d.Kept))
	c.para("rectification_done.intro", "Date", c.date("at", c.d.At))
	lines := make([]string, 0, len(c.d.Changes))
	for _, x := range c.d.Changes {
		c.need("changes", plain(x.What) != "")
		if where := plain(x.Where); where != "" {
			lines = append(lines, c.t("rectification_done.change", "What", plain(x.What), "Where", where))
		} else {
			lines = append(lines, plain(x.What))
		}
	}
	if len(lines) == 0 {
		n := c.d.Counts
		n.Kept = 0
		c.countLines(n)
	}
	c.items(lines)
	c.receipt()
	if len(c.d.Kept) > 0 {
		c.heading("rectification_done.kept")
		c.kept()
	}
	c.told()
	c.para("rectification_done.check")
	if len(c.d.Kept) > 0 {
		c.remedies()
		return
	}
	c.complaint()
}

// restrictionDone: stored only, and told before it is lifted (GDPR 18(2), (3)).
func (c *composer) restrictionDone() {
	c.need("kept", c.d.Counts.Kept == kept(c.d.Kept))
	c.para("restriction_done.intro", "At", c.moment("at", c.d.At))
	c.items(plainAll(c.d.Results))
	c.receipt()
	c.para("restriction_done.store", "Cite", c.article("18(2)"))
	c.told()
	c.para("restriction_done.before")
	if len(c.d.Kept) > 0 {
		c.heading("restriction_done.kept")
		c.kept()
		c.remedies()
		return
	}
	c.complaint()
}

func (c *composer) restrictionEnds() {
	c.para("restriction_ends.intro", "Until", c.date("until", c.d.Until))
	c.receipt()
	c.heading("restriction_ends.why")
	c.freely("why", c.d.Why)
	c.para("restriction_ends.then")
	c.remedies()
}

// objectionDone: against direct marketing nothing is weighed (GDPR 21(3)).
func (c *composer) objectionDone() {
	c.need("kept", c.d.Counts.Kept == kept(c.d.Kept))
	c.para("objection_done.intro", "At", c.moment("at", c.d.At))
	lines := plainAll(c.d.Purposes)
	if c.d.Advertising && len(lines) == 0 {
		lines = append([]string{c.t("opt_out_done.objection")}, lines...)
	}
	if len(lines) == 0 {
		lines = []string{c.t("objection_done.all")}
	}
	c.items(lines)
	c.receipt()
	c.told()
	if c.d.Advertising {
		c.para("objection_done.advertising", "Cite", c.article("21(3)"))
	}
	if len(c.d.Kept)+len(c.d.Refused) > 0 {
		c.heading("objection_done.kept")
		c.kept()
		c.goesOn()
		c.remedies()
		return
	}
	c.complaint()
}

// goesOn names the uses that go on against an objection, each with its ground
// and the facts that were weighed (GDPR 21(1)).
func (c *composer) goesOn() {
	lines := make([]string, 0, len(c.d.Refused))
	for _, r := range c.d.Refused {
		text := c.because(r.Code, r.Text)
		c.need("refused.use", plain(r.Use) != "")
		c.need("refused.reason", text != "")
		c.need("refused.ground", plain(r.Ground) != "")
		lines = append(lines, c.t("reason.line", "Right", c.isolate(plain(r.Use)), "Reason", text, "Ground", c.cite(r.Ground)))
	}
	c.items(lines)
}

// keepNotice tells of records that have to stay for now.
func (c *composer) keepNotice() {
	c.need("kept", len(c.d.Kept) > 0)
	c.para("keep_notice.intro", "Rights", c.rights())
	c.receipt()
	c.kept()
	c.para("keep_notice.only")
	c.remedies()
}

// told says who was told, and who could not be (GDPR 19; 11 CCR 7022(b), (c)).
func (c *composer) told() {
	if names := plainAll(c.d.Recipients); len(names) > 0 {
		c.para("told.recipients", "Recipients", c.join(c.isolateAll(names)))
	}
	if len(c.d.Untold) == 0 {
		return
	}
	lines := make([]string, 0, len(c.d.Untold))
	for _, u := range c.d.Untold {
		c.need("untold", plain(u.Name) != "" && plain(u.Text) != "")
		lines = append(lines, c.t("told.line", "Name", c.isolate(plain(u.Name)), "Reason", plain(u.Text)))
	}
	c.para("told.untold")
	c.items(lines)
}

// recordKept: 11 CCR 7022(e), 7101(a).
func (c *composer) recordKept() {
	if c.law.family == "CA" || slices.Contains([]string{CADeleteDenied, CACorrectDenied}, c.kind) {
		c.para("record_kept")
	}
}
