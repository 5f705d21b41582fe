package letters

import (
	"fmt"
	"math"
	"regexp"
	"strconv"

	"github.com/a-h/templ"
)

// colour is the company's, with the text colour that can be read on it.
type colour struct{ red, green, blue uint8 }

var stock = colour{0x1d, 0x4f, 0x91}

var hexColour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func parseColour(s string) colour {
	if !hexColour.MatchString(s) {
		return stock
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return stock
	}
	return colour{uint8(n >> 16), uint8(n >> 8), uint8(n)}
}

func (c colour) css() string { return fmt.Sprintf("rgb(%d,%d,%d)", c.red, c.green, c.blue) }

// text is black or white, whichever contrasts more with the colour: always 4.5:1 at least (WCAG 1.4.3).
func (c colour) text() string {
	l := c.luminance()
	if 1.05/(l+0.05) >= (l+0.05)/0.05 {
		return "rgb(255,255,255)"
	}
	return "rgb(0,0,0)"
}

// luminance is the relative luminance of WCAG 2, 0 to 1.
func (c colour) luminance() float64 {
	channel := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(c.red) + 0.7152*channel(c.green) + 0.0722*channel(c.blue)
}

// style gives an attribute with fixed text and colours of ours; nothing in it comes from a person.
func style(css string) templ.Attributes { return templ.Attributes{"style": css} }
