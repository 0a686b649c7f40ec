package apply

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// state of a claim, as the journal has it.
type claimState int

const (
	strange claimState = iota // of another journal, or of nobody known
	ahead                     // of this journal, which does not know what the claim says
	held                      // of a unit of this journal that has not ended
	stale                     // of one that has
)

// stateOf compares a claim with what the journal of this identity has.
func (o *Options) stateOf(ctx context.Context, journal string, c *claim) (claimState, error) {
	if c.empty() || c.journal != journal {
		return strange, nil
	}
	course, err := courseOf(&c.unit)
	if err != nil {
		return strange, nil
	}
	records, err := o.Journal.Steps(ctx, c.unit.Plan, c.unit.Name)
	if err != nil {
		return strange, err
	}
	began := slices.IndexFunc(records, func(r monitor.StepRecord) bool {
		return r.Step == course.Steps[0] && r.State == monitor.StepBegan && r.At.Truncate(time.Microsecond).Equal(c.since)
	})
	switch {
	case began < 0, !slices.ContainsFunc(records[began:], func(r monitor.StepRecord) bool { return r.Step == c.reached }):
		return ahead, nil
	case course.Next(records, false).Verb == End:
		return stale, nil
	}
	return held, nil
}

// attempt is what is written down since the unit began last.
func (c *Course) attempt(records []monitor.StepRecord) []monitor.StepRecord {
	for i, r := range slices.Backward(records) {
		if r.Step == c.Steps[0] && r.State == monitor.StepBegan {
			return records[i:]
		}
	}
	return records
}

// claims returns the claims that lie beside instances, in their order, the private
// configurations there, and an error for those that could not be looked at.
func claims(ctx context.Context, hosts []*host) (all []claim, confs map[*host][]string, unseen error) {
	type sight struct {
		claims []claim
		confs  []string
		err    error
	}
	seen := map[*host]*sight{}
	for _, h := range hosts {
		seen[h] = &sight{}
	}
	_ = everywhere(hosts, func(h *host) error {
		s := seen[h]
		s.claims, s.confs, s.err = h.left(ctx)
		return nil
	})
	confs = map[*host][]string{}
	for _, h := range hosts {
		all, unseen = append(all, seen[h].claims...), errors.Join(unseen, seen[h].err)
		confs[h] = seen[h].confs
	}
	return all, confs, unseen
}

// refused says which claims keep this journal from doing anything, but for empty ones of
// those that are let pass: somebody has made them by hand to have a unit go on.
func (o *Options) refused(ctx context.Context, all []claim, passed func(*claim) bool) error {
	journal, err := o.Journal.Identity(ctx)
	if err != nil {
		return err
	}
	type text struct{ what, remedy string }
	type place struct{ servers, files []string }
	at := map[text]*place{}
	var texts []text
	states := map[string]claimState{} // of what several instances say alike
	for i := range all {
		c := &all[i]
		said := path.Base(c.file) + c.journal + c.since.String() + string(c.reached)
		state, known := states[said]
		if !known {
			if state, err = o.stateOf(ctx, journal, c); err != nil {
				return err
			}
			states[said] = state
		}
		if c.empty() && passed(c) || state != strange && state != ahead {
			continue
		}
		t := text{c.words(), remedyOfStrange}
		if state == ahead {
			t = text{c.words() + ", and this database does not know that: it is older than what was done, as if it were restored from a copy", remedyOfAhead}
		}
		if at[t] == nil {
			texts, at[t] = append(texts, t), &place{}
		}
		at[t].servers = appendNew(at[t].servers, string(c.host.server))
		at[t].files = append(at[t].files, fmt.Sprintf("on %s: %s", c.host.server, inventory.Paste("rm", "--", c.file)))
	}
	var wrong error
	for i, t := range texts {
		if i == mostRefused {
			return errors.Join(wrong, fmt.Errorf("and so are %s", inventory.Counted(len(texts)-i, "other unit", "other units")))
		}
		wrong = errors.Join(wrong, fmt.Errorf("on %s %s. %s: %s", strings.Join(at[t].servers, ", "), t.what, t.remedy, strings.Join(at[t].files, "; ")))
	}
	return wrong
}

// mostRefused is of how many units it is told that they are carried out elsewhere.
const mostRefused = 5

// Remedies for claims that keep somebody from doing anything.
const (
	remedyOfStrange = "Go on with that database: it knows who is kept out and what is kept. If it is gone for good, find out where the users of that unit are served and kept out, and remove the claims"
	remedyOfAhead   = "Go on with the newer database. If it is gone for good, find out where the users of that unit are served and kept out, and remove the claims"
)

// words say what is claimed.
func (c *claim) words() string {
	if c.empty() {
		return fmt.Sprintf("%s claims an instance, and does not say for whom", path.Base(c.file))
	}
	return fmt.Sprintf("unit %s of plan %s is carried out with the database %s (%s) since %s, and has reached %s",
		inventory.Printable(c.unit.Name), inventory.Printable(c.unit.Plan), inventory.Printable(c.journal), printed(c.by), c.since.Format(time.RFC3339), inventory.Printable(string(c.reached)))
}

// mayBegin fails where another journal has something done on an instance that a unit
// would change. Nothing is changed.
func (o *Options) mayBegin(ctx context.Context, u *Unit, w work) error {
	hosts, err := w.hosts(ctx)
	if err != nil {
		return err
	}
	all, _, unseen := claims(ctx, hosts)
	return errors.Join(o.refused(ctx, all, u.claimed), unseen)
}

// mayGoOn fails where nothing may be done about a unit that has begun. It says also why the
// unit has to be taken back, if that is so and was not asked for.
func (o *Options) mayGoOn(ctx context.Context, u *Unit, c *Course, w work, records []monitor.StepRecord, asked bool) (back, err error) {
	a := c.Next(records, asked)
	if len(records) == 0 || a.Verb == End {
		return nil, nil
	}
	if err := o.stillClaimed(ctx, u, c, w, records); err != nil || a.Back {
		return nil, err
	}
	who, err := w.wasLetIn(ctx, records)
	if err == nil && who != "" {
		back = fmt.Errorf("%s: %s since it was stopped: what came since is not in the copy", u.Name, who)
	}
	return back, err
}

// stillClaimed fails where the instances of a unit that has begun are not claimed for this
// journal any more, or another one has something done there. A claim that is missing on
// some of them, as on a replica that was made anew, is made again.
func (o *Options) stillClaimed(ctx context.Context, u *Unit, c *Course, w work, records []monitor.StepRecord) error {
	a := c.Next(records, false)
	first, last := a.Step == c.Steps[0], a.Step == c.Steps[len(c.Steps)-1]
	if first && a.Verb == Undo {
		return nil // that ends the claims, whoever else has some
	}
	hosts, unheard := w.hosts(ctx)
	all, _, unseen := claims(ctx, hosts)
	if err := o.refused(ctx, all, u.claimed); err != nil {
		return err
	}
	own := map[*host]*claim{}
	for i := range all {
		if u.claimed(&all[i]) {
			own[all[i].host] = &all[i]
		}
	}
	switch {
	case len(hosts) == 0 && unheard == nil, first, last && len(own) == 0:
		return nil // nothing is claimed for it, not yet, or not any more
	case len(own) == 0 && (unheard != nil || unseen != nil):
		return fmt.Errorf("whether its instances are still claimed is not known: %w", errors.Join(unheard, unseen))
	case len(own) == 0:
		h := hosts[0]
		return fmt.Errorf("none of its instances is claimed any more: somebody has taken this database for gone. If nothing was done there with another one since, this has it go on, on %s: %s",
			h.server, inventory.Paste("install", "-m", "0644", "--", "/dev/null", h.own(claimSuffix)))
	}
	return o.mend(ctx, u, c, hosts, own, records)
}

// mend claims those instances for a unit that has begun whose claim is missing or empty.
// What can't be reached now stays without.
func (o *Options) mend(ctx context.Context, u *Unit, c *Course, hosts []*host, own map[*host]*claim, records []monitor.StepRecord) error {
	journal, err := o.Journal.Identity(ctx)
	if err != nil {
		return err
	}
	attempt := c.attempt(records)
	text := o.claimText(journal, u, attempt[0].At)
	for _, r := range attempt {
		if slices.Contains(noted, r.Step) && r.State == monitor.StepBegan {
			text += reached(r.Step)
		}
	}
	return everywhere(hosts, func(h *host) error {
		switch was := own[h]; {
		case was == nil:
			_ = h.stake(ctx, journal, text) // the next look tells if it is needed
		case was.empty():
			return h.note(ctx, text)
		}
		return nil
	})
}

func reached(step monitor.Step) string { return fmt.Sprintf("reached: %s\n", step) }

// stake claims all instances that a unit changes, whose first step began at a time. Who
// claims them at the same moment for another journal finds this claim, or this one finds
// theirs, or both.
func (o *Options) stake(ctx context.Context, u *Unit, w work, at time.Time) error {
	journal, err := o.Journal.Identity(ctx)
	if err != nil {
		return err
	}
	hosts, err := w.hosts(ctx)
	if err != nil {
		return err
	}
	if err := o.unstake(ctx, u, hosts, journal); err != nil { // of an earlier attempt
		return err
	}
	text := o.claimText(journal, u, at)
	failed := everywhere(hosts, func(h *host) error { return h.stake(ctx, journal, text) })
	all, _, unseen := claims(ctx, hosts)
	nobody := func(*claim) bool { return false }
	if err := o.refused(ctx, all, nobody); err != nil {
		return err
	}
	return errors.Join(failed, unseen)
}

// note has the claims of a unit say that it has reached a step, if that is one to be noted.
// One that says so is enough: an instance that does not answer keeps nobody waiting.
func (o *Options) note(ctx context.Context, w work, step monitor.Step) error {
	if !slices.Contains(noted, step) {
		return nil
	}
	hosts, wrong := w.hosts(ctx)
	failures := make([]error, len(hosts))
	_ = everywhere(hosts, func(h *host) error {
		failures[slices.Index(hosts, h)] = h.note(ctx, reached(step))
		return nil
	})
	if len(hosts) == 0 || slices.Contains(failures, nil) {
		return nil
	}
	return errors.Join(wrong, errors.Join(failures...))
}

// release ends the claims of a unit. One that can't be removed now is left to Tidy.
func (o *Options) release(ctx context.Context, u *Unit, w work) error {
	journal, err := o.Journal.Identity(ctx)
	if err != nil {
		return err
	}
	hosts, _ := w.hosts(ctx)
	_ = o.unstake(ctx, u, hosts, journal)
	return nil
}

// unstake removes the claims of a unit for this journal, and what was to be one.
func (o *Options) unstake(ctx context.Context, u *Unit, hosts []*host, journal string) error {
	all, _, unseen := claims(ctx, hosts)
	own := map[*host]bool{}
	for i := range all {
		if c := &all[i]; u.claimed(c) && !c.empty() && c.journal == journal {
			own[c.host] = true
		}
	}
	return errors.Join(unseen, everywhere(hosts, func(h *host) error {
		if !path.IsAbs(h.own(claimSuffix)) {
			return h.nowhere()
		}
		files := []string{h.own(claimSuffix + "." + journal)}
		if own[h] {
			files = append(files, h.own(claimSuffix))
		}
		_, err := h.ask(ctx, short, append([]string{"rm", "-f", "--"}, files...)...)
		return err
	}))
}

// doClaimed does a step of a unit whose instances are claimed for it: from its first step on,
// up to its last one.
func (o *Options) doClaimed(ctx context.Context, u *Unit, c *Course, w work, r *monitor.StepRecord, records []monitor.StepRecord) (text, data string, err error) {
	last := r.Step == c.Steps[len(c.Steps)-1] // an earlier attempt at it may have ended the claims
	switch {
	case r.Step == c.Steps[0]:
		err = o.stake(ctx, u, w, r.At)
	case !last:
		err = o.note(ctx, w, r.Step)
	}
	if err != nil {
		return "", "", err
	}
	text, data, err = w.do(ctx, r.Step, records)
	if err == nil && last {
		err = o.release(ctx, u, w)
	}
	return text, data, err
}

// undoClaimed takes a step back, and with the first one the claims. Where another journal
// has claimed an instance for the very same unit, what lies there is not of this one.
func (o *Options) undoClaimed(ctx context.Context, u *Unit, c *Course, w work, step monitor.Step, records []monitor.StepRecord) error {
	if step != c.Steps[0] {
		return w.undo(ctx, step, records)
	}
	taken, err := o.takenBefore(ctx, u, w)
	if err == nil && !taken {
		err = w.undo(ctx, step, records)
	}
	if err != nil {
		return err
	}
	return o.release(ctx, u, w)
}

// takenBefore reports whether another journal has claimed an instance for the very same
// unit: what lies beside the instance is of that one.
func (o *Options) takenBefore(ctx context.Context, u *Unit, w work) (bool, error) {
	journal, err := o.Journal.Identity(ctx)
	if err != nil {
		return false, err
	}
	hosts, _ := w.hosts(ctx)
	all, _, _ := claims(ctx, hosts)
	return slices.ContainsFunc(all, func(c claim) bool { return u.claimed(&c) && !c.empty() && c.journal != journal }), nil
}
