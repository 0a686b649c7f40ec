package apply

import (
	"context"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
)

// checkRoutes fails where it can't be asked where users are routed, if that is to be asked
// when they have been routed anew, and tells who is routed elsewhere than to these masters.
func (o *Options) checkRoutes(ctx context.Context, users []inventory.UserID, at func(inventory.UserID) (inventory.Instance, *inventory.Store)) ([]string, error) {
	if o.Live.Served == nil || len(users) == 0 {
		return nil, nil
	}
	served, err := o.Live.Served(ctx, o.Inventory, users)
	if err != nil {
		return nil, fmt.Errorf("where users are routed can't be asked: %w", err)
	}
	var warnings []string
	for _, u := range users {
		is := served[u]
		switch master, store := at(u); {
		case is.leadsTo(master, store):
		case is == Destination{}:
			warnings = append(warnings, fmt.Sprintf("nothing says where %s is routed now", inventory.Printable(string(u))))
		default:
			warnings = append(warnings, fmt.Sprintf("%s is routed to %s now, and not to %s, where the master of %s is", inventory.Printable(string(u)), inventory.Quoted(is.String()), master.Server, store.Name))
		}
	}
	const most = 20
	if more := len(warnings) - most; more > 0 {
		warnings = append(warnings[:most], fmt.Sprintf("%d more likewise", more))
	}
	return warnings, nil
}

// checkRoutes looks where those who move are routed.
func (m *move) checkRoutes(ctx context.Context) ([]string, error) {
	at := map[inventory.UserID]*source{}
	for _, s := range m.sources {
		for _, u := range s.users {
			at[u] = s
		}
	}
	return m.Options.checkRoutes(ctx, m.users(), func(u inventory.UserID) (inventory.Instance, *inventory.Store) {
		return at[u].master(), at[u].store
	})
}

// checkRoutes looks who are the users of the store and where they are routed, and decides in which
// words they will be.
func (p *promotion) checkRoutes(ctx context.Context) ([]string, map[inventory.UserID]course.RouteNames, error) {
	who, err := p.usersOf(ctx, p.old(), nil)
	if err != nil {
		_, err = p.moved(ctx) // what is wrong with the instance is told
		return nil, nil, err
	}
	if who.unsure != nil {
		return nil, nil, who.unsure
	}
	warnings, err := p.Options.checkRoutes(ctx, who.here, func(inventory.UserID) (inventory.Instance, *inventory.Store) { return p.old(), p.store })
	if err != nil {
		return warnings, nil, err
	}
	for _, away := range who.away {
		warnings = append(warnings, fmt.Sprintf("%s, and not on %s: that is left as it is; let interlace discover --routed find it out", away, p.store.Name))
	}
	locked, unsure := p.routedHere(ctx, who.denied, nil)
	if len(locked) > 0 {
		warnings = append(warnings, course.Who(locked)+" denied there, and routed all the same, to where they are let in again")
	}
	if len(unsure) > 0 {
		warnings = append(warnings, course.Unrouted{Denied: unsure}.Denies(p.store.Name))
	}
	names, err := p.decide(ctx, p.routes(slices.Concat(who.here, locked)))
	return warnings, names, err
}
