package draft

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// guess is what a column's name and type make of it.
type guess struct {
	category string
	identity string // kind
	network  string // of a handle, when the name says which
	freeText bool
	others   bool
	why      string
}

// rule guesses from words of a name. A pattern is words that must all occur;
// a word with a star at its end, or at its start, may go on there.
type rule struct {
	category string
	identity string
	patterns []string
	sorts    []Sort // empty: any
	freeText bool
	person   bool // only in tables of people
	what     string
}

var (
	texts  = []Sort{Text}
	text   = []Sort{Text, JSON, Other}
	moment = []Sort{Date, Text, Whole}
)

// rules are asked in order: the first that fits counts. Words are in lower
// case, without accents; ß is ss.
var rules = []rule{
	{category: "account.credential", patterns: []string{"password*", "passwort*", "passwd", "pwd", "kennwort", "contrasena", "*motdepasse", "mot passe", "secret", "otp", "totp*", "api key", "token", "salt", "pin code", "hash password"}, what: "a secret for signing in"},
	{category: "contact.email", identity: "email", patterns: []string{"email*", "*email", "mail", "mails", "e mail", "mailadresse", "emailadresse", "courriel", "correo", "epost", "mailaddress", "mail address", "posta elettronica"}, sorts: texts, what: "an e-mail address"},
	{category: "contact.phone", identity: "phone", patterns: []string{"phone*", "*phone", "tel", "telefon*", "telephone*", "telefono", "mobile", "mobil", "mobilnummer", "movil", "cell", "cellphone", "handy*", "portable", "gsm", "msisdn", "rufnummer", "fax*", "telefax"}, sorts: []Sort{Text, Whole}, what: "a telephone number"},
	{category: "financial.account", patterns: []string{"iban", "bic", "swift", "ccn", "pan", "cvv", "cvc", "card number", "card no", "credit card", "creditcard", "kreditkarte*", "kontonummer", "konto nr", "bankkonto", "bankverbindung", "account number", "account no", "sort code", "bank account", "tarjeta", "numero carte", "rib", "cuenta", "routing number"}, what: "a bank account or card"},
	{category: "financial", patterns: []string{"salary", "salaries", "wage", "gehalt", "lohn", "salaire", "salario", "sueldo", "income", "einkommen", "revenu", "credit score", "schufa", "bonitat"}, what: "somebody's money"},
	{category: "identity.government", patterns: []string{"ssn", "social security", "sozialversicherungsnummer", "sv nummer", "svnr", "passport*", "reisepass*", "ausweis*", "personalausweis*", "national id", "id card", "driver license", "driving licence", "fuhrerschein*", "tax id", "tin", "steuernummer", "steuer id", "steuerid", "nif", "dni", "nie", "insee", "nir", "codice fiscale", "pesel", "bsn", "cpf", "numero securite sociale", "permis conduire", "pasaporte"}, what: "an official number"},
	{category: "identity.birth_date", patterns: []string{"birth*", "dob", "born", "born on", "date birth", "geburt*", "geb datum", "gebdatum", "naissance", "date naissance", "ne le", "nacimiento", "fecha nacimiento", "nascita", "geboortedatum"}, sorts: moment, what: "a date of birth"},
	{category: "identity.birth_place", patterns: []string{"birthplace", "place birth", "geburtsort", "lieu naissance", "lugar nacimiento"}, what: "a place of birth"},
	{category: "identity.gender", patterns: []string{"gender", "sex", "geschlecht", "sexe", "sexo", "genre", "genero", "salutation", "anrede", "civilite", "tratamiento", "pronoun*"}, what: "gender or form of address"},
	{category: "health", patterns: []string{"diagnos*", "disease*", "illness", "krankheit*", "krankenkasse", "allerg*", "blood*", "blutgruppe", "medication*", "medikament*", "medicament*", "symptom*", "disabilit*", "behinderung*", "handicap", "enfermedad", "maladie", "pregnan*", "health*", "gesundheit*", "sante", "salud"}, what: "health"},
	{category: "religion", patterns: []string{"religion", "religio*", "konfession", "confession", "faith", "kirchensteuer*"}, what: "religion"},
	{category: "ethnicity", patterns: []string{"ethnic*", "race", "ethnie", "herkunft", "etnia", "raza"}, what: "origin"},
	{category: "political", patterns: []string{"political*", "partei", "parteibuch", "party membership"}, what: "political opinion"},
	{category: "union", patterns: []string{"trade union", "union member*", "gewerkschaft*", "syndicat", "sindicato"}, what: "membership of a union"},
	{category: "biometric", patterns: []string{"fingerprint", "fingerabdruck", "face id", "iris", "biometr*", "voiceprint"}, what: "biometric data"},
	{category: "identity.nationality", patterns: []string{"nationality", "nationalitat", "staatsangehorigkeit", "nationalite", "nacionalidad", "citizenship"}, what: "nationality"},
	{category: "location.precise", patterns: []string{"latitude", "longitude", "lat", "lng", "lon", "gps*", "geo", "geolocation", "geopoint", "coordinates", "koordinaten"}, what: "a precise place"},
	{category: "online.ip_address", patterns: []string{"ip", "ip address", "ipaddress", "ip addr", "ipaddr", "remote addr", "client ip", "last ip", "adresse ip", "direccion ip"}, what: "an IP address"},
	{category: "online.device", patterns: []string{"user agent", "useragent", "device id", "deviceid", "device token", "cookie*", "session id", "visitor id", "advertising id", "idfa", "gaid", "imei", "mac address", "push token", "browser fingerprint"}, what: "a device or browser"},
	{category: "contact.address", patterns: []string{"street*", "strasse", "str", "strasse hausnummer", "rue", "calle", "via", "house no", "house number", "hausnummer", "hausnr", "numero calle", "address*", "*address", "adresse*", "anschrift*", "direccion*", "indirizzo", "adres", "zip*", "zipcode", "postcode", "post code", "postal*", "plz", "postleitzahl", "code postal", "codigo postal", "cap", "city", "town", "ort", "wohnort", "stadt", "ville", "ciudad", "citta", "localidad", "po box", "postfach"}, sorts: []Sort{Text, Whole, JSON, Other}, what: "an address"},
	{category: "contact.handle", identity: "handle", patterns: []string{"twitter*", "instagram*", "facebook*", "linkedin*", "mastodon*", "tiktok*", "bluesky*", "handle", "screen name", "screenname", "telegram", "whatsapp", "skype", "xing"}, sorts: texts, what: "a social handle"},
	{category: "identity.username", patterns: []string{"username", "user name", "login name", "loginname", "nickname", "nick", "benutzername", "benutzerkennung", "nom utilisateur", "identifiant", "nombre usuario", "alias"}, sorts: texts, what: "a name to sign in with"},
	{category: "identity.name", patterns: []string{"first name", "firstname", "given name", "givenname", "forename", "fname", "last name", "lastname", "lname", "surname", "family name", "familyname", "middle name", "middlename", "maiden name", "full name", "fullname", "display name", "displayname", "vorname*", "nachname*", "familienname", "zuname", "geburtsname", "prenom*", "nom famille", "nom complet", "apellido*", "nombre completo", "cognome", "voornaam", "achternaam", "imie", "nazwisko", "contact name", "customer name", "kundenname", "ansprechpartner*", "cardholder*", "karteninhaber*", "holder name", "kontoinhaber*", "recipient name", "empfanger*", "sender name", "bill name", "billing name", "shipping name", "bill to", "ship to", "deliver to", "addressee"}, what: "a person's name"},
	{category: "identity.name", patterns: []string{"name", "nom", "nombre", "nome", "naam", "names", "title name", "bezeichnung person"}, sorts: texts, person: true, what: "a name, in a table of people"},
	{category: "identity.photo", patterns: []string{"photo*", "avatar*", "picture*", "portrait", "profilbild", "bild", "foto", "imagen perfil", "selfie"}, what: "a picture of a person"},
	{category: "identity.signature", patterns: []string{"signature", "unterschrift", "firma digital"}, what: "a signature"},
	{category: "identity.customer_number", identity: "customer_id", patterns: []string{"customer no", "customer number", "customer nr", "customer code", "customer ref*", "kundennummer", "kundennr", "kunden nr", "kdnr", "client no", "client number", "numero client", "numero cliente", "member no", "member number", "mitgliedsnummer", "membership number", "patient no", "patient number", "patientennummer", "loyalty no", "loyalty number", "loyalty card"}, sorts: []Sort{Text, Whole, UUID}, what: "a customer number"},
	{category: "identity.customer_number", identity: "customer_id", patterns: []string{"customer id", "client id", "member id", "kunden id", "patient id", "subscriber id", "loyalty id", "external id"}, sorts: []Sort{Text, Whole, UUID}, person: true, what: "a customer number, in a table of people"},
	{category: "work.position", patterns: []string{"job title", "jobtitle", "position title", "berufsbezeichnung", "beruf", "occupation", "profession", "puesto", "employer", "arbeitgeber"}, sorts: texts, what: "somebody's work"},
	{category: "family", patterns: []string{"marital*", "familienstand", "spouse*", "ehepartner", "children", "kinder", "estado civil", "situation familiale", "next kin", "emergency contact"}, what: "somebody's family"},
	{category: "preference.language", patterns: []string{"locale", "preferred language", "sprache", "langue", "idioma"}, sorts: texts, person: true, what: "the language somebody speaks"},
	{category: "content.note", patterns: []string{"note", "notes", "notiz*", "comment*", "kommentar*", "commentaire*", "comentario*", "remark*", "bemerkung*", "anmerkung*", "memo", "observacion*", "remarque*", "internal note", "description person"}, sorts: text, freeText: true, what: "free text"},
	{category: "content.message", patterns: []string{"message", "messages", "nachricht*", "body", "mensaje", "content", "inhalt", "transcript", "question", "answer", "reply", "review text", "feedback"}, sorts: text, freeText: true, what: "free text of a message"},
}

// people are names of tables whose rows are people; each also as the end of a
// longer word.
var people = []string{
	"customer", "contact", "person", "people", "user", "member", "client", "patient", "employee", "subscriber", "student", "teacher",
	"guest", "tenant", "resident", "lead", "applicant", "candidate", "donor", "visitor", "passenger", "driver", "buyer", "seller", "author",
	"account holder", "profile", "staff", "worker", "citizen", "individual",
	"kunde", "kunden", "kontakt", "kontakte", "person", "personen", "mitarbeiter", "benutzer", "nutzer", "mitglied", "mitglieder", "patienten",
	"interessent", "interessenten", "bewerber", "mieter", "gaste", "schuler", "studierende", "spender", "angestellte",
	"utilisateur", "usager", "personne", "employe", "salarie", "adherent", "abonne", "eleve", "etudiant", "locataire",
	"cliente", "usuario", "persona", "empleado", "miembro", "socio", "paciente", "alumno", "contacto",
	"utente", "dipendente", "persone", "clienti", "utenti", "klant", "klanten", "gebruiker", "medewerker", "klient", "pracownik",
}

// groups are names of tables whose rows are several people.
var groups = []string{"household", "family", "couple", "haushalt", "haushalte", "familie", "familien", "foyer", "famille", "hogar", "familia", "famiglia", "gezin"}

// handlers are words of columns that name who worked on a row, not whose it is.
var handlers = []string{
	"created", "updated", "modified", "changed", "deleted", "approved", "assigned", "assignee", "handled", "handler", "agent", "operator",
	"owner", "manager", "clerk", "editor", "reviewer", "author", "staff", "employee", "responsible", "sales", "support", "supervisor", "boss",
	"bearbeiter", "sachbearbeiter", "betreuer", "zustandig", "erstellt", "geandert", "mitarbeiter", "vorgesetzter",
	"gestionnaire", "cree", "modifie", "responsable", "creado", "modificado", "asignado", "gestor", "empleado", "employe",
}

// merges are words of references that tie two rows of one human being.
var merges = []string{"merged", "duplicate", "duplicated", "dup", "master", "canonical", "same", "survivor", "golden", "zusammengefuhrt", "dublette", "fusionne", "doublon", "duplicado", "linked account"}

// ledgers are names of tables that some law may ask to keep.
var ledgers = []string{"invoice", "payment", "ledger", "journal", "booking", "receipt", "transaction", "rechnung", "zahlung", "buchung", "beleg", "facture", "paiement", "ecriture", "factura", "pago", "asiento", "fattura", "refund", "tax"}

// fold takes the accents off a name, so that one spelling of a pattern is
// enough.
func fold(s string) string {
	s = strings.NewReplacer("ß", "ss", "ẞ", "ss", "ø", "o", "ł", "l", "æ", "ae", "œ", "oe").Replace(strings.ToLower(s))
	out, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
	if err != nil {
		return s
	}
	return out
}

// words takes a name apart: at underscores, spaces, dots, hyphens, and where a
// small letter meets a capital one.
func words(name string) []string {
	var out []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			out = append(out, fold(string(word)))
		}
		word = nil
	}
	rs := []rune(name)
	for i, r := range rs {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r):
			flush()
			continue
		case unicode.IsUpper(r) && i > 0 && (unicode.IsLower(rs[i-1]) || i+1 < len(rs) && unicode.IsUpper(rs[i-1]) && unicode.IsLower(rs[i+1])):
			flush()
		}
		word = append(word, r)
	}
	flush()
	for i, w := range out { // address1, phone2
		if t := strings.TrimRight(w, "0123456789"); t != "" {
			out[i] = t
		}
	}
	return out
}

func wordFits(pattern, word string) bool {
	switch {
	case strings.HasSuffix(pattern, "*"):
		return strings.HasPrefix(word, strings.TrimSuffix(pattern, "*"))
	case strings.HasPrefix(pattern, "*"):
		return strings.HasSuffix(word, strings.TrimPrefix(pattern, "*"))
	}
	return word == pattern
}

// fits reports whether the words of a pattern occur in a name, in their order.
func fits(pattern string, name []string) bool {
	at := 0
	for _, p := range strings.Fields(pattern) {
		for at < len(name) && !wordFits(p, name[at]) {
			at++
		}
		if at == len(name) {
			return false
		}
		at++
	}
	return true
}

// guessColumn guesses what a column holds, from its name and type alone.
func guessColumn(c Column, inPeople bool) (guess, bool) {
	name := words(c.Name)
	if c.Sort == Truth {
		return guess{}, false
	}
	var about []string
	for _, w := range name {
		if slices.Contains(notValues, w) {
			about = append(about, w)
		}
	}
	for _, r := range rules {
		if r.person && !inPeople || len(r.sorts) > 0 && !slices.Contains(r.sorts, c.Sort) {
			continue
		}
		for _, p := range r.patterns {
			if !fits(p, name) || weak[p] && len(name) > 1 {
				continue
			}
			if !slices.ContainsFunc(about, func(w string) bool { return !slices.Contains(strings.Fields(p), w) }) {
				g := guess{category: r.category, identity: r.identity, freeText: r.freeText, why: "looks like " + r.what + " by its name"}
				g.network = networkOf(name)
				if g.identity != "" && c.Sort != Text && g.identity != "customer_id" {
					g.identity = ""
				}
				return g, true
			}
		}
	}
	if len(about) > 0 {
		return guess{}, false
	}
	if c.Sort == Net {
		return guess{category: "online.ip_address", why: "an IP address by its type"}, true
	}
	if c.Sort == Point && inPeople {
		return guess{category: "location.precise", why: "a place by its type"}, true
	}
	return guess{}, false
}

// notValues are words of columns that are about a value and do not hold one.
var notValues = []string{"id", "ids", "count", "total", "is", "has", "verified", "confirmed", "changed", "at", "sent", "enabled", "optin", "status", "type", "kind"}

// weak patterns count only as the whole name: too common within others.
var weak = map[string]bool{
	"mail": true, "mails": true, "tel": true, "cell": true, "portable": true, "pan": true, "tin": true, "nie": true, "nir": true, "rib": true, "secret": true, "token": true,
	"sex": true, "race": true, "lat": true, "lon": true, "lng": true, "geo": true, "ip": true, "str": true, "via": true, "rue": true, "cap": true, "ort": true,
	"city": false, "town": false, "handle": true, "alias": true, "nick": true, "name": true, "nom": true, "nombre": true, "nome": true, "naam": true, "names": true,
	"bild": true, "foto": true, "body": true, "content": true, "inhalt": true, "message": true, "messages": true, "question": true, "answer": true, "reply": true,
	"locale": true, "note": false, "memo": true, "cuenta": true, "genre": true, "confession": true, "faith": true, "salt": true, "born": true, "iris": true, "mobile": true, "mobil": true,
}

func networkOf(name []string) string {
	for _, n := range []string{"twitter", "instagram", "facebook", "linkedin", "mastodon", "tiktok", "bluesky", "telegram", "whatsapp", "skype", "xing"} {
		if slices.ContainsFunc(name, func(w string) bool { return strings.HasPrefix(w, n) }) {
			return n
		}
	}
	return ""
}

// isPeople reports whether a table's name is a word for people: its last word,
// where English, German and Dutch have the noun, or its only one.
func isPeople(table string) bool {
	w := words(table)
	if len(w) == 0 {
		return false
	}
	last := w[len(w)-1]
	return slices.ContainsFunc(people, func(p string) bool {
		for _, form := range []string{last, singular(last)} {
			if form == p || len(p) >= 5 && len(form) > len(p) && strings.HasSuffix(form, p) {
				return true
			}
		}
		return false
	})
}

// singular is a rough English singular.
func singular(w string) string {
	switch {
	case strings.HasSuffix(w, "ies") && len(w) > 4:
		return w[:len(w)-3] + "y"
	case strings.HasSuffix(w, "sses"), strings.HasSuffix(w, "xes"):
		return w[:len(w)-2]
	case strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && len(w) > 3:
		return w[:len(w)-1]
	}
	return w
}

// isGroup reports whether a table's rows are several people by its name.
func isGroup(table string) bool {
	w := words(table)
	return len(w) > 0 && (slices.Contains(groups, w[len(w)-1]) || slices.Contains(groups, singular(w[len(w)-1])))
}

func hasWord(name string, list []string) bool {
	all := words(name)
	return slices.ContainsFunc(all, func(w string) bool { return slices.Contains(list, w) || slices.Contains(list, singular(w)) })
}

// changes are the words by which a column says that it is about a change, and
// beside them what else its name may say.
var (
	changes = []string{"changed", "change", "updated", "update", "modified", "geandert", "anderung", "aktualisiert", "modifie", "modification", "cambiado", "cambio", "modificado", "actualizado"}
	aside   = []string{"at", "on", "date", "datetime", "time", "timestamp", "ts", "last", "latest", "am", "datum", "zuletzt", "le", "el", "fecha", "de", "du"}
)

// changedAt is the column that tells when a column last changed: a date or time
// whose name says the column's, a word of change, and nothing else.
func changedAt(columns []Column, of string) string {
	about := words(of)
	for _, c := range columns {
		if c.Sort != Date || c.Name == of {
			continue
		}
		rest, change := slices.Clone(about), false
		fits := true
		for _, w := range words(c.Name) {
			i := slices.Index(rest, w)
			switch {
			case i >= 0:
				rest = slices.Delete(rest, i, i+1)
			case slices.Contains(changes, w):
				change = true
			case !slices.Contains(aside, w):
				fits = false
			}
		}
		if fits && change && len(rest) == 0 {
			return c.Name
		}
	}
	return ""
}
