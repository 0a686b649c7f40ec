package layout

import "math"

// shared is how often shares are corrected, and corrected by how much of what a
// server is busier than the mean.
const (
	shared    = 300
	corrected = 0.2
)

// share divides the load among the directions. What a server carries after the worst
// failure is M + ρR + (1−ρ)·(the largest share that it promotes), all as parts of the
// load of all stores, over its part of the capacity. Directions from and to servers
// that come out too busy get less, again and again.
func (d *directions) share() {
	if len(d.fleet.Failover) == 0 {
		for _, way := range d.heap {
			way.share = 1 / float64(len(d.heap))
		}
		return
	}
	r := d.scarcest()
	rho := d.fleet.Inventory.Resources[r].Replica
	size := d.sizes(r)
	for _, way := range d.heap {
		way.share = math.Sqrt(size[way.master] * size[way.replica])
	}
	d.scale()
	for range shared {
		over, largest := d.busier(size, rho)
		for _, way := range d.heap {
			part := way.share / largest[way.replica]
			way.share *= math.Exp(-corrected * (over[way.master] + (rho+(1-rho)*part*part)*over[way.replica]))
		}
		d.scale()
	}
}

// busier returns by which part of the mean each server is busier than that, and the
// largest share that it promotes.
func (d *directions) busier(size []float64, rho float64) (over, largest []float64) {
	over, largest = make([]float64, len(size)), make([]float64, len(size))
	for _, way := range d.heap {
		over[way.master] += way.share
		over[way.replica] += rho * way.share
		largest[way.replica] = max(largest[way.replica], way.share)
	}
	mean, n := 0.0, 0.0
	for b := range over {
		if over[b] > 0 {
			over[b] = (over[b] + (1-rho)*largest[b]) / size[b]
			mean += over[b]
			n++
		}
	}
	mean /= n
	for b := range over {
		over[b] = over[b]/mean - 1
	}
	return over, largest
}

// scale makes the shares add up to 1.
func (d *directions) scale() {
	sum := 0.0
	for _, way := range d.heap {
		sum += way.share
	}
	for _, way := range d.heap {
		way.share /= sum
	}
}

// sizes returns the part of the capacity in the resource that each server has of
// those that may receive instances.
func (d *directions) sizes(r int) []float64 {
	size, total := make([]float64, len(d.target)), 0.0
	for _, b := range d.targets {
		size[b] = d.fleet.Capacity[b][r]
		total += size[b]
	}
	for b := range size {
		size[b] /= total
	}
	return size
}

// scarcest returns the failover resource of which the stores take the largest part.
func (d *directions) scarcest() int {
	f := d.fleet
	best, most := f.Failover[0], 0.0
	for j, r := range f.Failover {
		capacity := 0.0
		for _, b := range d.targets {
			capacity += f.Capacity[b][r]
		}
		if part := d.totals[j] * (1 + f.Inventory.Resources[r].Replica) / capacity; part > most {
			best, most = r, part
		}
	}
	return best
}
