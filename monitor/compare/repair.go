package compare

import (
	"path/filepath"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// repair says how a difference is repaired. What works was tried on Cyrus 3.6.
//
// sync_client -u makes the replica like the master, except that what is newer on
// the replica wins: messages and flags that only the replica has are copied to
// the master, and what was expunged on the replica is expunged there, too. Where
// that must not happen the replica's copy is removed first by sync_reset, which
// writes nothing to the master.
func (p *pair) repair(owner cyrus.Owner, d *monitor.Difference) {
	if owner.Shared {
		p.repairShared(d)
		return
	}
	switch d.Kind {
	case monitor.SpoolDamaged:
		p.repairSpool(owner, d)
	case monitor.QuotaDiffers:
		d.Repair = []monitor.RepairStep{p.sync(owner)}
		if strings.HasPrefix(d.Text, useDiffers) {
			d.Repair = []monitor.RepairStep{p.recount(&p.store.Master, d), p.recount(&p.store.Replica, d)}
		}
	case monitor.RightsDiffer, monitor.Subscription, monitor.SeenDiffers, monitor.SieveDiffers, monitor.MailboxMissing:
		d.Repair = []monitor.RepairStep{p.sync(owner)}
	case monitor.MessageExtra:
		d.Repair = []monitor.RepairStep{p.sync(owner)}
		d.Warning = "this copies the messages to the master, with new UIDs if theirs are taken; to drop them instead run sync_reset -f on the replica first, which destroys the only copy"
	case monitor.MailboxExtra:
		d.Repair = []monitor.RepairStep{p.reset(owner), p.sync(owner)}
		d.Warning = "this destroys the mailbox and all in it; sync_client alone never copies it to the master"
	case monitor.Unreadable:
		if d.Server == p.store.Master.Server {
			d.Repair = []monitor.RepairStep{p.reconstruct(&p.store.Master, d)}
			return
		}
		d.Repair = []monitor.RepairStep{p.reset(owner), p.sync(owner)}
	default:
		d.Repair = []monitor.RepairStep{p.reset(owner), p.sync(owner)}
		d.Warning = "without sync_reset what is newer on the replica is copied to the master"
	}
	if d.Kind == monitor.MessageMissing {
		d.Warning = "without sync_reset the next change of the mailbox expunges the messages on the master, too"
	}
}

// repairSpool says how damaged files are repaired: the replica's copy is made anew
// from the master's, and never the other way round. The master gets the files of
// the replica, which reconstruct would otherwise drop the messages for.
func (p *pair) repairSpool(owner cyrus.Owner, d *monitor.Difference) {
	if d.Server != p.store.Master.Server {
		d.Repair = []monitor.RepairStep{p.reset(owner), p.sync(owner)}
		d.Warning = "look first that the master's files are whole: the replica's copy is removed"
		return
	}
	for _, s := range []*Side{&p.store.Replica, &p.store.Master} {
		d.Repair = append(d.Repair, monitor.RepairStep{
			Server: s.Server, Text: "prints where the messages of the mailbox lie, each in a file named after its UID",
			Command: inventory.Paste(append(program("mbpath", s), "--", string(d.Mailbox))...),
		})
	}
	d.Warning = "copy the files from the replica's directory to the master's; without them reconstruct gives the messages up on both sides"
}

// repairShared says what helps for a shared tree, of which sync_reset knows
// nothing.
func (p *pair) repairShared(d *monitor.Difference) {
	mailbox := string(d.Mailbox)
	switch d.Kind {
	case monitor.SpoolDamaged:
		if d.Server == p.store.Master.Server {
			p.repairSpool(cyrus.Owner{}, d)
			return
		}
		d.Repair = []monitor.RepairStep{p.reconstruct(&p.store.Replica, d)}
		d.Warning = "a message without its file gets a new UID on both sides, from the master's copy"
	case monitor.Unreadable:
		side := &p.store.Replica
		if d.Server == p.store.Master.Server {
			side = &p.store.Master
		}
		d.Repair = []monitor.RepairStep{p.reconstruct(side, d)}
	case monitor.MailboxExtra:
		d.Warning = "as an administrator give yourself the right x on the replica and DELETE it there; that destroys all in it"
	default:
		d.Repair = []monitor.RepairStep{{
			Server: p.store.Master.Server, Text: "makes the replica's copy like the master's",
			Command: inventory.Paste(append(program("sync_client", &p.store.Master), "-v", "-m", "--", mailbox)...),
		}}
		d.Warning = "what is newer on the replica is copied to the master; Cyrus 3.6.1 ends with an assertion where the replica's HIGHESTMODSEQ is the larger one: change and change back a right on the master until it is not"
	}
}

// program begins a command. Distributions keep the programs where no PATH leads, so
// it names their directory where that is known.
func program(name string, s *Side) []string {
	words := []string{filepath.Join(s.Programs, name)}
	if s.Conf != "" {
		words = append(words, "-C", s.Conf)
	}
	return words
}

func (p *pair) sync(owner cyrus.Owner) monitor.RepairStep {
	return monitor.RepairStep{
		Server: p.store.Master.Server, Text: "makes the replica's copy of the user like the master's",
		Command: inventory.Paste(append(program("sync_client", &p.store.Master), "-v", "-u", "--", owner.Name)...),
	}
}

func (p *pair) reset(owner cyrus.Owner) monitor.RepairStep {
	return monitor.RepairStep{
		Server: p.store.Replica.Server, Text: "removes the replica's copy of the user",
		Command: inventory.Paste(append(program("sync_reset", &p.store.Replica), "-f", "--", owner.Name)...),
	}
}

func (p *pair) recount(s *Side, d *monitor.Difference) monitor.RepairStep {
	return monitor.RepairStep{
		Server: s.Server, Text: "counts anew what is used",
		Command: inventory.Paste(append(program("quota", s), "-f", "--", string(d.Mailbox))...),
	}
}

func (p *pair) reconstruct(s *Side, d *monitor.Difference) monitor.RepairStep {
	return monitor.RepairStep{
		Server: s.Server, Text: "rebuilds the mailbox's index from the files",
		Command: inventory.Paste(append(program("reconstruct", s), "-G", "--", string(d.Mailbox))...),
	}
}
