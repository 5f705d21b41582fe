package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"habeas/requests/connect/sqldb/dataset"
	"habeas/requests/testkit"
)

// shell runs the program and returns what it printed.
func shell(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	oldOut, oldErr := os.Stdout, os.Stderr
	defer func() { os.Stdout, os.Stderr = oldOut, oldErr }()
	read := func(into **os.File) func() string {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		*into = w
		done := make(chan string)
		go func() {
			b, _ := io.ReadAll(r)
			done <- string(b)
		}()
		return func() string {
			_ = w.Close()
			return <-done
		}
	}
	out, errs := read(&os.Stdout), read(&os.Stderr)
	code = run(t.Context(), args)
	return code, out(), errs()
}

func fill(t *testing.T, stmts string) (address string) {
	t.Helper()
	address = testkit.EmptyDB(t)
	c, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.WithoutCancel(t.Context())) }()
	if _, err := c.Exec(t.Context(), stmts); err != nil {
		t.Fatal(err)
	}
	return address
}

// configured writes a configuration with systems of the given datasets.
func configured(t *testing.T, address string, datasets map[string]string) (path string) {
	t.Helper()
	dir := t.TempDir()
	var systems strings.Builder
	for name, text := range datasets {
		if err := os.WriteFile(filepath.Join(dir, name+".yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("HABEAS_SYSTEM_"+strings.ToUpper(name)+"_URL", address)
		systems.WriteString("  - {name: " + name + ", kind: postgresql, dataset: " + filepath.Join(dir, name+".yaml") + "}\n")
	}
	base, err := os.ReadFile("../../docs/habeas.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(base)
	text = text[:strings.Index(text, "\nsystems:")] + "\nsystems:\n" + systems.String()
	path = filepath.Join(dir, "habeas.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, env := range []string{"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"} {
		t.Setenv(env, "set")
	}
	return path
}

func TestSystemsSchema(t *testing.T) {
	code, out, _ := shell(t, "systems", "schema")
	if code != 0 || !json.Valid([]byte(out)) || out != string(dataset.Schema) {
		t.Errorf("exit %d, %.80s", code, out)
	}
}

func TestSystemsDraft(t *testing.T) {
	address := fill(t, "create table customers (id int primary key, email text unique, name text); insert into customers values (1, 'anna@x.example', 'Anna')")
	code, out, errs := shell(t, "systems", "draft", address)
	if code != 0 || !strings.Contains(out, "person: true") || strings.Contains(out, "anna@x.example") {
		t.Errorf("exit %d: %s\n%s", code, errs, out)
	}
	if _, err := dataset.Parse("draft", []byte(out)); err != nil {
		t.Error(err)
	}
	// By a configured system's name, so that no password stands on the line.
	config := configured(t, address, map[string]string{"crm": out})
	if code, again, errs := shell(t, "--config", config, "systems", "draft", "crm"); code != 0 || again != out {
		t.Errorf("exit %d: %s", code, errs)
	}
	if code, _, errs := shell(t, "systems", "draft", "postgres://nobody:secret@127.0.0.1:1/x"); code != 1 || strings.Contains(errs, "secret") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if code, _, _ := shell(t, "systems", "draft", "nonsense"); code != 2 {
		t.Errorf("exit %d", code)
	}
}

func TestSystemsImportFides(t *testing.T) {
	file := "../../requests/connect/sqldb/fides/testdata/shop_postgres.yml"
	code, out, errs := shell(t, "systems", "import", "fides", file, "--database", "shop")
	if code != 0 || !strings.Contains(errs, "look: shop_postgres.yml:") {
		t.Fatalf("exit %d: %s", code, errs)
	}
	if _, err := dataset.Parse("import", []byte(out)); err != nil {
		t.Error(err)
	}
	dir := t.TempDir()
	if code, out, errs := shell(t, "systems", "import", "fides", file, "--database", "shop", "--out", dir); code != 0 || !strings.Contains(out, "shop.yaml") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if code, _, _ := shell(t, "systems", "import", "fides", file, "--database", "shop", "--out", dir); code != 1 {
		t.Errorf("a file that is there is replaced: exit %d", code)
	}
	if code, _, errs := shell(t, "systems", "import", "fides", "../../docs/habeas.yaml", "--database", "shop"); code != 1 || !strings.Contains(errs, "no Fides dataset here") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if code, _, _ := shell(t, "systems", "import", "fides", file); code != 2 {
		t.Errorf("without --database: exit %d", code)
	}
}

// Check names faults with their lines, advice apart, and systems that a
// description names and that are not there.
func TestSystemsCheck(t *testing.T) {
	address := fill(t, "create table customers (id int primary key, email text not null, file text, support_no text); create table tickets (id int primary key, no text); create index on tickets (no)")
	crm := `version: 1
tables:
  customers:
    key: id
    person: true
    erase: mask
    columns:
      id: {}
      email: {category: contact.email, identity: email}
      file: {points_to: archive}
      support_no: {}
    references:
      support_no: {to: {system: support, kind: ticket_no}}
`
	support := "version: 1\ntables:\n  tickets: {key: id, erase: delete, columns: {id: {}, no: {identity: ticket_no}}}\n"
	config := configured(t, address, map[string]string{"crm": crm, "support": support})
	code, out, _ := shell(t, "--config", config, "systems", "check")
	for _, want := range []string{
		"crm: dataset crm.yaml:9: column email is NOT NULL and cannot be erased to null",
		`crm: dataset crm.yaml:10: points to the system "archive", which is not configured`,
		"crm: dataset crm.yaml:9: advice: looking up email in customers has no index: create index on public.customers (lower(email))",
		"support: as described",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("nothing says %q in\n%s", want, out)
		}
	}
	if code != 1 || strings.Contains(out, `system "support"`) {
		t.Errorf("exit %d\n%s", code, out)
	}
	config = configured(t, address, map[string]string{"crm": strings.ReplaceAll(crm, "kind: ticket_no", "kind: case_no")})
	if _, out, _ := shell(t, "--config", config, "systems", "check", "crm"); !strings.Contains(out, `crm.yaml:13: refers to the system "support", which is not configured`) {
		t.Errorf("out %s", out)
	}
	config = configured(t, address, map[string]string{"crm": strings.ReplaceAll(crm, "kind: ticket_no", "kind: case_no"), "support": support})
	if _, out, _ := shell(t, "--config", config, "systems", "check", "crm"); !strings.Contains(out, `crm.yaml:13: the system "support" does not find people by case_no`) {
		t.Errorf("out %s", out)
	}
	if code, _, _ := shell(t, "--config", config, "systems", "check", "nobody"); code != 2 {
		t.Errorf("exit %d", code)
	}
}
