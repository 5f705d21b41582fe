package sqldb

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// detachShared takes people out of shared rows: the reference in the person's
// row becomes null, the row that joins them goes. $1 are keys, $2 the owners of
// each as a JSON array.
func (j *job) detachShared(ctx context.Context, g *group) error {
	for at := 0; at < len(g.keys); at += batchSize {
		end := min(at+batchSize, len(g.keys))
		if err := j.unlink(ctx, g, g.keys[at:end], g.owners[at:end]); err != nil {
			return err
		}
		rows, err := j.tx.Query(ctx, "select "+keyText(g.t, "t")+" from "+relName(g.t)+" t where "+keyAny(j.cat, g.t, "t", 1), g.keys[at:end])
		if err != nil {
			return err
		}
		there := map[string]bool{}
		var key string
		if _, err := pgx.ForEachRow(rows, []any{&key}, func() error { there[key] = true; return nil }); err != nil {
			return err
		}
		for _, k := range g.keys[at:end] {
			if !there[k] {
				g.gone(k)
			}
		}
	}
	return nil
}

// leaveShared takes the people of the job out of rows that will be deleted, so
// that rows of theirs that stay do not refer to them.
func (j *job) leaveShared(ctx context.Context, g *group) error {
	all := oneOwner("")
	if len(j.people.names) > 0 {
		all = ownerList(j.people.names)
		if all[0] != '[' {
			all = oneOwner(all)
		}
	}
	for part := range slices.Chunk(g.keys, batchSize) {
		owners := make([]string, len(part))
		for i := range owners {
			owners[i] = all
		}
		if err := j.unlink(ctx, g, part, owners); err != nil {
			return err
		}
	}
	return nil
}

func (j *job) unlink(ctx context.Context, g *group, keys, owners []string) error {
	for _, s := range g.t.SharedBy {
		by := j.d.data.Table(s.Table)
		from := fmt.Sprintf("unnest($1::text[], $2::text[]) k(v, owners) where %s = k.v::%s and %s = any(array(select jsonb_array_elements_text(k.owners::jsonb)))",
			col("b", s.Column), castType(j.cat.attr(by, s.Column)), userSQL(by, s))
		q := "update " + relName(by) + " b set " + quote(s.Column) + " = null from " + from
		if s.Person != "" {
			q = "delete from " + relName(by) + " b using " + from
		}
		if _, err := j.tx.Exec(ctx, q, keys, owners); err != nil {
			return err
		}
	}
	return nil
}

// correct sets new values, row by row: they differ from row to row.
func (j *job) correct(ctx context.Context, g *group) error {
	for _, x := range g.values {
		set, err := correction(g.t, x)
		if err != nil {
			return err
		}
		args, err := splitKeys(g.t, []string{x.Key})
		if err != nil {
			return err
		}
		n := len(args)
		owned, _, oargs := j.owned(g, n+2)
		q := fmt.Sprintf("update %s t set %s from jsonb_populate_record(null::%s, $%d::jsonb) r where %s%s",
			relName(g.t), set, relName(g.t), n+1, keyAny(j.cat, g.t, "t", 1), owned)
		tag, err := j.tx.Exec(ctx, q, append(append(args, valuesJSON(x)), oargs...)...)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 1 {
			continue
		}
		var there bool
		q = "select exists (select 1 from " + relName(g.t) + " t where " + keyAny(j.cat, g.t, "t", 1) + ")"
		if err := j.tx.QueryRow(ctx, q, args[:n]...).Scan(&there); err != nil {
			return err
		}
		if there {
			return drifted(g)
		}
		g.gone(x.Key)
	}
	return nil
}

func correction(t *dataset.Table, x connect.Target) (string, error) {
	fields := make([]string, 0, len(x.Values))
	for f := range x.Values {
		fields = append(fields, f)
	}
	slices.Sort(fields)
	set := ""
	for i, f := range fields {
		if t.Column(f) == nil || slices.Contains(t.Key, f) {
			return "", connect.Permanent("unknown-field", "This field of "+t.Name+" cannot be corrected.", nil)
		}
		if i > 0 {
			set += ", "
		}
		set += quote(f) + " = r." + quote(f)
	}
	if set == "" {
		return "", connect.Permanent("no-values", "A correction without values.", nil)
	}
	return set, nil
}
