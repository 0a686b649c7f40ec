package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// prepare makes the options, and looks whether all instances that are needed can be reached
// and are not claimed for another database, unless somebody is kept out: then the units look
// for what they need.
func (c *applying) prepare(ctx context.Context) error {
	if err := c.equip(ctx); err != nil {
		return err
	}
	needed, held, err := c.ahead(ctx)
	if err != nil {
		return err
	}
	if c.flags.yes && held {
		return ctx.Err() // who is kept out does not wait for a server that does not answer
	}
	c.names.foresee(ctx, needed)
	var units []course.Unit
	for _, j := range c.jobs {
		units = append(units, j.units...)
	}
	var reached sync.WaitGroup
	var unreached error
	reached.Go(func() { unreached = apply.Reach(ctx, needed, c.options) })
	left, claimed := c.options.Leftovers(ctx, storesOf(units))
	reached.Wait()
	c.unreached = errors.Join(claimed, unreached)
	if c.flags.yes && c.unreached != nil {
		return hint(fmt.Errorf("nothing was changed: %w", c.unreached), "interlace apply without --yes shows what else there is")
	}
	return cmp.Or(ctx.Err(), c.tidy(ctx, left))
}

// tidy removes what an apply that was killed has left on the servers or, without --yes,
// tells of it.
func (c *applying) tidy(ctx context.Context, left *apply.Leftovers) error {
	if !c.flags.yes {
		if len(left.Private) > 0 && !c.app.applies() {
			for _, f := range left.Private {
				c.app.note("%s", passwordLeft(f))
			}
		}
		return nil
	}
	if err := left.Remove(ctx); err != nil {
		return hint(fmt.Errorf("nothing else was changed: %w", err), "interlace apply without --yes shows what else there is")
	}
	for _, f := range left.Private {
		c.app.note("%s on %s, which holds the password of sync, was left by an apply that was killed, and is removed", f.File, f.Server)
	}
	return nil
}

// nothing says that nothing is begun, unless the mail servers tell of a unit that is: then
// this database is not the one it was begun with, or an older copy of that. What was left of
// units that are done is removed. What the fleet file has to say is said: what an apply has said of
// it that was killed in the end, or of which nobody has read it, is lost.
func (c *applying) nothing(ctx context.Context) error {
	if _, err := c.stands(ctx); err != nil {
		return err
	}
	_, lasting, err := c.followed(ctx)
	if err != nil {
		return err
	}
	c.sayInstances(nil, lasting)
	if err := c.equip(ctx); err != nil {
		c.app.note("nothing is begun and not done")
		return nil // with less than that nothing ever was
	}
	var stores []inventory.StoreID
	for i := range c.now.Stores {
		stores = append(stores, c.now.Stores[i].Name)
	}
	left, err := c.options.Leftovers(ctx, stores)
	if err != nil {
		return fmt.Errorf("this database has nothing that is begun and not done, and mail servers have: %w", err)
	}
	if err := cmp.Or(ctx.Err(), c.tidy(ctx, left)); err != nil {
		return err
	}
	c.app.note("nothing is begun and not done")
	if unseen := apply.Mistakes(left.Unseen); len(unseen) > 0 {
		const most = 3
		text := strings.Join(unseen[:min(most, len(unseen))], "; ")
		if len(unseen) > most {
			text += fmt.Sprintf("; and so on %d more", len(unseen)-most)
		}
		c.app.note("whether something is begun with another database is not known everywhere: %s", text)
	}
	return nil
}

// ahead are the units about which there is something to do that can't wait for a server that
// does not answer, as the deletion of originals can, and whether one of them must not be left
// where it is.
func (c *applying) ahead(ctx context.Context) (needed []*course.Unit, held bool, err error) {
	backwards := map[*course.Unit]bool{}
	for _, j := range c.jobs {
		for i := range j.units {
			backwards[&j.units[i]] = j.backwards
		}
	}
	for _, u := range c.units() {
		records, err := c.history.Steps(ctx, u.Plan, u.Name)
		if err != nil {
			return nil, false, err
		}
		barred := u.Barred != "" && u.Fresh(records)
		if u.Ahead(records, backwards[u]) && !u.Settled(records) && !barred {
			needed = append(needed, u)
			held = held || u.Held(records, backwards[u])
		}
	}
	return needed, held, nil
}
