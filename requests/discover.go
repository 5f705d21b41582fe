package requests

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/evidence"
)

// A discovery goes in rounds: what one system teaches (a handle, a customer
// number) may lead on into another. Its tasks are numbered discovery×100+round.
const (
	roundsPer = 100
	maxRounds = 6
	// blindRounds are searched at least where no proof of identity was asked,
	// so that the number of rounds does not tell whether somebody is known.
	blindRounds = 3
)

// startDiscovery makes the first round's tasks.
func (ch *change) startDiscovery(ctx context.Context, by Actor) error {
	subject, err := openSubject(ch.key, ch.c.sealed)
	if err != nil {
		return fmt.Errorf("open case: %w", err)
	}
	if err := ch.mayAct(ctx); err != nil {
		return err
	}
	who, err := ch.entry(ctx, subject)
	if err != nil {
		return err
	}
	if err := ch.become(by, Discovering); err != nil {
		return err
	}
	if err := ch.compareName(ctx, subject); err != nil {
		return err
	}
	var last int
	if err := ch.QueryRow(ctx, `select coalesce(max(t.round), 0) / $2 from tasks t where t.case_id = $1 and t.stage = 'discover'`,
		ch.c.ID, roundsPer).Scan(&last); err != nil {
		return fmt.Errorf("count discoveries: %w", err)
	}
	ch.c.PlanID = nil
	for _, system := range ch.s.finders() {
		if err := ch.addDiscover(ctx, system, (last+1)*roundsPer+1, who); err != nil {
			return err
		}
	}
	return ch.advance(ctx) // without any system there is nothing to wait for
}

// entry is what the walk may enter with. A mailed code proves an address and
// nothing else, and whose code is no address of the person proves none. Where the law asks for no proof, what was given is enough to
// suppress by, and only to suppress by.
func (ch *change) entry(ctx context.Context, subject Subject) ([]connect.Identity, error) {
	proofs, err := proofsOf(ctx, ch.Tx, ch.c.ID)
	if err != nil {
		return nil, err
	}
	unproven := !NeedsProof(ch.c.Rights)
	who := slices.Clone(subject.Identities)
	for i := range who {
		who[i].Proven = unproven || subject.Proven(who[i], proofs)
	}
	return who, nil
}

func (ch *change) addDiscover(ctx context.Context, system string, round int, who []connect.Identity) error {
	raw, err := json.Marshal(who)
	if err != nil {
		return fmt.Errorf("encode identities: %w", err)
	}
	return ch.addTask(ctx, system, Discover, round, ch.at, ch.key.Seal("task", raw))
}

// Identities are what a discovery may enter its system with.
func (cl *Claim) Identities() ([]connect.Identity, error) {
	raw, err := cl.Key.Open("task", cl.sealedIn)
	if err != nil {
		return nil, fmt.Errorf("open task: %w", err)
	}
	var who []connect.Identity
	return who, json.Unmarshal(raw, &who)
}

// Keep stores what a discovery found, in order, sealed. It may be called many
// times; rows of an attempt that was taken over are never read.
func (s *Service) Keep(ctx context.Context, cl *Claim, from int64, found []connect.Found) error {
	rows := make([][]any, len(found))
	for i, f := range found {
		raw, err := json.Marshal(f)
		if err != nil {
			return fmt.Errorf("encode finding: %w", err)
		}
		rows[i] = []any{cl.ID, cl.Attempt, from + int64(i), cl.Key.Seal("finding", raw)}
	}
	_, err := s.db.CopyFrom(ctx, pgx.Identifier{"findings"}, []string{"task_id", "attempt", "ord", "sealed"}, pgx.CopyFromRows(rows))
	if err != nil {
		return fmt.Errorf("keep findings: %w", err)
	}
	return nil
}

// Learned is what a search learned besides records.
type Learned struct {
	connect.Findings
	// Held are the records found that a hold names, as far as the system was asked
	// what they hang on; Ties are its answer.
	Held []HeldRecord  `json:"held,omitempty"`
	Ties []connect.Tie `json:"ties,omitempty"`
}

// Discovered ends a discovery with what it learned.
func (s *Service) Discovered(ctx context.Context, cl *Claim, records int64, learned Learned) error {
	raw, err := json.Marshal(learned)
	if err != nil {
		return fmt.Errorf("encode findings: %w", err)
	}
	return s.finish(ctx, cl, records, func(ch *change) error {
		_, err := ch.Exec(ctx, `update tasks set sealed_out = $2 where id = $1`, cl.ID, ch.key.Seal("learned", raw))
		return err
	})
}

// discovery is one finished walk of one system.
type discovery struct {
	task    string
	attempt int
	system  string
	who     []connect.Identity
	learned Learned
}

// stepDiscovering: another round where something was learned, then the plan,
// then, for access, the values; then people decide, or the rule does.
func (ch *change) stepDiscovering(ctx context.Context) (bool, error) {
	if ch.c.PlanID == nil {
		var open, failed, round int
		if err := ch.QueryRow(ctx, `select count(*) filter (where t.status in ('waiting', 'running')), count(*) filter (where t.status = 'failed'), coalesce(max(t.round), 0)
			from tasks t where t.case_id = $1 and t.stage = 'discover'
				and t.round / $2 = (select max(l.round) / $2 from tasks l where l.case_id = $1 and l.stage = 'discover')`,
			ch.c.ID, roundsPer).Scan(&open, &failed, &round); err != nil {
			return true, fmt.Errorf("count discoveries: %w", err)
		}
		if open > 0 || failed > 0 {
			return true, nil
		}
		if open, err := comparing(ctx, ch.Tx, ch.c.ID); open || err != nil {
			return true, err // whether facts agreed stands with the plan
		}
		walks, err := ch.walks(ctx, round/roundsPer)
		if err != nil {
			return true, err
		}
		if again, err := ch.nextRound(ctx, walks, round); again || err != nil {
			return true, err
		}
		if err := ch.makePlan(ctx, walks); err != nil {
			return true, err
		}
	}
	plan, err := ch.plan(ctx)
	if err != nil {
		return true, err
	}
	if ch.c.Asks("access", "portability") && !ch.c.packaged() {
		if waits, err := ch.run(ctx, Collect, plan.systems(connect.Disclose, connect.Redact), ch.at); waits || err != nil {
			return true, err
		}
	}
	if NeedsProof(ch.c.Rights) {
		return true, ch.become(workerActor, Review)
	}
	ch.record(workerActor, evidence.PlanApproved{
		Approval: 1, Needed: 1, ByRule: true, Counts: plan.rightCounts(), PlanHash: evidence.Digest(plan.Hash),
	})
	return true, ch.execute(ctx, workerActor, plan)
}

// walks returns the last finished walk of every system in a discovery.
func (ch *change) walks(ctx context.Context, number int) ([]discovery, error) {
	rows, err := ch.Query(ctx, `select distinct on (t.system) t.id, t.attempt, t.system, t.sealed_in, t.sealed_out from tasks t
		where t.case_id = $1 and t.stage = 'discover' and t.round / $2 = $3 and t.status = 'done' order by t.system, t.round desc`,
		ch.c.ID, roundsPer, number)
	if err != nil {
		return nil, fmt.Errorf("read walks: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (discovery, error) {
		var d discovery
		var in, out []byte
		if err := row.Scan(&d.task, &d.attempt, &d.system, &in, &out); err != nil {
			return d, err
		}
		if err := openJSON(ch.key, "task", in, &d.who); err != nil {
			return d, err
		}
		if out == nil { // the system handed the search to a person
			return d, nil
		}
		return d, openJSON(ch.key, "learned", out, &d.learned)
	})
}

// nextRound sends what was learned into every system that can enter with it
// and has not.
func (ch *change) nextRound(ctx context.Context, walks []discovery, round int) (bool, error) {
	if round%roundsPer >= maxRounds {
		return false, nil
	}
	var learned []connect.Identity
	for _, w := range walks {
		learned = append(learned, w.learned.Learned...)
	}
	blind := !NeedsProof(ch.c.Rights) && round%roundsPer < blindRounds
	again := false
	for _, w := range walks {
		conn, ok := ch.s.System(w.system)
		if !ok {
			continue
		}
		who := merge(w.who, learned, conn.Describe().Accepts)
		if !blind && len(who) == len(w.who) && slices.EqualFunc(who, w.who, func(a, b connect.Identity) bool { return a == b }) {
			continue
		}
		if err := ch.addDiscover(ctx, w.system, round+1, who); err != nil {
			return false, err
		}
		again = true
	}
	return again, nil
}

// merge adds identities of the accepted kinds. One that becomes proven
// replaces its unproven self.
func merge(have, more []connect.Identity, accepts []string) []connect.Identity {
	out := slices.Clone(have)
	for _, id := range more {
		if !slices.Contains(accepts, id.Kind) {
			continue
		}
		i := slices.IndexFunc(out, id.Same)
		switch {
		case i < 0:
			out = append(out, id)
		case id.Proven && !out[i].Proven:
			out[i].Proven = true
		}
	}
	return out
}

// identities is everything that leads to the person, for verify and for the
// suppression list, in a fixed order.
func identities(walks []discovery) []connect.Identity {
	var all []connect.Identity
	for _, w := range walks {
		for _, id := range slices.Concat(w.who, w.learned.Learned) {
			if i := slices.IndexFunc(all, id.Same); i < 0 {
				all = append(all, id)
			} else if id.Proven {
				all[i].Proven = true
			}
		}
	}
	slices.SortFunc(all, func(a, b connect.Identity) int {
		return bytes.Compare([]byte(a.Kind+"\x00"+a.Normal()), []byte(b.Kind+"\x00"+b.Normal()))
	})
	return all
}
