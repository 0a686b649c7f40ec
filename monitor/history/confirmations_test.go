package history

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// What was found of a plan is kept whole; of each plan and unit there is a last one.
func TestConfirmations(t *testing.T) {
	h := openAt(t, filepath.Join(t.TempDir(), "facts.db"))
	at := time.Date(2026, 11, 26, 1, 2, 3, 4000, time.UTC)
	doubted := []monitor.Promise{{
		Name: monitor.PromiseShares, Verdict: monitor.Unmet, Expected: "read", Found: "not",
		Doubts: []monitor.Doubt{{Verdict: monitor.Unmet, User: "o'brien", Mailbox: "user.anna", Found: "a\nb"}},
	}}
	list := []monitor.Confirmation{
		{Plan: "p", At: at, By: "root", Occasion: monitor.OnceDone, Verdict: monitor.Unmet, Promises: doubted},
		{Plan: "p", Unit: "anna to s2", At: at, By: "root", Occasion: monitor.BeforeDeletion, Verdict: monitor.Met},
		{Plan: "q", At: at, By: "root", Occasion: monitor.OnRequest, Verdict: monitor.UnknownFulfilment},
		{Plan: "p", At: at.Add(time.Hour), By: "ops", Occasion: monitor.AfterADay, Verdict: monitor.Met},
	}
	for i := range list {
		if err := h.AddConfirmation(t.Context(), &list[i]); err != nil {
			t.Fatal(err)
		}
	}
	of, err := h.Confirmations(t.Context(), "p")
	if want := []monitor.Confirmation{list[0], list[1], list[3]}; err != nil || !reflect.DeepEqual(of, want) {
		t.Errorf("of a plan: %+v, %v, want %+v", of, err, want)
	}
	last, err := h.LastConfirmations(t.Context())
	if want := list[1:]; err != nil || !reflect.DeepEqual(last, want) {
		t.Errorf("the last: %+v, %v, want %+v", last, err, want)
	}
}
