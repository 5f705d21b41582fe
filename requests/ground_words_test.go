package requests

import (
	"slices"
	"strings"
	"testing"

	"habeas/requests/clock"
	"habeas/requests/connect"
)

// What a company writes of a privacy law goes, its own statute and words stay.
func TestOwnWordsOfAGround(t *testing.T) {
	for ground, want := range map[string][2]string{
		"HGB §257(1) no. 4, AO §147(1) no. 4: invoices, 8 years (GDPR Art. 17(3)(b))": {"HGB §257(1) no. 4, AO §147(1) no. 4", "invoices, 8 years"},
		"HGB §257": {"HGB §257", ""},
		"GDPR Art. 17(3)(b), HGB §257: invoices":            {"HGB §257", "invoices"},
		"GDPR Art. 17(3)(e): a suit is pending":             {"", "a suit is pending"},
		"GDPR Art. 17(3)(e)":                                {"", ""},
		"We have to (Art. 17 Abs. 3 DSGVO)":                 {"", "We have to"},
		"s. 386 Companies Act 2006 (UK GDPR Art. 17(3)(b))": {"s. 386 Companies Act 2006", ""},
		"Cal. Civ. Code 1798.105(d)(8); 26 CFR 1.6001: tax": {"26 CFR 1.6001", "tax"},
		"our wish": {"", "our wish"},
	} {
		if statute, words := ownWords(ground); statute != want[0] || words != want[1] {
			t.Errorf("%q is %q, %q; want %q", ground, statute, words, want)
		}
	}
}

// The basis of GDPR Art. 6 is named where the GDPR applies.
func TestBasisByLaw(t *testing.T) {
	p := Processing{Basis: "legal_duty", BasisText: "HGB §257"}
	for law, want := range map[string]string{"EU": "HGB §257 (GDPR Art. 6(1)(c))", "UK": "HGB §257 (UK GDPR Art. 6(1)(c))", "CA": "HGB §257", "CH": "HGB §257", "BR": "HGB §257"} {
		if got := (Settings{}).basis("en", law, p); got != want {
			t.Errorf("under %s: %q, want %q", law, got, want)
		}
	}
}

// Grounds that a connector joined are told apart, also where one holds what
// joins them.
func TestGroundsJoined(t *testing.T) {
	texts := []string{"HGB §257; AO §147: books", "HGB §257", "our shop: a; b"}
	for joined, want := range map[string][]string{
		"HGB §257; AO §147: books":                 {"HGB §257; AO §147: books"},
		"HGB §257; AO §147: books; our shop: a; b": {"HGB §257; AO §147: books", "our shop: a; b"},
		"HGB §257; our shop: a; b":                 {"HGB §257", "our shop: a; b"},
		"somebody else's; words":                   {"somebody else's; words"},
	} {
		if got := apartOf(joined, texts); !slices.Equal(got, want) {
			t.Errorf("%q is %q", joined, got)
		}
	}
}

type described struct {
	connect.Connector
	d connect.Description
}

func (d described) Describe() connect.Description { return d.d }

// What a ground lacks is named by law, what is configured wrong by its place.
func TestGroundsAreChecked(t *testing.T) {
	systems := []connect.Connector{described{d: connect.Description{Name: "crm", Types: []connect.Type{
		{Name: "invoices", Grounds: []string{"HGB §257: invoices (GDPR Art. 17(3)(b))"}},
		{Name: "suits", Grounds: []string{"GDPR Art. 17(3)(e): a suit"}},
		{Name: "press", Grounds: []string{"our archive"}},
		{Name: "notes", Grounds: []string{"our archive"}},
	}}}}
	set := Settings{UnderLaws: []string{"EU", "UK", "CA", "VA", "BR"}}
	got := strings.Join(set.Untold(systems), "\n")
	for _, want := range []string{
		`crm.suits: the ground "GDPR Art. 17(3)(e): a suit" is no exemption under BR (it is an exemption of the General Data Protection Regulation (legal_claims)`,
		`crm.press, crm.notes: the ground "our archive" is no exemption under EU, UK, CA, VA, BR (it names no exemption`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not said:\n%s", want, got)
		}
	}
	if strings.Contains(got, "crm.invoices") {
		t.Errorf("a legal duty is one everywhere:\n%s", got)
	}
	set.Grounds = []CompanyGround{
		{Ground: "our archive", Laws: map[string]string{"EU": "archive", "CA": "research"}},
		{Ground: "HGB §257: invoices", Laws: map[string]string{"EU": "legal_duty"}},
		{Ground: "nowhere", Laws: map[string]string{"*": "legal_duty"}},
	}
	got = strings.Join(set.Untold(systems), "\n")
	for _, want := range []string{`"our archive" is no exemption under UK, VA, BR (it is the company's for CA, EU only`, "crm.invoices: ", "under UK, CA, VA, BR", `"nowhere" stands in no dataset file`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not said:\n%s", want, got)
		}
	}
	if faults := set.CheckGrounds(); len(faults) != 0 {
		t.Errorf("faults %v", faults)
	}
	set.UnderLaws = []string{"EU", "XX"}
	set.Grounds = []CompanyGround{
		{Ground: " "},
		{Ground: "a", Laws: map[string]string{"EU": "transaction"}},
		{Ground: "b", Laws: map[string]string{"ZZ": "legal_duty"}, Rights: []string{"forgetting"}},
		{Ground: "a", Laws: map[string]string{"US": "excessive"}},
		{Ground: "c", Laws: map[string]string{"*": "anything"}, Facts: "see GDPR Art. 17"},
	}
	var list []string
	for _, err := range set.CheckGrounds() {
		list = append(list, err.Error())
	}
	all := strings.Join(list, "\n")
	for _, want := range []string{
		`company.laws: There is no law "XX"`, "grounds[0]: ground is missing", "grounds[0]: laws is missing", `grounds[1]: laws.EU: "transaction" is no ground`,
		`grounds[2]: laws.ZZ: There is no law "ZZ"`, `grounds[2]: there is no right "forgetting"`, "grounds[3]: the same ground stands in grounds[1]", "grounds[3]: laws.US: This ground refuses a whole request",
		`grounds[4]: laws.*: "anything" is no ground`, "grounds[4]: facts cites a privacy law",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not named:\n%s", want, all)
		}
	}
}

// Every exemption that is written out is read back, under every law.
func TestGroundsAreReadBack(t *testing.T) {
	laws := clock.Builtin()
	for _, code := range laws.Codes() {
		law, err := laws.Law(code)
		if err != nil {
			t.Fatal(err)
		}
		for _, right := range clock.Rights {
			for _, g := range law.Grounds(right) {
				for _, x := range [][2]string{{"", ""}, {"HGB §257", ""}, {"", "a suit: of May"}, {"HGB §257, AO §147", "vouchers, 8 years"}} {
					text := g.Write(x[0], x[1])
					got, statute, words, ok := law.Written(right, text)
					if !ok || got.Code != g.Code || statute != x[0] || words != x[1] {
						t.Fatalf("%s %s: %q is read as %s, %q, %q", code, right, text, got.Code, statute, words)
					}
					if named, ok := law.Ground(right, text); !ok || named.Code != g.Code {
						t.Fatalf("%s %s: %q names %s", code, right, text, named.Code)
					}
				}
			}
		}
	}
}
