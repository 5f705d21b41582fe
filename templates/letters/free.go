package letters

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"
)

// The slots whose words are the desk's.
const (
	SlotReason = "reason" // facts of a decision
	SlotNote   = "note"   // a personal note, before the greeting at the end
	SlotPerson = "person" // who answers questions
)

// limits are letters that a slot takes.
var limits = map[string]int{SlotReason: 2000, SlotNote: 1000, SlotPerson: 120}

var (
	markup = regexp.MustCompile(`<[A-Za-z/!?]|&[A-Za-z]+;|&#|\]\(`)
	scheme = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://\S*|\b(?:javascript|data|mailto|tel|file):\S*`)
	host   = regexp.MustCompile(`(?i)[\pL\pN][\pL\pN-]*(?:\.[\pL\pN][\pL\pN-]*)+`)
)

// CheckWords tells what is wrong with words that a person wrote for a slot. hosts are the company's own:
// mail programs make links of addresses, so words name no other.
func CheckWords(slot, text string, hosts []string) error {
	most, ok := limits[slot]
	switch {
	case !ok:
		return fmt.Errorf("there is no slot %s", slot)
	case !utf8.ValidString(text):
		return errors.New("use plain text")
	case utf8.RuneCountInString(text) > most:
		return fmt.Errorf("use at most %d letters", most)
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }):
		return errors.New("leave out control characters")
	case strings.ContainsFunc(text, isBidi):
		return errors.New("leave out marks that turn the direction of the text")
	case markup.MatchString(text):
		return errors.New("leave out markup: the letter is plain text")
	case slot == SlotPerson && strings.ContainsAny(strings.TrimSpace(text), "\r\n"):
		return errors.New("use one line")
	}
	for _, address := range scheme.FindAllString(text, -1) {
		u, err := url.Parse(strings.TrimRight(address, ".,;:!?)»”'\""))
		if err != nil || u.Scheme != "https" || u.User != nil || !ours(u.Hostname(), hosts) {
			return errors.New("leave out addresses of other sites than the company's own")
		}
	}
	for _, name := range host.FindAllString(text, -1) {
		if isHost(name) && !ours(name, hosts) {
			return errors.New("leave out addresses of other sites than the company's own")
		}
	}
	return nil
}

// isHost tells a host from words with a full stop between them, by its last label.
func isHost(name string) bool {
	suffix, known := publicsuffix.PublicSuffix(strings.ToLower(name))
	return known && suffix != strings.ToLower(name)
}

// ours is a company's host, or one below it.
func ours(name string, hosts []string) bool {
	name = strings.ToLower(name)
	for _, h := range hosts {
		if h = strings.ToLower(h); h != "" && (name == h || strings.HasSuffix(name, "."+h)) {
			return true
		}
	}
	return false
}

// HostsOf are the hosts of a company's own addresses, web and mail.
func HostsOf(addresses ...string) []string {
	var out []string
	for _, a := range addresses {
		if u, err := url.Parse(a); err == nil && u.Hostname() != "" {
			out = append(out, u.Hostname())
		} else if m, err := mail.ParseAddress(a); err == nil {
			out = append(out, m.Address[strings.LastIndexByte(m.Address, '@')+1:])
		}
	}
	return out
}
