package moves

import (
	"context"
	"math"
	"slices"

	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/transit"
)

// scheduler puts the bundles in time.
type scheduler struct {
	*chooser
	ctx context.Context

	now     float64
	times   []span // of each task
	waves   []wave
	left    []int32          // bundles not yet done
	ended   int              // tasks done
	forces  int              // how often bundles were let pass although they break a rule
	forced  transit.Breaches // what they broke, when that is known
	fullest fullest
	waited  []wait
}

// span is when a task is carried out.
type span struct {
	wave       int // from 1; 0 until the task has its time
	start, end float64
}

// wave is what is carried out together.
type wave struct {
	bundles  []int32 // in the order of their plans
	from, to float64
}

// wait is a time without changes.
type wait struct{ from, to float64 }

func newScheduler(ctx context.Context, c *chooser) *scheduler {
	s := &scheduler{chooser: c, ctx: ctx, times: make([]span, len(c.tasks))}
	for i := range c.bundles {
		s.left = append(s.left, int32(i))
	}
	return s
}

// fillWaves puts all bundles into waves, each as full as the rules let it be.
func (s *scheduler) fillWaves() {
	for len(s.left) > 0 {
		order := s.order(s.left)
		wave := s.choose(order, transit.Space)
		if len(wave) == 0 {
			wave = s.unlock(order)
		}
		ids, steps := s.steps(wave)
		starts := s.best(newNetwork(s.units, steps))
		if slices.Contains(starts, notStarted) {
			wave, ids, starts = s.cut(order, wave, ids, starts)
		}
		s.carryOut(wave, ids, starts)
	}
}

// steps returns the tasks of the bundles, and the gates that they pass, as steps
// that need one another only.
func (s *scheduler) steps(wave []int32) (ids []int32, steps []bounds.Step) {
	for _, i := range wave {
		ids = append(ids, s.bundles[i].tasks...)
	}
	slices.Sort(ids)
	if s.pending != nil {
		ids = s.withGates(ids)
	}
	at := make(map[int32]int32, len(ids))
	steps = make([]bounds.Step, len(ids))
	for n, id := range ids {
		at[id] = int32(n)
		steps[n] = s.tasks[id].Step
		steps[n].Needs, steps[n].Follows = positions(at, s.tasks[id].Needs), positions(at, s.tasks[id].Follows)
	}
	return ids, steps
}

// positions returns where those of the tasks that have one stand.
func positions(at map[int32]int32, tasks []int32) []int32 {
	var here []int32
	for _, id := range tasks {
		if n, ok := at[id]; ok {
			here = append(here, n)
		}
	}
	return here
}

// withGates adds the gates that everything before them has passed when the tasks end.
func (s *scheduler) withGates(ids []int32) []int32 {
	in := make([]bool, len(s.tasks))
	for _, id := range ids {
		in[id] = true
	}
	var all []int32
	for id := range s.tasks {
		t := &s.tasks[id]
		if t.isGate() && s.times[id].wave == 0 {
			in[id] = !slices.ContainsFunc(t.Needs, func(need int32) bool { return !in[need] && s.times[need].wave == 0 })
		}
		if in[id] {
			all = append(all, int32(id))
		}
	}
	return all
}

// best tries all keys and returns the starts of the shortest timetable, or with
// a window those of the one that gets most work done.
func (s *scheduler) best(n *network) []float64 {
	deadline := math.Inf(1)
	if s.opts.Window > 0 {
		deadline = s.now + s.opts.Window.Seconds()
	}
	var best []float64
	var bestWork, bestEnd float64
	for _, k := range keys {
		starts := n.run(k, nil, s.now, deadline)
		work, end := n.result(starts, s.now)
		if best == nil || work > bestWork || work == bestWork && end < bestEnd {
			best, bestWork, bestEnd = starts, work, end
		}
		if s.ctx.Err() != nil || bestEnd-s.now <= nearEnough*n.least() {
			break
		}
	}
	return best
}

// result returns the work started, in seconds, and the time at which it ends.
func (n *network) result(starts []float64, from float64) (work, end float64) {
	end = from
	for i, start := range starts {
		if start >= 0 {
			work += n.steps[i].Seconds
			end = max(end, start+n.steps[i].Seconds)
		}
	}
	return work, end
}

// least returns a simple bound on how long the steps last.
func (n *network) least() float64 {
	least := 0.0
	for p, w := range n.work {
		least = max(least, w/float64(n.units[p]))
	}
	for _, size := range n.size {
		least = max(least, size)
	}
	return least
}

// cut leaves out of a wave what does not end within the window, and what the
// rest cannot do without. If nothing is left, the most urgent bundle gets a wave
// of its own, as long as it takes.
func (s *scheduler) cut(order, wave, ids []int32, starts []float64) (kept, keptIDs []int32, keptStarts []float64) {
	started := make(map[int32]float64, len(ids))
	for n, id := range ids {
		if starts[n] >= 0 {
			started[id] = starts[n]
		}
	}
	var late []int32
	for _, i := range wave {
		if slices.ContainsFunc(s.bundles[i].tasks, func(t int32) bool { _, ok := started[t]; return !ok }) {
			late = append(late, i)
		}
	}
	if len(late) > 0 {
		s.repair(wave, late)
	}
	kept = s.chosenOf(wave)
	if len(kept) == 0 {
		return s.alone(order)
	}
	keptIDs, _ = s.steps(kept)
	for _, id := range keptIDs {
		keptStarts = append(keptStarts, started[id])
	}
	return kept, keptIDs, keptStarts
}

// alone puts the first bundle that the rules let pass into a wave of its own.
func (s *scheduler) alone(order []int32) (wave, ids []int32, starts []float64) {
	for _, i := range order {
		if s.take(i, transit.Space) && s.tryFinish(i) {
			wave = []int32{i}
			break
		}
	}
	if wave == nil {
		wave = s.unlock(order)
	}
	ids, steps := s.steps(wave)
	starts = newNetwork(s.units, steps).run(keys[0], nil, s.now, math.Inf(1))
	return wave, ids, starts
}

// carryOut ends the wave.
func (s *scheduler) carryOut(bundles, ids []int32, starts []float64) {
	w := wave{bundles: bundles, from: s.now, to: s.now}
	for n, id := range ids {
		end := starts[n] + s.tasks[id].Seconds
		s.times[id] = span{len(s.waves) + 1, starts[n], end}
		w.to = max(w.to, end)
	}
	s.waves = append(s.waves, w)
	s.now = w.to
	ended := 0
	for _, i := range bundles {
		ended += len(s.bundles[i].tasks)
		s.settle(&s.bundles[i], s.now)
		s.mark(i, done)
	}
	s.left = slices.DeleteFunc(s.left, func(i int32) bool { return s.status[i] == done })
	s.release(s.now)
	s.report(ended)
}

// report tells how many changes have their time, now and then.
func (s *scheduler) report(ended int) {
	before, total := s.ended, s.changeCount
	s.ended += ended
	if s.opts.Progress != nil && (s.ended*256/total > before*256/total || s.ended == total) {
		s.opts.Progress(Progress{Done: s.ended, Total: total, Seconds: s.now})
	}
}
