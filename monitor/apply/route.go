package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// firstPause and longestPause are what passes between two attempts to route users: each
// pause is twice the one before.
const firstPause, longestPause = time.Second / 4, 10 * time.Second

// routes lead from the old stores to the new one.
func (m *move) routes() []Route {
	var routes []Route
	for _, s := range m.sources {
		for _, u := range slices.Concat(s.users, s.trees) {
			routes = append(routes, Route{User: u, From: s.master(), To: m.target.master(), Store: m.target.store.Name})
		}
	}
	return routes
}

// routeNames decides in which words the users are routed: of a unit that takes another one back
// in those in which that one had found them.
func (m *move) routeNames(ctx context.Context) (map[inventory.UserID]course.RouteNames, error) {
	routes := m.routes()
	if m.unit.Of != "" {
		records, err := m.Journal.Steps(ctx, m.unit.Plan, m.unit.Of)
		if err != nil {
			return nil, err
		}
		before := course.BegunWith(records).Routes
		for i := range routes {
			routes[i].Was = before[routes[i].User].From
		}
	}
	return m.decide(ctx, routes)
}

// route sends mail and clients to the new store, where nobody is let in yet, and brings
// along what reached the original after it had been copied, since its delivery had begun
// before the denial, or since a user has changed Sieve scripts, which no denial keeps from: who
// does that again finds the new store. Where an old store does not answer any more that has time until the
// canary: back to it the users can't go.
func (m *move) route(ctx context.Context, records []monitor.StepRecord) (text, data string, err error) {
	routes, err := m.named(ctx, m.routes(), records)
	if err != nil {
		return "", "", untaken{err, course.Untold}
	}
	told, taken := false, false
	err = m.persist(ctx, m.tryRoute, routes, host.Patience, func(_ context.Context, err error) bool {
		told, taken = told || !isUntold(err), taken || isTaken(err)
		return false
	})
	switch {
	case err != nil && !told:
		return "", "", untaken{err, course.Untold}
	case err != nil && !taken:
		return "", "", untaken{err, course.Untaken}
	case err != nil:
		return "", "", err
	}
	left := m.eachSource(func(s *source) error { return s.endScripts(ctx) })
	text, data, err = m.bringLate(ctx, records)
	if err != nil {
		for _, s := range m.sources {
			if deaf := m.answers(ctx, s.master()); deaf != nil {
				return fmt.Sprintf("what came late to %s is looked for later: %v", s.store.Name, deaf), "", nil
			}
		}
	}
	if left != nil {
		text = strings.TrimPrefix(text+"; what such a session changes from now on stays on the old store: "+left.Error(), "; ")
	}
	return text, data, err
}

// errUnrouted says that users are kept out until they can be routed.
var errUnrouted = later("interlace apply --resume --yes, or --rollback --yes, goes on when routing works again")

// unroute sends mail and clients back to where the users were. Who routes and has taken the routes to
// the new store, or may have, has to take those back, whatever can be seen: it may be seen late. Where
// nobody has it is enough that all are known to be served there all the same. The first attempt gets
// what is left of the time for which users may be denied; where that does not do they are kept out
// for longer. What hangs is not waited for as long: where nobody can be asked who is routed where,
// the next attempt is what lets users in.
func (m *move) unroute(ctx context.Context, records []monitor.StepRecord) error {
	limited, cancel := context.WithTimeout(ctx, m.denied())
	defer cancel()
	routes, err := m.wayHome(limited, records)
	if !m.rehearsed {
		soon, cancel := host.Soon(ctx)
		there, _ := m.routedThere(soon)
		cancel()
		m.seen = !slices.ContainsFunc(m.users(), func(u inventory.UserID) bool { return !there[u] })
	}
	_, taken := course.ToldRoutes(records)
	back := func(ctx context.Context, err error) bool {
		if taken && !isTaken(err) {
			return false
		}
		is, _ := m.servedBefore(ctx, routes)
		return is
	}
	if since, out := deniedSince(records); out && err == nil {
		if left := m.denied() - m.Now().Sub(since) - m.wayBack()/3; left > 0 {
			first := m.tryBack(ctx, min(left, m.hanging()), routes)
			if first == nil || back(ctx, first) {
				return nil
			}
		}
	}
	switch {
	case err == nil:
		err = m.persist(limited, m.tryBack, routes, 2*m.hanging(), back)
	case back(limited, err):
		return nil
	}
	if err != nil {
		err = fmt.Errorf("%s kept out everywhere: where mail and clients are sent could not be set back: %w; %w",
			course.Who(m.users()), err, errUnrouted)
	}
	return err
}

// wayHome are the routes back to where the users were, from where they are now.
func (m *move) wayHome(ctx context.Context, records []monitor.StepRecord) ([]Route, error) {
	routes, err := m.named(ctx, m.routes(), records)
	for i := range routes {
		routes[i] = routes[i].back()
	}
	if !m.rehearsed {
		_, now := m.servedBefore(ctx, routes)
		fromNow(routes, now)
	}
	return routes, err
}

// fromNow has routes begin where users are routed now: a route that failed may have led some of
// them to a third place, or none of them anywhere.
func fromNow(routes []Route, now map[inventory.UserID]string) {
	for i := range routes {
		r := &routes[i]
		if name := now[r.User]; name != "" && r.Names.To != "" && name != r.Names.To {
			r.Names.From = name
		}
	}
}

// servedBefore reports whether all users are known to be routed where these routes lead: in the
// same words, or to that server, where the other end is on another one. Shared trees, of which a
// routing may know nothing, count only where it says that they are routed elsewhere. It returns
// the words in which all are routed now, as far as that is known.
func (m *move) servedBefore(ctx context.Context, routes []Route) (is bool, now map[inventory.UserID]string) {
	ctx, cancel := host.Soon(ctx)
	defer cancel()
	users := m.users()
	ofUsers := slices.DeleteFunc(slices.Clone(routes), func(r Route) bool { return !slices.Contains(users, r.User) })
	ofTrees := slices.DeleteFunc(slices.Clone(routes), func(r Route) bool { return slices.Contains(users, r.User) })
	if m.Live.Named != nil {
		now, _ = m.Live.Named(ctx, users)
	}
	if len(users) == 0 || !inWords(ofUsers, now) && !m.servedBack(ctx) {
		return false, now
	}
	if m.Live.Named == nil || len(ofTrees) == 0 {
		return true, now
	}
	trees, err := m.Live.Named(ctx, usersOf(ofTrees))
	return err != nil || !slices.ContainsFunc(ofTrees, func(r Route) bool {
		return trees[r.User] != "" && r.Names.To != "" && trees[r.User] != r.Names.To
	}), now
}

// inWords reports whether all are routed in the words of these routes.
func inWords(routes []Route, now map[inventory.UserID]string) bool {
	return !slices.ContainsFunc(routes, func(r Route) bool { return r.Names.To == "" || now[r.User] != r.Names.To })
}

// servedBack reports whether all are known to be routed to the masters of where they were, and not
// to that of the new store.
func (m *move) servedBack(ctx context.Context) bool {
	if m.Live.Served == nil {
		return false
	}
	served, err := m.Live.Served(ctx, m.Inventory, m.users())
	return err == nil && !slices.ContainsFunc(m.sources, func(s *source) bool {
		return slices.ContainsFunc(s.users, func(u inventory.UserID) bool {
			at := served[u]
			return !at.leadsTo(s.master(), s.store) || at.leadsTo(m.target.master(), m.target.store)
		})
	})
}

// routedThere returns who of those who move is known to be routed to the new store, and not to the
// old one.
func (m *move) routedThere(ctx context.Context) (map[inventory.UserID]bool, error) {
	if m.Live.Served == nil {
		return nil, nil
	}
	served, err := m.Live.Served(ctx, m.Inventory, m.users())
	there := map[inventory.UserID]bool{}
	for _, s := range m.sources {
		for _, u := range s.users {
			there[u] = served[u].leadsTo(m.target.master(), m.target.store) && !served[u].leadsTo(s.master(), s.store)
		}
	}
	return there, err
}

// usersOf are the users, or shared trees, of routes.
func usersOf(routes []Route) []inventory.UserID {
	users := make([]inventory.UserID, len(routes))
	for i := range routes {
		users[i] = routes[i].User
	}
	return users
}

// persist routes users anew, again and again with growing pauses until that is done, or
// has become so otherwise, which is asked after each that failed, or the time is over. No attempt
// may take more than half of what is left, nor than patience, which doubles each time. The error is
// that of the first one.
func (m *move) persist(ctx context.Context, try func(context.Context, time.Duration, []Route) error, routes []Route, patience time.Duration, otherwise func(context.Context, error) bool) error {
	var first error
	for wait := firstPause; ; wait, patience = min(2*wait, longestPause), min(2*patience, host.Patience) {
		limit := patience
		if end, ends := ctx.Deadline(); ends {
			limit = min(limit, max(time.Until(end)/2, time.Second))
		}
		err := try(ctx, limit, routes)
		if err == nil || otherwise(ctx, err) {
			return nil
		}
		if first == nil {
			first = err
		}
		if host.Pause(ctx, wait) != nil {
			return first
		}
	}
}

// hanging is how long the first attempt to route users back may take.
func (m *move) hanging() time.Duration { return max(m.denied()/8, 5*time.Second) }

// tryRoute routes users anew in so much time.
func (m *move) tryRoute(ctx context.Context, limit time.Duration, routes []Route) error {
	late := fmt.Errorf("routing did not end within %v", limit.Round(time.Second/10))
	ctx, cancel := context.WithTimeoutCause(ctx, limit, late)
	defer cancel()
	err := m.Route(ctx, routes)
	if err != nil && context.Cause(ctx) == late && !errors.Is(err, late) {
		err = fmt.Errorf("%w: %w", late, err)
	}
	return err
}

// tryBack routes users back in so much time, and remembers when that was taken.
func (m *move) tryBack(ctx context.Context, limit time.Duration, routes []Route) error {
	err := m.tryRoute(ctx, limit, routes)
	if err == nil || isTaken(err) {
		m.sentBack = m.Now()
	}
	return err
}

// answers fails where an instance does not let its administrator in.
func (m *move) answers(ctx context.Context, in inventory.Instance) error {
	ctx, cancel := host.Soon(ctx)
	defer cancel()
	c, err := m.dialAdmin(ctx, in)
	if err != nil {
		return fmt.Errorf("%s does not answer: %w", in.Server, err)
	}
	return c.Close()
}
