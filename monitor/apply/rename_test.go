package apply_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// when runs something once, right before the first command with these words runs; it runs
// beside it where the words begin with "&".
func when(t *testing.T, words string, do func()) host.Run {
	var once sync.Once
	beside := strings.HasPrefix(words, "&")
	words = strings.TrimPrefix(words, "&")
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	return func(ctx context.Context, server inventory.ServerID, input string, command ...string) (string, error) {
		if strings.Contains(strings.Join(command, " "), words) {
			once.Do(func() {
				if beside {
					running.Go(do)
				} else {
					do()
				}
			})
		}
		return run(ctx, server, input, command...)
	}
}

// folders are the mailboxes of a user, with what is in them.
func (r *rig) folders(t *testing.T, in *cyrustest.Instance, user string) (all []string) {
	t.Helper()
	c, err := r.options(nil).Dial(t.Context(), inventory.Instance{IMAP: in.IMAP}, "")
	must(t, err)
	defer c.Close()
	marks, _, err := c.Marks(t.Context())
	must(t, err)
	for _, m := range marks {
		if owner, folder, _ := m.Internal.Owner(); owner.Name == user {
			all = append(all, fmt.Sprintf("%s %s %+v %+v", strings.Join(folder, "."), m.UniqueID, m.Status, m.Checksums))
		}
	}
	return all
}

// Folders that a user makes, renames and deletes while they are copied, and right before
// he is kept out, are on the new store as he left them, and no others.
func TestRenamesWhileCopied(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	j := &journal{left: -1}
	for i, moment := range []string{"&sync_client -C ", "sync_client -C ", "cyr_deny -C " + from.Conf + " -m", "&cyr_deny -C " + from.Conf + " -m"} {
		if !soak() && i == 1 {
			continue
		}
		user := fmt.Sprintf("anna%d", i)
		boxes := []cyrustest.Mailbox{{Name: "user." + user, Messages: 3, Quota: 100000}, {Name: "user." + user + ".Old", Messages: 20}, {Name: "user." + user + ".Gone", Messages: 2}}
		for n := range 5 {
			branch := fmt.Sprintf("user.%s.Tree.Branch%d", user, n)
			boxes = append(boxes, cyrustest.Mailbox{Name: branch, Messages: n}, cyrustest.Mailbox{Name: branch + ".Leaf", Messages: 5})
		}
		must(t, from.Fill(t.Context(), boxes))
		o := r.options(j)
		o.Run = when(t, moment, func() {
			c, err := from.DialAs(t.Context(), user)
			if err != nil {
				return // kept out already
			}
			defer c.Close()
			_, _ = c.Do("RENAME INBOX.Old INBOX.New", "RENAME INBOX.Tree INBOX.Wood", "DELETE INBOX.Gone", "RENAME INBOX.Wood.Branch1 INBOX.Gone", "CREATE INBOX.Old",
				"RENAME INBOX.Wood.Branch2 INBOX.Old.Branch", "SUBSCRIBE INBOX.Old.Branch", "APPEND INBOX.Old "+cyrustest.Literal(message("late", 1)))
		})
		u := unit(user, "s1", "s2", user)
		outcome, err := o.Carry(t.Context(), u, false)
		must(t, r.Settle(t.Context()))
		want := r.folders(t, from, user)
		switch outcome {
		case course.Moved:
			for _, in := range r.Stores[1].Instances {
				if got := r.folders(t, in, user); !slices.Equal(got, want) {
					t.Errorf("%s: on %s there is\n%s\nwant\n%s", moment, in.Name, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
			kicked := strings.HasPrefix(moment, "&cyr_deny") // maybe before he had subscribed
			if seen, was := talk(t, to, user, `LSUB "" "*"`), strings.Join(want, " "); strings.Contains(was, "Old.Branch") && !strings.Contains(seen, "INBOX.Old.Branch") && !kicked {
				t.Errorf("%s: subscribed is %s", moment, seen)
			}
			finish(t, later(o), u)
		case course.Back:
			t.Logf("%s: taken back: %v", moment, err)
			if got := r.folders(t, to, user); err == nil || len(got) > 0 {
				t.Errorf("%s: %v; the copy is still there: %v", moment, err, got)
			}
			if _, err := login(t.Context(), from, user); err != nil {
				t.Errorf("%s: %v", moment, err)
			}
		default:
			t.Errorf("%s: %s, %v\n%v", moment, outcome, err, o.Journal)
		}
		if len(want) != 14 && i < 3 {
			t.Errorf("%s: the user was to have 14 folders: %v", moment, want)
		}
		if left := r.claims(t); len(left) > 0 {
			t.Errorf("%s: left are %v", moment, left)
		}
	}
}

// finish has the original of a unit removed.
func finish(t *testing.T, o *apply.Options, u *course.Unit) {
	t.Helper()
	if outcome, err := o.Carry(t.Context(), u, false); outcome != course.Finished {
		t.Errorf("%s, %v", outcome, err)
	}
}

// Where the operator renames or removes a user meanwhile nobody is moved, nothing of him is
// left on the new store, and what there is of him stays where it is. With INTERLACE_SOAK at
// all moments.
func TestUsersWhoGo(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{Extra: map[string]string{"allowusermoves": "yes"}})
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	moments := []string{"sync_client -C ", "cyr_deny -C " + from.Conf + " -m", " -O "}
	for i, moment := range append(moments, moments...) {
		if !soak() && i%2 == 1 {
			continue
		}
		user, ben := fmt.Sprintf("anna%d", i), fmt.Sprintf("ben%d", i)
		must(t, from.Fill(t.Context(), []cyrustest.Mailbox{{Name: "user." + user, Messages: 3}, {Name: "user." + user + ".Work", Messages: 2}, {Name: "user." + ben, Messages: 1}}))
		must(t, r.Settle(t.Context()))
		o := r.options(&journal{left: -1})
		renamed := i < len(moments)
		o.Run = when(t, moment, func() {
			if renamed {
				talk(t, from, "", "SETACL user."+user+" admin lrswipkxtecda", "RENAME user."+user+" user."+user+"x")
				return
			}
			talk(t, from, "", "SETACL user."+user+" admin lrswipkxtecda", "DELETE user."+user)
		})
		outcome, err := o.Carry(t.Context(), unit(user, "s1", "s2", user, ben), false)
		if outcome != course.Back || err == nil || !strings.Contains(err.Error(), user) {
			t.Errorf("%s, renamed %v: %s, %v\n%v", moment, renamed, outcome, err, o.Journal)
		}
		must(t, r.Settle(t.Context()))
		if got := talk(t, to, "", `LIST "" "user.*"`); got != "" {
			t.Errorf("%s, renamed %v: left on the new store are %s", moment, renamed, got)
		}
		if _, err := login(t.Context(), from, ben); err != nil {
			t.Errorf("%s, renamed %v: %s can't log in: %v", moment, renamed, ben, err)
		}
		if renamed {
			if got := talk(t, from, user+"x", "STATUS INBOX (MESSAGES)"); !strings.Contains(got, "MESSAGES 3") {
				t.Errorf("%s: the renamed user has %s", moment, got)
			}
		}
		if left := r.claims(t); len(left) > 0 {
			t.Errorf("%s: left are %v", moment, left)
		}
		if _, err := o.Check(t.Context(), unit(user, "s1", "s2", user)); err == nil || !strings.Contains(err.Error(), "user "+user+" is not on ") {
			t.Errorf("%s, renamed %v: checked again: %v", moment, renamed, err)
		}
	}
}
