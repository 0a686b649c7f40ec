package sharing

import (
	"math"

	"github.com/interlacemail/interlace/inventory"
)

// fitter knows what every store holds. Sums are exact, as in the rule that
// stores keep their capacity.
type fitter struct {
	inv      *inventory.Inventory
	groups   *inventory.ShareGroups
	scale    inventory.Scale
	store    map[inventory.StoreID]int
	base     []inventory.Amounts // stores' own loads
	holds    []inventory.Amounts // with those of their users
	roomiest int                 // active store that is the emptiest now, or -1
}

func newFitter(inv *inventory.Inventory, groups *inventory.ShareGroups) *fitter {
	f := &fitter{
		inv: inv, groups: groups, scale: inventory.NewScale(inv),
		store: make(map[inventory.StoreID]int, len(inv.Stores)),
		base:  make([]inventory.Amounts, len(inv.Stores)),
	}
	for i := range inv.Stores {
		f.store[inv.Stores[i].Name] = i
		f.base[i] = f.scale.Amounts(&inv.Stores[i].Base)
	}
	f.holds = inv.StoreLoads(&f.scale)
	f.roomiest = f.closest(f.holds, &inventory.Amounts{}).store
	return f
}

// fitsRoomiest reports whether the group fits the emptiest store as it is: a
// quick answer for nearly all groups.
func (f *fitter) fitsRoomiest(g int) bool {
	if f.roomiest < 0 {
		return false
	}
	var load inventory.Amounts
	for _, u := range f.groups.Members(g) {
		own := f.scale.Amounts(&f.inv.Users[u].Load)
		load.Add(&own)
	}
	return f.place(f.roomiest, &f.holds[f.roomiest], &load).over <= 0
}

func (f *fitter) describe(g int) Group {
	members := f.groups.Members(g)
	var load inventory.Amounts
	own := map[int]inventory.Amounts{} // by store
	for _, u := range members {
		user := &f.inv.Users[u]
		amounts := f.scale.Amounts(&user.Load)
		load.Add(&amounts)
		if st, ok := f.store[user.Store]; ok {
			sum := own[st]
			sum.Add(&amounts)
			own[st] = sum
		}
	}
	d := Group{Group: g, ID: f.inv.GroupID(f.groups, g), Users: len(members), Stores: len(own)}
	for r := range f.inv.Resources {
		d.Load[r] = f.scale.Value(r, load[r])
	}
	f.fit(&d, &load, own)
	return d
}

// fit says where the group fits, of which own lies in each store.
func (f *fitter) fit(d *Group, load *inventory.Amounts, own map[int]inventory.Amounts) {
	for st, sum := range own {
		f.holds[st].Sub(&sum)
	}
	now := f.closest(f.holds, load)
	for st, sum := range own {
		f.holds[st].Add(&sum)
	}
	if now.store < 0 {
		d.Fit = FitsNever
		return
	}
	d.Fit, d.Store = FitsNow, f.inv.Stores[now.store].Name
	if now.over <= 0 {
		return
	}
	empty := f.closest(f.base, load)
	d.Fit, d.Store = FitsEmpty, f.inv.Stores[empty.store].Name
	if empty.over <= 0 {
		return
	}
	r := empty.resource
	limit := f.inv.Stores[empty.store].Capacity[r] * f.inv.Resources[r].Ceiling
	d.Fit, d.Resource = FitsNever, f.inv.Resources[r].Name
	d.Excess = f.scale.Value(r, f.base[empty.store][r]+load[r]) - limit
}

// position is a store that would hold a group, and how full it would be.
type position struct {
	store    int // or -1
	resource int // in which it would be fullest against the ceiling, or -1
	over     float64
}

// closest returns the active store that would be least full with the load
// beside what it holds, the first of equals.
func (f *fitter) closest(holds []inventory.Amounts, load *inventory.Amounts) position {
	best := position{store: -1, resource: -1, over: math.Inf(1)}
	for st := range f.inv.Stores {
		if f.inv.Stores[st].State != inventory.Active {
			continue
		}
		if p := f.place(st, &holds[st], load); p.over < best.over {
			best = p
		}
	}
	return best
}

// place returns how full the store would be. over is the utilisation above the
// ceiling, at most 0 where the load fits.
func (f *fitter) place(st int, holds, load *inventory.Amounts) position {
	p := position{store: st, resource: -1, over: math.Inf(-1)}
	for r := range f.inv.Resources {
		capacity := f.inv.Stores[st].Capacity[r]
		if capacity == 0 {
			continue
		}
		over := float64(holds[r]+load[r])/f.scale.Quanta(r, capacity) - f.inv.Resources[r].Ceiling
		if over > p.over {
			p.resource, p.over = r, over
		}
	}
	return p
}
