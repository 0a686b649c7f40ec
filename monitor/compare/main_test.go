package compare_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

// rig is a settled pair on real Cyrus.
type rig struct {
	t               *testing.T
	fleet           *cyrustest.Fleet
	master, replica *cyrustest.Instance
	sieve           map[*cyrustest.Instance]string // the address of each one's service for scripts
	several         bool                           // there are further replicas
	channel         string                         // to the one that is looked at; empty: nobody knows
}

// newRig starts a pair with some mail on both sides. Nothing is replicated but by
// [rig.sync], so that damage is neither copied back nor mended while it is
// looked for.
func newRig(t *testing.T, mailboxes ...cyrustest.Mailbox) *rig {
	t.Helper()
	return startRig(t, cyrustest.Settings{Client: cyrustest.ClientNone}, mailboxes...)
}

// startRig starts a pair of these settings.
func startRig(t *testing.T, settings cyrustest.Settings, mailboxes ...cyrustest.Mailbox) *rig {
	t.Helper()
	return startRigOf(t, []cyrustest.Settings{settings, settings}, mailboxes...)
}

// startRigOf starts a master and its replicas, the first of which is looked at.
func startRigOf(t *testing.T, all []cyrustest.Settings, mailboxes ...cyrustest.Mailbox) *rig {
	t.Helper()
	cyrustest.Need(t, "timsieved", "mbpath", "cyr_dbtool")
	addresses := make([]string, len(all))
	for i := range all {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addresses[i] = free.Addr().String()
		free.Close()
		all[i].Services = []cyrustest.Service{{Name: "sieve", Command: "timsieved", Listen: addresses[i]}}
	}
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: all})
	r := &rig{t: t, fleet: fleet, master: fleet.Stores[0].Master(), replica: fleet.Stores[0].Replicas()[0]}
	r.sieve = map[*cyrustest.Instance]string{r.master: addresses[0], r.replica: addresses[1]}
	if err := r.master.Fill(within(t, time.Minute), mailboxes); err != nil {
		t.Fatal(err)
	}
	r.sync("-A")
	return r
}

// under is the same pair in a subtest.
func (r *rig) under(t *testing.T) *rig {
	sub := *r
	sub.t = t
	return &sub
}

// tool runs one of Cyrus's programs.
func (r *rig) tool(in *cyrustest.Instance, name string, arguments ...string) string {
	r.t.Helper()
	out, err := in.Tool(within(r.t, time.Minute), name, arguments...)
	if err != nil {
		r.t.Fatal(out, err)
	}
	return out
}

// directory returns where the messages of a mailbox lie.
func (r *rig) directory(in *cyrustest.Instance, mailbox string) string {
	r.t.Helper()
	return strings.TrimSpace(r.tool(in, "mbpath", mailbox))
}

func remove(r *rig, in *cyrustest.Instance, mailbox string, uid int) {
	if err := os.Remove(fmt.Sprintf("%s/%d.", r.directory(in, mailbox), uid)); err != nil {
		r.t.Fatal(err)
	}
}

func truncate(r *rig, in *cyrustest.Instance, mailbox string, uid int) {
	if err := os.Truncate(fmt.Sprintf("%s/%d.", r.directory(in, mailbox), uid), 100); err != nil {
		r.t.Fatal(err)
	}
}

// garble changes the last letter of a file.
func garble(r *rig, in *cyrustest.Instance, mailbox string, uid int) {
	name := fmt.Sprintf("%s/%d.", r.directory(in, mailbox), uid)
	text, err := os.ReadFile(name)
	if err == nil {
		text[len(text)-3]++
		err = os.WriteFile(name, text, 0o600)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// script gives a user a Sieve script, by the protocol of RFC 5804.
func (r *rig) script(in *cyrustest.Instance, user, text string) {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.sieve[in])
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	lines := bufio.NewReader(conn)
	answered := func(what string) {
		for {
			line, err := lines.ReadString('\n')
			if err != nil || strings.HasPrefix(line, "NO") || strings.HasPrefix(line, "BYE") {
				r.t.Fatalf("%s: %q %v", what, line, err)
			}
			if strings.HasPrefix(line, "OK") {
				return
			}
		}
	}
	answered("greeting")
	plain := base64.StdEncoding.EncodeToString([]byte(user + "\x00" + cyrustest.AdminUser + "\x00" + r.fleet.Password))
	fmt.Fprintf(conn, "AUTHENTICATE \"PLAIN\" \"%s\"\r\n", plain)
	answered("login")
	fmt.Fprintf(conn, "PUTSCRIPT \"mine\" {%d+}\r\n%s\r\n", len(text), text)
	answered("script")
}

// sync runs sync_client once on the master.
func (r *rig) sync(arguments ...string) {
	r.t.Helper()
	if out, err := r.master.Tool(within(r.t, time.Minute), "sync_client", arguments...); err != nil {
		r.t.Fatal(out, err)
	}
}

// do sends commands to an instance as a user.
func (r *rig) do(in *cyrustest.Instance, user string, commands ...string) {
	r.t.Helper()
	conn, err := in.DialAs(within(r.t, 30*time.Second), user)
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	for _, command := range commands {
		if answer, err := conn.Do(command); err != nil {
			r.t.Fatalf("%s: %v %s", command, err, strings.Join(answer, "\n"))
		}
	}
}

func (r *rig) side(server inventory.ServerID, in *cyrustest.Instance) compare.Side {
	return compare.Side{Server: server, Conf: in.Conf, CSync: in.Csync, IMAP: cyrus.Options{
		Address: in.IMAP, User: cyrustest.AdminUser, Password: cyrus.Secret(r.fleet.Password), TLS: cyrus.None,
	}}
}

func (r *rig) pair() compare.Pair {
	channel := func() (string, error) {
		if r.channel == "" {
			return "", errors.New("nobody reads imapd.conf")
		}
		return r.channel, nil
	}
	return compare.Pair{Store: "s1", Several: r.several, Channel: channel, Master: r.side("imap1", r.master), Replica: r.side("imap2", r.replica)}
}

// carried says that nothing waits, behind that that much does.
func carried(context.Context) time.Time { return time.Now() }
func behind(context.Context) time.Time  { return time.Now().Add(-time.Hour) }

// compare compares the pair when nothing waits, without long pauses.
func (r *rig) compare(o compare.Options) *monitor.Comparison {
	r.t.Helper()
	if o.Pause == 0 {
		o.Pause = 100 * time.Millisecond
	}
	if o.Carried == nil {
		o.Carried = carried
	}
	c, err := compare.Store(within(r.t, time.Minute), r.pair(), o)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}
