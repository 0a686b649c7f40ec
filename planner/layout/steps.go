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

// steps returns what brings a store from one list of sites to another: first
// all seeds, then promotions, then drops, so that it never has fewer copies on
// the way. A seeded replica comes last in promotion order; a promoted one
// changes places with the master. Of all ways it takes one with the fewest
// promotions.
func steps(from, to []int32) []step {
	var out []step
	now := slices.Clone(from)
	if len(now) == 0 && len(to) > 0 {
		out = append(out, step{planner.Create, to[0], -1})
		now = append(now, to[0])
	}
	for _, server := range to {
		if !slices.Contains(now, server) {
			out = append(out, step{planner.Seed, server, now[0]})
			now = append(now, server)
		}
	}
	for _, at := range promotions(now, to) {
		out = append(out, step{planner.Promote, now[at], now[0]})
		now[0], now[at] = now[at], now[0]
	}
	for _, at := range surplus(now, to) {
		out = append(out, step{planner.Drop, now[at], -1})
	}
	return out
}

// surplus returns the places in the list of instances that the target lacks:
// servers that it does not name, and second instances on one that it does.
func surplus(list, to []int32) []int {
	var places []int
	for at, server := range list {
		if !slices.Contains(to, server) || slices.Contains(list[:at], server) {
			places = append(places, at)
		}
	}
	return places
}

// reached reports whether the list is the target once its surplus is dropped.
func reached(list, to []int32) bool {
	if len(to) == 0 || list[0] != to[0] {
		return len(to) == 0
	}
	kept := make([]int32, 0, len(to))
	for at, server := range list {
		if slices.Contains(to, server) && !slices.Contains(list[:at], server) {
			kept = append(kept, server)
		}
	}
	return slices.Equal(kept, to)
}

// promotions returns the shortest sequence of places whose promotion turns the
// list into the target, by breadth-first search over the orders of the list.
func promotions(list, to []int32) []int {
	type node struct {
		list []int32
		way  []int
	}
	queue := []node{{list: slices.Clone(list)}}
	seen := [][]int32{queue[0].list}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		if reached(n.list, to) {
			return n.way
		}
		for at := 1; at < len(n.list); at++ {
			next := slices.Clone(n.list)
			next[0], next[at] = next[at], next[0]
			if slices.ContainsFunc(seen, func(l []int32) bool { return slices.Equal(l, next) }) {
				continue
			}
			seen = append(seen, next)
			queue = append(queue, node{next, append(slices.Clone(n.way), at)})
		}
	}
	return nil
}
