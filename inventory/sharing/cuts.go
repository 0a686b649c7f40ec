package sharing

import (
	"cmp"
	"slices"

	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"

	"github.com/interlacemail/interlace/inventory"
)

// Cut is a link without which a share group falls into parts: the price of
// cutting is that its owner takes its shares back.
type Cut struct {
	Link  *Link
	Parts [][]int32 // users by index, ascending; the largest part first
}

// Cuts returns up to n cuts of the group by a single link, those first that
// leave the smallest largest part, and of equals those with the fewest shares.
// A group in which every two users are tied in two ways has none.
//
// They are the cut vertices among the links of its graph (Hopcroft, Tarjan,
// Algorithm 447, 1973).
func Cuts(inv *inventory.Inventory, groups *inventory.ShareGroups, group, n int) []Cut {
	g := Graph(inv, groups, group)
	w := walk{g: g, low: map[int64]int{}, order: map[int64]int{}, total: len(groups.Members(group))}
	w.visit(int64(groups.Members(group)[0]), -1)
	slices.SortFunc(w.found, func(a, b candidate) int {
		return cmp.Or(
			cmp.Compare(a.largest, b.largest),
			cmp.Compare(len(a.link.Shares), len(b.link.Shares)),
			cmp.Compare(a.link.Number, b.link.Number))
	})
	cuts := make([]Cut, 0, min(n, len(w.found)))
	for _, c := range w.found[:min(n, len(w.found))] {
		cuts = append(cuts, Cut{c.link, parts(g, c.link)})
	}
	return cuts
}

// candidate is a link that cuts, and the number of users in the largest part it leaves.
type candidate struct {
	link    *Link
	largest int
}

// walk goes through the graph of a group depth first.
type walk struct {
	g     graph.Undirected
	order map[int64]int // when each node was found, from 1
	low   map[int64]int // earliest node that is reached from below it by one more edge
	found []candidate
	total int // users of the group
}

// visit walks the part below a node and returns the number of its users.
func (w *walk) visit(node, from int64) (users int) {
	w.order[node] = len(w.order) + 1
	w.low[node] = w.order[node]
	link, _ := w.g.Node(node).(*Link)
	if link == nil {
		users = 1
	}
	cut := candidate{link: link}
	severed := 0
	for next := w.g.From(node); next.Next(); {
		child := next.Node().ID()
		if w.order[child] > 0 {
			if child != from {
				w.low[node] = min(w.low[node], w.order[child])
			}
			continue
		}
		below := w.visit(child, node)
		users += below
		w.low[node] = min(w.low[node], w.low[child])
		if link != nil && w.low[child] >= w.order[node] {
			severed += below
			cut.largest = max(cut.largest, below)
		}
	}
	if severed > 0 {
		cut.largest = max(cut.largest, w.total-severed)
		w.found = append(w.found, cut)
	}
	return users
}

// parts returns the users on either side of a link.
func parts(g *simple.WeightedUndirectedGraph, link *Link) [][]int32 {
	rest := simple.NewWeightedUndirectedGraph(0, 0)
	graph.CopyWeighted(rest, g)
	rest.RemoveNode(link.ID())
	var list [][]int32
	for _, component := range topo.ConnectedComponents(rest) {
		var users []int32
		for _, node := range component {
			if m, ok := node.(Member); ok {
				users = append(users, m.User)
			}
		}
		slices.Sort(users)
		list = append(list, users)
	}
	slices.SortFunc(list, func(a, b []int32) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a[0], b[0]))
	})
	return list
}
