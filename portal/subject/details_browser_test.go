package subject_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"habeas/requests/testkit/browser"
	"habeas/requests/testkit/company"
)

// The start page and the page that asks what single rights need, in a browser
// and in every language, empty and with what is missing said.
func TestDetailsInABrowser(t *testing.T) {
	t.Parallel()
	b := setup(t, company.Options{Settings: company.Registered(t), Workers: -1})
	for lang, next := range map[string]string{"en": "Continue", "de": "Weiter", "fr": "Continuer", "es": "Continuar"} {
		tab := browser.New(t)
		look := func(name string) {
			browser.Axe(t, tab)
			browser.Screenshot(t, tab, name+"-"+lang, 1280)
			browser.Screenshot(t, tab, name+"-"+lang, 390)
		}
		browser.Open(t, tab, b.site.URL("/?lang="+lang))
		look("start-rights")
		browser.Follow(t, tab, `a[href="/request/what?right=objection"]`)
		look("what-rights")
		for _, right := range []string{"access", "rectification", "restriction"} {
			browser.Choose(t, tab, `input[value="`+right+`"]`)
		}
		browser.Press(t, tab, next)
		browser.Choose(t, tab, `input[value="self"]`)
		browser.Press(t, tab, next)
		for field, place := range map[string]string{"#country": "US", "#region": "CA"} {
			browser.Do(t, tab, chromedp.SetValue(chromedp.CSS(field), place))
		}
		browser.Press(t, tab, next)
		look("details")
		browser.Press(t, tab, next) // nothing is answered
		look("details-wrong")
		browser.Fill(t, tab, "#what-0", "Name")
		browser.Fill(t, tab, "#right-0", "Zoë")
		for _, choice := range []string{"needed_for_claims", "catalogue", "listening", "categories", "all"} {
			browser.Choose(t, tab, `input[value="`+choice+`"]`)
		}
		browser.Press(t, tab, next)
		browser.Fill(t, tab, "#email", "zoe@post.example")
		browser.Press(t, tab, next)
		use := map[string]string{"en": "The printed catalogue", "de": "Der gedruckte Katalog", "fr": "Le catalogue imprimé", "es": "El catálogo impreso"}[lang]
		if text := browser.Text(t, tab, "main"); !strings.Contains(text, use) {
			t.Errorf("%s: the answers do not name %q: %s", lang, use, text)
		}
		look("check-details")
	}
}
