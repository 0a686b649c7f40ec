package inventory

// ShareGroups is the partition of an inventory's users into share groups: sets
// of users who are tied by shares, directly or through others. A user who
// shares nothing is a group of one. Groups are numbered in the order of their
// first members.
type ShareGroups struct {
	Of      []int32 // group of each user, by index in Inventory.Users
	start   []int32 // where each group begins in members, and the end
	members []int32 // indices of users, ascending within a group
}

// NewShareGroups returns the partition in which of[u] tells the group of user
// u by any number that is at least 0 and below len(of).
func NewShareGroups(of []int32) *ShareGroups {
	g := &ShareGroups{Of: make([]int32, len(of)), members: make([]int32, len(of))}
	number := make([]int32, len(of))
	var size []int32
	for u, label := range of {
		if number[label] == 0 {
			size = append(size, 0)
			number[label] = int32(len(size))
		}
		g.Of[u] = number[label] - 1
		size[g.Of[u]]++
	}
	g.start = make([]int32, len(size)+1)
	for i, n := range size {
		g.start[i+1] = g.start[i] + n
	}
	next := append([]int32(nil), g.start[:len(size)]...)
	for u, group := range g.Of {
		g.members[next[group]] = int32(u)
		next[group]++
	}
	return g
}

// Len returns the number of groups.
func (g *ShareGroups) Len() int { return len(g.start) - 1 }

// Members returns the indices of the group's users, ascending.
func (g *ShareGroups) Members(group int) []int32 {
	return g.members[g.start[group]:g.start[group+1]]
}

// GroupID returns the name of the group: that of its first member.
func (inv *Inventory) GroupID(g *ShareGroups, group int) GroupID {
	return inv.Users[g.members[g.start[group]]].Name
}
