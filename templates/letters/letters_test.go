package letters_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"habeas/templates/letters"
)

func date(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// full has every slot, so that each kind renders from it.
func full() letters.Data {
	return letters.Data{
		Company: letters.Company{
			Name: "Acme Outdoor", Contact: "privacy@acme.example", Phone: "+49 30 1234567", Post: "Lindenweg 4, 10115 Berlin",
			DPO: "dpo@acme.example", PrivacyURL: "https://acme.example/privacy", Colour: "#0b6e4f",
		},
		Authority: letters.Authority{Name: "Berliner Beauftragte für Datenschutz", Address: "Alt-Moabit 59–61, 10555 Berlin", URL: "https://www.datenschutz-berlin.example/"},
		Law:       "EU", Reference: "HB-7K2M-Q9XA", Received: date(2026, 11, 21), Rights: []string{"access", "erasure", "objection"}, Name: "María Keller",
		Note: "We are sorry for the wait.\nCall us if you like.", Person: "Dana Okafor", Listed: true,
		Verified: true, Clock: letters.ClockRuns, Fee: "25.00 EUR", Items: []string{"document", "your customer number"}, Decision: letters.Denied,
		Changes: []letters.Change{{What: "postal address", Where: "customer database"}}, Recipient: "Parcel GmbH", Identifiers: []string{"maria.keller@mail.example"},
		Untold: []letters.Untold{{Name: "Old Ads Ltd", Text: "the company no longer exists"}}, Unsearched: []string{"backups"}, Withheld: []string{"passport number"},
		OptOutURL: "https://acme.example/opt-out", DeskURL: "https://acme.example/desk", Days: 3, WhyCode: "complexity",
		Code: "402917", Valid: 15 * time.Minute,
		EnterURL: "https://acme.example/check/abcdefg", NotMeURL: "https://acme.example/not-me/hijklmn", StatusURL: "https://acme.example/r/opqrst",
		ConfirmURL: "https://acme.example/confirm/uvwxyza", Standing: "agent",
		DownloadURL: "https://acme.example/download/uvwxyz", ProofURL: "https://acme.example/proof/abc", CancelURL: "https://acme.example/cancel/def",
		Due: date(2026, 12, 21), Previous: date(2026, 12, 20), Until: date(2027, 1, 5), Backups: date(2027, 2, 1), Next: date(2026, 12, 1),
		At: time.Date(2026, 11, 22, 9, 5, 0, 0, time.UTC), Joined: "HB-2A4B-C6DE",
		Counts:   letters.Counts{Erased: 1234567, Masked: 2, Detached: 1, Suppressed: 1, Corrected: 3, Kept: 4, Accepted: 5, Purging: 6},
		Kept:     []letters.Kept{{What: "Invoices", Count: 4, Text: "tax law makes us keep them", Ground: "GDPR Art. 17(3)(b), HGB §257", Until: date(2034, 12, 31)}},
		Reasons:  []letters.Reason{{Right: "erasure", Text: "We need invoice 20261121 for a claim.", Ground: "GDPR Art. 17(3)(e)"}},
		Why:      "Your data lie in forty systems.",
		Purposes: []string{"marketing e-mail"}, Remaining: []string{"your open order (contract)"}, Recipients: []string{"Parcel GmbH", "Mail House"},
		Results: []string{"We changed your address."}, SearchedFor: []string{"e-mail address"}, SearchedIn: []string{"customer database", "social media records"},
		Begun: []string{"We searched our systems."},
	}
}

// dataFor fits full to a kind: done tells of no kept record, a refusal of the refused right only.
func dataFor(kind string) letters.Data {
	d := full()
	switch kind {
	case letters.BehalfNotice, letters.BehalfPost, letters.BehalfConfirm, letters.BehalfStopped, letters.BehalfDeclined, letters.PermissionRefused, letters.PermissionMissing:
	default:
		d.Standing = "" // for somebody else
	}
	switch kind {
	case letters.Done:
		d.Counts.Kept, d.Kept = 0, nil
	case letters.PermissionRefused:
		d.WhyCode = "unsigned"
	case letters.PermissionMissing:
		d.Items = []string{"code", "permission", "confirmation"}
	case letters.Refusal, letters.StateDenied, letters.CADeleteDenied, letters.AppealDecision, letters.ComplaintAnswer, letters.RecipientNotice, letters.Excessive:
		d.Rights = []string{"erasure"}
	case letters.RectificationDenied, letters.CACorrectDenied:
		d.Rights, d.Reasons[0].Right = []string{"rectification"}, "rectification"
	}
	switch kind {
	case letters.CADeleteDenied, letters.CACorrectDenied:
		d.Law = "CA"
	case letters.StateDenied:
		d.Law = "VA"
	}
	return d
}

func render(t *testing.T, kind string, d letters.Data) (subject, text, page string) {
	t.Helper()
	subject, text, page, version, err := letters.Render(kind, "en", d)
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	if len(version) != 12 {
		t.Errorf("%s: version %q", kind, version)
	}
	return subject, text, page
}

var digits = regexp.MustCompile(`[0-9]{6,}`)

func TestEveryKind(t *testing.T) {
	t.Parallel()
	for _, kind := range letters.Kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			d := dataFor(kind)
			subject, text, page := render(t, kind, d)
			for _, want := range []string{"Acme Outdoor", "privacy@acme.example", d.Reference, "1234 567"} {
				if !strings.Contains(strings.ReplaceAll(text, "\u00a0", " "), want) {
					t.Errorf("text lacks %q", want)
				}
			}
			runs := digits.FindAllString(text, -1)
			if kind == letters.Code {
				if len(runs) != 1 || runs[0] != d.Code || strings.Contains(subject, d.Code) {
					t.Errorf("code mail: runs %v, subject %q", runs, subject)
				}
			} else if len(runs) != 0 {
				t.Errorf("runs of digits: %v", runs)
			}
			if strings.ContainsAny(subject, "\r\n") || strings.Contains(text+page, "<no value>") {
				t.Errorf("subject %q\n%s", subject, text)
			}
			samePage(t, "en", text, page)
		})
	}
}

// keep writes the letters for a person to look at, when HABEAS_LETTERS names a folder.
func keep(t *testing.T, kind, page, text string) {
	t.Helper()
	folder := os.Getenv("HABEAS_LETTERS")
	if folder == "" {
		return
	}
	for ext, content := range map[string]string{".html": page, ".txt": text} {
		if err := os.WriteFile(filepath.Join(folder, kind+ext), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// samePage holds HTML to the text: the same sentences, one h1, a language, nothing fetched.
func samePage(t *testing.T, lang, text, page string) {
	t.Helper()
	var words strings.Builder
	count := map[string]int{}
	var links []string
	tokens := xml.NewDecoder(strings.NewReader(page))
	tokens.Strict, tokens.AutoClose, tokens.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		token, err := tokens.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.CharData:
			words.Write(x)
		case xml.EndElement:
			if x.Name.Local != "span" && x.Name.Local != "bdi" {
				words.WriteString(" ")
			}
		case xml.StartElement:
			count[x.Name.Local]++
			for _, a := range x.Attr {
				switch {
				case a.Name.Local == "href":
					links = append(links, a.Value)
				case a.Name.Local == "src" || strings.Contains(a.Value, "url("):
					t.Errorf("fetches %s", a.Value)
				case x.Name.Local == "html" && a.Name.Local == "lang":
					count["lang="+a.Value]++
				}
			}
		}
	}
	if count["h1"] != 1 || count["main"] != 1 || count["title"] != 1 || count["lang="+lang] != 1 || count["script"]+count["img"]+count["link"] != 0 {
		t.Errorf("structure: %v", count)
	}
	flat := strings.Join(strings.Fields(words.String()), " ")
	for line := range strings.Lines(text) {
		line = regexp.MustCompile(`^(- |[0-9]\. )|[\x{a0}]?:$`).ReplaceAllString(strings.TrimSpace(line), "")
		if strings.Trim(line, "=-") == "" {
			continue
		}
		if strings.HasPrefix(line, "http") {
			if !slices.Contains(links, line) && !strings.Contains(flat, line) {
				t.Errorf("HTML lacks the link %s", line)
			}
			continue
		}
		if label, value, ok := strings.Cut(line, ": "); ok && strings.Contains(flat, strings.TrimSpace(label)+" "+strings.Join(strings.Fields(value), " ")) {
			continue
		}
		if !strings.Contains(flat, strings.Join(strings.Fields(line), " ")) {
			t.Errorf("HTML lacks %q", line)
		}
	}
}

func TestRemediesByLaw(t *testing.T) {
	t.Parallel()
	for _, law := range letters.Laws() {
		d := dataFor(letters.Refusal)
		d.Law = law
		if law != "EU" {
			d.Authority = letters.Authority{}
		}
		for _, kind := range []string{letters.Refusal, letters.NotFound, letters.Partial, letters.Expired} {
			_, text, _ := render(t, kind, d)
			name := "Berliner Beauftragte"
			if a, ok := letters.AuthorityOf(law); ok {
				name = a.Name
			}
			if !strings.Contains(text, name) || !strings.Contains(text, "privacy@acme.example") {
				t.Errorf("%s %s: authority or contact is missing", law, kind)
			}
			if court := strings.Contains(text, "go to court"); (law == "EU" || law == "UK") && !court {
				t.Errorf("%s %s: no court remedy", law, kind)
			}
		}
	}
	for law, want := range map[string]string{
		"UK": "section 164A", "VA": "within 60 days", "CO": "within 45 days", "OK": "You can appeal", "EU": "Article 77 GDPR",
	} {
		d := dataFor(letters.Refusal)
		d.Law = law
		if _, text, _ := render(t, letters.Refusal, d); !strings.Contains(text, want) {
			t.Errorf("%s: no %q", law, want)
		}
	}
	d := dataFor(letters.Refusal)
	d.Law = "UT"
	if _, text, _ := render(t, letters.Refusal, d); strings.Contains(text, "appeal") {
		t.Error("Utah has no appeal")
	}
}

// TestOtherRightsOfALaw: an answer to an access request promises no right that the law does not grant.
func TestOtherRightsOfALaw(t *testing.T) {
	t.Parallel()
	for law, want := range map[string][2]string{
		"EU": {"you may object", "sell"}, "UK": {"you may object", "sell"}, "CA": {"not to sell or share", "object"}, "VA": {"targeted advertising", "restrict"},
		"UT": {"where the law of your state grants it", "object"}, "PIPEDA": {"withdraw your consent", "restrict"}, "QC": {"withdraw your consent", "object"},
	} {
		d := under(law, dataFor(letters.AccessReady))
		_, text, _ := render(t, letters.AccessReady, d)
		_, text, _ = strings.Cut(text, "Your other rights")
		text, _, _ = strings.Cut(strings.Join(strings.Fields(text), " "), "If you do not agree")
		if !strings.Contains(text, want[0]) || strings.Contains(text, want[1]) {
			t.Errorf("%s: %s", law, text)
		}
	}
}

// TestLawsOfTheClock: a case under any law of the clock's table can be answered.
func TestLawsOfTheClock(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("../../requests/clock/laws.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^- +\{?code: *([A-Z]+)`).FindAllStringSubmatch(string(table), -1)
	if len(rows) < 20 {
		t.Fatalf("%d laws only: has the table's form changed?", len(rows))
	}
	for _, row := range rows {
		if !slices.Contains(letters.Laws(), row[1]) {
			t.Errorf("the clock knows %s, the letters do not", row[1])
		}
	}
}

func TestErasureTellsNoMoreThanWasSeen(t *testing.T) {
	t.Parallel()
	d := full()
	d.Counts, d.Kept = letters.Counts{Accepted: 5, Purging: 1}, nil
	_, text, _ := render(t, letters.ErasureDone, d)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "- ") && strings.Contains(line, "erased") {
			t.Errorf("called erased: %s", line)
		}
	}
	for _, want := range []string{"5 records in systems", "cannot promise", "by 5 January 2027"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "go to court") {
		t.Error("a full erasure reads as a denial")
	}
}

func TestStrangersWordsStayOut(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]bool{
		letters.Code: false, letters.Ack: false, letters.StoppedNotMe: false, letters.Unverified: false, letters.Expired: false,
		letters.Refusal: true, letters.AccessReady: true, letters.WithdrawalDone: true,
	} {
		d := dataFor(kind)
		d.Name = "<b>Win\r\nnow</b> 12345678"
		_, text, page := render(t, kind, d)
		if got := strings.Contains(text, "Win now"); got != want {
			t.Errorf("%s: name shown %v", kind, got)
		}
		if strings.Contains(page, "<b>") {
			t.Errorf("%s: the name is markup", kind)
		}
	}
	d := full()
	d.UndoURL = "https://acme.example/undo/abc"
	if _, text, _ := render(t, letters.WithdrawalDone, d); strings.Contains(text, "Keller") || !strings.Contains(text, d.UndoURL) {
		t.Error("an unverified withdrawal greets by name or has no undo")
	}
}

func TestLinksWithDigitsAreRefused(t *testing.T) {
	t.Parallel()
	d := full()
	d.NotMeURL = "https://acme.example/not-me/0193402917"
	if _, _, _, _, err := letters.Render(letters.Code, "en", d); !errors.Is(err, letters.ErrDigits) {
		t.Error(err)
	}
	d = full()
	d.Reference = "HB-1234567"
	if _, _, _, _, err := letters.Render(letters.Ack, "en", d); !errors.Is(err, letters.ErrDigits) {
		t.Error(err)
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	d := full()
	for m := time.January; m <= time.December; m++ {
		d.Due = date(2026, m, 21)
		_, text, _ := render(t, letters.Ack, d)
		if want := fmt.Sprintf("21 %s 2026", m); !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
}

func TestColours(t *testing.T) {
	t.Parallel()
	for hex, want := range map[string]string{
		"#ffffff": "background:rgb(255,255,255);color:rgb(0,0,0)", "#000000": "background:rgb(0,0,0);color:rgb(255,255,255)",
		"red;}</style>": "background:rgb(29,79,145);color:rgb(255,255,255)", "": "background:rgb(29,79,145);color:rgb(255,255,255)",
	} {
		d := full()
		d.Company.Colour = hex
		if _, _, page := render(t, letters.Ack, d); !strings.Contains(page, want) {
			t.Errorf("%q: no %q", hex, want)
		}
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	d := full()
	for want, rights := range map[string][]string{
		"access to your data": {"access"}, "access to your data and erasure of your data": {"access", "erasure"},
		"access to your data, erasure of your data, correction of your data and a portable copy of your data": {"access", "erasure", "rectification", "portability"},
	} {
		d.Rights = rights
		if _, text, _ := render(t, letters.Ack, d); !strings.Contains(text, "You asked for: "+want+"\n") {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestDoneWithoutParticulars(t *testing.T) {
	t.Parallel()
	d := dataFor(letters.Done)
	d.Rights, d.Counts, d.Results = []string{"restriction"}, letters.Counts{}, nil
	_, text, _ := render(t, letters.Done, d)
	if strings.Contains(text, "what we did:") || !strings.Contains(text, "finished on 22 November 2026") || !strings.Contains(text, "You have the right to complain") {
		t.Error(text)
	}
}

// TestForAnother: whoever asked for another person is told whose data "your
// data" are, in every letter that speaks of them; nobody else is.
func TestForAnother(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]string{"en": "for another person", "de": "für eine andere Person", "fr": "pour une autre personne", "es": "por otra persona"} {
		for _, kind := range []string{letters.Ack, letters.AccessReady, letters.ErasureDone, letters.Refusal, letters.Unverified, letters.RecipientNotice, letters.BehalfNotice, letters.Code} {
			d := dataFor(kind)
			for _, standing := range []string{"", "parent"} {
				if d.Standing = standing; standing == "" && kind == letters.BehalfNotice {
					continue
				}
				_, text, _, _, err := letters.Render(kind, lang, d)
				if err != nil {
					t.Fatal(err)
				}
				told := standing != "" && kind != letters.RecipientNotice && kind != letters.BehalfNotice && kind != letters.Code
				if strings.Contains(text, want) != told {
					t.Errorf("%s in %s, standing %q: told %v\n%s", kind, lang, standing, !told, text)
				}
				if asked := strings.Contains(text, map[string]string{"en": "You asked for:", "de": "Ihr Antrag:", "fr": "Vous demandez\u00a0:", "es": "Usted solicita:"}[lang]); kind == letters.BehalfNotice && asked {
					t.Errorf("%s: the person concerned did not ask\n%s", lang, text)
				}
			}
		}
	}
}

func TestStopTellsWhatIsTrue(t *testing.T) {
	t.Parallel()
	d := full()
	for name, tc := range map[string]struct {
		begun    []string
		restored bool
		want     string
	}{
		"nothing":  {nil, false, "nothing was changed"},
		"begun":    {[]string{"We searched our systems."}, false, "- We searched our systems."},
		"restored": {nil, true, "is undone"},
	} {
		d.Begun, d.Restored = tc.begun, tc.restored
		_, text, _ := render(t, letters.StoppedNotMe, d)
		if !strings.Contains(text, tc.want) || name != "nothing" && strings.Contains(text, "nothing was changed") {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for locale, want := range map[string]string{
		"en": "en", "en-GB": "en", "": "en", "not a tag": "en", "de": "de", "de-AT": "de", "fr-CA": "fr", "es-MX": "es", "ja": "en", "pt": "en", "ar": "en",
	} {
		if got := letters.Match(locale); got != want {
			t.Errorf("%q: %q", locale, got)
		}
	}
	versions := map[string]bool{}
	for _, locale := range []string{"de", "de-CH", "en"} {
		_, _, _, v, err := letters.Render(letters.Ack, locale, full())
		if err != nil {
			t.Fatal(err)
		}
		versions[v] = true
	}
	if len(versions) != 2 {
		t.Errorf("versions %v", slices.Collect(maps.Keys(versions)))
	}
}

func BenchmarkRender(b *testing.B) {
	d := full()
	for b.Loop() {
		if _, _, _, _, err := letters.Render(letters.Code, "en", d); err != nil {
			b.Fatal(err)
		}
	}
}
