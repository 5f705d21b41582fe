// Package places lists what forms let people choose from: countries, states
// of the United States, social networks.
package places

import (
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"habeas/templates"
)

// codes are the countries of ISO 3166-1.
const codes = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"

// Countries in a language, in that language's order.
func Countries(lang string) []templates.Option {
	tag := language.Make(lang)
	names := display.Regions(tag)
	var out []templates.Option
	for code := range strings.FieldsSeq(codes) {
		out = append(out, templates.Option{Value: code, Label: names.Name(language.MustParseRegion(code))})
	}
	collate.New(tag).Sort(byLabel(out))
	return out
}

// byLabel lets collate sort options.
type byLabel []templates.Option

func (b byLabel) Len() int           { return len(b) }
func (b byLabel) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }
func (b byLabel) Bytes(i int) []byte { return []byte(b[i].Label) }

// States of the United States: each has its own law, or none.
func States() []templates.Option {
	var out []templates.Option
	for line := range strings.SplitSeq(stateNames, ";") {
		code, name, _ := strings.Cut(line, " ")
		out = append(out, templates.Option{Value: code, Label: name})
	}
	return out
}

const stateNames = "AL Alabama;AK Alaska;AZ Arizona;AR Arkansas;CA California;CO Colorado;CT Connecticut;DE Delaware;DC District of Columbia;FL Florida;GA Georgia;HI Hawaii;ID Idaho;IL Illinois;IN Indiana;IA Iowa;KS Kansas;KY Kentucky;LA Louisiana;ME Maine;MD Maryland;MA Massachusetts;MI Michigan;MN Minnesota;MS Mississippi;MO Missouri;MT Montana;NE Nebraska;NV Nevada;NH New Hampshire;NJ New Jersey;NM New Mexico;NY New York;NC North Carolina;ND North Dakota;OH Ohio;OK Oklahoma;OR Oregon;PA Pennsylvania;RI Rhode Island;SC South Carolina;SD South Dakota;TN Tennessee;TX Texas;UT Utah;VT Vermont;VA Virginia;WA Washington;WV West Virginia;WI Wisconsin;WY Wyoming"

// Networks whose handles can be given.
func Networks() []templates.Option {
	return []templates.Option{
		{Value: "bluesky", Label: "Bluesky"},
		{Value: "facebook", Label: "Facebook"},
		{Value: "instagram", Label: "Instagram"},
		{Value: "linkedin", Label: "LinkedIn"},
		{Value: "mastodon", Label: "Mastodon"},
		{Value: "tiktok", Label: "TikTok"},
		{Value: "x", Label: "X"},
		{Value: "youtube", Label: "YouTube"},
	}
}
