package durability

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/planner/load"
)

// end is what a server can do as one end of a copy.
type end struct {
	bytesPerYear float64 // of one transfer
	transfers    int
}

func ends(f *load.Fleet, up []int32) []end {
	list := make([]end, len(up))
	for i, s := range up {
		server := &f.Inventory.Servers[s]
		list[i] = end{
			bytesPerYear: float64(server.BytesPerSecond()) / float64(server.TransferLimit()) * hoursPerYear * 3600,
			transfers:    server.TransferLimit(),
		}
	}
	return list
}

// addWindows sets how long each instance is missing after its server's disks are
// lost: the time to replace them, then that until its seed has ended.
//
// The server runs as many transfers at once as it may, each as fast as the
// slower end lets it, and starts the next seed when one ends: those of stores
// with the fewest copies first, then those of the largest partner, so that what
// a pair of servers shares is whole again as soon as possible. An instance is
// seeded from the master, the master from its first replica, and a store without
// a replica from elsewhere at the server's own speed. Sources are taken to be
// free: the seeds of one server come from many.
func (m *model) addWindows(ends []end, replace float64) {
	m.window = make([]float64, len(m.store))
	for server := range int32(m.servers()) {
		from, to := m.instances(server)
		order := make([]int32, 0, to-from)
		shared := map[int32]float64{} // bytes by partner
		for e := from; e < to; e++ {
			order = append(order, e)
			shared[m.partner(e)] += m.bytes[m.store[e]]
		}
		slices.SortStableFunc(order, func(a, b int32) int {
			p, q := m.partner(a), m.partner(b)
			return cmp.Or(
				cmp.Compare(len(m.sites[m.store[a]]), len(m.sites[m.store[b]])),
				cmp.Compare(shared[q], shared[p]),
				cmp.Compare(p, q))
		})
		m.seedInOrder(order, ends, server, replace)
	}
}

func (m *model) seedInOrder(order []int32, ends []end, server int32, replace float64) {
	busy := make([]float64, min(ends[server].transfers, max(len(order), 1))) // until when each transfer is
	for _, e := range order {
		next := 0
		for i := range busy {
			if busy[i] < busy[next] {
				next = i
			}
		}
		speed := min(ends[server].bytesPerYear, ends[m.partner(e)].bytesPerYear)
		busy[next] += m.bytes[m.store[e]] / speed
		m.window[e] = replace + busy[next]
	}
}

// partner returns the server that the instance is seeded from, its own if there
// is no other copy.
func (m *model) partner(e int32) int32 {
	sites := m.sites[m.store[e]]
	if sites[0] == e && len(sites) > 1 {
		return m.server[sites[1]]
	}
	return m.server[sites[0]]
}
