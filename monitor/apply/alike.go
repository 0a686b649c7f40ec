package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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
	err := o.askBoth(ctx, master, replica, func(i int, c *cyrus.Client) (err error) {
		servers[i] = c.Server()
		marks[i], _, err = c.Marks(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return prove.Unlike(marks, servers[0].Version == servers[1].Version), nil
}

// unlikeQuotas returns the quotas that a replica does not have as its master has them, of which
// no counter of a mailbox tells. On a live pair those are also what was changed a moment ago.
func (o *Options) unlikeQuotas(ctx context.Context, master, replica inventory.Instance) (map[cyrus.InternalName]prove.QuotaPair, error) {
	var quotas [2]map[cyrus.InternalName]prove.Quota
	err := o.askBoth(ctx, master, replica, func(i int, c *cyrus.Client) (err error) {
		quotas[i], err = prove.Quotas(ctx, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return prove.UnlikeQuotas(quotas), nil
}

// askBoth asks a master and its replica at the same time, as an administrator.
func (o *Options) askBoth(ctx context.Context, master, replica inventory.Instance, ask func(i int, c *cyrus.Client) error) error {
	var asking errgroup.Group
	for i, in := range []inventory.Instance{master, replica} {
		asking.Go(func() error {
			c, err := o.Dial(ctx, in, "")
			if err != nil {
				return err
			}
			defer c.Close()
			return ask(i, c)
		})
	}
	return asking.Wait()
}

// proveAlike fails where a live replica differs from its master by more than what is on
// its way: where some difference stood still, of mailboxes or of quotas.
func (o *Options) proveAlike(ctx context.Context, master, replica inventory.Instance) error {
	mailboxes, err := stoodStill(ctx, o.Layouts.pause(), func() (map[cyrus.InternalName]prove.Pair, error) { return o.unlike(ctx, master, replica) })
	if err != nil {
		return err
	}
	quotas, err := stoodStill(ctx, o.Layouts.pause(), func() (map[cyrus.InternalName]prove.QuotaPair, error) { return o.unlikeQuotas(ctx, master, replica) })
	if err != nil {
		return err
	}
	texts := append(textsOf(mailboxes), textsOf(quotas)...)
	if len(texts) == 0 {
		return nil
	}
	return fmt.Errorf("%s is not what %s is: %s (interlace compare --level 2 tells more)", replica.Server, master.Server, few(texts))
}

// difference is one between a master and its replica.
type difference interface {
	comparable
	Text() string
}

// textsOf says what differs, sorted.
func textsOf[K ~string, D difference](found map[K]D) []string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(found)) {
		texts = append(texts, inventory.Printable(string(name))+" "+found[name].Text())
	}
	return texts
}

// few joins texts, and says where there are more.
func few(texts []string) string {
	if len(texts) > prove.MostShown {
		texts = append(texts[:prove.MostShown:prove.MostShown], fmt.Sprintf("and %d more", len(texts)-prove.MostShown))
	}
	return strings.Join(texts, "; ")
}

// looks is how often what differs is looked at, and stood at how many of them it has to
// have stood still to be a difference.
const looks, stood = 6, 2

// stoodStill returns what differs in a live pair and has stood still.
func stoodStill[K ~string, D difference](ctx context.Context, pause time.Duration, look func() (map[K]D, error)) (map[K]D, error) {
	var before map[K]D
	still := map[K]int{}
	for n := range looks {
		if n > 0 {
			if err := host.Pause(ctx, pause); err != nil {
				return nil, err
			}
		}
		now, err := look()
		if err != nil || len(now) == 0 {
			return nil, err
		}
		moving := true
		for name, d := range now {
			if b, was := before[name]; was && b == d {
				still[name]++
				moving = false
			} else {
				still[name] = 0
			}
		}
		if before = now; moving && n >= stood {
			return nil, nil
		}
	}
	maps.DeleteFunc(before, func(name K, _ D) bool { return still[name] < stood })
	return before, nil
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
