package durability

import "slices"

// What the analytic values of occasions neglect.
const (
	offlineNeglects = "first order: what a domain takes away is taken to serve, and stores of three copies and more to be independent"
	lossNeglects    = "first order: stores of three copies and more are taken to be independent"
)

// occasions returns how many failures a year take at least one store offline,
// and how many lose one.
//
// A store of two copies goes offline when one of its servers is struck while any
// part of the other has failed. So the chance that some store does is that of any
// part of any partner having failed: a union over parts, in which those that
// partners share count once. The chance that the struck server itself is not
// available is counted where it is in an outage, and neglected where an instance
// is missing.
func (m *model) occasions() (offline, loss float64) {
	p := newPartners(m)
	for server := range int32(m.servers()) {
		p.begin()
		p.strike(server, server, -1, m.domainsOf[server])
		there := p.there(server)
		up := 1 - m.outage.away()
		for _, d := range m.domainsOf[server] {
			up *= 1 - m.domains[d].away()
		}
		offline += (m.outage.rate + m.loss) * up * there * (1 - p.allServed())
		loss += m.loss * there * (1 - p.allKept())
	}
	for d := range int32(len(m.domains)) {
		p.begin()
		there := 0.0
		for _, server := range m.domains[d].servers {
			p.strike(server, -1, d, []int32{d})
			there += p.there(server) * (1 - m.outage.away()) / float64(len(m.domains[d].servers))
		}
		if p.served == 0 {
			there = 1 // a store is all inside
		}
		offline += m.domains[d].frequency() * there * (1 - p.allServed())
	}
	return offline, loss
}

// partners collects the parts that the consequences of one failure depend on.
type partners struct {
	*model
	round      int32
	seen, inIt []int32   // the round in which a server, a domain was last met
	widest     []float64 // the longest time that an instance on a server met is missing
	servers    []int32   // met in this round
	domains    []int32
	served     float64 // chance that no store of three copies and more goes offline
	kept       float64 // chance that none is lost
	others     []int32 // scratch
}

func newPartners(m *model) *partners {
	return &partners{
		model: m, widest: make([]float64, m.servers()),
		seen: make([]int32, m.servers()), inIt: make([]int32, len(m.domains)),
	}
}

func (p *partners) begin() {
	p.round++
	p.servers, p.domains = p.servers[:0], p.domains[:0]
	p.served, p.kept = 1, 1
}

// strike counts the stores of a server that is hit because it itself (struck) or
// a domain around it is: what remains are the instances that are not hit with
// it. The parts spared are known not to have failed before.
func (p *partners) strike(server, struck, domain int32, spared []int32) {
	from, to := p.instances(server)
	for e := from; e < to; e++ {
		p.others = p.others[:0]
		for _, o := range p.sites[p.store[e]] {
			if on := p.server[o]; on != struck && !(domain >= 0 && p.holds(domain, on)) {
				p.others = append(p.others, o)
			}
		}
		if len(p.others) == 1 {
			p.meet(p.others[0], spared)
		} else {
			p.count(spared)
		}
	}
}

// meet lets the outcome depend on the only other instance of a store.
func (p *partners) meet(o int32, spared []int32) {
	server := p.server[o]
	if p.seen[server] != p.round {
		p.seen[server], p.widest[server] = p.round, 0
		p.servers = append(p.servers, server)
	}
	p.widest[server] = max(p.widest[server], p.window[o])
	for _, d := range p.domainsOf[server] {
		if p.inIt[d] != p.round && !slices.Contains(spared, d) {
			p.inIt[d] = p.round
			p.domains = append(p.domains, d)
		}
	}
}

// count takes a store with no other instance or several as one by itself.
func (p *partners) count(spared []int32) {
	away, missing := 1.0, 1.0
	for _, o := range p.others {
		up, gone := 1-p.outage.away(), p.missing(p.window[o])
		for _, d := range p.domainsOf[p.server[o]] {
			if !slices.Contains(spared, d) {
				up *= 1 - p.model.domains[d].away()
			}
		}
		away *= 1 - up*(1-gone)
		missing *= gone
	}
	p.served *= 1 - away
	p.kept *= 1 - missing
}

// there returns the chance that an instance on the server is not missing, in the
// mean over its instances.
func (p *partners) there(server int32) float64 {
	from, to := p.instances(server)
	sum := 0.0
	for e := from; e < to; e++ {
		sum += 1 - p.missing(p.window[e])
	}
	return sum / float64(max(1, to-from))
}

// allServed returns the chance that no store goes offline.
func (p *partners) allServed() float64 {
	chance := p.served
	for _, server := range p.servers {
		chance *= (1 - p.outage.away()) * (1 - p.missing(p.widest[server]))
	}
	for _, d := range p.domains {
		chance *= 1 - p.model.domains[d].away()
	}
	return chance
}

// allKept returns the chance that no store is lost.
func (p *partners) allKept() float64 {
	chance := p.kept
	for _, server := range p.servers {
		chance *= 1 - p.missing(p.widest[server])
	}
	return chance
}
