package acme_test

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/connect/sqldb"
	"habeas/requests/testkit"
	"habeas/requests/testkit/acme"
)

// The register covers every record type, each of its entries answers all of
// Art. 15(1), and everybody who got data can be told by letter.
func TestRegisterIsWhole(t *testing.T) {
	t.Parallel()
	var set requests.Settings
	var file struct {
		Recipients []requests.Recipient  `yaml:"recipients"`
		Register   []requests.Processing `yaml:"register"`
	}
	if err := yaml.UnmarshalWithOptions([]byte(acme.Register), &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	set.Register, set.Recipients = file.Register, file.Recipients
	for _, name := range []string{"marketing_email", "profiling", "social_ads"} {
		set.Purposes = append(set.Purposes, requests.Purpose{Name: name})
	}
	if err := set.CheckRegister(); err != nil {
		t.Error(err)
	}
	url := testkit.EmptyDB(t)
	if err := acme.Create(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	var systems []connect.Connector
	for name, text := range map[string]string{"crm": acme.CRM, "social": acme.Social} {
		c, err := sqldb.Open(t.Context(), connect.Config{Name: name, URL: url, Dataset: text})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		systems = append(systems, c)
	}
	if list := set.Uncovered(systems); len(list) > 0 {
		t.Errorf("not covered:\n%s", strings.Join(list, "\n"))
	}
	for _, p := range set.Register {
		if p.BasisText == "" || p.Automated == "" || len(p.Categories) == 0 || len(p.Titles) != 3 {
			t.Errorf("%s leaves out its basis, categories, automated decisions or a language", p.Name)
		}
	}
	for _, r := range set.Recipients {
		if r.Contact == "" || r.Country == "" {
			t.Errorf("%s cannot be told by letter, or nobody knows where it is", r.Name)
		}
	}
}
