package mail

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// SMTP is the server that letters are handed to.
type SMTP struct {
	Host     string
	Port     int
	User     string // "" for a server that asks for no sign-in
	PassFile string // file that holds the password; read at every connection, so it can be replaced
	TLS      string // required (STARTTLS, the default), implicit, opportunistic, none
	From     string // "Acme Outdoor <privacy@acme.example>"
	Timeout  time.Duration
}

// Check names what is wrong with the settings.
func (s SMTP) Check() error {
	var faults []error
	if s.Host == "" {
		faults = append(faults, errors.New("smtp: host is missing"))
	}
	if s.Port < 1 || s.Port > 65535 {
		faults = append(faults, errors.New("smtp: port is not between 1 and 65535"))
	}
	if _, err := s.tls(); err != nil {
		faults = append(faults, err)
	}
	if from, err := mail.ParseAddress(s.From); err != nil || CheckAddress(from.Address) != nil || hasControl(s.From) {
		faults = append(faults, errors.New("smtp: from is not a mail address"))
	}
	if (s.User == "") != (s.PassFile == "") {
		faults = append(faults, errors.New("smtp: user and password file go together"))
	}
	return errors.Join(faults...)
}

func (s SMTP) tls() (gomail.Option, error) {
	switch s.TLS {
	case "", "required":
		return gomail.WithTLSPolicy(gomail.TLSMandatory), nil
	case "implicit":
		return gomail.WithSSL(), nil
	case "opportunistic":
		return gomail.WithTLSPolicy(gomail.TLSOpportunistic), nil
	case "none":
		return gomail.WithTLSPolicy(gomail.NoTLS), nil
	}
	return nil, errors.New("smtp: tls is one of required, implicit, opportunistic, none")
}

func (s SMTP) client() (*gomail.Client, error) {
	tls, err := s.tls()
	if err != nil {
		return nil, err
	}
	timeout := s.Timeout
	if timeout == 0 {
		timeout = 30 * time.Second
	}
	opts := []gomail.Option{gomail.WithPort(s.Port), gomail.WithTimeout(timeout), gomail.WithoutNoop(), tls}
	if s.User != "" {
		pass, err := os.ReadFile(s.PassFile)
		if err != nil {
			return nil, fmt.Errorf("smtp: password file: %w", err)
		}
		opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(s.User), gomail.WithPassword(strings.TrimRight(string(pass), "\r\n")))
	}
	return gomail.NewClient(s.Host, opts...)
}

// domain is the host part of the sender, for Message-IDs.
func (s SMTP) domain() string {
	from, err := mail.ParseAddress(s.From)
	if err != nil {
		return "localhost"
	}
	return from.Address[strings.LastIndexByte(from.Address, '@')+1:]
}

// connection sends letters over one SMTP connection, opened when the first one goes out and again
// after a fault.
type connection struct {
	config SMTP
	client *gomail.Client
	open   *smtp.Client
}

// errRefused is a server's final answer to one letter: the address or the letter, not the settings.
type errRefused struct{ code int }

func (e errRefused) Error() string {
	return fmt.Sprintf("mail: the server refused the letter (%d)", e.code)
}

// errUnsent is a fault that a later attempt may not meet. Servers repeat addresses in their
// answers, so only the code is told.
type errUnsent struct {
	code int
	step string
}

func (e errUnsent) Error() string {
	return fmt.Sprintf("mail: %s failed, trying again later (%d)", e.step, e.code)
}

// send hands over one letter: nil, errRefused or errUnsent.
func (c *connection) send(ctx context.Context, from string, b body, messageID string, at time.Time) error {
	msg, err := message(from, b, messageID, at)
	if err != nil {
		return errRefused{}
	}
	if c.open == nil {
		if c.client, err = c.config.client(); err != nil {
			return errUnsent{step: "the SMTP configuration"}
		}
		if c.open, err = c.client.DialToSMTPClientWithContext(ctx); err != nil {
			c.open = nil
			return errUnsent{step: "the connection"}
		}
	}
	err = c.client.SendWithSMTPClient(c.open, msg)
	if err == nil {
		return nil
	}
	c.close()
	if msg.IsDelivered() {
		return nil // taken; only the good-bye went wrong
	}
	var se *gomail.SendError
	if !errors.As(err, &se) {
		return errUnsent{step: "delivery"}
	}
	if refused(se) {
		return errRefused{code: se.ErrorCode()}
	}
	return errUnsent{code: se.ErrorCode(), step: "delivery"}
}

// refused tells whether the server will never take this letter. 5xx to the sender, or one that asks
// for a sign-in, speaks of the settings: those may be put right.
func refused(e *gomail.SendError) bool {
	code := e.ErrorCode()
	if code < 500 || code > 599 || code == 503 || code == 530 || code == 535 || code == 538 {
		return false
	}
	switch e.Reason {
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		return true
	}
	return false
}

func (c *connection) close() {
	if c.open != nil {
		_ = c.client.CloseWithSMTPClient(c.open)
		c.open = nil
	}
}

func message(from string, b body, messageID string, at time.Time) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.From(from); err != nil {
		return nil, err
	}
	if err := msg.To(b.To); err != nil {
		return nil, err
	}
	msg.Subject(b.Subject)
	msg.SetMessageIDWithValue(messageID)
	msg.SetDateWithValue(at)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // no out-of-office replies
	msg.SetBodyString(gomail.TypeTextPlain, b.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, b.HTML)
	return msg, nil
}
