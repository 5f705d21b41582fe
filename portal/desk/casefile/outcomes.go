package casefile

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/templates"
)

// Outcomes counts what became of a case's records, in the order in which
// events list them.
func Outcomes(totals []requests.OutcomeTotal) []templates.OutcomeCount {
	sum := map[string]int{}
	for _, t := range totals {
		sum[t.Outcome] += int(t.Count)
	}
	var out []templates.OutcomeCount
	for _, name := range requests.OutcomeNames {
		if sum[name] > 0 {
			out = append(out, templates.OutcomeCount{Outcome: name, Count: sum[name]})
		}
	}
	return out
}

// Kept is what a case keeps, and why.
func Kept(list []requests.KeptView, titles Titles) []templates.KeptRecord {
	var out []templates.KeptRecord
	for _, k := range list {
		why, cite := Ground(k.Ground)
		r := templates.KeptRecord{What: titles.System(k.System) + " · " + titles.Type(k.System, k.Type), Why: why, Cite: cite, Count: k.Count}
		if k.Until != "" {
			r.Until, _ = time.Parse(time.DateOnly, k.Until)
		}
		out = append(out, r)
	}
	return out
}

// Ground splits a ground into its words and its citation: "HGB §257: invoices,
// 8 years" rests on HGB §257.
func Ground(ground string) (why, cite string) {
	before, after, ok := strings.Cut(ground, ": ")
	if !ok {
		return ground, ""
	}
	return Sentence(after), before
}

// Sentence begins a text with a capital letter.
func Sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// asked is what a person did who used a right: the reason of what rests on the
// right's article alone.
var asked = map[string]string{
	"access": "The person asked for a copy", "portability": "The person asked to take the data along", "erasure": "The person asked for erasure",
	"rectification": "The person asked for a correction", "restriction": "The person asked for restriction", "objection": "The person objected",
	"consent_withdrawal": "The person withdrew consent", "opt_out": "The person opted out", "limit": "The person asked for limited use",
}

// prose tells a ground in words from an article alone.
var prose = regexp.MustCompile(`\b[a-z]{4,}`)

// Because is why something happens to a record, and the law it rests on. A
// ground that names an article alone rests on what was asked for.
func Because(right, action, ground string) (why, cite string) {
	why, cite = Ground(ground)
	if cite == "" && action != string(connect.Keep) && asked[right] != "" && !prose.MatchString(ground) {
		return asked[right], ground
	}
	return why, cite
}

// Letters are a case's letters, without their text. The newest comes first.
func Letters(c *requests.Case, list []requests.LetterView, href func(id string) string) []templates.LetterRow {
	var out []templates.LetterRow
	for _, l := range list {
		status := l.Status
		if status == "due" {
			status = "queued"
		}
		row := templates.LetterRow{At: l.At, Kind: l.Kind, Status: status, Locale: l.Locale, Version: l.Version}
		if href != nil {
			row.Href = href(l.ID)
		}
		out = append(out, row)
	}
	slices.Reverse(out)
	return out
}

// Proofs are a case's proofs of identity, without values.
func Proofs(list []requests.ProofView, names Names) []templates.Proof {
	var out []templates.Proof
	for _, p := range list {
		proof := templates.Proof{Kind: proofWords[p.Kind], At: p.At, Result: "proved"}
		if proof.Kind == "" {
			proof.Kind = strings.ReplaceAll(p.Kind, "_", " ")
		}
		if p.ByUser != nil {
			proof.Result = "recorded by " + names.Of(p.ByUser.String())
		}
		out = append(out, proof)
	}
	return out
}

var proofWords = map[string]string{
	"email_code": "Code mailed to the address", "representative_code": "Code mailed to whoever asks", "confirmation": "Person concerned confirmed by mailed link",
	"agent_permission": "Permission to ask for the person", "staff_check": "Checked by hand", "facts": "Facts compared", "document": "Document",
}

// Given are the approvals of the plan in force.
func Given(list []requests.ApprovalView, names Names) []templates.Approval {
	var out []templates.Approval
	for _, a := range list {
		out = append(out, templates.Approval{By: names.Of(a.User.String()), At: a.At, Hash: a.Hash})
	}
	return out
}
