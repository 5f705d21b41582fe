package acme_test

import (
	"fmt"
	"strings"
	"testing"

	"habeas/requests/connect/sqldb/dataset"
	"habeas/requests/testkit/acme"
)

func TestDatasetFilesParse(t *testing.T) {
	for name, text := range map[string]string{"crm.yaml": acme.CRM, "social.yaml": acme.Social} {
		d, err := dataset.Parse(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range d.Tables {
			for what, text := range map[string]string{
				"title": table.Title, "purpose": table.Purpose, "source": table.Source,
				"recipient": table.Recipient, "retention": table.Retention,
			} {
				if text == "" {
					t.Errorf("%s: table %s has no %s, which Art. 15(1) GDPR wants told", name, table.Name, what)
				}
			}
		}
	}
}

func TestSubjectsAreDistinct(t *testing.T) {
	all := acme.Subjects()
	if len(all) < 40 {
		t.Fatalf("%d subjects, want at least 40", len(all))
	}
	paper := strings.Join(acme.PaperFiles(), " ")
	var seen []string
	for _, s := range all {
		for _, other := range seen {
			if strings.Contains(other, s.Email) || strings.Contains(s.Email, other) {
				t.Errorf("%s is part of %s: a search for one would find the other", s.Email, other)
			}
		}
		if strings.Contains(paper, s.Email) {
			t.Errorf("%s has a paper file", s.Email)
		}
		seen = append(seen, s.Email)
	}
	if n := len(acme.PaperFiles()); n != 20 {
		t.Errorf("%d paper files, want 20", n)
	}
}

func TestAwkwardCasesAreNamed(t *testing.T) {
	text := fmt.Sprintf("%+v", acme.AwkwardCases())
	for part := range strings.FieldsSeq(strings.Trim(text, "{}")) {
		if name, email, _ := strings.Cut(part, ":"); !strings.Contains(email, "@") {
			t.Errorf("case %s has no address: %q", name, email)
		}
	}
}
