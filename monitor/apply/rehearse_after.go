package apply

import (
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// before are those of earlier units that are still ahead and change what a unit finds: those that
// change the layout of its stores and, before a change of a layout, those that move users of that
// store.
func (o *Options) before(u *course.Unit, earlier []*Rehearsal) (list []*Rehearsal) {
	for _, e := range earlier {
		shares := slices.ContainsFunc(e.Unit.Stores(), func(s inventory.StoreID) bool { return slices.Contains(u.Stores(), s) })
		ahead := e.Unit.Ahead(e.Records, false) && !e.Unit.Settled(e.Records) && o.barred(e.Unit, e.Records) == ""
		if shares && ahead && (u.Do != nil || e.Unit.Do != nil) {
			list = append(list, e)
		}
	}
	return list
}

// following are the options with the fleet as earlier units leave it.
func (o *Options) following(before []*Rehearsal) *Options {
	then := *o
	for _, b := range before {
		then.Inventory = course.Follow(then.Inventory, b.Unit, b.Records)
	}
	return &then
}

// checkedLater says that a unit is checked when those that change a layout before it are done;
// empty: there are none.
func checkedLater(before []*Rehearsal) string {
	var names []string
	for _, b := range before {
		if b.Unit.Do != nil {
			names = append(names, inventory.Printable(b.Unit.Name))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "it is checked when this is done: " + strings.Join(names, ", ")
}

// addressed reports whether the inventory has the addresses of all instances of the stores of a
// unit; of one that is still to be made it has none.
func (o *Options) addressed(u *course.Unit) bool {
	for _, name := range u.Stores() {
		if at := o.Inventory.Store(name); at >= 0 && slices.ContainsFunc(o.Inventory.Stores[at].Instances, func(in inventory.Instance) bool { return in.IMAP == "" || in.IMAPDConf == "" }) {
			return false
		}
	}
	return true
}

// unforeseen reports whether what a step runs, or which routes it changes, is not known before
// other units are done: a new master gets its channels when it is promoted, and who is routed by
// a promotion depends on who was moved.
func unforeseen(u *course.Unit, step monitor.Step, before []*Rehearsal) bool {
	return slices.ContainsFunc(before, func(b *Rehearsal) bool {
		do := b.Unit.Do
		if u.Do != nil {
			return step == monitor.StepRoute && do == nil
		}
		return step == monitor.StepPush && do.Do == planner.Promote && do.Store == u.Moves[0].To
	})
}
