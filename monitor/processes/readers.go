package processes

import (
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/instances"
)

// readers judges who reads a channel: exactly one, which gets on.
func (c *check) readers(ch *monitor.Channel) {
	list := c.rolling(c.now, ch)
	if !wanted(c.in, ch) {
		return
	}
	switch len(list) {
	case 0:
		c.missing(ch)
	case 1:
		c.hung(ch, &list[0])
	default:
		c.duplicate(ch, list)
	}
}

// onItsWay is how long after the log said that a client dies and is started again,
// over and over, one that is away is taken for being on its way.
const onItsWay = 15 * time.Second

// isOnItsWay reports that of a client. Where it is known that master does not start
// it again, whoever took the log up was somebody else.
func (c *check) isOnItsWay(ch *monitor.Channel) bool {
	l, said := c.hint.Reprocessed[ch.Name]
	s := c.setup()
	started := s.of(ch)
	again := s.File == "" || started != nil && started.Section == instances.Daemon
	return said && again && c.now.At.Sub(l.At) < onItsWay
}

// missing reports a channel without a reader. Master starts its daemons again at
// once, so one that is missing in a single sight, or while it dies again and again,
// may just be on its way. Where master itself is down, that is what is told.
func (c *check) missing(ch *monitor.Channel) {
	master := c.now.master(c.in)
	if master == nil {
		return
	}
	if c.isOnItsWay(ch) {
		return
	}
	if n := len(c.before); n > 0 && c.before[n-1].Trouble == "" && len(c.rolling(&c.before[n-1], ch)) > 0 {
		return
	}
	f := monitor.Finding{}
	c.missingSince(&f, ch)
	again, command := c.startAgain(ch, master)
	f.Command = command
	if ch.Kind == monitor.Squatter {
		f.Text = fmt.Sprintf("nobody indexes %s: squatter -R does not run, and its log grows. %s", c.about(ch), again)
		c.report(monitor.ClientMissing, monitor.Warning, ch, f)
		return
	}
	if former := c.elsewhere(); former != "" {
		again, f.Command = former, ""
	}
	f.Text = fmt.Sprintf("nobody replicates %s to %s: no rolling sync_client runs, and whatever changes waits in its log. %s", c.about(ch), inventory.Quoted(ch.Peer), again)
	c.report(monitor.ClientMissing, monitor.Critical, ch, f)
}

// missingSince says since when a channel has no reader: since the sights between
// which it went, else since it has taken no log.
func (c *check) missingSince(f *monitor.Finding, ch *monitor.Channel) {
	had, missed := c.lost(func(s *Sight) bool { return len(c.rolling(s, ch)) > 0 })
	since(f, had, missed)
	b := c.log(c.now, ch)
	switch {
	case had != nil || b == nil:
	case b.Run.Exists(): // it was there when it took that
		if f.Since = monitor.Time(b.Run.Taken); b.Run.Taken.After(missed.At) {
			f.SinceBy = ""
		}
	case b.Log.Exists():
		f.Since, f.SinceBy = monitor.Time(b.Log.First), ""
	}
}

func (c *check) duplicate(ch *monitor.Channel, list []monitor.Process) {
	slices.SortStableFunc(list, func(a, b monitor.Process) int { return a.Started.Compare(b.Started) })
	extra := list[len(list)-1]
	if master := c.now.master(c.in); master != nil && extra.Parent == master.PID {
		extra = list[0] // master would start its own again
	}
	c.report(monitor.ClientDuplicate, monitor.Critical, ch, monitor.Finding{
		Since:   monitor.Time(list[1].Started),
		Text:    fmt.Sprintf("%d readers work on %s (processes %s) and get in each other's way. End process %d, and see who started it", len(list), c.about(ch), pids(list), extra.PID),
		Command: kill("-TERM", []monitor.Process{extra}),
	})
}

// hung reports a client that is alive and does not get on: it is stopped, its
// replica accepts connections and says nothing, or it has neither read nor
// written a byte since the sight before while entries arrived.
func (c *check) hung(ch *monitor.Channel, p *monitor.Process) {
	if p.State == "T" {
		c.report(monitor.ClientHung, monitor.Critical, ch, monitor.Finding{
			Text:    fmt.Sprintf("process %d, which works on %s, is stopped by a signal. Let it go on", p.PID, c.about(ch)),
			Command: kill("-CONT", []monitor.Process{*p}),
		})
		return
	}
	b := c.log(c.now, ch)
	if b == nil || ch.Kind == monitor.Squatter || !b.Run.Exists() && !b.Log.Exists() {
		return
	}
	since := monitor.Time(b.Oldest())
	port := c.now.Ports[ch.Peer]
	if port.Trouble != "" && port.Connected {
		c.report(monitor.ClientHung, monitor.Critical, ch, monitor.Finding{
			Since: since, Subject: inventory.Text(ch.Peer),
			Text: fmt.Sprintf("%s is not replicated: the sync server %s accepts connections and says nothing (%s), and process %d waits for it without a word. Look after the replica; the client goes on by itself when that answers",
				c.about(ch), inventory.Quoted(ch.Peer), inventory.Quoted(port.Trouble), p.PID),
		})
		return
	}
	if port.Trouble == "" && c.still(ch, p, b) {
		c.report(monitor.ClientHung, monitor.Critical, ch, monitor.Finding{
			Since:   since,
			Text:    fmt.Sprintf("process %d works on %s and has neither read nor written anything for %s while entries arrived. End it; log-run stays and nothing is lost, and %s", p.PID, c.about(ch), inventory.DurationText(c.now.At.Sub(c.before[len(c.before)-1].At).Round(time.Second).Seconds()), c.afterwards(ch)),
			Command: kill("-TERM", []monitor.Process{*p}),
		})
	}
}

// still reports whether a client did nothing since the sight before though there
// was something to do.
func (c *check) still(ch *monitor.Channel, p *monitor.Process, b *monitor.Backlog) bool {
	if len(c.before) == 0 || p.IO == nil {
		return false
	}
	s := &c.before[len(c.before)-1]
	earlier := c.log(s, ch)
	if earlier == nil || !b.Run.Exists() || earlier.Run.Inode != b.Run.Inode || c.now.At.Sub(s.At) < c.opts.Still {
		return false
	}
	arrived := b.Log.Bytes > earlier.Log.Bytes || b.Log.Exists() && b.Log.Inode != earlier.Log.Inode
	return arrived && slices.ContainsFunc(c.rolling(s, ch), func(q monitor.Process) bool {
		return same(&q, p) && q.IO != nil && *q.IO == *p.IO
	})
}

// loop reports a log that is taken up again and again. The log counts how often;
// without it, two sights show it, one after the other, on the same file: the
// client dies young each time and is started anew, or it connects anew.
func (c *check) loop(ch *monitor.Channel) {
	if ch.Kind == monitor.Squatter {
		return
	}
	const most = 3 // a minute
	f := monitor.Finding{}
	if l, said := c.hint.Reprocessed[ch.Name]; said && c.lasts(ch, l) {
		if l.Times <= most {
			return
		}
		f.Value = inventory.Known(l.Times)
		f.Text = fmt.Sprintf("%s: the same log was taken up %.0f times within a minute", c.about(ch), l.Times)
	} else if before, now := c.sameLog(ch); now == nil {
		return
	} else if c.diesYoung(before, now) {
		f.Text = fmt.Sprintf("%s: its sync_client dies on the same log and is started again and again (process %d is gone already)", c.about(ch), before.PID)
	} else if c.reconnects(before, now) {
		f.Text = fmt.Sprintf("%s: its sync_client (process %d) drops its connection and takes up the same log again", c.about(ch), now.PID)
	} else {
		return
	}
	if b := c.log(c.now, ch); b != nil {
		f.Since = monitor.Time(b.Run.Taken)
		f.Subject = inventory.Text(ch.Dir + "/log-run")
	}
	f.Text += ". Something in it can't be replicated, and all that follows waits: the lines of sync_client and of the replica's sync_server say which mailbox; repair that on the replica and it goes on by itself"
	c.report(monitor.HotLoop, monitor.Critical, ch, f)
}

// lasts reports whether the log that was taken up again and again is still there:
// one that was taken since then is another, and the loop is over.
func (c *check) lasts(ch *monitor.Channel, l Loop) bool {
	b := c.log(c.now, ch)
	return b == nil || b.Run.Exists() && !b.Run.Taken.After(l.At)
}

// sameLog returns the client of the sight before and of this one, if both are
// there and have the same log to work on.
func (c *check) sameLog(ch *monitor.Channel) (before, now *monitor.Process) {
	if len(c.before) == 0 || c.now.Trouble != "" {
		return nil, nil
	}
	s := &c.before[len(c.before)-1]
	log, earlier := c.log(c.now, ch), c.log(s, ch)
	clients, those := c.rolling(c.now, ch), c.rolling(s, ch)
	if log == nil || earlier == nil || !log.Run.Exists() || log.Run.Inode != earlier.Run.Inode || len(clients) != 1 || len(those) != 1 {
		return nil, nil
	}
	return &those[0], &clients[0]
}

// diesYoung reports that both clients were a few seconds old, and not the same.
func (c *check) diesYoung(before, now *monitor.Process) bool {
	const young = 20 * time.Second
	return before.PID != now.PID && c.now.At.Sub(now.Started) <= young && c.before[len(c.before)-1].At.Sub(before.Started) <= young
}

// reconnects reports that a client has another connection than before. One that
// gets on keeps it for as long as a log takes.
func (c *check) reconnects(before, now *monitor.Process) bool {
	return c.now.At.Sub(c.before[len(c.before)-1].At) >= c.opts.Still && same(before, now) &&
		len(before.Sockets) > 0 && len(now.Sockets) > 0 && !slices.Equal(before.Sockets, now.Sockets)
}

// same reports whether two looks saw the same process. When it began is told in
// time since the machine started, and when that was follows the clock.
func same(before, now *monitor.Process) bool {
	return before.PID == now.PID && before.Started.Sub(now.Started).Abs() < 2*time.Second
}
