package cyrus_test

import (
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
)

// TestManyChangesInAnOpenMailbox asks for little on a connection on which a mailbox is
// open, all messages of which somebody changes meanwhile.
func TestManyChangesInAnOpenMailbox(t *testing.T) {
	fleet, in := one(t, cyrustest.Settings{}, cyrustest.Mailbox{Name: "user.anna", Messages: 1})
	fill := []string{"SELECT INBOX"}
	for range 12 {
		fill = append(fill, "COPY 1:* INBOX", "NOOP")
	}
	const large = 300_000
	play(t, fleet, in, "anna", append(fill, "APPEND INBOX "+cyrustest.Literal("Subject: large\r\n\r\n"+strings.Repeat("x\r\n", large/3)))...)
	flag := func(name string) {
		play(t, fleet, in, "anna", "SELECT INBOX", "STORE 1:* FLAGS.SILENT ($"+name+strings.Repeat("x", 80)+")")
	}
	o := admin(fleet, in)
	o.As = "anna"
	c, ctx := dial(t, o), within(t, time.Minute)
	var last uint32
	for m, err := range c.Messages(ctx, "INBOX") {
		if err != nil {
			t.Fatal(err)
		}
		last = m.UID
	}
	flag("noop")
	if err := c.Noop(ctx); err != nil {
		t.Error(err)
	}
	changing := changer{func() { flag("body") }}
	if _, err := c.Body(ctx, "INBOX", last, changing); err != nil {
		t.Error(err)
	}
}

// changer changes something as soon as something is written to it.
type changer struct{ change func() }

func (c changer) Write(text []byte) (int, error) {
	c.change()
	return len(text), nil
}
