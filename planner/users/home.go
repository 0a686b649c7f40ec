package users

import (
	"cmp"
	"slices"
)

// patience says how much more it may cost to gather a torn group where it then
// need not wait for room: a tenth. Until its members are together they miss the
// folders that they share, and what holds the room is removed only after days.
const patience = 10

// homes returns the stores on which the torn group may be gathered beside one of
// its pieces: the cheapest first, but before it one where it has room at once if
// that costs little more.
func (t *tally) homes(i int32) []int32 {
	var homes []int32
	for _, part := range t.parts(i) {
		if store := t.Pieces[part].Store; t.Receives[store] {
			homes = append(homes, store)
		}
	}
	slices.SortStableFunc(homes, func(a, b int32) int { return cmp.Compare(t.gathering(i, a), t.gathering(i, b)) })
	at := slices.IndexFunc(homes, func(store int32) bool { return t.agree(i, store) && t.fitsNow(i, store) })
	if at <= 0 {
		return homes
	}
	if least, soon := t.gathering(i, homes[0]), homes[at]; t.gathering(i, soon) <= least+least/patience {
		homes = slices.Insert(slices.Delete(homes, at, at+1), 0, soon)
	}
	return homes
}

// gathering returns what it costs to gather the torn group on the store.
func (p *problem) gathering(i, store int32) int64 { return p.cost(p.piece(i)) - p.costAt(i, store) }

// costAt returns what is saved if the torn group is gathered on the store.
func (p *problem) costAt(i, store int32) int64 {
	for _, part := range p.parts(i) {
		if p.Pieces[part].Store == store {
			return p.cost(&p.Pieces[part])
		}
	}
	return 0
}

// delay returns what it is worth to have the torn groups that wait come together
// at once.
func (t *tally) delay(late []int32) int64 {
	sum := int64(0)
	for _, i := range late {
		if t.parts(i) != nil {
			sum += t.gathering(i, t.at[i]) / patience
		}
	}
	return sum
}
