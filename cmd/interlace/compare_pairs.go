package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// comparing is a comparison of many pairs under way.
type comparing struct {
	app       *app
	facts     *facts
	doubts    map[inventory.StoreID]string // of which stores it is not known which instances they have, and why
	asker     *asker
	flags     *compareFlags
	carrying  *carrying
	wanted    map[string]bool // users and shared trees; nil means all
	met       map[string]bool // those of them that some pair has
	pairs     []pairOf
	originals originals                  // by the journal
	there     originals                  // those of them whom the pairs have
	expected  map[inventory.StoreID]int  // mailboxes of each store, as far as they are known
	keeping   *keeping                   // nil: nothing is kept
	worst     map[holder]monitor.Outcome // what was found of each, of all copies
	began     time.Time

	mu    sync.Mutex
	parts map[int]progressOf
}

// pairOf is a store and one of its replicas.
type pairOf struct {
	store   *inventory.Store
	master  inventory.Instance
	replica inventory.Instance
	down    inventory.ServerID  // the server of one side that is known to be down
	found   *monitor.Comparison // beside an error, what was found before it; nil: nothing
	err     error

	waiting headcount // whose turn it is not
	left    headcount // who were not reached
}

func (p *pairOf) copy() monitor.Copy {
	return monitor.Copy{Store: p.store.Name, Server: p.replica.Server}
}

type progressOf struct{ done, all int }

// choose finds the pairs to compare, and what is wrong with what was asked for.
func (c *comparing) choose() error {
	var errs []error
	stores := map[inventory.StoreID]bool{}
	for _, name := range c.flags.stores {
		if c.facts.Store(inventory.StoreID(name)) < 0 {
			errs = append(errs, fmt.Errorf("--store %s: the inventory has no such store", inventory.Printable(name)))
		}
		stores[inventory.StoreID(name)] = true
	}
	homes, err := c.homes()
	errs = append(errs, err)
	c.expected = map[inventory.StoreID]int{}
	for i := range c.facts.Users {
		if u := &c.facts.Users[i]; u.Mailboxes != inventory.Unknown {
			c.expected[u.Store] += int(u.Mailboxes)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return hint(err, "interlace show stores and interlace show users list what there is")
	}
	for i := range c.facts.Stores {
		s := &c.facts.Stores[i]
		if len(stores) > 0 && !stores[s.Name] || homes != nil && !homes[s.Name] {
			continue
		}
		c.pairs = append(c.pairs, c.pairsOf(s)...)
	}
	if len(c.pairs) == 0 {
		return hint(errors.New("there is no pair of a master and a replica to compare"), "instances carry imap: host:port in the fleet file, and a store has a replica")
	}
	return nil
}

// homes returns the stores of the users who were asked for; nil means that it may be
// any store.
func (c *comparing) homes() (map[inventory.StoreID]bool, error) {
	if len(c.flags.users) == 0 {
		return nil, nil
	}
	c.wanted = map[string]bool{}
	homes := map[inventory.StoreID]bool{}
	known := map[string]inventory.StoreID{}
	for i := range c.facts.Users {
		known[string(c.facts.Users[i].Name)] = c.facts.Users[i].Store
	}
	var errs []error
	for _, name := range c.flags.users {
		if c.wanted[name] = true; name == "" {
			errs = append(errs, errors.New("--user: the name is empty"))
			continue
		}
		store, found := known[name]
		if !found && len(known) > 0 {
			errs = append(errs, fmt.Errorf("--user %s: the inventory has no such user or shared tree", inventory.Printable(name)))
		}
		if homes[store] = true; found && len(c.flags.stores) > 0 && !slices.Contains(c.flags.stores, string(store)) {
			errs = append(errs, fmt.Errorf("--user %s: the inventory has it on store %s, which --store leaves out", inventory.Printable(name), store))
		}
	}
	if len(known) == 0 {
		return nil, nil
	}
	return homes, errors.Join(errs...)
}

// stranger returns an error if nobody has somebody who was asked for. Where a pair could
// not be compared that is not known.
func (c *comparing) stranger() error {
	for i := range c.pairs {
		if c.pairs[i].err != nil || c.pairs[i].down != "" {
			return nil
		}
	}
	var errs []error
	for _, name := range c.flags.users {
		if !c.met[name] {
			errs = append(errs, fmt.Errorf("--user %s: no store that was asked has such a user or shared tree", inventory.Printable(name)))
		}
	}
	return errors.Join(errs...)
}

// meet remembers which of those who were asked for there are on a store.
func (c *comparing) meet(store inventory.StoreID, all []cyrus.Owner) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.met == nil {
		c.met, c.there = map[string]bool{}, originals{}
	}
	for _, o := range all {
		c.met[o.Name] = true
		key := holder{store, o.Name, o.Shared}
		if kept, is := c.originals[key]; is && (c.wanted == nil || c.wanted[o.Name]) {
			c.there[key] = kept
		}
	}
}

// pairsOf returns the pairs of a store; those without an address cannot be asked.
func (c *comparing) pairsOf(s *inventory.Store) []pairOf {
	master := s.Master()
	var pairs []pairOf
	for i, in := range s.Instances {
		if i == 0 {
			continue
		}
		p := pairOf{store: s, master: *master, replica: in}
		if doubt := c.doubts[s.Name]; doubt != "" {
			p.err = errors.New(doubt)
		}
		for _, side := range []inventory.Instance{*master, in} {
			switch {
			case c.facts.Servers[c.facts.Server(side.Server)].State == inventory.Down:
				p.down = side.Server
			case side.IMAP == "" && p.err == nil:
				p.err = fmt.Errorf("the instance on %s has no IMAP address", side.Server)
			}
		}
		pairs = append(pairs, p)
	}
	return pairs
}
