package layout

import (
	"slices"

	"github.com/interlacemail/interlace/planner"
)

// step is one step of a store's way to its target, by server index.
type step struct {
	do     planner.Verb
	server int32
	from   int32 // −1 if none
}

// after returns the list of sites once the step is done, which it overwrites.
func (s step) after(list []int32) []int32 {
	switch s.do {
	case planner.Promote:
		at := slices.Index(list, s.server)
		list[0], list[at] = list[at], list[0]
	case planner.Drop:
		for at := len(list) - 1; at >= 0; at-- {
			if list[at] == s.server {
				return slices.Delete(list, at, at+1)
			}
		}
	default:
		return append(list, s.server)
	}
	return list
}

// steps returns what brings a store from one list of sites to another, and the
// list it ends with: seeds, drops of second instances on one server, promotions,
// then all other drops, so that it never lies on fewer servers on the way. A
// seeded replica comes last in promotion order; a promoted one changes places
// with the master. Replicas are seeded and promoted so that there are few promotions
// ([seeds], [promotions]). Servers
// that are down are neither copied from nor promoted: where the master is down, a
// replica takes its place first.
//
// The list it ends with is the one asked for, but for the places of servers that
// are down, and for the order of two instances on one server.
func steps(from, to []int32, down []bool) ([]step, []int32) {
	if slices.Equal(from, to) {
		return nil, to
	}
	w := walk{now: slices.Clone(from)}
	if len(from) == 0 {
		w.steps = append(w.steps, step{planner.Create, to[0], -1})
		w.now = append(w.now, to[0])
	}
	w.leaveDead(to, down)
	for _, server := range seeds(w.now, to, down) {
		w.steps = append(w.steps, step{planner.Seed, server, w.now[0]})
		w.now = append(w.now, server)
	}
	for at := len(w.now) - 1; at > 0; at-- {
		if server := w.now[at]; slices.Contains(w.now[:at], server) && count(w.now, server) > count(to, server) {
			w.steps = append(w.steps, step{planner.Drop, server, -1})
			w.now = slices.Delete(w.now, at, at+1)
		}
	}
	for _, at := range promotions(w.now, to, down) {
		w.promote(at)
	}
	for _, at := range surplus(w.now, to) {
		w.steps = append(w.steps, step{planner.Drop, w.now[at], -1})
	}
	return w.steps, kept(w.now, to)
}

// seeds returns the servers of the target that are new to the list, in the order in which
// they are to be seeded: as in the target or, where that takes fewer promotions, the
// master to be last, since it leaves its place behind the others to the present one.
func seeds(list, to []int32, down []bool) []int32 {
	var servers []int32
	for _, server := range to {
		if !slices.Contains(list, server) && !slices.Contains(servers, server) {
			servers = append(servers, server)
		}
	}
	if len(servers) < 2 || servers[0] != to[0] || doubled(list) || doubled(to) {
		return servers
	}
	last := append(slices.Clone(servers[1:]), servers[0])
	if len(promotions(slices.Concat(list, last), to, down)) < len(promotions(slices.Concat(list, servers), to, down)) {
		return last
	}
	return servers
}

// walk is a store on its way.
type walk struct {
	now   []int32
	steps []step
}

// promote makes the instance at the place the master.
func (w *walk) promote(at int) {
	w.steps = append(w.steps, step{planner.Promote, w.now[at], w.now[0]})
	w.now[0], w.now[at] = w.now[at], w.now[0]
}

// leaveDead promotes a replica where the master is down and must not stay, or is
// to be copied: the master to be, or else the first that is up.
func (w *walk) leaveDead(to []int32, down []bool) {
	stays := to[0] == w.now[0] && !slices.ContainsFunc(to, func(s int32) bool { return !slices.Contains(w.now, s) })
	if !down[w.now[0]] || stays {
		return
	}
	at := slices.Index(w.now, to[0])
	if at < 0 || down[to[0]] {
		at = slices.IndexFunc(w.now, func(s int32) bool { return !down[s] })
	}
	if at > 0 {
		w.promote(at)
	}
}

// surplus returns the places in the list of instances that the target lacks. Of
// several instances on one server the first ones stay.
func surplus(list, to []int32) []int {
	var places []int
	for at, server := range list {
		if count(list[:at], server) >= count(to, server) {
			places = append(places, at)
		}
	}
	return places
}

func count(list []int32, server int32) int {
	n := 0
	for _, s := range list {
		if s == server {
			n++
		}
	}
	return n
}

// kept returns the list without its surplus.
func kept(list, to []int32) []int32 {
	out := make([]int32, 0, len(to))
	for at, server := range list {
		if count(list[:at], server) < count(to, server) {
			out = append(out, server)
		}
	}
	return out
}

// promotions returns the shortest sequence of places whose promotion turns the
// list into the target, surplus and servers that are down apart.
func promotions(list, to []int32, down []bool) []int {
	if down[list[0]] || down[to[0]] {
		return nil
	}
	var places []int
	var up, goal []int32
	for at, server := range list {
		if !down[server] {
			places, up = append(places, at), append(up, server)
		}
	}
	for _, server := range to {
		if !down[server] {
			goal = append(goal, server)
		}
	}
	order := reorder(up, goal)
	for i, at := range order {
		order[i] = places[at]
	}
	return order
}
