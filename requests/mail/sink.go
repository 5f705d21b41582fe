package mail

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// maxMessage is the largest mail that a sink takes, in bytes.
const maxMessage = 4 << 20

// Captured is one mail as the sink got it.
type Captured struct {
	To        []string  `json:"to"` // bare addresses as the letter was filed for, from the envelope
	Subject   string    `json:"subject"`
	Text      string    `json:"text"`
	HTML      string    `json:"html"`
	At        time.Time `json:"at"` // when it was taken, UTC
	MessageID string    `json:"-"`
}

// SinkConfig describes a sink.
type SinkConfig struct {
	Addr string // 127.0.0.1:0 when empty
	File string // JSON lines; what they hold is there again after a restart. "" keeps nothing
	Keep int    // mails kept, 1000 when 0
	Now  func() time.Time
}

// Sink is an SMTP server that keeps mail instead of delivering it, for the demo and for tests.
type Sink struct {
	config   SinkConfig
	server   *smtp.Server
	listener net.Listener
	done     chan struct{}

	mu      sync.Mutex
	mails   []Captured // oldest first
	lines   int        // in the file
	changed chan struct{}
}

// OpenSink starts a sink on a loopback address.
func OpenSink(c SinkConfig) (*Sink, error) {
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	if c.Keep == 0 {
		c.Keep = 1000
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Sink{config: c, done: make(chan struct{}), changed: make(chan struct{})}
	if c.File != "" {
		if err := s.load(); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return nil, fmt.Errorf("mail sink: %w", err)
	}
	s.listener = listener
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{sink: s}, nil }))
	s.server.Domain = "localhost"
	s.server.EnableSMTPUTF8 = true
	s.server.MaxMessageBytes = maxMessage
	s.server.ReadTimeout = time.Minute
	s.server.WriteTimeout = time.Minute
	s.server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	go func() {
		defer close(s.done)
		_ = s.server.Serve(listener)
	}()
	return s, nil
}

// SMTP are the settings that deliver into the sink.
func (s *Sink) SMTP(from string) SMTP {
	addr := s.listener.Addr().(*net.TCPAddr)
	return SMTP{Host: addr.IP.String(), Port: addr.Port, TLS: "none", From: from}
}

// Messages lists captured mail, newest first; never nil, so that its JSON is a list.
func (s *Sink) Messages() []Captured {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Captured, 0, len(s.mails))
	for _, m := range slices.Backward(s.mails) {
		out = append(out, m)
	}
	return out
}

// Wait returns the newest mail that matches, waiting for one until ctx ends.
func (s *Sink) Wait(ctx context.Context, match func(Captured) bool) (Captured, error) {
	for {
		s.mu.Lock()
		changed := s.changed
		for _, m := range slices.Backward(s.mails) {
			if match(m) {
				s.mu.Unlock()
				return m, nil
			}
		}
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return Captured{}, fmt.Errorf("mail sink: no such mail: %w", ctx.Err())
		}
	}
}

// Close stops the server; mails stay readable.
func (s *Sink) Close() error {
	err := s.server.Close()
	_ = s.listener.Close() // the server does not know it yet when Serve has not begun
	<-s.done
	if errors.Is(err, smtp.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return err
}

// session is one SMTP dialogue.
type session struct {
	sink *Sink
	to   []string
}

func (x *session) Reset()        { x.to = nil }
func (x *session) Logout() error { return nil }

func (x *session) Mail(string, *smtp.MailOptions) error {
	x.to = nil
	return nil
}

func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	x.to = append(x.to, to)
	return nil
}

func (x *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := parseMessage(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "not a readable message"}
	}
	m.To, m.At = slices.Clone(x.to), x.sink.config.Now().UTC()
	return x.sink.add(m)
}

func (s *Sink) add(m Captured) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.config.File != "" {
		if err := s.store(m); err != nil {
			return fmt.Errorf("mail sink: %w", err)
		}
	}
	s.mails = append(s.mails, m)
	if extra := len(s.mails) - s.config.Keep; extra > 0 {
		s.mails = slices.Delete(s.mails, 0, extra)
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

// store appends a line; the file is written anew when it holds twice what is kept.
func (s *Sink) store(m Captured) error {
	if s.lines >= 2*s.config.Keep {
		if err := s.rewrite(); err != nil {
			return err
		}
	}
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(s.config.File, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	s.lines++
	return errors.Join(err, file.Close())
}

func (s *Sink) rewrite() error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	for _, m := range s.mails {
		if err := enc.Encode(m); err != nil {
			return err
		}
	}
	tmp := s.config.File + ".new"
	if err := os.WriteFile(tmp, text.Bytes(), 0o600); err != nil {
		return err
	}
	s.lines = len(s.mails)
	return os.Rename(tmp, s.config.File)
}

// load reads the file; a last line that a crash cut short is left out.
func (s *Sink) load() error {
	if err := os.MkdirAll(filepath.Dir(s.config.File), 0o700); err != nil {
		return fmt.Errorf("mail sink: %w", err)
	}
	file, err := os.Open(s.config.File)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("mail sink: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 4*maxMessage)
	for lines.Scan() {
		var m Captured
		if strings.TrimSpace(lines.Text()) == "" || json.Unmarshal(lines.Bytes(), &m) != nil {
			continue
		}
		s.mails = append(s.mails, m)
		if len(s.mails) > s.config.Keep {
			s.mails = slices.Delete(s.mails, 0, 1)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("mail sink: %s: %w", s.config.File, err)
	}
	// A file that ends in half a line must not swallow the next one.
	return s.rewrite()
}
