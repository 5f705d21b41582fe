package requests

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"habeas/requests/identity"
	"habeas/requests/mail"
)

// Links in letters. A token in one holds letters only, and a reference is no
// identity.
const (
	pathFind   = "/find?reference="
	pathNotMe  = "/not-me?token="
	pathUndo   = "/undo?token="
	pathCancel = "/cancel?token="

	pathConfirm = "/confirm?token="
)

func (ch *change) link(path, value string) string {
	return ch.s.set.BaseURL + path + url.QueryEscape(value)
}

// slots are what every letter of the case says.
func (ch *change) slots(subject Subject) mail.Slots {
	set, c := ch.s.set, ch.c
	status := ch.link(pathFind, c.Reference)
	name := subject.Name
	if b := subject.OnBehalf; b != nil && !b.HandedOver {
		name = b.Name // whoever asks reads it
	}
	d := mail.Slots{
		Company:   ch.s.writer(),
		Law:       c.Law,
		Reference: c.Reference, Received: ch.local(c.ReceivedAt), Rights: c.Rights, Name: name,
		StatusURL: status, EnterURL: status, DownloadURL: status, ProofURL: status,
		Due: c.DueOn, At: ch.local(ch.at), Verified: c.VerifiedAt != nil, Staff: c.FiledBy != nil,
	}
	if b := subject.OnBehalf; b != nil && !b.HandedOver {
		d.Standing = b.Kind
	}
	set.underLaw(c, &d)
	return d
}

// writer is the company as its letters name it.
func (s *Service) writer() mail.Company {
	set := s.set
	return mail.Company{
		Name: set.Company, Contact: set.Contact, Post: set.Address, DPO: set.Officer, Colour: set.Colour, PrivacyURL: set.BaseURL + "/privacy",
	}
}

func (ch *change) local(t time.Time) time.Time {
	loc, err := time.LoadLocation(ch.c.Zone)
	if err != nil {
		loc = time.UTC
	}
	return t.In(loc)
}

// write renders a letter and queues it, to the case's own sealed address and
// never to one read from a system. Without an address it waits on paper: the
// desk prints and posts it.
func (ch *change) write(ctx context.Context, kind string, fill func(*mail.Slots)) error {
	subject, err := openSubject(ch.key, ch.c.sealed)
	if err != nil {
		return fmt.Errorf("open case: %w", err)
	}
	if subject.Email == "" && kind == mail.Code {
		return nil // a code on paper proves no address
	}
	return ch.writeAs(ctx, subject, kind, fill)
}

// writeTo is write to another address of the case: of the person for whom
// somebody else asks.
func (ch *change) writeTo(ctx context.Context, to, kind string, fill func(*mail.Slots)) error {
	subject, err := openSubject(ch.key, ch.c.sealed)
	if err != nil {
		return fmt.Errorf("open case: %w", err)
	}
	subject.Email = to
	return ch.writeAs(ctx, subject, kind, fill)
}

func (ch *change) writeAs(ctx context.Context, subject Subject, kind string, fill func(*mail.Slots)) error {
	d := ch.slots(subject)
	if fill != nil {
		fill(&d)
	}
	l := mail.Letter{ID: newID().String(), Case: ch.c.ID.String(), Kind: kind, Locale: ch.c.Locale, To: subject.Email, Paper: subject.Email == ""}
	said, err := ch.takeWords(ctx, l, &d)
	if err != nil {
		return err
	}
	// What the officer reads beside it stays in the company's own words.
	if l, err = mail.Compose(l, ch.s.set.Glossary.letter(l.Locale, d)); err != nil {
		return err
	}
	if r := rehearsalOf(ctx); r != nil {
		return r.note(l, d)
	}
	if err := mail.Enqueue(ctx, ch.Tx, ch.key, l); err != nil {
		return err
	}
	return ch.wordsSent(ctx, l, said)
}

// letter queues a letter that needs nothing but the case.
func (ch *change) letter(ctx context.Context, kind string) error {
	return ch.write(ctx, kind, func(d *mail.Slots) {
		d.Until = ch.local(ch.at.Add(identity.ExpiresAfter))
		d.Restored = ch.c.Asks(unverifiedRights...)
	})
}

func (ch *change) letterCode(ctx context.Context, code, notMe string) error {
	return ch.write(ctx, mail.Code, func(d *mail.Slots) {
		d.Code, d.Valid, d.NotMeURL, d.Again = code, identity.CodeValid, ch.link(pathNotMe, notMe), ch.c.VerifiedAt != nil
	})
}

func (ch *change) letterAck(ctx context.Context) error { return ch.write(ctx, mail.Ack, nil) }

// letterUnverified tells the address concerned what was withdrawn in its name,
// with the link that undoes it.
func (ch *change) letterUnverified(ctx context.Context) error {
	subject, err := openSubject(ch.key, ch.c.sealed)
	if err != nil {
		return fmt.Errorf("open case: %w", err)
	}
	undo := ""
	if subject.OnBehalf == nil { // else the person concerned has the link
		if undo, err = ch.newToken(ctx, "undo"); err != nil {
			return err
		}
		undo = ch.link(pathUndo, undo)
	}
	return ch.write(ctx, ch.withdrawalKind(), func(d *mail.Slots) {
		d.UndoURL, d.Purposes, d.Remaining = undo, ch.purposeTitles(), ch.s.set.remaining(ch.c.Locale, ch.c.Law)
	})
}

// letterNotPermitted tells both that the request is stopped: the person
// concerned, who said so, and whoever had asked.
func (ch *change) letterNotPermitted(ctx context.Context) error {
	subject, err := openSubject(ch.key, ch.c.sealed)
	if err != nil {
		return fmt.Errorf("open case: %w", err)
	}
	if subject.OnBehalf != nil {
		subject.OnBehalf.Declined = true
		if err := ch.seal(subject); err != nil {
			return err
		}
	}
	restored := ch.c.Asks(unverifiedRights...)
	err = ch.writeTo(ctx, subject.person(), mail.BehalfDeclined, func(d *mail.Slots) { d.Restored = restored })
	if err != nil {
		return err
	}
	if subject.Email == "" || sameEmail(subject.Email, subject.person()) {
		return nil
	}
	return ch.write(ctx, mail.BehalfStopped, func(d *mail.Slots) { d.Restored = restored })
}

// letterWaits tells until when nothing is destroyed, with the link that cancels.
func (ch *change) letterWaits(ctx context.Context, until time.Time) error {
	cancel, err := ch.newToken(ctx, "cancel")
	if err != nil {
		return err
	}
	return ch.write(ctx, mail.ErasureWaits, func(d *mail.Slots) {
		d.Until, d.CancelURL = ch.local(until), ch.link(pathCancel, cancel)
	})
}

func (ch *change) withdrawalKind() string {
	if ch.c.Asks("consent_withdrawal") {
		return mail.WithdrawalDone
	}
	return mail.OptOutDone
}

func (ch *change) purposeTitles() []string {
	var titles []string
	for _, p := range ch.s.set.Purposes {
		if slices.Contains(ch.c.Purposes, p.Name) {
			titles = append(titles, p.In(ch.c.Locale))
		}
	}
	return titles
}
