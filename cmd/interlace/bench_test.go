package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/fixtures/baselines"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

func TestMedians(t *testing.T) {
	run := func(method string, worst, seconds, heap float64) report.LayoutBench {
		b := report.LayoutBench{Method: method, Bound: planner.Known(1), Spent: report.Spent{Seconds: seconds, Heap: planner.Known(heap)}}
		if worst > 0 {
			b.Worst = planner.Known(worst)
		}
		return b
	}
	rows := medians([]report.LayoutBench{
		run("interlace", 1.3, 5, 10), run("CRUSH", 2, 1, 1), run("interlace", 1.1, 9, 30), run("interlace", 1.2, 7, 20), run("CRUSH", 0, 1, 1),
	})
	if len(rows) != 2 || rows[0].Method != "interlace" || rows[1].Method != "CRUSH" {
		t.Fatalf("rows %+v", rows)
	}
	if r := rows[0]; r.Seeds != 3 || r.Worst.Value != 1.2 || r.Seconds != 7 || r.Heap.Value != 30 || math.Abs(r.GapMost.Value-0.3) > 1e-9 {
		t.Errorf("median of three: %+v", r)
	}
	if r := rows[1]; r.Worst.Value != 2 || r.GapMost.Known {
		t.Errorf("an unknown gap counts as less than a known one: %+v", r)
	}
}

func TestMarksSeeTheBestSoFar(t *testing.T) {
	m := newMarks([]mark{{after: time.Hour, reach: 0.1}, {after: 2 * time.Hour}, {after: 3 * time.Hour}})
	for _, told := range []struct {
		at    time.Duration
		worst float64
	}{{10 * time.Minute, 0.9}, {30 * time.Minute, 0.8}, {40 * time.Minute, 0.85}, {90 * time.Minute, 0.7}, {5 * time.Hour, 0.6}} {
		m.start = time.Now().Add(-told.at)
		m.progress(layout.Progress{Worst: told.worst})
	}
	rows := m.rows(report.LayoutBench{Worst: planner.Known(0.6), Spent: report.Spent{Seconds: 2.5 * 3600}, Fate: &report.Fate{}})
	if len(rows) != 2 || rows[0].Worst.Value != 0.8 || rows[1].Worst.Value != 0.7 {
		t.Fatalf("rows %+v", rows)
	}
	if r := rows[0]; r.Seconds != 3600 || r.Heap.Known || r.Fate != nil || r.Reach.Gap.Value != 0.1 {
		t.Errorf("the row says more than is known then: %+v", r)
	}
}

// Memory is what is held at the same time, with little of what was let go.
func TestMeasureCountsWhatIsHeld(t *testing.T) {
	const size = 1 << 20
	var held [][]byte
	spent := measure(func() {
		for range 100 {
			held = append(held, make([]byte, size))
		}
		time.Sleep(50 * time.Millisecond) // until the collector and whoever looks have seen it
		held = nil
	})
	if heap := spent.Heap.Value; heap < 98*size || heap > 180*size {
		t.Errorf("100 MiB are held at once, %.0f MiB counted", heap/size)
	}
	spent = measure(func() {
		for range 300 {
			held = [][]byte{make([]byte, size)}
			time.Sleep(time.Millisecond) // or the collector cannot follow
		}
	})
	if heap := spent.Heap.Value; heap > 80*size {
		t.Errorf("1 MiB is held at once, %.0f MiB counted", heap/size)
	}
}

// An interrupt ends the measurement and keeps what was measured.
func TestBenchInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	measured := func(name string, interrupts bool) benchCase[report.SimulateBench] {
		return benchCase[report.SimulateBench]{report.BenchCase{Name: name}, func(context.Context, uint64) ([]report.SimulateBench, error) {
			if interrupts {
				cancel()
			}
			return []report.SimulateBench{{Case: name}}, nil
		}}
	}
	var out, errs bytes.Buffer
	a := &app{stdout: &out, stderr: &errs}
	a.flags.output, a.flags.color, a.flags.seed = choiceOf("csv"), choiceOf("never"), seedFlag().or(1)
	err := runCases(a, ctx, []benchCase[report.SimulateBench]{measured("first", false), measured("second", true), measured("third", false)}, report.SimulateBenches)
	if !errors.Is(err, errCut) || !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("error %v; %s", err, errs.String())
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[1], "first,") || !strings.HasPrefix(lines[2], "second,") {
		t.Errorf("printed:\n%s", out.String())
	}
}

// Cases that begin with what was planned before know what has happened since.
func TestLaterCases(t *testing.T) {
	const servers = 6
	for up, c := range map[int]layoutCase{servers - 1: diesCase(servers), servers: driftCase(servers), servers + 1: addedCase(servers)} {
		inv, opts, err := c.task(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for i := range inv.Servers {
			if inv.Servers[i].State == inventory.Active {
				n++
			}
		}
		if n != up {
			t.Errorf("%s: %d servers are up, want %d", c.name, n, up)
		}
		if changes := cmp.Or(opts.MaxChanges, new(int)); up == servers && *changes != servers*usualStores/10 {
			t.Errorf("%s: %d changes are allowed", c.name, *changes)
		}
		if now, first := load.New(inv).Current(), load.New(mirrored(1, fixtures.Mixed, servers, usualStores)).Current(); reflect.DeepEqual(now, first) {
			t.Errorf("%s: nothing was planned before", c.name)
		}
	}
}

// What a case says of failures is about those of its level.
func TestLayoutCaseLooksAtItsLevel(t *testing.T) {
	f := load.New(mirrored(1, fixtures.Mixed, 20, 5))
	l := baselines.CRUSH(f, 1)
	promises := simulate.New(f, l).Promises()
	for level, want := range map[inventory.Level]planner.Worst{inventory.LevelServer: promises.WorstSingle, "rack": promises.WorstDomain["rack"]} {
		if got, _ := fate(f, l, level); got != want.Utilisation || !got.Known {
			t.Errorf("%s: %v, want %v", level, got, want.Utilisation)
		}
	}
}

// No two cases of a benchmark have one name, and every case has words.
func TestBenchCasesAreNamed(t *testing.T) {
	var lists [][]report.BenchCase
	lists = append(lists, described(layoutCases(nil)), described(simulateCases()), described(usersCases()), described(movesCases()))
	for _, list := range lists {
		var names []string
		for _, c := range list {
			if c.On == "" || slices.Contains(names, c.Name) {
				t.Errorf("case %q, %q", c.Name, c.On)
			}
			names = append(names, c.Name)
		}
	}
}
