package letters

import (
	"slices"

	"habeas/templates/locales"
)

// recipientNotice goes to somebody who got the data from us (GDPR 19; 11 CCR 7022(b), (c)). It names
// the person, since the recipient has to find them, and nothing else about them.
func (c *composer) recipientNotice() {
	c.need("recipient", plain(c.d.Recipient) != "")
	known := plainAll(c.d.Identifiers)
	c.need("identifiers", len(known) > 0)
	c.para("recipient_notice.intro", "Company", c.doc.Company, "Recipient", c.isolate(plain(c.d.Recipient)), "Cite", c.article("19"))
	c.need("rights", len(c.d.Rights) > 0)
	var lines []string
	for _, right := range c.d.Rights {
		key := "recipient_notice." + right
		c.need("rights", slices.Contains([]string{"erasure", "rectification", "restriction", "objection", "consent_withdrawal", "opt_out", "limit"}, right))
		if c.has(key) {
			lines = append(lines, c.t(key))
		}
	}
	c.items(lines)
	c.heading("recipient_notice.who")
	c.items(c.isolateAll(known))
	c.items(plainAll(c.d.Results))
	c.receipt()
	if c.law.family == "CA" {
		c.para("recipient_notice.pass_down")
	}
	c.para("recipient_notice.confirm", "Contact", c.d.Company.Contact, "Reference", c.d.Reference, "Until", c.date("until", c.d.Until))
	c.para("recipient_notice.purpose")
}

// deskReminder goes to our own team. It holds a reference and a date, and nothing about the person.
func (c *composer) deskReminder() {
	c.need("days", c.d.Days >= 0)
	c.para("desk_reminder.intro", "Count", c.d.Days, "Due", c.date("due", c.d.Due))
	c.deskFacts()
	c.button("desk_reminder.link", "desk_url", c.d.DeskURL)
}

func (c *composer) deskOverdue() {
	c.need("days", c.d.Days >= 1)
	c.para("desk_overdue.intro", "Count", c.d.Days, "Due", c.date("due", c.d.Due))
	c.deskFacts()
	c.para("desk_overdue.todo")
	c.button("desk_reminder.link", "desk_url", c.d.DeskURL)
}

func (c *composer) deskFacts() {
	list := []fact{
		{c.t("fact.reference"), c.d.Reference},
		{c.t("fact.received"), c.date("received", c.d.Received)},
		{c.t("fact.rights"), c.rights()},
		{c.t("fact.law"), c.d.Law},
	}
	if c.d.Open > 1 {
		list = append(list, fact{c.t("fact.more"), locales.Number(c.doc.Lang, int64(c.d.Open-1))})
	}
	c.add(block{Kind: facts, Facts: list})
}
