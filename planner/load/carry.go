package load

import "github.com/interlacemail/interlace/inventory"

// Carried is what each server carries.
type Carried struct {
	Amounts   []inventory.Amounts // steady, by server; zero for servers that are down
	Instances []int               // slots in use, by server, down or not
	Offline   []int               // stores without an instance on a server that is up
}

// Normal adds up the layout in the normal state: with the servers down that
// have failed already.
func (f *Fleet) Normal(l Layout) Carried { return f.Carry(l, f.Down) }

// Carry adds up the layout with the servers marked in down failed, which
// includes those that have failed already.
func (f *Fleet) Carry(l Layout, down []bool) Carried {
	c := Carried{
		Amounts:   make([]inventory.Amounts, len(f.Capacity)),
		Instances: make([]int, len(f.Capacity)),
	}
	for store, sites := range l {
		served := false
		for _, s := range sites {
			c.Instances[s]++
			switch {
			case down[s]:
			case !served:
				c.Amounts[s].Add(&f.Active[store])
				served = true
			default:
				c.Amounts[s].Add(&f.Passive[store])
			}
		}
		if !served && len(sites) > 0 {
			c.Offline = append(c.Offline, store)
		}
	}
	return c
}

// Fullest returns the largest utilisation over the servers that are up and the
// given resources, and where it is reached; server is -1 if there is none. Of
// equals the first server and resource is named.
func (f *Fleet) Fullest(amounts []inventory.Amounts, resources []int, down []bool) (value float64, server, resource int) {
	server, resource = -1, -1
	for s := range amounts {
		if down[s] {
			continue
		}
		for _, r := range resources {
			if u := f.Utilisation(s, r, amounts[s][r]); server < 0 || u > value {
				value, server, resource = u, s, r
			}
		}
	}
	return value, server, resource
}
