package inventory

import "math"

// Amounts are loads in fixed point: one whole number of a resource's quanta
// per declared resource. Sums of amounts do not depend on their order, so equal
// fleets give equal figures whatever their servers and users are called and
// however many processors add them up.
type Amounts [MaxResources]int64

// Add adds b.
func (a *Amounts) Add(b *Amounts) {
	for r := range a {
		a[r] += b[r]
	}
}

// Sub subtracts b.
func (a *Amounts) Sub(b *Amounts) {
	for r := range a {
		a[r] -= b[r]
	}
}

// Scale holds how many quanta make one unit of each resource: a power of two,
// as large as leaves room for the sum over the whole fleet in 61 bits.
type Scale struct{ perUnit [MaxResources]float64 }

// maxExponent keeps quanta of nearly empty fleets within reason.
const maxExponent = 40

// NewScale returns the scale that fits the loads of the inventory.
func NewScale(inv *Inventory) Scale {
	copies := 1
	for i := range inv.Stores {
		copies = max(copies, len(inv.Stores[i].Instances), inv.PromisedCopies(&inv.Stores[i]))
	}
	var s Scale
	for r := range s.perUnit {
		s.perUnit[r] = math.Ldexp(1, maxExponent)
		if r >= len(inv.Resources) {
			continue
		}
		weight := max(1, inv.Resources[r].Replica*float64(copies)+1, inv.Resources[r].Cold)
		exponent := 60 - math.Ilogb(inv.totalCeiling(r)*weight)
		s.perUnit[r] = math.Ldexp(1, min(exponent, maxExponent))
	}
	return s
}

// totalCeiling returns at least the sum of all loads in the resource and at
// most about twice that, the same for any order of the addends: values are
// counted by the power of two above them, and the counts are weighed.
func (inv *Inventory) totalCeiling(r int) float64 {
	var count [4096]int64
	tally := func(v float64) {
		if v > 0 {
			_, exponent := math.Frexp(v)
			count[exponent+2048]++
		}
	}
	for i := range inv.Users {
		tally(inv.Users[i].Load[r])
	}
	for i := range inv.Stores {
		tally(inv.Stores[i].Base[r])
	}
	total := 1.0
	for e := len(count) - 1; e >= 0; e-- {
		if count[e] > 0 {
			total += math.Ldexp(float64(count[e]), e-2048)
		}
	}
	return total
}

// Amounts converts a load.
func (s *Scale) Amounts(l *Load) Amounts {
	var a Amounts
	for r := range a {
		a[r] = int64(math.RoundToEven(l[r] * s.perUnit[r]))
	}
	return a
}

// Value converts one amount back into the resource's unit.
func (s *Scale) Value(r int, a int64) float64 { return float64(a) / s.perUnit[r] }

// Quanta returns how many quanta, not rounded, the value is.
func (s *Scale) Quanta(r int, v float64) float64 { return v * s.perUnit[r] }

// Times returns factor times the amount, rounded to a whole number of quanta.
func Times(a int64, factor float64) int64 {
	if factor == 1 {
		return a
	}
	return int64(math.RoundToEven(float64(a) * factor))
}

// StoreLoads returns the load L of each store: the sum over its users and its
// own base, by index in Stores.
func (inv *Inventory) StoreLoads(s *Scale) []Amounts {
	loads := make([]Amounts, len(inv.Stores))
	for i := range inv.Stores {
		loads[i] = s.Amounts(&inv.Stores[i].Base)
	}
	index := inv.storeIndex()
	for i := range inv.Users {
		u := &inv.Users[i]
		if st, ok := index[u.Store]; ok {
			a := s.Amounts(&u.Load)
			loads[st].Add(&a)
		}
	}
	return loads
}

// StoreUsers returns the number of persons (not shared trees) on each store,
// by index in Stores.
func (inv *Inventory) StoreUsers() []int {
	counts := make([]int, len(inv.Stores))
	index := inv.storeIndex()
	for i := range inv.Users {
		if st, ok := index[inv.Users[i].Store]; ok && inv.Users[i].Kind == Person {
			counts[st]++
		}
	}
	return counts
}

func (inv *Inventory) storeIndex() map[StoreID]int {
	index := make(map[StoreID]int, len(inv.Stores))
	for i := range inv.Stores {
		index[inv.Stores[i].Name] = i
	}
	return index
}
