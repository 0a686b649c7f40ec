package confirm

import (
	"context"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// movedCopies compares those who moved on all copies of their new stores.
func (c *checking) movedCopies(ctx context.Context, movers []mover, copies, behind *tally) error {
	byStore := map[inventory.StoreID][]mover{}
	for _, m := range movers {
		byStore[m.To] = append(byStore[m.To], m)
	}
	for _, name := range slices.Sorted(maps.Keys(byStore)) {
		var owners []cyrus.Owner
		whom, units := map[cyrus.Owner]bool{}, map[cyrus.Owner]string{}
		for _, m := range byStore[name] {
			owners, whom[m.owner], units[m.owner] = append(owners, m.owner), true, m.unit
		}
		s := byStore[name][0].to
		all, err := c.compareCopies(ctx, s, monitor.CompareMessages, whom)
		if err != nil {
			return err
		}
		for i := range all {
			all[i].equal(owners, units, copies)
			caughtUp(c.lag(s, all[i].at.server), &all[i], behind)
		}
	}
	return nil
}

// stores compares all copies that there are of the stores whose instances the plan changes, by
// their counters and checksums.
func (c *checking) stores(ctx context.Context, list []spot, copies, behind *tally) error {
	seen := map[inventory.StoreID]bool{}
	for i := range list {
		at := c.present.Store(list[i].store)
		if at < 0 || seen[list[i].store] || len(c.present.Stores[at].Instances) == 0 {
			continue
		}
		seen[list[i].store] = true
		s := &c.present.Stores[at]
		all, err := c.compareCopies(ctx, s, monitor.CompareMarks, nil)
		if err != nil {
			return err
		}
		for k := range all {
			all[k].equal(all[k].everybody(), nil, copies)
			caughtUp(c.lag(s, all[k].at.server), &all[k], behind)
		}
	}
	return nil
}

// everybody returns all who were compared, or nobody by name where nothing was.
func (c *compared) everybody() []cyrus.Owner {
	if c.err != nil {
		return []cyrus.Owner{{}}
	}
	var owners []cyrus.Owner
	for i := range c.found.Owners {
		owners = append(owners, cyrus.Owner{Name: c.found.Owners[i].Owner, Shared: c.found.Owners[i].Shared})
	}
	return owners
}
