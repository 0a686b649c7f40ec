package alert_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/mailtest"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/alert"
)

func letter() *monitor.Message {
	return &monitor.Message{
		Route: "mail:ops@example.org", ID: "firing.0123@example.org", Answers: "firing.0000@example.org",
		Subject: "[interlace] critical: hot_loop on imap3", Body: "Zürich\n.\n  command --with 'words'\n", Made: time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC),
	}
}

func routeTo(r *mailtest.Relay) *alert.Mail {
	return &alert.Mail{Relay: r.Address, From: "interlace@example.org", To: "ops@example.org", Roots: r.Roots}
}

func TestMail(t *testing.T) {
	r := mailtest.Run(t)
	if err := routeTo(r).Deliver(context.Background(), letter()); err != nil {
		t.Fatal(err)
	}
	got := r.Received()
	if len(got) != 1 || r.InClear() {
		t.Fatalf("%d mails, in the clear: %v", len(got), r.InClear())
	}
	m, err := mail.ReadMessage(strings.NewReader(got[0]))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Message-Id": "<firing.0123@example.org>", "In-Reply-To": "<firing.0000@example.org>", "References": "<firing.0000@example.org>",
		"Auto-Submitted": "auto-generated", "List-Id": "interlace alerts <interlace.example.org>", "From": "<interlace@example.org>", "To": "<ops@example.org>",
		"Subject": "[interlace] critical: hot_loop on imap3", "User-Agent": "", "X-Mailer": "", "Date": "Sun, 01 Nov 2026 09:00:00 +0000",
		"Content-Type": "text/plain; charset=UTF-8",
	} {
		if got := strings.Join(m.Header[name], "|"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if want := letter().Body; err != nil || strings.TrimSpace(strings.ReplaceAll(string(body), "\r\n", "\n")) != strings.TrimSpace(want) {
		t.Errorf("body %q, error %v, want %q", body, err, want)
	}
}

// TestMailHostile sends texts that would like to be headers.
func TestMailHostile(t *testing.T) {
	r := mailtest.Run(t)
	m := letter()
	m.Subject = "a\r\nBcc: all@example.org\x00\x1b[2J\u202e " + strings.Repeat("ü", 200)
	m.Body = "a\r\n.\r\nMAIL FROM:<x@example.org>\r\n"
	if err := routeTo(r).Deliver(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	got := r.Received()
	if len(got) != 1 {
		t.Fatalf("%d mails", len(got))
	}
	parsed, err := mail.ReadMessage(strings.NewReader(got[0]))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	if err != nil || len(subject) > 120 || strings.ContainsAny(subject, "\r\n\x00\x1b\u202e") || parsed.Header.Get("Bcc") != "" {
		t.Errorf("subject %q, %v, header %v", subject, err, parsed.Header)
	}
}

func TestMailFailures(t *testing.T) {
	for name, test := range map[string]struct {
		relay   func(*mailtest.Relay)
		mail    func(*alert.Mail)
		refused bool
		text    string
		taken   int
	}{
		"later":                        {relay: func(r *mailtest.Relay) { r.Says["."] = "451 greylisted" }, text: "greylisted"},
		"later, at the sender":         {relay: func(r *mailtest.Relay) { r.Says["MAIL"] = "421 too busy" }, text: "too busy"},
		"never":                        {relay: func(r *mailtest.Relay) { r.Says["RCPT"] = "550 no such user" }, refused: true, text: "no such user"},
		"never, after the message":     {relay: func(r *mailtest.Relay) { r.Says["."] = "554 spam" }, refused: true, text: "spam"},
		"not at all":                   {relay: func(r *mailtest.Relay) { r.Says["greeting"] = "554 go away" }, text: "go away"},
		"cut before the answer":        {relay: func(r *mailtest.Relay) { r.Cut = true }, text: "EOF", taken: 1},
		"silent":                       {relay: func(r *mailtest.Relay) { r.Stall = true }, text: "call"},
		"slow":                         {relay: func(r *mailtest.Relay) { r.Slow = 2 * time.Second }, text: "", taken: 1},
		"starttls is stripped":         {relay: func(r *mailtest.Relay) { r.Plain = true }, text: "STARTTLS"},
		"a certificate of nobody":      {relay: func(r *mailtest.Relay) { r.Roots = nil }, text: "certificate"},
		"wrong password":               {relay: func(r *mailtest.Relay) { r.Says["AUTH"] = "535 no" }, mail: func(m *alert.Mail) { m.User, m.Password = "u", "geheim" }, text: "535"},
		"none, far away":               {mail: func(m *alert.Mail) { m.TLS, m.Relay = "none", "192.0.2.1:25" }, text: "in the clear"},
		"a policy that does not exist": {mail: func(m *alert.Mail) { m.TLS = "maybe" }, text: "maybe"},
		"an address with a header":     {mail: func(m *alert.Mail) { m.To = "a@example.org\r\nBcc: b@example.org" }, text: "not a mail address"},
		"nobody listens":               {mail: func(m *alert.Mail) { m.Relay = "127.0.0.1:1" }, text: "call 127.0.0.1:1: connect: connection refused"},
		"no port":                      {mail: func(m *alert.Mail) { m.Relay = "relay" }, text: "HOST:PORT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := mailtest.Run(t)
			if test.relay != nil {
				r.Set(func() { test.relay(r) })
			}
			route := routeTo(r)
			if test.mail != nil {
				test.mail(route)
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			began := time.Now()
			err := route.Deliver(ctx, letter())
			var refusal *alert.Refusal
			if err == nil || errors.As(err, &refusal) != test.refused || !strings.Contains(err.Error(), test.text) || strings.Contains(err.Error(), "geheim") {
				t.Errorf("got %v, refused for good: %v", err, errors.As(err, &refusal))
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
			if got := len(r.Received()); got != test.taken {
				t.Errorf("%d mails", got)
			}
		})
	}
}

// TestMailTaken checks what is no failure: a line that is cut after the relay's
// word, and a RSET that it does not like.
func TestMailTaken(t *testing.T) {
	for name, test := range map[string]struct {
		relay func(*mailtest.Relay)
		mail  func(*alert.Mail)
	}{
		"cut after the answer": {relay: func(r *mailtest.Relay) { r.CutAfter = true }},
		"no RSET":              {relay: func(r *mailtest.Relay) { r.Says["RSET"] = "500 what" }},
		"TLS at once":          {relay: func(r *mailtest.Relay) { r.Implicit = true }, mail: func(m *alert.Mail) { m.TLS = "tls" }},
		"none":                 {relay: func(r *mailtest.Relay) { r.Plain = true }, mail: func(m *alert.Mail) { m.TLS = "none" }},
		"a password":           {mail: func(m *alert.Mail) { m.User, m.Password = "u", "geheim" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := mailtest.Run(t)
			if test.relay != nil {
				r.Set(func() { test.relay(r) })
			}
			route := routeTo(r)
			if test.mail != nil {
				test.mail(route)
			}
			if err := route.Deliver(context.Background(), letter()); err != nil || len(r.Received()) != 1 {
				t.Errorf("%d mails, error %v", len(r.Received()), err)
			}
		})
	}
}

// A relay that cannot be reached is no refusal, and nothing worse.
func TestMailWithoutARelay(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	m := &alert.Mail{Relay: address, From: "interlace@example.org", To: "ops@example.org", TLS: alert.NoTLS}
	err = m.Deliver(t.Context(), &monitor.Message{Number: 1, ID: "1@example.org", Subject: "s", Body: "b"})
	var refusal *alert.Refusal
	if err == nil || errors.As(err, &refusal) {
		t.Errorf("got %v", err)
	}
}
