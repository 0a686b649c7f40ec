package users

import (
	"cmp"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/planner"
)

// queue says how the groups that move find room on the disks.
type queue struct {
	late  []int32 // not before others have left and are removed from their sources
	never []int32 // not even then
	last  *tally  // with the disk that is in use then
}

// queue lets the smallest groups in first, or if that leaves some without room
// the largest.
func (t *tally) queue() queue {
	waiting := t.arriving()
	q := t.admit(waiting)
	if len(q.never) > 0 {
		slices.Reverse(waiting)
		if other := t.admit(waiting); len(other.never) < len(q.never) {
			return other
		}
	}
	return q
}

// admit lets groups in, in the order given, until nobody else has room; then
// those who are in are removed from their sources, and so on.
func (t *tally) admit(waiting []int32) queue {
	var q queue
	now := *t
	now.crowd = newCrowd(t.problem, t.today)
	for round := 0; len(waiting) > 0; round++ {
		var in, out []int32
		for _, i := range waiting {
			if now.fitsNow(i, t.at[i]) {
				now.arrive(i, t.at[i], 1)
				in = append(in, i)
			} else {
				out = append(out, i)
			}
		}
		if round == 0 {
			q.late = out
		}
		if len(in) == 0 {
			q.never, q.last = out, &now
			return q
		}
		for _, i := range in {
			now.leave(i)
		}
		waiting = out
	}
	return q
}

// arriving returns what moves, by what it brings to its store.
func (t *tally) arriving() []int32 {
	var arriving []int32
	for n := range t.size() {
		if i := int32(n); t.moved(i) {
			arriving = append(arriving, i)
		}
	}
	slices.SortFunc(arriving, func(a, b int32) int {
		return cmp.Or(cmp.Compare(t.arrives(a, t.at[a]), t.arrives(b, t.at[b])), cmp.Compare(a, b))
	})
	return arriving
}

// withdraw takes back what would never find room, and what then can no longer
// move, until the rest can be carried out.
func (t *tally) withdraw() {
	for q := t.queue(); len(q.never) > 0; q = t.queue() {
		for _, i := range q.never {
			t.take(i)
			t.restore(i)
		}
		t.retreat()
	}
}

// blocked lists what disks would be filled to on the way by those who never find
// room, each by itself after all others have moved.
func (t *tally) blocked(q queue) []planner.Violation {
	worst := map[planner.Subject]planner.Violation{}
	for _, i := range q.never {
		q.last.arrive(i, t.at[i], 1)
		for _, v := range q.last.overfilled(t.at[i]) {
			if old, ok := worst[v.Subject]; !ok || v.Excess() > old.Excess() {
				worst[v.Subject] = v
			}
		}
		q.last.arrive(i, t.at[i], -1)
	}
	return slices.SortedFunc(maps.Values(worst), func(a, b planner.Violation) int { return cmp.Compare(a.Subject, b.Subject) })
}

// overfilled returns the violations of the crowd on the store and on its servers.
func (t *tally) overfilled(store int32) []planner.Violation {
	inv := t.Fleet.Inventory
	disk := inv.Disk()
	transient := planner.Violation{
		Rule: planner.Transient, Resource: planner.Text(inv.Resources[disk].Name), Failed: []string{}, Limit: planner.Known(inv.Resources[disk].Ceiling),
	}
	var over []planner.Violation
	if t.crowd.load[store] > t.rooms.stores[store] {
		v, name := transient, inv.Stores[store].Name
		v.Subject, v.Store = planner.StoreSubject(name), planner.Text(name)
		v.Value = planner.Known(float64(t.crowd.load[store]) / t.Capacity[store][disk])
		over = append(over, v)
	}
	for _, server := range t.Sites[store] {
		if t.crowd.carry[server] > t.rooms.servers[server] {
			v, name := transient, inv.Servers[server].Name
			v.Subject, v.Server = planner.ServerSubject(name), planner.Text(name)
			v.Value = planner.Known(t.Fleet.Utilisation(int(server), disk, t.crowd.carry[server]))
			over = append(over, v)
		}
	}
	return over
}
