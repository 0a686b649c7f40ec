package durability

import (
	"context"
	"encoding/binary"
	"math"
	"slices"

	"github.com/interlacemail/interlace/planner"
)

// rarely is the part of the time for which components may have failed so that the
// analytic values of occasions are to be relied on.
const rarely = 0.1

// neglected says what the analytic values of occasions leave out.
func (m *model) neglected() planner.Text {
	for _, d := range m.domains {
		if d.away() > rarely {
			return planner.BeyondFirstOrder
		}
	}
	often := func(window float64) bool { return m.missing(window) > rarely }
	if m.outage.away() > rarely || slices.ContainsFunc(m.window, often) {
		return planner.BeyondFirstOrder
	}
	return planner.FirstOrder
}

// occasions returns how many failures a year take at least one store offline,
// and how many lose one.
//
// A store of two copies goes offline when one of its servers is struck while any
// part of the other has failed. So the chance that some store does is that of any
// part of any partner having failed: a union over parts, in which those that
// partners share count once. What is struck counts as far as it was there, in the
// mean. Stores with no other instance, or several, are told apart by the servers
// that carry them: a domain around all others is one more part of the union, and
// what remains is taken as if independent. It stops early if the context ends.
func (m *model) occasions(ctx context.Context) (offline, loss float64) {
	p := newPartners(ctx, m)
	for server := range int32(m.servers()) {
		if ctx.Err() != nil {
			return offline, loss
		}
		p.begin(m.domainsOf[server], true)
		from, to := m.instances(server)
		for e := from; e < to; e++ {
			p.strike(e, func(o int32) bool { return o == e })
		}
		up := 1 - m.outage.away()
		for _, d := range m.domainsOf[server] {
			up *= 1 - m.domains[d].away()
		}
		offline += (m.outage.rate + m.loss) * up * (1 - p.allServed(p.there(server)))
		loss += m.loss * (1 - p.allKept(p.there(server)))
	}
	for d := range int32(len(m.domains)) {
		if ctx.Err() != nil {
			return offline, loss
		}
		p.begin([]int32{d}, false)
		there := 0.0
		for _, server := range m.domains[d].servers {
			from, to := m.instances(server)
			for e := from; e < to; e++ {
				p.strike(e, func(o int32) bool { return m.holds(d, m.server[o]) })
			}
			there += p.there(server) * (1 - m.outage.away())
		}
		offline += m.domains[d].frequency() * (1 - p.allServed(there/float64(max(1, len(m.domains[d].servers)))))
	}
	return offline, loss
}

// partners collects the parts that the consequences of one failure depend on.
type partners struct {
	*model
	ctx        context.Context
	exact      exactStore
	spared     []int32 // domains that are not away, or are what is struck
	isUp       bool    // whether what is struck is known not to be in an outage of its own
	round      int32
	seen, inIt []int32   // the round in which a server, a domain was last met
	widest     []float64 // the longest time that an instance on a server met is missing
	servers    []int32   // met in this round
	domains    []int32
	sets       []set          // of servers that carry stores with no other instance, or several
	known      map[string]int // their index by name

	hit, others []int32 // scratch: instances of a store
}

// set is the instances of a store on servers that are hit, and on others, in the
// order of the servers. Of the stores on the same servers it is the one that is
// longest without its copies.
type set struct{ hit, others []int32 }

func newPartners(ctx context.Context, m *model) *partners {
	return &partners{
		model: m, ctx: ctx, exact: exactStore{model: m}, widest: make([]float64, m.servers()),
		seen: make([]int32, m.servers()), inIt: make([]int32, len(m.domains)),
	}
}

func (p *partners) begin(spared []int32, isUp bool) {
	p.round++
	p.spared, p.isUp = spared, isUp
	p.servers, p.domains = p.servers[:0], p.domains[:0]
	p.sets, p.known = p.sets[:0], map[string]int{}
}

// strike counts the store of an instance that is hit together with those of its
// instances that isHit names.
func (p *partners) strike(e int32, isHit func(int32) bool) {
	p.hit, p.others = p.hit[:0], p.others[:0]
	for _, o := range p.sites[p.store[e]] {
		if isHit(o) {
			p.hit = append(p.hit, o)
		} else {
			p.others = append(p.others, o)
		}
	}
	switch {
	case p.hit[0] != e: // counted at the first of them
	case len(p.hit) == 1 && len(p.others) == 1:
		p.meet(p.others[0])
	default:
		p.remember()
	}
}

// meet lets the outcome depend on the only other instance of a store.
func (p *partners) meet(o int32) {
	server := p.server[o]
	if p.seen[server] != p.round {
		p.seen[server], p.widest[server] = p.round, 0
		p.servers = append(p.servers, server)
	}
	p.widest[server] = max(p.widest[server], p.window[o])
	p.dependOn(p.domainsOf[server])
}

// dependOn lets the outcome depend on the domains.
func (p *partners) dependOn(domains []int32) {
	for _, d := range domains {
		if p.inIt[d] != p.round && !slices.Contains(p.spared, d) {
			p.inIt[d] = p.round
			p.domains = append(p.domains, d)
		}
	}
}

// remember keeps the servers of a store, and the store if it is the first on them
// or longer without its copies than the one that was.
func (p *partners) remember() {
	slices.Sort(p.hit) // instances are numbered server by server
	slices.Sort(p.others)
	name := make([]byte, 0, 4*(len(p.hit)+len(p.others)+1))
	for _, e := range p.hit {
		name = binary.LittleEndian.AppendUint32(name, uint32(p.server[e]))
	}
	name = binary.LittleEndian.AppendUint32(name, math.MaxUint32)
	for _, e := range p.others {
		name = binary.LittleEndian.AppendUint32(name, uint32(p.server[e]))
	}
	this := set{slices.Clone(p.hit), slices.Clone(p.others)}
	at, ok := p.known[string(name)]
	switch {
	case !ok:
		p.known[string(name)] = len(p.sets)
		p.sets = append(p.sets, this)
		p.dependOn(p.around(this.others))
	case p.exposure(this) > p.exposure(p.sets[at]):
		p.sets[at] = this
	}
}

// around returns the domains that hold all of the instances, if there are any.
func (p *partners) around(instances []int32) []int32 {
	if len(instances) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.domainsOf[p.server[instances[0]]]), func(d int32) bool {
		return slices.ContainsFunc(instances, func(e int32) bool { return !p.holds(d, p.server[e]) })
	})
}

// exposure is the chance that all others are missing.
func (p *partners) exposure(s set) float64 {
	chance := 1.0
	for _, o := range s.others {
		chance *= p.missing(p.window[o])
	}
	return chance
}

// served returns the chance that a store on these servers does not go offline: it
// does if one of the instances that are hit was available and none of the others
// is. Domains around all others are counted elsewhere.
func (p *partners) served(s set) float64 {
	p.exact.enter(s.others, append(p.around(s.others), p.spared...))
	othersAway, _ := p.exact.offline()
	if p.isUp {
		return 1 - othersAway*(1-p.missing(p.window[s.hit[0]]))
	}
	p.exact.enter(s.hit, p.spared)
	hitAway, _ := p.exact.offline()
	return 1 - othersAway*(1-hitAway)
}

// kept returns the chance that a store on these servers is not lost with the
// disks of the one that is hit.
func (p *partners) kept(s set) float64 {
	return 1 - p.exposure(s)*(1-p.missing(p.window[s.hit[0]]))
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

// allServed returns the chance that no store goes offline, where what is struck
// was there with the given chance.
func (p *partners) allServed(there float64) float64 {
	well := 1.0
	for _, server := range p.servers {
		well *= (1 - p.outage.away()) * (1 - p.missing(p.widest[server]))
	}
	for _, d := range p.domains {
		well *= 1 - p.model.domains[d].away()
	}
	chance := 1 - there*(1-well)
	for _, s := range p.sets {
		if p.ctx.Err() != nil {
			break
		}
		chance *= p.served(s)
	}
	return chance
}

// allKept returns the chance that no store is lost, likewise.
func (p *partners) allKept(there float64) float64 {
	well := 1.0
	for _, server := range p.servers {
		well *= 1 - p.missing(p.widest[server])
	}
	chance := 1 - there*(1-well)
	for _, s := range p.sets {
		chance *= p.kept(s)
	}
	return chance
}
