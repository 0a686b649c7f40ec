package apply

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// route sends the users whom the new master serves there. Who may be one of them, or not, does not
// keep all others out: the last step asks again.
func (p *promotion) route(ctx context.Context, records []monitor.StepRecord) (text, data string, err error) {
	who, err := p.usersOf(ctx, p.fresh(), records)
	if err != nil {
		return "", "", err
	}
	locked, shared := p.routedHere(ctx, who.denied, records)
	text = inventory.Counted(len(who.here), "user is", "users are") + " routed there"
	if len(locked) > 0 {
		text += "; so " + course.Who(locked) + ", denied there"
	}
	if n := len(who.out) - len(locked); n > 0 {
		text += "; " + inventory.Counted(n, "user who is", "users who are") + " denied there, or known to be elsewhere, were not"
	}
	if who.unsure != nil {
		text += "; " + textOf(who.unsure)
	}
	if data, err = keep(course.Unrouted{Unsure: who.among, Denied: shared}); err != nil {
		return "", "", err
	}
	return text, data, p.send(ctx, slices.Concat(who.here, locked), records, p.insist)
}

// send has users routed to the new master, in the words that were decided.
func (p *promotion) send(ctx context.Context, users []inventory.UserID, records []monitor.StepRecord, route func(context.Context, []monitor.StepRecord, []Route) error) error {
	routes, err := p.named(ctx, p.routes(users), records)
	if err != nil || len(routes) == 0 {
		return err
	}
	return route(ctx, records, routes)
}

// routes lead from the old master to the new one.
func (p *promotion) routes(users []inventory.UserID) []Route {
	var routes []Route
	for _, u := range users {
		routes = append(routes, Route{User: u, From: p.old(), To: p.fresh(), Store: p.store.Name})
	}
	return routes
}

// insist routes users, again and again as long as they may be kept out: there is no way
// back any more.
func (p *promotion) insist(ctx context.Context, records []monitor.StepRecord, routes []Route) error {
	since, _ := course.Last(records, monitor.StepStop, monitor.StepBegan)
	for wait := time.Second; ; wait *= 2 {
		err := p.Route(ctx, routes)
		if err == nil || p.Now().Add(wait).Sub(since) > p.denied() {
			return err
		}
		if err := host.Pause(ctx, wait); err != nil {
			return err
		}
	}
}

// routeRest routes whom the route of the promotion has left where they were, and fails where one of
// the users is, or may be, sent to a replica.
func (p *promotion) routeRest(ctx context.Context, who *storeUsers, records []monitor.StepRecord) error {
	replicated := func(_ inventory.UserID, at Destination) bool {
		return at.isOn(p.store) && !at.leadsTo(p.fresh(), p.store)
	}
	locked, _ := p.routedHere(ctx, who.denied, records)
	users := slices.Concat(who.here, locked)
	rest, err := p.misrouted(ctx, users, replicated)
	if err != nil {
		return err
	}
	var left course.Unrouted
	course.Read(records, monitor.StepRoute, &left)
	for _, u := range left.Unsure {
		if slices.Contains(who.here, u) {
			rest = appendNew(rest, u)
		}
	}
	if len(rest) > 0 {
		route := func(ctx context.Context, _ []monitor.StepRecord, routes []Route) error { return p.Route(ctx, routes) }
		if err := p.send(ctx, rest, records, route); err != nil {
			return err
		}
		if rest, err = p.misrouted(ctx, users, replicated); err == nil && len(rest) > 0 {
			err = fmt.Errorf("%s routed to a replica of %s, and not to the master on %s", course.Who(rest), p.store.Name, p.fresh().Server)
		}
		if err != nil {
			return err
		}
	}
	return who.unsure
}
