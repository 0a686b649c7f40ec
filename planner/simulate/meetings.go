package simulate

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/planner/load"
)

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
	for _, server := range v.met {
		v.enter(v.look(domain, server))
	}
	for _, p := range []*podium{v.worst, v.hottest, v.emptiest} {
		v.enterApart(p, domain)
	}
	for _, server := range v.met {
		v.seen[server], v.joint[server], v.stores[server], v.users[server] = false, -1, 0, 0
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
			v.tally.add(max(v.domainStep[domain], v.serverStep[server]), -1)
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
	if !v.seen[server] && v.pairsWith(domain, server) {
		v.seen[server] = true
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
			if !v.seen[server] {
				v.seen[server] = true
				v.met = append(v.met, server)
			}
			extra := v.sources.extra[int(k)*resources : int(k+1)*resources]
			for r := range extra {
				v.joint[server] = max(v.joint[server], float64(with[r]+extra[r])/capacity[r])
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
		for _, store := range v.second[member] {
			if master := load.Master(v.layout[store], v.fleet.Down); !v.failed[master] {
				v.failBoth(domain, master, store)
			}
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
	v.stores[server]++
	v.users[server] += v.fleet.Users[store]
}

// promoteLater notes how busy servers are that promote a store whose master and
// first replica fail, beside what the failures of the two leave them anyhow.
func (v *survey) promoteLater(domain int32) {
	slices.SortFunc(v.later, func(a, b promotion) int { return cmp.Or(cmp.Compare(a.server, b.server), cmp.Compare(a.to, b.to)) })
	for i := 0; i < len(v.later); {
		server, to := v.later[i].server, v.later[i].to
		carried := v.normal.Amounts[to]
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
			v.joint[server] = max(v.joint[server], v.fleet.Utilisation(int(to), r, carried[r]))
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
func (v *survey) look(domain, server int32) pair {
	f := apart(v.domains.alone[domain], v.single.alone[server])
	f.stores += v.stores[server]
	f.users += v.users[server]
	f.utilisation = max(v.spared(server), v.joint[server], v.domainPeak(domain, server), v.serverPeak(server))
	return pair{f, domain, server}
}

// spared returns the utilisation of the busiest server in the normal state that
// is neither in the domain nor the other that fails; -1 if there is none.
func (v *survey) spared(server int32) float64 {
	for _, s := range v.order {
		if s != server && !v.failed[s] {
			return v.idle(s)
		}
	}
	return -1
}

// idle returns the utilisation in the normal state, -1 without failover resource.
func (v *survey) idle(server int32) float64 {
	if u, r := v.busiest(int(server), nil); r >= 0 {
		return u
	}
	return -1
}

// domainPeak returns the utilisation of the busiest survivor of the domain alone
// that is not the server.
func (v *survey) domainPeak(domain, server int32) float64 {
	t := v.domains
	if e := t.busiest[domain]; e < 0 {
		return -1
	} else if t.to[e] != server {
		return t.after[e]
	}
	peak := -1.0
	for e := t.first[domain]; e < t.first[domain+1]; e++ {
		if t.to[e] != server {
			peak = max(peak, t.after[e])
		}
	}
	return peak
}

// serverPeak returns the utilisation of the busiest survivor of the server alone
// that is not in the domain.
func (v *survey) serverPeak(server int32) float64 {
	t := v.single
	if e := t.busiest[server]; e < 0 {
		return -1
	} else if !v.failed[t.to[e]] {
		return t.after[e]
	}
	peak := -1.0
	for e := t.first[server]; e < t.first[server+1]; e++ {
		if !v.failed[t.to[e]] {
			peak = max(peak, t.after[e])
		}
	}
	return peak
}

// enter counts a pair that meets, in place of what was tallied for it.
func (v *survey) enter(p pair) {
	v.tally.add(max(v.domainStep[p.domain], v.serverStep[p.server]), -1)
	v.tally.add(stepOf(p.utilisation), 1)
	if p.stores > 0 && v.domains.alone[p.domain].stores == 0 && v.single.alone[p.server].stores == 0 {
		v.offline++
	}
	v.worst.enter(p)
	v.hottest.enter(p)
	v.emptiest.enter(p)
}

// enterApart enters the worst of the servers that the domain does not meet.
func (v *survey) enterApart(p *podium, domain int32) {
	alone := v.domains.alone[domain]
	for _, server := range p.rank {
		f := apart(alone, v.single.alone[server])
		if !p.takes(f) {
			return
		}
		if !v.seen[server] && v.pairsWith(domain, server) {
			p.enter(pair{f, domain, server})
		}
	}
}
