package apply

import (
	"context"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// before are those of other units that are still ahead of a unit and change what it finds: those
// that change the layout of its stores and, before a change of a layout, those that move users of
// that store.
func (o *Options) before(ctx context.Context, u *course.Unit, others []*course.Unit) (list []*course.Unit, err error) {
	for _, other := range others {
		shares := slices.ContainsFunc(other.Stores(), func(s inventory.StoreID) bool { return slices.Contains(u.Stores(), s) })
		if !shares || u.Do == nil && other.Do == nil {
			continue
		}
		records, err := o.Journal.Steps(ctx, other.Plan, other.Name)
		if err != nil {
			return nil, err
		}
		if other.Ahead(records, false) && !other.Settled(records) && o.barred(other, records) == "" {
			list = append(list, other)
		}
	}
	return list, nil
}

// following are the options with the fleet as units leave it.
func (o *Options) following(ctx context.Context, units []*course.Unit) (*Options, error) {
	then := *o
	for _, u := range units {
		records, err := o.Journal.Steps(ctx, u.Plan, u.Name)
		if err != nil {
			return nil, err
		}
		then.Inventory = course.Follow(then.Inventory, u, records)
	}
	return &then, nil
}

// checkedLater says that a unit is checked when those that change a layout before it are done;
// empty: there are none.
func checkedLater(before []*course.Unit) string {
	var names []string
	for _, b := range before {
		if b.Do != nil {
			names = append(names, inventory.Printable(b.Name))
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
func unforeseen(u *course.Unit, step monitor.Step, before []*course.Unit) bool {
	return slices.ContainsFunc(before, func(b *course.Unit) bool {
		switch {
		case u.Do != nil:
			return step == monitor.StepRoute && b.Do == nil
		default:
			return step == monitor.StepPush && b.Do.Do == planner.Promote && b.Do.Store == u.Moves[0].To
		}
	})
}
