package alert

import (
	"fmt"
	"net"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// withhold finds out which alerts are not to be told now, and why.
func (r *round) withhold() {
	causes := r.causes()
	for i := range r.Alerts {
		a := &r.Alerts[i]
		if a.Closed {
			continue
		}
		a.Withheld = r.reason(a, causes)
	}
}

func (r *round) reason(a *monitor.Alert, causes map[place][]*monitor.Alert) string {
	if s := SilencedBy(a, r.Silences, r.now, r.opts); s != nil {
		return fmt.Sprintf("silence %d", s.Number)
	}
	for _, at := range r.consequenceOf(a) {
		for _, cause := range causes[at] {
			same := cause.Kind == a.Kind && cause.Store == a.Store
			if !same && (cause.Stage != monitor.Resolved || !a.Seen.After(cause.Resolved)) {
				return fmt.Sprintf("follows from alert %d", cause.Number)
			}
		}
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

// causes are the alerts from which others follow, by where they are down. One
// that was resolved still explains what has not been looked at since; one that
// is too small to be told must not hide what is not.
func (r *round) causes() map[place][]*monitor.Alert {
	causes := map[place][]*monitor.Alert{}
	for i := range r.Alerts {
		a := &r.Alerts[i]
		if a.Severity.Rank() < r.opts.Least.Rank() {
			continue
		}
		at := place{server: inventory.ServerID(a.Server), store: a.Store}
		switch a.Kind {
		case monitor.WatcherSilent, monitor.MasterDown:
			if a.Server == "" {
				continue
			}
		case monitor.ReplicaUnreachable, monitor.ClientMissing:
			if a.Store == "" || a.Channel == "" {
				continue
			}
			at.channel = a.Channel
		default:
			continue
		}
		causes[at] = append(causes[at], a)
	}
	return causes
}

// consequenceOf returns the places whose being down explains an alert: its
// server, its instance, the server of the replica that is not reached, and for a
// backlog the way to the replica. That a watcher is silent follows from nothing:
// it is the server itself.
func (r *round) consequenceOf(a *monitor.Alert) []place {
	server := inventory.ServerID(a.Server)
	switch a.Kind {
	case monitor.WatcherSilent:
		return nil
	case monitor.MasterDown:
		return []place{{server: server}}
	case monitor.ReplicaUnreachable:
		return []place{{server: server}, {server: server, store: a.Store}, {server: r.opts.peer(&a.Finding)}, {server: r.opts.peer(&a.Finding), store: a.Store}}
	case monitor.BacklogGrown:
		return []place{{server: server}, {server: server, store: a.Store}, {server, a.Store, a.Channel}}
	}
	return []place{{server: server}, {server: server, store: a.Store}}
}

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
