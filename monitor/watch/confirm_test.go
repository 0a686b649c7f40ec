package watch_test

import (
	"testing"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// TestWatchTellsOfPlans has a watch tell of a plan that is not kept until it is.
func TestWatchTellsOfPlans(t *testing.T) {
	w := newWorld(t)
	ask := func(verdict monitor.Fulfilment) {
		t.Helper()
		c := &monitor.Confirmation{Plan: "p", At: time.Now(), Verdict: verdict, Promises: []monitor.Promise{{
			Name: monitor.PromiseShares, Verdict: verdict, Doubts: []monitor.Doubt{{Verdict: verdict, User: "ben", Expected: "reads Work of anna", Found: "can't"}},
		}}}
		if err := w.history.AddConfirmation(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	ask(monitor.Unmet)
	w.run("not kept", func() bool { _, _, found := w.desk.found(monitor.PlanUnconfirmed); return found })
	look, f, _ := w.desk.found(monitor.PlanUnconfirmed)
	if look.Probe != monitor.ProbeConfirm || f.Severity != monitor.Warning || f.Server != "imap1" || f.Subject != "p" || f.Command == "" {
		t.Errorf("%+v", f)
	}
	ask(monitor.Met)
	w.desk.mu.Lock()
	w.desk.looks = nil
	w.desk.mu.Unlock()
	w.run("kept", func() bool {
		w.desk.mu.Lock()
		defer w.desk.mu.Unlock()
		for _, look := range w.desk.looks {
			if look.Probe == monitor.ProbeConfirm {
				return true
			}
		}
		return false
	})
	if _, f, found := w.desk.found(monitor.PlanUnconfirmed); found {
		t.Errorf("what is kept is found: %+v", f)
	}
}
