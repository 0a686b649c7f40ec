package durability

import (
	"cmp"
	"math"
	"slices"
)

// union collects what makes at least one store of many go, at one strike.
type union struct {
	cuts              []cut
	exposed, together float64 // sums over the stores: of the chances that their cuts have happened, and that they are then there to go
}

// add adds a store by its cuts, one of which has happened with the chance exposed;
// with the chance there it was served until then.
func (u *union) add(there, exposed float64, cuts ...cut) {
	u.cuts = append(u.cuts, cuts...)
	u.exposed += exposed
	u.together += there * exposed
}

// chance returns the chance that at least one store goes.
func (u *union) chance() float64 {
	if u.exposed == 0 {
		return 0
	}
	return anyOf(u.cuts) * u.together / u.exposed
}

// anyOf returns the chance that all causes of one of the cuts have happened.
//
// A cut belongs to the one of its causes that is in most cuts. Given that this has
// happened, the same is asked of what remains of all that belong to it. Cuts that
// belong to different causes are taken as independent: they help one another, so
// that the result is never too low (Harris 1960; Esary and Proschan 1963), and what
// it is too high by needs one more failure than a cut has.
func anyOf(cuts []cut) float64 {
	if slices.ContainsFunc(cuts, func(c cut) bool { return len(c) == 0 }) {
		return 1
	}
	toFront(cuts)
	slices.SortStableFunc(cuts, func(a, b cut) int {
		return cmp.Or(cmp.Compare(a[0].of, b[0].of), cmp.Compare(b[0].chance, a[0].chance))
	})
	none := 0.0 // the logarithm of the chance that none has: a sum keeps what is next to nothing
	for from := 0; from < len(cuts); {
		to := from + 1
		for to < len(cuts) && cuts[to][0].of == cuts[from][0].of {
			to++
		}
		none += math.Log1p(-ofOne(cuts[from:to]))
		from = to
	}
	return -math.Expm1(none)
}

// toFront puts the cause that a cut belongs to first.
func toFront(cuts []cut) {
	in := map[int32]int{} // cuts that a cause is in
	for _, c := range cuts {
		for _, x := range c {
			in[x.of]++
		}
	}
	for _, c := range cuts {
		for i, x := range c {
			if in[x.of] > in[c[0].of] || in[x.of] == in[c[0].of] && x.of < c[0].of {
				c[0], c[i] = x, c[0]
			}
		}
	}
}

// ofOne returns the chance that one of the cuts has happened that belong to one
// cause, the likelier first: for each chance that the cause has, that it happened
// as far and no further, times that of what then remains.
func ofOne(cuts []cut) float64 {
	if len(cuts[0]) == 1 {
		return cuts[0][0].chance
	}
	chance := 0.0
	rest := make([]cut, 0, len(cuts))
	for i, c := range cuts {
		rest = append(rest, c[1:])
		less := 0.0
		if i+1 < len(cuts) {
			less = cuts[i+1][0].chance
		}
		if c[0].chance > less {
			chance += (c[0].chance - less) * anyOf(slices.Clone(rest))
		}
	}
	return chance
}
