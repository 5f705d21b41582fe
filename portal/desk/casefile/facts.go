package casefile

import (
	"strings"

	"habeas/requests/evidence"
)

// factNames are data points, in the desk's words.
var factNames = map[string]string{
	"email": "the proved e-mail address", "name": "the name", "phone": "a telephone number", "postcode": "a postal code",
	"number": "the number of the customer, an order or an invoice",
}

// FactNames names data points, in a fixed order; "nothing" where there are none.
func FactNames[T ~string](facts []T) string {
	var out []string
	for _, f := range []string{"email", "name", "phone", "postcode", "number"} {
		for _, have := range facts {
			if string(have) == f {
				out = append(out, factNames[f])
			}
		}
	}
	switch n := len(out); n {
	case 0:
		return "nothing"
	case 1:
		return out[0]
	default:
		return strings.Join(out[:n-1], ", ") + " and " + out[n-1]
	}
}

func compared(agreed []evidence.Code) string {
	return "With what the systems hold. So far agree: " + FactNames(agreed) + "."
}
