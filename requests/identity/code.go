package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math/big"
	"strings"
	"time"

	"habeas/requests/seal"
)

// The rules of mailed codes. They hold over all roads to a code: page, API and
// staff.
const (
	CodeValid    = 15 * time.Minute // from sending
	FreshFor     = 15 * time.Minute // a verification opens a download this long
	TriesPerCode = 5                // the fifth wrong one kills the code
	CodesPerDay  = 5                // mails per case and day
	MissesPerDay = 20               // wrong codes per address and day over all cases, then the desk
	CodeDigits   = 6
)

// An unverified request does not lapse in silence: UnverifiedAfter without
// proof the UNVERIFIED letter names other ways to prove and the remedies
// (11 CCR 7022(a), 7024(a),(b); GDPR Art. 12(2), 12(4)); ExpiresAfter that
// letter was sent, the request expires and counts as a denial.
const (
	UnverifiedAfter = 7 * 24 * time.Hour
	ExpiresAfter    = 30 * 24 * time.Hour
)

// NewCode is a code for a mail: six digits from the system's random source.
func NewCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // crypto/rand does not fail on supported systems
	}
	return fmt.Sprintf("%0*d", CodeDigits, n)
}

// Normal takes the spaces and hyphens out of a code as people type it. What is
// left may still be no code; it then matches none.
func Normal(typed string) string {
	return strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(strings.TrimSpace(typed))
}

// MAC is what is stored of a code: keyed with the case's key, so that neither
// the table nor another case's key tells the code.
func MAC(k seal.Key, code string) []byte { return []byte(k.Digest("code", code)) }

// Match compares a typed code with a stored MAC in constant time.
func Match(k seal.Key, stored []byte, typed string) bool {
	return subtle.ConstantTimeCompare(stored, MAC(k, Normal(typed))) == 1
}
