package letters

import "slices"

// standings are the capacities in which somebody asks for another person.
var standings = []string{"agent", "parent", "attorney", "guardian"}

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
		{c.t("fact.request"), c.rights()},
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

// behalfStopped tells whoever asked that the person concerned does not want it.
func (c *composer) behalfStopped() {
	c.para("behalf_stopped.intro", "Reference", c.d.Reference, "Date", c.date("at", c.d.At))
	if c.d.Restored {
		c.para("stopped_not_me.restored")
	}
	c.receipt()
	c.para("behalf_stopped.again")
}
