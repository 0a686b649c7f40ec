package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// remedy is the one repair of a user or a shared tree, worked out from all in which the
// copies differ. What works was tried on Cyrus 3.6.
//
// sync_client -u makes the replica like the master, except that what is newer on
// the replica wins: messages, flags and scripts that only the replica has are copied to
// the master, and what was expunged on the replica is expunged there, too, also in what
// the replica has deleted or renamed. Where
// that must not happen the replica's copy is removed first by sync_reset, which
// writes nothing to the master. That in turn destroys what only the replica has, and the
// last whole copy of what is damaged on the master. So it is not printed before all files
// of the master were read, and what only the replica has was saved.
type remedy struct {
	store   *Pair
	way     *channel
	options *Options
	owner   cyrus.Owner
	list    []monitor.Difference
	read    bool // the files of all of the master's messages were read
	inner   map[inventory.Text]cyrus.InternalName
	called  func(cyrus.InternalName) inventory.Text
	// miscounts tells of quota roots whether the master, and the replica, counts wrong.
	miscounts map[cyrus.InternalName][2]bool
	lead      cyrus.Lead
	ways      map[cyrus.InternalName]monitor.RepairStep // back of messages that were saved
	flagWays  map[cyrus.InternalName]monitor.RepairStep // and of flags
	strays    []stray
	remains   map[cyrus.InternalName]cyrus.InternalName
	buried    []string // unique identifiers that the replica has to forget
	behind    map[inMailbox]bool
	had       map[cyrus.InternalName]int64 // messages that only the replica has and whose UIDs the master has given out
	doubted   []inventory.Text             // mailboxes that were not compared to the end
	unwritten map[cyrus.InternalName]error // why what was to be saved could not be written

	steps    []monitor.RepairStep
	warnings []string
}

// repair gives the differences of a user or shared tree their repair.
func (p *pair) repair(owner cyrus.Owner, o *owned, list []monitor.Difference) {
	r := &remedy{
		store: &p.store, options: &p.options, owner: owner, list: slices.DeleteFunc(slices.Clone(list), heldElsewhere), read: o.wholly(), inner: p.inner, called: p.called, miscounts: p.miscounts, lead: p.lead, ways: p.ways, flagWays: p.flagWays,
		strays: p.strays[owner], buried: p.buried[owner], remains: p.remains, behind: p.behind, had: p.had, unwritten: p.unwritten, doubted: slices.DeleteFunc(slices.Sorted(maps.Keys(o.unsure)), func(name inventory.Text) bool { return name == "" }),
	}
	if len(r.list) > 0 {
		r.way = p.channel()
		r.decide()
	}
	for i := range list {
		d := &list[i]
		if heldElsewhere(*d) {
			d.Warning = lines("the mailbox is not the user's: no repair of this user changes it, and none is claimed; see what differs of "+d.Holder, d.Saved)
			continue
		}
		d.Repair, d.Warning = slices.Clone(r.steps), lines(inventory.Text(strings.Join(r.warnings, "\n")), d.Saved)
	}
}

// wholly tells whether the files of all messages were read on the master, and no
// mailbox was left in doubt.
func (o *owned) wholly() bool {
	for mailbox := range o.unsure {
		if mailbox != "" {
			return false
		}
	}
	return o.reads && o.unread == 0
}

// heldElsewhere tells whether what differs is kept in the mailbox of somebody else. What a
// user has seen there is kept with the user.
func heldElsewhere(d monitor.Difference) bool {
	return d.Holder != "" && d.Kind != monitor.SeenDiffers
}

// decide chooses the most careful repair that any of the differences asks for.
func (r *remedy) decide() {
	switch {
	case r.lead.Exchanged() && !r.options.Roles:
		r.askForRoles()
	case r.some(r.onMaster):
		r.mend(&r.store.Replica, &r.store.Master)
	case !r.every(usesDiffer) && len(r.strayed()) > 0:
		r.renameBack()
	case !r.every(usesDiffer) && !r.way.reaches():
		r.warn("no command is printed: %[1]s has several replicas, and sync_client goes to another one than %[2]s unless it is told where; give the csync of %[2]s in the inventory, and compare again: %[3]v", r.store.Store, r.store.Replica.Server, r.way.unread())
	case r.some(r.onlyRemainsHave):
		r.undelete(r.onlyRemainsHave)
	case r.owner.Shared:
		r.mendTree()
	case r.some(r.isInbox):
		r.warn("no command is printed: the master has no INBOX of %[1]s; look first whether %[2]s is the master, and whether it has lost the user. Only who is to be gone from both is removed, by sync_reset -f on %[3]s", r.owner.Name, r.store.Master.Server, r.store.Replica.Server)
	case r.some(r.unreadThere):
		r.mend(&r.store.Master, &r.store.Replica)
		r.warn("no command removes the replica's copy as long as what is in it cannot be read; when it can, run %s: files there may be of other messages than the index says", r.look().Command)
	case r.read && r.lookedClosely() && r.cannotWrite() == nil && r.some(r.inPlaceOf):
		r.replaceFiles()
	case r.some(r.asksForReset), !r.every(usesDiffer) && r.anyRemains():
		r.makeAnew()
	case r.every(usesDiffer):
		r.recount()
	default:
		r.merge()
	}
}

func (r *remedy) some(is func(*monitor.Difference) bool) bool {
	return slices.ContainsFunc(r.list, func(d monitor.Difference) bool { return is(&d) })
}

func (r *remedy) every(is func(*monitor.Difference) bool) bool {
	return !r.some(func(d *monitor.Difference) bool { return !is(d) })
}

func (r *remedy) warn(format string, args ...any) {
	r.warnings = append(r.warnings, fmt.Sprintf(format, args...))
}

// merge lets sync_client make the replica like the master. What the master has expunged it
// expunges on the replica, too: only when that is saved.
func (r *remedy) merge() {
	had := r.some(r.masterHad)
	// As a user is shown messages nobody has asked for their UIDs.
	shown := r.some(func(d *monitor.Difference) bool {
		return d.Kind == monitor.MessageExtra && d.Level == monitor.CompareView
	})
	if had && r.unsaved() > 0 || shown {
		r.lookFirst("sync_client expunges on the replica messages of which the master has given out the UIDs: the master may have expunged them, or lost them")
		return
	}
	r.steps = append(r.steps, r.sync())
	if had {
		r.warn("this expunges the messages that only the replica has and of which the master has given out the UIDs; they are saved, and go to the master by a mail client if it has lost them")
	}
	if r.some(func(d *monitor.Difference) bool { return d.Kind == monitor.MessageExtra && !r.masterHad(d) }) {
		r.warn("this copies the messages that only the replica has to the master, with new UIDs if theirs are taken")
		r.warn("where it ends with \"bailing out\", a file is damaged: then run %s, which prints what helps", r.look().Command)
	}
	if r.some(ofKind(monitor.MailboxMissing)) {
		r.warn("where it ends with \"bailing out\", what the replica has left of the deleted mailbox is in its way: then run %s, which prints what helps", r.look().Command)
	}
	if len(r.buried) > 0 {
		r.warn("where it ends with \"bailing out\" at DELETED.…, what was deleted on %s apart from the master is in its way: then run %s, which prints what helps", r.store.Replica.Server, r.look().Command)
	}
	r.recount()
}

// recount counts anew what is used, where that differs: on the side that counts wrong,
// or on both where that is not known. That also finds the quota roots of mailboxes anew.
func (r *remedy) recount() {
	for i := range r.list {
		d := &r.list[i]
		switch wrong := r.miscounts[r.inner[d.Mailbox]]; {
		case rootsDiffer(d):
			r.recountOn(true, true, r.above(d))
		case usesDiffer(d):
			r.recountOn(wrong[0] || !wrong[1], wrong[1] || !wrong[0], string(d.Mailbox))
		}
	}
}

// recountOn counts anew what is used of a quota root, and those below it, each side once.
func (r *remedy) recountOn(master, replica bool, root string) {
	for _, side := range []struct {
		*Side
		counts bool
	}{{&r.store.Master, master}, {&r.store.Replica, replica}} {
		if step := recount(side.Side, root); side.counts && !slices.Contains(r.steps, step) {
			r.steps = append(r.steps, step)
		}
	}
}

// above returns the shortest name of what a mailbox may count for: the owner's first mailbox, or
// a quota root above that. quota takes a mailbox out of those of which it is not told.
func (r *remedy) above(d *monitor.Difference) string {
	name := r.inner[d.Mailbox]
	_, folder, _ := name.Owner()
	for range folder {
		name = name[:strings.LastIndexByte(string(name), '.')]
	}
	for _, root := range []inventory.Text{d.Master, d.Replica} {
		if root != "" && len(root) < len(name) {
			name = cyrus.InternalName(root)
		}
	}
	return string(r.called(name))
}
