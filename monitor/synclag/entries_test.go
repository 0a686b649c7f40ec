package synclag

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestEntries(t *testing.T) {
	long := strings.Repeat("x", 3*mostLine)
	for _, test := range []struct {
		name, log        string
		entries          int
		mailboxes, users []string
	}{
		{name: "nothing"},
		{"one mailbox, named often", "APPEND user.u1\nMAILBOX user.u1\nMAILBOX user.u1\n", 3, []string{"user.u1"}, []string{"u1"}},
		{"folders of one user", "MAILBOX user.u1\nMAILBOX user.u1.Work\nmailbox user.u2\n", 3, []string{"user.u1", "user.u1.Work", "user.u2"}, []string{"u1", "u2"}},
		{
			"two names", "DOUBLEMAILBOX user.u0.Work user.u0\nRENAME user.u0.A user.u0.B\n", 2,
			[]string{"user.u0", "user.u0.A", "user.u0.B", "user.u0.Work"},
			[]string{"u0"},
		},
		{"quoted", `MAILBOX "user.u0.a \"b\" \\ {c}"` + "\n" + `DOUBLEMAILBOX "user.u1.x y" "user.u2.(z)"` + "\n", 2, []string{`user.u0.a "b" \ {c}`, "user.u1.x y", "user.u2.(z)"}, []string{"u0", "u1", "u2"}},
		{"quotes that do not end", `MAILBOX "user.u0.a\` + "\n", 1, []string{`user.u0.a\`}, []string{"u0"}},
		{"of users", "SUB u1 user.u1.Work\nMETA u2\nSIEVE u3\nUSER u4\nUNUSER u5\nUNSUB u6 user.x\n", 6, nil, []string{"u1", "u2", "u3", "u4", "u5", "u6"}},
		{"seen by unique ID", "SEEN u1 p802a3orf8cbxmgtnsehqjpn\nSEEN u2 0f3e-11\n", 2, nil, []string{"u1", "u2"}},
		{"seen by name, before 3.0", "SEEN u1 user.u2.Work\nACL user.u3\n", 2, []string{"user.u2.Work", "user.u3"}, []string{"u1", "u2", "u3"}},
		{"names inside of Cyrus", "MAILBOX user.jane^doe.Sent\nMAILBOX example.org!user.jane^doe\nMETA jane.doe\nSIEVE example.org!jane^doe\nMETA jane.doe@example.org\n", 5, []string{"example.org!user.jane^doe", "user.jane^doe.Sent"}, []string{"jane.doe", "jane.doe@example.org"}},
		{"deleted", "RENAME user.u1.A DELETED.user.u1.A.6B02B5B0\nMAILBOX e.org!DELETED.user.u2.6B02B5B0\nUNMAILBOX DELETED.shared.6B02B5B0\n", 3, []string{"DELETED.shared.6B02B5B0", "DELETED.user.u1.A.6B02B5B0", "e.org!DELETED.user.u2.6B02B5B0", "user.u1.A"}, []string{"u1", "u2@e.org"}},
		{"shared", "MAILBOX shared.team\nMAILBOX user\nMAILBOX users.x\n", 3, []string{"shared.team", "user", "users.x"}, nil},
		{"the server", "ANNOTATION \"\"\nQUOTA user.u0\n", 2, []string{"user.u0"}, []string{"u0"}},
		{"what nobody knows", "FOO user.u1\nMAILBOX\n\n \t\nMAILBOX \"\"\nUSER \"\"\n", 4, nil, nil},
		{"CRLF and blanks", "MAILBOX user.u1 \r\n  MAILBOX\tuser.u2\n", 2, []string{"user.u1", "user.u2"}, []string{"u1", "u2"}},
		{"still being written", "MAILBOX user.u1\nMAILBOX user.u", 1, []string{"user.u1"}, []string{"u1"}},
		{"hostile names", "MAILBOX user.a$(id)\nMAILBOX user.-A\nMAILBOX user.\x00\x1b[2J\n", 3, []string{"user.\x00\x1b[2J", "user.-A", "user.a$(id)"}, []string{"\x00\x1b[2J", "-A", "a$(id)"}},
		{"a line without end", "MAILBOX user.u1\nMAILBOX user." + long + "\nMAILBOX user.u2\n", 3, []string{"user.u1", "user.u2"}, []string{"u1", "u2"}},
		{"a line without end at the end", "MAILBOX user.u1\n" + long, 2, []string{"user.u1"}, []string{"u1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			names := newNames()
			if err := names.read(strings.NewReader(test.log)); err != nil {
				t.Fatal(err)
			}
			if names.Entries != test.entries {
				t.Errorf("got %d entries, want %d", names.Entries, test.entries)
			}
			if got := slices.Sorted(maps.Keys(names.Mailboxes)); !reflect.DeepEqual(got, test.mailboxes) {
				t.Errorf("got mailboxes %q, want %q", got, test.mailboxes)
			}
			if got := slices.Sorted(maps.Keys(names.Users)); !reflect.DeepEqual(got, test.users) {
				t.Errorf("got users %q, want %q", got, test.users)
			}
		})
	}
}

// endless is a log that grows faster than anyone reads it.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	return copy(p, strings.Repeat("MAILBOX user.u1\n", 1+len(p)/16)), nil
}

func TestEndless(t *testing.T) {
	if err := newNames().read(endless{}); !errors.Is(err, errTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestLacking(t *testing.T) {
	replica, master := newNames(), newNames()
	for _, line := range []string{"MAILBOX user.u1", "MAILBOX user.u2", "META u3"} {
		replica.add([]byte(line))
	}
	master.add([]byte("MAILBOX user.u1"))
	if got, want := replica.Lacking(master), []string{"u2", "u3", "user.u2"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
