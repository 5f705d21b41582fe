package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"habeas/requests/connect"
	"habeas/requests/connect/sqldb/dataset"
	"habeas/requests/connect/sqldb/draft"
	"habeas/requests/connect/sqldb/fides"
)

// SystemsCheckCmd checks systems against their descriptions.
type SystemsCheckCmd struct {
	Name string `arg:"" optional:"" help:"System; all if left out."`
}

// Run prints every fault and fails if there is one. Advice is printed and does
// not fail.
func (c SystemsCheckCmd) Run(ctx context.Context, g *Globals) error {
	return withSystems(ctx, g, func(_ *Config, systems []connect.Connector) error {
		return c.check(ctx, systems)
	})
}

func (c SystemsCheckCmd) check(ctx context.Context, systems []connect.Connector) error {
	var all []connect.Description
	for _, s := range systems {
		all = append(all, s.Describe())
	}
	faults, found := 0, false
	for i, s := range systems {
		name := all[i].Name
		if c.Name != "" && c.Name != name {
			continue
		}
		found = true
		list, err := s.Check(ctx)
		if err != nil {
			list = append(list, connect.Fault{Where: name, Text: connect.Advice(err).Text})
		}
		faults += report(name, append(list, connect.Strangers(all[i], all)...))
	}
	switch {
	case !found:
		return usage("there is no system %q in the configuration", c.Name)
	case faults > 0:
		return fmt.Errorf("%d faults: see above", faults)
	}
	return nil
}

// report prints a system's faults, what stands in the way first, and returns
// how many of these there are.
func report(name string, list []connect.Fault) int {
	standing := connect.Standing(list)
	for _, f := range standing {
		fmt.Printf("%s: %s: %s\n", name, f.Where, f.Text)
	}
	for _, f := range list {
		if f.Advice {
			fmt.Printf("%s: %s: advice: %s\n", name, f.Where, f.Text)
		}
	}
	if len(standing) == 0 {
		fmt.Printf("%s: as described\n", name)
	}
	return len(standing)
}

// SystemsSchemaCmd prints the JSON Schema of the dataset file.
type SystemsSchemaCmd struct{}

// Run writes to standard output.
func (SystemsSchemaCmd) Run() error {
	_, err := os.Stdout.Write(dataset.Schema)
	return err
}

// SystemsDraftCmd drafts a dataset file.
type SystemsDraftCmd struct {
	URL    string        `arg:"" help:"Address of the database, or the name of a configured system, so that no password stands on the command line."`
	Schema string        `help:"Only this schema (MySQL: database)." placeholder:"NAME"`
	Within time.Duration `help:"How long the database may take to answer." default:"2m"`
}

// Run writes the draft to standard output.
func (c SystemsDraftCmd) Run(ctx context.Context, g *Globals) error {
	db, err := catalogue(ctx, g, c.URL, c.Schema, c.Within)
	if err != nil {
		return err
	}
	text, err := draft.Write(db)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(text)
	return err
}

// catalogue reads the catalogue of the database at an address, or of a
// configured system.
func catalogue(ctx context.Context, g *Globals, address, schema string, within time.Duration) (*draft.Database, error) {
	if !strings.Contains(address, "://") {
		cfg, err := loadConfig(g.Config)
		if err != nil {
			return nil, err
		}
		url := ""
		for _, s := range cfg.Systems {
			if s.Name == address {
				url = s.url
			}
		}
		if url == "" {
			return nil, usage("%q is neither an address (postgres://…, mysql://…) nor a configured system with one", address)
		}
		address = url
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return draft.Read(ctx, address, schema)
}

// ImportFidesCmd imports Fides datasets.
type ImportFidesCmd struct {
	Files     []string          `arg:"" name:"file" help:"Fides dataset files of one database."`
	Database  string            `required:"" help:"Name of the system that the file is for." placeholder:"NAME"`
	Out       string            `help:"Write DIR/NAME.yaml; standard output if left out." placeholder:"DIR"`
	URL       string            `help:"The live database, for keys and for what its columns take; or a configured system's name."`
	Elsewhere map[string]string `help:"Dataset KEY is in another database, that of SYSTEM: only what refers to it is taken." placeholder:"KEY=SYSTEM"`
	Within    time.Duration     `help:"How long the database may take to answer." default:"2m"`
}

// Run writes the dataset file, and to standard error what a person should look
// at.
func (c ImportFidesCmd) Run(ctx context.Context, g *Globals) error {
	opt := fides.Options{Title: c.Database, Elsewhere: c.Elsewhere}
	if c.Database != filepath.Base(c.Database) || strings.HasPrefix(c.Database, ".") {
		return usage("%q is not the name of a system", c.Database)
	}
	var files []fides.File
	for _, name := range c.Files {
		b, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read Fides dataset: %w", err)
		}
		files = append(files, fides.File{Name: filepath.Base(name), Text: b})
	}
	if c.URL != "" {
		db, err := catalogue(ctx, g, c.URL, "", c.Within)
		if err != nil {
			return err
		}
		opt.Live = db
	}
	res := fides.Import(files, opt)
	for _, n := range res.Notes {
		what := "look"
		if n.Fault {
			what = "fault"
		}
		fmt.Fprintf(os.Stderr, "%s: %s\n", what, n)
	}
	if len(res.Text) == 0 {
		return fmt.Errorf("nothing could be imported: see above")
	}
	if err := c.write(res.Text); err != nil {
		return err
	}
	if n := res.Faults(); n > 0 {
		return fmt.Errorf("%d faults: see above; correct them in the file before it is used", n)
	}
	return nil
}

// write never replaces a file: somebody may have worked on it.
func (c ImportFidesCmd) write(text []byte) error {
	if c.Out == "" {
		_, err := os.Stdout.Write(text)
		return err
	}
	name := filepath.Join(c.Out, c.Database+".yaml")
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write dataset file: %w", err)
	}
	if _, err := f.Write(text); err != nil {
		_ = f.Close()
		return fmt.Errorf("write dataset file: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write dataset file: %w", err)
	}
	fmt.Println(name)
	return nil
}

// SystemsRestoredCmd says that a system came back from a backup.
type SystemsRestoredCmd struct {
	Name string `arg:"" help:"The system."`
}

// Run plans what has to be done again; workers do it.
func (c SystemsRestoredCmd) Run(ctx context.Context, g *Globals) error {
	return withApp(ctx, g, func(a *app) error {
		if _, ok := a.svc.System(c.Name); !ok {
			return usage("there is no system %q in the configuration", c.Name)
		}
		r, err := a.svc.Restored(ctx, operator, c.Name)
		if err != nil {
			return err
		}
		fmt.Printf("%s: %d requests are looked at again, the opt-outs of %d are written again. Workers do it now; what is back shows on the desk, in review.\n", c.Name, r.Looked, r.Suppressed)
		return nil
	})
}
