package main

import (
	"context"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
)

// factsCompared returns what is known of the fleet, as factsKnown, with the instances of stores that
// the journal has where these were compared after those that the inventory has: what the processes
// showed then holds. Users are where plans have moved them last.
func (a *app) factsCompared(ctx context.Context, h *history.History, states []monitor.CopyState) (*facts, error) {
	f, err := a.factsKnown(ctx)
	if err != nil || f == nil || a.withoutDatabase() {
		return f, err
	}
	units, lasting, err := lastingOf(ctx, h)
	if err != nil {
		return nil, err
	}
	moved, err := course.Find(ctx, units, h)
	if err != nil {
		return nil, err
	}
	now := *f
	now.Inventory = course.FollowAll(f.Inventory, lasting)
	here, there := f.counting(states), now.counting(states)
	last := map[inventory.StoreID]time.Time{} // when a pair that only the inventory has was compared
	for of, at := range here.looked {
		if here.copies[of] && !there.copies[of] && at.After(last[of.Store]) {
			last[of.Store] = at
		}
	}
	since := map[inventory.StoreID]bool{}
	for of, at := range there.looked {
		since[of.Store] = since[of.Store] || there.copies[of] && !here.copies[of] && at.After(last[of.Store])
	}
	now.Inventory = course.FollowAll(f.Inventory, slices.DeleteFunc(lasting, func(l course.Lasting) bool { return !since[l.Do.Store] }))
	now.moved = moved
	course.House(now.Inventory, f.found, moved)
	return &now, nil
}

// sayOutdated warns where the inventory has other instances of stores that are compared than apply
// has left.
func (c *comparing) sayOutdated(ctx context.Context, known *facts) {
	outdated := &inventory.Inventory{}
	for i := range known.Stores {
		s := &known.Stores[i]
		now := c.facts.Stores[c.facts.Store(s.Name)].Instances
		compared := slices.ContainsFunc(c.pairs, func(p pairOf) bool { return p.store.Name == s.Name })
		if compared && c.doubts[s.Name] == "" && !slices.EqualFunc(s.Instances, now, sameRole) {
			outdated.Stores = append(outdated.Stores, *s)
		}
	}
	if len(outdated.Stores) == 0 {
		return
	}
	c.app.sayContradictions(ctx, "the inventory", outdated, false)
	c.app.note("compared are the instances of these stores that the journal has")
}
