package alert

import (
	"cmp"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Options say when to tell what. The zero value of each holds the default.
type Options struct {
	For            time.Duration                  // how long something must be found before it is told; default 5m
	KeepFiring     time.Duration                  // how long something must not be found before it is over, and for two looks; default 5m
	Kinds          map[monitor.Kind]time.Duration // For of some kinds, whatever their severity
	GroupWait      time.Duration                  // how long the first alert of a server waits for others; default 30s
	GroupInterval  time.Duration                  // between two messages on a server; default 5m
	RepeatInterval time.Duration                  // after which what still fires is told again; default 4h
	Flapping       time.Duration                  // how long what came back twice must stay away before it is over; default 1h
	Least          monitor.Severity               // what is less than that is kept, but not told; default warning
	Burst          int                            // mails at once, or messages where none goes by mail; then one a minute. What exceeds that is told in one message; default 8

	// Routes are where messages go. Where an Alertmanager is told there are none:
	// grouping, repeats and mail are its own.
	Routes []string
	// Heartbeats is how often each route is told that the watcher lives; none
	// without an entry.
	Heartbeats time.Duration
	Beating    []string // the routes that get heartbeats

	Domain string // right of the @ in a Message-ID; default interlace.invalid
	Host   string // the server that tells, so that two that watch tell different things
	// Hosts are the servers behind the addresses at which replicas are reached,
	// where an address is not the name of a server.
	Hosts map[string]inventory.ServerID
}

func (o Options) filled() Options {
	o.For = cmp.Or(o.For, 5*time.Minute)
	o.KeepFiring = cmp.Or(o.KeepFiring, 5*time.Minute)
	o.GroupWait = cmp.Or(o.GroupWait, 30*time.Second)
	o.GroupInterval = cmp.Or(o.GroupInterval, 5*time.Minute)
	o.RepeatInterval = cmp.Or(o.RepeatInterval, 4*time.Hour)
	o.Flapping = cmp.Or(o.Flapping, time.Hour)
	o.Least = cmp.Or(o.Least, monitor.Warning)
	o.Burst = cmp.Or(o.Burst, 8)
	o.Domain = cmp.Or(o.Domain, "interlace.invalid")
	return o
}

// patience returns how long a finding must be found before it is told. Critical
// findings are told at once, but those that a restart of a server causes and
// ends; so is what a look finds once only, such as a line of a log.
func (o *Options) patience(f *monitor.Finding) time.Duration {
	if wait, ok := o.Kinds[f.Kind]; ok {
		return wait
	}
	switch f.Kind {
	case monitor.BailingOut, monitor.Unclassified, monitor.LogLine, monitor.LinesLost, monitor.DaemonDisabled,
		monitor.ReplicaWritten, monitor.ReplicaAuth, monitor.LogUnwritable, monitor.OwnDatabase, monitor.WatcherSilent:
		return 0
	case monitor.ClientMissing, monitor.ReplicaUnreachable, monitor.PortSilent:
		return o.For
	case monitor.ClientDuplicate: // a restart may have two for a moment, but no line that tells of them
		if !f.Line() && f.Said == "" {
			return o.For
		}
	}
	if f.Severity == monitor.Critical {
		return 0
	}
	return o.For
}
