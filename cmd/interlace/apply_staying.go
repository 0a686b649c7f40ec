package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/planner"
)

// sayStaying says what units that are at their end leave on servers for good, with the commands
// that remove it. The run itself may have made instances since the facts were asked for, and what
// was beside one is gone with it where a plan has removed it.
func (c *applying) sayStaying(results []course.Result, inv *inventory.Inventory, lasting []course.Lasting) {
	for i := range results {
		if r := &results[i]; r.Unit.Do == nil && (r.Outcome == course.Finished || r.Outcome == course.Back) {
			c.sayOriginals(inv, r)
			c.sayGone(inv, lasting, r)
		}
	}
}

// followed returns the facts as they stand with what the run has changed since, and what lasts of
// all changes of layouts in the journal that is believed. Beside an error the facts are those of
// before the run.
func (c *applying) followed(ctx context.Context) (*inventory.Inventory, []course.Lasting, error) {
	units, lasting, err := lastingOf(ctx, c.history)
	if err != nil {
		return c.now.Inventory, nil, err
	}
	lasting = c.now.believed(lasting)
	inv, err := course.Standing(ctx, c.facts.Inventory, c.facts.found, lasting, units, c.history)
	if err != nil {
		return c.now.Inventory, nil, err
	}
	return inv, lasting, nil
}

// sayOriginals names the originals of users who were not on the new store any more.
func (c *applying) sayOriginals(inv *inventory.Inventory, r *course.Result) {
	tools := c.app.config.tools()
	stay := course.StayingOf(r.Records).Stay
	for _, store := range slices.Sorted(maps.Keys(stay)) {
		at := inv.Store(store)
		for _, u := range stay[store] {
			text := fmt.Sprintf("%s: the original of user %s on %s stays, denied, since the user was not on %s any more when it was to be deleted (renamed or removed there)",
				inventory.Printable(r.Unit.Name), inventory.Printable(string(u)), store, r.Unit.Moves[0].To)
			if at >= 0 && len(inv.Stores[at].Instances) > 0 {
				text += "; when nobody needs it:"
				for k, in := range inv.Stores[at].Instances {
					if k == 0 {
						text += fmt.Sprintf("\non %s: %s", in.Server, host.RemoveCommand(tools, in.IMAPDConf, u))
					}
					text += fmt.Sprintf("\non %s: %s", in.Server, host.AllowCommand(tools, in.IMAPDConf, u))
				}
			}
			c.app.note("%s", text)
		}
	}
}

// sayGone names what is left beside instances that the inventory has no more, and that no plan has
// removed.
func (c *applying) sayGone(inv *inventory.Inventory, lasting []course.Lasting, r *course.Result) {
	name := host.FileName(r.Unit.Plan, r.Unit.Name)
	all := course.BegunWith(r.Records).Instances
	for _, store := range slices.Sorted(maps.Keys(all)) {
		at := inv.Store(store)
		for _, server := range slices.Sorted(maps.Keys(all[store])) {
			removed := slices.ContainsFunc(lasting, func(l course.Lasting) bool {
				return l.Do.Do == planner.Drop && l.Do.Store == store && l.Do.Server == server
			})
			if removed || at >= 0 && inv.Stores[at].On(server) != nil {
				continue
			}
			var commands []string
			for _, m := range r.Unit.Moves {
				commands = append(commands, fmt.Sprintf("on %s: %s", server, host.AllowCommand(c.app.config.tools(), all[store][server], m.User)))
			}
			c.app.note("%s: the inventory has no instance of %s on %s any more, which it had when this began: if that is still there, so are the claim %s.claim in its configdirectory and the denial of who was moved, %s; nothing removes them but\n%s",
				inventory.Printable(r.Unit.Name), store, server, name, inventory.Quoted(host.Mark(name)), strings.Join(commands, "\n"))
		}
	}
}
