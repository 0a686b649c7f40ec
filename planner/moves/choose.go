package moves

import (
	"slices"

	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/transit"
)

// choose returns the bundles that go next, in order: as many as the rules let be
// under way together. It first puts under way all that finds room in the scope,
// in order of urgency; whatever then leaves a state that breaks a rule is taken
// back, the least urgent first; and what is left over is tried once more, one by
// one. Bundles that keep the rules only together, such as two masters that
// change places, are therefore found.
func (c *chooser) choose(order []int32, sc transit.Scope) []int32 {
	if c.policy.inLine {
		return c.chooseInLine(order, sc)
	}
	var taken, left []int32
	for _, i := range order {
		if c.take(i, sc) {
			taken = append(taken, i)
		} else {
			left = append(left, i)
		}
	}
	for _, i := range taken {
		c.finish(&c.bundles[i], 1)
	}
	c.repair(taken, nil)
	for _, i := range left {
		if c.take(i, sc) {
			c.tryFinish(i)
		}
	}
	return c.chosenOf(order)
}

// chooseInLine tries the bundles one by one, and none that brings something to a
// place where one before it waits.
func (c *chooser) chooseInLine(order []int32, sc transit.Scope) []int32 {
	held := map[int32]bool{}
	for _, i := range order {
		places := c.brings(&c.bundles[i])
		free := !slices.ContainsFunc(places, func(at int32) bool { return held[at] })
		if free && c.take(i, sc) && c.tryFinish(i) {
			continue
		}
		for _, at := range places {
			held[at] = true
		}
	}
	return c.chosenOf(order)
}

// brings returns the servers and stores to which the bundle may bring something: an
// instance, users, or what is taken over when the master fails that another server
// has got. They are numbered as in repairer.
func (c *chooser) brings(b *bundle) []int32 {
	var places []int32
	for i := range b.effects {
		if e := &b.effects[i]; e.sign >= 0 {
			places = append(places, int32(len(c.units))+e.store)
			places = append(places, e.after...)
		}
	}
	return places
}

func (c *chooser) chosenOf(order []int32) []int32 {
	var now []int32
	for _, i := range order {
		if c.status[i] == chosen {
			now = append(now, i)
		}
	}
	return now
}

// take puts the bundle under way if it is ready and finds room.
func (c *chooser) take(i int32, sc transit.Scope) bool {
	b := &c.bundles[i]
	if _, ok := c.ready(b); !ok || c.status[i] != waiting || c.tooMuch(b) {
		return false
	}
	c.begin(b)
	if _, ok := b.fits(c.during, sc); !ok {
		c.cancel(b)
		return false
	}
	c.mark(i, chosen)
	return true
}

// mark changes the status of a bundle. In a wave, bundles of later plans may be
// chosen with those that they build on; without waves they must wait for them to end.
func (c *chooser) mark(i int32, s status) {
	counts := chosen
	if c.opts.Continuous {
		counts = done
	}
	c.countWork(i, s)
	switch before := c.status[i]; {
	case before < counts && s >= counts:
		c.countPending(&c.bundles[i], -1)
	case before >= counts && s < counts:
		c.countPending(&c.bundles[i], 1)
	}
	c.status[i] = s
}

// tooMuch reports whether a place would have more work than a wave may last. What
// lasts longer by itself passes where there is no other work.
func (c *chooser) tooMuch(b *bundle) bool {
	if c.policy.length == 0 {
		return false
	}
	for _, t := range b.tasks {
		for _, p := range c.tasks[t].Places {
			if p != bounds.None && c.busy[p] > 0 && c.busy[p]+c.tasks[t].Seconds/float64(c.units[p]) > c.policy.length {
				return true
			}
		}
	}
	return false
}

// countWork keeps the work of chosen bundles at each place up to date.
func (c *chooser) countWork(i int32, s status) {
	if c.policy.length == 0 {
		return
	}
	sign := 0.0
	switch {
	case c.status[i] != chosen && s == chosen:
		sign = 1
	case c.status[i] == chosen && s != chosen:
		sign = -1
	}
	for _, t := range c.bundles[i].tasks {
		for _, p := range c.tasks[t].Places {
			if p != bounds.None {
				c.busy[p] += sign * c.tasks[t].Seconds / float64(c.units[p])
			}
		}
	}
}

// tryFinish carries out a bundle that is under way, or takes it back if the
// state would break a rule.
func (c *chooser) tryFinish(i int32) bool {
	b := &c.bundles[i]
	c.finish(b, 1)
	if _, ok := b.fits(c.after, transit.Whole); !ok {
		c.giveBack(i)
		return false
	}
	return true
}

// giveBack undoes take and finish.
func (c *chooser) giveBack(i int32) {
	c.finish(&c.bundles[i], -1)
	c.cancel(&c.bundles[i])
	c.mark(i, waiting)
}
