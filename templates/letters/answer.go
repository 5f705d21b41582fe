package letters

import "slices"

func (c *composer) accessReady() {
	until := c.date("until", c.d.Until)
	c.para("access_ready.intro", "Company", c.doc.Company)
	c.para("access_ready.none")
	c.receipt()
	c.heading("access_ready.how")
	c.add(block{Kind: steps, Items: []string{c.t("access_ready.step1"), c.t("access_ready.step2"), c.t("access_ready.step3")}})
	c.button("access_ready.link", "download_url", c.d.DownloadURL)
	c.para("access_ready.until", "Until", until)
	if len(c.d.Kept) > 0 {
		c.heading("access_ready.redacted")
		c.para("access_ready.redacted_intro")
		c.kept()
	}
	if c.law.family == "CA" {
		c.para("access_ready.inside_ca")
	} else {
		c.para("access_ready.inside")
	}
	c.heading("access_ready.rights")
	c.para("access_ready.rights_text")
	if len(c.d.Kept) > 0 {
		c.remedies()
	} else {
		c.complaint()
	}
}

// erasureDone counts what was seen to be gone as erased and nothing else. Whatever was kept needs
// its ground, and the remedies of a part refused.
func (c *composer) erasureDone() {
	n := c.d.Counts
	c.need("counts", n != Counts{})
	c.need("kept", n.Kept == kept(c.d.Kept))
	c.para("erasure_done.intro", "Date", c.date("at", c.d.At))
	c.counts()
	c.receipt()
	if len(c.d.Kept) > 0 {
		c.heading("erasure_done.kept")
		c.kept()
	}
	if !c.d.Backups.IsZero() {
		c.para("erasure_done.backups", "Until", c.date("backups", c.d.Backups))
	}
	c.recipients("erasure_done.recipients")
	if c.d.Listed {
		c.para("erasure_done.suppression")
	}
	if !c.d.Next.IsZero() {
		c.para("erasure_done.again", "Again", c.date("next", c.d.Next))
	}
	if c.d.ProofURL != "" {
		c.heading("erasure_done.proof")
		c.para("erasure_done.proof_text")
		c.link("erasure_done.proof_link", "proof_url", c.d.ProofURL)
	}
	if len(c.d.Kept) > 0 {
		c.remedies()
	} else {
		c.complaint()
	}
}

// counts lists outcomes, leaving out what did not happen.
func (c *composer) counts() {
	n := c.d.Counts
	var lines []string
	for _, x := range []struct {
		key string
		n   int
	}{
		{"erased", n.Erased},
		{"masked", n.Masked},
		{"detached", n.Detached},
		{"corrected", n.Corrected},
		{"suppressed", n.Suppressed},
		{"accepted", n.Accepted},
		{"kept", n.Kept},
	} {
		if x.n > 0 {
			lines = append(lines, c.t("count."+x.key, "Count", x.n))
		}
	}
	if n.Purging > 0 {
		lines = append(lines, c.t("count.purging", "Count", n.Purging, "Until", c.date("until", c.d.Until)))
	}
	c.items(lines)
}

// kept lists what was kept or left out, each with its reason and ground.
func (c *composer) kept() {
	lines := make([]string, 0, len(c.d.Kept))
	for _, k := range c.d.Kept {
		c.need("kept: what, reason and ground", plain(k.What) != "" && plain(k.Text) != "" && plain(k.Ground) != "" && k.Count > 0)
		args := []any{"What", plain(k.What), "Count", k.Count, "Reason", plain(k.Text), "Ground", plain(k.Ground)}
		if k.Until.IsZero() {
			lines = append(lines, c.t("reason.kept", args...))
		} else {
			lines = append(lines, c.t("reason.kept_until", append(args, "Until", c.date("kept until", k.Until))...))
		}
	}
	c.items(lines)
}

func kept(list []Kept) (n int) {
	for _, k := range list {
		n += k.Count
	}
	return n
}

func (c *composer) withdrawalDone() {
	c.para("withdrawal_done.intro", "At", c.moment("at", c.d.At))
	if purposes := plainAll(c.d.Purposes); len(purposes) > 0 {
		c.items(purposes)
	} else {
		c.items([]string{c.t("withdrawal_done.all")})
	}
	c.receipt()
	c.para("withdrawal_done.past")
	c.recipients("withdrawal_done.recipients")
	if remaining := plainAll(c.d.Remaining); len(remaining) > 0 {
		c.para("withdrawal_done.remaining")
		c.items(remaining)
	} else {
		c.para("withdrawal_done.nothing_else")
	}
	if c.d.UndoURL != "" {
		c.para("withdrawal_done.unverified")
		c.link("withdrawal_done.undo", "undo_url", c.d.UndoURL)
	}
}

func (c *composer) optOutDone() {
	var lines []string
	for _, right := range []string{"opt_out", "limit", "objection"} {
		if slices.Contains(c.d.Rights, right) {
			lines = append(lines, c.t("opt_out_done."+right))
		}
	}
	c.need("rights", len(lines) > 0)
	c.para("opt_out_done.intro", "At", c.moment("at", c.d.At), "Company", c.doc.Company)
	c.items(lines)
	c.receipt()
	c.recipients("opt_out_done.recipients")
	if c.law.family == "CA" {
		c.para("opt_out_done.twelve")
	}
	c.para("opt_out_done.price")
	if c.d.UndoURL != "" {
		c.para("opt_out_done.unverified")
		c.link("opt_out_done.undo", "undo_url", c.d.UndoURL)
	}
}

// results are the sentences given, then the counts.
func (c *composer) results() {
	c.need("results or counts", len(c.d.Results) > 0 || c.d.Counts != Counts{})
	c.items(plainAll(c.d.Results))
	c.counts()
}

func (c *composer) done() {
	c.need("counts: a kept record makes it partial", c.d.Counts.Kept == 0 && len(c.d.Kept) == 0)
	if len(c.d.Results) > 0 || c.d.Counts != (Counts{}) {
		c.para("done.intro", "Rights", c.rights(), "Date", c.date("at", c.d.At))
		c.results()
	} else {
		c.para("done.intro_plain", "Rights", c.rights(), "Date", c.date("at", c.d.At))
	}
	c.receipt()
	c.recipients("done.recipients")
	if slices.Contains(c.d.Rights, "restriction") {
		c.para("done.restriction")
	}
	c.complaint()
}

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
	c.reasons()
	c.kept()
	c.recipients("done.recipients")
	c.remedies()
}

func (c *composer) reasons() {
	lines := make([]string, 0, len(c.d.Reasons))
	for _, r := range c.d.Reasons {
		c.need("reasons: text and ground", plain(r.Text) != "" && plain(r.Ground) != "")
		if r.Right == "" {
			lines = append(lines, c.t("reason.all", "Reason", plain(r.Text), "Ground", plain(r.Ground)))
			continue
		}
		lines = append(lines, c.t("reason.line", "Right", c.t("right."+r.Right), "Reason", plain(r.Text), "Ground", plain(r.Ground)))
	}
	c.items(lines)
}

// refusal gives a reason for each right that it refuses.
func (c *composer) refusal() {
	for _, right := range c.d.Rights {
		c.need("reasons", slices.ContainsFunc(c.d.Reasons, func(r Reason) bool { return r.Right == "" || r.Right == right }))
	}
	c.para("refusal.intro", "Rights", c.rights())
	c.reasons()
	c.receipt()
	c.para("refusal.action")
	c.remedies()
}

// notFound names what was searched with and where, and how to try again.
func (c *composer) notFound() {
	with, in := plainAll(c.d.SearchedFor), plainAll(c.d.SearchedIn)
	c.need("searched_for", len(with) > 0)
	c.need("searched_in", len(in) > 0)
	c.para("not_found.intro", "Rights", c.rights())
	c.receipt()
	c.heading("not_found.searched_for")
	c.items(with)
	c.heading("not_found.searched_in")
	c.items(in)
	c.para("not_found.reason")
	c.para("not_found.more")
	c.remedies()
}
