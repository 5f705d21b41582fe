package requests_test

import (
	"strings"
	"testing"

	"habeas/requests/connect"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

// What the database would refuse stands in the plan before anybody approves
// it, with what would make it possible; an access case hears only of what
// concerns a search.
func TestPlanSaysWhatTheDatabaseWouldRefuse(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{})
	who := subjectWith(c, "opportunities", "notes")
	for _, change := range []string{
		"drop index crm.contacts_email",
		"create table crm.reviews (contact_id bigint references crm.contacts on delete cascade)",
		"alter table crm.opportunities add constraint titled check (title <> 'Erased') not valid",
		"create function crm.copy() returns trigger language plpgsql as $$ begin return old; end $$",
		"create trigger remember before delete on crm.notes for each row execute function crm.copy()",
		"alter table crm.opportunities alter amount type integer",
	} {
		_, err := c.CRM.Exec(t.Context(), change)
		must(t, err)
	}
	texts := func(warnings []connect.Warning) string {
		var b strings.Builder
		for _, w := range warnings {
			b.WriteString(w.Code + ": " + w.Text + "\n")
		}
		return b.String()
	}
	erasure, _ := inReview(c, who.Email, "erasure")
	got := texts(planOf(c, erasure.ID).Warnings)
	for _, want := range []string{
		"cascade: Deleting from contacts would delete rows along (crm.reviews.contact_id), which this file does not describe: describe them, or mask contacts (dataset",
		"check: Constraint titled refuses what column title of opportunities is erased to",
		"trigger: Trigger remember runs when rows of notes are deleted",
		"no-index: Looking up email in contacts has no index: create index on crm.contacts (lower(email))",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the plan does not say %q but\n%s", want, got)
		}
	}
	access, _ := inReview(c, who.Email, "access")
	got = texts(planOf(c, access.ID).Warnings)
	if !strings.Contains(got, "no-index: ") || strings.Contains(got, "cascade: ") || strings.Contains(got, "trigger: ") || strings.Contains(got, "check: ") {
		t.Errorf("the plan of an access request says\n%s", got)
	}
}

// subjectWith finds a subject who has rows in all of these tables.
func subjectWith(c *company.Company, tables ...string) acme.Subject {
	c.Helper()
	for _, s := range acme.Subjects() {
		all := true
		for _, table := range tables {
			var n int
			must(c.TB, c.CRM.QueryRow(c.Context(), "select count(*) from crm."+table+" r join crm.contacts k on k.id = r.contact_id where lower(k.email) = lower($1)", s.Email).Scan(&n))
			all = all && n > 0
		}
		if all {
			return s
		}
	}
	c.Fatalf("no subject has rows in all of %v", tables)
	return acme.Subject{}
}
