package desk

import (
	"cmp"
	"slices"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"habeas/templates"
)

// countries are ISO 3166-1 codes of places with a law on privacy requests, or
// with many customers; the rest can be typed over the API.
const countryCodes = "AT AU BE BG BR CA CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IN IS IT JP KR LI LT LU LV MT MX NL NO NZ PL PT RO SE SG SI SK TR UA US ZA"

// states with a privacy law of their own, and the rest of the Union's largest.
var states = []templates.Option{
	{Value: "CA", Label: "California"},
	{Value: "CO", Label: "Colorado"},
	{Value: "CT", Label: "Connecticut"},
	{Value: "DE", Label: "Delaware"},
	{Value: "FL", Label: "Florida"},
	{Value: "IA", Label: "Iowa"},
	{Value: "IN", Label: "Indiana"},
	{Value: "KY", Label: "Kentucky"},
	{Value: "MD", Label: "Maryland"},
	{Value: "MN", Label: "Minnesota"},
	{Value: "MT", Label: "Montana"},
	{Value: "NE", Label: "Nebraska"},
	{Value: "NH", Label: "New Hampshire"},
	{Value: "NJ", Label: "New Jersey"},
	{Value: "OR", Label: "Oregon"},
	{Value: "RI", Label: "Rhode Island"},
	{Value: "TN", Label: "Tennessee"},
	{Value: "TX", Label: "Texas"},
	{Value: "UT", Label: "Utah"},
	{Value: "VA", Label: "Virginia"},
	{Value: "other", Label: "Another state"},
}

func regions() []templates.Option { return states }

// networks on which customers have handles, as identities name them.
func networks() []templates.Option {
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

// countries to choose from, by name.
func countries() []templates.Option {
	var out []templates.Option
	for i := 0; i+2 <= len(countryCodes); i += 3 {
		code := countryCodes[i : i+2]
		out = append(out, templates.Option{Value: code, Label: display.English.Regions().Name(language.MustParseRegion(code))})
	}
	slices.SortFunc(out, func(a, b templates.Option) int { return cmp.Compare(a.Label, b.Label) })
	return out
}
