package processes

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
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
}

// Hint is what the log of an instance says.
type Hint struct {
	Reprocessed map[string]Loop // by channel
	Disabled    []string        // channels whose client master has given up until it gets a HUP
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
}

// report adds a finding at a channel, or at none.
func (c *check) report(kind monitor.Kind, severity monitor.Severity, ch *monitor.Channel, f monitor.Finding) {
	f.Probe, f.Kind, f.Severity = monitor.ProbeProcesses, kind, severity
	f.Server, f.Store, f.Subject = inventory.Text(c.in.Server), inventory.Text(c.in.Store), harmless(string(f.Subject))
	if ch != nil {
		f.Channel = harmless(ch.Name)
	}
	c.found = append(c.found, f)
}

// harmless writes a name that others chose so that it can go to a terminal.
func harmless(name string) inventory.Text {
	quoted := strconv.Quote(name)
	return inventory.Text(quoted[1 : len(quoted)-1])
}

// processes returns what a sight saw of the instance that is alive: a zombie has
// ended and waits for its parent to notice.
func (c *check) processes(s *Sight, keep func(*monitor.Process) bool) []monitor.Process {
	var kept []monitor.Process
	for _, p := range s.Processes {
		if p.State != "Z" && p.State != "X" && c.in.Conf != "" && p.Conf == filepath.Clean(c.in.Conf) && keep(&p) {
			kept = append(kept, p)
		}
	}
	return kept
}

// rolling returns the readers of a channel. Of a parent with its worker, as
// Cyrus 2.3 runs them, it returns the parent.
func (c *check) rolling(s *Sight, ch *monitor.Channel) []monitor.Process {
	list := c.processes(s, func(p *monitor.Process) bool { return reads(p, ch) && p.Rolling })
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

// masterOf returns the master process of the instance in a sight: the one with
// its configuration, or the parent of processes that have it, since master does
// not hand its own on.
func (c *check) masterOf(s *Sight) *monitor.Process {
	own := c.processes(s, func(p *monitor.Process) bool { return true })
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

// last returns the newest earlier sight that satisfies a condition.
func (c *check) last(is func(*Sight) bool) *Sight {
	for i := len(c.before) - 1; i >= 0; i-- {
		if c.before[i].Trouble == "" && is(&c.before[i]) {
			return &c.before[i]
		}
	}
	return nil
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
	for _, s := range append([]Sight{*c.now}, c.before...) {
		if m := c.masterOf(&s); m != nil && len(m.Command) > 0 && filepath.IsAbs(m.Command[0]) {
			return filepath.Join(filepath.Dir(m.Command[0]), name)
		}
	}
	return name
}

// about names the channel in a sentence.
func (c *check) about(ch *monitor.Channel) string {
	if ch.Name == monitor.DefaultChannel {
		return fmt.Sprintf("store %s", c.in.Store)
	}
	return fmt.Sprintf("channel %s of store %s", inventory.Quoted(ch.Name), c.in.Store)
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
