package alert

import (
	"fmt"
	"net"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// withhold finds out which alerts are not to be told now, and why.
func (r *round) withhold() {
	c := r.causes()
	r.followers = map[int64][]*monitor.Alert{}
	for i := range r.Alerts {
		a := &r.Alerts[i]
		if a.Closed {
			continue
		}
		a.Withheld = r.reason(a, c)
	}
}

func (r *round) reason(a *monitor.Alert, c *causes) string {
	if s := SilencedBy(a, r.Silences, r.now, r.opts); s != nil {
		return fmt.Sprintf("silence %d", s.Number)
	}
	if cause := r.cause(a, c); cause != nil {
		r.followers[cause.Number] = append(r.followers[cause.Number], a)
		return fmt.Sprintf("follows from alert %d", cause.Number)
	}
	switch {
	case a.Acknowledged != nil:
		return "acknowledged"
	case a.Severity.Rank() < r.opts.Least.Rank() && a.Told.Rank() == 0:
		return "only " + string(a.Severity)
	}
	return ""
}

// place is where something is down: a server, an instance, or a channel.
type place struct {
	server         inventory.ServerID
	store, channel inventory.Text
}

// causes are the alerts from which others follow, by where they are.
type causes struct {
	down    map[place][]*monitor.Alert // servers and instances that are down
	silent  map[place][]*monitor.Alert // instances that others are not answered by, as their own watch sees it
	away    map[place][]*monitor.Alert // the same, as their masters see it
	reached map[place][]*monitor.Alert // channels whose replica is not reached
	stuck   map[place][]*monitor.Alert // channels in which nothing moves
}

// causes finds the alerts from which others follow. One that was resolved still
// explains what has not been looked at since; one that is too small to be told
// must not hide what is not.
func (r *round) causes() *causes {
	c := &causes{map[place][]*monitor.Alert{}, map[place][]*monitor.Alert{}, map[place][]*monitor.Alert{}, map[place][]*monitor.Alert{}, map[place][]*monitor.Alert{}}
	for i := range r.Alerts {
		a := &r.Alerts[i]
		if a.Severity.Rank() < r.opts.Least.Rank() || a.Server == "" {
			continue
		}
		instance := place{server: inventory.ServerID(a.Server), store: a.Store}
		channel := place{instance.server, a.Store, a.Channel}
		switch a.Kind {
		case monitor.WatcherSilent:
			if a.Subject == "" { // else it is one probe of a watcher that cannot work
				enter(c.down, instance, a)
			}
		case monitor.MasterDown:
			enter(c.down, instance, a)
			enter(c.silent, instance, a)
		case monitor.PortSilent:
			enter(c.silent, instance, a)
		}
		if a.Store == "" || a.Channel == "" {
			continue
		}
		switch a.Kind {
		case monitor.ReplicaUnreachable:
			enter(c.reached, channel, a)
			enter(c.stuck, channel, a)
		case monitor.ClientMissing, monitor.ClientHung, monitor.HotLoop:
			enter(c.stuck, channel, a)
		}
		if fromAfar(&a.Finding) {
			enter(c.away, place{server: r.opts.peer(&a.Finding), store: a.Store}, a)
		}
	}
	return c
}

func enter(list map[place][]*monitor.Alert, at place, a *monitor.Alert) {
	list[at] = append(list[at], a)
}

// fromAfar reports whether a finding says of a replica, from its master's server,
// that it does not answer.
func fromAfar(f *monitor.Finding) bool {
	return (f.Kind == monitor.ReplicaUnreachable || f.Kind == monitor.ClientHung) && f.Subject != ""
}

// cause returns an alert from which another follows, or nil. Everything follows
// from its server or its instance being down, but that a watcher is silent: it is
// the server itself. What waits in a channel follows from whatever stops that, and
// what stops it from a replica that is not reached.
func (r *round) cause(a *monitor.Alert, c *causes) *monitor.Alert {
	server := inventory.ServerID(a.Server)
	host, instance, channel := place{server: server}, place{server: server, store: a.Store}, place{server, a.Store, a.Channel}
	var found *monitor.Alert
	first := func(list []*monitor.Alert) {
		for _, cause := range list {
			same := cause == a || cause.Kind == a.Kind && cause.Store == a.Store
			if found == nil && !same && explains(cause, a) {
				found = cause
			}
		}
	}
	if a.Kind == monitor.WatcherSilent && a.Subject == "" {
		return nil
	}
	first(c.down[host])
	if a.Kind != monitor.MasterDown {
		first(c.down[instance])
	}
	switch a.Kind {
	case monitor.BacklogGrown:
		first(c.stuck[channel])
	case monitor.ClientMissing, monitor.ClientHung, monitor.HotLoop, monitor.LogOrphaned:
		first(c.reached[channel])
	case monitor.MasterDown, monitor.PortSilent:
		first(toldBefore(c.away[instance], c.silent[instance]))
	}
	if fromAfar(&a.Finding) {
		peer := place{server: r.opts.peer(&a.Finding)}
		first(c.down[peer])
		first(notAfter(a, c.silent[place{server: peer.server, store: a.Store}]))
	}
	return found
}

// explains reports whether a cause still explains an alert.
func explains(cause, a *monitor.Alert) bool {
	return cause.Stage != monitor.Resolved || !a.Seen.After(cause.Resolved)
}

// A replica that does not answer is one fault, which the watch of its server sees,
// and that of its master's server. Whichever was told first stands for both, else
// what is seen from near.

// toldBefore returns the alerts from afar that were told, where none from near was.
func toldBefore(afar, near []*monitor.Alert) []*monitor.Alert {
	if slices.ContainsFunc(near, told) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(afar), func(a *monitor.Alert) bool { return !told(a) })
}

// notAfter returns the alerts from near that explain one from afar: where that was
// told, those that were told too.
func notAfter(afar *monitor.Alert, near []*monitor.Alert) []*monitor.Alert {
	return slices.DeleteFunc(slices.Clone(near), func(a *monitor.Alert) bool { return told(afar) && !told(a) })
}

func told(a *monitor.Alert) bool { return a.Told != "" }

// peer returns the server that a finding about a replica means: its subject is
// the address at which the replica was not reached.
func (o *Options) peer(f *monitor.Finding) inventory.ServerID {
	address := string(f.Subject)
	if server, ok := o.Hosts[address]; ok {
		return server
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	if server, ok := o.Hosts[host]; ok {
		return server
	}
	return inventory.ServerID(host)
}

// Group returns what a finding is told together with: those of the server that is
// at fault, as far as one can tell.
func (o *Options) Group(f *monitor.Finding) string {
	if f.Kind == monitor.ReplicaUnreachable && f.Subject != "" {
		return string(o.peer(f))
	}
	return string(f.Server)
}
