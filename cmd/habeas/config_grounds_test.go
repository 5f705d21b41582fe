package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"habeas/requests/connect"
)

func groundsConfig(t *testing.T, laws, grounds string) (*Config, error) {
	t.Helper()
	for _, env := range []string{"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "HABEAS_SYSTEM_CRM_URL"} {
		t.Setenv(env, "set")
	}
	example, err := os.ReadFile("../../docs/habeas.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(example), "laws: [EU, UK, CH, CA]", "laws: "+laws, 1)
	before, after, _ := strings.Cut(text, "grounds: #")
	_, after, _ = strings.Cut(after, "\n\n")
	path := filepath.Join(t.TempDir(), "habeas.yaml")
	if err := os.WriteFile(path, []byte(before+"grounds:\n"+grounds+"\n"+after), 0o600); err != nil {
		t.Fatal(err)
	}
	return loadConfig(path)
}

type fileOnly struct {
	connect.Connector
	grounds []string
}

func (f fileOnly) Describe() connect.Description {
	return connect.Description{Name: "crm", Types: []connect.Type{{Name: "invoices", Grounds: f.grounds}}}
}

// The check tells under which of the company's laws a ground is none, and takes
// what the configuration says of it.
func TestGroundsAreHeldAgainstTheLaws(t *testing.T) {
	systems := []connect.Connector{fileOnly{grounds: []string{"HGB §257: invoices", "our archive"}}}
	c, err := groundsConfig(t, "[EU, CA]", `  - {ground: "HGB §257: invoices", laws: {EU: legal_duty}}`)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(c.settings().Untold(systems), "\n")
	for _, want := range []string{`"HGB §257: invoices" is no exemption under CA (it is the company's for EU only`, `"our archive" is no exemption under EU, CA`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not said:\n%s", want, got)
		}
	}
	if c, err = groundsConfig(t, "[EU, CA]", `  - {ground: "our archive", laws: {EU: archive, CA: research}}`); err != nil {
		t.Fatal(err)
	}
	if got := c.settings().Untold(systems); len(got) != 0 {
		t.Errorf("said without need: %q", got)
	}
	for grounds, want := range map[string]string{
		`  - {ground: a, laws: {EU: transaction}}`:     `grounds[0]: laws.EU: "transaction" is no ground`,
		`  - {ground: a, law: {EU: legal_duty}}`:       "law",
		`  - {ground: a, laws: {Bavaria: legal_duty}}`: `grounds[0]: laws.Bavaria: There is no law "Bavaria"`,
	} {
		if _, err := groundsConfig(t, "[EU, XX]", grounds); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", grounds, err, want)
		}
	}
}
