package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// rescue goes on with units whose users are kept out, and with nothing else, where the database
// can't be written: they are let in again where they were, if nobody may be routed elsewhere
// already. A later apply finds out that they were.
func (c *applying) rescue(ctx context.Context, jobs []*job) (results []course.Result) {
	for _, j := range jobs {
		var out []course.Unit
		for i := range j.units {
			for _, u := range append(course.Reverse(&j.units[i]), j.units[i]) {
				records, err := c.history.Steps(ctx, u.Plan, u.Name)
				if err == nil && !(&course.Result{Unit: &u, Records: records}).Out().IsZero() {
					out = append(out, u)
				}
			}
		}
		if len(out) == 0 {
			continue
		}
		o := *c.options
		shown := c.app.applyProgress(len(out), true)
		o.Tally, o.Limits.OnlyWave, o.Limits.Insist, o.Progress = nil, 0, time.Second, shown.at
		list, err := apply.CarryOut(ctx, out, true, &o)
		shown.end()
		if results = append(results, list...); err != nil {
			c.app.say("%v", err)
		}
	}
	return results
}

// byHand are the commands that let the users of a unit in again, on the instances of their old
// stores and, where they may be routed there, of the new one.
func (c *applying) byHand(u *course.Unit) string {
	var lines []string
	for _, store := range u.Stores() {
		at := c.options.Inventory.Store(store)
		if at < 0 {
			continue
		}
		for _, in := range c.options.Inventory.Stores[at].Instances {
			for i := range u.Moves {
				if m := &u.Moves[i]; m.From == store || m.To == store {
					lines = append(lines, fmt.Sprintf("on %s, of %s: %s", in.Server, store, host.AllowCommand(c.options.Tools, in.IMAPDConf, m.User)))
				}
			}
		}
	}
	return strings.Join(lines, "\n")
}
