package requests

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gowebpki/jcs"
	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/evidence"
)

// AllSystems is the name under which the kill switch pauses every system.
const AllSystems = "*"

// SystemView is a system with its state.
type SystemView struct {
	connect.Description
	Paused    bool
	PausedAt  *time.Time
	Healthy   *bool
	CheckedAt *time.Time
	Faults    []connect.Fault
	Waiting   int
	Running   int
	Failed    int
	Can       []string
}

// Prepare makes the rows that systems need: their state and their slots.
func (s *Service) Prepare(ctx context.Context) error {
	names := append(s.SystemNames(), OwnSystem)
	for _, name := range names {
		slots := 4
		if c, ok := s.System(name); ok && c.Describe().Slots > 0 {
			slots = c.Describe().Slots
		}
		b := &pgx.Batch{}
		b.Queue(`insert into systems (name) values ($1) on conflict do nothing`, name)
		b.Queue(`insert into slots (system, n) select $1, g from generate_series(1, $2) g on conflict do nothing`, name, slots)
		b.Queue(`delete from slots s where s.system = $1 and s.n > $2 and s.task_id is null`, name, slots)
		if err := s.db.SendBatch(ctx, b).Close(); err != nil {
			return fmt.Errorf("prepare system %s: %w", name, err)
		}
	}
	_, err := s.db.Exec(ctx, `insert into systems (name) values ($1) on conflict do nothing`, AllSystems)
	return err
}

// Systems lists the systems with their state, and whether everything is paused.
func (s *Service) Systems(ctx context.Context) (list []SystemView, allPaused bool, err error) {
	for _, c := range s.systems {
		v := SystemView{Description: c.Describe(), Can: capabilities(c)}
		var faults []connect.Fault
		err := s.db.QueryRow(ctx, `select y.paused, y.paused_at, y.healthy, y.checked_at, y.faults,
			(select count(*) from tasks t where t.system = y.name and t.status = 'waiting' and t.stage <> 'rescan'),
			(select count(*) from tasks t where t.system = y.name and t.status = 'running'),
			(select count(*) from tasks t where t.system = y.name and t.status = 'failed')
			from systems y where y.name = $1`, v.Name).
			Scan(&v.Paused, &v.PausedAt, &v.Healthy, &v.CheckedAt, &faults, &v.Waiting, &v.Running, &v.Failed)
		if err != nil {
			return nil, false, fmt.Errorf("read system: %w", err)
		}
		v.Faults = faults
		list = append(list, v)
	}
	err = s.db.QueryRow(ctx, `select y.paused from systems y where y.name = $1`, AllSystems).Scan(&allPaused)
	return list, allPaused, err
}

func capabilities(c connect.Connector) []string {
	var can []string
	if _, ok := c.(connect.Finder); ok {
		can = append(can, "find")
	}
	if _, ok := c.(connect.Reader); ok {
		can = append(can, "read")
	}
	if _, ok := c.(connect.Applier); ok {
		can = append(can, "apply")
	}
	if _, ok := c.(connect.Looker); ok {
		can = append(can, "look")
	}
	if c.Describe().Manual != nil {
		can = append(can, "by hand")
	}
	return can
}

// PauseSystem stops or resumes all work in a system, or in all.
func (s *Service) PauseSystem(ctx context.Context, by Actor, name string, pause bool) error {
	if _, ok := s.System(name); !ok && name != AllSystems {
		return refuse(NotFound, "no-such-system", "There is no such system.")
	}
	err := pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update systems set paused = $2, paused_at = case when $2 then clock_timestamp() end where name = $1 and paused <> $2`, name, pause)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		code := evidence.Code(name)
		if name == AllSystems {
			code = "all"
		}
		var data evidence.Data = evidence.SystemResumed{System: code}
		if pause {
			data = evidence.SystemPaused{System: code}
		}
		return evidence.AppendSystem(ctx, tx, evidence.Event{Actor: by.String(), Data: data})
	})
	if err != nil {
		return fmt.Errorf("pause system: %w", err)
	}
	s.wake(ctx)
	return nil
}

// CheckSystem asks a system whether it is as described, and keeps the answer.
func (s *Service) CheckSystem(ctx context.Context, name string) ([]connect.Fault, error) {
	c, ok := s.System(name)
	if !ok {
		return nil, refuse(NotFound, "no-such-system", "There is no such system.")
	}
	faults, err := c.Check(ctx)
	if err != nil {
		faults = append(faults, connect.Fault{Where: name, Text: connect.Advice(err).Text})
	}
	raw, err := json.Marshal(orEmpty(faults))
	if err != nil {
		return nil, fmt.Errorf("encode faults: %w", err)
	}
	_, err = s.db.Exec(ctx, `update systems set healthy = $2, checked_at = clock_timestamp(), faults = $3 where name = $1`, name, len(connect.Standing(faults)) == 0, raw)
	if err != nil {
		return nil, fmt.Errorf("keep check: %w", err)
	}
	return faults, nil
}

// configHash is the hash of the settings that decide what a plan says. They
// stand in the plan's header, so that an approval signs them too.
func (s *Service) configHash() string {
	raw, _ := json.Marshal(map[string]any{
		"approvals_erasure": s.set.ApprovalsErasure, "approvals_release": s.set.ApprovalsRelease,
		"erasure_wait_s": int64(s.set.ErasureWait.Seconds()), "purposes": s.set.Purposes, "grounds": s.set.Grounds,
	})
	if canonical, err := jcs.Transform(raw); err == nil {
		raw = canonical
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
