package sqldb

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"habeas/requests/connect"
)

// Findings count as fresh for a moment, so that many cases at once do not all
// look; those about a catalogue that has not changed for longer. Triggers and
// rights on columns change without it.
const (
	freshFor = time.Second
	factsFor = 20 * time.Second
)

// examined are the findings of the last examination.
type examined struct {
	mu   sync.Mutex
	cat  *catalog
	at   time.Time
	seen time.Time // when the catalogue was last looked at
	list []finding
}

// known returns what stands in the way, from a catalogue that was just read.
func (d *DB) known(ctx context.Context, tx session) ([]finding, error) {
	x := &d.examined
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.cat != nil && time.Since(x.seen) < freshFor {
		return x.list, nil
	}
	cat, err := d.engine.load(ctx, tx, d.data)
	if err != nil {
		return nil, err
	}
	x.seen = time.Now()
	if x.cat == cat && time.Since(x.at) < factsFor {
		return x.list, nil
	}
	list, err := d.examine(ctx, tx, cat)
	if err != nil {
		return nil, err
	}
	if x.cat != cat { // said once, not for every case
		for _, f := range list {
			if f.code == slow.code {
				// Before anything slow runs; the plan says it too, later.
				slog.Warn("a look-up has no index: habeas systems check says which to create", "system", d.name, "type", f.table)
			}
		}
	}
	x.cat, x.at, x.list = cat, time.Now(), list
	return list, nil
}

// planned gathers what a search proposes, by record type.
type planned map[string][]connect.Action

func (p planned) note(f connect.Found) {
	for _, x := range []*connect.Proposal{f.Access, f.Erasure, f.Withdraw} {
		if x != nil && !slices.Contains(p[f.Type], x.Action) {
			p[f.Type] = append(p[f.Type], x.Action)
		}
	}
}

// warnings are the findings that concern what a search found.
func (p planned) warnings(all []finding) []connect.Warning {
	var out []connect.Warning
	for _, f := range all {
		actions := f.actions
		if f.table != "" {
			have, found := p[f.table]
			if !found {
				continue
			}
			actions = slices.DeleteFunc(slices.Clone(actions), func(a connect.Action) bool { return !slices.Contains(have, a) })
			if len(f.actions) > 0 && len(actions) == 0 {
				continue
			}
		}
		w := connect.Warning{Code: f.code, Text: sentence(f), Actions: actions}
		if !slices.ContainsFunc(out, func(o connect.Warning) bool { return o.Text == w.Text }) {
			out = append(out, w)
		}
	}
	slices.SortStableFunc(out, func(a, b connect.Warning) int { return strings.Compare(a.Code, b.Code) })
	return out
}

// sentence is a finding as a plan says it, with the line to look at.
func sentence(f finding) string {
	return strings.ToUpper(f.Text[:1]) + f.Text[1:] + " (" + f.Where + ")."
}
