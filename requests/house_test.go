package requests_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// goPackage is what the go command says of a package, tests included.
type goPackage struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// house lists, by package below the module, the module's packages that it may
// import. A rule for "a/" holds for everything below a; the longest rule that
// fits counts. Tests may import testkit besides, and what is named in it.
var house = map[string][]string{
	"cmd/":       {"cmd/", "portal/", "portal", "requests/", "requests", "migrations", "static", "templates/", "templates"},
	"scripts/":   {"portal/", "portal", "requests/", "requests", "migrations", "static", "templates/", "templates"},
	"migrations": {},
	"static":     {},

	// Pages take plain structs, and letters and reports too.
	"templates":          {"templates/", "static"},
	"templates/":         {"templates/", "templates", "static"},
	"templates/letters/": {"templates/locales"},
	"templates/report/":  {"templates/locales"},

	"portal":  pages,
	"portal/": pages,

	"requests":                leaves,
	"requests/work":           append(slices.Clone(leaves), "requests"),
	"requests/clock":          {},
	"requests/identity":       {"requests/clock", "requests/seal", "requests/connect"},
	"requests/consent":        {"requests/seal", "requests/connect", "requests/evidence"},
	"requests/plan":           {"requests/connect", "requests/seal"},
	"requests/queue":          {},
	"requests/evidence":       {"requests/seal", "templates/report"},
	"requests/export":         {"requests/evidence", "requests/blob", "requests/seal", "requests/connect", "requests/plan", "templates/report"},
	"requests/mail":           {"requests/seal", "requests/evidence", "templates/letters"},
	"requests/seal":           {},
	"requests/blob":           {},
	"requests/connect":        {},
	"requests/connect/":       {"requests/connect"},
	"requests/connect/sqldb":  {"requests/connect", "requests/connect/sqldb/"},
	"requests/connect/sqldb/": {"requests/connect", "requests/connect/sqldb/"},
	"requests/embedded":       {},
	"requests/testkit":        {"requests/embedded", "requests/seal", "migrations"},
	"requests/testkit/":       {"requests/testkit", "requests/connect"},

	// A whole company for tests: everything but the portal.
	"requests/testkit/company": append([]string{"requests", "requests/work", "requests/testkit", "requests/testkit/", "requests/connect/"}, leaves...),
}

// leaves are what a request is made of. They know neither requests nor work.
var leaves = []string{
	"requests/clock", "requests/identity", "requests/consent", "requests/plan", "requests/connect",
	"requests/queue", "requests/evidence", "requests/export", "requests/mail", "requests/seal", "requests/blob",
}

// pages show requests; they neither work on them nor start servers.
var pages = append([]string{"portal/", "requests", "templates/", "templates", "static"}, leaves...)

// testHelp is what every test may import.
var testHelp = []string{"requests/testkit", "requests/embedded", "requests/testkit/", "requests/connect/connecttest", "migrations"}

// extra are further imports of tests, for what cannot be shown without.
var extra = map[string][]string{
	"requests/testkit/acme": {"requests/connect/sqldb", "requests/connect/sqldb/dataset", "requests"}, // its files fit the tables and the settings
	"templates/report":      {"templates/locales/localestest"},                                        // a page in a pseudo-locale
	// What is drafted and imported works on a real database.
	"requests/connect/sqldb/draft": {"requests/connect/sqldb"},
	"requests/connect/sqldb/fides": {"requests/connect/sqldb"},
	"portal":                       {"requests/work", "requests/connect/"},
	"requests/work":                {"requests/connect/"},
	"requests":                     {"requests/connect/", "requests/work"}, // a whole life needs a worker
}

const module = "habeas"

func TestImportsPointOneWay(t *testing.T) {
	seen := 0
	for _, p := range packages(t) {
		path, ours := own(p.ImportPath)
		if !ours {
			continue
		}
		seen++
		allowed, ok := rule(path)
		if !ok {
			t.Errorf("%s has no rule in the house", path)
			continue
		}
		check(t, path, p.Imports, allowed)
		tests := slices.Concat(allowed, testHelp, extra[path], []string{path})
		check(t, path+" (tests)", slices.Concat(p.TestImports, p.XTestImports), tests)
	}
	if seen < 10 {
		t.Errorf("looked at %d packages only", seen)
	}
}

// check refuses imports of the module's packages that are not allowed, and
// the web framework below requests.
func check(t *testing.T, path string, imports, allowed []string) {
	t.Helper()
	for _, imported := range imports {
		target, ours := own(imported)
		switch {
		case ours && !fits(target, allowed):
			t.Errorf("%s imports %s", path, target)
		case strings.HasPrefix(imported, "github.com/gofiber/") && strings.HasPrefix(path, "requests"):
			t.Errorf("%s imports %s: nothing under requests knows the web", path, imported)
		}
	}
}

// rule finds what the package may import.
func rule(path string) ([]string, bool) {
	if allowed, ok := house[path]; ok {
		return allowed, true
	}
	best := ""
	for prefix := range house {
		if strings.HasSuffix(prefix, "/") && (strings.HasPrefix(path, prefix) || path+"/" == prefix) && len(prefix) > len(best) {
			best = prefix
		}
	}
	return house[best], best != ""
}

// fits tells whether target is in the list, itself or below an entry that
// ends in a slash.
func fits(target string, allowed []string) bool {
	return slices.ContainsFunc(allowed, func(entry string) bool {
		return target == entry || strings.HasSuffix(entry, "/") && strings.HasPrefix(target, entry)
	})
}

// own returns a package's path below the module, if it is one of the module's.
func own(path string) (string, bool) {
	return strings.CutPrefix(path, module+"/")
}

// packages asks the go command for the module's packages.
func packages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", module+"/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
