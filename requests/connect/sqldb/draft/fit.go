package draft

import "habeas/requests/connect/sqldb/dataset"

// least is how long a text column must be to take a unique random value, and
// one that looks like an e-mail address (requests/connect/sqldb).
const (
	least      = 23
	leastEmail = 38
)

// Fit gives a column of a masked row a masking that its table takes, where null
// is refused. It returns what is to be said about it: a reason, or with ok
// false what stands in the way.
func Fit(t *Table, c *dataset.Column) (why string, ok bool) {
	live := t.Column(c.Name)
	if live == nil || c.Mask != dataset.SetNull {
		return "", true
	}
	if live.Generated {
		c.Explicit, c.Mask, c.Category = false, dataset.Leave, ""
		return "computed by the database from other columns, and follows them", true
	}
	if !live.NotNull {
		return "", true
	}
	need := least
	if c.Email || c.Category == "contact.email" {
		need = leastEmail
	}
	c.Explicit = true
	switch {
	case live.Sort == Text && t.Unique(c.Name) && live.Length > 0 && live.Length < need:
		c.Mask = dataset.KeepValue
		return "NOT NULL, unique and too short for a random value: nothing can be written here; delete the rows, or drop a constraint", false
	case live.Sort == Text && t.Unique(c.Name):
		c.Mask = dataset.SetRandom
	case live.Sort == Text && (live.Length == 0 || live.Length >= len("Erased")):
		c.Mask, c.Text = dataset.SetText, "Erased"
	case live.Sort == Text:
		c.Mask, c.Text = dataset.SetText, "-"
	case live.Sort == UUID, live.Sort == Whole:
		c.Mask = dataset.SetRandom
	case live.Sort == Date && !t.Unique(c.Name):
		c.Mask = dataset.SetYear
	default:
		c.Explicit, c.Mask = true, dataset.KeepValue
		return "NOT NULL and of type " + live.Type + ": nothing can be written here; delete the rows, or drop NOT NULL", false
	}
	return "NOT NULL, so it cannot become null", true
}
