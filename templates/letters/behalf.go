package letters

import "slices"

// standings are the capacities in which somebody asks for another person.
var standings = []string{"agent", "parent", "attorney", "guardian"}

// plainly are the kinds that say themselves for whom the request is, or speak of
// nobody's data.
var plainly = []string{Code, StoppedNotMe, BehalfStopped, PermissionRefused, PermissionMissing, Expired}

// forAnother tells whether the reader asked for another person, whose data then
// are what the letter calls "your data".
func (c *composer) forAnother() bool {
	return c.k.to == "" && slices.Contains(standings, c.d.Standing) && !slices.Contains(plainly, c.kind)
}

// behalfAbout says that somebody asks for the reader, and for what: in which capacity, never who, since
// a name would be what some visitor typed.
func (c *composer) behalfAbout() {
	c.need("standing", slices.Contains(standings, c.d.Standing))
	if slices.Contains(standings, c.d.Standing) {
		c.para("behalf."+c.d.Standing, "Company", c.doc.Company)
	}
	c.add(block{Kind: facts, Facts: []fact{
		{c.t("fact.reference"), c.d.Reference},
		{c.t("fact.received"), c.date("received", c.d.Received)},
		{c.t("fact.request_other"), c.rights()},
	}})
}

func (c *composer) behalfStop() {
	c.heading("behalf.stop")
	c.para("behalf.stop_text")
	c.link("behalf.stop_link", "not_me_url", c.d.NotMeURL)
}

// behalfNotice tells the person concerned that somebody asks for them.
func (c *composer) behalfNotice() {
	c.behalfAbout()
	if c.needsProof() {
		c.para("behalf.nothing_yet")
	} else {
		c.para("behalf.at_once")
		c.button("behalf.undo", "undo_url", c.d.UndoURL)
	}
	c.behalfStop()
}

// behalfConfirm asks the person concerned to confirm it as well (11 CCR 7063(a)).
func (c *composer) behalfConfirm() {
	c.behalfAbout()
	c.para("behalf_confirm.only", "Until", c.date("until", c.d.Until))
	c.button("behalf_confirm.go", "confirm_url", c.d.ConfirmURL)
	c.behalfStop()
}

// behalfPost tells the person concerned on paper, who has no e-mail address. It
// holds no link: whoever opens the envelope proves nothing by it, so the person
// answers us in their own way, and staff record that.
func (c *composer) behalfPost() {
	c.need("standing", slices.Contains(standings, c.d.Standing))
	if slices.Contains(standings, c.d.Standing) {
		c.para("behalf_post."+c.d.Standing, "Company", c.doc.Company)
	}
	c.add(block{Kind: facts, Facts: []fact{
		{c.t("fact.reference"), c.d.Reference},
		{c.t("fact.received"), c.date("received", c.d.Received)},
		{c.t("fact.request_other"), c.rights()},
	}})
	switch {
	case !c.needsProof():
		c.para("behalf_post.at_once")
	case c.d.Until.IsZero():
		c.para("behalf.nothing_yet")
	default:
		c.para("behalf_post.word", "Until", c.date("until", c.d.Until), "Contact", c.d.Company.Contact)
	}
	c.heading("behalf.stop")
	c.para("behalf_post.stop", "Contact", c.d.Company.Contact, "Reference", c.d.Reference)
}

// behalfStopped tells whoever asked that the person concerned does not want it.
func (c *composer) behalfStopped() {
	c.para("behalf_stopped.intro", "Reference", c.d.Reference, "Date", c.date("at", c.d.At))
	if c.d.Restored {
		c.para("stopped_not_me.restored")
	}
	c.receipt()
	if cite := c.behalfCite(); cite != "" {
		c.para("behalf_stopped.why", "Cite", cite)
	} else {
		c.para("behalf_stopped.why_plain")
	}
	c.para("behalf_stopped.again")
}

// behalfDeclined thanks the person concerned, who does not want it.
func (c *composer) behalfDeclined() {
	c.para("behalf_declined.intro", "Reference", c.d.Reference, "Date", c.date("at", c.d.At))
	if c.d.Restored {
		c.para("stopped_not_me.restored")
	} else {
		c.para("stopped_not_me.nothing")
	}
	c.receipt()
	c.para("behalf_declined.own")
}

// behalfCite is why a proof may be asked for, where our tables know an article.
func (c *composer) behalfCite() string {
	if c.law.family == "CA" {
		return c.cite("11 CCR 7063")
	}
	return c.article("12(6)")
}

// permissionRefused says why a document does not show that one may ask for another, and how to go on.
func (c *composer) permissionRefused() {
	c.need("rights", len(c.d.Rights) > 0)
	c.para("permission_refused.intro")
	c.receipt()
	c.heading("permission_refused.why")
	key := "permission_refused.because." + c.d.WhyCode
	c.need("why", c.d.WhyCode != "" && c.has(key))
	if c.has(key) {
		c.para(key)
	}
	if !c.needsProof() {
		c.para("permission_refused.deleted_opt_out")
		c.para("permission_refused.stays")
		c.shows()
		c.button("permission_refused.link", "enter_url", c.d.EnterURL)
		c.remedies()
		return
	}
	c.para("permission_refused.deleted")
	c.heading("unverified.how")
	until := c.date("until", c.d.Until)
	c.para("permission_refused.again", "Until", until)
	c.shows()
	c.button("permission_refused.link", "enter_url", c.d.EnterURL)
	c.para("permission.silence", "Until", until)
	c.remedies()
}

// permissionMissing tells whoever asks for another what is missing still, and what silence leads to.
func (c *composer) permissionMissing() {
	until := c.date("until", c.d.Until)
	c.need("rights", len(c.d.Rights) > 0)
	c.para("permission_missing.intro")
	c.items(c.coded("permission_missing", "items", c.d.Items))
	c.receipt()
	c.heading("unverified.how")
	c.para("permission_missing.again", "Until", until)
	c.shows()
	c.button("permission_missing.link", "enter_url", c.d.EnterURL)
	c.para("permission.silence", "Until", until)
	c.categoriesInstead()
	c.remedies()
}

// shows names the document that shows in which capacity somebody asks, and on which law we want it.
func (c *composer) shows() {
	known := slices.Contains(standings, c.d.Standing)
	c.need("standing", known)
	if known {
		c.items([]string{c.t("permission." + c.d.Standing)})
	}
	c.para("permission.least", "Contact", c.d.Company.Contact)
	if cite := c.behalfCite(); cite != "" {
		c.para("permission.law", "Cite", cite)
	} else {
		c.para("permission.law_plain")
	}
}
