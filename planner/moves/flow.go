package moves

import (
	"math"
	"slices"

	"github.com/interlacemail/interlace/planner/transit"
)

// flow lets bundles start one by one, without waves: each as soon as there is
// room for all of it beside everything that is under way, counted at both ends
// in every resource and every failure. So whatever order things end in, each
// state on the way keeps the rules.
type flow struct {
	*scheduler
	unended []int32           // tasks of each bundle that have not ended
	blocked []bool            // bundles that found no room, until something there changes
	queues  map[int32][]int32 // those bundles, by the server or store that they wait for
}

// flowThrough fills in the times of all tasks.
func (s *scheduler) flowThrough(n *network, k key) {
	f := &flow{
		scheduler: s, unended: make([]int32, len(s.bundles)),
		blocked: make([]bool, len(s.bundles)), queues: map[int32][]int32{},
	}
	for i := range s.bundles {
		f.unended[i] = int32(len(s.bundles[i].tasks))
	}
	starts := n.run(k, f, 0, math.Inf(1))
	s.now = 0
	for i, start := range starts {
		s.times[i] = span{1, start, start + s.tasks[i].Seconds}
		if !s.tasks[i].isGate() {
			s.now = max(s.now, s.times[i].end)
		}
	}
}

// open reports whether the bundle of the step is under way, or may be from now on.
func (f *flow) open(step int32) bool {
	i := f.tasks[step].bundle
	if i < 0 || f.status[i] == chosen {
		return true
	}
	if f.blocked[i] {
		return false
	}
	b := &f.bundles[i]
	if store, ok := f.ready(b); !ok {
		f.block(i, f.storePlace(store))
		return false
	}
	f.begin(b)
	if br, ok := b.fits(f.during, transit.Whole); !ok {
		f.cancel(b)
		f.block(i, f.placeOf(br))
		return false
	}
	f.finish(b, 1)
	f.mark(i, chosen)
	return true
}

// block lets the bundle wait until something changes at the server or store.
func (f *flow) block(i, at int32) {
	f.blocked[i] = true
	f.queues[at] = append(f.queues[at], i)
}

// placeOf returns the server or store of the breach, numbered as in repairer.
func (f *flow) placeOf(br transit.Breach) int32 {
	if br.OfStore() {
		return f.storePlace(br.Index)
	}
	return br.Index
}

// turn is where bundles wait for the turn of their plan.
const turn int32 = -1

func (f *flow) storePlace(store int32) int32 {
	if store < 0 {
		return turn
	}
	return int32(len(f.during.Carried)) + store
}

// shut reports whether the bundle of the step is blocked.
func (f *flow) shut(step int32) bool {
	i := f.tasks[step].bundle
	return i >= 0 && f.blocked[i]
}

// ended settles the bundle of the step if this was its last, and returns the
// steps of those that wait for what is free now.
func (f *flow) ended(step int32, now float64) []int32 {
	f.now = now
	var woken []int32
	for _, k := range f.release(now) {
		woken = append(woken, f.wake(k.store, f.during.Stores[k.store].Layouts[0])...)
	}
	i := f.tasks[step].bundle
	if i < 0 {
		return woken
	}
	f.unended[i]--
	if f.unended[i] > 0 {
		return woken
	}
	b := &f.bundles[i]
	f.settle(b, now)
	f.mark(i, done)
	f.report(len(b.tasks))
	for j := range b.effects {
		woken = append(woken, f.wake(b.effects[j].store, b.effects[j].before)...)
		woken = append(woken, f.wake(b.effects[j].store, b.effects[j].after)...)
	}
	if f.policy.inTurn && f.unfinished[b.plan] == 0 {
		woken = append(woken, f.unblock(turn)...)
	}
	return woken
}

// wake unblocks the bundles that wait for something on the store or on its servers.
func (f *flow) wake(store int32, sites []int32) []int32 {
	woken := f.unblock(f.storePlace(store))
	for _, s := range sites {
		woken = append(woken, f.unblock(s)...)
	}
	return woken
}

// unblock empties the queue of a place and returns the tasks of its bundles.
func (f *flow) unblock(at int32) []int32 {
	var tasks []int32
	for _, i := range f.queues[at] {
		f.blocked[i] = false
		tasks = append(tasks, f.bundles[i].tasks...)
	}
	delete(f.queues, at)
	return tasks
}

// idle looks further when nothing is under way: bundles that copy nothing may
// fit together although none does alone, and the rest later.
func (f *flow) idle(now float64) (at float64, steps []int32) {
	f.now = now
	f.left = slices.DeleteFunc(f.left, func(i int32) bool { return f.status[i] != waiting })
	if len(f.left) == 0 {
		return now, nil
	}
	order := f.order(f.left)
	next := f.choose(order, transit.Whole)
	if len(next) == 0 {
		next = f.choose(f.copyNothing(order), transit.Space)
	}
	if len(next) == 0 {
		next = f.unlock(order)
	}
	for _, i := range next {
		f.blocked[i] = false
		steps = append(steps, f.bundles[i].tasks...)
	}
	return f.now, steps
}

func (f *flow) copyNothing(order []int32) []int32 {
	return slices.DeleteFunc(slices.Clone(order), func(i int32) bool { return f.bundles[i].copies })
}
