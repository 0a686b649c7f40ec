package confirm

import (
	"context"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// compared is what came out of comparing a store's master with one of its replicas.
type compared struct {
	at    instance // the replica
	found *monitor.Comparison
	err   error
}

// compareCopies compares the master of a store with its replicas; owners nil stands for
// everybody.
func (o *Options) compareCopies(ctx context.Context, s *inventory.Store, level monitor.CompareLevel, owners map[cyrus.Owner]bool) ([]compared, error) {
	var all []compared
	for _, replica := range s.Instances[1:] {
		c := compared{at: instance{s.Name, replica.Server}}
		p := compare.Pair{Store: s.Name, Several: s.Several()}
		if p.Master, c.err = o.side(ctx, s.Instances[0]); c.err == nil {
			p.Replica, c.err = o.side(ctx, replica)
		}
		if c.err == nil {
			how := o.Compare
			if how.Level = level; o.Carried != nil {
				how.Carried, how.Patience = o.Carried(s, replica.Server)
			}
			if owners != nil {
				how.Choose = func(all []cyrus.Owner) ([]cyrus.Owner, error) {
					return slices.DeleteFunc(all, func(o cyrus.Owner) bool { return !owners[o] }), nil
				}
			}
			c.found, c.err = compare.Store(ctx, p, how)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		all = append(all, c)
	}
	return all, nil
}

// side says how to ask an instance that has an address.
func (o *Options) side(ctx context.Context, in inventory.Instance) (compare.Side, error) {
	if in.IMAP == "" {
		return compare.Side{}, fmt.Errorf("the inventory has no IMAP address of the instance on %s", in.Server)
	}
	return o.Side(ctx, in)
}

// equal enters for each owner whether the replica has the same. Units names the part of
// the plan of each owner.
func (c *compared) equal(owners []cyrus.Owner, units map[cyrus.Owner]string, t *tally) {
	byOwner := map[cyrus.Owner]*monitor.Compared{}
	if c.err == nil {
		for i := range c.found.Owners {
			o := &c.found.Owners[i]
			byOwner[cyrus.Owner{Name: o.Owner, Shared: o.Shared}] = o
		}
	}
	for _, owner := range owners {
		d := monitor.Doubt{
			Verdict: monitor.UnknownFulfilment, Unit: inventory.Text(units[owner]), User: inventory.Text(owner.Name),
			Store: inventory.Text(c.at.store), Server: inventory.Text(c.at.server), Expected: "the same on the replica as on the master",
			Next: "see what repairs it",
		}
		ask := []string{"interlace", "compare", "--store", string(c.at.store), "--level", "3"}
		if owner.Name != "" {
			ask = append(ask, "--user", owner.Name)
		}
		d.Command = inventory.Paste(ask...)
		o := byOwner[owner]
		switch {
		case c.err != nil:
			d.Found = "not compared: " + c.err.Error()
		case o == nil:
			d.Found = "not compared: nobody of that name is on the master"
		case o.Outcome == monitor.Identical:
			t.is()
			continue
		case len(o.Differences) > 0:
			first := &o.Differences[0]
			if at := slices.IndexFunc(o.Differences, func(d monitor.Difference) bool { return d.Certainty == monitor.Confirmed }); at >= 0 {
				first, d.Verdict = &o.Differences[at], monitor.Unmet
			}
			d.Mailbox, d.Found = first.Mailbox, first.Text
			if more := len(o.Differences) - 1; more > 0 {
				d.Found += fmt.Sprintf(", and %s more", inventory.Counted(more, "difference", "differences"))
			}
		default:
			d.Found = "not all of it could be compared: " + c.reason(owner)
		}
		t.doubt(d)
	}
}

// reason says why it is not known of an owner whether the copies are the same.
func (c *compared) reason(owner cyrus.Owner) string {
	for i := range c.found.InFlight {
		if f := &c.found.InFlight[i]; string(f.User) == owner.Name || owner.Shared && f.User == "" {
			return f.Text
		}
	}
	for i := range c.found.Uncompared {
		if u := &c.found.Uncompared[i]; string(u.User) == owner.Name || u.User == "" {
			return u.What + ": " + u.Why
		}
	}
	return "changes were on their way"
}

// behind tells what of the comparison may only be on its way to the replica. Who has
// another difference is no sign of that.
func (c *compared) behind() (suspected, flying []string) {
	if c.err != nil {
		return nil, nil
	}
	other := map[inventory.Text]bool{}
	for i := range c.found.Differences {
		d := &c.found.Differences[i]
		other[d.User] = other[d.User] || d.Certainty == monitor.Confirmed
	}
	for i := range c.found.Differences {
		if d := &c.found.Differences[i]; d.Certainty == monitor.Suspected && !other[d.User] {
			suspected = append(suspected, fmt.Sprintf("%s: %s", inventory.Printable(string(d.Mailbox)), d.Text))
		}
	}
	for i := range c.found.InFlight {
		f := &c.found.InFlight[i]
		flying = append(flying, fmt.Sprintf("%s: %s", inventory.Printable(string(f.Mailbox)), f.Text))
	}
	return suspected, flying
}

// lag returns what the history says of the channel to a replica, or nil.
func (o *Options) lag(s *inventory.Store, replica inventory.ServerID) *monitor.Lag {
	for i := range o.Lags {
		l := &o.Lags[i]
		if l.Store == s.Name && l.Server == s.Instances[0].Server && (l.Peer == inventory.Text(replica) || l.Peer == "" && len(s.Instances) == 2) {
			return l
		}
	}
	return nil
}

// caughtUp enters whether the replica has what the master has: as the history tells or,
// where it tells nothing, as the comparison does.
func caughtUp(l *monitor.Lag, c *compared, t *tally) {
	d := monitor.Doubt{
		Verdict: monitor.Unmet, Store: inventory.Text(c.at.store), Server: inventory.Text(c.at.server), Expected: "nothing waits for the replica",
		Next: fmt.Sprintf("interlace lag on the server of the master of %s", c.at.store),
	}
	suspected, flying := c.behind()
	switch {
	case l != nil && l.Verdict != monitor.Unknown && (l.Verdict != monitor.OK || l.Level == monitor.LevelAlert):
		d.Found = joined("its channel is "+string(l.Verdict), string(l.Reason))
	case l != nil && l.Verdict == monitor.OK && l.Level != monitor.LevelUnknown && len(suspected) == 0:
		t.is()
		return
	case c.err != nil:
		d.Verdict, d.Found = monitor.UnknownFulfilment, "neither seen by interlace watch nor compared: "+c.err.Error()
	case len(suspected) > 0:
		d.Found = "the master is ahead and stands still: " + suspected[0]
	case len(flying) > 0:
		d.Verdict, d.Found = monitor.UnknownFulfilment, "changes were on their way: "+flying[0]
	default:
		t.is()
		return
	}
	t.doubt(d)
}
