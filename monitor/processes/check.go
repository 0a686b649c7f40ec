package processes

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Options are what else is known, and when something counts.
type Options struct {
	// Settle is how long a log may lie without a worker; 0 is a minute.
	Settle time.Duration
	// Still is how long a client may do nothing while entries arrive; 0 is a minute.
	Still time.Duration
	// Hints are what the logs say, by store.
	Hints map[inventory.StoreID]Hint
	// ExpireEvery is how old the last success of cyr_expire may be; 0 is three
	// days, for it runs every day.
	ExpireEvery time.Duration
	// Neighbours are the imapd.conf of instances that other servers of the inventory
	// have on this very machine.
	Neighbours []string
	// Routed says on which servers the users of stores are served, as far as that is
	// known; they may be no servers of the inventory.
	Routed map[inventory.StoreID]inventory.ServerID
	// Promoted are the replicas that take themselves to be masters, by their addresses.
	Promoted map[string]bool
}

// Hint is what the log of an instance says.
type Hint struct {
	Reprocessed map[string]Loop // by channel
	Expired     time.Time       // last success of cyr_expire; zero is unknown
}

// Loop is a log that was taken up again and again.
type Loop struct {
	Times float64   // within a minute
	At    time.Time // when the log of the instance said so last
}

// Check judges what was seen, the last sight in the light of those before. With
// one sight alone it says what that shows; a client that is restarted at that
// very moment is then taken for missing.
func Check(list []monitor.Instance, sights []Sight, opts Options) []monitor.Finding {
	if len(sights) == 0 {
		return nil
	}
	opts.Settle = cmp.Or(opts.Settle, time.Minute)
	opts.Still = cmp.Or(opts.Still, time.Minute)
	opts.ExpireEvery = cmp.Or(opts.ExpireEvery, 3*24*time.Hour)
	var found []monitor.Finding
	for i := range list {
		c := &check{in: &list[i], now: &sights[len(sights)-1], before: sights[:len(sights)-1], opts: opts, hint: opts.Hints[list[i].Store]}
		c.instance()
		found = append(found, c.found...)
	}
	found = append(found, strangers(list, &sights[len(sights)-1], opts.Neighbours)...)
	slices.SortStableFunc(found, func(a, b monitor.Finding) int {
		return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Subject, b.Subject))
	})
	return found
}

// check is the judgement of one instance.
type check struct {
	in     *monitor.Instance
	now    *Sight
	before []Sight
	opts   Options
	hint   Hint
	found  []monitor.Finding
}

func (c *check) instance() {
	if c.now.Trouble == "" && c.in.Conf != "" {
		c.master()
		c.misplaced()
		c.unknownChannels()
	}
	for i := range c.in.Channels {
		ch := &c.in.Channels[i]
		if c.now.Trouble == "" {
			c.readers(ch)
			c.orphans(ch)
		}
		c.peer(ch)
		c.writable(ch)
		c.loop(ch)
	}
	c.ownPort()
	c.expire()
	c.autocreate()
	c.passwords()
}

// report adds a finding at a channel, or at none.
func (c *check) report(kind monitor.Kind, severity monitor.Severity, ch *monitor.Channel, f monitor.Finding) {
	f.Probe, f.Kind, f.Severity = monitor.ProbeProcesses, kind, severity
	f.Server, f.Store = inventory.Text(c.in.Server), inventory.Text(c.in.Store)
	if ch != nil {
		f.Channel = inventory.Text(ch.Name)
	}
	c.found = append(c.found, f)
}

// rolling returns the readers of a channel. Of a parent with its worker, as
// Cyrus 2.3 runs them, it returns the parent.
func (c *check) rolling(s *Sight, ch *monitor.Channel) []monitor.Process {
	list := s.running(c.in, func(p *monitor.Process) bool { return reads(p, ch) && p.Rolling })
	return slices.DeleteFunc(slices.Clone(list), func(p monitor.Process) bool {
		return slices.ContainsFunc(list, func(q monitor.Process) bool { return q.PID == p.Parent })
	})
}

// reads reports whether a process is of the kind that reads the channel.
func reads(p *monitor.Process, ch *monitor.Channel) bool {
	name := "sync_client"
	if ch.Kind == monitor.Squatter {
		name = "squatter"
	}
	return p.Name == name && p.Channel == ch.Name
}

// lost returns the last sight in which something was so, if there is one, and the
// first after it in which it was not.
func (c *check) lost(was func(*Sight) bool) (had, missed *Sight) {
	missed = c.now
	for i := len(c.before) - 1; i >= 0; i-- {
		s := &c.before[i]
		if s.Trouble != "" {
			continue
		}
		if was(s) {
			return s, missed
		}
		missed = s
	}
	return nil, missed
}

// since says when what was lost was lost: between the two sights.
func since(f *monitor.Finding, had, missed *Sight) {
	if had != nil {
		f.Since = monitor.Time(had.At)
	}
	f.SinceBy = monitor.Time(missed.At)
}

// log returns what a sight saw of the logs of a channel, or nil.
func (c *check) log(s *Sight, ch *monitor.Channel) *monitor.Backlog {
	for i := range s.Logs {
		b := &s.Logs[i]
		if b.Store == c.in.Store && b.Server == c.in.Server && b.Channel == ch.Name && b.Trouble == "" {
			return b
		}
	}
	return nil
}

// program returns the path of a program of the instance's Cyrus.
func (c *check) program(name string) string {
	return filepath.Join(c.setup().Programs, name)
}

// setup is how the instance's programs are started.
func (c *check) setup() Setup { return c.now.Setups[filepath.Clean(c.in.Conf)] }

// about names the channel in a sentence.
func (c *check) about(ch *monitor.Channel) string {
	if ch.Name == monitor.DefaultChannel {
		return fmt.Sprintf("store %s", c.in.Store)
	}
	return fmt.Sprintf("channel %s of store %s", inventory.Quoted(ch.Name), c.in.Store)
}

// former says why this may be a former master, whose client must not be started, or
// nothing: users are served by another server, or the replica is a master too.
func (c *check) former(ch *monitor.Channel) string {
	const noClient = "so this may be a former master: don't run a sync_client here, which would send old state"
	at := c.opts.Routed[c.in.Store]
	switch {
	case c.in.Role != inventory.Master:
		return ""
	case at != "" && at != c.in.Server:
		return fmt.Sprintf("The routing says that users of store %s are served by %s, %s; correct the inventory or the routing, whichever is wrong", c.in.Store, inventory.Printable(string(at)), noClient)
	case c.opts.Promoted[ch.Peer]:
		return fmt.Sprintf("At %s a rolling sync_client runs, as on a master, %s; if that is the master now, correct the inventory, and if it only passes changes on to a further replica, start the client by hand", inventory.Quoted(ch.Peer), noClient)
	}
	return ""
}

// clientCommand is a sync_client of a channel with further words.
func clientCommand(program string, in *monitor.Instance, ch *monitor.Channel, words ...string) []string {
	command := []string{program, "-C", in.Conf, "-r"}
	if ch.Name != monitor.DefaultChannel {
		command = append(command, "-n", ch.Name)
	}
	return append(command, words...)
}

func pids(list []monitor.Process) string {
	words := make([]string, len(list))
	for i, p := range list {
		words[i] = fmt.Sprint(p.PID)
	}
	return strings.Join(words, ", ")
}
