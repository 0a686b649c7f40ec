package moves

import (
	"cmp"
	"slices"
)

// moment is when tasks end and others start. Between two moments nothing changes.
type moment struct {
	at           float64
	ends, starts []int32
}

// moments returns the times of the schedule at which something changes, in order.
func (s *scheduler) moments() []moment {
	if s.opts.Continuous {
		return s.flowMoments()
	}
	return s.waveMoments()
}

// waveMoments has all of a wave start together and end together: what it brings
// and what it takes away counts from the start of the wave to its end.
func (s *scheduler) waveMoments() []moment {
	var all []moment
	for _, w := range s.waves {
		var ids []int32
		for _, i := range w.bundles {
			ids = append(ids, s.bundles[i].tasks...)
		}
		s.sortByEnd(ids)
		all = append(all, moment{at: w.from, starts: ids}, moment{at: w.to, ends: ids})
	}
	return all
}

// flowMoments has each task start and end when it does. One that takes no time
// only ends.
func (s *scheduler) flowMoments() []moment {
	var starts, ends []int32
	for i := range s.tasks {
		if s.tasks[i].isGate() {
			continue
		}
		ends = append(ends, int32(i))
		if s.times[i].end > s.times[i].start {
			starts = append(starts, int32(i))
		}
	}
	s.sortByEnd(ends)
	slices.SortFunc(starts, func(a, b int32) int {
		return cmp.Or(cmp.Compare(s.times[a].start, s.times[b].start), cmp.Compare(a, b))
	})
	var all []moment
	for len(ends) > 0 {
		at := s.times[ends[0]].end
		if len(starts) > 0 {
			at = min(at, s.times[starts[0]].start)
		}
		m := moment{at: at}
		m.ends, ends = split(ends, func(i int32) bool { return s.times[i].end == at })
		m.starts, starts = split(starts, func(i int32) bool { return s.times[i].start == at })
		all = append(all, m)
	}
	return all
}

// sortByEnd sorts tasks by their ends, and those that end together as their
// plans list them: the order in which they are carried out.
func (s *scheduler) sortByEnd(tasks []int32) {
	slices.SortFunc(tasks, func(a, b int32) int {
		return cmp.Or(cmp.Compare(s.times[a].end, s.times[b].end), cmp.Compare(a, b))
	})
}

// split returns the tasks up to the first that is not in, and the others.
func split(tasks []int32, in func(int32) bool) (head, rest []int32) {
	n := slices.IndexFunc(tasks, func(i int32) bool { return !in(i) })
	if n < 0 {
		n = len(tasks)
	}
	return tasks[:n], tasks[n:]
}
