package layout_test

import (
	"context"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/rules"
	"github.com/interlacemail/interlace/planner/simulate"
)

// brute is the best of all layouts, found by trying every one of them with
// package rules as the judge.
type brute struct {
	feasible  bool    // some layout keeps every rule
	reachable bool    // some of these need no copy from a server that is down
	exposed   int     // fewest stores left with one live instance in the reachable ones
	worst     float64 // lowest worst single-failure utilisation of those with so few
	lowest    float64 // lowest of all, reachable or not, however many are exposed
}

// tryAll returns nil if there are more than most layouts. Scatter is how many
// partners a server may have, 0 for any number.
func tryAll(inv *inventory.Inventory, most, scatter int) *brute {
	var lists [][][]inventory.ServerID
	size := 1
	for i := range inv.Stores {
		var of [][]inventory.ServerID
		var extend func(list []inventory.ServerID)
		extend = func(list []inventory.ServerID) {
			if len(list) == inv.PromisedCopies(&inv.Stores[i]) {
				of = append(of, slices.Clone(list))
				return
			}
			for j := range inv.Servers {
				if name := inv.Servers[j].Name; !slices.Contains(list, name) {
					extend(append(list, name))
				}
			}
		}
		if inv.Stores[i].Pinned {
			var now []inventory.ServerID
			for _, in := range inv.Stores[i].Instances {
				now = append(now, in.Server)
			}
			of = [][]inventory.ServerID{now}
		} else {
			extend(nil)
		}
		lists = append(lists, of)
		if size *= len(of); size > most {
			return nil
		}
	}
	b := &brute{}
	target := inv.Clone()
	var place func(store int)
	place = func(store int) {
		if store == len(inv.Stores) {
			b.judge(inv, target, scatter)
			return
		}
		for _, list := range lists[store] {
			if len(list) == 0 {
				place(store + 1)
				continue
			}
			placement := planner.Placement{Store: inv.Stores[store].Name, Master: list[0], Replicas: list[1:]}
			one := (&planner.Layout{Stores: []planner.Placement{placement}}).Target(&inventory.Inventory{Stores: inv.Stores[store : store+1]})
			target.Stores[store] = one.Stores[0]
			place(store + 1)
		}
	}
	place(0)
	return b
}

func (b *brute) judge(inv, target *inventory.Inventory, scatter int) {
	violations, _, _ := rules.Check(context.Background(), target, sharing.Groups(target), rules.Options{From: inv, Scatter: scatter})
	broken, _ := rules.Split(planner.KindLayout, violations)
	if len(broken) > 0 {
		return
	}
	f := load.New(target)
	worst := simulate.New(f, f.Current()).Worst(0).Utilisation.Value
	exposed := 0
	for i := range target.Stores {
		up := 0
		for _, in := range target.Stores[i].Instances {
			if target.Servers[target.Server(in.Server)].State != inventory.Down {
				up++
			}
		}
		if inv.PromisedCopies(&inv.Stores[i]) >= 2 && up < 2 {
			exposed++
		}
	}
	if !b.feasible || worst < b.lowest {
		b.lowest = worst
	}
	b.feasible = true
	before, after := load.New(inv).Current(), f.Current()
	for i := range after {
		if !f.Reachable(before[i], after[i]) {
			return
		}
	}
	if !b.reachable || exposed < b.exposed || exposed == b.exposed && worst < b.worst {
		b.exposed, b.worst = exposed, worst
	}
	b.reachable = true
}
