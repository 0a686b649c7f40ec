package cyrus_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// TestViewOfAUser checks in every arrangement of names that a user's view tells
// which mailboxes are meant, that asking for them by name shows the same, and what
// the user subscribed to, has seen and noted.
func TestViewOfAUser(t *testing.T) {
	for _, unix := range []bool{false, true} {
		for _, domains := range []bool{false, true} {
			t.Run(map[bool]string{false: "dots", true: "slashes"}[unix]+map[bool]string{false: "", true: " and domains"}[domains], func(t *testing.T) {
				t.Parallel()
				testView(t, unix, domains)
			})
		}
	}
}

func testView(t *testing.T, unix, domains bool) {
	settings, user, at, inDomain := cyrustest.Settings{UnixHierarchySep: unix, AltNamespace: unix}, "anna", "", ""
	if domains {
		settings.VirtDomains, user, at, inDomain = "userid", "anna@example.org", "@example.org", "example.org!"
	}
	outer := func(name string) string {
		if unix {
			name = strings.NewReplacer("^", ".", ".", "/").Replace(name)
		}
		return name + at
	}
	sees := []cyrustest.Right{{Identifier: user, Rights: "lrs"}}
	fleet, in := one(t, settings,
		cyrustest.Mailbox{Name: outer("user.anna"), Messages: 2}, cyrustest.Mailbox{Name: outer("user.anna.Work")}, cyrustest.Mailbox{Name: outer("user.anna.Work.Sp ace"), Messages: 1},
		cyrustest.Mailbox{Name: outer("user.jane^doe"), Messages: 3, ACL: sees}, cyrustest.Mailbox{Name: outer("user.jane^doe.Secret"), Messages: 3},
		cyrustest.Mailbox{Name: outer("user.jane^doe.Plans"), Messages: 3, ACL: sees}, cyrustest.Mailbox{Name: outer("team"), Messages: 1, ACL: sees},
	)
	change(t, in, "SETACL "+cyrustest.Literal(outer("user.jane^doe.Secret"))+" "+cyrustest.Literal(user)+` ""`)
	want := []cyrus.InternalName{"team", "user.anna", "user.anna.Work", "user.anna.Work.Sp ace", "user.jane^doe", "user.jane^doe.Plans"}
	for i := range want {
		want[i] = cyrus.InternalName(inDomain) + want[i]
	}

	o := admin(fleet, in)
	o.As, o.Domains = user, domains
	c := dial(t, o)
	ctx := within(t, 30*time.Second)
	play(t, fleet, in, user, "SUBSCRIBE INBOX", "SUBSCRIBE "+cyrustest.Literal(c.UserName(want[5])),
		"SELECT "+cyrustest.Literal(c.UserName(want[5])), `STORE 1 +FLAGS (\Seen)`,
		`SETMETADATA INBOX (/private/comment "mine")`)

	view, err := c.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var got []cyrus.InternalName
	for _, m := range view.Mailboxes {
		got = append(got, m.Internal)
		if c.UserName(m.Internal) != m.Name {
			t.Errorf("%q is %q inside, and that is shown as %q", m.Name, m.Internal, c.UserName(m.Internal))
		}
		if unseen := map[cyrus.InternalName]int64{want[5]: 2, want[4]: 3, want[0]: 1, want[1]: 2, want[3]: 1}[m.Internal]; m.Unseen != unseen || m.Status.UIDValidity == 0 {
			t.Errorf("%+v, want %d unseen", m, unseen)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the user sees %q, want %q", got, want)
	}
	if subscribed := []string{"INBOX", c.UserName(want[5])}; !slices.Equal(view.Subscriptions, subscribed) {
		t.Errorf("subscriptions %q, want %q", view.Subscriptions, subscribed)
	}
	named, err := c.ViewOf(ctx, append(slices.Clone(want), cyrus.InternalName(inDomain)+"user.jane^doe.Secret", "nowhere"))
	if err != nil || !slices.Equal(named.Mailboxes, view.Mailboxes) {
		t.Errorf("by name the user sees %+v, want %+v: %v", named, view, err)
	}

	for _, names := range [][]string{nil, {"INBOX", c.UserName(want[5]), "nowhere*"}} {
		own, err := c.Annotations(ctx, cyrus.PrivateScope, names...)
		if err != nil || !slices.Contains(own["INBOX"], cyrus.Annotation{Entry: "/private/comment", Value: "mine"}) {
			t.Errorf("annotations %+v: %v", own, err)
		}
	}
}

func TestBodyIsReadInPieces(t *testing.T) {
	fleet, in := one(t, cyrustest.Settings{}, cyrustest.Mailbox{Name: "user.anna", Messages: 1, MessageBytes: 1000})
	// Of the size of a piece, where the next one is empty, and of several.
	head := "Subject: x\r\n\r\n"
	exact := head + strings.Repeat("x", 256<<10-len(head)-2) + "\r\n"
	long := exact + strings.Repeat("(\"{5}\\\r\n", 90_000)
	play(t, fleet, in, "anna", `APPEND INBOX (\Flagged $Label) "12-Jan-2020 03:04:05 +0000" `+cyrustest.Literal(exact), `APPEND INBOX (\Flagged $Label) "12-Jan-2020 03:04:05 +0000" `+cyrustest.Literal(long))
	o := admin(fleet, in)
	o.As = "anna"
	c := dial(t, o)
	traits := cyrus.Traits{Flags: `$Label \Flagged`, InternalDate: time.Date(2020, 1, 12, 3, 4, 5, 0, time.UTC).Unix()}
	for uid, want := range map[uint32]string{2: exact, 3: long} {
		var got bytes.Buffer
		if has, err := c.Body(within(t, 30*time.Second), "INBOX", uid, &got); err != nil || got.String() != want || has != traits {
			t.Errorf("UID %d has %d bytes, want %d: %+v, %v", uid, got.Len(), len(want), has, err)
		}
	}
	if _, err := c.Body(within(t, 30*time.Second), "INBOX", 99, &bytes.Buffer{}); !errors.Is(err, cyrus.ErrNoMessage) {
		t.Errorf("a message that does not exist: %v", err)
	}
	for m, err := range c.Messages(within(t, 30*time.Second), "INBOX") {
		if err != nil || strings.Contains(m.Flags, "Seen") {
			t.Errorf("%+v, %v", m, err)
		}
	}
}

func TestUses(t *testing.T) {
	fleet, in := one(t, cyrustest.Settings{}, cyrustest.Mailbox{Name: "user.anna", Messages: 3, MessageBytes: 2000, Quota: 100}, cyrustest.Mailbox{Name: "user.bob"})
	change(t, in, "SETQUOTA user.bob (MESSAGE 50 X-NUM-FOLDERS 7)")
	c := dial(t, admin(fleet, in))
	uses, err := c.Uses(within(t, 30*time.Second), []cyrus.InternalName{"user.anna", "user.bob", "user.carl"})
	if err != nil || len(uses) != 2 {
		t.Fatalf("%+v, %v", uses, err)
	}
	if want := []cyrus.Use{{Resource: "STORAGE", Used: 5, Limit: 100}}; !slices.Equal(uses["user.anna"], want) {
		t.Errorf("%+v, want %+v", uses["user.anna"], want)
	}
	if want := []cyrus.Use{{Resource: "MESSAGE", Used: 0, Limit: 50}, {Resource: "X-NUM-FOLDERS", Used: 1, Limit: 7}}; !slices.Equal(uses["user.bob"], want) {
		t.Errorf("%+v, want %+v", uses["user.bob"], want)
	}
}
