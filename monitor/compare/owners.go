package compare

import (
	"cmp"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// owned is what was found of a user or a shared tree so far.
type owned struct {
	outcome     monitor.Outcome
	partial     bool // something was not compared
	unsure      map[inventory.Text]bool
	differences []monitor.Difference
	done        bool // all that is to be looked at was
	reads       bool // the files of all messages are to be read
	unread      int  // mailboxes of the master of which they were not
}

// choose finds out whom to compare, and in which order.
func (p *pair) choose(master, replica []cyrus.Mailbox) (err error) {
	found := map[cyrus.Owner]bool{}
	for _, side := range [][]cyrus.Mailbox{master, replica} {
		for i := range side {
			if owner, _, kept := side[i].Internal.Owner(); kept {
				found[owner] = true
			}
		}
	}
	p.chosen = slices.SortedFunc(maps.Keys(found), compareOwners)
	if p.options.Choose != nil {
		if p.chosen, err = p.options.Choose(p.chosen); err != nil {
			return err
		}
	}
	for _, owner := range p.chosen {
		p.owned[owner] = &owned{outcome: monitor.Identical}
	}
	return nil
}

// compareOwners orders users by name, and shared trees behind them.
func compareOwners(a, b cyrus.Owner) int {
	if a.Shared != b.Shared {
		return map[bool]int{false: -1, true: 1}[a.Shared]
	}
	return cmp.Compare(a.Name, b.Name)
}

// of returns what was found of an owner, to be changed under the lock. A user who is
// not compared may come in by a mailbox that somebody else sees.
func (p *pair) of(owner cyrus.Owner) *owned {
	o := p.owned[owner]
	if o == nil {
		o = &owned{outcome: monitor.Identical, partial: true}
		p.owned[owner] = o
	}
	p.changed[owner] = true
	return o
}

// noteOwner remembers an outcome; the worst counts.
func (p *pair) noteOwner(owner cyrus.Owner, outcome monitor.Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.of(owner)
	if outcome.Rank() > o.outcome.Rank() {
		o.outcome = outcome
	}
	o.partial = o.partial || outcome == monitor.UnknownOutcome
}

// doubt remembers that a mailbox of an owner, or the account, was not compared to the
// end.
func (p *pair) doubt(owner cyrus.Owner, mailbox inventory.Text) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.of(owner)
	if o.unsure == nil {
		o.unsure = map[inventory.Text]bool{}
	}
	o.unsure[mailbox] = true
}

// finished tells what was found of owners of whom all that is to be looked at was. They
// are not done if whoever is told fails.
func (p *pair) finished(owners []cyrus.Owner) error {
	for _, owner := range owners {
		p.owned[owner].done, p.changed[owner] = true, true
	}
	var news []monitor.Compared
	for _, owner := range slices.SortedFunc(maps.Keys(p.changed), compareOwners) {
		if o := p.owned[owner]; o.done {
			delete(p.changed, owner)
			news = append(news, p.compared(owner, o))
		}
	}
	if p.options.Finished == nil || len(news) == 0 {
		return nil
	}
	err := p.options.Finished(news)
	for _, owner := range owners {
		p.owned[owner].done = err == nil
	}
	return err
}

func (p *pair) compared(owner cyrus.Owner, o *owned) monitor.Compared {
	slices.SortStableFunc(o.differences, func(a, b monitor.Difference) int {
		return cmp.Or(
			cmp.Compare(a.User, b.User), cmp.Compare(a.Mailbox, b.Mailbox), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Text, b.Text),
		)
	})
	differences := slices.Clone(o.differences)
	if o.done {
		p.repair(owner, o, differences)
	} else {
		p.lookAgain(owner, differences)
	}
	return monitor.Compared{
		Owner: owner.Name, Shared: owner.Shared, Outcome: o.outcome, Whole: o.done && !o.partial && len(o.unsure) == 0,
		Unsure: slices.Sorted(maps.Keys(o.unsure)), Differences: differences,
	}
}

// lookAgain gives differences of an owner who was not compared to the end the command
// that does that: nobody knows what else a repair has to do.
func (p *pair) lookAgain(owner cyrus.Owner, list []monitor.Difference) {
	for i := range list {
		list[i].Repair, list[i].Warning = []monitor.RepairStep{Look(p.store.Store, owner, p.options.Save)}, list[i].Saved
	}
}

// gather puts together what was found of all who were compared to the end, and of
// those of whom a difference was found before the end.
func (p *pair) gather() {
	p.endSpool()
	for _, owner := range slices.SortedFunc(maps.Keys(p.owned), compareOwners) {
		o := p.owned[owner]
		if !o.done && len(o.differences) == 0 {
			continue
		}
		compared := p.compared(owner, o)
		p.out.Owners = append(p.out.Owners, compared)
		p.out.Differences = append(p.out.Differences, compared.Differences...)
	}
}
