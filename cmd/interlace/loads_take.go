package main

import (
	"context"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// weights are what stores were measured to weigh, which an inventory takes over.
type weights struct {
	measured *measured // nil: nothing is taken over

	resources []string // that the inventory has
	stores    map[inventory.StoreID]bool
	light     map[inventory.StoreID]bool // of which the users alone weigh more
	kept      int                        // stores that keep what they had
}

// weights measures the stores over a time up to now, if there is one.
func (a *app) weights(ctx context.Context, inv *inventory.Inventory, over *time.Duration) (*weights, error) {
	if over == nil {
		return &weights{}, nil
	}
	all := make([]int, len(inv.Stores))
	for i := range all {
		all[i] = i
	}
	now := a.now()
	m, err := a.measure(ctx, inv, all, now.Add(-*over), now)
	return &weights{measured: m}, err
}

// take sets the own loads of the stores so that, with their users, they weigh what was
// measured.
func (w *weights) take(inv *inventory.Inventory) {
	if w.measured == nil {
		return
	}
	w.stores, w.light = map[inventory.StoreID]bool{}, map[inventory.StoreID]bool{}
	for _, of := range w.measured.besides(&facts{Inventory: inv}) {
		r := inv.Resource(inventory.ResourceID(of.Resource))
		taken := false
		for i := range of.Stores {
			s := &of.Stores[i]
			if !s.Base.Known {
				continue
			}
			taken, w.stores[s.Store] = true, true
			if s.Base.Value == 0 && s.Difference.Value < 0 {
				w.light[s.Store] = true
			}
			inv.Stores[inv.Store(s.Store)].Base[r] = s.Base.Value
		}
		if taken {
			w.resources = append(w.resources, of.Resource)
		}
	}
	w.kept = len(inv.Stores) - len(w.stores)
}

// tell says what was taken over.
func (w *weights) tell(a *app) {
	if w.measured == nil {
		return
	}
	if len(w.stores) > 0 {
		a.note("%s as measured in %s: base has what their users' loads don't explain, and doesn't move with users",
			inventory.Counted(len(w.stores), "store weighs", "stores weigh"), strings.Join(w.resources, ", "))
	}
	if w.kept > 0 {
		a.note("%s: fewer than %d days were seen", inventory.Counted(w.kept, "store keeps its base", "stores keep their base"), leastDays)
	}
	if len(w.light) > 0 {
		a.note("%s more than was measured: base is 0 there", inventory.Counted(len(w.light), "store has users that weigh", "stores have users that weigh"))
	}
}
