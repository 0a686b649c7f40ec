package moves

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

// state is who is where, without what sources still hold.
type state struct {
	layout load.Layout
	loads  []inventory.Amounts
	users  []int // persons on each store
}

// carryOut changes the state as the bundle does.
func (st *state) carryOut(b *bundle) {
	for i := range b.effects {
		e := &b.effects[i]
		if e.sign == 0 {
			st.layout[e.store] = e.after
			continue
		}
		for r := range e.load {
			st.loads[e.store][r] += int64(e.sign) * e.load[r]
		}
		st.users[e.store] += int(e.sign) * int(e.persons)
	}
}

// summary describes the waves.
func (s *scheduler) summary() []planner.Wave {
	st := &state{layout: s.start.Clone(), loads: slices.Clone(s.fleet.Active), users: slices.Clone(s.fleet.Users)}
	out := make([]planner.Wave, 0, len(s.waves))
	for n := range s.waves {
		w := &s.waves[n]
		line := planner.Wave{Wave: n + 1, StartSeconds: w.from, EndSeconds: w.to}
		transfers := make([]int, len(s.units))
		for _, i := range w.bundles {
			b := &s.bundles[i]
			st.carryOut(b)
			for _, t := range b.tasks {
				line.Changes++
				line.Bytes += s.tasks[t].bytes
				for _, p := range s.tasks[t].Places[:2] {
					if p != bounds.None {
						transfers[p]++
					}
				}
			}
		}
		line.WorstSingle = s.worstSingle(st)
		line.Busiest = s.busiestOf(transfers)
		out = append(out, line)
	}
	return out
}

func (s *scheduler) worstSingle(st *state) planner.Worst {
	f := *s.fleet
	f.SetLoads(st.loads, st.users)
	return simulate.New(&f, st.layout).Worst(0)
}

// busiestOf returns the server with the most transfers.
func (s *scheduler) busiestOf(transfers []int) planner.Text {
	servers := transfers[:len(s.fleet.Capacity)]
	most := 0
	for i, n := range servers {
		if n > servers[most] {
			most = i
		}
	}
	if len(servers) == 0 || servers[most] == 0 {
		return ""
	}
	return planner.Text(s.fleet.Inventory.Servers[most].Name)
}
