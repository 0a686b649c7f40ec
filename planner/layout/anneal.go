package layout

import (
	"math"
	"slices"
	"sync"

	"github.com/interlacemail/interlace/planner"
)

// Small fleets are laid out by simulated annealing (Kirkpatrick, Gelatt and Vecchi
// 1983): with a handful of instances on each server hardly any single change or
// exchange is better, and what leads on is a chain of several, the first of which
// are worse by themselves. A change that raises the potential is made now and then
// all the same, the less often the more it raises it and the later it comes.

// annealedStores is up to how many stores a fleet is small; with many there is
// always a single change that is better.
const annealedStores = 128

// annealings is how often a layout is annealed, each time with other random numbers.
const annealings = 2

// annealSteps is how many changes annealing looks at for each step of the search and
// every pair of stores, up to mostPairs. It takes fewer for fleets below fewStores,
// where the best is found soon.
const annealSteps, mostPairs, fewStores = 10, 1500, 24

// Temperatures at which annealing begins and ends, as parts of the worst utilisation.
// aimed is how far below the best so far it aims.
const hottest, coldest, aimed = 0.03, 0.0003, 0.01

// anneal returns layouts that are annealed from the best of the outcomes, if the
// fleet is small.
func (l *ladder) anneal(outcomes []outcome) []outcome {
	if len(l.start) > annealedStores || l.links != nil || len(outcomes) == 0 {
		return nil
	}
	best := l.choose(outcomes).state
	annealed := make([]outcome, annealings)
	var wait sync.WaitGroup
	for i := range annealed {
		wait.Go(func() { annealed[i] = l.annealOnce(best.clone(), 300+uint64(i)) })
	}
	wait.Wait()
	return annealed
}

func (l *ladder) annealOnce(s *state, rung uint64) outcome {
	a := l.search(s, rung, kinds{true, true})
	n := len(l.start)
	a.left = l.opts.Steps * annealSteps * min(n*n, mostPairs) * min(n, fewStores) / fewStores
	a.goal -= l.spare()
	a.report = l.reporter("annealing", a)
	sites, stopped := a.anneal()
	return outcome{state: newState(l.problem, sites), stopped: stopped}
}

// anneal returns the sites of the best layout that it came by. Rules are never
// broken by more than they were.
func (s *search) anneal() ([][]int32, planner.Stopped) {
	s.frugal = false
	free := s.free()
	best, lowest, total := s.sites.Clone(), s.worst(), float64(s.left)
	s.below(lowest)
	if len(free) == 0 || len(s.targets) == 0 {
		return best, planner.LocalOptimum
	}
	for ; s.left > 0; s.left-- {
		if s.left%1024 == 0 && s.ctx.Err() != nil {
			return best, planner.Cancelled
		}
		heat := coldest * math.Pow(hottest/coldest, float64(s.left)/total) * lowest * s.steepness
		changes := s.draw(free)
		if changes == nil {
			continue
		}
		v := s.try(changes...)
		mended := v.standing.sign()
		if mended > 0 || mended == 0 && v.potential > heat*s.rng.ExpFloat64() {
			continue
		}
		s.commit(changes...)
		if worst := s.worst(); mended < 0 || worst < lowest {
			best, lowest = s.sites.Clone(), worst
			s.below(lowest)
			if s.reached() {
				return best, planner.WithinGap
			}
		}
	}
	return best, planner.Steps
}

// below aims the potential a little below the worst utilisation: what counts are the
// servers that keep the layout from coming down to there, and by how much.
func (s *search) below(worst float64) {
	s.steepness = 1000
	s.reference = worst * (1 - aimed)
	s.reweigh()
}

// free lists the stores that may change and have instances.
func (s *search) free() []int {
	var stores []int
	for store, sites := range s.sites {
		if !s.fixed[store] && len(sites) > 0 {
			stores = append(stores, store)
		}
	}
	return stores
}

// draw returns a change picked at random, or nil if what was picked is none: another
// server or role for one instance, or an exchange of two instances or of all those of
// two stores. The lists are overwritten by the next one.
func (s *search) draw(stores []int) []change {
	store, other := stores[s.rng.IntN(len(stores))], stores[s.rng.IntN(len(stores))]
	at := s.rng.IntN(len(s.sites[store]))
	switch s.rng.IntN(10) {
	case 0:
		return s.drawRole(store, at)
	case 1, 2, 3, 4:
		c := s.targets[s.rng.IntN(len(s.targets))]
		return s.drawn(s.moved(&s.list, store, at, c))
	case 5, 6, 7, 8:
		seat := s.rng.IntN(len(s.sites[other]))
		if store == other {
			return nil
		}
		return s.drawn(
			s.moved(&s.list, store, at, s.sites[other][seat]),
			s.moved(&s.other, other, seat, s.sites[store][at]))
	}
	if store == other || len(s.sites[store]) != len(s.sites[other]) || slices.Equal(s.sites[store], s.sites[other]) {
		return nil
	}
	s.list = append(s.list[:0], s.sites[other]...)
	s.other = append(s.other[:0], s.sites[store]...)
	return s.drawn(change{store, s.list}, change{other, s.other})
}

// drawRole makes the instance at a place of the store's sites the master.
func (s *search) drawRole(store, at int) []change {
	sites := s.sites[store]
	if at == 0 || s.fleet.Down[sites[at]] {
		return nil
	}
	s.list = append(s.list[:0], sites...)
	s.list[0], s.list[at] = s.list[at], s.list[0]
	return []change{{store, s.list}}
}

// moved returns the change that moves one instance of the store to server c.
func (s *search) moved(list *[]int32, store, at int, c int32) change {
	*list = replaced(*list, s.sites[store], at, c)
	return change{store, *list}
}

// drawn returns the changes if every store may lie where they put it, else nil.
func (s *search) drawn(changes ...change) []change {
	for _, c := range changes {
		for i, server := range c.sites {
			elsewhere := !slices.Contains(s.sites[c.store], server)
			if elsewhere && !s.may(c.store, server) || slices.Contains(c.sites[:i], server) {
				return nil
			}
		}
		if !s.relax && s.shortage(c.store, c.sites) > s.shortage(c.store, s.sites[c.store]) {
			return nil
		}
	}
	return changes
}
