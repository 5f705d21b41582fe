package templates

import (
	"time"

	"github.com/a-h/templ"
	"habeas/static"
)

func day(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }

func ago(d time.Duration) time.Time { return sampleNow.Add(-d) }

var sampleBrand = Brand{
	Name: "Acme Outdoor", Controller: "Acme Outdoor GmbH, Bergstraße 12, 10115 Berlin, Germany",
	Contact: "privacy@acme.example", Phone: "+49 30 5550 1234", Post: "Acme Outdoor, Privacy, Bergstraße 12, 10115 Berlin",
	DPO: "dpo@acme.example", Authority: "the Berlin Commissioner for Data Protection", AuthorityURL: "https://authority.example/complain",
	PrivacyURL: "https://acme.example/privacy", LogoURL: static.URL("icons/acme.svg"),
}

func publicPage(path string) Page {
	return Page{Brand: sampleBrand, CSRF: "csrf-token", Path: path, Demo: true}
}

func customerPage(path string) Page {
	p := publicPage(path)
	p.Session = &Session{Idle: 15 * time.Minute, KeepURL: "/session", EndURL: "/sign-out", EndedURL: "/session-ended"}
	return p
}

func staffPage(path, role, name string) Page {
	p := customerPage(path)
	p.Staff = &Staff{Name: name, Role: role}
	p.Demo = false
	return p
}

var sampleClock = Clock{
	Due: day(2026, 12, 21), Received: day(2026, 11, 19), Law: "GDPR Art. 12(3)", LawName: "General Data Protection Regulation", LawCode: "EU", Target: day(2026, 12, 18), DaysLeft: 30,
	Rules: []Rule{
		{Cite: "Reg. 1182/71 Art. 3(1)", Text: "Received 19 November 2026; that day is not counted.", Code: "received", What: "request", Day: day(2026, 11, 19)},
		{Cite: "GDPR Art. 12(3)", Text: "One month ends 19 December 2026, a Saturday.", Code: "ends", N: 1, Unit: "month", Day: day(2026, 12, 19)},
		{Cite: "Reg. 1182/71 Art. 3(4)", Text: "Moved to Monday 21 December 2026, the next working day.", Code: "rolled", Day: day(2026, 12, 21)},
	},
}

var sampleForeseen = Foreseen{
	LawCode: "CA", LawName: "California Consumer Privacy Act", Longer: true,
	Due: []ForeseenDue{
		{[]string{"opt_out"}, day(2026, 12, 14), []Rule{{Cite: "11 CCR 7026(f)", Text: "Received 19 November 2026; that day is not counted.", Code: "received", What: "request", Day: day(2026, 11, 19)}}},
		{[]string{"access", "erasure"}, day(2027, 1, 3), []Rule{{Cite: "11 CCR 7021(b)", Text: "45 days end 3 January 2027, a Sunday.", Code: "ends", N: 45, Unit: "day", Day: day(2027, 1, 3)}}},
	},
}

func clockIn(days int) Clock {
	c := sampleClock
	c.DaysLeft = days
	c.Due = day(2026, 11, 21).AddDate(0, 0, days)
	return c
}

var (
	sampleCountries = []Option{{"DE", "Germany", ""}, {"FR", "France", ""}, {"GB", "United Kingdom", ""}, {"US", "United States", ""}}
	sampleRegions   = []Option{{"CA", "California", ""}, {"VA", "Virginia", ""}}
	sampleNetworks  = []Option{{"bluesky", "Bluesky", ""}, {"mastodon", "Mastodon", ""}, {"instagram", "Instagram", ""}}
	samplePurposes  = []Option{{"newsletter", "Newsletter by e-mail", "Offers and stories about every two weeks"}, {"social_audience", "Ads on social networks", "Your address in audiences we hand to networks"}, {"profiling", "Personal recommendations", "Guessing from your orders what you may like"}}
	sampleAnswers   = Answers{Rights: []string{"erasure", "consent_withdrawal"}, Who: "self", Country: "US", Region: "CA", Email: "mara.lindqvist@mail.example", Name: "Mara Lindqvist", Handle: "@mara", Network: "bluesky", Purposes: []string{"newsletter", "profiling"}, Download: "first"}
	sampleKept      = []KeptRecord{{"Invoice", "Tax law makes us keep invoices for ten years", "GDPR Art. 17(3)(b), HGB § 257", day(2035, 12, 31), 2}, {"Message thread", "It belongs to another person too; your part is no longer tied to you", "GDPR Art. 17(3)(a)", time.Time{}, 1}}
)

func question1(path string) QuestionPage {
	return QuestionPage{Page: publicPage(path), Answers: sampleAnswers, Back: "/", Countries: sampleCountries, Regions: sampleRegions, Networks: sampleNetworks, Purposes: samplePurposes, Foreseen: sampleForeseen}
}

// detailed is the question after rights that need to know more.
func detailed(region string, rights ...string) QuestionPage {
	q := question1("/request/details")
	q.Answers.Rights, q.Answers.Region = rights, region
	return q
}

func questionWrong(path string, errors ...FieldError) QuestionPage {
	q := question1(path)
	q.Errors = errors
	q.Answers = Answers{Rights: []string{"erasure"}, Email: "mara@"}
	return q
}

var erasureHead = CaseHead{ID: "0193", Reference: "HB-7K3F-Q2M", Rights: []string{"erasure"}, Country: "Germany", Article: "GDPR Art. 17", Status: "review", Flags: []string{"attention"}, Clock: sampleClock, Channel: "portal", Locale: "en"}

var sampleRecords = []PlanRow{
	{System: "CRM", Type: "contacts", Key: "4711", Right: "erasure", Action: "erase", Why: "No longer needed, consent withdrawn", Cite: "GDPR Art. 17(1)(a), (b)", Via: "contacts.email", Match: "exact"},
	{System: "CRM", Type: "invoices", Key: "2025-0931", Right: "erasure", Action: "keep", Why: "Tax law: ten years", Cite: "GDPR Art. 17(3)(b), HGB § 257", Until: day(2035, 12, 31), Via: "contacts.email > invoices.contact_id", Match: "derived"},
	{System: "CRM", Type: "orders", Key: "88121", Right: "erasure", Action: "mask", Fields: []string{"ship_name", "ship_street", "phone"}, Why: "Belongs to a kept invoice", Cite: "GDPR Art. 17(3)(b)", Via: "contacts.email > orders.contact_id", Match: "derived"},
	{System: "CRM", Type: "addresses", Key: "88", Right: "erasure", Action: "detach", Shared: 1, Why: "Another person lives there too", Cite: "GDPR Art. 17(3)(a)", Via: "contacts.email > contacts.address_id", Match: "derived"},
	{System: "Social", Type: "profiles", Key: "bluesky:did:plc:x7h2", Right: "erasure", Action: "erase", Why: "Handle proved on 19 November", Cite: "GDPR Art. 17(1)(b)", Via: "profiles.handle", Match: "exact"},
	{System: "Social", Type: "messages", Key: "90412", Right: "erasure", Action: "redact", Why: "A third person wrote in this thread", Cite: "GDPR Art. 15(4)", Via: "profiles.handle > messages.profile_id", Match: "ambiguous", Decided: true},
}

var samplePlan = PlanView{
	Hash: "7f3a9b0c44d1e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5cc21e", MadeAt: ago(3 * time.Minute), Total: 17, CanDecide: true,
	Counts:     []ActionCount{{"erase", 11}, {"mask", 3}, {"keep", 2}, {"detach", 1}},
	Records:    sampleRecords,
	Warnings:   []string{"Free text in 2 tickets may name other people.", "The look-up of messages by profile has no index: it may take minutes."},
	Candidates: 1,
	Manual:     []ManualRow{{"Paper archive", "Take folder A-2291 from shelf 4, shred its contents and photograph the empty folder.", day(2026, 12, 14), "manual"}},
	Next:       "/desk/cases/0193?cursor=abc",
}

var sampleTasks = []TaskRow{
	{ID: "t1", System: "CRM", Stage: "discover", Status: "done", Attempts: 1, Records: 14},
	{ID: "t2", System: "Social", Stage: "discover", Status: "retry", Attempts: 3, Next: sampleNow.Add(4 * time.Minute), Error: "The database did not answer within 10 seconds."},
	{ID: "t3", System: "CRM", Stage: "apply", Status: "failed", Attempts: 8, Error: "A row that must not be empty would become empty: contacts.owner_id.", RetryHref: "/desk/cases/0193/tasks/t3/retry"},
	{ID: "t4", System: "Paper archive", Stage: "manual", Status: "manual", Manual: true, Instructions: "Take folder A-2291 from shelf 4, shred its contents and photograph the empty folder.", Due: day(2026, 12, 14), ResultHref: "/desk/cases/0193/tasks/t4/result"},
}

var sampleLetters = []LetterRow{{ago(20 * time.Minute), "ack", "sent", "", "en", "1"}, {ago(22 * time.Minute), "code", "sent", "", "en", "1"}}

var sampleTimeline = []TimelineItem{
	{At: ago(3 * time.Minute), Title: "Plan made", By: "Habeas", Text: "17 records in 2 systems: 11 to erase, 3 to mask, 2 to keep, 1 shared with another person.", Kind: "plan.made", Index: 214},
	{At: ago(4 * time.Minute), Title: "A search failed", By: "Social", Text: "The database did not answer. Next try in 4 minutes.", Kind: "task.failed", Index: 213},
	{At: ago(5 * time.Minute), Title: "Search started", By: "Habeas", Kind: "task.started", Index: 211},
	{At: ago(6 * time.Minute), Title: "Identity proved", By: "customer", Text: "Code mailed to the address claimed.", Kind: "identity.verified", Index: 210},
	{At: ago(49 * time.Hour), Title: "Request filed", By: "customer, portal", Kind: "request.filed", Index: 209},
}

var sampleLog = LogState{
	Size: 12214, Origin: "habeas.acme.example/log", Root: "q0bqyZk3R1vJ5tqzNx1wF8b1mX5kV9w2nq3fQ2bq7Hc=", At: ago(30 * time.Second), Intact: true, CheckedAt: ago(time.Minute), Published: 12100, Pending: 2,
	Checkpoint: "habeas.acme.example/log\n12214\nq0bqyZk3R1vJ5tqzNx1wF8b1mX5kV9w2nq3fQ2bq7Hc=\n\n— habeas.acme.example/log 5V3fQ2bq7Hcq0bqyZk3R1vJ5tqzNx1wF8b1mX5kV9w2nq3fQ2bq7Hcq0bqyZk3R1vJ5tqzNx1wF8b1mX5kV9w2nq3fQ2bq7Hc=\n",
	Key:        "habeas.acme.example/log+e55ddf43+AQ0bqyZk3R1vJ5tqzNx1wF8b1mX5kV9w2nq3fQ2bq7Hc",
}

func listRows() []CaseRow {
	return []CaseRow{
		{ID: "1", Reference: "HB-2M9C-X4T", Rights: []string{"access"}, Country: "France", Law: "GDPR", Status: "executing", Flags: []string{"overdue", "attention"}, Clock: clockIn(-2), Next: "A task failed: look and try again", NextHref: "/desk/cases/1#tasks", Channel: "letter"},
		{ID: "2", Reference: "HB-Q7RA-81K", Rights: []string{"erasure"}, Country: "Germany", Law: "GDPR", Status: "review", Clock: clockIn(3), Next: "Decide the plan", NextHref: "/desk/cases/2/approve", Channel: "portal"},
		{ID: "3", Reference: "HB-7K3F-Q2M", Rights: []string{"access", "erasure"}, Country: "Germany", Law: "GDPR", Status: "review", Flags: []string{"attention", "extended"}, Clock: clockIn(12), Next: "Second approval", NextHref: "/desk/cases/3/approve", Channel: "portal"},
		{ID: "4", Reference: "HB-T0PW-5H3", Rights: []string{"consent_withdrawal"}, Country: "United Kingdom", Law: "UK GDPR", Status: "verifying", Clock: clockIn(24), Next: "Habeas is checking", Channel: "api"},
		{ID: "5", Reference: "HB-J3EN-C6V", Rights: []string{"erasure"}, Country: "California", Law: "CCPA", Status: "filed", Flags: []string{"paused"}, Clock: Clock{Due: day(2027, 1, 4), Received: day(2026, 11, 20), Paused: true, DaysLeft: 44}, Next: "Waiting for the customer's code", Channel: "portal"},
	}
}

func listPage(filter string, rows []CaseRow) ListPage {
	return ListPage{
		Page: staffPage("/desk", "dpo", "Dana Okafor"), Filter: filter, Rows: rows,
		Filters: []Filter{{"all", "Open", 38, false}, {"overdue", "Overdue", 1, false}, {"week", "Due in 7 days", 4, false}, {"waiting", "Waiting on customer", 12, false}, {"attention", "Needs attention", 2, false}, {"ready", "Ready to decide", 0, false}},
		Rights:  []Option{{"access", "Access", ""}, {"erasure", "Erasure", ""}}, Systems: []Option{{"crm", "CRM", ""}, {"social", "Social", ""}},
		Next: "/desk?cursor=abc",
	}
}

func casePage() CasePage {
	plan := samplePlan
	return CasePage{
		Page: staffPage("/desk/cases/0193", "dpo", "Dana Okafor"), Case: erasureHead,
		Primary:  &Action{Label: "Approve this plan", Href: "/desk/cases/0193/approve"},
		Actions:  []Action{{"Refuse", "/desk/cases/0193/refuse", "secondary"}, {"Extend", "/desk/cases/0193/extend", "secondary"}, {"Search again", "/desk/cases/0193/rediscover", "link"}},
		Waiting:  "The plan waits for two approvals. Yours would be the first.",
		Timeline: sampleTimeline, Tasks: sampleTasks, Plan: &plan,
		Approvals: Approvals{Needed: 2, CanApprove: true, Given: []Approval{{"Ines Moreau, DPO", ago(time.Minute), samplePlan.Hash}}},
		Proofs:    []Proof{{"E-mail code", ago(6 * time.Minute), "proved"}},
		Letters:   sampleLetters, Events: 7, InLog: 7, Stream: "/api/v1/stream?request=0193",
	}
}

func doneCase() CasePage {
	c := casePage()
	c.Case.Status = "completed"
	c.Case.Flags = []string{"partial", "unproven"}
	c.Primary, c.Actions, c.Waiting = nil, nil, ""
	plan := samplePlan
	plan.CanDecide = false
	plan.Drift = ""
	plan.Records = append([]PlanRow(nil), sampleRecords...)
	for i, o := range []string{"verified_absent", "kept", "verified_masked", "verified_detached", "accepted", "purge_pending"} {
		plan.Records[i].Outcome = o
	}
	c.Plan = &plan
	c.Outcomes = []OutcomeCount{{"verified_absent", 11, time.Time{}}, {"verified_masked", 3, time.Time{}}, {"kept", 2, time.Time{}}, {"purge_pending", 1, day(2026, 12, 24)}}
	c.Kept = sampleKept
	return c
}

func statusPage(status string, set func(*StatusPage)) StatusPage {
	v := StatusPage{
		Page: customerPage("/status"), Reference: "HB-7K3F-Q2M", Rights: []string{"access", "erasure"}, Status: status, Clock: sampleClock, CanStop: true, Receipt: "/receipt", Stream: "/api/v1/stream?request=0193",
		Systems: []SystemProgress{{Name: "Customer records", State: "found", Found: 14}, {Name: "Social networks", State: "retrying", Next: sampleNow.Add(4 * time.Minute)}, {Name: "Paper archive", State: "person"}},
		Letters: []LetterLine{{ago(20 * time.Minute), "We have your request", ""}},
	}
	if set != nil {
		set(&v)
	}
	return v
}

func decision(kind string) DecisionPage {
	plan := samplePlan
	return DecisionPage{
		Page: staffPage("/desk/cases/0193", "dpo", "Dana Okafor"), Case: erasureHead, Kind: kind, Action: "/desk/cases/0193/" + kind,
		Approvals: Approvals{Needed: 2}, Plan: &plan, Wait: 24 * time.Hour, NewDue: day(2027, 2, 19),
	}
}

func previews() map[string]templ.Component {
	approve := decision("approve")
	final := decision("approve")
	final.Final = true
	final.Approvals.Given = []Approval{{"Ines Moreau, DPO", ago(time.Hour), samplePlan.Hash}}
	refuse := decision("refuse")
	refuse.Plan = nil
	refuse.Grounds = []Option{{"unfounded", "Manifestly unfounded", "GDPR Art. 12(5)"}, {"excessive", "Excessive", "GDPR Art. 12(5)"}, {"unidentified", "The person cannot be identified", "GDPR Art. 11(2), 12(2)"}, {"legal_claims", "Needed for legal claims", "GDPR Art. 17(3)(e)"}}
	refuse.Letter = "Dear Sir or Madam,\n\nyou asked us on 19 November 2026 to delete your data. We cannot do that …\n\nYou can complain to the Berlin Commissioner for Data Protection, or go to court."
	refuse.Errors = []FieldError{{"ground", "Choose a ground"}, {"reason", "Say why: the customer reads it"}}
	extend := decision("extend")
	extend.Plan = nil
	pause := decision("pause")
	pause.Plan = nil
	paused := listPage("ready", nil)
	paused.Paused = true
	notice := listPage("", listRows())
	notice.Notice = &Notice{Kind: "success", Title: "Request HB-9W2D-M5A is filed", Text: "The code was sent to the customer.", Link: "Open the case", Href: "/desk/cases/9"}

	out := map[string]templ.Component{
		"subject-start":         Start(StartPage{Page: publicPage("/")}),
		"subject-what":          What(question1("/request/what")),
		"subject-what-error":    What(questionWrong("/request/what", FieldError{"rights", "Select what you want"})),
		"subject-who":           Who(question1("/request/who")),
		"subject-behalf":        Behalf(questionOther("/request/behalf")),
		"subject-child":         Child(questionOther("/request/child")),
		"subject-yourself":      Yourself(questionOther("/request/yourself")),
		"subject-contact-other": Contact(questionOther("/request/contact")),
		"subject-where-other":   Where(questionOther("/request/where")),
		"subject-check-other":   Check(questionOther("/request/check")),
		"subject-facts": Facts(FactsPage{
			Page: customerPage("/status/facts"), Count: 3, Named: true, Ask: []string{"phone", "postcode", "number"}, Declares: true, Disputes: true, Typed: map[string]string{"phone": "+1 415 555 0123"},
		}),
		"subject-facts-person":    Facts(FactsPage{Page: customerPage("/status/facts"), Count: 2, Person: true, Ask: []string{"name", "phone", "postcode", "number"}}),
		"subject-facts-spent":     Facts(FactsPage{Page: customerPage("/status/facts"), Count: 3, Spent: true, Declared: sampleNow, Declares: true}),
		"subject-facts-done":      Facts(FactsPage{Page: customerPage("/status/facts"), Done: true}),
		"subject-status-facts":    Status(statusPage("review", func(v *StatusPage) { v.Facts = &FactsCard{Given: sampleNow} })),
		"subject-permission":      SendPermission(PermissionPage{Page: customerPage("/status/permission"), Kind: "agent", Refused: true, Because: "unsigned"}),
		"subject-permission-done": SendPermission(PermissionPage{Page: customerPage("/status/permission"), Done: true}),
		"subject-permit":          Confirm(ConfirmPage{Page: publicPage("/confirm"), Key: "permit", Reference: "HB-7K3F-Q2M", Action: "/confirm", Token: "x", Standing: "agent", Rights: []string{"access"}, No: "/not-me?token=x"}),
		"subject-decline":         Confirm(ConfirmPage{Page: publicPage("/not-me"), Key: "decline", Reference: "HB-7K3F-Q2M", Action: "/not-me", Token: "x", Standing: "attorney", Rights: []string{"access"}}),
		"subject-status-behalf": Status(statusPage("filed", func(v *StatusPage) {
			v.Behalf = &BehalfState{Permission: true, Person: true}
		})),
		"subject-where":            Where(question1("/request/where")),
		"subject-contact":          Contact(question1("/request/contact")),
		"subject-contact-error":    Contact(questionWrong("/request/contact", FieldError{"email", "Enter an e-mail address, like name@example.com"})),
		"subject-purposes":         Purposes(question1("/request/purposes")),
		"subject-consequences":     Consequences(question1("/request/consequences")),
		"subject-check":            Check(question1("/request/check")),
		"subject-code":             Code(CodePage{Page: publicPage("/request/code"), Reference: "HB-7K3F-Q2M", Email: "mara.lindqvist@mail.example", Action: "/request/code", Resend: "/request/code/new", Why: "file", LeftToday: 4}),
		"subject-confirmation":     Confirmation(ConfirmationPage{Page: customerPage("/request/confirmation"), Reference: "HB-7K3F-Q2M", Rights: []string{"access", "erasure"}, Clock: sampleClock, Email: "mara.lindqvist@mail.example", CodeURL: "/request/code"}),
		"subject-status-searching": Status(statusPage("discovering", nil)),
		"subject-status-waits": Status(statusPage("executing", func(v *StatusPage) {
			v.ErasureAt = sampleNow.Add(20 * time.Hour)
			v.Package = PackageState{State: "ready", Size: 3400000, Expires: day(2026, 12, 5)}
			v.Systems = []SystemProgress{{Name: "Customer records", State: "waiting", Found: 14}, {Name: "Social networks", State: "waiting", Found: 3}}
		})),
		"subject-status-done": Status(statusPage("completed", func(v *StatusPage) {
			v.Flags, v.CanStop = []string{"partial"}, false
			v.Package = PackageState{State: "ready", Size: 3400000, Expires: day(2026, 12, 5)}
			v.Systems = []SystemProgress{{Name: "Customer records", State: "done", Found: 14}, {Name: "Social networks", State: "done", Found: 3}}
			v.Outcomes = []OutcomeCount{{"verified_absent", 11, time.Time{}}, {"verified_masked", 3, time.Time{}}, {"kept", 2, time.Time{}}, {"purge_pending", 1, day(2026, 12, 24)}}
			v.Kept = sampleKept
		})),
		"subject-status-consent": Status(statusPage("completed", func(v *StatusPage) {
			v.Rights, v.Systems, v.CanStop = []string{"consent_withdrawal"}, nil, false
			v.Purposes = []PurposeState{{"Newsletter by e-mail", ago(2 * time.Hour)}, {"Ads on social networks", ago(2 * time.Hour)}}
		})),
		"subject-status-refused": Status(statusPage("refused", func(v *StatusPage) {
			v.Systems, v.CanStop = nil, false
			v.Refusals = []Refusal{{"erasure", "GDPR Art. 17(3)(e)", "There is a law suit between you and us. We need the data for it."}}
		})),
		"subject-download":       Download(DownloadPage{Page: customerPage("/download"), Package: PackageState{State: "ready", Size: 3400000, Expires: day(2026, 12, 5)}}),
		"subject-download-fresh": Download(DownloadPage{Page: customerPage("/download"), Fresh: true, Href: "/api/v1/requests/0193/package", Package: PackageState{State: "ready", Size: 3400000, Expires: day(2026, 12, 5)}}),
		"subject-stop":           Confirm(ConfirmPage{Page: customerPage("/status/stop"), Key: "stop", Reference: "HB-7K3F-Q2M", Action: "/status/stop", Back: "/status"}),
		"subject-stop-done":      Confirm(ConfirmPage{Page: customerPage("/status/stop"), Key: "stop", Done: true, Begun: []string{"Newsletter stopped on 19 November"}}),
		"subject-not-me":         Confirm(ConfirmPage{Page: publicPage("/not-me"), Key: "not_me", Action: "/not-me", Token: "t"}),
		"subject-cancel":         Confirm(ConfirmPage{Page: publicPage("/cancel"), Key: "cancel", Action: "/cancel", Token: "t", Reference: "HB-7K2M-Q9XA"}),
		"subject-cancelled":      Confirm(ConfirmPage{Page: publicPage("/cancel"), Key: "cancel", Action: "/cancel", Done: true}),
		"subject-undo":           Confirm(ConfirmPage{Page: publicPage("/undo"), Key: "undo", Action: "/undo", Token: "t", Purposes: samplePurposes[:2]}),
		"subject-letter":         SentLetter(SentLetterPage{Page: customerPage("/status/letters/1"), Letter: LetterLine{At: ago(time.Hour), Subject: "We have your request"}, Text: "Dear Mara Lindqvist,\n\nwe have received your request on 19 November 2026 and answer it by 21 December 2026."}),
		"subject-details":        Details(detailed("", "rectification", "restriction", "objection")),
		"subject-details-know":   Details(detailed("CA", "access")),
		"subject-appeal":         Appeal(AppealPage{Page: customerPage("/status/appeal"), Kind: "appeal", Reference: "HB-7K3F-Q2M"}),
		"subject-complaint-sent": Appeal(AppealPage{Page: customerPage("/status/appeal"), Kind: "complaint", Reference: "HB-7K3F-Q2M", Sent: "HB-9W2D-M5A", Due: day(2027, 1, 20)}),
		"subject-appeal-status":  MatterStatus(MatterStatusPage{Page: customerPage("/status"), Kind: "appeal", Reference: "HB-9W2D-M5A", Of: "HB-7K3F-Q2M", Due: day(2027, 1, 20), Result: "partly", Letters: []LetterLine{{ago(time.Hour), "We have your request", "/status/letters/1"}}}),
		"subject-joined":         MatterStatus(MatterStatusPage{Page: customerPage("/status"), Kind: "joined", Reference: "HB-9W2D-M5A", Of: "HB-7K3F-Q2M", Due: day(2027, 1, 20)}),
		"subject-reply":          SendReply(ReplyPage{Page: customerPage("/status/reply")}),
		"subject-reply-done":     SendReply(ReplyPage{Page: customerPage("/status/reply"), Done: true}),
		"subject-find":           Find(FindPage{Page: publicPage("/find")}),
		"help":                   TextPage(publicPage("/help"), "help"),
		"privacy":                TextPage(publicPage("/privacy"), "privacy"),
		"accessibility":          TextPage(publicPage("/accessibility"), "accessibility"),
		"problem-404":            Problem(ProblemPage{Page: publicPage("/x"), Code: 404, RequestID: "0193-9c1f"}),
		"problem-429":            Problem(ProblemPage{Page: publicPage("/x"), Code: 429, Retry: 3 * time.Minute}),
		"problem-500-staff":      Problem(ProblemPage{Page: staffPage("/desk", "dpo", "Dana Okafor"), Code: 500, RequestID: "0193-9c1f"}),
		"problem-440":            Problem(ProblemPage{Page: publicPage("/session-ended"), Code: 440, SignIn: "/find"}),

		"desk-sign-in":      SignIn(SignInPage{Page: Page{Brand: sampleBrand, Demo: true}, Next: "/desk", Hint: []Option{{"dana.okafor@acme.example", "Dana Okafor, DPO", "correct-horse-9"}}}),
		"desk-list":         List(listPage("", listRows())),
		"desk-list-notice":  List(notice),
		"desk-list-empty":   List(paused),
		"desk-case":         Case(casePage()),
		"desk-case-done":    Case(doneCase()),
		"desk-approve":      Decision(approve),
		"desk-approve-last": Decision(final),
		"desk-refuse":       Decision(refuse),
		"desk-extend":       Decision(extend),
		"desk-pause":        Decision(pause),
		"desk-decide": Decide(DecidePage{
			Page: staffPage("/desk", "dpo", "Dana Okafor"), Case: erasureHead, Action: "/desk/cases/0193/decide", Hash: samplePlan.Hash,
			Groups: PlanGroups(sampleRecords), All: []Option{{"keep", "Keep: stays as it is", ""}},
			Grounds: []Option{{"17-3-b", "Legal obligation, Art. 17(3)(b)", ""}, {"17-3-e", "Legal claims, Art. 17(3)(e)", ""}},
		}),
		"desk-manual":   ManualResult(ManualPage{Page: staffPage("/desk", "agent", "Tom Reyes"), Case: erasureHead, Task: sampleTasks[3], Action: "/desk/cases/0193/tasks/t4/result"}),
		"desk-personal": PersonalData(PersonalPage{Page: staffPage("/desk", "agent", "Tom Reyes"), Case: erasureHead, Action: "/desk/cases/0193/personal-data", Purposes: []Option{{"redaction", "Black out other people's data", ""}, {"identity", "Check who asks", ""}, {"complaint", "Answer a question of the customer", ""}}}),
		"desk-personal-shown": PersonalData(PersonalPage{
			Page: staffPage("/desk", "agent", "Tom Reyes"), Case: erasureHead, Shown: true, Message: "Please also the chat from May.",
			Identities: []IdentityRow{{"email", "mara.lindqvist@mail.example", true}, {"handle", "mara@bluesky", false}},
			Systems: []PersonalSystem{{System: "CRM", More: true, Records: []PersonalRecord{
				{"contacts", "4711", "erase", []PersonalField{{"first_name", "Mara", "name", false}, {"last_name", "Lindqvist", "name", false}, {"email", "mara.lindqvist@mail.example", "contact", false}}},
				{"tickets", "1203", "redact", []PersonalField{{"subject", "Return of a tent", "content", false}, {"body", "My neighbour Jon told me …", "free text", true}}},
			}}},
		}),
		"desk-new": NewCase(NewCasePage{Page: staffPage("/desk/new", "agent", "Tom Reyes"), Countries: sampleCountries, Regions: sampleRegions, Networks: sampleNetworks, Purposes: samplePurposes}),
		"desk-systems": Systems(SystemsPage{Page: staffPage("/desk/systems", "dpo", "Dana Okafor"), CanSwitch: true, Systems: []SystemRow{
			{Name: "crm", Label: "Customer records", Kind: "sqldb", Health: "ok", CheckedAt: ago(time.Minute), Waiting: 3, Running: 1, Slots: 4, Types: []string{"contacts", "addresses", "orders", "invoices", "tickets", "notes"}, Can: []string{"find", "read", "erase", "mask", "detach", "suppress", "look"}},
			{Name: "social", Label: "Social networks", Kind: "sqldb", Health: "fault", CheckedAt: ago(time.Hour), Waiting: 12, Failed: 2, Slots: 2, Faults: []string{"messages.profile_id has no index: look-ups read the whole table."}, Paused: true, PausedBy: "Ines Moreau", Since: ago(3 * time.Hour), Types: []string{"profiles", "messages", "mentions"}, Can: []string{"find", "read", "erase", "look"}, Cannot: []string{"copies at the networks themselves"}},
			{Name: "archive", Label: "Paper archive", Kind: "manual", Health: "unknown", Waiting: 1},
		}}),
		"desk-letter": Letter(LetterPage{Page: staffPage("/desk/cases/0193/letters/l1", "dpo", "Dana Okafor"), Case: erasureHead, Action: "/desk/cases/0193/letters/l1", Kind: "ack", Purposes: []Option{{"complaint", "A complaint", ""}}}),
		"admin-users": Users(UsersPage{Page: staffPage("/admin/users", "admin", "Lee Park"), Users: []UserRow{
			{ID: "1", Name: "Dana Okafor", Email: "dana.okafor@acme.example", Role: "dpo", Since: ago(time.Hour)}, {ID: "2", Name: "Tom Reyes", Email: "tom.reyes@acme.example", Role: "agent", Locked: true}, {ID: "3", Name: "Lee Park", Email: "lee.park@acme.example", Role: "admin", You: true, Since: ago(time.Minute)},
		}}),
		"audit-list": AuditList(AuditListPage{
			Page: staffPage("/audit", "auditor", "Ruth Adeyemi"), Log: sampleLog, Rights: []Option{{"access", "Access", ""}}, Figures: Figures{214, 170, 168, 2, 6, 38, 9}, Sample: "/audit?sample=1",
			Rows: []AuditRow{
				{CaseRow: listRows()[0], Gaps: []string{"Overdue by 2 days without an extension notice", "One record without outcome"}, Events: 31},
				{CaseRow: listRows()[1], Events: 12},
				{CaseRow: CaseRow{ID: "7", Reference: "HB-0AAC-R7P", Rights: []string{"access"}, Country: "Ireland", Law: "GDPR", Status: "closed", Clock: clockIn(9)}, Answered: day(2026, 11, 12), Events: 24},
			},
		}),
		"audit-case": Audit(AuditCasePage{
			Page: staffPage("/audit/cases/0193", "auditor", "Ruth Adeyemi"), Case: doneCase().Case, Evidence: "/audit/cases/0193/evidence", Log: sampleLog, PlanHash: samplePlan.Hash, Answered: day(2026, 11, 30),
			Gaps: []string{"Two approvals came from the same network address within a minute"}, Approvals: []Approval{{"dpo:0193a1", ago(time.Hour), samplePlan.Hash}, {"dpo:0193a2", ago(time.Minute), samplePlan.Hash}},
			Events:   []EventRow{{1, 209, ago(49 * time.Hour), "request.filed", "Plain words", "customer", `{"holidays":"DE","law":"EU","received_at":"2026-11-19","rights":["erasure"],"zone":"Europe/Berlin"}`}, {2, 210, ago(time.Hour), "identity.verified", "Plain words", "customer", `{"method":"email_code"}`}, {3, -1, ago(time.Second), "plan.approved", "Plain words", "dpo:0193a1", `{"plan_hash":"7f3a9b0c44d1e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5cc21e"}`}},
			Outcomes: doneCase().Outcomes, Kept: sampleKept, Letters: sampleLetters, Tasks: sampleTasks[:2],
		}),
		"audit-log": EvidenceLog(LogPage{Page: staffPage("/audit/log", "auditor", "Ruth Adeyemi"), Log: sampleLog, Tiles: []TileRow{{"/log/tile/0/000", "tile/0/000", 0, 256}, {"/log/tile/0/047.p/182", "tile/0/047.p/182", 0, 182}, {"/log/tile/1/000.p/47", "tile/1/000.p/47", 1, 47}}}),
	}
	for _, why := range []string{"names", "scope", "unreadable", "outdated", "doubtful", "insufficient"} {
		out["subject-status-refused-"+why] = Status(statusPage("completed", func(v *StatusPage) { v.Behalf = &BehalfState{Refused: true, Because: why, Optional: true} }))
	}
	for name, b := range map[string]BehalfState{"looking": {Looking: true}, "person": {Person: true}, "declined": {Ended: true, Declined: true}, "expired": {Ended: true}} {
		out["subject-status-behalf-"+name] = Status(statusPage("filed", func(v *StatusPage) { v.Behalf = &b }))
	}
	out["subject-confirmation-behalf"] = Confirmation(ConfirmationPage{
		Page: customerPage("/request/confirmation"), Reference: "HB-7K3F-Q2M", Rights: []string{"access"}, Clock: sampleClock, Email: "ada@lawyers.example", Verified: true,
		Behalf: &BehalfState{Permission: true, Person: true},
	})
	optOut := questionOther("/request/check")
	optOut.Answers.Rights = []string{"opt_out"}
	out["subject-check-opt-out-other"] = Check(optOut)
	return out
}

// questionOther is a question about somebody else.
func questionOther(path string) QuestionPage {
	v := question1(path)
	v.Answers.Who, v.Answers.Behalf, v.Answers.ChildAge, v.Answers.RepName, v.Answers.RepEmail = "other", "parent", "13_to_15", "Ada Counsel", "ada@lawyers.example"
	return v
}
