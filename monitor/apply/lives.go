package apply

import (
	"context"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// living returns who of those that were moved is where they are to be now: on the new store or,
// where a later plan has moved them on, on the one that it moved them to.
func (m *move) living(ctx context.Context) (map[cyrus.Owner]bool, error) {
	on, err := m.movedOn(ctx)
	if err != nil {
		return nil, err
	}
	asked := map[inventory.StoreID]map[cyrus.Owner]int{}
	living := map[cyrus.Owner]bool{}
	for owner := range m.all() {
		at := m.target.store
		if s := on[inventory.UserID(owner.Name)]; s != nil {
			at = s
		}
		if asked[at.Name] == nil {
			if asked[at.Name], err = m.owners(ctx, at.Instances[0]); err != nil {
				return nil, err
			}
		}
		living[owner] = asked[at.Name][owner] > 0
	}
	return living, nil
}

// movedOn returns the stores to which later plans have moved those whom the unit has moved.
func (m *move) movedOn(ctx context.Context) (map[inventory.UserID]*inventory.Store, error) {
	if m.Whereabouts == nil {
		return nil, nil
	}
	found, err := m.Whereabouts(ctx)
	if err != nil {
		return nil, err
	}
	records, err := m.Journal.Steps(ctx, m.unit.Plan, m.unit.Name)
	if err != nil {
		return nil, err
	}
	routed, _ := course.Ended(records, monitor.StepRoute)
	on := map[inventory.UserID]*inventory.Store{}
	for _, c := range m.unit.Moves {
		w := found[c.User]
		at := m.Inventory.Store(w.Store)
		if w.Onward(&c, routed) && at >= 0 && len(m.Inventory.Stores[at].Instances) > 0 {
			on[c.User] = &m.Inventory.Stores[at]
		}
	}
	return on, nil
}
