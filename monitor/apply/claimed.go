package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// mayGoOn fails where nothing may be done about a unit that has begun. It says also why the
// unit has to be taken back, if that is so and was not asked for.
func (r *carrying) mayGoOn(ctx context.Context) (back, err error) {
	a := r.course.Next(r.known, r.back)
	if len(r.known) == 0 || a.Verb == course.End {
		return nil, nil
	}
	if err := r.stillClaimed(ctx); err != nil {
		return nil, err
	}
	if a.Back && (&course.Result{Unit: r.unit, Records: r.known}).Out().IsZero() {
		return nil, nil
	}
	asking, cancel := context.WithTimeout(ctx, host.Greeting)
	defer cancel()
	who, err := r.work.wasLetIn(asking, r.known)
	switch r.loose = who != ""; {
	case a.Back:
		return nil, nil
	case r.loose:
		back = fmt.Errorf("%s: %s since it was stopped: what came since is not in the copy", r.unit.Name, who)
	}
	return back, err
}

// stillClaimed fails where the instances of a unit that has begun are not claimed for this
// journal any more, or another one has something done there. A claim that is missing on
// some of them, as on a replica that was made anew, is made again.
func (r *carrying) stillClaimed(ctx context.Context) error {
	a := r.course.Next(r.known, false)
	first, last := a.Step == r.course.Steps[0], a.Step == r.course.Steps[len(r.course.Steps)-1]
	if first && a.Verb == course.Undo {
		return nil // that ends the claims, whoever else has some
	}
	hosts, unheard := r.work.hosts(ctx)
	all, _, unseen := host.Claims(ctx, hosts)
	if err := r.refused(ctx, all, func(c *host.Claim) bool { return c.Of(nameOf(r.unit)) }); err != nil {
		return err
	}
	own := map[*host.Host]*host.Claim{}
	for i := range all {
		if all[i].Of(nameOf(r.unit)) {
			own[all[i].Host] = &all[i]
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
			h.Server, inventory.Paste("install", "-m", "0644", "--", "/dev/null", h.ClaimFile()))
	}
	return r.mend(ctx, hosts, own)
}

// mend claims those instances for a unit that has begun whose claim is missing or empty.
// What can't be reached now stays without.
func (r *carrying) mend(ctx context.Context, hosts []*host.Host, own map[*host.Host]*host.Claim) error {
	journal, err := r.Journal.Identity(ctx)
	if err != nil {
		return err
	}
	attempt := r.course.Attempt(r.known)
	claim := r.claimOf(journal, r.unit, attempt[0].At)
	text := claim.Text()
	for _, record := range attempt {
		if slices.Contains(noted, record.Step) && record.State == monitor.StepBegan {
			text += host.Reached(record.Step)
		}
	}
	return host.Everywhere(hosts, func(h *host.Host) error {
		switch was := own[h]; {
		case was == nil:
			_ = h.Stake(ctx, claim, text) // the next look tells if it is needed
		case was.Empty():
			return h.Note(ctx, text)
		}
		return nil
	})
}
