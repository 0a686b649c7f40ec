package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/planner"
)

// applying is a run of apply.
type applying struct {
	app     *app
	history *history.History
	facts   *facts    // as the inventory has them, on which plans were made; nil: not read yet
	now     *standing // as they stand by now; nil: not asked yet
	flags   applyFlags
	jobs    []*job
	options *apply.Options
	names   *naming // of routes
	// broken are the rules that plans would break of which nothing is begun, and left what is
	// broken and stays so.
	broken, left []planner.Violation
	// again are the rules that who is moved back breaks as they were broken before.
	again []planner.Violation
	// stays say which changes of layouts would not be taken back.
	stays []string
	// told are the units, by plan and name, of which it was said who is kept out.
	told map[string]bool
	// unreached says which instances do not answer, or are claimed for another database.
	unreached error
}

// run carries the jobs out, one after the other, and prints what became of them.
func (c *applying) run(ctx context.Context) error {
	if err := c.begin(ctx); err != nil {
		return c.end(ctx, c.rescue(ctx, c.jobs), err, false)
	}
	switch text, err := c.shortened(ctx); {
	case err != nil:
		return c.end(ctx, c.rescue(ctx, c.jobs), err, false)
	case text != "":
		c.app.note("%s", text)
	}
	c.options.Tally = &apply.Tally{}
	var results []course.Result
	var wrong error
	fine := true
	for i, j := range c.jobs {
		var list []course.Result
		list, wrong = c.carryOut(ctx, j, i > 0)
		results = append(results, list...)
		c.sayStayed(j, list)
		fine = c.fine(j, list) && fine
		if wrong != nil || ctx.Err() != nil {
			results = append(results, c.notReached(ctx, c.jobs[i+1:])...)
			break
		}
	}
	return c.end(ctx, results, wrong, fine)
}

// end prints what became of units, and says who is kept out and what else is left to be done.
func (c *applying) end(ctx context.Context, results []course.Result, wrong error, fine bool) error {
	if wrong != nil && results == nil {
		return wrong
	}
	course.MarkBack(results)
	inv, lasting, unread := c.followed(context.WithoutCancel(ctx))
	shown := c.applied(results, inv)
	err := c.app.print(result{screen: shown.Screen(), table: shown.Table(), json: object(shown)})
	if errors.Is(err, syscall.EPIPE) {
		c.app.note("what was done is not shown: %v", err)
		err = nil
	}
	if len(c.again) > 0 {
		c.app.note("%s", report.BrokenAgain(c.again))
	}
	c.sayLeft(results, lasting)
	if unread == nil {
		c.sayStaying(results, inv, lasting)
	} else {
		c.app.note("which instances the fleet file has to name, and what stays on servers for good, is not known: %v", unread)
	}
	c.sayClaims(results)
	out := errors.Join(c.keptOut(results, wrong != nil), fallen(results))
	switch {
	case errors.Join(wrong, err, out) != nil:
		return errors.Join(wrong, err, out)
	case ctx.Err() != nil:
		return errCut
	case !fine:
		return errFound
	}
	return nil
}

// begin writes down that the jobs are begun and, before anything is taken back, what of them is
// to be: a later --resume goes on with that. Who names the plans again has them go on.
func (c *applying) begin(ctx context.Context) error {
	part := ""
	if wave := c.flags.onlyWave.given(0); wave > 0 {
		part = fmt.Sprintf("wave %d", wave)
	}
	for _, j := range c.jobs {
		if err := c.history.BeginApply(ctx, &j.Apply, j.texts); err != nil {
			return err
		}
		units := slices.DeleteFunc(c.units(), func(u *course.Unit) bool { return !j.has(u) })
		var err error
		switch {
		case c.flags.rollback:
			err = c.recall(ctx, j, units, part)
		case c.flags.giveUp:
			err = c.giveUp(ctx, j)
		case !c.flags.resume:
			err = apply.WithdrawRecall(ctx, units, c.options)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// recall writes down that units of a job, or a part of it, are taken back, and that those go back,
// too, whose way back somebody has given up.
func (c *applying) recall(ctx context.Context, j *job, units []*course.Unit, part string) error {
	var ways []*course.Unit
	for _, u := range units {
		for _, b := range course.Reverse(u) {
			ways = append(ways, &b)
		}
	}
	if err := apply.WithdrawRecall(ctx, ways, c.options); err != nil {
		return err
	}
	return apply.WriteRecall(ctx, units, j.Number, part, c.options)
}

// notReached are the units of jobs that were not gone on with.
func (c *applying) notReached(ctx context.Context, jobs []*job) (list []course.Result) {
	for _, j := range jobs {
		for i := range j.units {
			u := &j.units[i]
			records, err := c.history.Steps(context.WithoutCancel(ctx), u.Plan, u.Name)
			if err != nil {
				c.app.note("%s: not gone on with", inventory.Printable(u.Name))
				continue
			}
			r := course.Result{Unit: u, Outcome: u.Stands(records), Records: records, Still: true}
			if u.Ahead(records, j.backwards) {
				r.Why = "the run ended before its plan was gone on with"
			}
			list = append(list, r)
		}
	}
	return list
}

// sayClaims says where units have ended and their claims are left.
func (c *applying) sayClaims(results []course.Result) {
	for i := range results {
		if r := &results[i]; r.Claims != "" {
			c.app.note("what claims instances for %s is left where these do not answer, until a later interlace apply --resume --yes removes it: %s", inventory.Printable(r.Unit.Name), r.Claims)
		}
	}
}

// fine reports whether all came to the end that was asked for.
func (c *applying) fine(j *job, results []course.Result) bool {
	stays := c.leavesForGood(j, results)
	return !slices.ContainsFunc(results, func(r course.Result) bool {
		if w := c.flags.onlyWave.given(0); w > 0 && r.Unit.Wave != w {
			return false
		}
		return stays(&r) || j.unfinished(&r)
	})
}

// unfinished reports whether a result has not come to the end that was asked for.
func (j *job) unfinished(r *course.Result) bool {
	if j.backwards && isBack(r) && j.has(r.Unit) || gaveUp(r) {
		return false
	}
	return r.Unmet || r.Outcome != course.Moved && r.Outcome != course.Finished
}

// carryOut carries one job out, or takes it back, after others that may have changed what
// stands. Results come also with an error, where the database failed in the end.
func (c *applying) carryOut(ctx context.Context, j *job, after bool) ([]course.Result, error) {
	if after {
		before := c.now
		c.now = nil
		if err := c.equip(context.WithoutCancel(ctx)); err != nil {
			c.now = before
			return c.rescue(ctx, []*job{j}), err
		}
	}
	o := *c.options
	if j.backwards {
		o.Tally = nil // what can't be taken back keeps nothing else from that
	}
	o.Gates.Asked = func(ctx context.Context) (bool, error) { return c.asked(ctx, j.Number) }
	shown := c.app.applyProgress(len(j.units), j.backwards)
	defer shown.end()
	o.Progress = shown.at
	quiet := c.app.quieting(c.history, "apply "+j.name(), storesOf(j.units))
	if err := quiet.begin(ctx); err != nil {
		return c.rescue(ctx, []*job{j}), err
	}
	defer quiet.end(context.WithoutCancel(ctx))
	results, err := apply.CarryOut(ctx, j.units, j.backwards, &o)
	if err != nil {
		return results, err
	}
	if back := j.reversed(results); j.backwards && len(back) > 0 && ctx.Err() == nil {
		shown.more(len(back))
		moved, err := c.moveBack(ctx, j, back, &o)
		if results = append(results, moved...); err != nil {
			return results, err
		}
	}
	return results, c.close(context.WithoutCancel(ctx), j, results)
}

// moveBack moves users back, and notes which rules that breaks again. Of rules nothing else is
// asked then.
func (c *applying) moveBack(ctx context.Context, j *job, back []course.Unit, o *apply.Options) ([]course.Result, error) {
	if _, err := o.Returning(ctx, c.was(j), back); err != nil {
		return nil, err
	}
	unruled := *o
	unruled.Groups = nil
	moved, err := apply.CarryOut(ctx, back, false, &unruled)
	if err != nil {
		return moved, err
	}
	return moved, c.returned(context.WithoutCancel(ctx), j, moved)
}

// close writes down that nothing is left to do of a job, if that is so.
func (c *applying) close(ctx context.Context, j *job, results []course.Result) error {
	for i := range results {
		r := &results[i]
		switch o := r.Outcome; {
		case o == course.Finished, j.backwards && isBack(r), gaveUp(r):
		default:
			return nil
		}
	}
	return c.history.EndApply(ctx, j.Number, c.app.now().UTC())
}

// asked reports whether the end of an apply was asked for.
func (c *applying) asked(ctx context.Context, number int64) (bool, error) {
	open, err := c.history.Applies(ctx, false)
	return slices.ContainsFunc(open, func(a monitor.Apply) bool { return a.Number == number && !a.Stop.IsZero() }), err
}

// applyOptions say how the fleet is reached and what is known of it, as the configuration
// says. All that it lacks is told at once.
func (a *app) applyOptions(ctx context.Context, h *history.History, s *standing, flags applyFlags) (*apply.Options, error) {
	c := &a.config.Apply
	secret, wrong := a.applyNeeds(ctx, s.facts)
	if wrong != nil {
		return nil, wrong
	}
	o := &apply.Options{
		Inventory: s.Inventory, Found: s.found, Doubts: s.doubts, Groups: s.groups, Run: a.config.run, Dial: newAsker(a.config).dial,
		Tools: a.config.tools(), SyncUser: c.SyncUser, SyncPassword: secret, Route: a.router(s.Inventory),
		Journal: h, By: a.byWhom(), Whereabouts: movedBefore(h), Denied: c.MaxDenied, Expected: c.MaxDenied / 2, Keep: a.config.KeepSource, Now: a.now,
		Limits: c.limits(), Gates: a.gates(h, flags.window.given(c.Window)), Live: a.live(h), Layouts: a.config.layouts(),
	}
	o.Layouts.ReadWhole, o.Layouts.Compare = a.readWhole, a.compareNew
	o.Limits.UsersPerNight = flags.usersPerNight.given(c.UsersPerNight)
	o.Limits.OnlyWave = flags.onlyWave.given(0)
	return o, nil
}

// byWhom says to those who find a claim on a server whose it is.
func (a *app) byWhom() string {
	host, err := hostname()
	if err != nil {
		host = "a machine of unknown name"
	}
	path, err := filepath.Abs(a.config.DB)
	if err != nil {
		path = a.config.DB
	}
	return fmt.Sprintf("by %s on %s, %s", account(), host, path)
}
