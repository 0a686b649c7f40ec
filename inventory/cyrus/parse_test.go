package cyrus

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
	"unicode/utf8"
)

// readAll reads answers as the two bulk commands do and returns the mailboxes.
func readAll(from io.Reader) (*mailboxList, []Mailbox, error) {
	reader := newRawReader(from)
	list := newMailboxList('.', 1000)
	var details []Mailbox
	for {
		line, err := reader.next()
		if err == io.EOF {
			return list, details, nil
		}
		if err != nil {
			return list, details, err
		}
		_, err = answer(line, "R1", func(untagged []byte) error {
			if rest, found := bytes.CutPrefix(untagged, []byte("MAILBOX")); found {
				s := scan(rest)
				name, mailbox := s.mailbox(s.skip)
				mailbox.Internal = name
				details = append(details, mailbox)
				return s.err
			}
			return errors.Join(list.answer(untagged), list.sizeOf(untagged))
		})
		if err != nil {
			return list, details, err
		}
	}
}

// FuzzAnswers reads any bytes as answers. Whatever they are, reading them ends,
// what is accepted lies within the bounds of the protocol, and it makes no
// difference how the network cut the bytes into pieces.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		"* LIST (\\HasNoChildren) \".\" user.anna\r\n* STATUS user.anna (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 HIGHESTMODSEQ 4 SIZE 5)\r\nR1 OK done\r\n",
		"* LIST () \".\" \"a\\\"b\"\r\n* LIST () NIL {3}\r\na\r\n (\"X\" (y))\r\n",
		"* MAILBOX %(UNIQUEID abc MBOXNAME {3+}\r\na.b PARTITION default ACL \"anna\tlrs\t\" X %(Y (z)))\r\n",
		"* LIST () \".\" a\r\n* METADATA a (\"" + sizeEntry + "\" \"30\")\r\n",
		"* FOO ((((((((((((((((((((((((((\r\n* BYE {5}\r\n",
		"* LIST () \".\" {4294967295}\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		list, details, err := readAll(bytes.NewReader(input))
		for i, m := range list.mailboxes {
			if m.Name == "" || list.byName[m.Name] != i {
				t.Errorf("mailbox %d is %q", i, m.Name)
			}
			if m.Status.HighestModSeq > mostModSeq || m.Status.Size < UnknownCount || m.Status.Size > mostSize {
				t.Errorf("status out of bounds: %+v", m.Status)
			}
		}
		for _, m := range details {
			if err == nil && (m.Internal == "" || m.UniqueID == "" || m.Partition == "") {
				t.Errorf("half a mailbox was accepted: %+v", m)
			}
		}
		again, detailsAgain, errAgain := readAll(iotest.OneByteReader(bytes.NewReader(input)))
		if (err == nil) != (errAgain == nil) || len(again.mailboxes) != len(list.mailboxes) || len(detailsAgain) != len(details) {
			t.Errorf("whole: %v, %d mailboxes; in pieces: %v, %d", err, len(list.mailboxes), errAgain, len(again.mailboxes))
		}
	})
}

// FuzzComparedAnswers reads any answers as those by which copies are compared: none
// is accepted whose numbers cannot be, and nothing breaks.
func FuzzComparedAnswers(f *testing.F) {
	for _, seed := range []string{
		`STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 5 UNSEEN 1 HIGHESTMODSEQ 9)`,
		`METADATA INBOX ("/private/comment" "mine" "/private/sort" NIL "/shared/vendor/cmu/cyrus-imapd/size" "3")`,
		`(FLAGS (\Seen $Label) UID 2 MODSEQ (9) INTERNALDATE "26-Nov-2026 12:30:05 +0000" RFC822.SIZE 9 DIGEST.SHA1 ab1d2ec6dcc484d3421feb97d87da3d0e012e08c)`,
		`(UID 1 DIGEST.SHA1 ab1d2ec6dcc484d3421feb97d87da3d0e012e08c RFC822.SIZE 1000 RFC822.FILESIZE 100 RFC822.SHA1 NIL)`,
		`MAILBOX %(UNIQUEID a MBOXNAME user.anna PARTITION p RECORD (%(UID 1 MODSEQ 2 FLAGS () INTERNALDATE 3 SIZE 4 GUID ab1d2ec6dcc484d3421feb97d87da3d0e012e08c ANNOTATIONS (%(ENTRY /comment USERID "" VALUE x)))))`,
		"METADATA {3}\r\na b (\"\" (",
		"1,3:5,9",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		v := &View{Mailboxes: []Sight{{Name: "INBOX"}}}
		if err := v.status(answer, map[string]int{"INBOX": 0}); err == nil {
			if m := v.Mailboxes[0]; m.Name != "INBOX" || m.Unseen < 0 || m.Unseen > mostUint32 || m.Status.HighestModSeq > mostModSeq {
				t.Errorf("a status of %+v", m)
			}
		}
		if _, list, err := annotationsOf(answer); err == nil && !slices.IsSortedFunc(list, func(a, b Annotation) int { return strings.Compare(a.Entry, b.Entry) }) {
			t.Errorf("annotations %+v", list)
		}
		if seen, err := ranges(strings.Split(string(answer), ",")); err == nil && !slices.IsSortedFunc(seen, func(a, b UIDs) int { return cmp.Compare(a.Last+1, b.First) }) {
			t.Errorf("UIDs %v", seen)
		}
		s := scan(answer)
		if m := s.message(); s.err == nil && (m.UID == 0 || m.Size < 0 || m.ModSeq > mostModSeq) {
			t.Errorf("a message %+v", m)
		}
		s = scan(answer)
		if d := s.digest(); s.err == nil && (d.Size < 0 || d.FileBytes < 0) {
			t.Errorf("a digest %+v", d)
		}
		if mailbox, messages, err := (&Client{server: Server{Separator: '.'}}).records(answer, "user.anna"); err == nil && mailbox != nil && (mailbox.Internal != "user.anna" || mailbox.Status.Messages != int64(len(messages.live))) {
			t.Errorf("%+v with %d messages", mailbox, len(messages.live))
		}
	})
}

// FuzzDecode decodes any names. What comes out can be printed, and two names
// never come out the same.
func FuzzDecode(f *testing.F) {
	for _, seed := range [][2]string{{"M&APw-ller", "M&APw-"}, {"&", "&-"}, {"&2D0-", "a&ZeVnLIqe-b"}, {"a\x00b", "\\x00"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, name := range []string{a, b} {
			shown := decode(name)
			if !utf8.ValidString(shown) || strings.ContainsFunc(shown, unicode.IsControl) {
				t.Errorf("%q is shown as %q", name, shown)
			}
		}
		valid := func(s string) bool { _, ok := decodeUTF7(s); return ok }
		if a != b && valid(a) && valid(b) && decode(a) == decode(b) {
			t.Errorf("%q and %q are both shown as %q", a, b, decode(a))
		}
	})
}

func TestDecode(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"Sent", "Sent"},
		{"M&APw-ller", "Müller"},
		{"&U,BTFw-", "台北"},
		{"&2D3eAA-", "😀"},
		{"R&-D", "R&D"},
		{"&APwA9g-", "üö"},
		{"&", `&`},
		{"a&b", `a&b`},
		{"&AGE-", `&AGE-`}, // an "a" must not be encoded
		{"&2D0-", `&2D0-`}, // half of a pair
		{"&AAo-", `&AAo-`}, // a line break
		{"&APx-", `&APx-`}, // bits left over
		{"M\xfcller", `M\xfcller`},
		{"a\x1bb", `a\x1bb`},
		{`back\slash`, `back\slash`},
	} {
		if got := decode(c.name); got != c.want {
			t.Errorf("decode(%q) = %q, want %q", c.name, got, c.want)
		}
	}
}

func TestNamesInsideAndOutside(t *testing.T) {
	for _, c := range []struct {
		external  ExternalName
		separator byte
		internal  []InternalName
	}{
		{"user.anna", '.', []InternalName{"user.anna"}},
		{"user.jane^doe.A", '.', []InternalName{"user.jane^doe.A"}},
		{"user/jane.doe/A", '/', []InternalName{"user.jane^doe.A"}},
		{"user/jane.doe/A@ex.org", '/', []InternalName{"ex.org!user.jane^doe.A", "user.jane^doe.A@ex^org"}},
		{"user.j@ex.org", '.', []InternalName{"ex.org!user.j", "user.j@ex.org"}},
		{"a@b@c", '.', []InternalName{"c!a@b", "a@b@c"}},
	} {
		got := c.external.internal(c.separator)
		if !slices.Equal(got, c.internal) {
			t.Errorf("%q is %q inside, want %q", c.external, got, c.internal)
		}
		for _, name := range got {
			if back := name.External(c.separator); back != c.external {
				t.Errorf("%q is %q outside, want %q", name, back, c.external)
			}
		}
	}
}

func TestOwner(t *testing.T) {
	for _, c := range []struct {
		name   InternalName
		owner  Owner
		folder []string
		kept   bool
	}{
		{"user.anna", Owner{Name: "anna"}, nil, true},
		{"user", Owner{Name: "user", Shared: true}, nil, true},
		{"ex.org!user.jane^doe.A.B", Owner{Name: "jane.doe@ex.org"}, []string{"A", "B"}, true},
		{"team.x", Owner{Name: "team", Shared: true}, []string{"x"}, true},
		{"ex.org!team", Owner{Name: "team@ex.org", Shared: true}, nil, true},
		{"DELETED.user.anna.6B02B5B0", Owner{}, nil, false},
		{"ex.org!DELETED.user.anna.6B02B5B0", Owner{}, nil, false},
		{"DELETEDnot", Owner{Name: "DELETEDnot", Shared: true}, nil, true},
	} {
		owner, folder, kept := c.name.Owner()
		if owner != c.owner || !slices.Equal(folder, c.folder) || kept != c.kept {
			t.Errorf("%q belongs to %+v %q %v, want %+v %q %v", c.name, owner, folder, kept, c.owner, c.folder, c.kept)
		}
	}
}

// A name is its own folding, or nobody knows as whom a login is.
func TestFolded(t *testing.T) {
	for _, same := range []string{"anna", "jane.doe@example.org", "o'brien", "-a", "a b", ""} {
		if Folded(same) != same {
			t.Errorf("%q is folded to %q", same, Folded(same))
		}
	}
	for name, want := range map[string]string{"Bob": "bob", "NIL": "nil", "M&APw-ller": "m&apw-ller", "anna@Example.org": "anna@example.org", "anna%example.org": "anna@example.org", " anna": "anna"} {
		if Folded(name) != want {
			t.Errorf("%q is folded to %q", name, Folded(name))
		}
	}
	if _, err := Dial(t.Context(), Options{Address: "127.0.0.1:1", User: "admin", Password: "x", As: "Bob"}); !errors.Is(err, ErrFolded) || !errors.Is(err, ErrLogin) {
		t.Errorf("%v", err)
	}
}
