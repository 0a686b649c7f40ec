package apply_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// What users do to folders and subscriptions as soon as they are let in is no failure, and is told.
// What they do not see any more of what nobody has changed is one, such as a subscription that was
// not copied.
func TestCanaryAndWhatUsersDo(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	j := &journal{left: -1}
	for user, test := range map[string]struct {
		commands []string
		lost     bool // a subscription is, on the way
		want     course.Outcome
	}{
		"anna": {[]string{"RENAME INBOX.Work INBOX.Done", "CREATE INBOX.Work", "DELETE INBOX.Old", "UNSUBSCRIBE INBOX.Old"}, false, course.Moved},
		"ben":  {[]string{"UNSUBSCRIBE INBOX.Old"}, false, course.Moved},
		"carl": {[]string{"SUBSCRIBE INBOX.Work"}, true, course.Stuck},
	} {
		must(t, from.Fill(ctx, []cyrustest.Mailbox{
			{Name: "user." + user, Messages: 3}, {Name: "user." + user + ".Work", Messages: 2}, {Name: "user." + user + ".Old", Messages: 1},
		}))
		must(t, r.Settle(ctx))
		talk(t, from, user, "SUBSCRIBE INBOX.Old")
		r.reroute(user, from)
		o := r.options(j)
		o.Live.Kick = func(context.Context) error {
			talk(t, to, user, test.commands...)
			return nil
		}
		o.Progress = func(p apply.Progress) {
			if test.lost && p.Step == monitor.StepProveReplica {
				must(t, os.Remove(subscriptions(t, to, user)))
			}
		}
		outcome, err := o.Carry(ctx, unit(user, "s1", "s2", user), false)
		records, unread := j.Steps(ctx, "p", user)
		must(t, unread)
		said := (&journal{steps: records}).String()
		if outcome != test.want || !strings.Contains(said, "user "+user+" on "+to.Name+": not to be seen any more is ") ||
			strings.Contains(said, "it may be their own doing") != (outcome == course.Moved) {
			t.Errorf("%s: %s, %v\n%v", user, outcome, err, j)
		}
		r.look(t, user, 0, 1)
	}
}

// subscriptions is the file that says to what a user is subscribed.
func subscriptions(t *testing.T, in *cyrustest.Instance, user string) string {
	t.Helper()
	told, err := in.Tool(t.Context(), "mbpath", "-j", "-u", user)
	must(t, err)
	_, file, _ := strings.Cut(told, `"sub": "`)
	file, _, _ = strings.Cut(file, `"`)
	return file
}

// Who waits for a mail server that was to try again what it has put off is in already, and it is
// told where that has failed.
func TestKickKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	r := anna(t)
	j := &journal{left: -1}
	o := r.options(j)
	const hangs = 3 * time.Second
	o.Live.Kick = func(context.Context) error {
		time.Sleep(hangs)
		return errors.New("no such queue")
	}
	began := time.Now()
	done, err := apply.CarryOut(t.Context(), []course.Unit{*unit("anna", "s1", "s2", "anna")}, false, o)
	if err != nil || done[0].Outcome != course.Moved || !strings.Contains(done[0].Unkicked(), "no such queue") {
		t.Fatalf("%v, %v\n%v", done, err, j)
	}
	if out := done[0].Denied(); !out.Known || out.Value > (time.Since(began)-hangs).Seconds() {
		t.Errorf("told is that anna was kept out for %v s, of %v", out, time.Since(began))
	}
}

// A mail server that hangs when it is to try again holds the run up once, and not for long.
func TestKickThatHangs(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	must(t, r.Stores[0].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.anna", Messages: 1}, {Name: "user.ben", Messages: 1}}))
	must(t, r.Settle(t.Context()))
	o := r.options(&journal{left: -1})
	o.Limits.AtOnce = 1
	var hung time.Time
	o.Live.Kick = func(ctx context.Context) error {
		if ago := time.Since(hung); ago < 30*time.Second {
			t.Errorf("it was asked again after %v", ago)
		}
		<-ctx.Done()
		hung = time.Now()
		return context.Cause(ctx)
	}
	done, err := apply.CarryOut(t.Context(), []course.Unit{*unit("anna", "s1", "s2", "anna"), *unit("ben", "s1", "s2", "ben")}, false, o)
	must(t, err)
	for _, r := range done {
		if r.Outcome != course.Moved || !strings.Contains(r.Unkicked(), "it has not ended within 5s, and was ended") {
			t.Errorf("%s: %s, %s, %q", r.Unit.Name, r.Outcome, r.Why, r.Unkicked())
		}
	}
	if hung.IsZero() {
		t.Error("it was not asked")
	}
}

// A mail server that takes a connection, and says nothing, is not waited for for long.
func TestSilentLMTP(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	waited := make(chan time.Duration, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		began := time.Now()
		_, _ = io.Copy(io.Discard, conn) // until the other end hangs up
		waited <- time.Since(began)
	}()
	if _, err = apply.Recipients(t.Context(), l.Addr().String(), []inventory.UserID{"anna"}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	if took := <-waited; took > 15*time.Second {
		t.Errorf("it was waited for for %v", took)
	}
}
