package users

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// What fill looks at for each group: so many of the emptiest stores, and as many
// of the emptiest quarter at random.
const (
	emptiest = 24
	sampled  = 24
)

// filler places what is in hand.
type filler struct {
	*tally
	rng     *rand.Rand
	byRoom  []int32     // stores that receive, the least full first, as of the last sorting
	placed  int         // since the last sorting
	inverse [][]float64 // by store: 1 / most it may carry to receive; 0 without limit
	misses  int         // of pushIn
	found   []option

	anywhere []option
	room     []inventory.Amounts // by store: at least what it could receive when last measured
}

// option is a store for a group and how full the group would make it.
type option struct {
	store int32
	full  float64
}

func newFiller(t *tally, seed uint64) *filler {
	f := &filler{tally: t, rng: rand.New(rand.NewPCG(seed, 1)), inverse: make([][]float64, len(t.load)), room: make([]inventory.Amounts, len(t.load))}
	for s := range t.load {
		f.inverse[s] = make([]float64, t.Fleet.Resources)
		for r := range f.inverse[s] {
			if t.Capacity[s][r] > 0 {
				f.inverse[s][r] = 1 / float64(max(t.receive[s][r], 1))
			}
		}
		if t.Receives[s] {
			f.byRoom = append(f.byRoom, int32(s))
		}
	}
	f.sort()
	return f
}

// sort orders the stores by how full they are now.
func (f *filler) sort() {
	full := make([]float64, len(f.load))
	for _, s := range f.byRoom {
		full[s] = f.fullWith(s, &inventory.Amounts{})
	}
	slices.SortFunc(f.byRoom, func(a, b int32) int {
		return cmp.Or(cmp.Compare(full[a], full[b]), cmp.Compare(a, b))
	})
	f.placed = 0
	f.measure()
}

// measure notes what the stores could receive now. Whatever is placed leaves less.
func (f *filler) measure() {
	for _, s := range f.byRoom {
		f.room[s] = f.roomOf(s)
	}
}

// full returns how full the store would be with what has the number.
func (f *filler) full(store, i int32) float64 { return f.fullWith(store, &f.piece(i).Load) }

// fullWith returns how full the store would be with the load: the largest part
// of what it may carry. A store without capacities is as full as its master's
// server is now.
func (f *filler) fullWith(store int32, load *inventory.Amounts) float64 {
	full, limited := 0.0, false
	for r, inverse := range f.inverse[store] {
		if inverse > 0 {
			full, limited = max(full, float64(f.load[store][r]+load[r])*inverse), true
		}
	}
	if limited || len(f.Sites[store]) == 0 {
		return full
	}
	server := f.Sites[store][0]
	for r := range f.Fleet.Resources {
		full = max(full, f.Fleet.Utilisation(int(server), r, f.carry[server][r])/f.Fleet.Inventory.Resources[r].Ceiling)
	}
	return full
}

// fill places what is in hand, large things first, and returns what found no
// place and is still in hand. What must move by the rules goes before all else
// if so wished.
func (t *tally) fill(ctx context.Context, hand []int32, rulesFirst bool) (left []int32) {
	f := newFiller(t, t.opts.Seed)
	t.bySize(hand)
	if rulesFirst {
		slices.SortStableFunc(hand, func(a, b int32) int {
			return cmp.Compare(t.urgency(b), t.urgency(a))
		})
	}
	for n, i := range hand {
		if ctx.Err() != nil {
			return append(left, hand[n:]...)
		}
		if !f.place(i) && !f.pushIn(i) {
			left = append(left, i)
		}
	}
	return left
}

// bySize sorts by what part of an average store things need, the largest first,
// after those that may go to one store only.
func (t *tally) bySize(hand []int32) {
	size := make(map[int32]float64, len(hand))
	for _, i := range hand {
		size[i] = t.need(i)
		if t.onlyStore(i) != nowhere {
			size[i] = math.Inf(1)
		}
	}
	slices.SortFunc(hand, func(a, b int32) int {
		return cmp.Or(cmp.Compare(size[b], size[a]), cmp.Compare(a, b))
	})
}

// urgency is 1 for torn groups and for pieces on stores that drain or are above
// a ceiling today.
func (t *tally) urgency(i int32) int {
	store := t.piece(i).Store
	if store == nowhere || t.Drains[store] {
		return 1
	}
	for r, res := range t.Fleet.Inventory.Resources {
		if c := t.Capacity[store][r]; c > 0 && planner.Above(float64(t.Fleet.Active[store][r])/c, res.Ceiling) {
			return 1
		}
	}
	return 0
}

// need returns what part of an average store what has the number needs.
func (t *tally) need(i int32) float64 {
	need, load := 0.0, &t.piece(i).Load
	for r := range t.Fleet.Resources {
		need = max(need, float64(load[r])/float64(t.average[r]))
	}
	return need
}

// place puts what has the number on the store that suits it best, and reports
// whether there is one.
func (f *filler) place(i int32) bool {
	if f.parts(i) != nil && f.placeHome(i) {
		return true
	}
	if f.onlyStore(i) != nowhere {
		return false
	}
	if f.placed > len(f.byRoom)/4+8 {
		f.sort()
	}
	n := len(f.byRoom)
	f.found = f.found[:0]
	for _, s := range f.byRoom {
		if f.mayHold(s, i) {
			f.found = append(f.found, option{s, f.full(s, i)})
		}
		if len(f.found) == emptiest {
			break
		}
	}
	if quarter := n / 4; quarter > emptiest {
		for range sampled {
			s := f.byRoom[emptiest+f.rng.IntN(quarter-emptiest)]
			f.found = append(f.found, option{s, f.full(s, i)})
		}
	}
	slices.SortFunc(f.found, compareOptions)
	if f.choose(i, f.found, true) {
		return true
	}
	if n <= emptiest {
		return f.choose(i, f.found, false)
	}
	return f.placeAnywhere(i, true) || f.choose(i, f.found, false) || f.placeAnywhere(i, false)
}

// choose puts what has the number on the first of the options that has room, at
// once if so wished, in the order of how full they would be.
func (f *filler) choose(i int32, options []option, now bool) bool {
	for _, o := range options {
		if o.full > 1+1e-9 {
			return false
		}
		if (!now || f.fitsNow(i, o.store)) && f.fits(i, o.store) {
			f.put(i, o.store)
			f.placed++
			return true
		}
	}
	return false
}

func compareOptions(a, b option) int {
	return cmp.Or(cmp.Compare(a.full, b.full), cmp.Compare(a.store, b.store))
}

// placeAnywhere looks at all stores.
func (f *filler) placeAnywhere(i int32, now bool) bool {
	f.anywhere = f.anywhere[:0]
	for _, s := range f.byRoom {
		if !f.mayHold(s, i) {
			continue
		}
		if full := f.full(s, i); full <= 1+1e-9 && (!now || f.fitsNow(i, s)) {
			f.anywhere = append(f.anywhere, option{s, full})
		}
	}
	slices.SortFunc(f.anywhere, compareOptions)
	return f.choose(i, f.anywhere, now)
}

// mayHold reports whether the store had room for what has the number when it was
// last measured.
func (f *filler) mayHold(store, i int32) bool {
	load := &f.piece(i).Load
	for r := range f.Fleet.Resources {
		if load[r] > f.room[store][r] {
			return false
		}
	}
	return true
}

// placeHome puts a torn group on the store of one of its pieces: the one that
// must not move, or else the best that has room.
func (f *filler) placeHome(i int32) bool {
	if only := f.onlyStore(i); only != nowhere {
		if f.fits(i, only) {
			f.put(i, only)
			return true
		}
		return false
	}
	for _, store := range f.homes(i) {
		if f.fits(i, store) {
			f.put(i, store)
			return true
		}
	}
	return false
}
