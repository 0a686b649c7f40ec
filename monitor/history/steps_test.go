package history

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

func TestSteps(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facts.db")
	h := openAt(t, path)
	at := time.Date(2026, 11, 26, 1, 2, 3, 4000, time.UTC)
	want := []monitor.StepRecord{
		{Plan: "p", Unit: "anna to s2", Step: monitor.StepCheck, State: monitor.StepBegan, At: at},
		{Plan: "p", Unit: "anna to s2", Step: monitor.StepCheck, State: monitor.StepDone, At: at, Text: "room\nfor \x1b all", Data: `{"a":1}`},
	}
	for i := range want {
		if err := h.AddStep(t.Context(), &want[i]); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []monitor.StepRecord{{Plan: "q", Unit: "anna to s2", At: at}, {Plan: "p", Unit: "ben to s2", At: at}} {
		if err := h.AddStep(t.Context(), &other); err != nil {
			t.Fatal(err)
		}
	}
	got, err := h.Steps(t.Context(), "p", "anna to s2")
	if err != nil || !reflect.DeepEqual(got, want) || got[0].Number >= got[1].Number {
		t.Errorf("steps %+v, %v, want %+v", got, err, want)
	}

	// What ends the keeping of originals changes nothing of where anybody is.
	if err := h.AddStep(t.Context(), &monitor.StepRecord{Plan: "p", Unit: "anna to s2", Step: monitor.StepKeep, State: monitor.StepBegan, At: at.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	last, err := h.LastSteps(t.Context())
	if err != nil || len(last) != 2 || !last["p"].Equal(at) || !last["q"].Equal(at) {
		t.Errorf("last steps %v, %v", last, err)
	}
}

// A journal is known by its identity, as long as its file is kept.
func TestIdentity(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facts.db")
	first, err := openAt(t, path).Identity(t.Context())
	again, wrong := openAt(t, path).Identity(t.Context())
	other, failed := openAt(t, filepath.Join(t.TempDir(), "facts.db")).Identity(t.Context())
	if err != nil || wrong != nil || failed != nil || len(first) != 16 || again != first || other == first {
		t.Errorf("the same file: %s and %s, another one: %s; %v %v %v", first, again, other, err, wrong, failed)
	}
	if none, err := (&History{}).Identity(t.Context()); none != "" || err != nil {
		t.Errorf("of nothing: %s, %v", none, err)
	}
}

// What has begun since a time is found whatever plan it belongs to.
func TestBegun(t *testing.T) {
	h := openAt(t, filepath.Join(t.TempDir(), "facts.db"))
	at := time.Date(2026, 11, 26, 22, 0, 0, 0, time.UTC)
	all := []monitor.StepRecord{
		{Plan: "p", Unit: "anna to s2", Step: monitor.StepCheck, State: monitor.StepBegan, At: at.Add(-time.Microsecond)},
		{Plan: "p", Unit: "ben to s2", Step: monitor.StepCheck, State: monitor.StepBegan, At: at},
		{Plan: "p", Unit: "ben to s2", Step: monitor.StepCheck, State: monitor.StepDone, At: at},
		{Plan: "p", Unit: "ben to s2", Step: monitor.StepCopy, State: monitor.StepBegan, At: at},
		{Plan: "q", Unit: "carl to s2", Step: monitor.StepCheck, State: monitor.StepBegan, At: at.Add(time.Hour)},
	}
	for i := range all {
		if err := h.AddStep(t.Context(), &all[i]); err != nil {
			t.Fatal(err)
		}
	}
	got, err := h.Begun(t.Context(), monitor.StepCheck, at)
	if want := []monitor.StepRecord{all[1], all[4]}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("begun are %+v, %v, want %+v", got, err, want)
	}
}
