package compare

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// sizesOf are messages of a size with the UIDs from one to another.
func sizesOf(from, to uint32, size int64) iter.Seq2[cyrus.Sized, error] {
	return func(yield func(cyrus.Sized, error) bool) {
		for uid := from; uid <= to && yield(cyrus.Sized{UID: uid, Size: size}, nil); uid++ {
		}
	}
}

// Gaps are cut by messages and bytes, and every UID that was not read is in one piece.
func TestCut(t *testing.T) {
	t.Parallel()
	last := allUIDs.Last
	all := []cyrus.UIDs{allUIDs}
	for _, c := range []struct {
		name  string
		gaps  []cyrus.UIDs
		sizes iter.Seq2[cyrus.Sized, error]
		want  []cyrus.UIDs
	}{
		{"nothing", all, sizesOf(1, 0, 1), all},
		{"as much as is read at once", all, sizesOf(7, 6+partMessages, 1), all},
		{"one more", all, sizesOf(7, 7+partMessages, 1), []cyrus.UIDs{{First: 1, Last: 6 + partMessages}, {First: 7 + partMessages, Last: last}}},
		{"large ones", all, sizesOf(1, 3, partBytes/2), []cyrus.UIDs{{First: 1, Last: 2}, {First: 3, Last: last}}},
		{"larger ones", all, sizesOf(1, 3, 2*partBytes), []cyrus.UIDs{{First: 1, Last: 1}, {First: 2, Last: 2}, {First: 3, Last: last}}},
		{"where some were read", []cyrus.UIDs{{First: 5, Last: 8}, {First: 20, Last: 30}, {First: 3000, Last: last}}, sizesOf(1, 50, partBytes/2), []cyrus.UIDs{
			{First: 5, Last: 6}, {First: 7, Last: 8}, {First: 20, Last: 21}, {First: 22, Last: 23}, {First: 24, Last: 25}, {First: 26, Last: 27}, {First: 28, Last: 29}, {First: 30, Last: 30}, {First: 3000, Last: last},
		}},
		{"where all were read", nil, sizesOf(1, 9, 1), nil},
	} {
		if got, err := cut(c.gaps, c.sizes); err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, %v, want %v", c.name, got, err, c.want)
		}
	}
}

// What was read and what is left are all UIDs, each once.
func TestGaps(t *testing.T) {
	t.Parallel()
	span := func(first, last uint32) Span {
		return Span{Incarnation{Mailbox: "user.a", UniqueID: "a", UIDValidity: 1}, cyrus.UIDs{First: first, Last: last}}
	}
	for want, before := range map[string][]Span{
		"[1:4294967295]":         nil,
		"[]":                     {span(1, 1<<32-1)},
		"[11:4294967295]":        {span(5, 10), span(1, 4)},
		"[1:4 11 21:4294967295]": {span(12, 20), span(5, 10), span(7, 8)},
		"[1:4 4294967295]":       {span(5, 1<<32-2)},
		"[1:4294967294]":         {span(1<<32-1, 1<<32-1)},
	} {
		if got := fmt.Sprint(gapsOf(Joined(before))); got != want {
			t.Errorf("%v leave %s, want %s", before, got, want)
		}
	}
	other := span(3, 4)
	other.UIDValidity = 2
	if got := Joined([]Span{other, span(5, 6), span(1, 2), span(3, 2)}); len(got) != 3 {
		t.Errorf("%v", got)
	}
}

// A reading has as many connections as there are to give, by now.
func TestConnectionsThatAreLent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		lent, at, most := 3, 0, 0
		w := &whole{host: &host{}, options: WholeOptions{Connections: func() int { mu.Lock(); defer mu.Unlock(); return lent }}}
		got := make([]int, 30)
		err := w.share(t.Context(), len(got), func(_ context.Context, _ *side, item int) error {
			mu.Lock()
			at++
			most = max(most, at)
			got[item]++
			switch item {
			case 9:
				lent, most = 1, 0
			case 14: // the other two have ended their items by now
				if most = at; at != 1 {
					t.Errorf("%d at once with one to give", at)
				}
			case 19:
				lent = 2
			}
			mu.Unlock()
			time.Sleep(2 * time.Millisecond)
			mu.Lock()
			at--
			mu.Unlock()
			return nil
		})
		for item, n := range got {
			if n != 1 {
				t.Errorf("item %d was done %d times", item, n)
			}
		}
		if err != nil || most != 2 {
			t.Errorf("%v, %d at once in the end", err, most)
		}
	})
}

// What comes behind the last message of a mailbox after that was read is in no span that was.
func TestSpanOfAPart(t *testing.T) {
	t.Parallel()
	b := &box{Mailbox: &cyrus.Mailbox{}}
	for _, c := range []struct {
		uids, want cyrus.UIDs
		last       uint32
	}{
		{allUIDs, cyrus.UIDs{First: 1, Last: 7}, 7},
		{allUIDs, cyrus.UIDs{First: 1, Last: 0}, 0},
		{cyrus.UIDs{First: 11, Last: allUIDs.Last}, cyrus.UIDs{First: 11, Last: 10}, 0},
		{cyrus.UIDs{First: 11, Last: 20}, cyrus.UIDs{First: 11, Last: 20}, 17},
	} {
		if got := (&part{b, c.uids}).span(c.last).UIDs; got != c.want {
			t.Errorf("%v up to %d is %v, want %v", c.uids, c.last, got, c.want)
		}
	}
}
