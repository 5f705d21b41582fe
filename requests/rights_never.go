package requests

import (
	"context"
	"fmt"
	"slices"

	"habeas/requests/connect"
	"habeas/requests/export"
	"habeas/requests/plan"
)

// never tells which fields of a system's types the law forbids to disclose:
// numbers and secrets with which somebody could act as the person.
func (s *Service) never(system, law string) func(typ string) ([]string, string) {
	conn, ok := s.System(system)
	if !ok {
		return nil
	}
	forbidden := map[string][]string{}
	for _, t := range conn.Describe().Types {
		if fields := export.NeverFields(law, t); len(fields) > 0 {
			forbidden[t.Name] = fields
		}
	}
	if len(forbidden) == 0 {
		return nil
	}
	return func(typ string) ([]string, string) { return forbidden[typ], export.NeverCite }
}

// withhold blacks out what the law forbids to disclose, whatever the plan says.
func (s *Service) withhold(law string, d connect.Description, row connect.Row) connect.Row {
	for _, t := range d.Types {
		if t.Name != row.Type {
			continue
		}
		if fields := export.NeverFields(law, t); len(fields) > 0 {
			return blackOut(row, fields)
		}
	}
	return row
}

// forbidden refuses to disclose what the law never lets out, and adds it to
// what is blacked out.
func (ch *change) forbidden(d *Decision, e plan.Entry) error {
	if e.Record.Right != "access" && e.Record.Right != "portability" {
		return nil
	}
	t, ok := ch.s.typeOf(d.System, d.Type)
	if !ok {
		return nil
	}
	fields := export.NeverFields(ch.c.Law, t)
	switch {
	case len(fields) == 0:
	case d.Action == connect.Disclose:
		return &Error{Kind: Unlawful, Code: "never-disclosed", Safe: fmt.Sprintf(
			"%s: records of type %s hold numbers or secrets that are never put out. Redact these fields; the person is told of which kind they are.", export.NeverCite, d.Type)}
	case d.Action == connect.Redact && len(d.Fields) > 0:
		d.Fields = slices.Concat(d.Fields, fields)
	}
	return nil
}

// Withholding returns what a collection does to every row: what may never be
// put out is not even staged.
func (s *Service) Withholding(ctx context.Context, cl *Claim, d connect.Description) (func(connect.Row) connect.Row, error) {
	c, err := s.load(ctx, s.db, cl.CaseID)
	if err != nil {
		return nil, err
	}
	return func(row connect.Row) connect.Row { return s.withhold(c.Law, d, row) }, nil
}
