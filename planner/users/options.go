package users

import (
	"errors"
	"fmt"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Options say what to plan.
type Options struct {
	Seed uint64
	// Peak is the utilisation that no store shall pass, in each resource up to
	// its ceiling; 0 means the ceilings. Where it cannot be reached no store
	// receives above it; with a budget it is the peak that is low enough.
	Peak float64
	// Drain lists stores to empty beside those in state drain: store:s001, or
	// the bare name.
	Drain []planner.Subject
	// Keep lists who must not move: users (user:anna) with their share groups,
	// share groups by any member (group:anna), all users of a store
	// (store:s001) or of the stores that a server masters (server:imap3). A bare
	// name is that of a store, or else of a user.
	Keep []planner.Subject
	// Barred are stores to which users must not move, such as those that have a copy of them
	// from an earlier move. Nobody has to leave such a store.
	Barred map[inventory.UserID][]inventory.StoreID

	// MaxBytes and MaxUsers limit what is copied and how many users and shared
	// trees move; nil means no limit. With either, the plan is the one with the
	// lowest peak, though not below Peak, that the budget allows.
	MaxBytes *int64
	MaxUsers *int

	// Light asks for the fewest moves in place of the fewest bytes, and leaves
	// share groups torn that are torn today, for which there are warnings and no
	// violations. Stores above the target come below it, by moves of others, and
	// drained ones end empty of all, torn groups too, as otherwise.
	Light bool

	// Place asks where as many new users of average load should go.
	Place int

	// After names the layout plans that the inventory takes as executed.
	After []string

	// Progress, if not nil, is told now and then how far the planner is.
	Progress func(Progress)
}

// Progress says how far the planner is.
type Progress struct {
	Doing       string
	Done, Total int
}

// record returns the options as the plan remembers them.
func (o Options) record() planner.AssignmentOptions {
	r := planner.AssignmentOptions{
		Seed: o.Seed, Drain: append([]planner.Subject{}, o.Drain...), Keep: append([]planner.Subject{}, o.Keep...),
		MaxBytes: o.MaxBytes, MaxUsers: o.MaxUsers, Light: o.Light, Place: o.Place, After: append([]string{}, o.After...),
	}
	if o.Peak > 0 {
		r.Peak = &o.Peak
	}
	return r
}

// check reports the options that no plan can be made for.
func (o Options) check() error {
	var errs []error
	if !(o.Peak >= 0 && o.Peak <= 1) {
		errs = append(errs, fmt.Errorf("a peak of %v: it must be from 0 to 1, where 0 stands for the ceilings", o.Peak))
	}
	if o.MaxBytes != nil && *o.MaxBytes < 0 {
		errs = append(errs, fmt.Errorf("a budget of %d bytes: it must not be below 0", *o.MaxBytes))
	}
	if o.MaxUsers != nil && *o.MaxUsers < 0 {
		errs = append(errs, fmt.Errorf("a budget of %d users: it must not be below 0", *o.MaxUsers))
	}
	if o.Place < 0 {
		errs = append(errs, fmt.Errorf("%d new users to place: they must not be below 0", o.Place))
	}
	return errors.Join(errs...)
}

// allowed returns the utilisation in the resource up to which stores may receive:
// the wished peak is a limit like the ceiling, but with a budget only an aim.
func (o Options) allowed(r inventory.Resource) float64 {
	if o.Peak > 0 && !o.budgeted() {
		return min(o.Peak, r.Ceiling)
	}
	return r.Ceiling
}

func (o Options) budgeted() bool { return o.MaxBytes != nil || o.MaxUsers != nil }

func (o Options) report(doing string, done, total int) {
	if o.Progress != nil {
		o.Progress(Progress{doing, done, total})
	}
}

// drained returns the inventory with the stores to drain in that state.
func drained(inv *inventory.Inventory, drain []planner.Subject) (*inventory.Inventory, error) {
	if len(drain) == 0 {
		return inv, nil
	}
	c := *inv
	c.Stores = append([]inventory.Store(nil), inv.Stores...)
	var unknown []string
	for _, subject := range drain {
		kind, name := subject.Split()
		s := inv.Store(inventory.StoreID(name))
		if s < 0 || kind != "store" && kind != "" {
			unknown = append(unknown, fmt.Sprintf("%q", string(subject)))
			continue
		}
		c.Stores[s].State = inventory.Drain
	}
	if unknown != nil {
		return nil, fmt.Errorf("no such store to drain: %s", strings.Join(unknown, ", "))
	}
	return &c, nil
}

// kept is who must stay, beside pinned users.
type kept struct {
	users  map[int]bool // by index
	stores map[inventory.StoreID]bool
}

func newKept(inv *inventory.Inventory, groups *inventory.ShareGroups, keep []planner.Subject) (*kept, error) {
	k := &kept{map[int]bool{}, map[inventory.StoreID]bool{}}
	var unknown []string
	for _, subject := range keep {
		if !k.add(inv, groups, subject) {
			unknown = append(unknown, fmt.Sprintf("%q", string(subject)))
		}
	}
	if unknown != nil {
		return nil, fmt.Errorf("no such user, share group, store or server to keep: %s", strings.Join(unknown, ", "))
	}
	return k, nil
}

// add enters one subject and reports whether the fleet has it.
func (k *kept) add(inv *inventory.Inventory, groups *inventory.ShareGroups, subject planner.Subject) bool {
	kind, name := subject.Split()
	store, user := inv.Store(inventory.StoreID(name)), inv.User(inventory.UserID(name))
	switch {
	case store >= 0 && (kind == "store" || kind == ""):
		k.stores[inv.Stores[store].Name] = true
	case user >= 0 && (kind == "user" || kind == ""):
		k.users[user] = true
	case user >= 0 && kind == "group":
		for _, u := range groups.Members(int(groups.Of[user])) {
			k.users[int(u)] = true
		}
	case kind == "server" && inv.Server(inventory.ServerID(name)) >= 0:
		for s := range inv.Stores {
			if m := inv.Stores[s].Master(); m != nil && m.Server == inventory.ServerID(name) {
				k.stores[inv.Stores[s].Name] = true
			}
		}
	default:
		return false
	}
	return true
}

// stays reports whether the user must stay.
func (k *kept) stays(inv *inventory.Inventory) func(u int) bool {
	if len(k.users)+len(k.stores) == 0 {
		return nil
	}
	return func(u int) bool { return k.users[u] || k.stores[inv.Users[u].Store] }
}
