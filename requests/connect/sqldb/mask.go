package sqldb

import (
	"habeas/requests/connect/sqldb/dataset"
)

// Marks by which a value of ours is recognised later. Whole numbers lie at an
// end of their type's range where nobody counts to, dates and times where no
// calendar goes back to.
const (
	randomText = "erased-"
	randomUUID = "e7a5ed00"
	randomHost = "@erased.invalid"
)

// minRandom is how long a column must be to take a random value that is unique.
const minRandom = 23

// randomDays is how many days there are for random dates, from 1000-01-01.
const randomDays = 73000

// maskFields are the columns that a mask concerns: those planned, else those of
// the dataset.
func maskFields(t *dataset.Table, fields []string) []string {
	if len(fields) > 0 {
		return fields
	}
	var out []string
	for _, c := range t.Columns {
		if c.Mask.Changes() {
			out = append(out, c.Name)
		}
	}
	return out
}

// maskedValue is the expression that a masked column is set to. secret is hex,
// new for every job, and nowhere kept.
func maskedValue(cat *catalog, t *dataset.Table, name, secret string) string {
	c, a, v := t.Column(name), cat.attr(t, name), col("t", name)
	switch c.Mask {
	case dataset.SetText:
		return cat.value(a, c.Text)
	case dataset.SetRandom:
		return cat.random(cat, t, c, secret)
	case dataset.SetHash:
		return cat.marked(a, c, cat.digest(secret, cat.text(a, v)))
	case dataset.SetYear:
		return cat.year(a, v)
	}
	return "null" // also for a column that the desk wants masked though the file keeps it
}

// isMasked says that a column has its masked value.
func isMasked(cat *catalog, t *dataset.Table, alias, name string) string {
	c, a, v := t.Column(name), cat.attr(t, name), col(alias, name)
	switch c.Mask {
	case dataset.SetText:
		return cat.same(a, v, cat.value(a, c.Text))
	case dataset.SetRandom:
		return "coalesce(" + isMarked(cat, a, v) + ", false)"
	case dataset.SetHash:
		return "(" + v + " is null or " + isMarked(cat, a, v) + ")"
	case dataset.SetYear:
		return "(" + v + " is null or " + v + " = " + cat.year(a, v) + ")"
	}
	return v + " is null"
}

// isMarked says that a value is one of ours; null where there is none.
func isMarked(cat *catalog, a attribute, v string) string {
	switch {
	case a.whole():
		from, bits := wholeMarks(a)
		return v + " between " + from + " and " + from + " + " + wholeMask(bits)
	case a.dated():
		return cat.datedMark(a, v)
	case a.base == "uuid":
		return cat.text(a, v) + " like " + quoteText(randomUUID+"-%")
	}
	return cat.text(a, v) + " like " + quoteText(randomText+"%")
}

// randomDigits are how many digits of chance a random text has, and what
// follows them.
func randomDigits(c *dataset.Column, a attribute) (digits int, host string) {
	digits = 32
	if c.Email && c.Mask == dataset.SetRandom {
		host = randomHost
	}
	if a.length > 0 {
		digits = max(min(digits, a.length-len(randomText)-len(host)), 0)
	}
	return digits, host
}

// wholeMarks is where the random numbers of a type begin, and how many bits of
// chance they have.
func wholeMarks(a attribute) (from string, bits int) {
	switch a.base {
	case "tinyint":
		if a.unsigned {
			return "192", 6
		}
		return "-128", 6
	case "int2", "smallint":
		if a.unsigned {
			return "49152", 14
		}
		return "-32768", 14
	case "mediumint":
		if a.unsigned {
			return "12582912", 22
		}
		return "-8388608", 22
	case "int4", "int":
		if a.unsigned {
			return "3221225472", 30
		}
		return "-2147483648", 30
	}
	if a.unsigned {
		return "18446462598732840960", 48
	}
	return "(-9223372036854775807 - 1)", 48
}

// wholeMask is the greatest number of so many bits.
func wholeMask(bits int) string {
	return map[int]string{6: "63", 14: "16383", 22: "4194303", 30: "1073741823", 48: "281474976710655"}[bits]
}
