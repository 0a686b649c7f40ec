package compare_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/instances"
	"github.com/interlacemail/interlace/monitor/synclag"
)

// carried looks into the master's sync log.
func (r *rig) carried(context.Context) time.Time { return r.carriedNow() }

func (r *rig) carriedNow() time.Time {
	in := instances.Read("s1", &inventory.Instance{Server: "imap1", Role: inventory.Master, IMAPDConf: r.master.Conf})
	return synclag.Carried(in, nil, time.Now())
}

// work works off the master's sync log until nothing is left of it.
func (r *rig) work() {
	for r.carriedNow().Before(time.Now().Add(-20 * time.Millisecond)) {
		r.sync("-r", "-1")
	}
}

// TestWhatWaitsIsNoDifference has changes wait in the sync log for longer than is looked:
// nothing of them is a difference, neither while they wait nor when they come in the
// middle of the comparison. What is no change of the master's is one in either case.
func TestWhatWaitsIsNoDifference(t *testing.T) {
	t.Parallel()
	for _, level := range []monitor.CompareLevel{"1", "2", "3", "user"} {
		t.Run("level "+string(level), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, anna...)
			r.work()
			r.do(r.replica, "bob", "CREATE INBOX.Odd")
			r.do(r.master, "anna", "CREATE INBOX.New", "SUBSCRIBE INBOX.New", "DELETE INBOX.Trash", "DELETE INBOX.Work", "CREATE INBOX.Work",
				"APPEND INBOX.Work "+cyrustest.Literal("Subject: new\r\n\r\nx\r\n"), `SETMETADATA INBOX (/private/comment "new")`)
			r.do(r.master, cyrustest.AdminUser, "CREATE user.carl", "SETQUOTA user.anna (STORAGE 500)")
			look := compare.Options{Level: level, Pause: 20 * time.Millisecond, Tries: 2, Carried: r.carried, Patience: 200 * time.Millisecond}
			if found := r.compare(look); len(found.Differences) > 0 || verdict(found, "anna") != monitor.UnknownOutcome {
				t.Errorf("while they wait: %s %+v", outcomes(found), found.Differences)
			}
			began := time.Now()
			worked := make(chan struct{})
			look.Patience, look.Carried = 20*time.Second, func(ctx context.Context) time.Time {
				select {
				case <-worked:
				default:
					if time.Since(began) > 500*time.Millisecond {
						r.work()
						close(worked)
					}
				}
				return r.carried(ctx)
			}
			found := r.compare(look)
			if only(t, found, "mailbox_extra user.bob.Odd"); found.Differences[0].Certainty != monitor.Confirmed {
				t.Errorf("%+v", found.Differences)
			}
			in := slices.ContainsFunc(found.InFlight, func(f monitor.InFlight) bool { return !strings.HasPrefix(f.Text, "it is being") })
			if got := verdict(found, "anna"); got == monitor.Different || in {
				t.Errorf("%s %+v", got, found.InFlight)
			}
			only(t, r.compare(look), "mailbox_extra user.bob.Odd")
		})
	}
}

// TestNobodyLooksAnyMore has what is known of the sync log stand still: it is waited for
// once, and not for each kind of difference.
func TestNobodyLooksAnyMore(t *testing.T) {
	t.Parallel()
	r := newRig(t, anna...)
	r.do(r.master, "anna", "CREATE INBOX.New", "SUBSCRIBE INBOX.New", `SETMETADATA INBOX.Work (/shared/comment "new")`)
	r.do(r.master, cyrustest.AdminUser, "SETQUOTA user.anna (STORAGE 500)")
	seen := time.Now().Add(-time.Minute)
	const patience = 4 * time.Second
	began := time.Now()
	found := r.compare(compare.Options{
		Level: monitor.CompareAccounts, Pause: 20 * time.Millisecond, Tries: 2, Patience: patience, Carried: func(context.Context) time.Time { return seen },
	})
	if took := time.Since(began); took < patience || took > 2*patience || len(found.Differences) > 0 || len(found.InFlight) < 4 {
		t.Errorf("it is waited for %v: %+v", took, found)
	}
}
