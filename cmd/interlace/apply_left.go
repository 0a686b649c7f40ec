package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
)

// sayLeft says what is to be done later, by what lasts of all changes of layouts.
func (c *applying) sayLeft(results []course.Result, lasting []course.Lasting) {
	var until time.Time
	for i := range results {
		r := &results[i]
		if at := r.Kept(c.app.config.KeepSource); at.After(c.app.now()) {
			until = later(until, at)
		}
		if r.Unmet {
			c.app.note("%s: the original stays where it was, denied, though its time is over: %s; when that is mended interlace apply --resume --yes reads all again and deletes it", inventory.Printable(r.Unit.Name), r.Why)
		}
	}
	if !until.IsZero() {
		c.app.note("the originals stay where they were, denied, until %s; interlace apply --resume --yes then deletes them", monitor.Minute(until))
	}
	if trees := c.treesKept(results); len(trees) > 0 {
		c.app.note("shared trees can't be denied (%s): whoever may read them still can where they were, without what came since", inventory.Printable(strings.Join(trees, ", ")))
	}
	changed := c.sayInstances(results, lasting)
	if slices.ContainsFunc(results, func(r course.Result) bool { return r.Outcome == course.Moved || r.Outcome == course.Finished }) {
		c.app.note("%s, interlace confirm says whether the plan has kept what it promised", upToDate(changed))
	}
	if text := heldNote(results); text != "" {
		c.app.note("%s", text)
	}
	for i := range results {
		r := &results[i]
		for _, text := range r.Miscounts() {
			c.app.note("%s: %s", inventory.Printable(r.Unit.Name), text)
		}
		for _, text := range []string{r.Unkicked(), r.Dangling()} {
			if text != "" {
				c.app.note("%s: %s", inventory.Printable(r.Unit.Name), text)
			}
		}
	}
}

// treesKept are the shared trees whose originals stay where they were.
func (c *applying) treesKept(results []course.Result) (trees []string) {
	for i := range results {
		r := &results[i]
		if !r.Kept(c.app.config.KeepSource).After(c.app.now()) {
			continue
		}
		for _, m := range r.Unit.Moves {
			if at := c.options.Inventory.User(m.User); at >= 0 && c.options.Inventory.Users[at].Kind == inventory.Shared {
				trees = append(trees, string(m.User))
			}
		}
	}
	slices.Sort(trees)
	return trees
}

// upToDate says what brings the inventory up to date, where it does not say yet what instances
// some stores have: no discovery finds those that it does not name.
func upToDate(untold []inventory.StoreID) string {
	const discover = "interlace discover brings the inventory up to date"
	if len(untold) > 0 {
		return "once the fleet file says which instances there are and interlace import has read it, " + discover
	}
	return discover
}

// passwordLeft says what an apply that was killed has left on a server.
func passwordLeft(f apply.Leftover) string {
	return fmt.Sprintf("%s on %s holds the password of sync, and was left by an apply that was killed: interlace apply --resume --yes removes it, or on %s: %s",
		f.File, f.Server, f.Server, inventory.Paste("rm", "--", f.File))
}

// sayPasswords says what of this kind lies on the servers of what is begun and not done,
// where no apply runs.
func (a *app) sayPasswords(ctx context.Context, h *history.History) error {
	units, err := journalled(ctx, h, false)
	if err != nil || len(units) == 0 {
		return err
	}
	f, err := a.facts(ctx)
	if err != nil {
		return err
	}
	s, err := a.standing(ctx, h, f)
	if err != nil {
		return err
	}
	o := &apply.Options{Inventory: s.Inventory, Run: a.config.run, Tools: a.config.tools(), Journal: h}
	left, _ := o.Leftovers(ctx, storesOf(units)) // claims keep nobody from reading this
	for _, l := range left.Private {
		a.note("%s", passwordLeft(l))
	}
	return ctx.Err()
}

// sayStayed says who was to be moved back and was not: the way back was given up, or is not
// at its end. Who is back may have left something behind.
func (c *applying) sayStayed(j *job, results []course.Result) {
	for i := range results {
		r := &results[i]
		switch {
		case !j.backwards || j.has(r.Unit) || gaveUp(r) || r.Outcome == course.Moved || r.Outcome == course.Finished:
		case r.Unit.Settled(r.Records):
			c.app.note("%s: moved back, and what the plan had made of them on %s is still there, denied, until interlace apply --resume --yes can delete it", inventory.Printable(r.Unit.Name), r.Unit.Moves[0].From)
		case r.Unit.Refused(r.Records) && r.Unit.Unfound(r.Records) != nil:
			c.app.note("%s: NOT moved back from %s, since %s any more: find out what became of the mailboxes; interlace apply --rollback --yes tries again, and interlace apply --resume --give-up --yes gives it up",
				inventory.Printable(r.Unit.Name), r.Unit.Moves[0].From, strings.Join(r.Unit.Unfound(r.Records), ", "))
		default:
			c.app.note("%s: NOT moved back, and still where the plan has moved them: interlace apply --rollback --yes tries again", inventory.Printable(r.Unit.Name))
		}
	}
	stays := c.leavesForGood(j, results)
	told := slices.DeleteFunc(slices.Clone(results), func(r course.Result) bool { return j.forGood(&r) && !stays(&r) })
	for _, text := range j.notTaken(told) {
		c.app.note("%s", text)
	}
}
