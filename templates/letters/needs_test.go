package letters_test

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"habeas/templates/letters"
)

// row is one letter of the table in docs/letters.md.
type row struct{ laws, needs, checked, free []string }

var cellCode = regexp.MustCompile("`[^`]+`|[a-z_.]+")

// table reads docs/letters.md.
func table(t *testing.T) map[string]row {
	t.Helper()
	page, err := os.ReadFile("../../docs/letters.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]row{}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 6 || !strings.HasPrefix(strings.TrimSpace(cells[0]), "`") {
			continue
		}
		words := func(i int) []string {
			var list []string
			for _, w := range cellCode.FindAllString(cells[i], -1) {
				list = append(list, strings.Trim(w, "`"))
			}
			return list
		}
		r := row{needs: words(3), checked: words(4), free: words(5)}
		if laws := strings.TrimSpace(cells[1]); laws != "all" {
			r.laws = strings.Split(laws, ", ")
		}
		out[strings.Trim(strings.TrimSpace(cells[0]), "`")] = r
	}
	return out
}

// drops takes one required thing away, by the name that the error gives it.
var drops = map[string]func(*letters.Data){
	"company":                 func(d *letters.Data) { d.Company.Name = "" },
	"contact":                 func(d *letters.Data) { d.Company.Contact = "" },
	"reference":               func(d *letters.Data) { d.Reference = "" },
	"law":                     func(d *letters.Data) { d.Law = "XX" },
	"received":                func(d *letters.Data) { d.Received = time.Time{} },
	"rights":                  func(d *letters.Data) { d.Rights = nil },
	"code":                    func(d *letters.Data) { d.Code = "12345a" },
	"valid":                   func(d *letters.Data) { d.Valid = 0 },
	"enter_url":               func(d *letters.Data) { d.EnterURL = "/relative" },
	"not_me_url":              func(d *letters.Data) { d.NotMeURL = "javascript:alert(1)" },
	"status_url":              func(d *letters.Data) { d.StatusURL = "https://user@acme.example/" },
	"download_url":            func(d *letters.Data) { d.DownloadURL = "" },
	"cancel_url":              func(d *letters.Data) { d.CancelURL = "cancel" },
	"desk_url":                func(d *letters.Data) { d.DeskURL = "" },
	"due":                     func(d *letters.Data) { d.Due = time.Time{} },
	"due later than previous": func(d *letters.Data) { d.Due = d.Previous },
	"previous":                func(d *letters.Data) { d.Previous = time.Time{} },
	"until":                   func(d *letters.Data) { d.Until = time.Time{} },
	"at":                      func(d *letters.Data) { d.At = time.Time{} },
	"joined":                  func(d *letters.Data) { d.Joined = "" },
	"why":                     func(d *letters.Data) { d.Why, d.WhyCode = " \n", "" },
	"items":                   func(d *letters.Data) { d.Items = []string{" "} },
	"clock":                   func(d *letters.Data) { d.Clock = "maybe" },
	"counts":                  func(d *letters.Data) { d.Counts, d.Results, d.Kept = letters.Counts{}, nil, nil },
	"nothing kept":            func(d *letters.Data) { d.Counts.Kept = 1 },
	"kept": func(d *letters.Data) {
		d.Kept = nil
		d.Counts.Kept = 4
	},
	"kept.what":      func(d *letters.Data) { d.Kept[0].What = "" },
	"kept.reason":    func(d *letters.Data) { d.Kept[0].Text = "\u202e" },
	"kept.ground":    func(d *letters.Data) { d.Kept[0].Ground = "" },
	"reasons":        func(d *letters.Data) { d.Reasons, d.Kept = nil, nil },
	"reasons.facts":  func(d *letters.Data) { d.Reasons[0].Text = " " },
	"reasons.ground": func(d *letters.Data) { d.Reasons[0].Ground = "" },
	"authority":      func(d *letters.Data) { d.Law, d.Authority = "EU", letters.Authority{} },
	"authority_url":  func(d *letters.Data) { d.Authority = letters.Authority{Name: "Somebody"} },
	"changes":        func(d *letters.Data) { d.Changes, d.Counts.Corrected = nil, 0 },
	"searched_for":   func(d *letters.Data) { d.SearchedFor = nil },
	"searched_in":    func(d *letters.Data) { d.SearchedIn = nil },
	"decision":       func(d *letters.Data) { d.Decision = "perhaps" },
	"recipient":      func(d *letters.Data) { d.Recipient = "" },
	"identifiers":    func(d *letters.Data) { d.Identifiers = nil },
	"standing":       func(d *letters.Data) { d.Standing = "friend" },
	"confirm_url":    func(d *letters.Data) { d.ConfirmURL = "" },
	"days":           func(d *letters.Data) { d.Days = -1 },
}

// always are what every letter needs.
var always = []string{"company", "contact", "reference", "law"}

func lawsOf(kind string) []string {
	return slices.DeleteFunc(letters.Laws(), func(law string) bool { return !slices.Contains(letters.KindsOf(law), kind) })
}

// under fits the data to a law: only the EU takes its authority from configuration.
func under(law string, d letters.Data) letters.Data {
	if d.Law = law; law != "EU" {
		d.Authority = letters.Authority{}
	}
	return d
}

// TestSlots drops each required slot of each kind in turn: the letter does not render, and the error
// names the slot.
func TestSlots(t *testing.T) {
	t.Parallel()
	rows := table(t)
	for _, kind := range letters.Kinds() {
		r, ok := rows[kind]
		if !ok {
			t.Errorf("docs/letters.md has no %s", kind)
			continue
		}
		needs := append(slices.Clone(always), r.needs...)
		if kind != letters.Code {
			needs = append(needs, "received")
		}
		for _, slot := range needs {
			drop := drops[slot]
			if drop == nil {
				t.Errorf("%s: the test cannot drop %q", kind, slot)
				continue
			}
			for _, law := range lawsOf(kind) {
				if slot == "authority" && law != "EU" {
					continue // theirs is in the table of laws
				}
				d := under(law, dataFor(kind))
				drop(&d)
				subject, text, page, _, err := letters.Render(kind, "en", d)
				if !errors.Is(err, letters.ErrMissing) || subject+text+page != "" {
					t.Errorf("%s under %s renders without %s: %v", kind, law, slot, err)
				} else if !strings.Contains(err.Error(), slot) {
					t.Errorf("%s under %s without %s: the error does not name it: %v", kind, law, slot, err)
				} else if strings.Contains(err.Error(), "Keller") {
					t.Errorf("%s: the error holds personal data: %v", kind, err)
				}
			}
		}
	}
}

// TestTableOfLetters holds docs/letters.md to the code the other way round: what a letter asks for
// stands there, and so do its laws and what the desk may write.
func TestTableOfLetters(t *testing.T) {
	t.Parallel()
	rows := table(t)
	for kind := range rows {
		if !slices.Contains(letters.Kinds(), kind) {
			t.Errorf("docs/letters.md has %s, the code does not", kind)
		}
	}
	for _, kind := range letters.Kinds() {
		r := rows[kind]
		if !slices.Equal(r.laws, letters.Families(kind)) {
			t.Errorf("%s: laws %v, in the code %v", kind, r.laws, letters.Families(kind))
		}
		if !slices.Equal(r.free, letters.Free(kind)) {
			t.Errorf("%s: the desk may write %v, in the code %v", kind, r.free, letters.Free(kind))
		}
		for _, law := range lawsOf(kind) {
			asked, _, err := letters.Written(kind, "en", under(law, dataFor(kind)))
			if err != nil {
				t.Errorf("%s under %s: %v", kind, law, err)
			}
			said := append(letters.Must(kind, law), "named authority", "privacy_url", "received")
			for _, slot := range asked {
				known := slices.Contains(always, slot) || slices.Contains(r.needs, slot) || slices.Contains(r.checked, slot) || slices.Contains(said, slot)
				if !known {
					t.Errorf("%s under %s asks for %q, which docs/letters.md does not have", kind, law, slot)
				}
			}
			for _, slot := range r.needs {
				if !slices.Contains(asked, slot) && slot != "authority_url" {
					t.Errorf("%s under %s: docs/letters.md has %q, the letter does not ask for it", kind, law, slot)
				}
			}
		}
	}
}

// TestLegalTextStays takes each sentence that a kind owes away: it does not go out.
func TestLegalTextStays(t *testing.T) {
	t.Parallel()
	for _, kind := range letters.Kinds() {
		for _, law := range lawsOf(kind) {
			for _, key := range letters.Must(kind, law) {
				d, lost := under(law, dataFor(kind)), key
				switch key {
				case "authority": // where part is kept, the remedies name it
					lost, d.Kept, d.Counts.Kept = "remedy.authority", nil, 0
				default: // of several sentences, the one that it says
					_, said, err := letters.Written(kind, "en", d)
					if err != nil {
						t.Fatal(err)
					}
					i := slices.IndexFunc(strings.Split(key, "|"), func(k string) bool { return slices.Contains(said, k) })
					if i < 0 {
						t.Fatalf("%s under %s says nothing of %s", kind, law, key)
					}
					lost = strings.Split(key, "|")[i]
				}
				if err := letters.Without(kind, lost, d); !errors.Is(err, letters.ErrMissing) {
					t.Errorf("%s under %s goes out without %s: %v", kind, law, key, err)
				}
			}
		}
	}
}

// TestDenialsOfTheLawTable is law.md §8 no. 2: REFUSAL, PARTIAL, EXCESSIVE and NOT_FOUND fail to render
// without reason, named authority, contact and (EU, UK) court remedy.
func TestDenialsOfTheLawTable(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{letters.Refusal, letters.Partial, letters.Excessive, letters.NotFound, letters.RectificationDenied, letters.Expired} {
		for law, court := range map[string]string{"EU": "remedy.court", "UK": "remedy.court_uk"} {
			if err := letters.Without(kind, court, under(law, dataFor(kind))); !errors.Is(err, letters.ErrMissing) {
				t.Errorf("%s under %s goes out without the court: %v", kind, law, err)
			}
			for _, lang := range letters.Languages() {
				_, text, _, _, err := letters.Render(kind, lang, under(law, dataFor(kind)))
				if err != nil {
					t.Fatal(err)
				}
				want := map[string]string{"en": "go to court", "de": "vor Gericht", "fr": "saisir un juge", "es": "acudir a los tribunales"}[lang]
				if !strings.Contains(text, want) || !strings.Contains(text, "privacy@acme.example") {
					t.Errorf("%s under %s in %s: no court or contact", kind, law, lang)
				}
			}
		}
	}
}

func TestLawsWithoutTheLetter(t *testing.T) {
	t.Parallel()
	for kind, law := range map[string]string{letters.CADeleteDenied: "EU", letters.CACorrectDenied: "VA", letters.StateDenied: "CA"} {
		d := dataFor(kind)
		d.Law = law
		if _, _, _, _, err := letters.Render(kind, "en", d); !errors.Is(err, letters.ErrLaw) {
			t.Errorf("%s under %s: %v", kind, law, err)
		}
	}
}
