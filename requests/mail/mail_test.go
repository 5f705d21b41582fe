package mail_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"habeas/requests/mail"
	"habeas/requests/seal"
	"habeas/requests/testkit"
)

const from = "Acme Outdoor <privacy@acme.example>"

type bundle struct {
	pool   *pgxpool.Pool
	key    seal.Key
	sink   *mail.Sink
	outbox *mail.Outbox
	clock  *testkit.Clock

	mu   sync.Mutex
	sent []mail.Sent
}

func setup(t *testing.T) *bundle {
	t.Helper()
	key, _, err := testkit.Ring(t).NewKey()
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle{pool: testkit.DB(t), key: key, sink: openSink(t, mail.SinkConfig{}), clock: testkit.NewClock(time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC))}
	b.outbox = &mail.Outbox{
		Pool: b.pool, SMTP: b.sink.SMTP(from), Now: b.clock.Now, Log: slog.New(slog.DiscardHandler),
		KeyOf: func(context.Context, string) (seal.Key, error) { return key, nil },
		OnSent: func(_ context.Context, _ pgx.Tx, s mail.Sent) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.sent = append(b.sent, s)
			return nil
		},
	}
	return b
}

func openSink(t *testing.T, c mail.SinkConfig) *mail.Sink {
	t.Helper()
	sink, err := mail.OpenSink(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sink.Close(); err != nil {
			t.Error(err)
		}
	})
	return sink
}

func letter() mail.Letter {
	return mail.Letter{
		ID: uuid.NewString(), Case: uuid.NewString(), Kind: "ack", Locale: "en", Version: "v1", To: "Maria.Keller@mail.example",
		Subject: "Your request – Größe", Text: "Dear María,\n\nYour code is 123456.\n.\nA long line " + strings.Repeat("word ", 40) + "\n",
		HTML: "<!doctype html><html lang=\"en\"><p>Dear María, a = b &amp; c</p></html>\n",
	}
}

func (b *bundle) enqueue(t *testing.T, l mail.Letter) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error { return mail.Enqueue(t.Context(), tx, b.key, l) })
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bundle) deliver(t *testing.T, want int) {
	t.Helper()
	n, err := b.outbox.Deliver(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n != want {
		t.Fatalf("delivered %d letters, want %d", n, want)
	}
}

type row struct {
	status   string
	attempts int
	code     int
	sealed   []byte
	message  string
}

func (b *bundle) row(t *testing.T, id string) row {
	t.Helper()
	var r row
	err := b.pool.QueryRow(t.Context(), `select status, attempts, code, sealed, message_id from outbox where id = $1`, id).
		Scan(&r.status, &r.attempts, &r.code, &r.sealed, &r.message)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDeliver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := letter()
	b.enqueue(t, l)
	if sealed := b.row(t, l.ID).sealed; strings.Contains(string(sealed), "Keller") {
		t.Fatal("the address stands in the outbox in the clear")
	}
	b.deliver(t, 1)
	b.deliver(t, 0)
	got := b.sink.Messages()
	if len(got) != 1 {
		t.Fatalf("%d mails", len(got))
	}
	if m := got[0]; m.Subject != l.Subject || m.Text != l.Text || m.HTML != l.HTML || len(m.To) != 1 || m.To[0] != l.To {
		t.Errorf("arrived changed: %+v", m)
	}
	if want := l.ID + "@acme.example"; got[0].MessageID != want {
		t.Errorf("Message-ID %q, want %q", got[0].MessageID, want)
	}
	want := mail.Sent{ID: l.ID, Case: l.Case, Kind: "ack", Locale: "en", Version: "v1", At: b.clock.Now(), Digest: b.key.Digest("letter", l.ID, l.To, l.Subject, l.Text, l.HTML)}
	if len(b.sent) != 1 || b.sent[0] != want {
		t.Errorf("hook got %+v, want %+v", b.sent, want)
	}
	if r := b.row(t, l.ID); r.status != "sent" || r.attempts != 1 || len(r.sealed) == 0 {
		t.Errorf("row %+v", r)
	}
	copied, err := mail.Read(t.Context(), b.pool, b.key, l.ID)
	if err != nil || copied.Text != l.Text || copied.To != l.To || copied.Kind != "ack" {
		t.Errorf("copy as sent: %+v, %v", copied, err)
	}
}

func TestManyLettersOnceEach(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const n = 45
	for range n {
		b.enqueue(t, letter())
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := b.outbox.Deliver(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := map[string]int{}
	for _, m := range b.sink.Messages() {
		seen[m.MessageID]++
	}
	if len(seen) != n || len(b.sink.Messages()) != n || len(b.sent) != n {
		t.Errorf("%d mails of %d letters, %d marks, want %d", len(b.sink.Messages()), len(seen), len(b.sent), n)
	}
}

func TestRolledBackLetterDoesNotGo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	no := errors.New("no")
	err := pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
		if err := mail.Enqueue(t.Context(), tx, b.key, letter()); err != nil {
			t.Fatal(err)
		}
		return no
	})
	if !errors.Is(err, no) {
		t.Fatal(err)
	}
	b.deliver(t, 0)
}

func TestServerAway(t *testing.T) {
	t.Parallel()
	b := setup(t)
	good := b.outbox.SMTP
	gone := openSink(t, mail.SinkConfig{})
	b.outbox.SMTP = gone.SMTP(from)
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	l := letter()
	b.enqueue(t, l)
	b.deliver(t, 0)
	if r := b.row(t, l.ID); r.status != "due" || r.attempts != 1 {
		t.Fatalf("row %+v", r)
	}
	b.outbox.SMTP = good
	b.deliver(t, 0) // not before its time
	b.clock.Add(6 * time.Second)
	b.deliver(t, 1)
	if r := b.row(t, l.ID); r.status != "sent" || r.attempts != 2 {
		t.Errorf("row %+v", r)
	}
}

func TestLeaseOfACrashedProcess(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := letter()
	b.enqueue(t, l)
	if _, err := b.pool.Exec(t.Context(), `update outbox set attempts = 1, message_id = 'first@old.example', lease_until = $1`, b.clock.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	b.deliver(t, 0)
	b.clock.Add(2 * time.Minute)
	b.deliver(t, 1)
	if m := b.sink.Messages(); m[0].MessageID != "first@old.example" {
		t.Errorf("Message-ID changed to %q", m[0].MessageID)
	}
}

func TestMarkFailsButLetterGoesOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	hook := b.outbox.OnSent
	b.outbox.OnSent = func(context.Context, pgx.Tx, mail.Sent) error { return errors.New("conflict") }
	l := letter()
	b.enqueue(t, l)
	if _, err := b.outbox.Deliver(t.Context()); err == nil {
		t.Fatal("a failed mark was not told")
	}
	at := b.clock.Now()
	b.outbox.OnSent = hook
	b.clock.Add(time.Minute)
	b.deliver(t, 1)
	if len(b.sink.Messages()) != 1 || len(b.sent) != 1 || !b.sent[0].At.Equal(at) {
		t.Errorf("%d mails, marks %+v", len(b.sink.Messages()), b.sent)
	}
}

func TestGivenUp(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reply   string // to RCPT
		keyOf   error
		status  string
		code    int
		noEvent bool
	}{
		"no such mailbox":  {reply: "550 5.1.1 <maria.keller@mail.example> unknown", status: "failed", code: 550},
		"greylisted":       {reply: "451 4.7.1 try later", status: "due", code: 451},
		"asks for sign-in": {reply: "530 5.7.0 authentication required", status: "due", code: 530},
		"key destroyed":    {keyOf: mail.ErrNoKey, status: "failed"},
		"database away":    {keyOf: errors.New("away"), status: "due"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			var log strings.Builder
			b.outbox.Log = slog.New(slog.NewTextHandler(&log, nil))
			if tc.reply != "" {
				b.outbox.SMTP = refusing(t, tc.reply)
			}
			if tc.keyOf != nil {
				b.outbox.KeyOf = func(context.Context, string) (seal.Key, error) { return seal.Key{}, tc.keyOf }
			}
			failed := 0
			b.outbox.OnFailed = func(_ context.Context, _ pgx.Tx, s mail.Sent, code int) error {
				if code != tc.code {
					t.Errorf("hook got code %d", code)
				}
				failed++
				return nil
			}
			l := letter()
			b.enqueue(t, l)
			b.deliver(t, 0)
			if r := b.row(t, l.ID); r.status != tc.status || r.code != tc.code {
				t.Errorf("row %+v", r)
			}
			if want := map[string]int{"failed": 1}[tc.status]; failed != want {
				t.Errorf("hook ran %d times, want %d", failed, want)
			}
			if strings.Contains(strings.ToLower(log.String()), "keller") {
				t.Errorf("the log names the person: %s", &log)
			}
			b.clock.Add(24 * time.Hour)
			n, err := b.outbox.Deliver(t.Context())
			if err != nil || n != 0 {
				t.Errorf("%d, %v", n, err)
			}
			if r := b.row(t, l.ID); tc.status == "due" && r.attempts != 2 || tc.status == "failed" && r.attempts != 1 {
				t.Errorf("later: %+v", r)
			}
		})
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l, waiting := letter(), letter()
	waiting.Case = l.Case
	b.enqueue(t, l)
	b.deliver(t, 1)
	b.enqueue(t, waiting)
	if err := pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error { return mail.Forget(t.Context(), tx, l.Case) }); err != nil {
		t.Fatal(err)
	}
	b.deliver(t, 0)
	if r := b.row(t, l.ID); r.sealed != nil || r.status != "sent" {
		t.Errorf("sent: %+v", r)
	}
	if r := b.row(t, waiting.ID); r.sealed != nil || r.status != "failed" {
		t.Errorf("waiting: %+v", r)
	}
	if _, err := mail.Read(t.Context(), b.pool, b.key, l.ID); !errors.Is(err, mail.ErrNoKey) {
		t.Errorf("read: %v", err)
	}
	list, err := mail.List(t.Context(), b.pool, l.Case)
	if err != nil || len(list) != 2 || list[0].ID != l.ID || list[0].Status != "sent" || list[0].Sent == nil || list[1].Sent != nil || list[1].Status != "failed" {
		t.Errorf("list %+v, %v", list, err)
	}
}

// TestRun waits for nothing but the notification: the clock of its outbox is real, the poll 15 s.
func TestRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.outbox.Now = nil
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.outbox.Run(ctx) }()
	for range 3 {
		l := letter()
		began := time.Now()
		b.enqueue(t, l)
		wait, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, err := b.sink.Wait(wait, func(m mail.Captured) bool { return strings.HasPrefix(m.MessageID, l.ID) })
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("mail took %v", took)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestRunSurvivesItsConnection cuts Run off from the database; the next letter goes out all the same.
func TestRunSurvivesItsConnection(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.outbox.Now = nil
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.outbox.Run(ctx) }()
	for range 2 {
		l := letter()
		b.enqueue(t, l)
		wait, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, err := b.sink.Wait(wait, func(m mail.Captured) bool { return strings.HasPrefix(m.MessageID, l.ID) })
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.pool.Exec(t.Context(), `
			select pg_terminate_backend(pid) from pg_stat_activity
			where datname = current_database() and pid <> pg_backend_pid()`); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		token := mail.Token()
		if len(token) != 28 || strings.Trim(token, "abcdefghijklmnopqrstuvwxyz") != "" || seen[token] {
			t.Fatalf("token %q", token)
		}
		seen[token] = true
	}
}

func TestSMTPCheck(t *testing.T) {
	t.Parallel()
	good := mail.SMTP{Host: "mail.example", Port: 587, From: from}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*mail.SMTP){
		"host":     func(s *mail.SMTP) { s.Host = "" },
		"port":     func(s *mail.SMTP) { s.Port = 0 },
		"tls":      func(s *mail.SMTP) { s.TLS = "maybe" },
		"from":     func(s *mail.SMTP) { s.From = "Acme" },
		"password": func(s *mail.SMTP) { s.User = "acme" },
	} {
		s := good
		change(&s)
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestEnqueueRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, change := range map[string]func(*mail.Letter){
		"no id":        func(l *mail.Letter) { l.ID = "1" },
		"no case":      func(l *mail.Letter) { l.Case = "" },
		"no kind":      func(l *mail.Letter) { l.Kind = "" },
		"no text":      func(l *mail.Letter) { l.Text = "" },
		"no HTML":      func(l *mail.Letter) { l.HTML = "" },
		"subject line": func(l *mail.Letter) { l.Subject = "Hello\r\nBcc: all@mail.example" },
		"two people":   func(l *mail.Letter) { l.To = "a@mail.example, b@mail.example" },
	} {
		l := letter()
		change(&l)
		err := pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error { return mail.Enqueue(t.Context(), tx, b.key, l) })
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	b.deliver(t, 0)
}

func TestCheckAddress(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"maria@mail.example": true, "Maria.Keller+x@Mail.Example": true, "o'hara@mail.example": true, "jürgen@mail.example": true, "a@localhost": true,
		"": false, "maria": false, "@mail.example": false, "maria@": false, "Maria <maria@mail.example>": false, "<maria@mail.example>": false,
		"maria@mail.example\r\nBcc: x@mail.example": false, "maria@mail.example\n": false, " maria@mail.example": false, "a@b@mail.example": false,
		"maria@mail.example,x@mail.example": false, "maria@[127.0.0.1]": false, `"a b"@mail.example`: false, "maria(x)@mail.example": false,
		"maria@mail.example.": false, "a\u2028b@mail.example": false, "a\u200bb@mail.example": false, "a\xff@mail.example": false,
		strings.Repeat("a", 250) + "@mail.example": false,
	} {
		if err := mail.CheckAddress(address); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func FuzzCheckAddress(f *testing.F) {
	f.Add("maria@mail.example")
	f.Add("a@b\r\nc")
	f.Fuzz(func(t *testing.T, address string) {
		if mail.CheckAddress(address) == nil && strings.ContainsAny(address, "\r\n<> ,;\x00") {
			t.Errorf("accepted %q", address)
		}
	})
}
