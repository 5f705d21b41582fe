package mail

import "crypto/rand"

// tokenLength gives 131 bits with 26 letters.
const tokenLength = 28

// Token makes an unguessable token for a link in a letter: 28 lower-case letters. It holds no digits,
// for programs find the code of a code mail by its being the only run of six.
func Token() string {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	out := make([]byte, 0, tokenLength)
	var buf [2 * tokenLength]byte
	for {
		rand.Read(buf[:])
		for _, b := range buf {
			// 234 = 9 × 26: bytes above would make some letters likelier.
			if b >= 234 {
				continue
			}
			if out = append(out, letters[b%26]); len(out) == tokenLength {
				return string(out)
			}
		}
	}
}
