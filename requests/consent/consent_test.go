package consent_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"habeas/requests/consent"
	"habeas/requests/seal"
	"habeas/requests/testkit"
)

var (
	maria = consent.Identity{Kind: "email", Normal: "maria.keller@mail.example"}
	phone = consent.Identity{Kind: "phone", Normal: "+493012345"}
	ben   = consent.Identity{Kind: "email", Normal: "ben@mail.example"}
	noon  = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
)

type bundle struct {
	pool *pgxpool.Pool
	ring *seal.Ring
}

func setup(t *testing.T) bundle {
	t.Helper()
	t.Parallel()
	return bundle{pool: testkit.DB(t), ring: testkit.Ring(t)}
}

func (b bundle) tx(t *testing.T, f func(pgx.Tx) error) {
	t.Helper()
	if err := pgx.BeginFunc(t.Context(), b.pool, f); err != nil {
		t.Fatal(err)
	}
}

func (b bundle) record(t *testing.T, purpose string, allowed bool, since time.Time, ids ...consent.Identity) string {
	t.Helper()
	receipt, err := consent.Record(t.Context(), b.pool, b.ring, consent.Entry{Identities: ids, Purpose: purpose, Allowed: allowed, Since: since, Source: "service:shop"})
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

func (b bundle) withdraw(t *testing.T, caseID string, at time.Time, purposes []string, ids ...consent.Identity) string {
	t.Helper()
	var receipt string
	b.tx(t, func(tx pgx.Tx) (err error) {
		receipt, err = consent.Withdraw(t.Context(), tx, b.ring, consent.Withdrawal{Case: caseID, Identities: ids, Purposes: purposes, At: at})
		return err
	})
	return receipt
}

func (b bundle) check(t *testing.T, id consent.Identity, purpose string) consent.State {
	t.Helper()
	s, err := consent.Check(t.Context(), b.pool, b.ring, id, purpose)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b bundle) want(t *testing.T, id consent.Identity, purpose string, allowed bool, since time.Time) {
	t.Helper()
	if s := b.check(t, id, purpose); s.Allowed != allowed || !s.Since.Equal(since) {
		t.Errorf("%s: allowed %v since %v, want %v since %v", purpose, s.Allowed, s.Since, allowed, since)
	}
}

func TestLedger(t *testing.T) {
	b := setup(t)
	if s := b.check(t, maria, "newsletter"); s != (consent.State{}) {
		t.Errorf("unknown: %+v", s)
	}
	receipt := b.record(t, "newsletter", true, noon, maria, phone)
	if s := b.check(t, phone, "newsletter"); s != (consent.State{Allowed: true, Since: noon, Receipt: receipt}) {
		t.Errorf("given: %+v", s)
	}
	b.want(t, ben, "newsletter", false, time.Time{})
	b.want(t, maria, "profiling", false, time.Time{})

	withdrawn := b.withdraw(t, uuid.NewString(), noon.Add(time.Hour), []string{"newsletter"}, maria)
	if s := b.check(t, maria, "newsletter"); s != (consent.State{Since: noon.Add(time.Hour), Receipt: withdrawn}) {
		t.Errorf("withdrawn: %+v", s)
	}
	// Reported late, given earlier: the withdrawal stands.
	b.record(t, "newsletter", true, noon.Add(30*time.Minute), maria)
	b.want(t, maria, "newsletter", false, noon.Add(time.Hour))
	// Given anew.
	b.record(t, "newsletter", true, noon.Add(2*time.Hour), maria)
	b.want(t, maria, "newsletter", true, noon.Add(2*time.Hour))
	// At the same instant the refusal counts, in whatever order they came.
	b.record(t, "both", false, noon, maria)
	b.record(t, "both", true, noon, maria)
	b.want(t, maria, "both", false, noon)
}

func TestWithdrawEverything(t *testing.T) {
	b := setup(t)
	b.record(t, "newsletter", true, noon, maria)
	b.record(t, "profiling", true, noon, maria)
	b.withdraw(t, uuid.NewString(), noon.Add(time.Hour), nil, maria)
	b.want(t, maria, "newsletter", false, noon.Add(time.Hour))
	b.want(t, maria, "profiling", false, noon.Add(time.Hour))
	b.record(t, "profiling", true, noon.Add(2*time.Hour), maria)
	b.want(t, maria, "profiling", true, noon.Add(2*time.Hour))
	b.want(t, maria, "newsletter", false, noon.Add(time.Hour))
}

func TestRestore(t *testing.T) {
	b := setup(t)
	caseID := uuid.NewString()
	b.record(t, "newsletter", true, noon, maria)
	b.withdraw(t, caseID, noon.Add(time.Hour), []string{"newsletter"}, maria)
	other := uuid.NewString()
	b.withdraw(t, other, noon.Add(time.Hour), []string{"newsletter"}, ben)
	b.tx(t, func(tx pgx.Tx) error {
		return consent.Suppress(t.Context(), tx, consent.Suppression{Scope: "newsletter", Since: noon.Add(time.Hour), Case: caseID}, consent.Digests(b.ring, maria))
	})
	for _, want := range []int{2, 0} {
		b.tx(t, func(tx pgx.Tx) error {
			n, err := consent.Restore(t.Context(), tx, caseID, noon.Add(2*time.Hour))
			if n != want {
				t.Errorf("restored %d rows, want %d", n, want)
			}
			return err
		})
	}
	b.want(t, maria, "newsletter", true, noon)
	b.want(t, ben, "newsletter", false, noon.Add(time.Hour))
	if list, err := consent.Suppressed(t.Context(), b.pool, b.ring, maria); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestRolledBackWithdrawalDoesNotCount(t *testing.T) {
	b := setup(t)
	b.record(t, "newsletter", true, noon, maria)
	tx, err := b.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := consent.Withdraw(t.Context(), tx, b.ring, consent.Withdrawal{Case: uuid.NewString(), Identities: []consent.Identity{maria}, At: noon.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.want(t, maria, "newsletter", true, noon)
}

func TestSuppression(t *testing.T) {
	b := setup(t)
	caseID := uuid.NewString()
	suppress := func(scope, caseID string, since time.Time) {
		t.Helper()
		b.tx(t, func(tx pgx.Tx) error {
			return consent.Suppress(t.Context(), tx, consent.Suppression{Scope: scope, Since: since, Case: caseID}, consent.Digests(b.ring, maria, phone))
		})
	}
	suppress("sale", caseID, noon)
	suppress("sale", caseID, noon.Add(time.Minute)) // the job ran twice
	suppress(consent.All, "", noon.Add(time.Hour))
	suppress(consent.All, "", noon.Add(time.Hour))
	list, err := consent.Suppressed(t.Context(), b.pool, b.ring, maria, phone, ben)
	want := []consent.Suppression{{Scope: "sale", Since: noon, Case: caseID}, {Scope: consent.All, Since: noon.Add(time.Hour)}}
	if err != nil || len(list) != 2 || list[0] != want[0] || list[1] != want[1] {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := consent.Suppressed(t.Context(), b.pool, b.ring, ben); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := consent.Suppressed(t.Context(), b.pool, b.ring); err != nil || len(list) != 0 {
		t.Errorf("nobody: %+v, %v", list, err)
	}
	// An older consent does not outlive it, a newer one does.
	b.record(t, "newsletter", true, noon, maria)
	b.want(t, maria, "newsletter", false, noon.Add(time.Hour))
	b.record(t, "newsletter", true, noon.Add(2*time.Hour), maria)
	b.want(t, maria, "newsletter", true, noon.Add(2*time.Hour))
}

func TestLookupKeyRotation(t *testing.T) {
	b := setup(t)
	b.record(t, "newsletter", true, noon, maria)
	b.tx(t, func(tx pgx.Tx) error {
		return consent.Suppress(t.Context(), tx, consent.Suppression{Scope: "sale", Since: noon}, consent.Digests(b.ring, maria))
	})
	if err := b.ring.RotateLookup(); err != nil {
		t.Fatal(err)
	}
	b.want(t, maria, "newsletter", true, noon)
	b.withdraw(t, uuid.NewString(), noon.Add(time.Hour), nil, maria)
	b.want(t, maria, "newsletter", false, noon.Add(time.Hour))
	if list, err := consent.Suppressed(t.Context(), b.pool, b.ring, maria); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestWithdrawalWins: whoever checks after the withdrawal's commit is refused, however many consents
// of before are reported meanwhile.
func TestWithdrawalWins(t *testing.T) {
	b := setup(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				_, err := consent.Record(t.Context(), b.pool, b.ring, consent.Entry{Identities: []consent.Identity{maria}, Purpose: "newsletter", Allowed: true, Since: noon, Source: "service:shop"})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	b.withdraw(t, uuid.NewString(), noon.Add(time.Second), []string{"newsletter"}, maria)
	b.want(t, maria, "newsletter", false, noon.Add(time.Second))
	wg.Wait()
	b.want(t, maria, "newsletter", false, noon.Add(time.Second))
}

func TestNobodyStandsInTheTables(t *testing.T) {
	b := setup(t)
	b.record(t, "newsletter", true, noon, maria, phone)
	b.tx(t, func(tx pgx.Tx) error {
		return consent.Suppress(t.Context(), tx, consent.Suppression{Scope: "sale", Since: noon}, consent.Digests(b.ring, maria, phone))
	})
	for _, table := range []string{"consent_ledger", "suppressions"} {
		rows, err := b.pool.Query(t.Context(), "select x::text || encode(x.lookup, 'escape') from "+table+" x")
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil || len(lines) != 2 {
			t.Fatal(lines, err)
		}
		for _, line := range lines {
			if strings.Contains(line, "keller") || strings.Contains(line, "3012345") {
				t.Errorf("%s holds a person: %s", table, line)
			}
		}
	}
}

// TestHistoryStays: the program may void a statement and can neither change nor remove one.
func TestHistoryStays(t *testing.T) {
	b := setup(t)
	b.record(t, "newsletter", true, noon, maria)
	for _, sql := range []string{
		"update consent_ledger set allowed = false", "delete from consent_ledger", "truncate consent_ledger",
		"update suppressions set since = now()", "delete from suppressions",
	} {
		if _, err := b.pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("allowed: %s", sql)
		}
	}
}

func TestRecordRefuses(t *testing.T) {
	b := setup(t)
	for name, e := range map[string]consent.Entry{
		"nobody":           {Purpose: "p", Since: noon, Source: "s"},
		"no purpose":       {Identities: []consent.Identity{maria}, Since: noon, Source: "s"},
		"consent to all":   {Identities: []consent.Identity{maria}, Purpose: consent.All, Allowed: true, Since: noon, Source: "s"},
		"no time":          {Identities: []consent.Identity{maria}, Purpose: "p", Source: "s"},
		"no source":        {Identities: []consent.Identity{maria}, Purpose: "p", Since: noon},
		"empty identities": {Identities: []consent.Identity{}, Purpose: "p", Since: noon, Source: "s"},
	} {
		if _, err := consent.Record(context.Background(), b.pool, b.ring, e); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
