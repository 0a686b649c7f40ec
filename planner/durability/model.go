package durability

import (
	"math"
	"slices"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// model is a layout made ready to be struck by failures. Servers that are down,
// instances on them, and stores that have no other instance are not in it. Times
// are in years. Two instances of a store on one server, which share its fate,
// count as one.
type model struct {
	outage source // of each server
	loss   float64
	levels []level
	// unsynced is the part of a store's bytes that its replica has not got yet.
	unsynced float64

	// Instances are numbered server by server: those of server s are first[s]
	// up to first[s+1].
	first  []int32
	server []int32
	store  []int32
	window []float64 // from the loss of its disk until the instance is seeded again

	// sites lists the instances of each store, the master first.
	sites [][]int32
	users []int
	bytes []float64

	domains   []domain
	domainsOf [][]int32 // of each server

	partners [][]int32 // other servers that carry a store of each server
	alone    [][]int32 // stores that only this server carries
}

// source is something that fails and returns by itself.
type source struct {
	rate float64 // failures a year while it has not failed
	mean float64 // duration
}

// away is the part of the time that it has failed.
func (s source) away() float64 { return s.rate * s.mean / (1 + s.rate*s.mean) }

// frequency is how often it fails, counting all time.
func (s source) frequency() float64 { return s.rate * (1 - s.away()) }

// level is the failure domains of one level: from, up to to.
type level struct {
	source
	from, to int32
}

type domain struct {
	source
	servers []int32
}

// newModel prepares the layout.
func newModel(f *load.Fleet, l load.Layout, a planner.Assumptions) *model {
	m := &model{
		outage:   source{a.OutagesPerYear, a.OutageHours / hoursPerYear},
		loss:     a.LossesPerYear,
		unsynced: a.ChangedPerDay * a.LagSeconds / secondsPerDay,
	}
	index, up := upServers(f)
	held := make([][]int32, len(up)) // stores on each server
	var sites [][]int32              // servers of each store
	for store := range l {
		on := upSites(f, l[store])
		if len(on) == 0 {
			continue
		}
		for i, server := range on {
			on[i] = index[server]
			held[on[i]] = append(held[on[i]], int32(len(sites)))
		}
		sites = append(sites, on)
		m.users = append(m.users, f.Users[store])
		m.bytes = append(m.bytes, float64(f.DiskBytes(store)))
	}
	m.number(held, sites)
	m.pair()
	m.addDomains(f, a, index, len(up))
	m.addWindows(ends(f, up), a.ReplaceHours/hoursPerYear)
	return m
}

// upServers returns the index in the model of each server of the fleet, -1 for
// those that are down, and the other way round.
func upServers(f *load.Fleet) (index, up []int32) {
	index = make([]int32, len(f.Down))
	for s, down := range f.Down {
		index[s] = -1
		if !down {
			index[s] = int32(len(up))
			up = append(up, int32(s))
		}
	}
	return index, up
}

// upSites returns the servers that are up of those that carry a store, each once.
func upSites(f *load.Fleet, sites []int32) []int32 {
	var up []int32
	for _, s := range sites {
		if !f.Down[s] && !slices.Contains(up, s) {
			up = append(up, s)
		}
	}
	return up
}

// number numbers the instances: held are the stores on each server, sites the
// servers of each store.
func (m *model) number(held, sites [][]int32) {
	m.first = make([]int32, 1, len(held)+1)
	m.sites = make([][]int32, len(sites))
	for s, on := range sites {
		m.sites[s] = make([]int32, len(on))
	}
	for server, stores := range held {
		for _, store := range stores {
			for rank, on := range sites[store] {
				if on == int32(server) {
					m.sites[store][rank] = int32(len(m.store))
				}
			}
			m.store = append(m.store, store)
			m.server = append(m.server, int32(server))
		}
		m.first = append(m.first, int32(len(m.store)))
	}
}

// pair finds the partners of each server.
func (m *model) pair() {
	m.partners, m.alone = make([][]int32, m.servers()), make([][]int32, m.servers())
	for e, s := range m.server {
		sites := m.sites[m.store[e]]
		if len(sites) == 1 {
			m.alone[s] = append(m.alone[s], m.store[e])
		}
		for _, o := range sites {
			if on := m.server[o]; on != s {
				m.partners[s] = append(m.partners[s], on)
			}
		}
	}
	for s := range m.partners {
		slices.Sort(m.partners[s])
		m.partners[s] = slices.Clip(slices.Compact(m.partners[s]))
	}
}

func (m *model) addDomains(f *load.Fleet, a planner.Assumptions, index []int32, servers int) {
	m.domainsOf = make([][]int32, servers)
	for _, l := range f.Levels[1:] {
		outages := a.Domains[l.Name]
		lv := level{source: source{outages.OutagesPerYear, outages.OutageHours / hoursPerYear}, from: int32(len(m.domains))}
		if lv.rate == 0 {
			continue
		}
		for _, d := range l.Domains {
			if d.Level != l.Name {
				continue
			}
			var up []int32
			for _, s := range d.Servers {
				if index[s] >= 0 {
					up = append(up, index[s])
				}
			}
			m.addDomain(domain{lv.source, up})
		}
		lv.to = int32(len(m.domains))
		m.levels = append(m.levels, lv)
	}
}

func (m *model) addDomain(d domain) {
	for _, s := range d.servers {
		m.domainsOf[s] = append(m.domainsOf[s], int32(len(m.domains)))
	}
	m.domains = append(m.domains, d)
}

func (m *model) servers() int { return len(m.first) - 1 }

// instances returns the instances on the server: from, up to to.
func (m *model) instances(server int32) (from, to int32) { return m.first[server], m.first[server+1] }

// missing is the part of the time that the disk of an instance was lost and it
// is not seeded again: that the last loss is less than the window ago.
func (m *model) missing(window float64) float64 { return -math.Expm1(-m.loss * window) }

// failures is how many failures a year strike what has not failed.
func (m *model) failures() float64 {
	rate := float64(m.servers()) * (m.outage.frequency() + m.loss)
	for _, d := range m.domains {
		rate += d.frequency()
	}
	return rate
}

// holds reports whether the domain holds the server.
func (m *model) holds(d, server int32) bool { return slices.Contains(m.domainsOf[server], d) }

// quantile returns how long ago disks were lost last, with this chance or less.
func (m *model) quantile(chance float64) float64 { return -math.Log1p(-chance) / m.loss }
