package audit

import "strconv"

func digits(n int64) string { return strconv.FormatInt(n, 10) }

// thousands writes 12345 as 12,345.
func thousands(n int64) string {
	s := digits(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
