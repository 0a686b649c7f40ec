package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// sayStaying says what units that are at their end leave on servers for good, with the commands
// that remove it.
func (c *applying) sayStaying(results []course.Result) {
	for i := range results {
		r := &results[i]
		if r.Outcome != course.Finished && r.Outcome != course.Back || r.Unit.Do != nil {
			continue
		}
		c.sayOriginals(r)
		c.sayGone(r)
	}
}

// sayOriginals names the originals of users who were not on the new store any more.
func (c *applying) sayOriginals(r *course.Result) {
	inv, tools := c.options.Inventory, c.app.config.tools()
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

// sayGone names what is left beside instances that the inventory has no more.
func (c *applying) sayGone(r *course.Result) {
	name := host.FileName(r.Unit.Plan, r.Unit.Name)
	all := course.BegunWith(r.Records).Instances
	for _, store := range slices.Sorted(maps.Keys(all)) {
		at := c.options.Inventory.Store(store)
		for _, server := range slices.Sorted(maps.Keys(all[store])) {
			if at >= 0 && c.options.Inventory.Stores[at].On(server) != nil {
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
