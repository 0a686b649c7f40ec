package course

import (
	"context"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// Standing returns the inventory as it stands by now, of which it may show some already: stores
// have the instances that lasting changes of their layouts have left, and those in the middle;
// users are where units, which come from any number of plans, have moved them last, where that
// stands, see [Whereabouts.Stands].
func Standing(ctx context.Context, inv *inventory.Inventory, found time.Time, lasting []Lasting, units []Unit, journal Written) (*inventory.Inventory, error) {
	inv = FollowAll(inv, lasting)
	for i := range units {
		u := &units[i]
		if u.Do == nil {
			continue
		}
		records, err := journal.Steps(ctx, u.Plan, u.Name)
		if err != nil {
			return nil, err
		}
		if u.Executed(records) && u.Stands(records) != Finished && !u.Leads(records) {
			follow(inv, u, records)
		}
	}
	moved, err := Find(ctx, units, journal)
	if err != nil {
		return nil, err
	}
	House(inv, found, moved)
	return inv, nil
}

// House has the users of an inventory be where plans have moved them last, but for moves before they
// were found where it has them. A zero time: nobody was found.
func House(inv *inventory.Inventory, found time.Time, moved map[inventory.UserID]Whereabouts) {
	for i := range inv.Users {
		if w := moved[inv.Users[i].Name]; w.Stands(inv, found) {
			inv.Users[i].Store = w.Store
		}
	}
}

// FollowAll returns the inventory as it is after lasting changes, in their order.
func FollowAll(inv *inventory.Inventory, lasting []Lasting) *inventory.Inventory {
	after := inv.Clone()
	for i := range lasting {
		follow(after, lasting[i].Unit, lasting[i].Records)
	}
	return after
}
