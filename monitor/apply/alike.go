package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/monitor/prove"
)

// unlike returns the mailboxes of which a replica has other counters or checksums than its
// master, or that only one of them has. On a live pair those are also what was changed a
// moment ago.
func (o *Options) unlike(ctx context.Context, master, replica inventory.Instance) (map[cyrus.InternalName]prove.Pair, error) {
	var marks [2][]cyrus.Mark
	var servers [2]cyrus.Server
	var asking errgroup.Group
	for i, in := range []inventory.Instance{master, replica} {
		asking.Go(func() error {
			c, err := o.Dial(ctx, in, "")
			if err != nil {
				return err
			}
			defer c.Close()
			servers[i] = c.Server()
			marks[i], _, err = c.Marks(ctx)
			return err
		})
	}
	if err := asking.Wait(); err != nil {
		return nil, err
	}
	return prove.Unlike(marks, servers[0].Version == servers[1].Version), nil
}

// looks is how often what differs is looked at, and stood at how many of them it has to
// have stood still to be a difference.
const looks, stood = 6, 2

// proveAlike fails where a live replica differs from its master by more than what is on
// its way: where some difference stood still.
func (o *Options) proveAlike(ctx context.Context, master, replica inventory.Instance) error {
	var before map[cyrus.InternalName]prove.Pair
	still := map[cyrus.InternalName]int{}
	for look := range looks {
		if look > 0 {
			if err := host.Pause(ctx, o.Layouts.pause()); err != nil {
				return err
			}
		}
		now, err := o.unlike(ctx, master, replica)
		if err != nil {
			return err
		}
		if len(now) == 0 {
			return nil
		}
		moving := true
		for name, p := range now {
			if b, was := before[name]; was && b == p {
				still[name]++
				moving = false
			} else {
				still[name] = 0
			}
		}
		if before = now; moving && look >= stood {
			return nil
		}
	}
	maps.DeleteFunc(before, func(name cyrus.InternalName, _ prove.Pair) bool { return still[name] < stood })
	if len(before) == 0 {
		return nil
	}
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if len(texts) == prove.MostShown {
			texts = append(texts, "and more")
			break
		}
		texts = append(texts, inventory.Printable(string(name))+" "+before[name].Text())
	}
	return fmt.Errorf("%s is not what %s is: %s (interlace compare tells more)", replica.Server, master.Server, strings.Join(texts, "; "))
}

// unlikeSettings says in what the settings of a replica keep it from being one of a master.
func unlikeSettings(master, replica *host.Host) error {
	var wrong error
	for _, key := range agree {
		if a, b := master.Settings[key], replica.Settings[key]; a != b {
			wrong = errors.Join(wrong, fmt.Errorf("%s is %s in %s on %s, and %s in %s on %s", key, inventory.Quoted(a), master.Conf, master.Server, inventory.Quoted(b), replica.Conf, replica.Server))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(master.Settings)) {
		if strings.HasPrefix(key, "partition-") && replica.Settings[key] == "" {
			wrong = errors.Join(wrong, fmt.Errorf("%s on %s has no %s", replica.Conf, replica.Server, key))
		}
	}
	if quota := replica.Settings["autocreate_quota"]; !strings.HasPrefix(quota, "-") {
		wrong = errors.Join(wrong, fmt.Errorf("a login makes mailboxes on %s: autocreate_quota in %s is %s and has to be -1", replica.Server, replica.Conf, inventory.Quoted(quota)))
	}
	return wrong
}

// greeted is what an instance says of itself over IMAP, and which mailboxes it has.
type greeted struct {
	inventory.Instance
	server cyrus.Server
	names  []cyrus.InternalName
}

// greet logs in to an instance as an administrator.
func (o *Options) greet(ctx context.Context, in inventory.Instance) (*greeted, error) {
	c, err := o.Dial(ctx, in, "")
	if err != nil {
		return nil, err
	}
	defer c.Close()
	g := &greeted{Instance: in, server: c.Server()}
	if g.server.Murder != "" {
		return nil, fmt.Errorf("the instance on %s is part of a murder, which interlace leaves alone", in.Server)
	}
	g.names, err = c.Names(ctx)
	return g, err
}

// older says that a replica would be older than its master.
func older(master, replica *greeted) error {
	m, r := inventory.Settings{Version: master.server.Version}, inventory.Settings{Version: replica.server.Version}
	if differ, _ := m.Differences(r); differ > 0 {
		return fmt.Errorf("%s has Cyrus %s, which is older than %s on %s, from which it would get its mail", replica.Server, r.Version, m.Version, master.Server)
	}
	return nil
}

// admits says why the sync server of a replica would not let its master in.
func (o *Options) admits(replica *host.Host) error {
	if slices.Contains(strings.Fields(replica.Settings["admins"]), o.SyncUser) {
		return nil
	}
	return fmt.Errorf("admins in %s on %s does not have %s, the account with which masters replicate (sync.user)", replica.Conf, replica.Server, inventory.Quoted(o.SyncUser))
}
