package requests_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"habeas/requests"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/mail"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
	"habeas/requests/work"
)

// registered is a company with a register of processing.
func registered() requests.Settings {
	return requests.Settings{
		Rescans: []time.Duration{},
		Recipients: []requests.Recipient{
			{Name: "dhl", Title: "DHL Paket", Kind: "processor", Contact: "privacy@dhl.example", Country: "DE", KnownBy: []string{"email", "customer_id"}},
			{Name: "adviser", Title: "Tax adviser Kranz", Kind: "controller", Country: "DE"},
			{Name: "network", Title: "Flitter Inc.", Kind: "third_party", Contact: "privacy@flitter.example", Country: "US", Safeguards: "Standard contractual clauses of 4 June 2021"},
		},
		Register: []requests.Processing{
			{
				Name: "shop", Title: "Selling and delivering", Purpose: "To sell and deliver what you order", Basis: "contract", BasisText: "your orders",
				Covers: []string{"crm.*"}, Categories: []string{"commerce.order"}, Recipients: []string{"dhl", "adviser"},
				Retention: "Ten years after the order, as tax law says", Source: "You", Automated: "None",
			},
			{
				Name: "social", Title: "Talking to you in networks", Purpose: "To answer you in social networks", Basis: "legitimate_interests", BasisText: "answering where you ask",
				Covers: []string{"social.*"}, Recipients: []string{"network"}, Retention: "Two years", Source: "The network", Transfers: "United States: standard contractual clauses",
			},
		},
	}
}

func notices(c *company.Company, r *requests.Receipt) map[string]requests.NoticeView {
	c.Helper()
	k, err := c.Svc.Get(c.Context(), c.Auditor, r.ID)
	must(c.TB, err)
	list, err := c.Svc.Notices(c.Context(), k)
	must(c.TB, err)
	out := map[string]requests.NoticeView{}
	for _, n := range list {
		out[n.Recipient] = n
	}
	return out
}

// law.md §8, 7: every recipient of what was erased is told, with proof; the
// case does not close while one has neither proof nor a reason.
func TestLaw8_07_RecipientsAreToldBeforeTheCaseCloses(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: registered()})
	who := acme.Subjects()[6]
	r, _ := inReview(c, who.Email, "erasure")
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)

	m := letter(c, "privacy@dhl.example", who.Email)
	if !strings.Contains(m.Text, who.CustomerID) || !strings.Contains(m.Text, "DHL Paket") || strings.Contains(m.Text, who.Name) || strings.Contains(m.Text, who.Phone) {
		t.Errorf("the notice says more or less than it must: %s", m.Text)
	}
	letter(c, "privacy@flitter.example", who.Email)
	must(t, poll(c, func() bool {
		n := notices(c, r)
		return len(n) == 3 && n["dhl"].Status == "delivered" && n["network"].Status == "delivered"
	}))
	adviser := notices(c, r)["adviser"]
	if adviser.Status != "open" || adviser.Way != "manual" || adviser.Settled() {
		t.Errorf("adviser %+v", adviser)
	}
	done := letter(c, who.Email, "DHL Paket")
	if !strings.Contains(done.Text, "Flitter Inc.") || strings.Contains(done.Text, "Kranz") {
		t.Errorf("the letter names the wrong recipients: %s", done.Text)
	}

	// nothing is left to look at again, and still it stays open
	must(t, c.Svc.Sweep(c.Context()))
	k, err := c.Svc.Get(c.Context(), c.Auditor, r.ID)
	must(t, err)
	if k.Status != requests.Completed || !k.Has(requests.Attention) {
		t.Fatalf("with a recipient untold the case is %s %v", k.Status, k.Flags)
	}
	settle := func(by requests.Actor, result, reason string) error {
		return c.Svc.SettleNotice(c.Context(), by, r.ID, adviser.ID, requests.NoticeResult{Result: result, Reason: reason})
	}
	refused(t, settle(c.DPOs[0], "told", ""), "invalid-input")
	refused(t, settle(c.DPOs[0], "disproportionate", " "), "invalid-input")
	refused(t, settle(c.DPOs[0], "forgotten", "x"), "invalid-input")
	refused(t, settle(c.Agent, "impossible", "The office closed in May"), "dpo-only")
	must(t, settle(c.DPOs[0], "impossible", "The office closed in May, and nobody took over"))
	refused(t, settle(c.DPOs[0], "told", "By phone"), "notice-settled")
	c.Await(r.ID, requests.Closed)

	excused := payloads[evidence.RecipientExcused](c, r.ID)
	if len(excused) != 1 || excused[0].Ground != "impossible" || excused[0].Cite != "GDPR Art. 19" || excused[0].Reason == "" {
		t.Errorf("excused %+v", excused)
	}
	if told, due := payloads[evidence.RecipientTold](c, r.ID), payloads[evidence.RecipientDue](c, r.ID); len(told) != 2 || len(due) != 3 {
		t.Errorf("told %+v, due %+v", told, due)
	}
	report(c, r.ID)
}

// Without a register, the systems' own descriptions name the recipients, who
// are told by hand.
func TestRecipientsOfADescription(t *testing.T) {
	t.Parallel()
	set := requests.Settings{}
	for words, want := range map[string][]string{
		"Parcel carrier (DHL); tax adviser": {"parcel-carrier-dhl", "tax-adviser"},
		"Nobody":                            nil,
		"":                                  nil,
		"ДХЛ":                               {"recipient"},
	} {
		var got []string
		for _, r := range set.RecipientsOf("crm", connect.Type{Name: "orders", Recipient: words}) {
			got = append(got, r.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", words, got, want)
		}
	}
}

// A notice that comes back is not delivered; somebody tells the recipient
// another way.
func TestRecipientNoticeThatComesBack(t *testing.T) {
	t.Parallel()
	c := company.New(t, company.Options{Settings: registered()})
	who := acme.Subjects()[7]
	r, _ := inReview(c, who.Email, "erasure")
	c.Approve(r.ID)
	c.Await(r.ID, requests.Completed)
	must(t, poll(c, func() bool { return notices(c, r)["dhl"].Status == "delivered" }))
	must(t, pgx.BeginFunc(t.Context(), c.DB, func(tx pgx.Tx) error {
		var letter string
		if err := tx.QueryRow(t.Context(), `update notices set status = 'sent', done_at = null where case_id = $1 and recipient = 'dhl' returning outbox_id`, r.ID).Scan(&letter); err != nil {
			return err
		}
		return c.Svc.LetterFailed(t.Context(), tx, mail.Sent{ID: letter, Case: r.ID.String(), Kind: mail.RecipientNotice, Locale: "en", Version: "1"}, 550)
	}))
	if n := notices(c, r)["dhl"]; n.Status != "failed" || n.Settled() {
		t.Errorf("%+v", n)
	}
	must(t, c.Svc.SettleNotice(c.Context(), c.Agent, r.ID, notices(c, r)["dhl"].ID, requests.NoticeResult{Result: "told", Reason: "By registered letter RR 12"}))
	if n := notices(c, r)["dhl"]; n.Status != "delivered" || n.Detail != "By registered letter RR 12" {
		t.Errorf("%+v", n)
	}
}

// With the last notice delivered a case closes at once: the sweep, which would
// close it too, comes once an hour here.
func TestLastNoticeClosesTheCase(t *testing.T) {
	t.Parallel()
	set := registered()
	set.Recipients[1].Contact = "office@kranz.example"
	c := company.New(t, company.Options{Settings: set, Work: work.Options{Sweep: time.Hour}})
	who := acme.Subjects()[9]
	r, _ := inReview(c, who.Email, "erasure")
	c.Approve(r.ID)
	k := c.Await(r.ID, requests.Closed)
	if k.Has(requests.Attention) {
		t.Errorf("closed with flags %v", k.Flags)
	}
	if told := payloads[evidence.RecipientTold](c, r.ID); len(told) != 3 {
		t.Errorf("told %+v", told)
	}
	report(c, r.ID)
}
