package processes

import (
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// master reports an instance whose master process does not run.
func (c *check) master() {
	if c.now.master(c.in) != nil {
		return
	}
	f := monitor.Finding{Text: fmt.Sprintf("Cyrus of store %s (%s) does not run here: there is no master process. Start it with its service, or where it has none, as it was last seen to run", c.in.Store, c.in.Role)}
	had, missed := c.lost(func(s *Sight) bool { return s.master(c.in) != nil })
	since(&f, had, missed)
	if had != nil {
		f.Command = inventory.Paste(background(had.master(c.in).Command)...)
	}
	c.report(monitor.MasterDown, monitor.Critical, nil, f)
}

// background is the command of a master such that it goes into the background.
func background(command []string) []string {
	command = slices.Clone(command)
	for i, word := range command {
		if word == "-D" {
			command[i] = "-d"
		}
	}
	return command
}

// peer reports a sync server that a channel needs and that does not answer, if a
// client that hangs on it has not told that already.
func (c *check) peer(ch *monitor.Channel) {
	port, asked := c.now.Ports[ch.Peer]
	told := slices.ContainsFunc(c.found, func(f monitor.Finding) bool {
		return f.Kind == monitor.ClientHung && f.Channel == inventory.Text(ch.Name)
	})
	if !asked || port.Trouble == "" || !wanted(c.in, ch) || ch.Kind == monitor.Squatter || told {
		return
	}
	f := monitor.Finding{
		Subject: inventory.Text(ch.Peer),
		Text:    fmt.Sprintf("the sync server %s, to which %s is replicated, does not answer from here: %s. Start the replica or repair the way there; changes wait in the log meanwhile", inventory.Quoted(ch.Peer), c.about(ch), inventory.Quoted(port.Trouble)),
	}
	c.silentSince(&f, ch.Peer)
	c.report(monitor.ReplicaUnreachable, monitor.Critical, ch, f)
}

// ownPort reports a replica on this server whose sync server does not answer.
func (c *check) ownPort() {
	port, asked := c.now.Ports[c.in.CSync]
	if !asked || port.Trouble == "" || c.in.Role != inventory.Replica {
		return
	}
	f := monitor.Finding{
		Subject: inventory.Text(c.in.CSync),
		Text:    fmt.Sprintf("the sync server of the replica of store %s at %s does not answer: %s. Its master can't replicate; look at the csync service in cyrus.conf and at the log", c.in.Store, inventory.Quoted(c.in.CSync), inventory.Quoted(port.Trouble)),
	}
	c.silentSince(&f, c.in.CSync)
	c.report(monitor.PortSilent, monitor.Critical, nil, f)
}

// silentSince says since when an address does not answer.
func (c *check) silentSince(f *monitor.Finding, address string) {
	had, missed := c.lost(func(s *Sight) bool { port, asked := s.Ports[address]; return asked && port.Trouble == "" })
	since(f, had, missed)
}

// writable reports a log that Cyrus can't write: changes that are not logged
// never reach the replica.
func (c *check) writable(ch *monitor.Channel) {
	closed := c.now.Closed[ch.Dir]
	if closed.Why == "" {
		return
	}
	c.report(monitor.LogUnwritable, monitor.Critical, ch, monitor.Finding{
		Subject: inventory.Text(ch.Dir), Command: closed.Command,
		Text: fmt.Sprintf("Cyrus can't write the sync log of %s: %s. Correct that. No sync_client can take a log up there; to one that lies there Cyrus may still be adding, and without one changes are lost for the replica from now on: afterwards run interlace compare --store %s", c.about(ch), closed.Why, c.in.Store),
	})
}

// expire reports a cyr_expire that has not succeeded for long: what was deleted
// stays on the disks. Where its last success is not known, nothing is said.
func (c *check) expire() {
	last := c.hint.Expired
	if last.IsZero() || c.now.At.Sub(last) <= c.opts.ExpireEvery {
		return
	}
	c.report(monitor.ExpireOverdue, monitor.Warning, nil, monitor.Finding{
		Since: monitor.Time(last), Value: inventory.Known(c.now.At.Sub(last).Seconds()),
		Text: fmt.Sprintf("cyr_expire has not ended well for store %s (%s) since %s, so deleted mail stays on its disks. Look at the EVENTS section of cyrus.conf and at the log", c.in.Store, c.in.Role, last.UTC().Format(time.RFC3339)),
	})
}

// autocreate reports a replica on which a login makes mailboxes.
func (c *check) autocreate() {
	if c.in.Role != inventory.Replica || !c.in.Autocreate {
		return
	}
	c.report(monitor.AutocreateOn, monitor.Warning, nil, monitor.Finding{
		Subject: inventory.Text(c.in.Conf),
		Text:    fmt.Sprintf("a login on the replica of store %s creates mailboxes that its master does not have. Set autocreate_quota: -1 in %q", c.in.Store, c.in.Conf),
	})
}
