package processes

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// orphans reports logs of a channel that were taken and that nobody works on.
func (c *check) orphans(ch *monitor.Channel) {
	switch {
	case ch.Kind == monitor.Squatter:
		return
	case ch.Kind == monitor.Leftover && c.in.Role == inventory.Master:
		c.leftover(ch)
		return
	}
	if b := c.log(c.now, ch); b != nil && b.Run.Exists() {
		path := filepath.Join(ch.Dir, "log-run")
		if c.now.At.Sub(b.Run.Taken) >= c.opts.Settle && b.Worker == 0 && worker(c.now, c.in, ch, path) == 0 && !c.isOnItsWay(ch) {
			c.orphan(ch, path, monitor.Time(b.Run.Taken), append([]string{"env", inForeground}, clientCommand(c.program("sync_client"), c.in, ch, "-1")...), nil)
		}
	}
	for _, l := range c.now.Left {
		if l.Dir != ch.Dir || c.now.At.Sub(l.Modified) < c.opts.Settle || parentLives(c.now, l) || worker23(c.now, l) {
			continue
		}
		command := clientCommand(c.program("sync_client"), c.in, ch, "-f", l.Path)
		c.orphan(ch, l.Path, monitor.Time(l.Modified), command, []string{"rm", "--", l.Path})
	}
}

// leftover reports what lies in a channel to which nothing is logged any more. It may be from
// before other channels were configured, or from when this was a replica that somebody
// wrote to; where it is to be sent nobody knows.
func (c *check) leftover(ch *monitor.Channel) {
	b := c.log(c.now, ch)
	if b == nil || b.Bytes() == 0 || c.now.At.Sub(b.Oldest()) < c.opts.Settle || b.Worker != 0 || len(c.rolling(c.now, ch)) > 0 {
		return
	}
	c.report(monitor.LogOrphaned, monitor.Warning, ch, monitor.Finding{
		Since: monitor.Time(b.Oldest()), Subject: inventory.Text(ch.Dir), Command: inventory.Paste("interlace", "compare", "--store", string(c.in.Store)),
		Text: fmt.Sprintf("a sync log was left behind in %q: %q logs the changes of store %s to other channels now, and nobody reads this one, %s. What it names may not be on the replica: compare the store, then remove the log",
			ch.Dir, c.in.Conf, c.in.Store, inventory.Quoted(ch.Name)),
	})
}

func (c *check) orphan(ch *monitor.Channel, path string, since inventory.Text, command, then []string) {
	f := monitor.Finding{Since: since, Subject: inventory.Text(path)}
	what := fmt.Sprintf("%q was left behind and nobody works on it: its changes are not on the replica of %s", path, c.about(ch))
	if c.in.Role != inventory.Master {
		f.Text = what + ". This is no master: don't run a sync_client here, which would send old state; compare the store, then remove the file"
		c.report(monitor.LogOrphaned, monitor.Warning, ch, f)
		return
	}
	if former := c.former(ch); former != "" {
		f.Text = what + ". " + former
		c.report(monitor.LogOrphaned, monitor.Critical, ch, f)
		return
	}
	f.Text = what + ". If this is the master, work it off; it is not to be deleted before"
	if f.Command = inventory.Paste(command...); f.Command != "" && then != nil {
		f.Command += " && " + inventory.Paste(then...)
	}
	c.report(monitor.LogOrphaned, monitor.Critical, ch, f)
}

// worker returns the process that works on a channel of an instance, or will do
// so by itself, or 0. A client connects before it opens the log, so one that has
// nothing open counts too, and so does one whose descriptors can't be read.
func worker(s *Sight, in *monitor.Instance, ch *monitor.Channel, path string) int {
	for _, p := range s.Processes {
		if p.State == "Z" || p.State == "X" {
			continue
		}
		own := p.Name == "sync_client" && p.Conf == filepath.Clean(in.Conf) && p.Channel == ch.Name && (p.Rolling || runsOnce(&p))
		if own || slices.Contains(p.Open, path) {
			return p.PID
		}
	}
	return 0
}

// runsOnce reports a client that works one log off and ends.
func runsOnce(p *monitor.Process) bool {
	_, rolls := options(p.Command, valued[p.Name])['r']
	return rolls && !p.Rolling
}

// parentLives reports whether the parent in the name of a log of Cyrus 2.3 is
// there to give it to its next worker: it is a sync_client or has one.
func parentLives(s *Sight, l LeftLog) bool {
	return slices.ContainsFunc(s.Processes, func(p monitor.Process) bool {
		return p.Name == "sync_client" && p.State != "Z" && (p.PID == l.Parent || p.Parent == l.Parent)
	})
}

// worker23 reports whether somebody has the log open or was started on it.
func worker23(s *Sight, l LeftLog) bool {
	return slices.ContainsFunc(s.Processes, func(p monitor.Process) bool {
		return p.State != "Z" && (slices.Contains(p.Open, l.Path) || p.File == l.Path)
	})
}
