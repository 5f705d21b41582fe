package mail_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"habeas/requests/mail"
)

// refusing is an SMTP server that gives every RCPT the same answer.
func refusing(t *testing.T, reply string) mail.SMTP {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answer(conn, reply)
		}
	}()
	return mail.SMTP{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, TLS: "none", From: from}
}

func answer(conn net.Conn, reply string) {
	defer conn.Close()
	fmt.Fprint(conn, "220 peer.test\r\n")
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		verb, _, _ := strings.Cut(strings.ToUpper(lines.Text()), " ")
		switch verb {
		case "RCPT":
			fmt.Fprintf(conn, "%s\r\n", reply)
		case "QUIT":
			fmt.Fprint(conn, "221 bye\r\n")
			return
		default:
			fmt.Fprint(conn, "250 ok\r\n")
		}
	}
}

// raw sends a message as it stands over a plain SMTP dialogue and returns the last answer.
func raw(t *testing.T, s *mail.Sink, message string) string {
	t.Helper()
	to := s.SMTP(from)
	conn, err := net.Dial("tcp", net.JoinHostPort(to.Host, strconv.Itoa(to.Port)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	say := func(line string) string {
		if line != "" {
			fmt.Fprintf(conn, "%s\r\n", line)
		}
		answer, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	say("")
	say("HELO test")
	say("MAIL FROM:<shop@acme.example>")
	say("RCPT TO:<Maria@Mail.example>")
	say("RCPT TO:<ben@mail.example>")
	say("DATA")
	return say(strings.ReplaceAll(message, "\n", "\r\n") + ".")
}

func TestSinkParses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ message, subject, text, html string }{
		"bare": {"Subject: Hi\n\nHello\n", "Hi", "Hello\n", ""},
		"nested": {
			"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=A\n\n" +
				"--A\nContent-Type: multipart/alternative; boundary=B\n\n" +
				"--B\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe, Mar=\n=EDa\n" +
				"--B\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\nPHA+SGVsbG88L3A+\n--B--\n" +
				"--A\nContent-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\nnot the text\n--A--\n",
			"Grüße", "Grüße, María", "<p>Hello</p>",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openSink(t, mail.SinkConfig{})
			if got := raw(t, s, tc.message); !strings.HasPrefix(got, "250") {
				t.Fatal(got)
			}
			m := s.Messages()[0]
			if m.Subject != tc.subject || m.Text != tc.text || m.HTML != tc.html {
				t.Errorf("%+v", m)
			}
			if len(m.To) != 2 || m.To[0] != "Maria@Mail.example" {
				t.Errorf("to %v", m.To)
			}
		})
	}
	s := openSink(t, mail.SinkConfig{})
	if got := raw(t, s, "Content-Type: multipart/mixed\n\nx\n"); !strings.HasPrefix(got, "554") {
		t.Errorf("broken MIME: %s", got)
	}
	if text, err := json.Marshal(s.Messages()); err != nil || string(text) != "[]" {
		t.Errorf("%s, %v", text, err)
	}
}

func TestSinkKeepsAcrossRestarts(t *testing.T) {
	t.Parallel()
	c := mail.SinkConfig{File: filepath.Join(t.TempDir(), "mail", "mail.jsonl"), Keep: 3}
	s := openSink(t, c)
	for i := range 8 {
		raw(t, s, fmt.Sprintf("Subject: mail %d\n\nx\n", i))
	}
	before, err := json.Marshal(s.Messages())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(c.File, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"to":["cut sho`); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	again := openSink(t, c)
	after, err := json.Marshal(again.Messages())
	if err != nil || string(after) != string(before) || len(again.Messages()) != 3 || again.Messages()[0].Subject != "mail 7" {
		t.Errorf("before %s\nafter  %s, %v", before, after, err)
	}
	raw(t, again, "Subject: mail 8\n\nx\n")
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if got := openSink(t, c).Messages(); len(got) != 3 || got[0].Subject != "mail 8" {
		t.Errorf("%+v", got)
	}
	info, err := os.Stat(c.File)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}
