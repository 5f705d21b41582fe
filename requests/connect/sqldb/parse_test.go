package sqldb

import (
	"os"
	"regexp"
	"testing"
)

// The example in the docs is the format's first user.
func TestParseDocsExample(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/datasets.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```yaml\n(version: 1.*?)```").FindSubmatch(doc)
	d, err := Parse("docs/datasets.md", m[1])
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Tables) != 3 || d.Tables[0].Name != "contacts" || !d.Tables[0].Person {
		t.Fatalf("parsed %+v", d)
	}
}
