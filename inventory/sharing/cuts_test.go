package sharing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
)

// words writes cuts as "owner>grantee(shares):part|part".
func words(inv *inventory.Inventory, cuts []sharing.Cut) string {
	var all []string
	for _, c := range cuts {
		var parts []string
		for _, part := range c.Parts {
			var names []string
			for _, u := range part {
				names = append(names, string(inv.Users[u].Name))
			}
			parts = append(parts, strings.Join(names, "+"))
		}
		all = append(all, fmt.Sprintf("%s>%s(%d):%s", c.Link.Owner, c.Link.Grantee, len(c.Link.Shares), strings.Join(parts, "|")))
	}
	return strings.Join(all, " ")
}

func TestCuts(t *testing.T) {
	tests := []struct {
		name  string
		users string
		fleet func(*inventory.Inventory)
		want  string
	}{
		{"a chain is cut in the middle first", "a b c d", func(inv *inventory.Inventory) {
			share(inv, "a Work b l", "b Work c l", "c Work d l")
		}, "b>c(1):a+b|c+d a>b(1):b+c+d|a c>d(1):a+b+c|d"},
		{"fewer shares go first", "a b c", func(inv *inventory.Inventory) {
			share(inv, "a Work b l", "a Rota b l", "b Rota a l", "b Work c l")
		}, "b>c(1):a+b|c a>b(3):b+c|a"},
		{"a ring has no cut", "a b c", func(inv *inventory.Inventory) {
			share(inv, "a Work b l", "b Work c l", "c Work a l")
		}, ""},
		{"a group of access lists is one link", "a b c d", func(inv *inventory.Inventory) {
			share(inv, "a Work group:x l", "a Work b l")
			member(inv, "x", "b", "c", "d")
		}, "a>group:x(1):a+b|c|d"},
		{"two owners of one group hold it together", "a b c d", func(inv *inventory.Inventory) {
			share(inv, "a Work group:x l", "b Work group:x l")
			member(inv, "x", "c", "d")
		}, "a>group:x(1):b+c+d|a b>group:x(1):a+c+d|b"},
		{"alone", "a", func(*inventory.Inventory) {}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv := fleet(tt.users, tt.fleet)
			got := words(inv, sharing.Cuts(inv, sharing.Groups(inv), 0, 10))
			if got != tt.want {
				t.Errorf("cuts %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCutsAreAllLinksThatTheGroupNeeds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inv := sharesOf(t)
		groups := sharing.Groups(inv)
		for g := range groups.Len() {
			found := map[int64]bool{}
			for _, c := range sharing.Cuts(inv, groups, g, 100) {
				found[c.Link.Number] = true
				if got, want := c.Parts, without(inv, c.Link, groups.Members(g)); !slices.EqualFunc(got, want, slices.Equal[[]int32]) {
					t.Fatalf("parts %v, want %v", got, want)
				}
			}
			graph := sharing.Graph(inv, groups, g)
			for nodes := graph.Nodes(); nodes.Next(); {
				l, ok := nodes.Node().(*sharing.Link)
				if ok && found[l.Number] != (len(without(inv, l, groups.Members(g))) > 1) {
					t.Fatalf("link %+v is found as a cut: %v", l, found[l.Number])
				}
			}
		}
	})
}

// without returns the groups of the members once the shares of the link are taken back.
func without(inv *inventory.Inventory, link *sharing.Link, members []int32) [][]int32 {
	less := *inv
	less.Shares = nil
	for i, s := range inv.Shares {
		if !slices.Contains(link.Shares, i) {
			less.Shares = append(less.Shares, s)
		}
	}
	groups := sharing.Groups(&less)
	var parts [][]int32
	for g := range groups.Len() {
		if part := groups.Members(g); slices.Contains(members, part[0]) {
			parts = append(parts, part)
		}
	}
	slices.SortStableFunc(parts, func(a, b []int32) int { return len(b) - len(a) })
	return parts
}

func TestGraphHoldsMembersAndLinks(t *testing.T) {
	inv := fleet("a b c d e", func(inv *inventory.Inventory) {
		share(inv, "a Work b l", "b Work a l", "c Work group:x l", "d Work e l")
		member(inv, "x", "a", "c")
	})
	g := sharing.Graph(inv, sharing.Groups(inv), 0)
	if got := g.Nodes().Len(); got != 5 {
		t.Errorf("%d nodes, want 3 users and 2 links", got)
	}
	var total float64
	for edges := g.WeightedEdges(); edges.Next(); {
		total += edges.WeightedEdge().Weight()
	}
	if total != 2+2+1+1 {
		t.Errorf("edges weigh %v, want 6", total)
	}
}
