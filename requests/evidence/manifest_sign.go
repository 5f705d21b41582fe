package evidence

import (
	"context"
	"fmt"
)

// manifestText is what manifest.sig signs.
func manifestText(origin, sha string) string { return origin + "/manifest\n" + sha + "\n" }

// signManifest returns manifest.sig. A process without the key leaves the
// digest for the worker and waits for it, up to ctx's deadline. Each signature
// given stays in the table.
func (l *Log) signManifest(ctx context.Context, caseID, sha string) ([]byte, error) {
	var id int64
	err := l.pool.QueryRow(ctx, `
		insert into manifests (case_id, sha256) values ($1, $2) returning id`, caseID, sha).Scan(&id)
	if err != nil {
		return nil, fmt.Errorf("evidence: manifest: %w", err)
	}
	if l.signer != nil {
		if err := l.signManifests(ctx); err != nil {
			return nil, err
		}
	} else if err := l.wake(ctx); err != nil {
		return nil, err
	}
	var signature *string
	err = poll(ctx, func() (bool, error) {
		err := l.pool.QueryRow(ctx, `select signature from manifests where id = $1`, id).Scan(&signature)
		if err != nil {
			return false, fmt.Errorf("evidence: manifest: %w", err)
		}
		return signature != nil, nil
	})
	if err != nil {
		return nil, err
	}
	return []byte(*signature), nil
}

// signManifests signs what was asked for. Only digests are signed, under a
// text that can be no checkpoint.
func (l *Log) signManifests(ctx context.Context) error {
	rows, err := l.pool.Query(ctx, `
		select id, sha256 from manifests where signature is null order by id limit 100`)
	if err != nil {
		return fmt.Errorf("evidence: manifests: %w", err)
	}
	type asked struct {
		id  int64
		sha string
	}
	var list []asked
	for rows.Next() {
		var a asked
		if err := rows.Scan(&a.id, &a.sha); err != nil {
			return fmt.Errorf("evidence: manifests: %w", err)
		}
		list = append(list, a)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("evidence: manifests: %w", err)
	}
	for _, a := range list {
		if !hex(a.sha, 64) {
			continue
		}
		signed, err := l.sign(manifestText(l.origin, a.sha))
		if err != nil {
			return err
		}
		if _, err := l.pool.Exec(ctx, `
			update manifests set signature = $2, signed_at = clock_timestamp()
			where id = $1 and signature is null`, a.id, string(signed)); err != nil {
			return fmt.Errorf("evidence: manifests: %w", err)
		}
	}
	return nil
}
