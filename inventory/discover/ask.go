package discover

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// view is what is known of one store after its instances were asked.
type view struct {
	known    bool                  // the master answered
	owners   []owner               // users by name, then shared trees by name
	settings []*inventory.Settings // by instance; nil where unknown
	findings []Finding

	asked, answered int
}

// asker asks the instances of all stores.
type asker struct {
	inv      *inventory.Inventory
	ask      Ask
	options  Options
	expected []int                                // mailboxes, by index in Stores
	servers  map[inventory.ServerID]chan struct{} // one place for each connection
	mu       sync.Mutex
	done, of int
}

// askAll asks all stores, each of them replicas first, and digests the answers
// store by store.
func askAll(ctx context.Context, inv *inventory.Inventory, ask Ask, o Options) ([]view, error) {
	a := &asker{inv: inv, ask: ask, options: o, expected: expected(inv), servers: map[inventory.ServerID]chan struct{}{}}
	for i := range inv.Servers {
		a.servers[inv.Servers[i].Name] = make(chan struct{}, o.Connections)
	}
	for i := range inv.Stores {
		for _, in := range inv.Stores[i].Instances {
			if in.IMAP != "" && !a.down(in.Server) {
				a.of++
			}
		}
	}
	views := make([]view, len(inv.Stores))
	var group errgroup.Group
	group.SetLimit(o.Parallel)
	for i := range inv.Stores {
		group.Go(func() error {
			views[i] = a.store(ctx, i)
			return ctx.Err()
		})
	}
	return views, group.Wait()
}

// expected returns how many mailboxes the users of each store had.
func expected(inv *inventory.Inventory) []int {
	counts := make([]int, len(inv.Stores))
	for i := range inv.Users {
		if at, mailboxes := inv.Store(inv.Users[i].Store), inv.Users[i].Mailboxes; at >= 0 && mailboxes != inventory.Unknown {
			counts[at] += int(mailboxes)
		}
	}
	return counts
}

// store asks the instances of one store: the replicas first and the master last.
func (a *asker) store(ctx context.Context, at int) view {
	store := &a.inv.Stores[at]
	v := view{settings: make([]*inventory.Settings, len(store.Instances))}
	replicas := make([]*digest, len(store.Instances))
	for i := len(store.Instances) - 1; i >= 0; i-- {
		in := store.Instances[i]
		snapshot := a.instance(ctx, &v, at, in)
		if snapshot == nil {
			continue
		}
		v.settings[i] = settings(in.Settings, snapshot)
		v.findings = append(v.findings, oddVersion(store, in, snapshot)...)
		if i > 0 {
			replicas[i] = newDigest(snapshot)
			continue
		}
		v.known = true
		v.owners = owners(store.Name, snapshot, a.options)
		v.findings = append(v.findings, unreadable(store, snapshot)...)
		v.findings = append(v.findings, tellsLess(store, snapshot)...)
		for k := 1; k < len(replicas); k++ {
			if replicas[k] != nil {
				v.findings = append(v.findings, replicas[k].against(snapshot, store, store.Instances[k].Server)...)
			}
		}
	}
	return v
}

// instance asks one instance, or says why not.
func (a *asker) instance(ctx context.Context, v *view, at int, in inventory.Instance) *cyrus.Snapshot {
	store := &a.inv.Stores[at]
	finding := Finding{Store: store.Name, Server: in.Server}
	switch {
	case a.down(in.Server):
		finding.Kind = ServerDown
		finding.Text = fmt.Sprintf("%s on %s was not asked: the server is down; what was known of it stays", store.Name, in.Server)
		v.findings = append(v.findings, finding)
		return nil
	case in.IMAP == "":
		finding.Kind, finding.Stops = NoAddress, in.Role == inventory.Master && !a.options.Partial
		finding.Text = fmt.Sprintf("%s of %s on %s has no IMAP address", in.Role, store.Name, in.Server)
		finding.Hint = "give the instance imap: host:port"
		v.findings = append(v.findings, finding)
		return nil
	}
	v.asked++
	snapshot, err := a.read(ctx, in, a.expected[at])
	switch {
	case err != nil:
		finding.Kind, finding.Stops, finding.Err = Unreachable, !a.options.Partial, err
		finding.Cause = strings.ReplaceAll(err.Error(), "imap "+in.IMAP+": ", "")
		did := "did not answer"
		if finding.Refused() {
			did = "did not let us in"
		}
		finding.Text = fmt.Sprintf("%s of %s on %s %s: %v", in.Role, store.Name, in.Server, did, err)
		finding.Hint = unreachableHint(err)
		v.findings = append(v.findings, finding)
		return nil
	case snapshot.Server.Murder != "":
		finding.Kind, finding.Stops = Murder, true
		finding.Text = fmt.Sprintf("%s of %s on %s is part of a Cyrus murder: which of its servers has a mailbox is kept by %s",
			in.Role, store.Name, in.Server, inventory.Printable(snapshot.Server.Murder))
		finding.Hint = "interlace knows fleets of independent instances only, without mupdate_server in imapd.conf"
		v.findings = append(v.findings, finding)
		v.answered++
		return nil
	}
	v.answered++
	return snapshot
}

// unreachableHint says what to do about an instance that could not be read.
func unreachableHint(err error) string {
	switch {
	case errors.Is(err, cyrus.ErrLogin):
		return "imap.user and imap.password_file name an administrator of the instances (admins: in imapd.conf) and its password"
	case errors.Is(err, cyrus.ErrTLS):
		return "imap.tls says how connections are protected (starttls, tls, or none on loopback), imap.ca_file whose certificates to trust"
	case errors.Is(err, cyrus.ErrFlood):
		return "if it really has so many mailboxes, say in the fleet file how many its users have, in the column mailboxes"
	}
	return ""
}

// read asks over one of the server's connections.
func (a *asker) read(ctx context.Context, in inventory.Instance, mailboxes int) (*cyrus.Snapshot, error) {
	place := a.servers[in.Server]
	select {
	case place <- struct{}{}:
		defer func() { <-place }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	late := fmt.Errorf("it was not done within %s: %w", inventory.DurationText(a.options.Timeout.Seconds()), context.DeadlineExceeded)
	limited, cancel := context.WithTimeoutCause(ctx, a.options.Timeout, late)
	defer cancel()
	snapshot, err := a.ask(limited, in, mailboxes)
	if a.options.Progress != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.done++
		a.options.Progress(a.done, a.of)
	}
	return snapshot, err
}

func (a *asker) down(server inventory.ServerID) bool {
	i := a.inv.Server(server)
	return i >= 0 && a.inv.Servers[i].State == inventory.Down
}
