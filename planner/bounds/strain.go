package bounds

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// Strain is one respect in which a server may carry too much: in a resource, in
// the normal state or when a domain fails whose stores it promotes.
type Strain struct {
	Resource int
	Level    int   // index in Survive; Normal in the normal state
	Pair     int32 // of the level: what it then promotes; below 0 for nothing
	Excess   int64 // by how much it carries too much
}

// Normal is the level of the state in which nothing fails.
const Normal = -1

// mostStrains is how many failures of a server are looked at together, the worst.
const mostStrains = 6

// FailureStrains returns the failures in which a server that carries so much in
// the normal state is above its failure ceilings, when it gets what gain says of
// each pair: the worst of them, the worst first.
func (a *Assignments) FailureStrains(server int32, carried *inventory.Amounts, gain func(level int, pair int32) *inventory.Amounts) []Strain {
	var strains []Strain
	for l := range a.Survive {
		level := &a.Survive[l]
		look := func(pair int32, gained *inventory.Amounts) {
			for _, r := range a.Fleet.Failover {
				if e := carried[r] + gained[r] - level.Limits[server][r]; e > 0 {
					strains = append(strains, Strain{r, l, pair, e})
				}
			}
		}
		for _, pair := range level.Pairs[server] {
			look(pair, gain(l, pair))
		}
		if len(level.Pairs[server]) == 0 {
			look(-1, &inventory.Amounts{})
		}
	}
	slices.SortStableFunc(strains, func(x, y Strain) int {
		return cmp.Compare(a.Fleet.Utilisation(int(server), y.Resource, y.Excess), a.Fleet.Utilisation(int(server), x.Resource, x.Excess))
	})
	return strains[:min(mostStrains, len(strains))]
}

// Counts returns how many instances of the store weigh on the server as masters
// and how many as replicas, where the strain is.
func (a *Assignments) Counts(store int, server int32, of *Strain) (masters, replicas int) {
	promotes := of.Level >= 0 && of.Pair >= 0 && a.Survive[of.Level].PairOf[store] == of.Pair
	for at, site := range a.Sites[store] {
		switch {
		case site != server:
		case at == 0 || promotes:
			masters++
			promotes = false
		default:
			replicas++
		}
	}
	return masters, replicas
}
