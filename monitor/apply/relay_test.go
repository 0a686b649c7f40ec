package apply_test

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// relay delivers mail to users all the time, to where they are routed, as a mail relay
// does: what is put off is tried again, and what is refused bounces.
type relay struct {
	op    *operator
	users []string

	mu      sync.Mutex
	sent    map[string]string // messages by their words, that were accepted
	written map[string]string // likewise, that a user's client has stored
	bounced []string
	putOff  int // attempts
}

// run delivers until the context ends, and then what is left.
func (r *relay) run(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		user := r.users[n%len(r.users)]
		word := fmt.Sprintf("mail-%d-to-%s", n, user)
		text := fmt.Sprintf("From: <sender@example.org>\r\nTo: <%s@example.org>\r\nMessage-ID: <%s@example.org>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nSubject: %s\r\n\r\nHello %s.\r\n", user, word, word, word)
		for !r.deliver(user, word, text) {
			time.Sleep(50 * time.Millisecond)
		}
		time.Sleep(30 * time.Millisecond)
	}
}

// deliver tries once, and reports whether that was the last try.
func (r *relay) deliver(user, word, text string) bool {
	err := lmtp(r.op.serves(user), user, text)
	r.mu.Lock()
	defer r.mu.Unlock()
	var refusal *textproto.Error
	switch {
	case err == nil:
		r.sent[word] = text
		return true
	case errors.As(err, &refusal) && refusal.Code >= 500:
		r.bounced = append(r.bounced, fmt.Sprintf("%s: %v", word, err))
		return true
	}
	r.putOff++
	return false
}

// lmtp delivers one message (RFC 2033).
func lmtp(in *cyrustest.Instance, user, text string) error {
	if in == nil {
		return errors.New("there is no such instance")
	}
	c, err := textproto.Dial("tcp", in.LMTP)
	if err != nil {
		return err
	}
	defer c.Close()
	ask := func(code int, line string) error {
		if line != "" {
			if err := c.PrintfLine("%s", line); err != nil {
				return err
			}
		}
		_, _, err := c.ReadResponse(code)
		return err
	}
	for _, step := range []struct {
		code int
		line string
	}{{220, ""}, {250, "LHLO relay.example.org"}, {250, "MAIL FROM:<sender@example.org>"}, {250, "RCPT TO:<" + user + ">"}, {354, "DATA"}} {
		if err := ask(step.code, step.line); err != nil {
			return err
		}
	}
	w := c.DotWriter()
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return ask(250, "")
}

// client is a user's: it is connected all the time, and stores messages.
func (r *relay) client(ctx context.Context, user string) {
	var c *cyrustest.Conn
	for n := 0; ctx.Err() == nil; n++ {
		if c == nil {
			if in := r.op.serves(user); in != nil {
				c, _ = in.DialAs(context.WithoutCancel(ctx), user)
			}
		}
		if c == nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		word := fmt.Sprintf("draft-%d-of-%s", n, user)
		text := fmt.Sprintf("From: <%s@example.org>\r\nSubject: %s\r\n\r\nA draft.\r\n", user, word)
		if _, err := c.Do("APPEND INBOX " + cyrustest.Literal(text)); err != nil {
			c = nil
			continue
		}
		r.mu.Lock()
		r.written[word] = text
		r.mu.Unlock()
		time.Sleep(60 * time.Millisecond)
	}
	if c != nil {
		c.Close()
	}
}

// start delivers and stores until the returned function is called.
func (r *relay) start(t *testing.T) (stop func()) {
	r.sent, r.written = map[string]string{}, map[string]string{}
	ctx, cancel := context.WithCancel(t.Context())
	var going sync.WaitGroup
	going.Go(func() { r.run(ctx) })
	going.Go(func() { r.client(ctx, r.users[0]) })
	return func() { cancel(); going.Wait() }
}

// account fails where something that was accepted is not there, is not what was sent, or
// is there twice.
func (r *relay) account(t *testing.T) {
	t.Helper()
	if len(r.bounced) > 0 {
		t.Errorf("bounced: %v", r.bounced)
	}
	found := map[string]int{}
	for _, user := range r.users {
		for _, text := range r.stored(t, user) {
			_, rest, _ := strings.Cut(text, "Subject: ")
			word, _, _ := strings.Cut(rest, "\r\n")
			original := r.sent[word] + r.written[word]
			if original == "" || !strings.HasSuffix(text, original) {
				if !strings.HasPrefix(word, "message ") && !strings.HasPrefix(word, "draft-") {
					t.Errorf("%s has %q, which is not what was sent: %q", user, word, text)
				}
				continue // it was there before, or the client does not know whether it was stored
			}
			found[word]++
		}
	}
	for _, accepted := range []map[string]string{r.sent, r.written} {
		for word := range accepted {
			if found[word] != 1 {
				t.Errorf("%s is there %d times", word, found[word])
			}
		}
	}
	t.Logf("%d messages were delivered, %d attempts put off; %d were stored", len(r.sent), r.putOff, len(r.written))
}

// stored are the messages of a user where the user is routed.
func (r *relay) stored(t *testing.T, user string) []string {
	t.Helper()
	ctx := t.Context()
	c, err := cyrus.Dial(ctx, cyrus.Options{Address: r.op.serves(user).IMAP, User: cyrustest.AdminUser, Password: cyrus.Secret(r.op.fleet.Password), As: user, TLS: cyrus.None})
	must(t, err)
	defer c.Close()
	var uids []uint32
	for m, err := range c.Messages(ctx, "INBOX") {
		must(t, err)
		uids = append(uids, m.UID)
	}
	var texts []string
	for _, uid := range uids {
		var b strings.Builder
		_, err := c.Body(ctx, "INBOX", uid, &b)
		must(t, err)
		texts = append(texts, b.String())
	}
	return texts
}
