package course_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

var letters = course.Course{Steps: []monitor.Step{"a", "b", "c", "d", "e"}, Pivot: "d", Rest: "e"}

// Whoever reads the journal knows what to do, wherever the one before stopped.
func TestNext(t *testing.T) {
	for _, test := range []struct {
		journal string // step and the first letter of its state; n: it failed with nobody let in
		back    bool
		want    string
	}{
		{"", false, "do a"},
		{"ab", false, "do a again"},
		{"ab ad", false, "do b"},
		{"ab ad bb bd cb cd", false, "do d"},
		{"ab ad bb bf", false, "undo b"},
		{"ar", false, "end back"},
		{"ab ad br", false, "undo a"},
		{"ab ad bb br", false, "undo b"},
		{"ab ad bb br bu bU ar", false, "undo a"},
		{"ab ad bb bd cb cd db dr", false, "do d again"},
		{"ab ad bb bf bu", false, "undo b again"},
		{"ab ad bb bf bu bU", false, "undo a"},
		{"ab ad bb bf bu bf", false, "undo b 1 failures"},
		{"ab ad bb bf bu bU au aU", false, "end back"},
		{"ab ad bb bf bu bU au aU ab", false, "do a again"},
		{"ab af au aU ab ad", false, "do b"},
		{"ab ad bb bd cb cd db", false, "do d again"},
		{"ab ad bb bd cb cd db df", false, "do d 1 failures"},
		{"ab ad bb bd cb cd db df db df", false, "do d 2 failures"},
		{"ab ad bb bd cb cd db df db dd", false, "settle e"},
		{"ab ad bb bd cb cd db dd eb", false, "do e again"},
		{"ab ad bb bd cb cd db dd eb ed", false, "end"},

		{"ab ad bb bd cb cd df", false, "undo c"},    // the pivot could not begin
		{"ab ad bb bd cb cd db dn", false, "undo d"}, // nobody was let in
		{"ab ad bb bd cb cd db df db dn", false, "undo d"},
		{"ab ad bb bd cb cd db dn du dU", false, "undo c"},
		{"ab ad bb bd cb cd db dn du dU cu cU bu bU au aU", false, "end back"},
		{"ab ad bb bd cf", false, "undo b"},
		{"ab ad bb bd cb cd df cu cU", false, "undo b"},

		{"", true, "end back"},
		{"ab", true, "undo a"},
		{"ab ad", true, "undo a"},
		{"ab ad bb", true, "undo b"},
		{"ab ad bb bd cb cd", true, "undo c"},
		{"ab ad bb bd cb cd db", true, "do d again"},
		{"ab ad bb bd cb cd db df", true, "do d 1 failures"},
		{"ab ad bb bd cb cd db dd", true, "settle e"},
	} {
		if got := say(letters.Next(read(test.journal), test.back)); got != test.want {
			t.Errorf("after %q, back %v: %s, want %s", test.journal, test.back, got, test.want)
		}
	}
}

// A unit that fails at the step at which it may stay does that step again, and goes back only
// when that is asked for.
func TestStays(t *testing.T) {
	stays := letters
	stays.Stay = []monitor.Step{"c"}
	for _, test := range []struct {
		journal string
		back    bool
		want    string
	}{
		{"ab ad bb bd cb cf", false, "do c 1 failures"},
		{"ab ad bb bd cb cf cb", false, "do c again 1 failures"},
		{"ab ad bb bd cb cf cb cd", false, "do d"},
		{"ab ad bb bd cb cf", true, "undo b"},
		{"ab ad bb bd cb cf cr", false, "undo b"},
		{"ab ad bb bd cb cf cb", true, "undo c"},
		{"ab ad bb bf", false, "undo b"},
	} {
		if got := say(stays.Next(read(test.journal), test.back)); got != test.want {
			t.Errorf("after %q, back %v: %s, want %s", test.journal, test.back, got, test.want)
		}
	}
}

// A unit that stops anywhere, whether what it was doing is in effect or not, comes to
// the same end as one that never stops: every step in effect once, or none.
func TestCrashes(t *testing.T) {
	for seed := range uint64(5000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		world := &world{effects: map[monitor.Step]bool{}}
		var records []monitor.StepRecord
		back := rng.IntN(40)                                             // from this turn on it is to be taken back
		broken := monitor.Step([]string{"", "b", "c", "d"}[rng.IntN(4)]) // fails at first
		for turn := 0; ; turn++ {
			if turn > 200 {
				t.Fatalf("seed %d: no end: %v", seed, records)
			}
			a := letters.Next(records, turn >= back)
			if a.Verb == course.End {
				world.check(t, seed, a)
				break
			}
			begin, end := monitor.StepBegan, monitor.StepDone
			if a.Verb == course.Undo {
				begin, end = monitor.StepUndoing, monitor.StepUndone
			}
			if rng.IntN(6) == 0 {
				continue // it stops before anything is written down
			}
			if a.Verb == course.Do && a.Step > "a" && a.Step <= letters.Pivot && a.Failures == 0 && !(a.Again && a.Step == letters.Pivot) && rng.IntN(30) == 0 {
				records = append(records, monitor.StepRecord{Step: a.Step, State: monitor.StepFailed}) // it can't be done now
				continue
			}
			records = append(records, monitor.StepRecord{Step: a.Step, State: begin})
			if rng.IntN(6) == 0 {
				continue
			}
			if a.Verb == course.Do && a.Step == letters.Pivot && !world.effects[a.Step] && rng.IntN(6) == 0 {
				records = append(records, monitor.StepRecord{Step: a.Step, State: monitor.StepFailed, Data: course.AreOut})
				continue
			}
			world.change(a)
			if rng.IntN(6) == 0 {
				continue
			}
			if a.Verb == course.Do && a.Step == broken && a.Failures < 2 && rng.IntN(2) == 0 {
				end = monitor.StepFailed
			}
			records = append(records, monitor.StepRecord{Step: a.Step, State: end})
		}
	}
}

// world is what the steps have done.
type world struct{ effects map[monitor.Step]bool }

func (w *world) change(a course.Action) { w.effects[a.Step] = a.Verb != course.Undo }

func (w *world) check(t *testing.T, seed uint64, a course.Action) {
	t.Helper()
	for _, step := range letters.Steps {
		if w.effects[step] == a.Back {
			t.Errorf("seed %d: back %v, and %s in effect %v", seed, a.Back, step, w.effects[step])
		}
	}
}

func read(journal string) []monitor.StepRecord {
	states := map[byte]monitor.StepState{
		'b': monitor.StepBegan, 'd': monitor.StepDone, 'f': monitor.StepFailed, 'n': monitor.StepFailed, 'u': monitor.StepUndoing, 'U': monitor.StepUndone, 'r': monitor.StepRecalled,
	}
	var records []monitor.StepRecord
	for _, word := range strings.Fields(journal) {
		r := monitor.StepRecord{Step: monitor.Step(word[:1]), State: states[word[1]]}
		if word[1] == 'n' {
			r.Data = course.AreOut
		}
		records = append(records, r)
	}
	return records
}

func say(a course.Action) string {
	text := string(a.Verb)
	if a.Step != "" {
		text += " " + string(a.Step)
	}
	if a.Again {
		text += " again"
	}
	if a.Failures > 0 {
		text += fmt.Sprintf(" %d failures", a.Failures)
	}
	if a.Verb == course.End && a.Back {
		text += " back"
	}
	return text
}

// Users who move are left alone nowhere between their denial and their new store.
func TestPauses(t *testing.T) {
	var pauses []monitor.Step
	for _, step := range []monitor.Step{
		monitor.StepCheck, monitor.StepDenyTarget, monitor.StepCopy, monitor.StepDenySource, monitor.StepDelta, monitor.StepProveTarget, monitor.StepPush,
		monitor.StepProveReplica, monitor.StepRoute, monitor.StepAllowTarget, monitor.StepAllowWriters, monitor.StepCanary,
		monitor.StepKeep, monitor.StepDeleteSource, monitor.StepAllowSource,
	} {
		if course.OfMove.Pauses(step) {
			pauses = append(pauses, step)
		}
	}
	if want := []monitor.Step{monitor.StepCheck, monitor.StepDenyTarget, monitor.StepCopy, monitor.StepDenySource, monitor.StepKeep}; !slices.Equal(pauses, want) {
		t.Errorf("they may be left before %v, want %v", pauses, want)
	}
}
