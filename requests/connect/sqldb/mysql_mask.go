package sqldb

import (
	"fmt"

	"habeas/requests/connect/sqldb/dataset"
)

// random is made of the row's key and the job's secret: unique where the key
// is, and nobody's to guess.
func (m *mysql) random(cat *catalog, t *dataset.Table, c *dataset.Column, secret string) string {
	a := cat.attr(t, c.Name)
	digits := m.digest(secret, quoteText(c.Name+"/")+" || "+keyText(cat, t, "t"))
	chance := "cast(conv(left(" + digits + ", 12), 16, 10) as unsigned)" // 48 bits
	switch {
	case a.whole():
		from, bits := wholeMarks(a)
		if !a.unsigned {
			chance = "cast(" + chance + " & " + wholeMask(bits) + " as signed)"
			return from + " + " + chance
		}
		return fmt.Sprintf("%s + (%s & %s)", from, chance, wholeMask(bits))
	case a.base == "date":
		return fmt.Sprintf("date_add(date '1000-01-01', interval (%s %% %d) day)", chance, randomDays)
	case a.base == "timestamp": // none before 1970
		return "date_add('1970-01-02 00:00:00.000000', interval (" + chance + " % 2500000000000) microsecond)"
	case a.dated():
		return "date_add('1000-01-01 00:00:00.000000', interval " + chance + " microsecond)"
	}
	return m.marked(a, c, digits)
}

func (*mysql) digest(secret, text string) string {
	return "sha2('" + secret + "' || " + text + ", 256)"
}

func (*mysql) marked(a attribute, c *dataset.Column, digits string) string {
	if a.base == "uuid" {
		part := func(from, n int) string { return fmt.Sprintf("substr(%s, %d, %d)", digits, from, n) }
		return "('" + randomUUID + "-' || " + part(1, 4) + " || '-' || " + part(5, 4) + " || '-' || " + part(9, 4) + " || '-' || " + part(13, 12) + ")"
	}
	n, host := randomDigits(c, a)
	return fmt.Sprintf("'%s' || left(%s, %d) || '%s'", randomText, digits, n, host)
}

func (*mysql) datedMark(a attribute, expr string) string {
	if a.base == "timestamp" {
		return expr + " >= '1970-01-02' and " + expr + " < '1970-02-01'"
	}
	return expr + " >= '1000-01-01' and " + expr + " < '1200-01-01'"
}

// year leaves dates of zeros as they are, and does not go before the first
// moment that a timestamp can hold.
func (*mysql) year(a attribute, expr string) string {
	first := "makedate(year(" + expr + "), 1)"
	if a.base == "timestamp" {
		first = "greatest(" + first + ", '1970-01-01 00:00:01')"
	}
	return "case when year(" + expr + ") = 0 then " + expr + " else " + first + " end"
}
