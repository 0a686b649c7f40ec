package simulate

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/planner/load"
)

// meeting is what a server that fails beside the domain adds to what both do alone.
type meeting struct {
	joint         float64 // utilisation of the busiest survivor that takes over from both; -1: none
	users, stores int32   // that go offline
	met           bool
}

// apartYet is the meeting of a server that has not been met.
var apartYet = meeting{joint: -1}

// visit looks at the pairs of the domain and every server that meets it, and
// counts those with the others.
func (v *survey) visit(domain int32) {
	for _, server := range v.level.Domains[domain].Servers {
		v.failed[server] = true
	}
	v.countPairs(domain)
	v.meetSharers(domain)
	v.meetPartners(domain)
	v.meetBusiest(domain)
	alone := &v.domains.alone[domain]
	for _, server := range v.met {
		v.enter(pair{v.look(domain, server), domain, server}, alone, &v.single.alone[server])
	}
	for _, p := range []*podium{v.worst, v.hottest, v.emptiest} {
		v.enterApart(p, domain)
	}
	for _, server := range v.met {
		v.meetings[server] = apartYet
	}
	v.met, v.later = v.met[:0], v.later[:0]
	for _, server := range v.level.Domains[domain].Servers {
		v.failed[server] = v.fleet.Down[server]
	}
}

// countPairs counts the pairs of the domain and those that take stores offline
// though the two do not meet, and takes back what [survey.countApart] tallied for
// the domain and its own servers.
func (v *survey) countPairs(domain int32) {
	others, unhurt := v.left, v.unhurt
	for _, server := range v.level.Domains[domain].Servers {
		if v.fleet.Down[server] {
			continue
		}
		others--
		if v.single.alone[server].stores == 0 {
			unhurt--
		}
		if !v.servers {
			v.tally.add(max(v.domains.alone[domain].step, v.single.alone[server].step), -1)
		}
	}
	if v.servers {
		v.left, v.unhurt = others, unhurt
	}
	v.pairs += int64(others)
	if v.domains.alone[domain].stores == 0 {
		others -= unhurt
	}
	v.offline += int64(others)
}

// pairsWith reports whether the server may fail beside the domain. Of two
// servers only the later one may.
func (v *survey) pairsWith(domain, server int32) bool {
	return !v.failed[server] && (!v.servers || server > domain)
}

func (v *survey) meet(domain, server int32) {
	if m := &v.meetings[server]; !m.met && v.pairsWith(domain, server) {
		m.met = true
		v.met = append(v.met, server)
	}
}

// meetSharers meets the servers from which a survivor of the domain takes
// something over, too, and notes how busy it is with both.
func (v *survey) meetSharers(domain int32) {
	resources := len(v.fleet.Failover)
	with := make([]int64, resources) // what the survivor carries after the failure of the domain
	for e := v.domains.first[domain]; e < v.domains.first[domain+1]; e++ {
		survivor := v.domains.to[e]
		capacity := v.capacity[int(survivor)*resources : int(survivor+1)*resources]
		for r := range with {
			with[r] = v.carried[int(survivor)*resources+r] + v.domains.extra[int(e)*resources+r]
		}
		if v.servers {
			v.next[survivor]++ // passes the domain itself: sources ascend, as the domains visited do
		}
		for k := v.next[survivor]; k < v.sources.first[survivor+1]; k++ {
			server := v.sources.of[k]
			if v.failed[server] {
				continue
			}
			m := &v.meetings[server]
			if !m.met {
				m.met = true
				v.met = append(v.met, server)
			}
			extra := v.sources.extra[int(k)*resources : int(k+1)*resources]
			for r := range extra {
				if u := float64(with[r]+extra[r]) / capacity[r]; u > m.joint {
					m.joint = u
				}
			}
		}
	}
}

// meetPartners meets the servers that take something over from the domain or
// leave it something, and fails over the stores whose master and first replica
// are in the two.
func (v *survey) meetPartners(domain int32) {
	for _, survivor := range v.domains.to[v.domains.first[domain]:v.domains.first[domain+1]] {
		v.meet(domain, survivor)
	}
	for _, member := range v.level.Domains[domain].Servers {
		for k := v.next[member]; k < v.sources.first[member+1]; k++ {
			v.meet(domain, v.sources.of[k])
		}
		for _, store := range v.byMaster[member] {
			if replica := load.Master(v.layout[store], v.failed); replica >= 0 {
				v.failBoth(domain, replica, store)
			}
		}
		for _, store := range v.second[v.firstSecond[member]:v.firstSecond[member+1]] {
			v.failBoth(domain, load.Master(v.layout[store], v.fleet.Down), store)
		}
	}
	v.promoteLater(domain)
}

// promotion is that of a store whose master and first replica fail, one of them
// in the domain, the other with the server.
type promotion struct{ server, to, store int32 }

// failBoth fails the store over for the second time, or takes it offline.
func (v *survey) failBoth(domain, server, store int32) {
	if !v.pairsWith(domain, server) {
		return
	}
	if to := v.without(server, v.layout[store]); to >= 0 {
		v.later = append(v.later, promotion{server, to, store})
		return
	}
	v.meetings[server].stores++
	v.meetings[server].users += int32(v.fleet.Users[store])
}

// promoteLater notes how busy servers are that promote a store whose master and
// first replica fail, beside what the failures of the two leave them anyhow.
func (v *survey) promoteLater(domain int32) {
	slices.SortFunc(v.later, func(a, b promotion) int { return cmp.Or(cmp.Compare(a.server, b.server), cmp.Compare(a.to, b.to)) })
	for i := 0; i < len(v.later); {
		server, to := v.later[i].server, v.later[i].to
		m, carried := &v.meetings[server], v.normal.Amounts[to]
		for _, t := range []struct {
			*takeovers
			domain int32
		}{{v.domains, domain}, {v.single, server}} {
			if e := t.find(t.domain, to); e >= 0 {
				for j, r := range v.fleet.Failover {
					carried[r] += t.extra[int(e)*len(v.fleet.Failover)+j]
				}
			}
		}
		for ; i < len(v.later) && v.later[i].server == server && v.later[i].to == to; i++ {
			store := v.later[i].store
			for _, r := range v.fleet.Failover {
				carried[r] += v.fleet.Active[store][r] - v.fleet.Passive[store][r]
			}
		}
		for _, r := range v.fleet.Failover {
			m.joint = max(m.joint, v.fleet.Utilisation(int(to), r, carried[r]))
		}
	}
}

// meetBusiest meets the busiest server in the normal state, or, where that is in
// the domain, every server: the busiest of those that are spared is another then.
func (v *survey) meetBusiest(domain int32) {
	if len(v.order) == 0 {
		return
	}
	if !v.failed[v.order[0]] {
		v.meet(domain, v.order[0])
		return
	}
	for _, server := range v.up {
		v.meet(domain, server)
	}
}

// look returns what the failure of the domain and a server that meets it does.
func (v *survey) look(domain, server int32) figures {
	a, b, m := &v.domains.alone[domain], &v.single.alone[server], &v.meetings[server]
	f := figures{a.users + b.users + int(m.users), a.stores + b.stores + int(m.stores), m.joint}
	if busiest := v.order[0]; busiest != server && !v.failed[busiest] {
		f.utilisation = max(f.utilisation, v.idle)
	} else {
		f.utilisation = max(f.utilisation, v.spared(server))
	}
	if a.heir != server {
		f.utilisation = max(f.utilisation, a.after)
	} else {
		f.utilisation = max(f.utilisation, v.domains.peak(domain, func(heir int32) bool { return heir != server }))
	}
	if b.heir < 0 || !v.failed[b.heir] {
		f.utilisation = max(f.utilisation, b.after)
	} else {
		f.utilisation = max(f.utilisation, v.single.peak(server, func(heir int32) bool { return !v.failed[heir] }))
	}
	return f
}

// spared returns the utilisation of the busiest server in the normal state that
// is neither in the domain nor the other that fails; -1 if there is none.
func (v *survey) spared(server int32) float64 {
	for _, s := range v.order {
		if s != server && !v.failed[s] {
			return v.after(s)
		}
	}
	return -1
}

// enter counts a pair that meets, in place of what was tallied for it.
func (v *survey) enter(p pair, a, b *single) {
	v.tally.add(max(a.step, b.step), -1)
	v.tally.add(stepOf(p.utilisation), 1)
	if p.stores > 0 && a.stores == 0 && b.stores == 0 {
		v.offline++
	}
	if worse(p.figures, v.worst.bar) || p.utilisation > v.hottest.bar.utilisation || p.stores > v.emptiest.bar.stores {
		v.worst.enter(p)
		v.hottest.enter(p)
		v.emptiest.enter(p)
	}
}

// enterApart enters the worst of the servers that the domain does not meet.
func (v *survey) enterApart(p *podium, domain int32) {
	alone := v.domains.alone[domain].figures
	for _, server := range p.rank {
		f := apart(alone, v.single.alone[server].figures)
		if !p.takes(f) {
			return
		}
		if !v.meetings[server].met && v.pairsWith(domain, server) {
			p.enter(pair{f, domain, server})
		}
	}
}
