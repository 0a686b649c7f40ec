package layout

import "slices"

// mostGoals is how many arrangements [reorder] looks at: all of them where a store
// has five instances and gets five others.
const mostGoals = 200

// reorder returns the shortest sequence of places whose promotion turns the list
// into the target, surplus apart.
//
// A promotion exchanges the first instance with another one. To arrange a list anew
// with such exchanges each cycle of places takes one exchange less than it has
// places if it goes through the first, and else one more (Akers, Harel and
// Krishnamurthy 1987); [inPlace] does it with so many. Which places the target takes
// is free as long as they are in its order, the first one apart.
//
// Of a target with two instances on one server only the master is brought about; of
// the two the last is meant.
func reorder(list, to []int32) []int {
	if doubled(to) {
		if list[0] == to[0] {
			return nil
		}
		at := len(list) - 1
		for list[at] != to[0] {
			at--
		}
		return []int{at}
	}
	var best []int
	places, left := make([]int, len(to)), mostGoals
	var choose func(n int)
	choose = func(n int) {
		if n == len(to) {
			if way := inPlace(list, arranged(list, to, places)); left == mostGoals || len(way) < len(best) {
				best = way
			}
			left--
			return
		}
		for at := places[n-1] + 1; at <= len(list)-len(to)+n && left > 0; at++ {
			places[n] = at
			choose(n + 1)
		}
	}
	choose(1)
	return best
}

// nobody marks a place that nothing has been found for.
const nobody = int32(-1)

// arranged returns the list with the target at the given places. Surplus stays where
// it may; what gives way to the target goes where an instance of the target comes
// from, in one cycle all together.
func arranged(list, to []int32, places []int) []int32 {
	goal := make([]int32, len(list))
	for at := range goal {
		goal[at] = nobody
	}
	for i, at := range places {
		goal[at] = to[i]
	}
	var surplus []int32 // that gives way
	var ends []int      // of the chains that begin where it was
	for at, server := range list {
		switch {
		case slices.Contains(to, server):
		case goal[at] == nobody:
			goal[at] = server
		default:
			surplus, ends = append(surplus, server), append(ends, at)
		}
	}
	for i, end := range ends {
		for goal[end] != nobody {
			end = slices.Index(list, goal[end])
		}
		ends[i] = end
	}
	for i, end := range ends {
		goal[end] = surplus[(i+1)%len(surplus)]
	}
	return goal
}

// inPlace returns the places whose promotion, in turn, puts the instances into the
// order of the goal. The master goes where it belongs; where it is right already,
// another one that is not takes its place first.
func inPlace(list, goal []int32) []int {
	now := slices.Clone(list)
	var places []int
	for {
		at := firstDifference(now, goal)
		if at < 0 {
			return places
		}
		if at == 0 {
			at = slices.Index(goal, now[0])
		}
		places = append(places, at)
		now[0], now[at] = now[at], now[0]
	}
}

// firstDifference returns the first place at which the lists differ, or −1.
func firstDifference(a, b []int32) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// mostReordered is how many instances a store may have for all their orders to be
// looked at.
const mostReordered = 4

// calmer returns the orders of a store's sites that take fewer promotions than the
// present one, the fewest first. With two sites that is the start's master, no more.
func (s *search) calmer(store int) [][]int32 {
	now := s.sites[store]
	if len(now) < 3 || len(now) > mostReordered {
		return nil
	}
	promotions := s.promotionsOn(s.start[store], now)
	fewer := make([][][]int32, promotions)
	for _, list := range orders(now) {
		if s.fleet.Down[list[0]] && list[0] != now[0] {
			continue
		}
		if n := s.promotionsOn(s.start[store], list); n < promotions {
			fewer[n] = append(fewer[n], list)
		}
	}
	return slices.Concat(fewer...)
}

// orders returns all orders of the list.
func orders(list []int32) [][]int32 {
	if len(list) < 2 {
		return [][]int32{slices.Clone(list)}
	}
	var all [][]int32
	for at := range list {
		for _, rest := range orders(slices.Concat(list[:at], list[at+1:])) {
			all = append(all, append([]int32{list[at]}, rest...))
		}
	}
	return all
}
