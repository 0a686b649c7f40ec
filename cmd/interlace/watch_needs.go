package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/processes"
)

// wrongRecovery says what the configuration lacks of what it allows.
func (c *config) wrongRecovery() error {
	m := &c.Monitor
	if m.Recover != "allow" {
		return nil
	}
	var wrong error
	lack := func(err error) { wrong = errors.Join(wrong, c.wrong("recover", err)) }
	if len(m.RoutingQuery) == 0 && m.RoutingFile == "" && !c.find("routing_query").wrong {
		lack(hint(errors.New("without routing_file or routing_query nothing is ever worked off"), "interlace help recovery says what it takes"))
	}
	if len(m.Runner) == 0 && !c.find("runner.argv").wrong {
		lack(&doubt{errors.New("without runner.argv only replicas on this machine can be asked, and only their logs are worked off")})
	}
	if len(m.Restart) == 0 && syncClient(m.SyncClient) == "" {
		lack(&doubt{errors.New("there is no sync_client where distributions and Cyrus put it; sync_client names it")})
	}
	return wrong
}

// needing works logs off as do does, but those for which the configuration or the
// inventory lack something: all of that is said at once, and nobody is asked.
func (l *local) needing(by string, do func(context.Context, processes.Job) (monitor.Action, error)) func(context.Context, processes.Job) (monitor.Action, error) {
	return func(ctx context.Context, job processes.Job) (monitor.Action, error) {
		lacks := l.lacks(&job)
		if lacks == nil {
			return do(ctx, job)
		}
		now, in := l.app.now(), &job.Instance
		return monitor.Action{
			At: now, Ended: now, By: by, What: "recover", Server: in.Server, Store: in.Store, Channel: job.Channel.Name, Outcome: processes.Refused,
			Text: "it takes more than is known here: " + strings.Join(lacks, "; ") + " (interlace help recovery)",
		}, nil
	}
}

// lacks lists what the configuration and the inventory lack of what it takes to work
// a log off.
func (l *local) lacks(job *processes.Job) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := &l.app.config.Monitor
	var list []string
	if len(m.RoutingQuery) == 0 && m.RoutingFile == "" {
		list = append(list, "neither routing_file nor routing_query is set")
	}
	if len(l.users[job.Instance.Store]) == 0 {
		list = append(list, fmt.Sprintf("the inventory has no user on %s whose route could be asked for", job.Instance.Store))
	}
	if _, err := l.replica(job); err != nil {
		list = append(list, err.Error())
	}
	if len(m.Runner) == 0 && !isHere(job.Channel.Peer) {
		list = append(list, fmt.Sprintf("runner.argv is not set, so what runs at %s cannot be asked for", inventory.Printable(job.Channel.Peer)))
	}
	if (len(m.Restart) == 0 || job.File != "") && syncClient(m.SyncClient) == "" {
		list = append(list, "sync_client is not where distributions and Cyrus put it, and not set")
	}
	return list
}

// sameService reports whether two addresses are one. A port may have its name, as
// csync has where imapd.conf does not say another, or its number.
func sameService(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	return errA == nil && errB == nil && hostA == hostB && portNumber(portA) == portNumber(portB)
}

func portNumber(port string) string {
	if n, err := net.LookupPort("tcp", port); err == nil {
		return strconv.Itoa(n)
	}
	if port == "csync" {
		return "2005" // as Cyrus' manual gives it
	}
	return port
}

// replica returns the instance at the other end of a channel, of which the inventory
// must know the imapd.conf.
func (l *local) replica(job *processes.Job) (*inventory.Instance, error) {
	s := l.store(job.Instance.Store)
	if s == nil {
		return nil, errors.New("the inventory does not know the store")
	}
	i := slices.IndexFunc(s.Instances, func(in inventory.Instance) bool {
		return in.Server != l.server && sameService(in.CSync, job.Channel.Peer)
	})
	if i < 0 {
		return nil, fmt.Errorf("the inventory has no other instance of %s with csync: %s", s.Name, inventory.Printable(job.Channel.Peer))
	}
	at := &s.Instances[i]
	if at.IMAPDConf == "" || strings.ContainsFunc(at.IMAPDConf, unicode.IsSpace) {
		return nil, fmt.Errorf("the inventory does not say where imapd.conf is on %s (imapd_conf), or its path has spaces", at.Server)
	}
	return at, nil
}
