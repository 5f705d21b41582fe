package dataset

import _ "embed"

// keys lists what each mapping of the format may hold. The JSON Schema has a
// definition of the same name for each, which a test compares.
var keys = map[string][]string{
	"dataset": {"version", "title", "schema", "tables"},
	"table": {
		"table", "title", "purpose", "source", "recipient", "retention", "provided", "social", "key", "person", "where",
		"erase", "never_erase", "lookup", "erase_after", "erase_before", "shared_by", "shared_erase", "suppress",
		"columns", "identities", "references",
	},
	"column":              {"title", "category", "free_text", "others", "provided", "erase", "identity", "match", "changed_at", "learn", "points_to"},
	"erase_text":          {"text"},
	"erase_keep":          {"keep", "until"},
	"keep_row":            {"keep", "until", "then"},
	"condition":           {"not"},
	"learn":               {"as", "proven"},
	"identity":            {"kind", "name", "network", "id", "match", "enter", "changed_at", "learn", "proven", "confirm"},
	"network":             {"text"},
	"reference":           {"to", "direction", "same_person", "handler"},
	"reference_elsewhere": {"to", "direction", "proven", "match"},
	"elsewhere":           {"system", "kind"},
	"shared_by":           {"table", "column", "person", "clear"},
	"suppress":            {"set", "purposes"},
	"purposes":            {"column"},
}

// Schema is the JSON Schema (draft 2020-12) of a dataset file, for editors and
// for whoever writes such files by program. What it refuses, Parse refuses; it
// does not know which names lead somewhere.
//
//go:embed schema.json
var Schema []byte
