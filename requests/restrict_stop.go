package requests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/consent"
	"habeas/requests/evidence"
	"habeas/requests/plan"
)

// stopBatch is how many stopped records are in memory at once.
const stopBatch = 500

// stopped is what a restriction stopped in one record: the fields that suppression
// sets, as they were.
type stopped struct {
	Type     string                     `json:"type"`
	Key      string                     `json:"key"`
	Owner    string                     `json:"owner"`
	Purposes []string                   `json:"purposes,omitempty"` // empty means all
	Before   map[string]json.RawMessage `json:"before"`
}

// target is the record as it is given back.
func (st stopped) target() connect.Target {
	t := connect.Target{Type: st.Type, Key: st.Key, Owner: st.Owner, Action: connect.Correct, Values: st.Before}
	for f := range st.Before {
		t.Fields = append(t.Fields, f)
	}
	slices.Sort(t.Fields)
	return t
}

// fieldsOf are a row's values in those fields; false where one is missing.
func fieldsOf(row connect.Row, names []string) (map[string]json.RawMessage, bool) {
	out := map[string]json.RawMessage{}
	for _, v := range row.Values {
		if slices.Contains(names, v.Field) && len(v.Data) > 0 {
			out[v.Field] = bytes.Clone(v.Data)
		}
	}
	return out, len(out) == len(names)
}

// stops yields the records that the plan suppresses because of the restriction
// alone: what another right of the request stops as well stays stopped.
func (s *Service) stops(ctx context.Context, cl *Claim) iter.Seq2[planRow, error] {
	return func(yield func(planRow, error) bool) {
		var have []planRow
		flush := func() bool {
			only := len(have) == 1 && have[0].Record.Right == "restriction" && len(have[0].Record.Fields) > 0
			return !only || yield(have[0], nil)
		}
		for r, err := range recordsOf(ctx, s.db, cl.Key, *cl.PlanID, cl.System, []connect.Action{connect.Suppress}) {
			if err != nil {
				yield(r, err)
				return
			}
			if len(have) > 0 && (have[0].Record.Type != r.Record.Type || have[0].Record.Key != r.Record.Key) {
				if !flush() {
					return
				}
				have = have[:0]
			}
			have = append(have, r)
		}
		flush()
	}
}

// readStops reads the records that a restriction stops, as they are now, batch
// by batch; keep gets those that are there, each with its values.
func (s *Service) readStops(ctx context.Context, cl *Claim, r connect.Reader, keep func([]planRow, []map[string]json.RawMessage) error) error {
	next, end := iter.Pull2(s.stops(ctx, cl))
	defer end()
	var rows []planRow
	var values []map[string]json.RawMessage
	err := r.Read(ctx, func(yield func(connect.Target, error) bool) {
		for row, err := range s.stops(ctx, cl) {
			if !yield(row.Record.Target(), err) || err != nil {
				return
			}
		}
	}, func(row connect.Row) error {
		for {
			p, err, more := next()
			switch {
			case err != nil:
				return err
			case !more:
				return errors.New("requests: a row was read that nobody asked for")
			case p.Record.Type != row.Type || p.Record.Key != row.Key:
				continue // gone meanwhile
			}
			if v, whole := fieldsOf(row, p.Record.Fields); whole {
				rows, values = append(rows, p), append(values, v)
			}
			break
		}
		if len(rows) < stopBatch {
			return nil
		}
		err := keep(rows, values)
		rows, values = rows[:0], values[:0]
		return err
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	return keep(rows, values)
}

// BeforeStop keeps what the records hold that a restriction is about to stop. An
// earlier attempt's word counts: this one may find them stopped already.
func (s *Service) BeforeStop(ctx context.Context, cl *Claim, conn connect.Connector) error {
	r, ok := conn.(connect.Reader)
	if !ok || !slices.Contains(cl.Rights, "restriction") {
		return nil // what cannot be read cannot be given back
	}
	return s.readStops(ctx, cl, r, func(rows []planRow, values []map[string]json.RawMessage) error {
		b := &pgx.Batch{}
		for i, p := range rows {
			raw, err := json.Marshal(stopped{Type: p.Record.Type, Key: p.Record.Key, Owner: p.Record.Owner, Purposes: p.Note.Purposes, Before: values[i]})
			if err != nil {
				return fmt.Errorf("encode stop: %w", err)
			}
			b.Queue(`insert into restriction_stops (case_id, system, key_digest, ord, before)
				select t.case_id, t.system, $3, $4, $5 from tasks t where t.id = $1 and t.attempt = $2 and t.status = 'running'
				on conflict do nothing`, cl.ID, cl.Attempt, stopDigest(cl, p.Record), p.Ord, cl.Key.Seal("stop", raw))
		}
		if err := s.db.SendBatch(ctx, b).Close(); err != nil {
			return fmt.Errorf("keep what is stopped: %w", err)
		}
		return nil
	})
}

// AfterStop keeps what the records hold that a restriction has stopped, so that
// lifting it knows which of them somebody changed since.
func (s *Service) AfterStop(ctx context.Context, cl *Claim, conn connect.Connector) error {
	r, ok := conn.(connect.Reader)
	if !ok || !slices.Contains(cl.Rights, "restriction") {
		return nil
	}
	return s.readStops(ctx, cl, r, func(rows []planRow, values []map[string]json.RawMessage) error {
		b := &pgx.Batch{}
		for i, p := range rows {
			raw, err := json.Marshal(values[i])
			if err != nil {
				return fmt.Errorf("encode stop: %w", err)
			}
			b.Queue(`update restriction_stops r set after = $4 from tasks t
				where t.id = $1 and t.attempt = $2 and t.status = 'running' and r.case_id = t.case_id and r.system = t.system
					and r.key_digest = $3 and r.after is null`, cl.ID, cl.Attempt, stopDigest(cl, p.Record), cl.Key.Seal("stop", raw))
		}
		if err := s.db.SendBatch(ctx, b).Close(); err != nil {
			return fmt.Errorf("keep what was stopped: %w", err)
		}
		return nil
	})
}

func stopDigest(cl *Claim, r plan.Record) []byte { return keyDigest(cl.Key, r.System, r.Type, r.Key) }

// resume plans to give back, in every system, what a restriction stopped there.
// While another restriction of the person is in force it waits for that.
func (ch *change) resume(ctx context.Context) error {
	who, err := ch.provedToLead(ctx)
	if err != nil {
		return err
	}
	if on, err := ch.s.restrictedNow(ctx, ch.Tx, who); err != nil || on {
		return err
	}
	rows, err := ch.Query(ctx, `select distinct r.system from restriction_stops r where r.case_id = $1
		and not exists (select 1 from tasks t where t.case_id = r.case_id and t.system = r.system and t.stage = 'resume' and t.status in ('waiting', 'running', 'failed'))
		order by r.system`, ch.c.ID)
	if err != nil {
		return fmt.Errorf("read what was stopped: %w", err)
	}
	systems, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("read what was stopped: %w", err)
	}
	for _, system := range systems {
		var round int
		if err := ch.QueryRow(ctx, `select count(*) + 1 from tasks t where t.case_id = $1 and t.system = $2 and t.stage = 'resume'`, ch.c.ID, system).Scan(&round); err != nil {
			return fmt.Errorf("number task: %w", err)
		}
		if err := ch.addTask(ctx, system, Resume, round, ch.at, nil); err != nil {
			return err
		}
	}
	return nil
}

// restrictedNow reports whether a restriction is in force for any of the
// identities.
func (s *Service) restrictedNow(ctx context.Context, db consent.DB, who []consent.Identity) (bool, error) {
	list, err := consent.Suppressed(ctx, db, s.ring, who...)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(list, func(x consent.Suppression) bool { return x.Scope == consent.Restricted }), nil
}

// resumeLeft takes up what waited for another restriction of the same person.
func (s *Service) resumeLeft(ctx context.Context) error {
	return s.each(ctx, func(ch *change) error {
		if ch.c.wrapped == nil {
			return nil
		}
		return ch.resume(ctx)
	}, `select distinct r.case_id from restriction_stops s join restrictions r on r.case_id = s.case_id where r.lifted_at is not null
		and not exists (select 1 from tasks t where t.case_id = s.case_id and t.system = s.system and t.stage = 'resume' and t.status in ('waiting', 'running', 'failed'))
		limit 200`)
}

// Resuming yields what is to be given back in a system: the records that are as
// the restriction left them, or given back by an earlier attempt, and of whose
// purposes none is refused by now. Others stay as they are: somebody has changed
// them since.
func (s *Service) Resuming(ctx context.Context, cl *Claim, r connect.Reader) iter.Seq2[connect.Target, error] {
	return func(yield func(connect.Target, error) bool) {
		who, err := s.caseIdentities(ctx, cl)
		if err != nil {
			yield(connect.Target{}, err)
			return
		}
		refused := map[string]bool{} // by purpose
		for from := int64(-1); ; {
			list, afters, last, err := s.stopBatch(ctx, cl, from)
			if err != nil {
				yield(connect.Target{}, err)
				return
			}
			if len(list) == 0 && last == from {
				return
			}
			from = last
			now, err := readNow(ctx, r, list)
			if err != nil {
				yield(connect.Target{}, err)
				return
			}
			for i, st := range list {
				have, there := now[[2]string{st.Type, st.Key}]
				if !there || !(alike(have, afters[i]) || alike(have, st.Before)) {
					continue
				}
				no, err := s.refusedSince(ctx, who, st.Purposes, refused)
				if err != nil {
					yield(connect.Target{}, err)
					return
				}
				if !no && !yield(st.target(), nil) {
					return
				}
			}
		}
	}
}

func (s *Service) stopBatch(ctx context.Context, cl *Claim, from int64) (list []stopped, afters []map[string]json.RawMessage, last int64, err error) {
	last = from
	rows, err := s.db.Query(ctx, `select r.ord, r.before, r.after from restriction_stops r
		where r.case_id = $1 and r.system = $2 and r.ord > $3 and r.after is not null order by r.ord limit $4`, cl.CaseID, cl.System, from, stopBatch)
	if err != nil {
		return nil, nil, last, fmt.Errorf("read what was stopped: %w", err)
	}
	var before, after []byte
	_, err = pgx.ForEachRow(rows, []any{&last, &before, &after}, func() error {
		var st stopped
		var values map[string]json.RawMessage
		if err := openJSON(cl.Key, "stop", before, &st); err != nil {
			return err
		}
		if err := openJSON(cl.Key, "stop", after, &values); err != nil {
			return err
		}
		list, afters = append(list, st), append(afters, values)
		return nil
	})
	if err != nil {
		return nil, nil, last, fmt.Errorf("read what was stopped: %w", err)
	}
	return list, afters, last, nil
}

// readNow reads the stopped fields as they are.
func readNow(ctx context.Context, r connect.Reader, list []stopped) (map[[2]string]map[string]json.RawMessage, error) {
	fields := map[[2]string][]string{}
	for _, st := range list {
		fields[[2]string{st.Type, st.Key}] = st.target().Fields
	}
	out := map[[2]string]map[string]json.RawMessage{}
	err := r.Read(ctx, func(yield func(connect.Target, error) bool) {
		for _, st := range list {
			if !yield(connect.Target{Type: st.Type, Key: st.Key, Owner: st.Owner, Action: connect.Suppress, Fields: st.target().Fields}, nil) {
				return
			}
		}
	}, func(row connect.Row) error {
		at := [2]string{row.Type, row.Key}
		if v, whole := fieldsOf(row, fields[at]); whole {
			out[at] = v
		}
		return nil
	})
	return out, err
}

func alike(a, b map[string]json.RawMessage) bool {
	for f, v := range a {
		if !bytes.Equal(v, b[f]) {
			return false
		}
	}
	return len(a) == len(b)
}

// caseIdentities are those that are proved to lead to the person of a task.
func (s *Service) caseIdentities(ctx context.Context, cl *Claim) ([]consent.Identity, error) {
	var sealed []byte
	err := s.db.QueryRow(ctx, `select p.sealed from plans p where p.case_id = $1 order by p.version desc limit 1`, cl.CaseID).Scan(&sealed)
	if err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	var way foundOnTheWay
	if err := openJSON(cl.Key, "plan", sealed, &way); err != nil {
		return nil, err
	}
	return provenOf(way.Identities), nil
}

// refusedSince says whether any of the purposes is refused for any of the
// identities. What the ledger has never heard of is not.
func (s *Service) refusedSince(ctx context.Context, who []consent.Identity, purposes []string, known map[string]bool) (bool, error) {
	if len(purposes) == 0 {
		purposes = []string{consent.All}
		for _, p := range s.set.Purposes {
			purposes = append(purposes, p.Name)
		}
	}
	for _, p := range purposes {
		no, asked := known[p]
		for i := 0; !asked && !no && i < len(who); i++ {
			st, err := consent.Check(ctx, s.db, s.ring, who[i], p)
			if err != nil {
				return false, err
			}
			no = !st.Allowed && !st.Since.IsZero()
		}
		if known[p] = no; no {
			return true, nil
		}
	}
	return false, nil
}

// Resumed ends a task that gave back what a restriction stopped. What was not
// given back was changed since: it is forgotten as well. While another
// restriction is in force everything is kept for its end.
func (s *Service) Resumed(ctx context.Context, cl *Claim, did evidence.Chunk) error {
	return s.finish(ctx, cl, int64(did.Count), func(ch *change) error {
		ch.record(workerActor, evidence.RecordResumed{Chunk: did})
		who, err := ch.provedToLead(ctx)
		if err != nil {
			return err
		}
		if on, err := s.restrictedNow(ctx, ch.Tx, who); err != nil || on && did.Count == 0 {
			return err
		}
		if _, err := ch.Exec(ctx, `delete from restriction_stops where case_id = $1 and system = $2`, cl.CaseID, cl.System); err != nil {
			return fmt.Errorf("forget what was stopped: %w", err)
		}
		return nil
	})
}
