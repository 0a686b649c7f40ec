package main

import (
	"context"
	"errors"
	"maps"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// originals are users whose mailboxes apply keeps, to be denied, on stores from which it has
// moved them, and shared trees. Nobody is to log in as these users there, so that a comparison
// cannot, either; and each is counted as a user on the store where he lives.
type originals map[holder]original

type original struct {
	course.Kept
	report.Original
}

// originals returns them as the journal has it, which names users and shared trees alike: each
// is both, until a server says which of them there is.
func (a *app) originals(ctx context.Context) (originals, error) {
	found, err := a.whereabouts(ctx)
	kept := originals{}
	for user, w := range found {
		for _, k := range w.Kept {
			o := report.Original{Store: k.Store, User: string(user), MovedTo: w.Store, Until: monitor.Time(k.Since.Add(a.config.KeepSource)), Repair: []monitor.RepairStep{}}
			for _, o.Shared = range []bool{false, true} {
				kept[holder{k.Store, o.User, o.Shared}] = original{k, o}
			}
		}
	}
	return kept, err
}

// denied takes out of what could not be compared what of originals was not since they are
// denied on one side.
func (o originals) denied(all []monitor.Uncompared) (others []monitor.Uncompared) {
	others = []monitor.Uncompared{}
	for _, u := range all {
		if _, is := o[holder{store: u.Store, name: string(u.User)}]; !is || !u.Denied {
			others = append(others, u)
		}
	}
	return others
}

// alike returns those of whom no difference is open. The others count as users, too.
func (o originals) alike(found []monitor.KeptDifference) originals {
	alike := maps.Clone(o)
	for i := range found {
		if d := &found[i]; d.Gone.IsZero() {
			delete(alike, holder{d.Copy.Store, d.Owner, d.Shared})
		}
	}
	return alike
}

// has tells whether a state is of one of them.
func (o originals) has(s *monitor.CopyState) bool {
	_, is := o[holderOf(s)]
	return is
}

func holderOf(s *monitor.CopyState) holder { return holder{s.Store, s.Owner, s.Shared} }

// list returns them in order.
func (o originals) list() []report.Original {
	list := make([]report.Original, 0, len(o))
	for _, kept := range o {
		list = append(list, kept.Original)
	}
	report.SortOriginals(list)
	return list
}

// asked returns them with whether they are denied on the masters of their stores, where
// clients would reach them: on the replicas nobody logs in. As a shared tree nobody does at all.
func (o originals) asked(ctx context.Context, inv *inventory.Inventory, c *config) originals {
	byStore := map[inventory.StoreID][]holder{}
	asked := originals{}
	for key, kept := range o {
		if key.shared {
			asked[key] = kept
			continue
		}
		byStore[key.store] = append(byStore[key.store], key)
	}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(mostPairs)
	for store, keys := range byStore {
		group.Go(func() error {
			master, denied, err := deniedOnMaster(ctx, inv, store, c)
			mu.Lock()
			defer mu.Unlock()
			for _, key := range keys {
				kept := o[key]
				if err != nil {
					kept.Why = inventory.Text(inShort(err))
				} else {
					kept.judge(denied, master, c.tools())
				}
				asked[key] = kept
			}
			return nil
		})
	}
	group.Wait()
	return asked
}

// deniedOnMaster returns the master of a store and who is denied there.
func deniedOnMaster(ctx context.Context, inv *inventory.Inventory, store inventory.StoreID, c *config) (*inventory.Instance, map[inventory.UserID]string, error) {
	i := inv.Store(store)
	if i < 0 || inv.Stores[i].Master() == nil {
		return nil, nil, errors.New("the inventory has no master of it")
	}
	master := inv.Stores[i].Master()
	if s := inv.Server(master.Server); s >= 0 && inv.Servers[s].State == inventory.Down {
		return nil, nil, errors.New(string(master.Server) + " is down")
	}
	denied, err := c.deniedOn(ctx, *master)
	return master, denied, err
}

// judge enters whether an original is among those who are denied on the master and, where it
// is not, what denies it.
func (o *original) judge(denied map[inventory.UserID]string, master *inventory.Instance, tools string) {
	user := inventory.UserID(o.User)
	_, out := denied[user]
	if o.Denied = &out; !out {
		o.Repair = []monitor.RepairStep{{
			Server: master.Server, Text: "denies it again",
			Command: host.DenyCommand(tools, master.IMAPDConf, host.FileName(o.Plan, o.Unit), user),
		}}
	}
}
