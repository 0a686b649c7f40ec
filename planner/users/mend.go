package users

import (
	"cmp"
	"context"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

const (
	// mendLooks is how many stores are looked at to mend a plan, once for roomy
	// stores and once for all.
	mendLooks = 1_000_000
	// roomy is what part of the peak stores are filled to that others are sent to,
	// as far as that does: so they keep room to grow.
	roomy = 0.9
)

// mend sends some of those who move to other stores, where servers would carry
// more when a domain to survive fails than the busiest one does today: so that
// the plan does not undo what a layout was planned for. Nobody moves who did not,
// and nothing more is copied; no store becomes fuller than the fullest one is or
// than the target allows, no server passes what it may carry, and nobody waits
// longer for room.
func (s *seeker) mend(t *tally) {
	if s.ctx.Err() != nil {
		return
	}
	peak, _, _ := t.fullest()
	if s.floor > 0 {
		peak = min(peak, s.floor)
	}
	t.holdToCeilings()
	m := &mender{tally: t, calm: t.calm(), on: t.storesByServer()}
	for _, part := range []float64{roomy, 1} {
		t.limitStores(part * peak)
		m.looks = mendLooks
		for m.calmDown(s.ctx) {
		}
	}
}

// calmDown cools servers until that is no longer wanted or possible, and reports
// whether any was cooled: those whom no store could take before may then be tried
// once more.
func (m *mender) calmDown(ctx context.Context) (cooled bool) {
	m.collect()
	m.sort()
	for ctx.Err() == nil && m.cool() {
		cooled = true
	}
	return cooled
}

// calm returns the most that each server may carry after a failure, by level to
// survive, so that the worst failure of the level is no worse than today.
func (t *tally) calm() [][]inventory.Amounts {
	calm := make([][]inventory.Amounts, len(t.worst))
	for l := range t.worst {
		worst := 0.0
		for server := range t.carry {
			for _, r := range t.Fleet.Failover {
				worst = max(worst, t.Fleet.Utilisation(server, r, t.worst[l][server][r]))
			}
		}
		calm[l] = t.Ceilings(func(inventory.Resource) float64 { return worst })
	}
	return calm
}

// mender sends arrivals from the hottest server to where it is cooler. The heat of
// a server is what it carries after its worst failure in terms of what it may in
// calm: nothing is to be done where it is at most 1.
type mender struct {
	*tally
	calm  [][]inventory.Amounts
	on    [][]int32 // stores with an instance on each server
	free  [][]int32 // who arrived on each store, could as well be elsewhere and has not been tried in vain
	looks int       // at stores, that are left

	coolest []warm // stores that receive, the coolest first, as of the last sorting
	sent    int    // since then
}

// warm is a store and the heat of its hottest server.
type warm struct {
	store int32
	heat  float64
}

// collect finds those who are free: who move to a store to which nobody must go,
// other than the home of a torn group, since elsewhere more would be copied.
func (m *mender) collect() {
	m.free = make([][]int32, len(m.load))
	for n := range m.size() {
		if i := int32(n); m.moved(i) && m.onlyStore(i) == nowhere && m.costAt(i, m.at[i]) == 0 {
			m.free[m.at[i]] = append(m.free[m.at[i]], i)
		}
	}
}

// cool sends one arrival from the hottest server to where no server becomes as
// hot, the one that weighs most of those for which there is such a store. It
// reports whether that was wanted and possible.
func (m *mender) cool() bool {
	server, heat, r := m.hottest()
	if heat <= 1 {
		return false
	}
	if m.sent > len(m.coolest)/32+8 {
		m.sort()
	}
	for m.looks > 0 {
		i := m.heaviest(server, r)
		if i == nowhere {
			return false
		}
		from := m.at[i]
		m.free[from] = slices.DeleteFunc(m.free[from], func(j int32) bool { return j == i })
		if m.send(i, heat) {
			return true
		}
	}
	return false
}

// heaviest returns who weighs most in the resource of those on the server who
// could be elsewhere; nowhere if nobody weighs anything.
func (m *mender) heaviest(server int32, r int) int32 {
	best, most := int32(nowhere), int64(0)
	for _, store := range m.on[server] {
		for _, i := range m.free[store] {
			if load := m.piece(i).Load[r]; load > most {
				best, most = i, load
			}
		}
	}
	return best
}

// send puts what has the number on the coolest of the stores that can take it at
// once and whose servers stay below the heat with it, and reports whether there
// is one.
func (m *mender) send(i int32, heat float64) bool {
	from := m.at[i]
	m.take(i)
	for _, to := range m.coolest {
		if to.heat >= heat {
			break
		}
		m.looks--
		if to.store == from || to.store == m.piece(i).Store || !m.fits(i, to.store) || !m.fitsNow(i, to.store) {
			continue
		}
		m.put(i, to.store)
		if m.heatAt(to.store) < heat {
			m.free[to.store] = append(m.free[to.store], i)
			m.sent++
			return true
		}
		m.take(i)
	}
	m.put(i, from)
	return false
}

// sort orders the stores that receive by how hot they are now.
func (m *mender) sort() {
	m.coolest, m.sent = m.coolest[:0], 0
	for s, receives := range m.Receives {
		if receives {
			m.coolest = append(m.coolest, warm{int32(s), m.heatAt(int32(s))})
		}
	}
	slices.SortStableFunc(m.coolest, func(a, b warm) int { return cmp.Compare(a.heat, b.heat) })
}

// hottest returns the hottest server, its heat, and in which resource it has it.
func (m *mender) hottest() (server int32, heat float64, resource int) {
	for n := range m.carry {
		if h, r := m.heat(int32(n)); h > heat {
			server, heat, resource = int32(n), h, r
		}
	}
	return server, heat, resource
}

// heatAt returns the heat of the hottest server of the store.
func (m *mender) heatAt(store int32) float64 {
	heat := 0.0
	for _, server := range m.Sites[store] {
		h, _ := m.heat(server)
		heat = max(heat, h)
	}
	return heat
}

// heat returns the heat of the server, and in which resource it has it.
func (m *mender) heat(server int32) (heat float64, resource int) {
	for l := range m.calm {
		for _, r := range m.Fleet.Failover {
			carried := m.carry[server][r] + m.after[l].most[server][r]
			if h := float64(carried) / float64(max(m.calm[l][server][r], 1)); h > heat {
				heat, resource = h, r
			}
		}
	}
	return heat, resource
}
