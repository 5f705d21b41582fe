package requests

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"

	"habeas/requests/blob"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/export"
	"habeas/requests/identity"
	"habeas/requests/plan"
)

// BuildPackage makes the customer's package of a claimed package task from
// what was staged, redacted as the plan says, and ends the task.
func (s *Service) BuildPackage(ctx context.Context, cl *Claim) error {
	c, err := s.load(ctx, s.db, cl.CaseID)
	if err != nil {
		return err
	}
	subject, err := openSubject(cl.Key, c.sealed)
	if err != nil {
		return fmt.Errorf("open case: %w", err)
	}
	if missing, err := s.unrepresented(ctx, s.db, c, subject); err != nil {
		return err
	} else if len(missing) > 0 {
		return errUnrepresented()
	}
	scope, err := s.scope(ctx, c, subject)
	if err != nil {
		return err
	}
	only := scope != Pieces
	var sources []export.Source
	for _, right := range []string{"access", "portability"} {
		if !c.Asks(right) {
			continue
		}
		folder := "" // what is taken along stands apart from the copy
		if right == "portability" && c.Asks("access") {
			folder = "portability"
		}
		for _, conn := range s.systems {
			src, err := s.source(ctx, cl, c, conn, right, folder)
			if err != nil {
				return err
			}
			sources = append(sources, src)
		}
	}
	name := fmt.Sprintf("package/%s/%s-%d", c.ID, cl.ID, cl.Attempt)
	w, err := s.blobs.Create(ctx, name)
	if err != nil {
		return fmt.Errorf("create package: %w", err)
	}
	built, err := export.BuildPackage(ctx, w, cl.Key, s.packageInfo(c, subject, scope), sources)
	if err != nil {
		return err
	}
	err = s.finish(ctx, cl, built.Records, func(ch *change) error {
		ch.c.PackageName, ch.c.PackageSize, ch.c.PackageSHA = name, built.Bytes, built.SHA256
		ch.c.PackageUntil = new(ch.at.Add(s.set.PackageFor))
		if scope == Categories {
			ch.c.setFlag(Partial, true)
			ch.c.Decisions = append(ch.c.Decisions, RightDecision{Right: "access", Decision: "partial", Ground: "11 CCR 7024(a)"})
		}
		ch.record(workerActor, evidence.PackageBuilt{
			Files: evidence.Count(built.Files), Package: evidence.ID(cl.ID.String()), Records: evidence.Count(built.Records),
			SHA256: evidence.Digest(built.SHA256), Size: evidence.Count(built.Bytes),
		})
		_, err := ch.Exec(ctx, `update plan_records set outcome = case when action = 'keep' then 'kept' when action = 'redact' or $2 then 'redacted' else 'disclosed' end
			where plan_id = $1 and "right" in ('access', 'portability')`, ch.c.PlanID, only)
		return err
	})
	if errors.Is(err, ErrFenced) { // any other error may hide a commit that took place
		return errors.Join(err, s.blobs.Delete(context.WithoutCancel(ctx), name))
	}
	if err != nil {
		return err
	}
	return s.dropStage(ctx, c.ID)
}

// dropStage deletes what a case collected.
func (s *Service) dropStage(ctx context.Context, id uuid.UUID) error {
	if err := s.blobs.DeletePrefix(ctx, "stage/"+id.String()); err != nil {
		return fmt.Errorf("drop staged data: %w", err)
	}
	return nil
}

// Scope is how much a package tells.
type Scope string

// Pieces is everything; Categories holds the values back, because the proofs of
// who asks suffice for no more (11 CCR 7024(a)); AskedCategories is all that was
// asked for (Cal. Civ. Code 1798.110(a)(1) to (4)).
const (
	Pieces          Scope = "pieces"
	Categories      Scope = "categories"
	AskedCategories Scope = "asked"
)

// PackageScope is how much the package of a case tells.
func (s *Service) PackageScope(ctx context.Context, c *Case) (Scope, error) {
	if c.Law != "CA" || c.wrapped == nil {
		return Pieces, nil
	}
	subject, err := s.subject(c)
	if err != nil {
		return "", err
	}
	return s.scope(ctx, c, subject)
}

func (s *Service) scope(ctx context.Context, c *Case, subject Subject) (Scope, error) {
	if c.Law == "CA" && subject.Know == "categories" {
		return AskedCategories, nil
	}
	shown, err := s.shown(ctx, s.db, c, subject)
	if err != nil {
		return "", err
	}
	if identity.CategoriesOnly(c.Law, c.Rights, shown) {
		return Categories, nil
	}
	return Pieces, nil
}

func (s *Service) packageInfo(c *Case, subject Subject, scope Scope) export.PackageInfo {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		zone = time.UTC
	}
	say := func(text string) string { return s.set.Glossary.In(c.Locale, text) }
	return export.PackageInfo{
		Case: c.ID.String(), Reference: c.Reference, Name: subject.Name, Law: c.Law, Lang: c.Locale, Zone: zone,
		ReceivedAt: c.ReceivedAt, MadeAt: s.now(), Portability: c.Asks("portability"), CategoriesOnly: scope != Pieces, CategoriesAsked: scope == AskedCategories, Period: subject.Period, Recipient: subject.AgeRecipient,
		Company: export.Company{
			Name: s.set.Company, Address: s.set.Address, Email: s.set.Contact, Officer: s.set.Officer,
			Authority: say(s.set.Authority), AuthorityURL: s.set.AuthorityAt, Transfers: say(s.set.Transfers), Automated: say(s.set.Automated),
		},
	}
}

// source is one system's part of the package. Where the plan redacts or
// withholds records, a redacted copy of the stage is made first.
func (s *Service) source(ctx context.Context, cl *Claim, c *Case, conn connect.Connector, right, folder string) (export.Source, error) {
	d := conn.Describe()
	src := export.Source{System: s.explained(c.Locale, c.Law, d), Folder: folder}
	staged, err := s.staged(ctx, c, cl.Key, d.Name)
	if err != nil || staged == nil {
		return src, err
	}
	defer staged.Close()
	name := fmt.Sprintf("stage/%s/%s-%d-%s-%s", c.ID, cl.ID, cl.Attempt, right, d.Name)
	if err := s.redact(ctx, cl, c.Law, right, d, staged, name); err != nil {
		return src, err
	}
	src.Open = export.Staged(s.blobs, name, cl.Key)
	return src, nil
}

// redact copies a stage, record by record beside the plan: what the plan
// keeps back is left out, what it redacts is blacked out.
func (s *Service) redact(ctx context.Context, cl *Claim, law, right string, d connect.Description, staged *stagedRows, name string) error {
	return s.writeStage(ctx, cl, name, func(st *export.StageWriter) error {
		planned, stop := iter.Pull2(ofRight(s.plannedIn(ctx, cl, d.Name), right))
		defer stop()
		p, err, more := planned()
		for row, rerr := range staged.All() {
			if rerr != nil {
				return rerr
			}
			at := plan.Record{Type: row.Type, Key: row.Key}
			before := func() int { return plan.Compare(plan.Record{Type: p.Record.Type, Key: p.Record.Key}, at) }
			for more && err == nil && before() < 0 {
				p, err, more = planned() // planned, and gone when it was read
			}
			if err != nil {
				return err
			}
			if !more || before() > 0 {
				if right == "portability" {
					continue // the copy has more than what is taken along
				}
				return errors.New("requests: a staged record is not in the plan")
			}
			row = s.withhold(law, d, row)
			switch p.Record.Action {
			case connect.Disclose:
			case connect.Redact:
				row = blackOut(row, p.Record.Fields)
			default:
				continue
			}
			if err := st.Write(row); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) plannedIn(ctx context.Context, cl *Claim, system string) iter.Seq2[Planned, error] {
	other := *cl
	other.System = system
	return s.Planned(ctx, &other)
}

// ofRight keeps the records of one right.
func ofRight(all iter.Seq2[Planned, error], right string) iter.Seq2[Planned, error] {
	return func(yield func(Planned, error) bool) {
		for p, err := range all {
			if err == nil && p.Record.Right != right {
				continue
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// accessRecords keeps one record per row: a case that asks for access and
// portability has two.
func accessRecords(all iter.Seq2[Planned, error]) iter.Seq2[Planned, error] {
	return func(yield func(Planned, error) bool) {
		var lastType, lastKey string
		for p, err := range all {
			if err == nil && (p.Record.Right != "access" && p.Record.Right != "portability" || p.Record.Type == lastType && p.Record.Key == lastKey) {
				continue
			}
			lastType, lastKey = p.Record.Type, p.Record.Key
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// ToCollect yields the records whose values an access case stages, each once
// and unredacted: the desk decides over them before anything is released.
func (s *Service) ToCollect(ctx context.Context, cl *Claim) iter.Seq2[connect.Target, error] {
	return func(yield func(connect.Target, error) bool) {
		for p, err := range accessRecords(s.Planned(ctx, cl)) {
			t := p.Record.Target()
			t.Action, t.Fields = connect.Disclose, nil
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

// blackOut removes the data of the fields; no field named means all of them.
func blackOut(row connect.Row, fields []string) connect.Row {
	row.Values = slices.Clone(row.Values)
	for i, v := range row.Values {
		if (len(fields) == 0 || slices.Contains(fields, v.Field)) && string(v.Data) != "null" { // nothing is nothing to hide
			row.Values[i] = connect.Value{Field: v.Field, Redacted: true}
		}
	}
	return row
}

func (s *Service) writeStage(ctx context.Context, cl *Claim, name string, fill func(*export.StageWriter) error) error {
	w, err := s.blobs.Create(ctx, name)
	if err != nil {
		return fmt.Errorf("create stage: %w", err)
	}
	return WriteStage(w, cl, fill)
}

// WriteStage seals what fill writes into w, under the case's key, and commits
// it; on an error it aborts.
func WriteStage(w blob.Writer, cl *Claim, fill func(*export.StageWriter) error) error {
	sealed, err := cl.Key.Writer(w)
	if err != nil {
		return errors.Join(err, w.Abort())
	}
	st := export.NewStage(sealed)
	err = fill(st)
	if err == nil {
		err = st.Close()
	}
	if err == nil {
		err = sealed.Close()
	}
	if err != nil {
		return errors.Join(err, w.Abort())
	}
	return w.Commit()
}

// Download is an open package.
type Download struct {
	io.Reader
	io.Closer
	Size int64
	Name string
}

// OpenPackage hands the package to its customer, who has just proved the
// address again.
func (s *Service) OpenPackage(ctx context.Context, by Actor, id uuid.UUID) (*Download, error) {
	c, err := s.Get(ctx, by, id)
	if err != nil {
		return nil, err
	}
	switch {
	case by.Role != Customer:
		return nil, errNotFound()
	case !by.Fresh:
		return nil, refuse(Forbidden, "fresh-code-needed", "For your safety, prove your address again: ask for a new code and enter it. Then download within 15 minutes.")
	case c.PackageName == "":
		return nil, refuse(NotFound, "package-not-ready", "There is no package yet. We write to you as soon as it is ready.")
	case c.PackageUntil != nil && s.now().After(*c.PackageUntil):
		return nil, refuse(Gone, "package-expired", "The package has expired and was deleted. Ask us to make it again.")
	}
	key, subject, err := s.opened(c)
	if err != nil {
		return nil, err
	}
	if missing, err := s.unrepresented(ctx, s.db, c, subject); err != nil {
		return nil, err
	} else if b := subject.OnBehalf; len(missing) > 0 || b != nil && !b.Receives && !b.HandedOver {
		return nil, errUnrepresented()
	}
	r, _, err := s.blobs.Open(ctx, c.PackageName)
	if err != nil {
		return nil, fmt.Errorf("open package: %w", err)
	}
	plain, err := export.OpenPackage(r, key)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	err = s.within(ctx, id, func(ch *change) error {
		ch.record(by, evidence.PackageDownloaded{Package: evidence.ID(ch.c.ID.String()), SHA256: evidence.Digest(ch.c.PackageSHA)})
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	name := c.Reference + ".zip"
	if subject.AgeRecipient != "" {
		name += ".age"
	}
	return &Download{Reader: plain, Closer: r, Size: c.PackageSize, Name: name}, nil
}
