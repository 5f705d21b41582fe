package audit

import (
	"regexp"
	"strconv"

	"habeas/portal/desk/casefile"
	"habeas/requests/evidence"
)

// exact are the parts of an event's words that stand in its data for machines:
// hashes and ids of tasks.
var exact = regexp.MustCompile(`[;,] (hash|SHA-256|before|task) ([0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})`)

// words says what an event tells as people read it.
func words(l evidence.Line) string {
	return casefile.Sentence(exact.ReplaceAllString(evidence.Words(l), ""))
}

func digits(n int64) string { return strconv.FormatInt(n, 10) }

// thousands writes 12345 as 12,345.
func thousands(n int64) string {
	s := digits(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
