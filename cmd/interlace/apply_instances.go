package main

import (
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/files"
	"github.com/interlacemail/interlace/monitor/course"
)

// concerning are those changes of layouts that are of the stores whose layout the jobs change or, where
// --resume has none of these, all, in their order.
func (c *applying) concerning(lasting []course.Lasting) []course.Lasting {
	var stores []inventory.StoreID
	for _, j := range c.jobs {
		for i := range j.units {
			if do := j.units[i].Do; do != nil {
				stores = append(stores, do.Store)
			}
		}
	}
	if len(stores) == 0 && c.flags.resume {
		return lasting
	}
	return slices.DeleteFunc(slices.Clone(lasting), func(l course.Lasting) bool { return !slices.Contains(stores, l.Do.Store) })
}

// sayInstances says what the fleet file has to say of stores whose instances have changed, where
// the inventory does not say it, by what lasts of all changes: no server tells discover of an
// instance that the inventory does not name. A promotion has changed them as soon as users are routed
// to the new master. What an earlier run has changed somebody may have changed by hand since. It
// returns these stores.
func (c *applying) sayInstances(results []course.Result, lasting []course.Lasting) (changed []inventory.StoreID) {
	lasting = c.concerning(lasting)
	inv := course.FollowAll(c.facts.Inventory, lasting)
	changed = untold(c.facts.Inventory, lasting)
	between, now := map[inventory.StoreID]bool{}, map[inventory.StoreID]bool{}
	var led []string
	for i := range results {
		r := &results[i]
		do := r.Unit.Do
		switch {
		case do == nil:
		case !r.Out().IsZero(), r.Overtaken:
			between[do.Store] = true
		case r.Outcome == course.Finished:
			now[do.Store] = now[do.Store] || !r.Still
		case r.Unit.Leads(r.Records) && slices.Contains(changed, do.Store):
			now[do.Store] = now[do.Store] || !r.Still
			led = append(led, fmt.Sprintf("store %s is led from %s by now: until the fleet file says so and interlace import has read it, the watch may tell of master_down of the old master on %s, which must not be started as a master", do.Store, do.Server, do.From))
		}
	}
	for _, name := range changed {
		switch {
		case between[name]:
			continue
		case now[name]:
			c.app.note("store %s has these instances now, which the fleet file has to say:", name)
		default:
			c.app.note("store %s has these instances by the journal, which the fleet file has to say unless somebody has changed that by hand since:", name)
		}
		c.app.copyable(files.FleetLines(&inv.Stores[inv.Store(name)]))
	}
	for _, text := range led {
		c.app.note("%s", text)
	}
	return changed
}

// untold are the stores of which an inventory does not say what lasts.
func untold(inv *inventory.Inventory, lasting []course.Lasting) (stores []inventory.StoreID) {
	for i := range lasting {
		if store := lasting[i].Do.Store; contradicted(inv, &lasting[i]) != "" && !slices.Contains(stores, store) {
			stores = append(stores, store)
		}
	}
	return stores
}
