package inventory

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// MaxExamples is how many subjects a [Change] names.
const MaxExamples = 5

// Changes tells how an inventory differs from an earlier one: resources, rules,
// servers, stores, users, shares and groups, in this order. Empty means that
// nothing differs.
type Changes []Change

// Change is one kind of difference.
type Change struct {
	Subject string    // resource, rule, server, store, user, share or membership
	What    string    // added, removed, changed; what Compare says beyond these
	Count   int       // how many subjects differ in this way, at least 1
	First   []Example // the first of them by name, at most MaxExamples
}

// Example is one subject that differs.
type Example struct {
	Name     string
	From, To string // empty where the change has no two sides that fit into a word
	In       string // what of it differs, of those changed
}

// Compare tells how the inventory now differs from the old one. Both are
// sorted. Beside added, removed and changed it tells apart:
//
//   - the state of servers and stores;
//   - the master and the replicas of a store, from and to which servers;
//   - users moved, from and to which store, users whose load differs, and those
//     whose numbers of messages and mailboxes do;
//   - the rights of a share.
//
// Loads and capacities are compared by the names of resources, so declaring the
// resources in another order changes nothing, and a new resource only itself.
func Compare(old, now *Inventory) Changes {
	same := sameResources(old.Resources, now.Resources)
	all := slices.Concat(
		compareResources(old.Resources, now.Resources),
		compareRules(old, now),
		compareServers(old.Servers, now.Servers, same),
		compareStores(old.Stores, now.Stores, same),
		compareUsers(old.Users, now.Users, same),
		compareAllShares(old.Shares, now.Shares),
		compareGroups(old.Groups, now.Groups),
	)
	return slices.DeleteFunc(all, func(c Change) bool { return c.Count == 0 })
}

// Of returns how many subjects differ in this way.
func (c Changes) Of(subject, what string) int {
	for _, change := range c {
		if change.Subject == subject && change.What == what {
			return change.Count
		}
	}
	return 0
}

// Merge walks two slices in ascending order of compare side by side and yields
// the elements that compare equal together; where one slice has no such
// element, its side is nil.
func Merge[T any](old, now []T, compare func(a, b *T) int) iter.Seq2[*T, *T] {
	return func(yield func(a, b *T) bool) {
		i, j := 0, 0
		for i < len(old) || j < len(now) {
			order := 0
			switch {
			case i == len(old):
				order = 1
			case j == len(now):
				order = -1
			default:
				order = compare(&old[i], &now[j])
			}
			var a, b *T
			if order <= 0 {
				a, i = &old[i], i+1
			}
			if order >= 0 {
				b, j = &now[j], j+1
			}
			if !yield(a, b) {
				return
			}
		}
	}
}

// count counts one more subject and keeps it while there is room.
func (c *Change) count(name, from, to string) {
	c.Count++
	if len(c.First) < MaxExamples {
		c.First = append(c.First, Example{Name: name, From: from, To: to})
	}
}

// countIn counts one more subject if any of its properties differs.
func (c *Change) countIn(name string, properties ...property) {
	var in []string
	for _, p := range properties {
		if p.differs {
			in = append(in, p.name)
		}
	}
	if in == nil {
		return
	}
	c.Count++
	if len(c.First) < MaxExamples {
		c.First = append(c.First, Example{Name: name, In: strings.Join(in, " ")})
	}
}

// property is what may differ of a subject.
type property struct {
	name    string
	differs bool
}

func kind(subject, what string) Change { return Change{Subject: subject, What: what} }

func compareResources(old, now []Resource) []Change {
	added, removed, changed := kind("resource", "added"), kind("resource", "removed"), kind("resource", "changed")
	byName := func(a, b *Resource) int { return cmp.Compare(a.Name, b.Name) }
	sorted := func(list []Resource) []Resource {
		return slices.SortedFunc(slices.Values(list), func(a, b Resource) int { return byName(&a, &b) })
	}
	for a, b := range Merge(sorted(old), sorted(now), byName) {
		switch {
		case a == nil:
			added.count(string(b.Name), "", "")
		case b == nil:
			removed.count(string(a.Name), "", "")
		default:
			changed.countIn(string(b.Name),
				property{"unit", a.Unit != b.Unit}, property{"replica", a.Replica != b.Replica}, property{"cold", a.Cold != b.Cold},
				property{"ceiling", a.Ceiling != b.Ceiling}, property{"failure_ceiling", !sameFailureCeiling(a, b)})
		}
	}
	return []Change{added, removed, changed}
}

func sameFailureCeiling(a, b *Resource) bool {
	return a.FailureCeiling.Default == b.FailureCeiling.Default && maps.Equal(a.FailureCeiling.ByLevel, b.FailureCeiling.ByLevel)
}

func compareRules(old, now *Inventory) []Change {
	changed := kind("rule", "changed")
	rule := func(name, from, to string) {
		if from != to {
			changed.count(name, from, to)
		}
	}
	rule("spread", spreadText(old.Spread), spreadText(now.Spread))
	rule("survive", join(old.Survive), join(now.Survive))
	rule("copies", strconv.Itoa(old.Copies), strconv.Itoa(now.Copies))
	a, b := old.Sharing, now.Sharing
	changed.countIn("sharing",
		property{"anyone", a.Anyone != b.Anyone}, property{"group", a.Group != b.Group},
		property{"rights", a.Rights != b.Rights}, property{"ignore", !slices.Equal(a.Ignore, b.Ignore)})
	return []Change{changed}
}

func spreadText(rules []Spread) string {
	words := make([]string, len(rules))
	for i, s := range rules {
		words[i] = string(s.Level)
		if s.Min > 0 {
			words[i] += ":" + strconv.Itoa(s.Min)
		}
	}
	return strings.Join(words, " ")
}

func join[S ~string](list []S) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = string(s)
	}
	return strings.Join(words, " ")
}

// sameLoads compares loads, and the bits that belong to their entries, of two
// inventories over the resources that both declare.
type sameLoads struct {
	identical bool     // both declare the same resources in the same order
	common    [][2]int // where a resource is in the old and the new loads
}

func sameResources(old, now []Resource) sameLoads {
	s := sameLoads{identical: len(old) == len(now)}
	for i := range old {
		j := slices.IndexFunc(now, func(r Resource) bool { return r.Name == old[i].Name })
		s.identical = s.identical && i == j
		if j >= 0 {
			s.common = append(s.common, [2]int{i, j})
		}
	}
	return s
}

func (s sameLoads) loads(a, b *Load) bool {
	if s.identical {
		return *a == *b
	}
	return !slices.ContainsFunc(s.common, func(at [2]int) bool { return a[at[0]] != b[at[1]] })
}

func (s sameLoads) bits(a, b uint8) bool {
	if s.identical {
		return a == b
	}
	return !slices.ContainsFunc(s.common, func(at [2]int) bool { return a>>at[0]&1 != b>>at[1]&1 })
}
