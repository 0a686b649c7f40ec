package users

import (
	"slices"
)

// Pushing in.
const (
	maxTries  = 6  // stores into which a group is tried to be pushed
	maxPushed = 64 // groups that one may push out
	maxMisses = 64 // failures after which it is no longer tried
)

// pushIn puts what found no place into a store from which smaller things are
// taken for it, if these find a place elsewhere.
func (f *filler) pushIn(i int32) bool {
	if f.misses == maxMisses {
		return false
	}
	f.found = f.found[:0]
	for _, s := range f.candidates(i) {
		f.found = append(f.found, option{s, f.full(s, i)})
	}
	slices.SortFunc(f.found, compareOptions)
	tries := slices.Clone(f.found[:min(maxTries, len(f.found))])
	for _, o := range tries {
		if f.pushInto(i, o.store) {
			return true
		}
	}
	f.misses++
	return false
}

// candidates returns the stores into which what has the number may go.
func (f *filler) candidates(i int32) []int32 {
	if only := f.onlyStore(i); only != nowhere {
		return []int32{only}
	}
	return f.byRoom
}

func (f *filler) pushInto(i, store int32) bool {
	s := &shedder{tally: f.tally}
	if !f.agree(i, store) || !s.beginExcess(i, store) {
		return false
	}
	s.settle()
	f.measure()
	if len(s.hand) <= maxPushed && f.fits(i, store) {
		f.put(i, store)
		if f.placeAll(s.hand) {
			return true
		}
		f.take(i)
	}
	for _, pushed := range s.hand {
		f.restore(pushed)
	}
	return false
}

// placeAll places everything or nothing.
func (f *filler) placeAll(hand []int32) bool {
	f.bySize(hand)
	for n, i := range hand {
		if !f.place(i) {
			for _, placed := range hand[:n] {
				f.take(placed)
			}
			return false
		}
	}
	return true
}
