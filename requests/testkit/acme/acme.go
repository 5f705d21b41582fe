// Package acme is the sample company of the demo and the tests: "Acme
// Outdoor", a mail-order shop for tents and boots with a customer database
// (schema crm) and the social records linked to it (schema social).
//
// About 2,000 people, the same on every machine and every day: nothing is
// drawn at random without a fixed seed and no date is taken from the clock. What has
// to be new is dated from the day that CreateOn is given.
// Everybody is invented; every address ends in .example or .test.
package acme

import (
	"context"
	_ "embed" // schema and dataset files
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// CRM and Social are the dataset files of the two systems, as a company would
// write them (docs/datasets.md).
var (
	//go:embed crm.yaml
	CRM string
	//go:embed social.yaml
	Social string
	// Register is the register of processing with the recipients, as keys of
	// habeas.yaml.
	//go:embed register.yaml
	Register string
	//go:embed glossary.de.yaml
	german string
	//go:embed glossary.fr.yaml
	french string
	//go:embed glossary.es.yaml
	spanish string
	//go:embed schema.sql
	Schema string
)

// Glossaries are the company's texts in its customers' languages, as
// company.glossary takes them.
func Glossaries() map[string]string {
	return map[string]string{"de": german, "fr": french, "es": spanish}
}

// Archive is the name of the manual system that crm.contacts.paper_file
// points to.
const Archive = "archive"

// Create loads the company, as on the day on which the sample was taken, into
// the empty PostgreSQL database at url: tables, people and statistics for the
// planner, in one transaction.
func Create(ctx context.Context, url string) error { return CreateOn(ctx, url, lastDay) }

// CreateOn is Create on another day. The same day gives the same company, and no
// day changes more than what is told as new: an address that was put into the
// customer database two days before.
func CreateOn(ctx context.Context, url string, on time.Time) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("acme: connect: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, Schema); err != nil {
			return fmt.Errorf("acme: schema: %w", err)
		}
		for _, t := range generate(on).tables {
			from := pgx.CopyFromRows(t.rows)
			if _, err := tx.CopyFrom(ctx, t.name, t.columns, from); err != nil {
				return fmt.Errorf("acme: load %s: %w", t.name.Sanitize(), err)
			}
		}
		if _, err := tx.Exec(ctx, `analyze`); err != nil {
			return fmt.Errorf("acme: analyze: %w", err)
		}
		return nil
	})
}

// Subject is a person whom the demo offers for trying things out.
type Subject struct {
	Email      string
	Name       string
	CustomerID string
	Phone      string
	ContactID  int64 // crm.contacts.id
	ProfileID  int64 // social.profiles.id
}

// Subjects are 40 people with an e-mail address of their own, each known in
// the customer database and in the social records. None has a paper file,
// shares an address, a household or a message thread, and their address
// stands only in rows that belong to them.
func Subjects() []Subject {
	var out []Subject
	for _, p := range people()[:subjects] {
		out = append(out, Subject{
			Email: p.email, Name: p.given + " " + p.family, CustomerID: p.customerID(),
			Phone: p.phone, ContactID: p.id, ProfileID: p.profileID(),
		})
	}
	return out
}

// Cases names the e-mail address of each awkward case.
type Cases struct {
	// One person with two contacts: the second was merged into the first and
	// has an older address.
	TwoContacts, TwoContactsOld string
	// One address used by two people who have nothing to do with each other's
	// records: ambiguous.
	FamilyAddress string
	// Two people of one household who live at the same postal address.
	SharedHome, SharedHomeOther string
	// StaleHandle proved the handle "trailfox" in 2021 and has renamed since;
	// the handle belongs to StaleHandleNow today.
	StaleHandle, StaleHandleNow string
	// Claimed says that she is "gipfel.gretel" and never proved it; the profile
	// is that of ClaimedOwner.
	Claimed, ClaimedOwner string
	// A message thread of Thread and ThreadThird with Acme.
	Thread, ThreadThird string
	// A person whose only invoice must be kept, and one whose only invoice may go.
	InvoiceKept, InvoiceExpired string
	// A subject-like person with a folder in the paper archive.
	PaperFile string
	// Somebody whom Acme does not know.
	NoRecord string
	// The e-mail address was changed in the CRM two days before the company was
	// loaded (see CreateOn).
	RecentlyChanged string
	// Names that break careless programs.
	NameSQL, NameHTML, NameQuotes, NameArabic, NameHebrew, NameCombining, NameFormula, NameLong, NameAstral string
}

// AwkwardCases names the people who make privacy requests hard.
func AwkwardCases() Cases {
	e := func(i int) string { return people()[i].email }
	return Cases{
		TwoContacts: e(twoContacts), TwoContactsOld: "bea.alt@post.example",
		FamilyAddress: e(family),
		SharedHome:    e(sharedHome), SharedHomeOther: e(sharedHome + 1),
		StaleHandle: e(staleHandle), StaleHandleNow: e(staleHandle + 1),
		Claimed: e(claimed), ClaimedOwner: e(claimed + 1),
		Thread: e(thread), ThreadThird: e(thread + 1),
		InvoiceKept: e(invoiceKept), InvoiceExpired: e(invoiceExpired),
		PaperFile:       e(paperFirst),
		NoRecord:        "niemand@nowhere.example",
		RecentlyChanged: e(recentlyChanged),
		NameSQL:         e(nameSQL), NameHTML: e(nameHTML), NameQuotes: e(nameQuotes),
		NameArabic: e(nameArabic), NameHebrew: e(nameHebrew), NameCombining: e(nameCombining),
		NameFormula: e(nameFormula), NameLong: e(nameLong), NameAstral: e(nameAstral),
	}
}

// PaperFiles are the e-mail addresses of the people with a folder in the
// paper archive.
func PaperFiles() []string {
	var out []string
	for _, p := range people() {
		if p.paper != "" {
			out = append(out, p.email)
		}
	}
	return out
}
