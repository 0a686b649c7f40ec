package moves

// choose returns the bundles that go next, in order: as many as the rules let be
// under way together. It first puts under way all that finds room in the scope,
// in order of urgency; whatever then leaves a state that breaks a rule is taken
// back, the least urgent first; and what is left over is tried once more, one by
// one. Bundles that keep the rules only together, such as two masters that
// change places, are therefore found.
func (c *chooser) choose(order []int32, sc scope) []int32 {
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
func (c *chooser) take(i int32, sc scope) bool {
	b := &c.bundles[i]
	if c.status[i] != waiting || !c.ready(b) {
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
	switch before := c.status[i]; {
	case before < counts && s >= counts:
		c.countPending(&c.bundles[i], -1)
	case before >= counts && s < counts:
		c.countPending(&c.bundles[i], 1)
	}
	c.status[i] = s
}

// tryFinish carries out a bundle that is under way, or takes it back if the
// state would break a rule.
func (c *chooser) tryFinish(i int32) bool {
	b := &c.bundles[i]
	c.finish(b, 1)
	if _, ok := b.fits(c.after, whole); !ok {
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
