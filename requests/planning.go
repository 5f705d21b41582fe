package requests

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/plan"
	"habeas/requests/seal"
)

// planBatch is how many records a plan is written and read by.
const planBatch = 2000

// storedPlan is a plan's row.
type storedPlan struct {
	ID        uuid.UUID
	Version   int
	Hash      string
	Header    plan.Header
	Records   int64
	Undecided int
	Counts    []planCount
	Manual    []plan.Manual
	Warnings  []connect.Warning
	Stale     bool
	CreatedAt time.Time
	sealed    []byte
}

// planCount counts records of one kind.
type planCount struct {
	System string         `json:"system"`
	Right  string         `json:"right"`
	Action connect.Action `json:"action"`
	Count  int64          `json:"count"`
}

// systems with records to which one of the actions is planned.
func (p *storedPlan) systems(actions ...connect.Action) []string {
	var out []string
	for _, c := range p.Counts {
		if slices.Contains(actions, c.Action) && !slices.Contains(out, c.System) {
			out = append(out, c.System)
		}
	}
	slices.Sort(out)
	return out
}

// concerns reports whether the plan has records under one of the rights.
func (p *storedPlan) concerns(rights ...string) bool {
	return slices.ContainsFunc(p.Counts, func(c planCount) bool { return slices.Contains(rights, c.Right) })
}

func (p *storedPlan) rightCounts() []evidence.RightCount {
	sum := map[string]int64{}
	for _, c := range p.Counts {
		sum[c.Right] += c.Count
	}
	out := []evidence.RightCount{}
	for _, right := range p.Header.Rights {
		out = append(out, evidence.RightCount{Right: evidence.Code(right), Count: evidence.Count(sum[right])})
	}
	return out
}

func (p *storedPlan) actionCounts() []evidence.ActionCount {
	var out []evidence.ActionCount
	for _, c := range p.Counts {
		i := slices.IndexFunc(out, func(a evidence.ActionCount) bool {
			return string(a.System) == c.System && string(a.Action) == string(c.Action)
		})
		if i < 0 {
			out = append(out, evidence.ActionCount{System: evidence.Code(c.System), Action: evidence.Code(c.Action), Count: evidence.Count(c.Count)})
			continue
		}
		out[i].Count += evidence.Count(c.Count)
	}
	if out == nil {
		out = []evidence.ActionCount{}
	}
	return out
}

const planColumns = `p.id, p.version, p.hash, p.header, p.records, p.undecided, p.counts, p.manual, p.warnings, p.stale, p.created_at, p.sealed`

func readPlan(ctx context.Context, q querier, id uuid.UUID) (*storedPlan, error) {
	var p storedPlan
	err := q.QueryRow(ctx, `select `+planColumns+` from plans p where p.id = $1`, id).
		Scan(&p.ID, &p.Version, &p.Hash, &p.Header, &p.Records, &p.Undecided, &p.Counts, &p.Manual, &p.Warnings, &p.Stale, &p.CreatedAt, &p.sealed)
	if err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	return &p, nil
}

// plan is the case's plan in force.
func (ch *change) plan(ctx context.Context) (*storedPlan, error) {
	if ch.c.PlanID == nil {
		return nil, refuse(Conflict, "no-plan", "There is no plan yet: the systems are still being searched.")
	}
	return readPlan(ctx, ch.Tx, *ch.c.PlanID)
}

// found is what a plan keeps, sealed, besides its records.
type foundOnTheWay struct {
	Identities []connect.Identity  `json:"identities"`
	Pointers   []connect.Pointer   `json:"pointers"`
	Candidates []connect.Candidate `json:"candidates"`
	// Found says that something was found, whatever the plan does to it; Types
	// are the types of it, by system.
	Found bool                `json:"found"`
	Types map[string][]string `json:"types,omitempty"`
	// Needs are the systems' connect.Findings.Needs.
	Needs map[string]map[string][]string `json:"needs,omitempty"`
}

// sealedRecord is a record's row: its plan line and its note.
type sealedRecord struct {
	Line plan.Record `json:"line"`
	Note plan.Note   `json:"note"`
}

// makePlan turns the findings of a discovery into the case's next plan.
func (ch *change) makePlan(ctx context.Context, walks []discovery) error {
	w, err := ch.newPlan(ctx)
	if err != nil {
		return err
	}
	var way foundOnTheWay
	way.Identities = identities(walks)
	lookups := ch.s.lookupsOf(way.Identities)
	holds, err := ch.weigh(ctx, lookups)
	if err != nil {
		return err
	}
	earlier, err := ch.earlier(ctx, w.p)
	if err != nil {
		return err
	}
	defer earlier.close()
	candidates := 0
	for _, d := range walks {
		way.Pointers = append(way.Pointers, d.learned.Points...)
		way.Candidates = append(way.Candidates, d.learned.Candidates...)
		if len(d.learned.Needs) > 0 {
			if way.Needs == nil {
				way.Needs = map[string]map[string][]string{}
			}
			way.Needs[d.system] = d.learned.Needs
		}
		for _, c := range d.learned.Candidates {
			candidates += c.Count
		}
		if err := ch.proposeAll(ctx, w, d, holds, earlier); err != nil {
			return err
		}
	}
	if err := earlier.rest(ctx, w); err != nil {
		return err
	}
	w.p.Warnings = append(w.p.Warnings, ch.s.warnings(walks, w.p)...)
	w.p.Warnings = append(w.p.Warnings, holds.warning()...)
	w.p.Warnings = append(w.p.Warnings, ch.unfounded(w)...)
	if candidates > 0 {
		w.p.Warnings = append(w.p.Warnings, connect.Warning{Code: "candidates", Text: fmt.Sprintf(
			"%d records were reached only over an identity that is not proved. They are not part of this plan.", candidates)})
	}
	way.Found, way.Types = w.found, w.marks.types()
	if ch.c.Asks("rectification") && ch.grants("rectification") && w.found && !w.corrected {
		w.p.Warnings = append(w.p.Warnings, connect.Warning{Code: openCorrections, Text: "Nobody has decided yet what is to be corrected."})
		ch.c.setFlag(Attention, true)
	}
	if w.p.Manual, err = ch.manualWork(way.Pointers); err != nil {
		return err
	}
	if err := ch.markByHand(ctx, w); err != nil {
		return err
	}
	if err := w.close(ctx, way); err != nil {
		return err
	}
	if err := holds.weighed(ctx, w.p, lookups); err != nil {
		return err
	}
	if err := ch.doubts(ctx, walks); err != nil {
		return err
	}
	if err := ch.weighFacts(ctx); err != nil {
		return err
	}
	if w.redacted > 0 || w.p.Undecided > 0 {
		ch.c.setFlag(Attention, true)
	}
	var datasets []evidence.SystemHash
	for _, name := range slices.Sorted(mapKeys(w.p.Header.Datasets)) {
		datasets = append(datasets, evidence.SystemHash{System: evidence.Code(name), SHA256: evidence.Digest(w.p.Header.Datasets[name])})
	}
	ch.record(workerActor, evidence.PlanMade{
		PlanHash: evidence.Digest(w.p.Hash), Counts: w.p.actionCounts(), Candidates: evidence.Count(candidates),
		ConfigHash: evidence.Digest(w.p.Header.Config), Datasets: datasets,
		Manual: evidence.Count(len(w.p.Manual)), Warnings: evidence.Count(len(w.p.Warnings)),
	})
	_, err = ch.Exec(ctx, `delete from findings f using tasks t where t.id = f.task_id and t.case_id = $1`, ch.c.ID)
	if err != nil {
		return fmt.Errorf("drop findings: %w", err)
	}
	return nil
}

// proposeAll writes one system's findings into the plan.
func (ch *change) proposeAll(ctx context.Context, w *planWriter, d discovery, holds *weighing, earlier *carried) error {
	prop := ch.proposer(d.system)
	uses, chosen, err := ch.s.stopping(ctx, ch.Tx, ch.c)
	if err != nil {
		return err
	}
	prop.Stops = stops(uses, chosen)
	if prop.Corrections, err = corrections(ctx, ch.Tx, ch.key, ch.c.ID, d.system); err != nil {
		return err
	}
	if len(prop.Corrections) > 0 {
		w.corrected = true
	}
	if err := holds.hang(ctx, d); err != nil {
		return err
	}
	for f, err := range ch.findings(ctx, d) {
		if err != nil {
			return err
		}
		w.found = true
		proposed := prop.Propose(f)
		w.marks.see(d.system, f.Type, proposed)
		for _, e := range proposed {
			holds.keep(&e)
			if err := earlier.before(ctx, w, e.Record); err != nil {
				return err
			}
			if err := w.add(ctx, e, "", nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (ch *change) proposer(system string) plan.Proposer {
	return ch.s.proposer(ch.key, system, ch.c)
}

func (s *Service) proposer(key seal.Key, system string, c *Case) plan.Proposer {
	rights := slices.DeleteFunc(slices.Clone(c.Rights), func(right string) bool {
		if c.packaged() && (right == "access" || right == "portability") {
			return true // the copy is made; its records are carried
		}
		return slices.ContainsFunc(c.Decisions, func(d RightDecision) bool { return d.Right == right && d.Decision == "refused" })
	})
	return plan.Proposer{
		Never:    s.never(system, c.Law),
		Portable: s.portable(system, c.Law),
		System:   system, Rights: rights, Purposes: c.Purposes, Articles: c.articles(),
		Kept: s.keptBy(system, c), Doubt: c.DoubtCite,
		Fingerprint: func(guard []byte) string { return key.Digest("guard", string(guard)) },
	}
}

// articles is what each right rests on under a law: for an erasure, the ground
// that the request points to until the desk chooses another.
func (c *Case) articles() map[string]string {
	l, err := c.LawRow()
	if err != nil {
		return nil
	}
	out := maps.Clone(l.Rights)
	if g, ok := l.Grant("erasure", c.Rights); ok {
		out["erasure"] = writtenOut(g.Cite, g.Text, "")
	}
	return out
}

// manualWork plans what people must do: where a record points to the system,
// or always.
func (ch *change) manualWork(points []connect.Pointer) ([]plan.Manual, error) {
	var out []plan.Manual
	for _, c := range ch.s.systems {
		d := c.Describe()
		if d.Manual == nil || !(d.Manual.Always || slices.ContainsFunc(points, func(p connect.Pointer) bool { return p.System == d.Name })) {
			continue
		}
		for _, right := range slices.Sorted(slices.Values(ch.c.Rights)) {
			out = append(out, plan.Manual{
				System: d.Name, Right: right, Instructions: d.Manual.Instructions, Within: int(d.Manual.Within / time.Hour),
			})
		}
	}
	return out, nil
}

// keyDigest is how a record is found again without its key in clear.
func keyDigest(k seal.Key, system, typ, key string) []byte {
	sum, _ := hex.DecodeString(k.Digest("record", system, typ, key))
	return sum
}

// planRow is one record of a stored plan.
type planRow struct {
	Ord     int64
	Record  plan.Record
	Note    plan.Note
	Decided bool
	Outcome string
	Until   *time.Time
}

// recordsOf yields a plan's records in order, in batches, so that a plan of
// a million records needs no memory for them. where narrows by system and
// actions; empty means all.
func recordsOf(ctx context.Context, q querier, key seal.Key, planID uuid.UUID, system string, actions []connect.Action) iter.Seq2[planRow, error] {
	return func(yield func(planRow, error) bool) {
		for from := int64(-1); ; {
			batch, err := recordBatch(ctx, q, key, planID, system, actions, from, planBatch)
			if err != nil {
				yield(planRow{}, err)
				return
			}
			for _, r := range batch {
				from = r.Ord
				if !yield(r, nil) {
					return
				}
			}
			if len(batch) < planBatch {
				return
			}
		}
	}
}

func recordBatch(ctx context.Context, q querier, key seal.Key, planID uuid.UUID, system string, actions []connect.Action, from int64, limit int) ([]planRow, error) {
	rows, err := q.Query(ctx, `select r.ord, r.decided, r.outcome, r.until, r.sealed from plan_records r
		where r.plan_id = $1 and r.ord > $2 and ($3 = '' or r.system = $3) and (cardinality($4::text[]) = 0 or r.action = any($4))
		order by r.ord limit $5`, planID, from, system, orEmpty(actions), limit)
	if err != nil {
		return nil, fmt.Errorf("read plan records: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (planRow, error) {
		var r planRow
		var sealed []byte
		if err := row.Scan(&r.Ord, &r.Decided, &r.Outcome, &r.Until, &sealed); err != nil {
			return r, err
		}
		var sr sealedRecord
		if err := openJSON(key, "record", sealed, &sr); err != nil {
			return r, err
		}
		r.Record, r.Note = sr.Line, sr.Note
		return r, nil
	})
}

func openJSON(k seal.Key, label string, sealed []byte, into any) error {
	if sealed == nil {
		return errors.New("requests: nothing sealed here")
	}
	raw, err := k.Open(label, sealed)
	if err != nil {
		return fmt.Errorf("open %s: %w", label, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("decode %s: %w", label, err)
	}
	return nil
}

func mapKeys[V any](m map[string]V) iter.Seq[string] {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
