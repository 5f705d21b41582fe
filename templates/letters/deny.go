package letters

import (
	"slices"
	"strings"
)

// partial grants now and refuses the rest with exemption and facts.
func (c *composer) partial() {
	c.need("reasons", len(c.d.Reasons)+len(c.d.Kept) > 0)
	c.need("kept", c.d.Counts.Kept == 0 || c.d.Counts.Kept == kept(c.d.Kept))
	c.para("partial.intro", "Rights", c.rights())
	c.results()
	c.receipt()
	if c.d.StatusURL != "" {
		c.button("partial.granted_link", "status_url", c.d.StatusURL)
	}
	c.heading("partial.not_done")
	c.reasonLines()
	c.kept()
	c.backups()
	c.told()
	c.listed()
	c.again()
	c.remedies()
}

// results are the sentences given, then the counts.
func (c *composer) results() {
	c.need("counts", len(c.d.Results) > 0 || c.d.Counts != Counts{})
	c.items(plainAll(c.d.Results))
	c.counts()
}

// refusal gives a reason for each right that it refuses.
func (c *composer) refusal() {
	c.para("refusal.intro", "Rights", c.rights())
	c.reasonsOrKept()
	c.receipt()
	if slices.ContainsFunc(c.d.Reasons, func(r Reason) bool { return r.Code == "identity_unproven" }) {
		c.categoriesInstead()
	}
	c.para("refusal.action")
	c.remedies()
}

// stateDenied: the reason, and how to appeal where the state has appeals.
func (c *composer) stateDenied() { c.refusal() }

// excessive refuses, or quotes a fee before anything is done (GDPR 12(5)).
func (c *composer) excessive() {
	if c.d.Fee != "" {
		c.para("excessive.intro_fee", "Rights", c.rights())
	} else {
		c.para("excessive.intro", "Rights", c.rights())
	}
	c.para("excessive.burden", "Cite", c.article("12(5)"))
	c.reasons()
	c.receipt()
	if c.d.Fee != "" {
		c.heading("excessive.fee_title")
		c.para("excessive.fee", "Fee", plain(c.d.Fee))
		c.para("excessive.agree", "Contact", c.d.Company.Contact, "Until", c.date("until", c.d.Until))
		c.clock("excessive")
	} else {
		c.para("refusal.action")
	}
	c.remedies()
}

// notFound names what was searched with and where, and how to try again.
func (c *composer) notFound() {
	in := plainAll(c.d.SearchedIn)
	c.need("searched_in", len(in) > 0)
	c.para("not_found.intro", "Rights", c.rights())
	c.receipt()
	c.heading("not_found.searched_for")
	c.items(c.coded("identity", "searched_for", c.d.SearchedFor))
	c.heading("not_found.searched_in")
	c.items(in)
	c.para("not_found.reason")
	c.para("not_found.more", "Contact", c.d.Company.Contact)
	c.remedies()
}

func (c *composer) rectificationDenied() {
	c.para("rectification_denied.intro")
	c.reasons()
	c.receipt()
	c.para("rectification_denied.statement", "Contact", c.d.Company.Contact)
	c.remedies()
}

// caDeleteDenied: 11 CCR 7022(f), (g).
func (c *composer) caDeleteDenied() {
	c.para("ca_delete_denied.intro")
	c.reasonsOrKept()
	c.receipt()
	c.para("ca_delete_denied.rest")
	n := c.d.Counts
	n.Kept = 0 // told above, each with its exception
	c.countLines(n)
	c.backups()
	c.para("ca_delete_denied.only")
	c.para("ca_delete_denied.providers")
	c.told()
	if c.d.OptOutURL != "" {
		c.para("ca_delete_denied.opt_out")
		c.link("ca_delete_denied.opt_out_link", "opt_out_url", c.d.OptOutURL)
	}
	c.recordKept()
	c.remedies()
}

// caCorrectDenied: 11 CCR 7023(f).
func (c *composer) caCorrectDenied() {
	c.para("ca_correct_denied.intro")
	c.reasons()
	c.receipt()
	c.para("ca_correct_denied.weighed")
	if c.d.Health {
		c.para("ca_correct_denied.health", "Contact", c.d.Company.Contact)
	}
	c.recordKept()
	c.remedies()
}

// reasonsOrKept are a reason for each right, and what was kept, each with its own; where every record was
// kept on a ground of its own, these are the reasons.
func (c *composer) reasonsOrKept() {
	if len(c.d.Reasons) > 0 || len(c.d.Kept) == 0 {
		c.reasons()
	}
	c.kept()
}

// reasons wants one for each right of the letter, and lists them.
func (c *composer) reasons() {
	c.need("reasons", len(c.d.Reasons) > 0)
	for _, right := range c.d.Rights {
		c.need("reasons", slices.ContainsFunc(c.d.Reasons, func(r Reason) bool { return r.Right == "" || r.Right == right }))
	}
	c.reasonLines()
}

func (c *composer) reasonLines() {
	lines := make([]string, 0, len(c.d.Reasons))
	for _, r := range c.d.Reasons {
		text := c.because(r.Code, r.Text)
		c.need("reasons.facts", text != "")
		c.need("reasons.ground", plain(r.Ground) != "")
		if r.Right == "" {
			lines = append(lines, c.t("reason.all", "Reason", text, "Ground", c.cite(r.Ground)))
			continue
		}
		lines = append(lines, c.t("reason.line", "Right", upper(c.t("right."+r.Right)), "Reason", text, "Ground", c.cite(r.Ground)))
	}
	c.items(lines)
}

// because is the ground in the letter's language, then the facts; its last full stop is left to the
// sentence that takes it.
func (c *composer) because(code, facts string) string {
	text := plain(facts)
	if code != "" && c.has("ground."+code) {
		if text == "" {
			text = c.t("ground." + code)
		} else {
			text = c.t("reason.facts", "Reason", c.t("ground."+code), "Facts", upper(text))
		}
	}
	return strings.TrimRight(text, ".")
}
