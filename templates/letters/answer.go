package letters

import "slices"

func (c *composer) accessReady() {
	until := c.date("until", c.d.Until)
	c.para("access_ready.intro", "Company", c.doc.Company)
	c.para("access_ready.none")
	c.receipt()
	c.steps()
	c.button("access_ready.link", "download_url", c.d.DownloadURL)
	c.para("access_ready.until", "Until", until)
	if len(c.d.Kept) > 0 {
		c.heading("access_ready.redacted")
		c.para("access_ready.redacted_intro")
		c.kept()
	}
	c.items(plainAll(c.d.Results))
	if c.law.family == "CA" {
		c.accessCA()
	} else {
		c.para("access_ready.inside")
	}
	c.heading("access_ready.rights")
	c.otherRights()
	if len(c.d.Kept) > 0 {
		c.remedies()
	} else {
		c.complaint()
	}
}

// steps lead to the package.
func (c *composer) steps() {
	c.heading("access_ready.how")
	c.add(block{Kind: steps, Items: []string{c.t("access_ready.step1"), c.t("access_ready.step2"), c.t("access_ready.step3")}})
}

// accessCA: kinds of data that are never put out, and categories of records that were not searched
// (11 CCR 7024(c)(4), (d)).
func (c *composer) accessCA() {
	c.para("access_ready.inside_ca")
	if len(c.d.Withheld) > 0 {
		c.para("access_ready.withheld")
		c.items(c.coded("withheld", "withheld", c.d.Withheld))
	}
	if unsearched := plainAll(c.d.Unsearched); len(unsearched) > 0 {
		c.para("access_ready.unsearched")
		c.items(unsearched)
	}
	c.recordKept()
}

// erasureDone counts what was seen to be gone as erased and nothing else. Whatever was kept needs
// its ground, and the remedies of a part refused.
func (c *composer) erasureDone() {
	n := c.d.Counts
	c.need("counts", n != Counts{})
	c.need("kept", n.Kept == kept(c.d.Kept))
	c.para("erasure_done.intro", "Date", c.date("at", c.d.At))
	c.counts()
	if c.law.family == "CA" {
		if n.Kept == 0 {
			c.para("erasure_done.complied")
		} else {
			c.para("erasure_done.complied_partly")
		}
	}
	c.receipt()
	if len(c.d.Kept) > 0 {
		c.heading("erasure_done.kept")
		c.kept()
	}
	c.backups()
	c.told()
	c.listed()
	c.recordKept()
	c.again()
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

// backups tells until when copies in them live.
func (c *composer) backups() {
	if !c.d.Backups.IsZero() {
		c.para("erasure_done.backups", "Until", c.date("backups", c.d.Backups))
	}
}

// listed tells of the suppression list, if the person is on it.
func (c *composer) listed() {
	if c.d.Listed {
		c.para("erasure_done.suppression")
	}
}

// again tells when what was erased is looked for once more.
func (c *composer) again() {
	if !c.d.Next.IsZero() {
		c.para("erasure_done.again", "Again", c.date("next", c.d.Next))
	}
}

// counts lists outcomes, leaving out what did not happen.
func (c *composer) counts() { c.countLines(c.d.Counts) }

func (c *composer) countLines(n Counts) {
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
		text := c.because(k.Code, k.Text)
		c.need("kept.what", plain(k.What) != "" && k.Count > 0)
		c.need("kept.reason", text != "")
		c.need("kept.ground", plain(k.Ground) != "")
		args := []any{"What", c.isolate(plain(k.What)), "Count", k.Count, "Reason", text, "Ground", c.cite(k.Ground)}
		if k.Until.IsZero() {
			lines = append(lines, c.t("reason.kept", args...))
		} else {
			lines = append(lines, c.t("reason.kept_until", append(args, "Until", c.date("kept.until", k.Until))...))
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
	c.told()
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
	c.told()
	if c.law.family == "CA" {
		c.para("opt_out_done.twelve")
	}
	c.para("opt_out_done.price")
	if c.d.UndoURL != "" {
		c.para("opt_out_done.unverified")
		c.link("opt_out_done.undo", "undo_url", c.d.UndoURL)
	}
}

func (c *composer) done() {
	c.need("nothing kept", c.d.Counts.Kept == 0 && len(c.d.Kept) == 0)
	if len(c.d.Results) > 0 || c.d.Counts != (Counts{}) {
		c.para("done.intro", "Rights", c.rights(), "Date", c.date("at", c.d.At))
		c.results()
	} else {
		c.para("done.intro_plain", "Rights", c.rights(), "Date", c.date("at", c.d.At))
	}
	c.receipt()
	c.told()
	c.complaint()
}

// otherRights are those that the law grants beside access, and no others (GDPR 15(1)(e)).
func (c *composer) otherRights() {
	switch c.law.family {
	case "CA":
		c.para("access_ready.rights_california")
	case "US":
		c.para("access_ready.rights_states")
	case "PIPEDA", "QC":
		c.para("access_ready.rights_canada")
	default:
		c.para("access_ready.rights_text")
	}
}
