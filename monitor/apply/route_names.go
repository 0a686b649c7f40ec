package apply

import (
	"context"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// decide says in which words users are routed; nothing where nobody is asked.
func (o *Options) decide(ctx context.Context, routes []Route) (map[inventory.UserID]course.RouteNames, error) {
	if o.Name == nil || len(routes) == 0 {
		return nil, nil
	}
	named, err := o.Name(ctx, o.standing(), routes)
	if err != nil {
		return nil, err
	}
	names := map[inventory.UserID]course.RouteNames{}
	for i := range named {
		names[named[i].User] = named[i].Names
	}
	return names, nil
}

// named are routes in the words that were decided when the unit began. For who was not
// there then it is decided now.
func (o *Options) named(ctx context.Context, routes []Route, records []monitor.StepRecord) ([]Route, error) {
	begun := course.BegunWith(records).Routes
	var others []Route
	for i := range routes {
		names, known := begun[routes[i].User]
		if routes[i].Names = names; !known {
			others = append(others, routes[i])
		}
	}
	late, err := o.decide(ctx, others)
	for i := range routes {
		if names, known := late[routes[i].User]; known {
			routes[i].Names = names
		}
	}
	return routes, err
}

// back leads the other way, in the same words.
func (r Route) back() Route {
	return Route{User: r.User, From: r.To, To: r.From, Names: course.RouteNames{From: r.Names.To, To: r.Names.From}}
}
