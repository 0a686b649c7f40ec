package confirm

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// whole enters whether all that moved could be read, if the other promises are met; of the
// whole plan it enters what units have read, since they read when they delete.
func (c *checking) whole(ctx context.Context, movers []mover, others monitor.Fulfilment) (*monitor.Promise, error) {
	t := &tally{name: monitor.PromiseSpool, expected: "every message is read whole on every copy", one: "message read whole", many: "messages read whole"}
	d := monitor.Doubt{Verdict: monitor.UnknownFulfilment, Expected: t.expected, Found: "not read yet"}
	switch {
	case !c.reads:
		t.one, t.many = "part of the plan read whole", "parts of the plan read whole"
		c.wasRead(t, d)
	case others != monitor.Met:
		d.Found, d.Next = "not read, since other promises are not met", "see those, and ask again"
		t.doubt(d)
	default:
		if err := c.spool(ctx, movers, t); err != nil {
			return nil, err
		}
	}
	p := t.promise()
	return &p, nil
}

// seeded is whether the new replicas to which the operator's command has copied were read whole,
// and lack nothing else, as the journal tells; nil: there are none.
func (c *checking) seeded() *monitor.Promise {
	t := &tally{name: monitor.PromiseSpool, expected: "what seed_command copied is whole, and lacks nothing", one: "new replica read whole", many: "new replicas read whole"}
	for i := range c.units {
		u := &c.units[i]
		a := c.accounts[part{u.Name, ""}]
		if u.Do == nil || u.Do.Do != planner.Seed || a == nil {
			continue
		}
		d := monitor.Doubt{Unit: inventory.Text(u.Name), Store: inventory.Text(u.Do.Store), Server: inventory.Text(u.Do.Server), Expected: t.expected}
		switch a.Fate {
		case course.InEffect:
			t.proven(a.Records, d)
		case course.UnderWay:
			t.unproven(a.Records, d)
		}
	}
	if t.met+len(t.doubts) == 0 {
		return nil
	}
	p := t.promise()
	return &p
}

// ofSeed are the steps that prove what the operator's command has copied, and what they prove.
var ofSeed = map[monitor.Step]string{monitor.StepProveAccounts: "what users have beside messages", monitor.StepProveSpool: "messages"}

// proven enters what was proven of a new replica that is in service, if a command has copied to it.
func (t *tally) proven(records []monitor.StepRecord, d monitor.Doubt) {
	texts := map[monitor.Step]string{}
	for _, r := range records {
		if ofSeed[r.Step] != "" && r.State == monitor.StepDone && r.Text != "" {
			texts[r.Step] = string(r.Text)
		}
	}
	spool, accounts := texts[monitor.StepProveSpool], texts[monitor.StepProveAccounts]
	if spool == "" {
		return // replication has copied all, and proven it
	}
	t.notes = append(t.notes, fmt.Sprintf("%s: %s", d.Unit, joined(spool, accounts)))
	if accounts != "" {
		t.is()
		return
	}
	d.Verdict, d.Found = monitor.UnknownFulfilment, "read whole; "+ofSeed[monitor.StepProveAccounts]+" was not looked at"
	d.Next = "see what repairs it, as long as there is a copy that seed_command has not made"
	d.Command = inventory.Paste("interlace", "compare", "--store", string(d.Store), "--level", "2")
	t.doubt(d)
}

// unproven enters why a new replica is not in service: what was copied is not what it was.
func (t *tally) unproven(records []monitor.StepRecord, d monitor.Doubt) {
	if len(records) == 0 {
		return
	}
	last := &records[len(records)-1]
	if ofSeed[last.Step] == "" || last.State != monitor.StepFailed {
		return
	}
	d.Verdict, d.Found = monitor.Unmet, fmt.Sprintf("%s failed: %s", last.Step, last.Text)
	d.Next = "nothing is promoted or dropped until that is mended; then interlace apply --resume --yes goes on with it"
	t.doubt(d)
}

// wasRead enters of the units whose originals are kept what was found when all of them was
// last read.
func (c *checking) wasRead(t *tally, d monitor.Doubt) {
	d.Next = "interlace apply --resume --yes reads it when the originals have been kept for their time, and deletes them only then"
	for i := range c.units {
		u := &c.units[i]
		if !c.leaves(u) {
			continue
		}
		last, before := c.lastRead(u), c.Occasion == monitor.BeforeDeletion
		d.Unit = inventory.Text(u.Name)
		switch {
		case last == nil && before:
			t.doubt(d)
		case last == nil, last.Verdict == monitor.UnknownFulfilment && !before: // it is read when it is due
		case last.Verdict == monitor.Met:
			t.is()
		default:
			t.doubts = append(t.doubts, last.Doubts...)
		}
	}
}

// leaves reports whether originals of a unit are kept.
func (c *checking) leaves(u *course.Unit) bool {
	return slices.ContainsFunc(parts(u), func(p part) bool {
		return c.accounts[p] != nil && c.accounts[p].Fate == course.InEffect && c.accounts[p].Left
	})
}

// lastRead is what was found when all of a unit was last read; nil: it was not.
func (c *checking) lastRead(u *course.Unit) (last *monitor.Promise) {
	for k := range c.Earlier {
		if e := &c.Earlier[k]; e.Unit == u.Name {
			if at := slices.IndexFunc(e.Promises, func(p monitor.Promise) bool { return p.Name == monitor.PromiseSpool }); at >= 0 {
				last = &e.Promises[at]
			}
		}
	}
	return last
}

// readWrong reports whether of a unit whose originals are kept not all was found when it was
// last read, which no index shows: so it stays until it is read again.
func (c *checking) readWrong() bool {
	return !c.reads && slices.ContainsFunc(c.units, func(u course.Unit) bool {
		last := c.lastRead(&u)
		return last != nil && last.Verdict == monitor.Unmet && c.leaves(&u)
	})
}

// spool has every copy of the new stores read all that moved, message by message, before
// the originals are deleted: what servers tell of messages comes from their indices, and
// does not show that a file is damaged.
func (c *checking) spool(ctx context.Context, movers []mover, t *tally) error {
	var all int64
	byStore := map[inventory.StoreID][]mover{}
	for _, m := range movers {
		byStore[m.To] = append(byStore[m.To], m)
		all += m.Bytes * int64(len(m.to.Instances))
	}
	pace := &pace{tell: compare.TellReading(all, c.Reading)}
	hidden := 0
	for _, name := range slices.Sorted(maps.Keys(byStore)) {
		for _, in := range byStore[name][0].to.Instances {
			n, err := c.readWhole(ctx, in, byStore[name], pace, t)
			if err != nil {
				return err
			}
			hidden += n
		}
	}
	t.notes = append(t.notes, inventory.Counted(int(pace.done), "byte", "bytes"))
	if hidden > 0 {
		t.notes = append(t.notes, fmt.Sprintf("%s that nobody can open, such as Sieve scripts, not read", inventory.Counted(hidden, "mailbox", "mailboxes")))
	}
	return nil
}

// readWhole has one copy read all that moved to its store. The error is that of the
// context.
func (c *checking) readWhole(ctx context.Context, in inventory.Instance, movers []mover, pace *pace, t *tally) (hidden int, err error) {
	by := map[cyrus.Owner]*mover{}
	owners := map[cyrus.Owner]bool{}
	for i := range movers {
		by[movers[i].owner], owners[movers[i].owner] = &movers[i], true
	}
	begin := func(m *mover, verdict monitor.Fulfilment) monitor.Doubt {
		d := m.doubt(verdict)
		d.Server, d.Expected = inventory.Text(in.Server), "every message is what was delivered"
		return d
	}
	before := pace.done
	read, err := c.ReadWhole(ctx, in, owners, compare.WholeOptions{Progress: func(bytes int64) { pace.at(in.Server, before+bytes) }})
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if err != nil {
		d := begin(&movers[0], monitor.UnknownFulfilment)
		d.User, d.Found, d.Next = "", "not read: "+err.Error(), "see why it does not answer, and ask again"
		t.doubt(d)
		return 0, nil
	}
	pace.at(in.Server, before+read.Bytes)
	t.met += int(read.Messages)
	for _, f := range read.Damaged {
		m := by[f.Owner]
		d := begin(m, monitor.Unmet)
		t.met -= f.Missing + f.Other
		d.Mailbox = inventory.Text(f.Mailbox)
		d.Found = fmt.Sprintf("%s: UID %s", f.Found(), f.UIDs)
		d.Next = fmt.Sprintf("the original on %s still has it, unless it came after the move, so keep that: put the files of these messages from its spool into that on %s (of what came later, from that of another copy of %s, or a backup), and have interlace apply --resume --yes read it again", original(m), in.Server, m.To)
		t.doubt(d)
	}
	for _, u := range read.Unread {
		m := by[u.Owner]
		d := begin(m, monitor.UnknownFulfilment)
		d.Mailbox, d.Found = inventory.Text(u.Mailbox), "not read: "+u.Why
		d.Next = fmt.Sprintf("keep the original on %s until it can be read: give the right r to the administrator, or to somebody who has mailboxes there and is not denied, and ask again", original(m))
		t.doubt(d)
	}
	return read.Hidden, nil
}

// original names where the original of a mover is.
func original(m *mover) string {
	if m.from == nil || len(m.from.Instances) == 0 {
		return string(m.From)
	}
	return string(m.from.Instances[0].Server)
}

// pace tells how far a reading is.
type pace struct {
	tell func(server inventory.ServerID, done int64)
	done int64
}

func (p *pace) at(server inventory.ServerID, done int64) {
	p.done = done
	p.tell(server, done)
}
