package mail

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// maxDepth bounds multiparts within multiparts.
const maxDepth = 8

// parseMessage reads an RFC 5322 message: subject, Message-ID, and the first text and HTML part that
// are not attachments, decoded to UTF-8 with \n line ends.
func parseMessage(raw []byte) (Captured, error) {
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Captured{}, fmt.Errorf("mail: parse: %w", err)
	}
	words := mime.WordDecoder{CharsetReader: charsetReader}
	subject, err := words.DecodeHeader(msg.Header.Get("Subject"))
	if err != nil {
		return Captured{}, fmt.Errorf("mail: parse: subject: %w", err)
	}
	m := Captured{Subject: subject, MessageID: strings.Trim(msg.Header.Get("Message-Id"), "<>")}
	if err := m.part(textproto.MIMEHeader(msg.Header), msg.Body, 0); err != nil {
		return Captured{}, fmt.Errorf("mail: parse: %w", err)
	}
	return m, nil
}

// part takes in one MIME part and what is nested in it.
func (m *Captured) part(header textproto.MIMEHeader, body io.Reader, depth int) error {
	if depth > maxDepth {
		return errors.New("parts are nested too deeply")
	}
	kind := header.Get("Content-Type")
	if kind == "" {
		kind = "text/plain; charset=us-ascii"
	}
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		return err
	}
	if strings.HasPrefix(media, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := m.part(p.Header, p, depth+1); err != nil {
				return err
			}
		}
	}
	disposition, _, _ := mime.ParseMediaType(header.Get("Content-Disposition"))
	if disposition == "attachment" || (media != "text/plain" && media != "text/html") {
		return nil
	}
	text, err := decode(header.Get("Content-Transfer-Encoding"), params["charset"], body)
	if err != nil {
		return err
	}
	switch {
	case media == "text/plain" && m.Text == "":
		m.Text = text
	case media == "text/html" && m.HTML == "":
		m.HTML = text
	}
	return nil
}

func decode(encoding, charset string, body io.Reader) (string, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "", "7bit", "8bit", "binary":
	default:
		return "", errors.New("unknown transfer encoding")
	}
	body, err := charsetReader(charset, body)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return "", err
	}
	return strings.ReplaceAll(strings.ToValidUTF8(string(text), "\uFFFD"), "\r\n", "\n"), nil
}

func charsetReader(charset string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "", "utf-8", "us-ascii":
		return r, nil
	}
	enc, err := htmlindex.Get(charset)
	if err != nil {
		return nil, fmt.Errorf("unknown charset: %w", err)
	}
	return enc.NewDecoder().Reader(r), nil
}
