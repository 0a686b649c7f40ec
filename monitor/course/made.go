package course

import (
	"context"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/planner"
)

// Made returns the inventory with the instances that units have made and none has removed
// since, at the addresses that they were made at, where the inventory has none of them. Roles
// and what is gone stay as the inventory has them.
func Made(ctx context.Context, inv *inventory.Inventory, units []Unit, journal Written) (*inventory.Inventory, error) {
	type place struct {
		store  inventory.StoreID
		server inventory.ServerID
	}
	type last struct {
		at   time.Time
		made *inventory.Instance // nil: it was removed, or its address is not known
	}
	all := map[place]last{}
	var places []place // in a certain order
	for i := range units {
		u := &units[i]
		if u.Do == nil || u.Do.Do == planner.Promote {
			continue
		}
		a, err := AccountOf(ctx, u, "", journal)
		if err != nil {
			return nil, err
		}
		at := place{u.Do.Store, u.Do.Server}
		if a.Fate != InEffect && a.Fate != UnderWay || a.At.Before(all[at].at) {
			continue
		}
		l := last{at: a.At}
		var made inventory.Instance
		if u.Do.Do != planner.Drop && Read(a.Records, monitor.StepCreate, &made) {
			l.made = &made
		}
		if _, known := all[at]; !known {
			places = append(places, at)
		}
		all[at] = l
	}
	inv = inv.Clone()
	for _, at := range places {
		i, l := inv.Store(at.store), all[at]
		if i < 0 || l.made == nil {
			continue
		}
		s := &inv.Stores[i]
		in := s.On(at.server)
		switch {
		case in != nil && in.IMAP != "":
			continue
		case in == nil:
			add(s, at.server)
			in = s.On(at.server)
		}
		role := in.Role
		*in = *l.made
		in.Role = role
	}
	return inv, nil
}
