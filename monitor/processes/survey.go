package processes

import (
	"context"
	"net"
	"path/filepath"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Sight is what one look saw of all instances of a server.
type Sight struct {
	At        time.Time
	Processes []monitor.Process
	Trouble   string // why the processes could not be looked at
	Logs      []monitor.Backlog
	Left      []LeftLog            // the log-PID of Cyrus 2.3
	Closed    map[string]Closed    // by the directory of a channel: why Cyrus can't write its log
	Ports     map[string]Port      // by host:port: what was heard there
	Setups    map[string]Setup     // by imapd.conf
	Private   map[string][]Private // by configdirectory: what an apply has put there
}

// SurveyOptions say how to look.
type SurveyOptions struct {
	Proc string // /proc if empty
	// Dial connects to a sync server; nil is the net package's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Wait is how long a sync server may take to greet; 0 is 10 seconds.
	Wait time.Duration
}

// Survey looks at everything that [Check] judges. The logs are those that were
// seen last.
func Survey(ctx context.Context, list []monitor.Instance, logs []monitor.Backlog, opts SurveyOptions, now time.Time) Sight {
	if opts.Proc == "" {
		opts.Proc = "/proc"
	}
	if opts.Dial == nil {
		opts.Dial = new(net.Dialer).DialContext
	}
	if opts.Wait == 0 {
		opts.Wait = 10 * time.Second
	}
	s := Sight{At: now, Logs: logs, Closed: map[string]Closed{}, Setups: map[string]Setup{}, Private: map[string][]Private{}}
	var err error
	if s.Processes, err = lookAgain(ctx, list, now, func() ([]monitor.Process, error) { return Look(opts.Proc, list) }); err != nil {
		s.Trouble = err.Error()
	}
	for i := range list {
		in := &list[i]
		if in.Conf != "" {
			s.Setups[filepath.Clean(in.Conf)] = setup(in, s.master(in))
		}
		if in.Dir != "" {
			s.Private[in.Dir] = privates(in.Dir)
		}
		user, known := s.user(in)
		for _, ch := range in.Channels {
			s.Left = append(s.Left, left(ch.Dir)...)
			if !known || !ch.Logged {
				continue
			}
			if c := unwritable(ch.Dir, user); c.Why != "" {
				s.Closed[ch.Dir] = c
			}
		}
	}
	s.Ports = listen(ctx, addresses(list), opts)
	return s
}

// running returns what of an instance is alive: a zombie has ended and waits for
// its parent to notice.
func (s *Sight) running(in *monitor.Instance, keep func(*monitor.Process) bool) []monitor.Process {
	var kept []monitor.Process
	for _, p := range s.Processes {
		if p.State != "Z" && p.State != "X" && in.Conf != "" && p.Conf == filepath.Clean(in.Conf) && keep(&p) {
			kept = append(kept, p)
		}
	}
	return kept
}

// master returns the master process of an instance: the one with its
// configuration, or the parent of processes that have it, since master does not
// hand its own on.
func (s *Sight) master(in *monitor.Instance) *monitor.Process {
	own := s.running(in, func(*monitor.Process) bool { return true })
	for _, p := range own {
		if p.Name == "master" {
			return &p
		}
	}
	for _, p := range s.Processes {
		if p.Name == "master" && p.State != "Z" && slices.ContainsFunc(own, func(q monitor.Process) bool { return q.Parent == p.PID }) {
			return &p
		}
	}
	return nil
}

// user returns as whom an instance runs.
func (s *Sight) user(in *monitor.Instance) (int, bool) {
	for _, p := range s.Processes {
		if p.Conf == filepath.Clean(in.Conf) && p.User > 0 {
			return p.User, true
		}
	}
	return 0, false
}

// addresses are the sync servers that matter to this server: those to which its
// masters send, and those of its own replicas.
func addresses(list []monitor.Instance) []string {
	var all []string
	for i := range list {
		in := &list[i]
		if in.Role == inventory.Replica && in.CSync != "" {
			all = append(all, in.CSync)
		}
		for _, ch := range in.Channels {
			if wanted(in, &ch) && ch.Peer != "" {
				all = append(all, ch.Peer)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// wanted reports whether a channel is to have a reader that runs all the time.
func wanted(in *monitor.Instance, ch *monitor.Channel) bool {
	return ch.Logged && (ch.Kind == monitor.Squatter || in.Role == inventory.Master && ch.Peer != "")
}
