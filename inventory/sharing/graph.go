package sharing

import (
	"gonum.org/v1/gonum/graph/simple"

	"github.com/interlacemail/interlace/inventory"
)

// Member is a user in the graph of a share group.
type Member struct {
	User int32 // index in Users
	Name inventory.UserID
}

// ID returns the number of the node.
func (m Member) ID() int64 { return int64(m.User) }

// Link is what ties in the graph of a share group: all shares between two
// users, whichever of them is the owner, or all shares of one owner with one
// access list group. It is a node, joined to each user whom it ties.
type Link struct {
	Number  int64 // of the node, above those of all users
	Owner   inventory.UserID
	Grantee string
	Shares  []int // indices in Shares, ascending
}

// ID returns the number of the node.
func (l *Link) ID() int64 { return l.Number }

// Graph returns the graph of one share group: its nodes are a [Member] for each
// user and a [*Link] for each tie, so that a group of access lists is one star
// and not a line between any two of its members. Edges weigh the number of
// shares of their link.
func Graph(inv *inventory.Inventory, groups *inventory.ShareGroups, group int) *simple.WeightedUndirectedGraph {
	g := simple.NewWeightedUndirectedGraph(0, 0)
	for _, u := range groups.Members(group) {
		g.AddNode(Member{u, inv.Users[u].Name})
	}
	links := linksOf(inv, groups, group)
	for i := range links {
		l := &links[i]
		g.AddNode(&l.Link)
		for _, u := range l.users {
			g.SetWeightedEdge(simple.WeightedEdge{F: g.Node(int64(u)), T: &l.Link, W: float64(len(l.Shares))})
		}
	}
	return g
}

// linked is a link and the users whom it ties.
type linked struct {
	Link
	users []int32
}

// linksOf returns the links of the group, in the order of their first shares.
func linksOf(inv *inventory.Inventory, groups *inventory.ShareGroups, group int) []linked {
	type ends struct {
		a, b    int32
		grantee string // of access list groups
	}
	var links []linked
	number := map[ends]int{}
	ties(inv, func(Unknown) {}, func(t tie) {
		if int(groups.Of[t.owner]) != group || len(t.others) == 1 && t.others[0] == t.owner {
			return
		}
		s := &inv.Shares[t.share]
		key := ends{a: t.owner, b: -1, grantee: s.Grantee}
		if !isGroup(s.Grantee) {
			key = ends{a: min(t.owner, t.others[0]), b: max(t.owner, t.others[0])}
		}
		i, ok := number[key]
		if !ok {
			i = len(links)
			number[key] = i
			link := Link{Number: int64(len(inv.Users) + i), Owner: s.Owner, Grantee: s.Grantee}
			links = append(links, linked{link, append([]int32{t.owner}, t.others...)})
		}
		links[i].Shares = append(links[i].Shares, t.share)
	})
	return links
}
