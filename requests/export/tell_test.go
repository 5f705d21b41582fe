package export

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"habeas/requests/evidence"
)

const (
	hashA = evidence.Digest("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	hashB = evidence.Digest("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
)

var filedAt = time.Date(2026, 11, 2, 23, 30, 0, 0, time.UTC)

// told is one event with the day on which it happened, after filing.
type told struct {
	day   int
	actor string
	data  evidence.Data
}

func storyOf(t *testing.T, events ...told) (gaps, notes []string) {
	t.Helper()
	var lines []evidence.Line
	for i, e := range events {
		data, err := json.Marshal(e.data)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, evidence.Line{Index: int64(i), Seq: int64(i + 1), Actor: e.actor, At: filedAt.AddDate(0, 0, e.day), Kind: e.data.Kind(), Data: data})
	}
	p := tell(lines)
	if len(p.Events) != len(events) {
		t.Errorf("%d events told, want %d", len(p.Events), len(events))
	}
	return p.Gaps, p.Notes
}

var (
	filed = told{0, "customer:c1", evidence.RequestFiled{
		Channel: "portal", Country: "DE", DueOn: "2026-12-03", Holidays: "DE", Law: "EU", ReceivedAt: evidence.At(filedAt), Rights: []evidence.Code{"erasure"}, Zone: "Europe/Berlin",
	}}
	made      = told{1, "worker", evidence.PlanMade{ConfigHash: hashA, PlanHash: hashA, Counts: []evidence.ActionCount{{Action: "erase", Count: 3, System: "crm"}}}}
	approved1 = told{2, "dpo:a", evidence.PlanApproved{Approval: 1, Needed: 2, PlanHash: hashA}}
	approved2 = told{2, "dpo:b", evidence.PlanApproved{Approval: 2, Needed: 2, PlanHash: hashA}}
	erased    = told{3, "worker", evidence.RecordErased{Chunk: evidence.Chunk{Attempt: 1, Count: 3, SHA256: hashB, System: "crm", Task: "t1"}}}
	letter    = told{4, "system", evidence.LetterSent{Digest: hashA, Template: "ERASURE", Language: "en", Letter: "l1", Version: "1"}}
)

func completed(day int, outcomes ...evidence.OutcomeCount) told {
	return told{day, "worker", evidence.RequestCompleted{Result: "done", Outcomes: outcomes}}
}

func TestGaps(t *testing.T) {
	for _, tt := range []struct {
		name   string
		events []told
		want   []string // beginnings, all of them
	}{
		{"none", []told{filed, made, approved1, approved2, erased, completed(4), letter}, nil},
		{"still open", []told{filed, made}, nil},
		{"late", []told{filed, made, approved1, approved2, erased, completed(33), letter}, []string{"Answered 3 days late."}},
		{"not late: the day ends in Berlin", []told{filed, made, approved1, approved2, erased, completed(30), letter}, []string{}},
		{"not late: extended", []told{filed, made, approved1, approved2, {20, "dpo:a", evidence.ClockExtended{Cite: "GDPR Art. 12(3)", From: "2026-12-03", Ground: "complexity", To: "2027-02-02"}}, erased, completed(33), letter}, nil},
		{"extended too late", []told{filed, made, approved1, approved2, {32, "dpo:a", evidence.ClockExtended{Cite: "GDPR Art. 12(3)", From: "2026-12-03", Ground: "complexity", To: "2027-02-02"}}, erased, completed(33), letter}, []string{"The extension was announced after the due date (GDPR Art. 12(3))."}},
		{"no approval", []told{filed, made, erased, completed(4), letter}, []string{"Records were changed on 2026-11-05 23:30:00 without an approval"}},
		{"one of two", []told{filed, made, approved1, erased, completed(4), letter}, []string{"Records were changed on 2026-11-05 23:30:00 with 1 of 2"}},
		{"same person twice", []told{filed, made, approved1, {2, "dpo:a", evidence.PlanApproved{Approval: 2, Needed: 2, PlanHash: hashA}}, erased, completed(4), letter}, []string{"The same person approved", "Records were changed on 2026-11-05 23:30:00 with 1 of 2"}},
		{"plan changed after approval", []told{filed, made, approved1, approved2, {3, "dpo:a", evidence.PlanChanged{PlanHash: hashB, Previous: hashA}}, erased, completed(4), letter}, []string{"Records were changed on 2026-11-05 23:30:00 without"}},
		{"stale approval", []told{filed, made, {2, "dpo:a", evidence.PlanApproved{Approval: 1, Needed: 1, PlanHash: hashB}}}, []string{"An approval of 2026-11-04 23:30:00 signs"}},
		{"unproven", []told{filed, made, approved1, approved2, erased, completed(4, evidence.OutcomeCount{Count: 2, Outcome: "accepted"}, evidence.OutcomeCount{Count: 1, Outcome: "purge_pending"}), letter}, []string{"2 records are only accepted", "1 record is hidden"}},
		{"reappeared", []told{filed, made, approved1, approved2, erased, completed(4), letter, {40, "worker", evidence.OutcomeReappeared{Attempt: 1, Count: 1, Round: "rescan_30", SHA256: hashA, System: "crm", Task: "t9"}}}, []string{"1 record came back in crm (rescan 30)."}},
		{"no letter", []told{filed, made, approved1, approved2, erased, completed(4)}, []string{"No letter told"}},
		{"task failed for good", []told{filed, {1, "worker", evidence.TaskFailed{Attempt: 5, Code: "permission", Next: "permanent", Stage: "discover", System: "crm", Task: "t2"}}}, []string{"A task failed for good"}},
		{"not filed", []told{made}, []string{"The event that files the request is missing."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			gaps, _ := storyOf(t, tt.events...)
			if len(gaps) != len(tt.want) {
				t.Fatalf("gaps %q, want %q", gaps, tt.want)
			}
			for i := range gaps {
				if !strings.HasPrefix(gaps[i], tt.want[i]) {
					t.Errorf("gap %q, want %q", gaps[i], tt.want[i])
				}
			}
		})
	}
}

func TestMissingEventIsAGap(t *testing.T) {
	p := tell([]evidence.Line{{Seq: 1, Kind: "status.changed", Data: []byte(`{"from":"filed","to":"verified"}`)}, {Seq: 3, Kind: "no.such", Data: []byte(`{}`)}})
	if !slices.Contains(p.Gaps, "Events are missing: number 3 follows number 1.") {
		t.Errorf("%q", p.Gaps)
	}
	if !slices.ContainsFunc(p.Notes, func(n string) bool { return strings.Contains(n, "no.such") }) {
		t.Errorf("%q", p.Notes)
	}
}
