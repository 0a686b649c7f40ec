package history

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// What is carried out is known until it has ended, with its plans; the same plans are
// gone on with, and not begun twice.
func TestApplies(t *testing.T) {
	h := openAt(t, filepath.Join(t.TempDir(), "facts.db"))
	ctx, at := t.Context(), time.Date(2026, 2, 1, 8, 0, 0, 0, time.UTC)
	first := monitor.Apply{Plans: []string{"a", "b"}, By: "root", Began: at}
	second := monitor.Apply{Plans: []string{"c"}, By: "root", Began: at}
	for _, err := range []error{
		h.BeginApply(ctx, &first, [][]byte{[]byte("{a}"), []byte("{b}")}), h.BeginApply(ctx, &second, [][]byte{[]byte("{c}")}),
		h.StopApplies(ctx, at.Add(time.Hour)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if list, err := h.Applies(ctx, false); err != nil || len(list) != 2 || !list[0].Stop.Equal(at.Add(time.Hour)) || list[1].Stop.IsZero() {
		t.Errorf("asked to stop: %+v, %v", list, err)
	}
	again := monitor.Apply{Plans: []string{"a", "b"}, By: "anna", Began: at.Add(2 * time.Hour)}
	if err := h.BeginApply(ctx, &again, nil); err != nil || !reflect.DeepEqual(again, first) {
		t.Errorf("gone on with: %+v, %v, want %+v", again, err, first)
	}
	if err := h.EndApply(ctx, second.Number, at); err != nil {
		t.Fatal(err)
	}
	if list, err := h.Applies(ctx, false); err != nil || !reflect.DeepEqual(list, []monitor.Apply{first}) {
		t.Errorf("open are %+v, %v, want %+v", list, err, first)
	}
	if list, err := h.Applies(ctx, true); err != nil || len(list) != 2 || !list[1].Ended.Equal(at) {
		t.Errorf("there are %+v, %v", list, err)
	}
	for id, want := range map[string]string{"a": "{a}", "c": "{c}", "x": ""} {
		if text, err := h.Plan(ctx, id); err != nil || string(text) != want {
			t.Errorf("plan %s is %q, %v", id, text, err)
		}
	}
	if err := h.BeginApply(ctx, &monitor.Apply{Plans: []string{"c"}, By: "anna", Began: at}, nil); err != nil {
		t.Errorf("begun anew after it ended: %v", err)
	}
}
