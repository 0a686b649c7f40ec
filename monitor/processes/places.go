package processes

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// misplaced reports rolling clients of an instance that is no master. A client of
// a former master pushes old state over what users have done since: the worst
// that can happen. A replica that logs for further replicas has its own.
func (c *check) misplaced() {
	if c.in.Role != inventory.Replica || c.in.Chained {
		return
	}
	list := c.now.running(c.in, isClient)
	if len(list) == 0 {
		return
	}
	f := monitor.Finding{
		Since: monitor.Time(list[0].Started),
		Text: fmt.Sprintf("a rolling sync_client (process %s) sends the changes of store %s from here, where its replica is, and may overwrite newer mail on its master. End it at once, then compare the store",
			pids(list), c.in.Store),
		Command: kill("-TERM", list),
	}
	if master := c.now.master(c.in); master != nil && list[0].Parent == master.PID {
		f.Command = kill("-HUP", []monitor.Process{*master})
		f.Text += ": master starts it again as long as cyrus.conf has it in its DAEMON section, so take it out there first"
	}
	c.report(monitor.ClientMisplaced, monitor.Critical, nil, f)
}

// kill is a command that sends a signal to processes.
func kill(signal string, list []monitor.Process) inventory.Text {
	words := []string{"kill", signal}
	for _, p := range list {
		words = append(words, strconv.Itoa(p.PID))
	}
	return inventory.Paste(words...)
}

func isClient(p *monitor.Process) bool { return p.Name == "sync_client" && p.Rolling }

// unknownChannels reports rolling clients of a master that read a channel which
// its configuration does not have: nothing is logged there for them.
func (c *check) unknownChannels() {
	if c.in.Role != inventory.Master || c.in.Trouble != "" {
		return
	}
	list := c.now.running(c.in, func(p *monitor.Process) bool {
		return isClient(p) && !slices.ContainsFunc(c.in.Channels, func(ch monitor.Channel) bool { return ch.Name == p.Channel && ch.Logged })
	})
	if len(list) == 0 {
		return
	}
	c.report(monitor.ClientMisplaced, monitor.Warning, nil, monitor.Finding{
		Since: monitor.Time(list[0].Started),
		Text: fmt.Sprintf("a rolling sync_client (process %s) reads channel %s of store %s, to which %q logs nothing. Correct its -n and -C, or sync_log and sync_log_channels there",
			pids(list), inventory.Quoted(list[0].Channel), c.in.Store, c.in.Conf),
	})
}

// strangers reports rolling clients of instances that the inventory does not
// have on this server, nor on another one that is the same machine.
func strangers(list []monitor.Instance, s *Sight, neighbours []string) []monitor.Finding {
	if len(list) == 0 {
		return nil
	}
	var found []monitor.Finding
	told := map[string]bool{}
	for _, p := range s.Processes {
		known := slices.ContainsFunc(list, func(in monitor.Instance) bool { return in.Conf == "" || filepath.Clean(in.Conf) == p.Conf })
		if known || slices.Contains(neighbours, p.Conf) || !isClient(&p) || p.State == "Z" || told[p.Conf] {
			continue
		}
		told[p.Conf] = true
		found = append(found, monitor.Finding{
			Probe: monitor.ProbeProcesses, Kind: monitor.ClientMisplaced, Severity: monitor.Warning,
			Server: inventory.Text(list[0].Server), Subject: inventory.Text(p.Conf), Since: monitor.Time(p.Started),
			Text: fmt.Sprintf("a rolling sync_client (process %d) runs with %q, and the inventory has no instance with that on this server. If it is that of a former master, end it; else correct its -C or the inventory",
				p.PID, p.Conf),
		})
	}
	return found
}
