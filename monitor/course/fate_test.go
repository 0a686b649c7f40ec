package course_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// Where somebody is, and what else there is of them, follows from the journal, wherever
// moves and ways back have got to.
func TestFind(t *testing.T) {
	t.Parallel()
	first := course.Unit{Plan: "p", Name: "anna to s2", Moves: []planner.UserChange{{User: "anna", From: "s1", To: "s2"}}}
	second := course.Unit{Plan: "q", Name: "anna to s3", Moves: []planner.UserChange{{User: "anna", From: "s2", To: "s3"}}}
	const back = "anna to s2, back to s1"
	begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		// steps are UNIT:STEP:STATE or UNIT:STEP:STATE:DATA, an hour after one another.
		steps []string
		want  string // STORE since HOUR, left on STORES, those kept with :PLAN@HOUR; empty: nothing is known
		fate  course.Fate
		out   bool
	}{
		{"nothing begun", nil, "", course.Unbegun, false},
		{"checked", []string{"p:check:done"}, "s1 since -, left on s2", course.UnderWay, false},
		{"copied", []string{"p:deny_target:done", "p:copy:done"}, "s1 since -, left on s2", course.UnderWay, false},
		{"kept out", []string{"p:deny_target:done", "p:copy:done", "p:deny_source:done", "p:delta:began"}, "s1 since -, left on s2", course.UnderWay, true},
		{"on the way back", []string{"p:deny_target:done", "p:deny_source:done", "p:delta:failed", "p:deny_source:undone"}, "s1 since -, left on s2", course.UnderWay, false},
		{"come back", []string{"p:copy:done", "p:deny_source:failed", "p:check:undone"}, "", course.TakenBack, false},
		{"let in", []string{"p:deny_target:done", "p:deny_source:done", "p:route:done", "p:allow_target:began"}, "s2 since 3, left on s1:p@2", course.UnderWay, false},
		{"moved", []string{"p:route:done", "p:canary:done"}, "s2 since 0, left on s1:p@0", course.InEffect, false},
		{"asked for later", []string{"p:route:done", "p:canary:done", "p:keep:began"}, "s2 since 0, left on s1:p@0", course.InEffect, false},
		{"may be deleted", []string{"p:route:done", "p:keep:done", "p:delete_source:began"}, "s2 since 0, left on s1:p@0", course.InEffect, false},
		{"deleted", []string{"p:route:done", "p:delete_source:done"}, "s2 since 0, left on ", course.InEffect, false},
		{"deleted, but for who was renamed", []string{"p:route:done", "p:delete_source:done:" + `{"Stay":{"s1":["anna"]}}`, "p:allow_source:done"}, "s2 since 0, left on s1", course.InEffect, false},
		{"finished", []string{"p:route:done", "p:allow_source:done"}, "s2 since 0, left on ", course.InEffect, false},
		{"begun to be moved back", []string{"p:route:done", "p:canary:done", "b:copy:done"}, "s2 since 0, left on s1:p@0", course.UnderWay, false},
		{"moved back", []string{"p:route:done", "p:canary:done", "b:route:done", "b:canary:done"}, "s1 since 2, left on s2:b@2", course.TakenBack, false},
		{"not moved back after all", []string{"p:route:done", "p:canary:done", "b:copy:failed", "b:check:undone"}, "s2 since 0, left on s1:p@0", course.InEffect, false},
		{"moved back, and finished", []string{"p:route:done", "p:canary:done", "b:route:done", "p:allow_source:done", "b:allow_source:done"}, "s1 since 2, left on ", course.TakenBack, false},
		{"moved on", []string{"p:route:done", "p:canary:done", "q:route:done", "q:canary:done", "p:keep:began"}, "s3 since 2, left on s1:p@0 s2:q@2", course.InEffect, false},
		{"moved back, and then elsewhere", []string{"p:route:done", "p:canary:done", "b:route:done", "b:canary:done", "q:copy:done"}, "s1 since 2, left on s2:b@2 s3", course.TakenBack, false},
	} {
		var j journal
		for i, s := range c.steps {
			words := append(strings.SplitN(s, ":", 4), "")
			unit := map[string][2]string{"p": {"p", first.Name}, "b": {"p", back}, "q": {"q", second.Name}}[words[0]]
			j = append(j, monitor.StepRecord{Plan: unit[0], Unit: unit[1], Step: monitor.Step(words[1]), State: monitor.StepState(words[2]), Data: words[3], At: begin.Add(time.Duration(i) * time.Hour)})
		}
		found, err := course.Find(t.Context(), []course.Unit{second, first}, j)
		must(t, err)
		got := ""
		if w, known := found["anna"]; known {
			since, left := "-", []string{}
			if !w.Since.IsZero() {
				since = fmt.Sprint(w.Since.Sub(begin).Hours())
			}
			for _, s := range w.Left {
				text := string(s)
				if k := w.On(s); k != nil {
					text += fmt.Sprintf(":%s@%v", map[bool]string{true: "b", false: k.Plan}[k.Way], k.Since.Sub(begin).Hours())
				}
				left = append(left, text)
			}
			got = fmt.Sprintf("%s since %s, left on %s", w.Store, since, strings.Join(left, " "))
		}
		a, err := course.AccountOf(t.Context(), &first, inventory.StoreID("s1"), j)
		must(t, err)
		if got != c.want || a.Fate != c.fate || a.Out != c.out {
			t.Errorf("%s: %q, %s, kept out %v; want %q, %s, %v", c.name, got, a.Fate, a.Out, c.want, c.fate, c.out)
		}
	}
}
