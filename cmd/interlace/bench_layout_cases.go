package main

import (
	"context"
	"fmt"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
)

// layoutCase is a fleet to lay out.
type layoutCase struct {
	name, on string
	task     layoutTask
	seeds    int // whose median counts
	reach    report.Reach
	level    inventory.Level // whose failures count
	marks    []mark
	today    bool // measures what people do today, too
}

// layoutTask makes the fleet and says how to plan it.
type layoutTask func(ctx context.Context, seed uint64) (*inventory.Inventory, layout.Options, error)

// usualStores is the number of masters a server has in most cases.
const usualStores = 20

// layoutCases returns the cases, each with its own number of seeds or the one given.
func layoutCases(seeds *int) []benchCase[report.LayoutBench] {
	list := []layoutCase{
		fleetCase(fixtures.Equal, 10, 3).to(0, 0),
		fleetCase(fixtures.Equal, 100, 3).to(0, 0),
		fleetCase(fixtures.Equal, 100, 19).to(0, 0),
		fleetCase(fixtures.Equal, 100, usualStores).to(0, 0).besideToday(),
		fleetCase(fixtures.Equal, 100, usualStores).partners(3).to(0.005, 3),
		fleetCase(fixtures.Equal, 100, usualStores).partners(19).to(0.005, 5),
		fleetCase(fixtures.Equal, 1000, usualStores).to(0, 0),
		fleetCase(fixtures.Equal, 10_000, usualStores).to(0, 0),
		fleetCase(fixtures.Mixed, 100, usualStores).to(0.008, 3).median(7).besideToday(),
		fleetCase(fixtures.Lognormal, 100, usualStores).to(0.008, 3).median(7).besideToday(),
		fleetCase(fixtures.Mixed, 1000, usualStores).to(0.005, 5).median(7).besideToday(),
		fleetCase(fixtures.Lognormal, 1000, usualStores).to(0.005, 5).median(7),
		fleetCase(fixtures.Mixed, 10_000, usualStores).to(0.005, 0).within(150e6).besideToday().
			lookedAt(mark{after: time.Second, reach: 0.015}, mark{after: 10 * time.Second, reach: 0.008}),
		fleetCase(fixtures.Mixed, 100, 5).to(0.025, 3),
		fleetCase(fixtures.Mixed, 100, 10).to(0.015, 3),
		fleetCase(fixtures.Mixed, 100, 50).to(0.005, 3),
		fleetCase(fixtures.Skewed, 100, usualStores).to(0.03, 5).besideToday(),
		fleetCase(fixtures.Skewed2, 100, usualStores).to(0.04, 5).besideToday(),
		racksCase(10_000).to(0.01, 0).lookedAt(mark{after: 20 * time.Second, reach: 0.01}),
		driftCase(10_000).to(0.03, 3),
		fleetCase(fixtures.Mixed, 6, 4).to(0, 10),
		fleetCase(fixtures.Mixed, 8, 4).to(0.01, 10),
		fleetCase(fixtures.Mixed, 10, 6).to(0.01, 10).besideToday(),
		diesCase(1000),
		addedCase(1000),
	}
	cases := make([]benchCase[report.LayoutBench], len(list))
	for i := range list {
		c := &list[i]
		if seeds != nil {
			c.seeds = *seeds
		}
		cases[i] = benchCase[report.LayoutBench]{report.BenchCase{Name: c.name, On: c.words(), Reach: c.reach}, c.measure}
	}
	return cases
}

// fleetCase lays out a fleet that begins with mirrored pairs.
func fleetCase(kind fixtures.Kind, servers, stores int) layoutCase {
	c := layoutCase{
		name:  fmt.Sprintf("%s-%d", kind, servers),
		on:    fmt.Sprintf("%s, %s servers, %d stores on each", kind, inventory.CountText(servers), stores),
		seeds: 1, level: inventory.LevelServer,
		task: func(_ context.Context, seed uint64) (*inventory.Inventory, layout.Options, error) {
			return mirrored(seed, kind, servers, stores), layout.Options{}, nil
		},
	}
	if stores != usualStores {
		c.name += fmt.Sprintf("x%d", stores)
	}
	return c
}

// mirrored returns a fleet without users that begins with mirrored pairs.
func mirrored(seed uint64, kind fixtures.Kind, servers, stores int) *inventory.Inventory {
	return fixtures.Fleet(seed, kind, fixtures.Size{
		Servers: servers, StoresPerServer: stores, Users: -1, Start: fixtures.MirroredByHand, Legal: true,
	})
}

// to says what the case is to reach; 0 seconds say nothing of time.
func (c layoutCase) to(gap, seconds float64) layoutCase {
	c.reach.Gap, c.reach.Seconds = planner.Known(gap), seconds
	return c
}

// partners lets each server share stores with so many others only.
func (c layoutCase) partners(most int) layoutCase {
	c.name += fmt.Sprintf("-scatter%d", most)
	c.on += fmt.Sprintf(", %d partners each", most)
	task := c.task
	c.task = func(ctx context.Context, seed uint64) (*inventory.Inventory, layout.Options, error) {
		inv, opts, err := task(ctx, seed)
		opts.Scatter = &most
		return inv, opts, err
	}
	return c
}

// within says how much memory may be used.
func (c layoutCase) within(bytes int64) layoutCase {
	c.reach.Bytes = bytes
	return c
}

// median measures so many seeds.
func (c layoutCase) median(seeds int) layoutCase {
	c.seeds = seeds
	return c
}

func (c layoutCase) besideToday() layoutCase {
	c.today = true
	return c
}

// lookedAt looks at the search on its way.
func (c layoutCase) lookedAt(marks ...mark) layoutCase {
	c.marks = marks
	return c
}

func (c *layoutCase) words() string {
	if c.seeds > 1 {
		return c.on + fmt.Sprintf(", median of %d seeds", c.seeds)
	}
	return c.on
}

// racksCase looks at failures of racks.
func racksCase(servers int) layoutCase {
	c := fleetCase(fixtures.Mixed, servers, usualStores)
	c.name, c.on, c.level = fmt.Sprintf("racks-%d", servers), c.on+", failures of racks", "rack"
	c.task = func(_ context.Context, seed uint64) (*inventory.Inventory, layout.Options, error) {
		return mirrored(seed, fixtures.Mixed, servers, usualStores), layout.Options{Objectives: []planner.Objective{"rack"}}, nil
	}
	return c
}

// laterCase plans again after something has happened to a mixed fleet that was
// laid out before.
func laterCase(name, what string, servers int, before, again layout.Options, happens func(seed uint64, inv *inventory.Inventory) *inventory.Inventory) layoutCase {
	c := fleetCase(fixtures.Mixed, servers, usualStores)
	c.name, c.on = fmt.Sprintf("%s-%d", name, servers), c.on+", "+what
	c.task = func(ctx context.Context, seed uint64) (*inventory.Inventory, layout.Options, error) {
		inv := mirrored(seed, fixtures.Mixed, servers, usualStores)
		before.Seed = seed
		plan, err := layout.Optimize(ctx, inv, sharing.Groups(inv), before)
		if err != nil {
			return nil, layout.Options{}, err
		}
		return happens(seed, plan.Target(inv)), again, nil
	}
	return c
}

// driftCase lets loads drift and allows as many changes as re-seed one store in
// twenty: a seed and a drop each.
func driftCase(servers int) layoutCase {
	changes := servers * usualStores / 20 * 2
	return laterCase("drift", "loads drifted by 15 %, 5 % of stores re-seeded", servers, layout.Options{}, layout.Options{MaxChanges: &changes},
		func(seed uint64, inv *inventory.Inventory) *inventory.Inventory {
			return fixtures.Drifted(seed, inv, 0.15)
		})
}

// quickly is what planning again after one server came or went is to reach.
var quickly = report.Reach{Seconds: 0.5}

func diesCase(servers int) layoutCase {
	c := laterCase("dies", "after one server dies", servers, layout.Options{Gap: usualGap}, layout.Options{Gap: usualGap},
		func(seed uint64, inv *inventory.Inventory) *inventory.Inventory {
			after := inv.Clone()
			after.Servers[seed%uint64(servers)].State = inventory.Down
			return after
		})
	c.reach = quickly
	return c
}

func addedCase(servers int) layoutCase {
	c := laterCase("added", "after one server is added", servers, layout.Options{Gap: usualGap}, layout.Options{Gap: usualGap},
		func(_ uint64, inv *inventory.Inventory) *inventory.Inventory { return fixtures.Grown(inv) })
	c.reach = quickly
	return c
}
