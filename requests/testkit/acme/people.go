package acme

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// Who is who, by position in people(). The first 40 are the subjects; the
// awkward cases follow; the rest are customers like any other.
const (
	subjects        = 40
	twoContacts     = 40
	family          = 41 // and 42: same e-mail address
	sharedHome      = 43 // and 44
	staleHandle     = 45 // and 46
	claimed         = 47 // and 48
	thread          = 49 // and 50
	invoiceKept     = 51
	invoiceExpired  = 52
	recentlyChanged = 53
	nameSQL         = 54
	nameHTML        = 55
	nameQuotes      = 56
	nameArabic      = 57
	nameHebrew      = 58
	nameCombining   = 59
	nameFormula     = 60
	nameLong        = 61
	nameAstral      = 62
	awkwardEnd      = 63
	paperFirst      = 100 // every 5th of 100 people: 20 folders
	paperEnd        = 200
	count           = 2000
)

// A person as the generator knows them; the tables know less.
type person struct {
	id            int64
	given, family string
	email, phone  string
	slug          string
	place         place
	street        string
	birth         time.Time
	created       time.Time
	paper         string
	network       string
}

func (p person) customerID() string { return fmt.Sprintf("AC-%05d", 10000+p.id) }
func (p person) profileID() int64   { return 7000 + p.id }
func (p person) uid() string        { return fmt.Sprintf("%d", 88000000+p.id*7) }
func (p person) handle() string {
	return fmt.Sprintf("%s%d", strings.ReplaceAll(p.slug, ".", "_"), 100+p.id)
}
func (p person) index() int    { return int(p.id) - 1 }
func (p person) subject() bool { return p.index() < subjects }
func (p person) awkward() bool { return p.index() >= subjects && p.index() < awkwardEnd }
func (p person) full() string  { return p.given + " " + p.family }
func (p person) address() string {
	return p.street + ", " + p.place.postal + " " + p.place.city + ", " + p.place.country
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 9, 30, 0, 0, time.UTC) }

// people are the same 2,000 in the same order, always.
var people = sync.OnceValue(func() []person {
	r := rand.New(rand.NewPCG(2018, 525))
	out := make([]person, count)
	for i := range out {
		g, f := givenNames[r.IntN(len(givenNames))], familyNames[r.IntN(len(familyNames))]
		pl := places[r.IntN(len(places))]
		out[i] = person{
			id: int64(i + 1), given: g.text, family: f.text, slug: g.slug + "." + f.slug,
			// The number keeps every address from being part of another one.
			email:   fmt.Sprintf("%s.%d@%s", g.slug+"."+f.slug, 1000+i, []string{"mail.example", "post.example", "inbox.test"}[r.IntN(3)]),
			phone:   fmt.Sprintf("%s%07d", pl.dial, 5550000+i),
			place:   pl,
			street:  fmt.Sprintf("%s %d", streets[r.IntN(len(streets))], 1+i),
			birth:   day(1946+r.IntN(60), time.Month(1+r.IntN(12)), 1+r.IntN(28)),
			created: day(2014+r.IntN(12), time.Month(1+r.IntN(12)), 1+r.IntN(28)),
			network: networks[r.IntN(len(networks))],
		}
		if i >= paperFirst && i < paperEnd && i%5 == 0 {
			out[i].paper = fmt.Sprintf("K-%03d/%d", (i-paperFirst)/5+1, out[i].created.Year())
		}
	}
	for i, a := range awkwardNames {
		out[i].given, out[i].family, out[i].slug, out[i].email = a.given, a.family, a.slug, a.email
	}
	out[family+1].email = out[family].email
	out[sharedHome+1].street, out[sharedHome+1].place = out[sharedHome].street, out[sharedHome].place
	for _, i := range []int{staleHandle, staleHandle + 1, claimed, claimed + 1, thread, thread + 1} {
		out[i].network = "instagram"
	}
	return out
})

var awkwardNames = map[int]struct{ given, family, slug, email string }{
	twoContacts:     {"Beatrix", "Nordwall", "beatrix.nordwall", "beatrix.nordwall@post.example"},
	family:          {"Sabine", "Ostermann", "sabine.ostermann", "familie.ostermann@post.example"},
	family + 1:      {"Uwe", "Ostermann", "uwe.ostermann", ""},
	sharedHome:      {"Ingrid", "Halvorsen", "ingrid.halvorsen", "ingrid@halvorsen.example"},
	sharedHome + 1:  {"Nils", "Halvorsen", "nils.halvorsen", "nils@halvorsen.example"},
	staleHandle:     {"Stella", "Marchetti", "stella.marchetti", "stella.marchetti@mail.example"},
	staleHandle + 1: {"Tarek", "Lindqvist", "tarek.lindqvist", "tarek.lindqvist@mail.example"},
	claimed:         {"Gudrun", "Pfeiffer", "gudrun.pfeiffer", "gudrun.pfeiffer@mail.example"},
	claimed + 1:     {"Gretel", "Obermoser", "gretel.obermoser", "gretel.obermoser@mail.example"},
	thread:          {"Vera", "Castellani", "vera.castellani", "vera.castellani@mail.example"},
	thread + 1:      {"Otto", "Zimmermann", "otto.zimmermann", "otto.zimmermann@mail.example"},
	invoiceKept:     {"Konrad", "Behrens", "konrad.behrens", "konrad.behrens@mail.example"},
	invoiceExpired:  {"Elfriede", "Althaus", "elfriede.althaus", "elfriede.althaus@mail.example"},
	recentlyChanged: {"Wanda", "Neumeyer", "wanda.neumeyer", "wanda.neumeyer@inbox.test"},
	nameSQL:         {"Robert'); drop table crm.contacts; --", "Tables", "bobby.tables", "bobby.tables@inbox.test"},
	nameHTML:        {"<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "mallory.script", "mallory.script@inbox.test"},
	nameQuotes:      {"Dwayne \"The \\ Rock\"", "O'Neil-'Smythe`", "dwayne.oneil", "o'neil+tents@inbox.test"},
	nameArabic:      {"ليلى", "الحسن", "layla.alhasan", "layla.alhasan@inbox.test"},
	nameHebrew:      {"נועה", "בן־דוד", "noa.bendavid", "noa.bendavid@inbox.test"},
	nameCombining:   {"Zoe\u0308", "Nguye\u0302\u0303n Thi\u0323", "zoe.nguyen", "zoe.nguyen@inbox.test"},
	nameFormula:     {"=HYPERLINK(\"https://evil.test\";\"refund\")", "@SUM(1+1)", "cal.formula", "cal.formula@inbox.test"},
	nameLong:        {"Wolfeschlegelsteinhausenbergerdorff" + strings.Repeat("-Anna-Maria", 20), "Featherstonehaugh", "wolfe.long", "wolfe.long@inbox.test"},
	nameAstral:      {"𝒜𝒹𝒶 🏕️", "\u202eesreveR\u202c", "ada.astral", "ada.astral@inbox.test"},
}
