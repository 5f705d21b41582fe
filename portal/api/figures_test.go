package api_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"habeas/requests/testkit"
	"habeas/requests/testkit/company"
)

type figureRow struct {
	Law, Right, Month                                            string
	Received, Complied, Partial, Denied, Withdrawn, Joined, Open int64
	OnTime                                                       int64 `json:"on_time"`
	Late                                                         int64
	OnTimeShare                                                  *float64 `json:"on_time_share"`
	MedianDays                                                   *float64 `json:"median_days"`
}

// Figures come from the log: per right, law and month, in time or late, with
// the grounds of denials, as JSON and as one table.
func TestFiguresAreCounted(t *testing.T) {
	clk := testkit.NewClock(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	p := start(t, company.Options{Workers: -1, Now: clk.Now})
	file := func(country, region, right, received string) string {
		var f filed
		in := map[string]any{
			"rights": []string{right}, "country": country, "region": region, "channel": "letter", "identities": []any{map[string]any{"kind": "email", "value": "nobody@people.example"}},
		}
		if received != "" {
			in["received_at"], in["reason"] = received+"T10:00:00Z", "Found in the post"
		}
		p.post(t, "/api/v1/requests", p.agent, in).want(201).into(&f)
		return f.ID
	}
	late := file("DE", "", "access", "2026-03-02")         // due on 2 April, still open
	refused := file("DE", "", "erasure", "2026-05-20")     // refused in time
	refusedCA := file("US", "CA", "erasure", "2026-05-21") // likewise, in California
	withdrawn := file("GB", "", "access", "")              //
	for _, id := range []string{refused, refusedCA} {
		ground := map[string]string{refused: "legal_claims", refusedCA: "legal_duty"}[id]
		p.post(t, "/api/v1/requests/"+id+"/refusal", p.dpo, map[string]string{"ground": ground, "reason": "A claim is pending."}).want(200)
	}
	for _, id := range []string{late, refused, refusedCA, withdrawn} {
		if err := p.Log.WaitFor(p.Deadline(), id); err != nil {
			t.Fatal(err)
		}
	}

	var got struct {
		Total   figureRow
		Entries int64       `json:"log_entries"`
		Rights  []figureRow `json:"by_right"`
		Laws    []figureRow `json:"by_law"`
		Months  []figureRow `json:"by_month"`
		Table   []figureRow `json:"by_law_and_right"`
		Denials []struct {
			Law, Right, Ground string
			Count              int64
		}
	}
	figures := func(query string) {
		t.Helper()
		got.Total, got.Rights, got.Laws, got.Months, got.Table, got.Denials = figureRow{}, nil, nil, nil, nil, nil
		r := p.get(t, "/api/v1/figures"+query, p.auditor).want(200)
		if strings.Contains(string(r.Body), "nobody@") || strings.Contains(string(r.Body), late) {
			t.Errorf("figures name somebody: %s", r.Body)
		}
		r.into(&got)
	}
	figures("")
	// Events bear the time of the database: the refusals are in time or late, the open one is late.
	if got.Total.Received != 4 || got.Total.Denied != 2 || got.Total.Open != 2 || got.Total.Late < 1 || got.Total.OnTime+got.Total.Late != 3 || got.Entries < 4 || got.Total.OnTimeShare == nil || got.Total.MedianDays == nil {
		t.Errorf("counted %+v of %d entries", got.Total, got.Entries)
	}
	counts := map[string]int64{}
	for _, r := range got.Table {
		counts[r.Law+" "+r.Right] = r.Received
	}
	if want := map[string]int64{"EU access": 1, "EU erasure": 1, "CA erasure": 1, "UK access": 1}; !maps.Equal(counts, want) {
		t.Errorf("by law and right %v", counts)
	}
	var months []string
	for _, m := range got.Months {
		months = append(months, fmt.Sprint(m.Month, " ", m.Received))
	}
	if want := []string{"2026-03 1", "2026-05 2", "2026-06 1"}; !slices.Equal(months, want) {
		t.Errorf("by month %v", months)
	}
	grounds := map[string]int64{}
	for _, d := range got.Denials {
		grounds[d.Law+" "+d.Right+" "+d.Ground] = d.Count
	}
	if want := map[string]int64{"EU erasure legal_claims": 1, "CA erasure legal_duty": 1}; !maps.Equal(grounds, want) {
		t.Errorf("denials %v", grounds)
	}
	for query, want := range map[string]int64{
		"?law=EU": 2, "?right=erasure": 2, "?law=EU&right=erasure": 1, "?from=2026-05-20": 3, "?to=2026-05-20": 2, "?from=2026-05-20&to=2026-05-20": 1, "?law=BR": 0,
	} {
		if figures(query); got.Total.Received != want {
			t.Errorf("%s: %d received, want %d", query, got.Total.Received, want)
		}
	}

	r := p.get(t, "/api/v1/figures?format=csv&law=CA", p.dpo).want(200)
	rows, err := csv.NewReader(bytes.NewReader(r.Body)).ReadAll()
	if err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/csv") {
		t.Fatalf("%v: %s", err, r.Body)
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	seen := map[string]bool{}
	for _, row := range rows[1:] {
		seen[row[0]] = true
		if row[0] == "by_law_and_right" && (row[column("law")] != "CA" || row[column("right")] != "erasure" || row[column("received")] != "1" || row[column("denied")] != "1") {
			t.Errorf("the table of 11 CCR 7102 says %v", row)
		}
		if row[0] == "denials" && (row[column("ground")] != "legal_duty" || row[column("denied")] != "1") {
			t.Errorf("denials say %v", row)
		}
	}
	for _, table := range []string{"total", "by_right", "by_law", "by_month", "by_law_and_right", "by_law_and_month", "denials"} {
		if !seen[table] {
			t.Errorf("the CSV has no %s: %s", table, r.Body)
		}
	}

	// Nothing is guessed from what was asked wrongly, and not everybody may ask.
	for query, field := range map[string]string{"?law=XX": "law", "?right=fly": "right", "?format=xml": "format", "?from=2026-06-01&to=2026-05-01": "to", "?month=2026-05": "month"} {
		if fields := p.get(t, "/api/v1/figures"+query, p.dpo).problem(400, "invalid-input"); !slices.Contains(fields, field) {
			t.Errorf("%s names %v", query, fields)
		}
	}
	for token, want := range map[string]int{"": 401, p.agent: 403, p.admin: 403, p.service: 403} {
		p.get(t, "/api/v1/figures", token).want(want)
	}
}
