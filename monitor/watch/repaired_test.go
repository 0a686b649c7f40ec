package watch_test

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/alert"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/watch"
)

// TestRepairedSoon: a difference that a comparison finds gone, by whomever it was made,
// is over a minute or two later.
func TestRepairedSoon(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		h, err := history.Open(t.Context(), filepath.Join(dir, "interlace.db"), history.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		compared := func(found ...monitor.Difference) {
			t.Helper()
			run := &monitor.ComparisonRun{Level: "2", Began: time.Now()}
			err := h.BeginComparison(t.Context(), run)
			if err == nil {
				outcome := monitor.Identical
				if len(found) > 0 {
					outcome = monitor.Different
				}
				err = h.SaveCompared(t.Context(), run, monitor.Copy{Store: "s1", Server: "imap2"}, time.Now(), []monitor.Compared{{Owner: "anna", Outcome: outcome, Differences: found}})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		stages := func() []monitor.Stage {
			t.Helper()
			alerts, err := h.Alerts(t.Context(), time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			var list []monitor.Stage
			for _, a := range alerts {
				if a.Kind == monitor.CopyDiffers {
					list = append(list, a.Stage)
				}
			}
			return list
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- watch.New(watch.Options{
				Server: "imap1", Memory: h, Now: time.Now, Complain: func(error) {}, Desk: &alert.Desk{Ledger: h, Options: alert.Options{Host: "imap1"}},
				Instances: func(context.Context) ([]monitor.Instance, error) {
					return []monitor.Instance{{Server: "imap1", Store: "s1", Role: inventory.Master}}, nil
				},
				Compare: watch.Comparing{
					Every: 24 * time.Hour, Within: 7 * 24 * time.Hour, For: time.Minute, Look: compare.Options{Level: "2"},
					Copies: func() []monitor.Copy { return []monitor.Copy{{Store: "s1", Server: "imap2"}} },
					Pairs:  func(context.Context) ([]compare.Pair, error) { return nil, nil },
				},
			}).RunAlone(ctx)
		}()
		compared(monitor.Difference{
			Store: "s1", Server: "imap2", User: "anna", Mailbox: "user.anna", Kind: monitor.MessageMissing, Level: "2", Master: "2 messages", Certainty: monitor.Confirmed, Text: "it differs",
		})
		time.Sleep(10 * time.Minute)
		if got := stages(); len(got) != 1 || got[0] != monitor.Firing {
			t.Errorf("while it differs: %v", got)
		}
		compared()
		time.Sleep(90 * time.Second)
		if got := stages(); len(got) != 1 || got[0] != monitor.Resolved {
			t.Errorf("when it is repaired: %v", got)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
