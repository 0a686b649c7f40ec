package compare

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

func TestSample(t *testing.T) {
	for _, c := range []struct {
		n     uint32
		share float64
	}{{0, 0.5}, {10, 1}, {10, 5}, {100_000, 0.01}, {100_000, 0.5}, {100, 1e-300}} {
		first := slices.Collect(sample(c.n, c.share, 7, "a"))
		if !slices.Equal(first, slices.Collect(sample(c.n, c.share, 7, "a"))) {
			t.Errorf("%+v: two samples of one seed differ", c)
		}
		if !slices.IsSorted(first) || len(slices.Compact(slices.Clone(first))) != len(first) || len(first) > 0 && (first[0] < 1 || first[len(first)-1] > c.n) {
			t.Errorf("%+v: not places in rising order", c)
		}
		want := min(c.share, 1) * float64(c.n)
		if off := math.Abs(float64(len(first)) - want); off > 5*math.Sqrt(want)+1e-9 {
			t.Errorf("%+v: %d places, want about %v", c, len(first), want)
		}
	}
	if slices.Equal(slices.Collect(sample(1000, 0.1, 1, "a")), slices.Collect(sample(1000, 0.1, 2, "a"))) ||
		slices.Equal(slices.Collect(sample(1000, 0.1, 1, "a")), slices.Collect(sample(1000, 0.1, 1, "b"))) {
		t.Error("seed and mailbox make no difference")
	}
}

func TestUIDs(t *testing.T) {
	var u uids
	for _, uid := range []uint32{1, 2, 3, 7, 9, 10} {
		u.add(uid)
	}
	for from, want := range map[uint32]string{1: "1:3,7,9:10", 2: "2:3,7,9:10", 4: "7,9:10", 10: "10", 11: ""} {
		left := u.from(from)
		count := int64(0)
		for _, r := range left.ranges {
			count += int64(r.Last-r.First) + 1
		}
		if left.String() != want || left.count != count {
			t.Errorf("from %d: %s of %d, want %s", from, left.String(), left.count, want)
		}
	}
	few := uids{count: 9, ranges: runsOf(1, 2, 4, 5), more: true}
	if left := few.from(5); left.count != 6 || !left.more || left.String() != "5,…" {
		t.Errorf("of more than are kept are left %d, %s", left.count, left.String())
	}
	// Many are all kept, to be saved, and not all written.
	many := uids{}
	for uid := range uint32(500) {
		many.add(2*uid + 1)
	}
	if text := many.String(); many.more || len(many.ranges) != 500 || strings.Count(text, ",") != shownRanges || !strings.HasSuffix(text, ",399,…") {
		t.Errorf("of %d ranges is written %s", len(many.ranges), text)
	}
}

// TestComparable: checksums mean the same unless most differ where all else agrees.
func TestComparable(t *testing.T) {
	for _, c := range []struct {
		agree, differ int
		want          bool
	}{{0, 0, true}, {100, 0, true}, {100, 30, true}, {2, 100, false}, {0, 9, true}, {0, 10, false}, {30, 29, true}} {
		var s sums
		for i := range c.agree + c.differ {
			m := &cyrus.Mailbox{Mark: cyrus.Mark{Readable: true, Checksums: cyrus.Checksums{Known: true, Messages: 7}}}
			r := *m
			if i >= c.agree {
				r.Checksums.Messages = 8
			}
			if !s.add(m, &r) {
				t.Fatal("it is not counted")
			}
			r.Status.HighestModSeq++ // it was written to
			if s.add(m, &r) {
				t.Fatal("checksums before and after a change are held against each other")
			}
		}
		if got := s.mean(); got != c.want {
			t.Errorf("%d agree and %d differ: %v", c.agree, c.differ, got)
		}
	}
}

// TestWhatStands tells which suspects must be looked at as often as is allowed.
func TestWhatStands(t *testing.T) {
	box := func(id string, next uint32, modSeq, folder uint64) *cyrus.Mailbox {
		m := &cyrus.Mailbox{Mark: cyrus.Mark{Readable: true, UniqueID: id}, FolderModSeq: folder}
		m.Status.UIDNext, m.Status.HighestModSeq = next, modSeq
		return m
	}
	for _, c := range []struct {
		name            string
		master, replica *cyrus.Mailbox
		late, ahead     bool
	}{
		{"a message that waits", box("a", 6, 10, 1), box("a", 5, 9, 1), true, false},
		{"a message only on the replica", box("a", 5, 9, 1), box("a", 6, 10, 1), false, true},
		{"a message on each", box("a", 6, 11, 1), box("a", 7, 10, 1), true, true},
		{"a flag on the replica", box("a", 5, 9, 1), box("a", 5, 10, 1), false, false},
		{"rights that wait", box("a", 5, 9, 2), box("a", 5, 9, 1), true, false},
		{"a folder made anew", box("b", 1, 1, 1), box("a", 6, 10, 1), true, false},
		{"a folder that waits", box("a", 1, 1, 1), nil, true, false},
		{"a folder that was deleted", nil, box("a", 1, 1, 1), true, false},
	} {
		s := suspect{master: c.master, replica: c.replica}
		if s.late() != c.late || s.ahead() != c.ahead {
			t.Errorf("%s: late %v, ahead %v", c.name, s.late(), s.ahead())
		}
	}
}

func TestStayed(t *testing.T) {
	a, b, c := apart{text: "a"}, apart{text: "a", master: "5 unseen"}, apart{text: "c"}
	if got := stayed([]apart{a, c}, []apart{b, c}); !slices.Equal(got, []apart{c}) {
		t.Errorf("%+v stayed", got)
	}
}

func TestKeepsSieve(t *testing.T) {
	for version, want := range map[string]bool{"3.6.1-Debian-3.6.1-4": true, "3.10.2": true, "4.0": true, "3.4.1": false, "2.5.17": false, "": false, "git": false} {
		if keepsSieve(version) != want {
			t.Errorf("%q: %v", version, !want)
		}
	}
}

// TestFileNames: no name of a mailbox leads out of the directory, and two mailboxes
// never share a file.
func TestFileNames(t *testing.T) {
	p := &pair{store: Pair{Store: "s1", Replica: Side{Server: "imap2"}}, master: &host{}}
	p.master.server.Separator = '/'
	seen := map[string]bool{}
	long := "user.anna." + string(slices.Repeat([]byte("x"), 400))
	for _, name := range []cyrus.InternalName{"user.anna", "user.anna^", "user.anna.^^.^^.etc", "user.a b", "user.a\x01", cyrus.InternalName(long + "1"), cyrus.InternalName(long + "2")} {
		file := p.fileName(name, 7)
		if seen[file] || len(file) > 255 || slices.ContainsFunc([]byte(file), func(b byte) bool { return b == '/' || b < ' ' }) {
			t.Errorf("%q is saved as %q", name, file)
		}
		seen[file] = true
	}
}

// runsOf are UIDs by the first and last of each run.
func runsOf(edges ...uint32) (list []cyrus.UIDs) {
	for edge := range slices.Chunk(edges, 2) {
		list = append(list, cyrus.UIDs{First: edge[0], Last: edge[1]})
	}
	return list
}

func TestOnlyIn(t *testing.T) {
	for _, c := range []struct {
		a, b []cyrus.UIDs
		want string
	}{
		{nil, nil, ""},
		{runsOf(1, 3), nil, "1:3"},
		{runsOf(1, 3), runsOf(1, 3), ""},
		{runsOf(1, 2), runsOf(2, 3), "1,3"},
		{runsOf(1, 2), runsOf(3, 4), "1:4"},
		{runsOf(1, 9), runsOf(2, 2, 5, 6), "1,3:4,7:9"},
		{runsOf(4294967295, 4294967295), nil, "4294967295"},
	} {
		got := onlyIn(c.a, c.b)
		again := uids{}
		for _, r := range got.ranges {
			again.count += int64(r.Last-r.First) + 1
		}
		if got.String() != c.want || got.count != again.count {
			t.Errorf("%v and %v: %s of %d, want %s", c.a, c.b, got.String(), got.count, c.want)
		}
	}
}

// TestDraw: of each mailbox something is read, of one that was damaged all, and other
// messages by another seed.
func TestDraw(t *testing.T) {
	places := func(d draw, exists uint32) []uint32 { return slices.Collect(d.choose(exists)) }
	seen := map[uint32]bool{}
	for seed := range uint64(200) {
		one := places(draw{share: 1e-9, seed: seed, mailbox: "a"}, 10)
		if len(one) != 1 || one[0] < 1 || one[0] > 10 {
			t.Fatalf("seed %d: %v", seed, one)
		}
		seen[one[0]] = true
	}
	if len(seen) != 10 {
		t.Errorf("only %v of 10 are ever read", seen)
	}
	if got := places(draw{share: 1e-9, seed: 1, mailbox: "a", all: true}, 3); !slices.Equal(got, []uint32{1, 2, 3}) {
		t.Errorf("%v of a mailbox that was damaged", got)
	}
	if got := places(draw{share: 1, seed: 1, mailbox: "a"}, 0); len(got) > 0 {
		t.Errorf("%v of an empty mailbox", got)
	}
}
