// Package sqldb finds, reads, masks and erases one person's rows in a
// PostgreSQL, MySQL or MariaDB database that a dataset file describes (docs/datasets.md).
//
// A walk starts where identities enter and follows the references of the
// dataset in sets of keys, in one read-only snapshot. Erasure runs children
// first in one transaction, and changes nothing when it finds other rows than
// were planned. Identities reach the database as parameters only; names come
// from the dataset file and are always quoted.
package sqldb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
)

// DB is one PostgreSQL database with its dataset description.
type DB struct {
	name   string
	title  string
	slots  int
	data   *dataset.Dataset
	links  map[string]*links // walk steps by table
	engine engine
	now    func() time.Time
	about  connect.Description

	mu  sync.Mutex
	cat *catalog // cached; dropped when the database says it is out of date

	examined examined
}

var (
	_ connect.Connector = (*DB)(nil)
	_ connect.Finder    = (*DB)(nil)
	_ connect.Reader    = (*DB)(nil)
	_ connect.Applier   = (*DB)(nil)
	_ connect.Looker    = (*DB)(nil)
)

// Open reads the dataset file and prepares the connection; it does not connect
// yet. A fault in the file is a *FaultsError.
func Open(_ context.Context, cfg connect.Config) (connect.Connector, error) {
	file, text := "", []byte(cfg.Dataset)
	if !strings.Contains(cfg.Dataset, "\n") { // a text has lines, a path has not
		file = filepath.Base(cfg.Dataset)
		b, err := os.ReadFile(cfg.Dataset)
		if err != nil {
			return nil, fmt.Errorf("system %s: dataset file: %w", cfg.Name, err)
		}
		text = b
	}
	data, err := dataset.Parse(file, text)
	if err != nil {
		return nil, fmt.Errorf("system %s: %w", cfg.Name, err)
	}
	d := &DB{name: cfg.Name, title: cfg.Title, slots: cfg.Slots, data: data, links: linksOf(data), now: cfg.Now}
	if d.slots <= 0 {
		d.slots = 4
	}
	if d.now == nil {
		d.now = time.Now
	}
	if d.engine, err = openEngine(cfg, data, min(d.slots, 64)+2); err != nil {
		return nil, fmt.Errorf("system %s: %w", cfg.Name, err)
	}
	d.about = d.describe()
	return d, nil
}

// connectLimit is how long a connection may take to come about.
const connectLimit = 5 * time.Second

// openEngine picks the kind of database that the URL names. Errors never quote
// the URL, which is a secret.
func openEngine(cfg connect.Config, data *dataset.Dataset, conns int) (engine, error) {
	scheme, _, _ := strings.Cut(cfg.URL, "://")
	mine := scheme == "mysql" || scheme == "mariadb"
	if cfg.Kind != "" && (cfg.Kind == "mysql") != mine {
		return nil, fmt.Errorf("url does not fit the kind %s", cfg.Kind)
	}
	if mine {
		m, err := openMySQL(cfg.URL, conns)
		if err != nil {
			return nil, err
		}
		data.DefaultSchema(m.schema)
		return m, nil
	}
	p, err := openPostgres(cfg.URL, conns)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Close ends the connections.
func (d *DB) Close() error {
	d.engine.close()
	return nil
}

// Describe says what the dataset file says. It is asked for on every page and
// by every task; callers share one answer.
func (d *DB) Describe() connect.Description { return d.about }

func (d *DB) describe() connect.Description {
	out := connect.Description{Name: d.name, Title: d.title, Kind: d.engine.kind(), Hash: d.data.Hash(), Slots: d.slots}
	if out.Title == "" {
		out.Title = d.data.Title
	}
	kinds := map[string]bool{}
	for _, t := range d.data.Tables {
		ty := connect.Type{
			Name: t.Name, Title: t.Title, Purpose: t.Purpose, Source: t.Source, Recipient: t.Recipient,
			Retention: t.Retention, Provided: t.Provided, Social: t.Social, Actions: actions(t),
		}
		for _, c := range t.Columns {
			ty.Fields = append(ty.Fields, connect.Field{Name: c.Name, Title: c.Title, Category: c.Category, FreeText: c.FreeText, Others: c.Others, Provided: c.Provided, Key: slices.Contains(t.Key, c.Name)})
		}
		ty.Grounds = grounds(t)
		out.Types = append(out.Types, ty)
		for _, c := range t.Columns {
			if c.PointsTo != "" {
				out.Refers = append(out.Refers, connect.Refer{System: c.PointsTo, Where: d.data.Place(c.Line)})
			}
		}
		for _, e := range t.Entries {
			if e.Enter {
				kinds[e.Kind] = true
			}
			if e.System != "" {
				out.Refers = append(out.Refers, connect.Refer{System: e.System, Kind: e.Kind, Enters: e.Learn, Where: d.data.Place(e.Line)})
			}
		}
	}
	for k := range kinds {
		out.Accepts = append(out.Accepts, k)
	}
	slices.Sort(out.Accepts)
	return out
}

// grounds are those on which the dataset file keeps rows of t or columns of
// them.
func grounds(t *dataset.Table) []string {
	out := []string{t.Never, t.Erase.Ground}
	for _, c := range t.Columns {
		out = append(out, c.Ground)
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(g string) bool { return g == "" })
}

// actions lists what Apply can do to rows of t. A plan that the desk changed
// may mask or correct any row; deleting is left to tables that may lose rows.
func actions(t *dataset.Table) []connect.Action {
	var out []connect.Action
	if t.Lookup {
		return []connect.Action{connect.Keep}
	}
	if t.Never == "" {
		out = append(out, connect.Erase, connect.Mask)
		if t.Erase.Do == dataset.DetachRow || len(t.SharedBy) > 0 {
			out = append(out, connect.Detach)
		}
	}
	if t.Suppress != nil {
		out = append(out, connect.Suppress)
	}
	return append(out, connect.Correct, connect.Keep)
}

// snapshot runs fn in one read-only, repeatable-read transaction, on a database
// that has every table and column of the dataset.
func (d *DB) snapshot(ctx context.Context, fn func(tx session, cat *catalog) error) error {
	return d.readOnly(ctx, func(tx session) error {
		cat, err := d.catalog(ctx, tx)
		if err != nil {
			return err
		}
		return fn(tx, cat)
	})
}

func (d *DB) readOnly(ctx context.Context, fn func(tx session) error) error {
	return d.advise(ctx, d.engine.read(ctx, fn))
}
