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
	r.followers, r.remaining = map[int64][]*monitor.Alert{}, map[int64][]*monitor.Alert{}
	for i := range r.Alerts {
		a := &r.Alerts[i]
		if a.Closed {
			continue
		}
		a.Withheld = r.reason(a, c)
		r.remain(a, c)
	}
}

func (r *round) reason(a *monitor.Alert, c causes) string {
	if s := SilencedBy(a, r.Silences, r.now, r.opts); s != nil {
		return fmt.Sprintf("silence %d", s.Number)
	}
	if cause := r.cause(a, c); cause != nil && !r.unmentioned(a, cause) {
		r.followers[cause.Number] = append(r.followers[cause.Number], a)
		return monitor.FollowsFrom(cause.Number)
	}
	switch {
	case a.Acknowledged != nil:
		return "acknowledged"
	case a.Severity.Rank() < r.opts.Least.Rank() && a.Told.Rank() == 0:
		return "only " + string(a.Severity)
	}
	return ""
}

// unmentioned reports whether a client ended after its cause was told, so that nobody
// has been told how to start it again.
func (r *round) unmentioned(a, cause *monitor.Alert) bool {
	if a.Kind != monitor.ClientMissing || cause.Kind != monitor.ReplicaUnreachable || a.Command == "" || !told(cause) {
		return false
	}
	group := r.opts.Group(&cause.Finding)
	return slices.ContainsFunc(r.Groups, func(g monitor.AlertGroup) bool { return g.Key == group && a.Began.After(g.Told) })
}

// fromAfar reports whether a finding says of a replica, from its master's server,
// that it does not answer.
func fromAfar(f *monitor.Finding) bool {
	return (f.Kind == monitor.ReplicaUnreachable || f.Kind == monitor.ClientHung) && f.Subject != ""
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
