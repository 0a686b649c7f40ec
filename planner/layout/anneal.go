package layout

import (
	"math"
	"slices"
	"sync"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// Small fleets are laid out by simulated annealing (Kirkpatrick, Gelatt and Vecchi
// 1983): with a handful of instances on each server hardly any single change or
// exchange is better, and what leads on is a chain of several, the first of which
// are worse by themselves. A change that raises the potential is made now and then
// all the same, the less often the more it raises it and the later it comes.

// Up to so many servers and stores a fleet is small; with many there is always a single
// change that is better.
const annealedServers, annealedStores = 10, 64

// annealings is how often a layout is annealed, each time with other random numbers.
const annealings = 2

// annealSteps is how many changes annealing looks at for each step of the search and
// every pair of stores, up to mostPairs. It takes fewer for fleets below fewStores,
// where the best is found soon.
const annealSteps, mostPairs, fewStores = 10, 1500, 24

// Temperatures at which a round begins and ends, as parts of the worst utilisation: the
// first round, and the others, each of which goes on from the best so far. Aimed is how
// far below that the potential aims.
const hottest, warm, coldest, rounds, aimed = 0.03, 0.006, 0.0003, 4, 0.01

// anneal returns layouts that are annealed from the best of the outcomes, if the
// fleet is small.
func (l *ladder) anneal(outcomes []outcome) []outcome {
	if len(l.targets) > annealedServers || len(l.start) > annealedStores || l.links != nil || len(outcomes) == 0 {
		return nil
	}
	best := l.choose(outcomes, l.opts.Gap/4).state
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
	a.report = l.reporter("annealing", a)
	best := annealing{a, s.sites.Clone(), s.worst()}
	stopped := best.anneal()
	return outcome{state: newState(l.problem, best.sites), stopped: stopped}
}

// annealing is a search that remembers the best layout that it came by.
type annealing struct {
	*search
	sites  load.Layout
	lowest float64
}

// anneal looks for a better layout in rounds. Rules are never broken by more than they
// were.
func (a *annealing) anneal() planner.Stopped {
	a.frugal = false
	stores := a.free()
	if len(stores) == 0 || len(a.targets) == 0 {
		return planner.LocalOptimum
	}
	steps := a.left / rounds
	for round := range rounds {
		a.resume()
		from := warm
		if round == 0 {
			from = hottest
		}
		if stopped := a.cool(stores, steps, from); stopped != "" {
			return stopped
		}
	}
	return planner.Steps
}

// resume goes back to the best layout so far.
func (a *annealing) resume() {
	for store, list := range a.sites {
		if !slices.Equal(a.state.sites[store], list) {
			a.commit(change{store, list})
		}
	}
	a.below(a.lowest)
}

// cool looks at so many changes while the temperature falls.
func (a *annealing) cool(stores []int, steps int, from float64) planner.Stopped {
	for i := range steps {
		a.left--
		if i%1024 == 0 && a.ctx.Err() != nil {
			return planner.Cancelled
		}
		if i%1024 == 0 && a.report != nil {
			a.report(a.left, a.lowest)
		}
		changes := a.draw(stores)
		if changes == nil {
			continue
		}
		heat := from * math.Pow(coldest/from, float64(i)/float64(steps)) * a.lowest * a.steepness
		v := a.try(changes...)
		sign := v.standing.sign()
		if sign > 0 || sign == 0 && v.potential > heat*a.rng.ExpFloat64() {
			continue
		}
		a.commit(changes...)
		if worst := a.worst(); sign < 0 || worst < a.lowest {
			a.sites, a.lowest = a.state.sites.Clone(), worst
			a.below(worst)
			if a.reached() {
				return planner.WithinGap
			}
		}
	}
	return ""
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
		if s.relax == yieldsToNone && s.shortage(c.store, c.sites) > s.shortage(c.store, s.sites[c.store]) {
			return nil
		}
	}
	return changes
}
