package mail

import "testing"

func FuzzParseMessage(f *testing.F) {
	f.Add([]byte("Subject: Hi\n\nHello\n"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=A\n\n--A\nContent-Type: text/html; charset=x\n\nx\n--A--\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if m, err := parseMessage(raw); err != nil && (m.Text != "" || m.Subject != "") {
			t.Error("a message and an error")
		}
	})
}
