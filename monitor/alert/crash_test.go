package alert_test

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/interlacemail/interlace/fixtures/mailtest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/alert"
	"github.com/interlacemail/interlace/monitor/history"
)

// TestMain is the sender that TestKilled kills, where it is started as one.
func TestMain(m *testing.M) {
	if point := os.Getenv("ALERT_DIE"); point != "" {
		if err := sendAndDie(os.Getenv("ALERT_DB"), os.Getenv("ALERT_RELAY"), point, os.Getenv("ALERT_NOW")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// mortal dies at one point of the second message.
type mortal struct {
	alert.Ledger
	route alert.Route
	point string
	count map[string]int
}

func (d *mortal) at(point string) {
	if d.count[point]++; point == d.point && d.count[point] == 2 || point == d.point && strings.HasPrefix(point, "step") {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

func (d *mortal) StepAlerts(ctx context.Context, now time.Time, step func(monitor.AlertState) (monitor.AlertState, []monitor.Message)) error {
	err := d.Ledger.StepAlerts(ctx, now, func(before monitor.AlertState) (monitor.AlertState, []monitor.Message) {
		after, messages := step(before)
		d.at("step inside")
		return after, messages
	})
	d.at("step after")
	return err
}

func (d *mortal) ClaimMessage(ctx context.Context, route string, now, until, latest time.Time) (*monitor.Message, error) {
	d.at("claim before")
	m, err := d.Ledger.ClaimMessage(ctx, route, now, until, latest)
	d.at("claim after")
	return m, err
}

func (d *mortal) EndMessage(ctx context.Context, m *monitor.Message) error {
	d.at("end before")
	err := d.Ledger.EndMessage(ctx, m)
	d.at("end after")
	return err
}

func (d *mortal) Deliver(ctx context.Context, m *monitor.Message) error {
	return d.route.Deliver(ctx, m)
}

// incidents are five servers with something critical each, which makes five mails.
func incidents() []monitor.Look {
	look := monitor.Look{Probe: monitor.ProbeLogs, Watcher: "imap1"}
	for n := range 5 {
		look.Findings = append(look.Findings, monitor.Finding{
			Probe: monitor.ProbeLogs, Kind: monitor.BailingOut, Severity: monitor.Critical, Server: inventory.Text(fmt.Sprint("imap", n)), Text: "it bails out",
		})
	}
	return []monitor.Look{look}
}

func sendAndDie(db, relay, point, at string) error {
	now, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return err
	}
	ctx := context.Background()
	h, err := history.Open(ctx, db, history.Options{})
	if err != nil {
		return err
	}
	defer h.Close()
	d := &mortal{Ledger: h, route: &alert.Mail{Relay: relay, From: "a@example.org", To: "b@example.org", TLS: alert.NoTLS}, point: point, count: map[string]int{}}
	desk := &alert.Desk{Ledger: d, Routes: map[string]alert.Route{"mail:b@example.org": d}, Options: alert.Options{GroupWait: time.Nanosecond}}
	for range 2 {
		if err := desk.Judge(ctx, incidents(), now); err != nil {
			return err
		}
		now = now.Add(time.Second)
	}
	return desk.Deliver(ctx, func() time.Time { return now })
}

// TestKilled kills a sender at each point of its work, starts it again, and
// counts what arrived: everything, and twice only what the relay had taken when
// the sender could not write that down any more, and then with the same
// Message-ID.
func TestKilled(t *testing.T) {
	for point, doubled := range map[string]int{
		"never": 0, "step inside": 0, "step after": 0, "claim before": 0, "claim after": 0,
		"relay took it": 1, "end before": 1, "end after": 0,
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			r := mailtest.Run(t)
			r.Set(func() { r.Plain = true })
			db := filepath.Join(t.TempDir(), "interlace.db")
			run := func(point, now string) error {
				child := exec.Command(os.Args[0])
				child.Env = append(os.Environ(), "ALERT_DIE="+point, "ALERT_DB="+db, "ALERT_RELAY="+r.Address, "ALERT_NOW="+now)
				var words strings.Builder
				child.Stderr = &words
				if err := child.Start(); err != nil {
					return err
				}
				taken := 0
				r.Set(func() {
					r.Taken = func() {
						if taken++; taken == 2 && point == "relay took it" {
							child.Process.Kill()
						}
					}
				})
				if err := child.Wait(); err != nil {
					return fmt.Errorf("%w: %s", err, words.String())
				}
				return nil
			}
			err := run(point, "2026-11-01T09:00:00Z")
			var exit *exec.ExitError
			if killed := errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL; killed == (point == "never") {
				t.Fatalf("the first sender: %v", err)
			}
			if err := run("never", "2026-11-01T09:30:00Z"); err != nil {
				t.Fatal(err)
			}
			count := map[string]int{}
			for _, text := range r.Received() {
				m, err := mail.ReadMessage(strings.NewReader(text))
				if err != nil {
					t.Fatal(err)
				}
				count[m.Header.Get("Message-Id")]++
			}
			if len(count) != 5 || len(r.Received()) != 5+doubled {
				t.Errorf("%d mails of %d incidents, want %d of 5", len(r.Received()), len(count), 5+doubled)
			}
		})
	}
}
