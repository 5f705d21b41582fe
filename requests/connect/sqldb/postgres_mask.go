package sqldb

import (
	"fmt"

	"habeas/requests/connect/sqldb/dataset"
)

func (p *postgres) random(cat *catalog, t *dataset.Table, c *dataset.Column, _ string) string {
	const digits = "replace(gen_random_uuid()::text, '-', '')"
	a := cat.attr(t, c.Name)
	chance := "('x' || lpad(left(" + digits + ", 12), 16, '0'))::bit(64)::int8" // 48 bits
	switch {
	case a.whole():
		from, bits := wholeMarks(a)
		return fmt.Sprintf("%s + (%s & %s)", from, chance, wholeMask(bits))
	case a.base == "date":
		return fmt.Sprintf("date '1000-01-01' + (%s %% %d)::int4", chance, randomDays)
	case a.dated():
		return "timestamp '1000-01-01' + " + chance + " * interval '1 microsecond'"
	}
	return p.marked(a, c, digits)
}

func (*postgres) digest(secret, text string) string {
	return "encode(sha256(convert_to('" + secret + "' || " + text + ", 'UTF8')), 'hex')"
}

func (*postgres) marked(a attribute, c *dataset.Column, digits string) string {
	if a.base == "uuid" {
		return "('" + randomUUID + "' || left(" + digits + ", 24))::uuid"
	}
	n, host := randomDigits(c, a)
	return fmt.Sprintf("'%s' || left(%s, %d) || '%s'", randomText, digits, n, host)
}

func (*postgres) datedMark(_ attribute, expr string) string {
	return expr + " >= '1000-01-01' and " + expr + " < '1200-01-01'"
}

func (*postgres) year(a attribute, expr string) string {
	return "date_trunc('year', " + expr + ")::" + a.sqlType
}
