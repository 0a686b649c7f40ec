package alert

import (
	"iter"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// rule says what follows from what, and is not told beside it.
type rule struct {
	where   relation
	causes  []monitor.Kind
	follows []monitor.Kind // nil: everything
	seen    bool           // the cause is known from a look, not from a log alone
	lines   bool           // only what is known from a log alone follows
	says    string         // and only lines whose pattern begins like that
}

// rules are tried in this order. Nothing follows from what is less severe. A server
// whose watch is silent, or on which all of Cyrus is down, explains all that is found
// there; an instance that is down its own; and a channel what waits in it, and what
// the fault that stops it makes its client do.
var rules = []rule{
	{where: server, causes: kinds{monitor.WatcherSilent, monitor.MasterDown}},
	{where: instance, causes: kinds{monitor.MasterDown}},

	{where: channel, causes: kinds{monitor.ReplicaUnreachable}, follows: kinds{monitor.ClientMissing, monitor.ClientHung, monitor.LogOrphaned, monitor.HotLoop, monitor.BailingOut, monitor.ReplicaRefuses, monitor.ReplicaAuth}, seen: true},
	{where: channel, causes: kinds{monitor.LogUnwritable}, follows: kinds{monitor.ClientDuplicate, monitor.ClientMissing, monitor.HotLoop, monitor.BailingOut}},
	{where: channel, causes: kinds{monitor.ClientDuplicate}, follows: kinds{monitor.HotLoop, monitor.BailingOut}},
	{where: channel, causes: kinds{monitor.ClientMissing}, follows: kinds{monitor.LogOrphaned, monitor.BailingOut}},                                                                            // the client that is to be started takes up both
	{where: channel, causes: kinds{monitor.ClientDuplicate, monitor.ClientMisplaced}, follows: kinds{monitor.LogLine}, lines: true, says: "graceful shutdown initiated by unexpected process"}, // who ends a client as told
	{where: channel, causes: kinds{monitor.HotLoop}, follows: kinds{monitor.BailingOut, monitor.ReplicaRefuses}},
	{where: channel, causes: kinds{monitor.HotLoop}, follows: kinds{monitor.ReplicaUnreachable}, lines: true}, // its connection ends each time
	{where: channel, causes: kinds{monitor.ReplicaUnreachable, monitor.ClientMissing, monitor.ClientHung, monitor.ClientDuplicate, monitor.HotLoop}, follows: kinds{monitor.BacklogGrown}},

	// A replica that does not answer is one fault, which the watch of its server
	// sees, and that of its master's server.
	{where: replicasServer, causes: kinds{monitor.WatcherSilent, monitor.MasterDown}, follows: kinds{monitor.ReplicaUnreachable, monitor.ClientHung}},
	{where: replica, causes: kinds{monitor.MasterDown, monitor.PortSilent}, follows: kinds{monitor.ReplicaUnreachable, monitor.ClientHung}},
	{where: fromMaster, causes: kinds{monitor.ReplicaUnreachable, monitor.ClientHung}, follows: kinds{monitor.MasterDown, monitor.PortSilent}},
}

type kinds = []monitor.Kind

// relation is how the place of a cause and that of what follows belong together.
type relation int

const (
	server         relation = iota // the cause is about the server as a whole
	instance                       // both are at one instance
	channel                        // and do not name two channels
	replica                        // the cause is at the replica that the other, at the master, does not reach
	replicasServer                 // the same, and it is about its server as a whole
	fromMaster                     // the cause is at the master that does not reach the replica at which the other is
)

// place is a server, or an instance on it.
type place struct {
	server inventory.ServerID
	store  inventory.Text
}

func at(a *monitor.Alert) place { return place{inventory.ServerID(a.Server), a.Store} }

// reached is the place to which an alert points from afar, if it does.
func reached(o *Options, a *monitor.Alert) (place, bool) {
	return place{o.peer(&a.Finding), a.Store}, fromAfar(&a.Finding)
}

// explains returns the place at which a cause explains what is found.
func (w relation) explains(o *Options, cause *monitor.Alert) (place, bool) {
	switch w {
	case server, replicasServer:
		return at(cause), cause.Store == ""
	case channel:
		return at(cause), cause.Store != ""
	case fromMaster:
		return reached(o, cause)
	default:
		return at(cause), true
	}
}

// stands returns the place at which an alert may be explained.
func (w relation) stands(o *Options, a *monitor.Alert) (place, bool) {
	switch w {
	case server:
		return place{server: inventory.ServerID(a.Server)}, true
	case replica:
		return reached(o, a)
	case replicasServer:
		there, afar := reached(o, a)
		return place{server: there.server}, afar
	default:
		return at(a), true
	}
}

// causes are the alerts from which others may follow: by rule, and by the place at
// which they explain what is found.
type causes []map[place][]*monitor.Alert

// causes finds the alerts from which others follow. One that was resolved still
// explains what has not been looked at since; one that is too small to be told
// must not hide what is not; and of a watch that is silent in one probe the others
// still find what is so.
func (r *round) causes() causes {
	c := make(causes, len(rules))
	for n := range rules {
		c[n] = map[place][]*monitor.Alert{}
	}
	for i := range r.Alerts {
		a := &r.Alerts[i]
		if a.Severity.Rank() < r.opts.Least.Rank() || a.Server == "" || a.Kind == monitor.WatcherSilent && a.Subject != "" {
			continue
		}
		for n := range rules {
			if !slices.Contains(rules[n].causes, a.Kind) {
				continue
			}
			if there, ok := rules[n].where.explains(&r.opts, a); ok {
				c[n][there] = append(c[n][there], a)
			}
		}
	}
	return c
}

// cause returns an alert from which another follows, or nil. That a watch is silent
// follows from nothing: it is the server itself.
func (r *round) cause(a *monitor.Alert, c causes) *monitor.Alert {
	for rule, cause := range r.candidates(a, c) {
		if rule.explains(cause, a) && r.before(cause, a) && c.first(rule.where, cause, a) {
			return cause
		}
	}
	return nil
}

// candidates returns what may be the cause of an alert by its kind and place, and the
// rules that say so.
func (r *round) candidates(a *monitor.Alert, c causes) iter.Seq2[*rule, *monitor.Alert] {
	return func(yield func(*rule, *monitor.Alert) bool) {
		if a.Kind == monitor.WatcherSilent && a.Subject == "" {
			return
		}
		for n := range rules {
			rule := &rules[n]
			there, ok := rule.where.stands(&r.opts, a)
			if !ok || rule.follows != nil && !slices.Contains(rule.follows, a.Kind) {
				continue
			}
			for _, cause := range c[n][there] {
				if !yield(rule, cause) {
					return
				}
			}
		}
	}
}

// before reports whether an alert was so last before its cause ended. What looks still
// find that do not find the cause any more is there in its own right once that is over;
// a log may tell of it until then.
func (r *round) before(cause, a *monitor.Alert) bool {
	ended := r.ended(cause)
	switch {
	case ended.IsZero():
		return true
	case a.Line() || a.Missed > 0 || cause.Gone.IsZero():
		return !lastSo(a).After(ended)
	}
	return a.Seen.Before(cause.Gone)
}

// remain notes an open alert with what hid it, is over and is told so now.
func (r *round) remain(a *monitor.Alert, c causes) {
	if a.Stage == monitor.Resolved || a.Missed > 0 {
		return
	}
	for rule, cause := range r.candidates(a, c) {
		if cause.Stage == monitor.Resolved && !cause.Closed && rule.explains(cause, a) {
			r.remaining[cause.Number] = append(r.remaining[cause.Number], a)
			return
		}
	}
}

// explains reports whether a cause at the right place explains an alert as long as it
// lasts: it is another, and as severe at least.
func (u *rule) explains(cause, a *monitor.Alert) bool {
	switch {
	case cause == a, cause.Kind == a.Kind && cause.Store == a.Store:
		return false
	case u.where == channel && !cause.OneChannel(&a.Finding):
		return false
	case u.seen && cause.Line(), u.lines && !a.Line(), !strings.HasPrefix(string(a.Subject), u.says):
		return false
	case a.Severity.Rank() > cause.Severity.Rank():
		return false
	}
	return true
}

// first reports whether, of a fault that is seen from near and from afar, it is the
// cause that stands for both: whichever was told first, else what is seen from near.
func (c causes) first(w relation, cause, a *monitor.Alert) bool {
	switch w {
	case replica:
		return !told(a) || told(cause)
	case fromMaster:
		return told(cause) && !slices.ContainsFunc(c[seenNear][at(a)], told)
	}
	return true
}

// seenNear is the rule of what is seen at the replica itself.
var seenNear = slices.IndexFunc(rules, func(u rule) bool { return u.where == replica })

func told(a *monitor.Alert) bool { return a.Told != "" }
