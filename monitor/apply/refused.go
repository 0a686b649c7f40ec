package apply

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// refused says which claims keep this journal from doing anything, but for empty ones of
// those that are let pass: somebody has made them by hand to have a unit go on.
func (o *Options) refused(ctx context.Context, all []host.Claim, passed func(*host.Claim) bool) error {
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
		said := path.Base(c.File) + c.Journal + c.Since.String() + string(c.Reached)
		state, known := states[said]
		if !known {
			if state, err = o.stateOf(ctx, journal, c); err != nil {
				return err
			}
			states[said] = state
		}
		if c.Empty() && passed(c) || state != strange && state != ahead {
			continue
		}
		t := text{c.Words(), remedyOfStrange}
		if state == ahead {
			t = text{c.Words() + ", and this database does not know that: it is older than what was done, as if it were restored from a copy", remedyOfAhead}
		}
		if at[t] == nil {
			texts, at[t] = append(texts, t), &place{}
		}
		at[t].servers = appendNew(at[t].servers, string(c.Host.Server))
		at[t].files = append(at[t].files, fmt.Sprintf("on %s: %s", c.Host.Server, inventory.Paste("rm", "--", c.File)))
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

// mayBegin fails where another journal has something done on an instance that a unit
// would change. Nothing is changed.
func (o *Options) mayBegin(ctx context.Context, u *course.Unit, w work) error {
	hosts, err := w.hosts(ctx)
	if err != nil {
		return err
	}
	all, _, unseen := host.Claims(ctx, hosts)
	return errors.Join(o.refused(ctx, all, func(c *host.Claim) bool { return c.Of(nameOf(u)) }), unseen)
}
