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
// the master, and what was expunged on the replica is expunged there, too. Where
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
	lead      lead
	ways      map[cyrus.InternalName][]monitor.RepairStep // back of what was saved
	strays    []stray
	remains   map[cyrus.InternalName]cyrus.InternalName
	buried    []string // unique identifiers that the replica has to forget
	behind    map[inMailbox]bool
	had       map[cyrus.InternalName]int64 // messages that only the replica has and whose UIDs the master has given out
	doubted   []inventory.Text             // mailboxes that were not compared to the end

	steps    []monitor.RepairStep
	warnings []string
}

// repair gives the differences of a user or shared tree their repair.
func (p *pair) repair(owner cyrus.Owner, o *owned, list []monitor.Difference) {
	r := &remedy{
		store: &p.store, options: &p.options, owner: owner, list: slices.DeleteFunc(slices.Clone(list), heldElsewhere), read: o.wholly(), inner: p.inner, called: p.called, miscounts: p.miscounts, lead: p.lead, ways: p.ways,
		strays: p.strays[owner], buried: p.buried[owner], remains: p.remains, behind: p.behind, had: p.had, doubted: slices.DeleteFunc(slices.Sorted(maps.Keys(o.unsure)), func(name inventory.Text) bool { return name == "" }),
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
	case r.lead.exchanged() && !r.options.Roles:
		r.askForRoles()
	case r.some(r.onMaster):
		r.mend(&r.store.Replica, &r.store.Master)
	case !r.every(usesDiffer) && len(r.strayed()) > 0:
		r.renameBack()
	case !r.every(usesDiffer) && !r.way.reaches():
		r.warn("no command is printed: %[1]s has several replicas, and sync_client goes to another one than %[2]s unless it is told where; give the csync of %[2]s in the inventory, as host:port, and compare again", r.store.Store, r.store.Replica.Server)
	case r.owner.Shared:
		r.mendTree()
	case r.some(r.isInbox):
		r.warn("no command is printed: the master has no INBOX of %[1]s; look first whether %[2]s is the master, and whether it has lost the user. Only who is to be gone from both is removed, by sync_reset -f on %[3]s", r.owner.Name, r.store.Master.Server, r.store.Replica.Server)
	case r.some(r.unreadThere):
		r.mend(&r.store.Master, &r.store.Replica)
		r.warn("no command removes the replica's copy as long as what is in it cannot be read; when it can, run %s: files there may be of other messages than the index says", r.look().Command)
	case r.some(r.asksForReset):
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

// damaged tells whether a side cannot read something of its own.
func damaged(d *monitor.Difference) bool {
	return d.Kind == monitor.SpoolDamaged || d.Kind == monitor.Unreadable
}

func (r *remedy) onMaster(d *monitor.Difference) bool {
	return damaged(d) && d.Server == r.store.Master.Server
}

// unreadThere tells whether the replica cannot read a mailbox: nobody knows which messages
// it alone has there.
func (r *remedy) unreadThere(d *monitor.Difference) bool {
	return d.Kind == monitor.Unreadable && d.Server == r.store.Replica.Server
}

// isInbox tells whether a difference is that only the replica has the user's INBOX.
func (r *remedy) isInbox(d *monitor.Difference) bool {
	_, folder, _ := r.inner[d.Mailbox].Owner()
	return d.Kind == monitor.MailboxExtra && len(folder) == 0
}

func usesDiffer(d *monitor.Difference) bool {
	return d.Kind == monitor.QuotaDiffers && strings.HasPrefix(d.Text, useDiffers)
}

// rootsDiffer tells whether a mailbox counts for one quota root on the one side and for
// another, or none, on the other side: sync_client carries roots, and leaves mailboxes
// where they are.
func rootsDiffer(d *monitor.Difference) bool {
	return d.Kind == monitor.QuotaDiffers && strings.HasPrefix(d.Text, rootDiffers)
}

// asksForReset tells whether sync_client alone would not repair a difference, or might
// take the replica's side. A folder that was deleted on the replica is brought back by
// it, and what was deleted on both sides may be in its way; where it has failed all files
// have been read.
func (r *remedy) asksForReset(d *monitor.Difference) bool {
	switch d.Kind {
	case monitor.MessageMissing, monitor.FlagsDiffer, monitor.Identity:
		return !r.onlyBehind(d) || r.read && len(r.buried) > 0
	case monitor.MessageExtra, monitor.RightsDiffer, monitor.Subscription:
		return r.read && len(r.buried) > 0
	case monitor.MailboxMissing:
		return r.read
	case monitor.QuotaDiffers:
		return rootsDiffer(d)
	}
	return true
}

// withoutFile tells whether there are messages of which a side can read no file.
func withoutFile(d *monitor.Difference) bool {
	return d.Kind == monitor.SpoolDamaged && strings.Contains(d.Text, noFile)
}

// lookAtRights says what to look at first where a side can read no file of a message: if
// only its rights are wrong nothing has to be copied or removed.
func (r *remedy) lookAtRights(s *Side) {
	if !r.some(func(d *monitor.Difference) bool { return withoutFile(d) && d.Server == s.Server }) {
		return
	}
	r.warn("look first on %[1]s whether the files of these UIDs are there: where they are, give them and their directory back to Cyrus's account (chown, chmod u+rw) and compare again; that repairs them", s.Server)
	for i := range r.list {
		if d := &r.list[i]; withoutFile(d) && d.Server == s.Server {
			if step := whereIs(s, d.Mailbox); !slices.Contains(r.steps, step) {
				r.steps = append(r.steps, step)
			}
		}
	}
}

// onlyBehind tells whether the replica only lacks what the master has since the replica's last
// change: messages with UIDs that the replica has not given out, newer flags, counters.
func (r *remedy) onlyBehind(d *monitor.Difference) bool {
	return r.behind[inMailbox{d.Mailbox, d.Kind}] && (d.Kind == monitor.MessageMissing || d.Kind == monitor.FlagsDiffer || d.Kind == monitor.Identity)
}

// expunged tells whether a difference is of messages that the replica may have expunged.
func (r *remedy) expunged(d *monitor.Difference) bool {
	return d.Kind == monitor.MessageMissing && !r.onlyBehind(d)
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
	if r.some(usesDiffer) {
		r.recount()
	}
}

// masterHad tells whether a difference is of messages that the master may have expunged.
func (r *remedy) masterHad(d *monitor.Difference) bool {
	return d.Kind == monitor.MessageExtra && r.had[r.inner[d.Mailbox]] > 0
}

// recount counts anew what is used, where that differs: on the side that counts wrong,
// or on both where that is not known.
func (r *remedy) recount() {
	for i := range r.list {
		d := &r.list[i]
		if !usesDiffer(d) {
			continue
		}
		wrong := r.miscounts[r.inner[d.Mailbox]]
		if wrong[0] || !wrong[1] {
			r.steps = append(r.steps, recount(&r.store.Master, d))
		}
		if wrong[1] || !wrong[0] {
			r.steps = append(r.steps, recount(&r.store.Replica, d))
		}
	}
}

// makeAnew removes the replica's copy and has it made anew.
func (r *remedy) makeAnew() {
	r.lookAtRights(&r.store.Replica)
	shown := r.every(func(d *monitor.Difference) bool { return d.Level == monitor.CompareView })
	if !r.read || r.unsaved() > 0 {
		r.lookFirst(fmt.Sprintf("one repair is for all that differs of %s: the replica's copy is removed, and with it %s", r.owner.Name, r.losses()))
		if !shown || r.unsaved() > 0 {
			return
		}
		r.warn("go on only if it finds nothing that differs")
	}
	if !r.way.sure() {
		r.warn("no command is printed: it is not known by which channel %s sends to %s, and so not whether sync_client could log in there once the copy is removed%s", r.store.Master.Server, r.store.Replica.Server, r.way.unknown())
		return
	}
	ids := r.deleted()
	if len(ids) > mostForgotten {
		r.warn("no command is printed: more than %d mailboxes were deleted or made anew on the replica, which sync_reset does not forget: as an administrator DELETE there those that were made anew, rename DELETED.… back to their names, and compare again", mostForgotten)
		return
	}
	r.warn("look first that %s is the master: on a master sync_reset removes the user from all copies", r.store.Master.Server)
	r.warn("on %s it removes %s", r.store.Replica.Server, r.losses())
	if r.options.Save == "" && r.some(ofKind(monitor.FlagsDiffer)) {
		r.warn("--save keeps the flags in a file")
	}
	if r.some(r.expunged) {
		r.warn("without sync_reset the next change of the mailbox expunges the messages on the master, too")
	}
	if len(ids) > 0 {
		r.warn("first it removes records of mailboxes that were deleted on %s from Cyrus's mailboxes.db, which must lie in the configdirectory and be of the form twoskip; where that fails nothing is removed", r.store.Replica.Server)
	}
	r.warn("run sync_client only when sync_reset has worked: without it what is newer on the replica wins")
	if r.some(r.masterHad) {
		r.warn("messages of which the master has given out the UIDs it may have expunged: bring back only what was not to go")
	}
	r.warn("where sync_client ends with \"bailing out\", run %s once more", r.look().Command)
	r.steps = append(r.steps, r.reset(ids), r.sync())
	if r.some(usesDiffer) {
		r.recount()
	}
	r.bringBack()
}

// lookFirst prints what saves the messages that only the replica has, or says why they
// could not be saved.
func (r *remedy) lookFirst(why string) {
	unsaved := r.unsaved()
	if !r.lookedClosely() || unsaved == 0 {
		r.steps = append(r.steps, r.look())
		r.warn("%s", why)
		r.warn("the command reads all files of the master, saves the messages and flags that only the replica has, and prints the rest")
	} else {
		r.warn("%s", why)
	}
	if !r.lookedClosely() {
		return
	}
	if !r.read {
		r.warn("no command removes the replica's copy as long as not all of the mailboxes could be read and stood still%s", r.inDoubt())
	}
	if unsaved > 0 {
		r.tellUnsaved(unsaved)
	}
}

// inDoubt names the mailboxes that were not compared to the end.
func (r *remedy) inDoubt() string {
	const few = 5
	if len(r.doubted) == 0 {
		return ""
	}
	var names []string
	for _, name := range r.doubted[:min(len(r.doubted), few)] {
		names = append(names, inventory.Printable(string(name)))
	}
	if more := len(r.doubted) - few; more > 0 {
		names = append(names, inventory.Counted(more, "other", "others"))
	}
	return ": " + strings.Join(names, ", ")
}

// tellUnsaved says what to do by hand where messages that only the replica has could not be
// saved: looking once more would find the same.
func (r *remedy) tellUnsaved(unsaved int64) {
	at := &r.store.Replica
	var told []inventory.Text
	for i := range r.list {
		if d := &r.list[i]; d.Unsaved > 0 && d.Kind != monitor.SieveDiffers && !slices.Contains(told, d.Mailbox) {
			told = append(told, d.Mailbox)
			r.steps = append(r.steps, whereIs(at, d.Mailbox))
		}
	}
	r.warn("no command removes the replica's copy as long as messages that only the replica has are not saved: %d", unsaved)
	r.warn("keep what is in the directory on %s aside first", at.Server)
	r.warn("where the file of such a message is there and %s may not read it, make it Cyrus's own", at.Server)
	r.warn("where it is there and not what the index says, move it out of the directory, since it may be of a message that nobody else has, and run reconstruct for the mailbox on %s", at.Server)
	r.warn("where there is none, nothing is left to save: run reconstruct for the mailbox on %s, which gives the message up", at.Server)
	r.warn("where %[1]s says \"Permission denied\", give the user the right r on the mailbox on %[1]s, as an administrator (SETACL)", at.Server)
	r.warn("then compare again")
}

// mostForgotten is how many records are removed by one command.
const mostForgotten = 1000

// deleted returns the unique identifiers of the mailboxes that were deleted on the
// replica, or on both sides apart. What sync_reset would leave of them makes sync_client
// end with an error, and the replication of the store stop, for ever.
func (r *remedy) deleted() []string {
	ids := slices.Clone(r.buried)
	for i := range r.list {
		if id := string(r.list[i].MasterID); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// unsaved returns how many messages only the replica has that are not saved.
func (r *remedy) unsaved() (sum int64) {
	for i := range r.list {
		if r.list[i].Kind != monitor.SieveDiffers {
			sum += r.list[i].Unsaved
		}
	}
	return sum
}

// losses says what a user loses with the replica's copy.
func (r *remedy) losses() string {
	var list []string
	for _, loss := range []struct {
		what  string
		kinds []monitor.DifferenceKind
	}{
		{"the messages that only the replica has", onlyReplica},
		{"its own flags", []monitor.DifferenceKind{monitor.FlagsDiffer}},
		{"its own scripts (sync_reset waits until they are copied to the current directory)", []monitor.DifferenceKind{monitor.SieveDiffers}},
		{"what was seen only there", []monitor.DifferenceKind{monitor.SeenDiffers}},
		{"its own annotations", []monitor.DifferenceKind{monitor.Annotated}},
		{"its own subscriptions", []monitor.DifferenceKind{monitor.Subscription}},
		{"its own rights", []monitor.DifferenceKind{monitor.RightsDiffer}},
	} {
		if r.some(func(d *monitor.Difference) bool { return slices.Contains(loss.kinds, d.Kind) }) {
			list = append(list, loss.what)
		}
	}
	const kept = "what was deleted there and is kept for a while"
	if len(list) == 0 {
		return kept
	}
	return strings.Join(list, ", ") + " and " + kept
}

// onlyReplica are the kinds that tell of messages that only the replica has.
var onlyReplica = []monitor.DifferenceKind{monitor.MessageExtra, monitor.ContentDiffers, monitor.MailboxExtra}

func onlyThere(d *monitor.Difference) bool { return slices.Contains(onlyReplica, d.Kind) }

func ofKind(kind monitor.DifferenceKind) func(*monitor.Difference) bool {
	return func(d *monitor.Difference) bool { return d.Kind == kind }
}

// mend says how files of one side are mended from the other's. Before the master's are
// nothing else is done: nothing may touch the only whole copy.
func (r *remedy) mend(from, to *Side) {
	var told, lonely []inventory.Text
	for i := range r.list {
		d := &r.list[i]
		if !damaged(d) || d.Server != to.Server || slices.Contains(told, d.Mailbox) {
			continue
		}
		told = append(told, d.Mailbox)
		if other, has := r.other(d.Mailbox, from); has {
			r.steps = append(r.steps, whereIs(from, other))
		} else {
			lonely = append(lonely, d.Mailbox)
		}
		r.steps = append(r.steps, whereIs(to, d.Mailbox))
	}
	both := func(kind monitor.DifferenceKind) bool {
		return r.some(func(d *monitor.Difference) bool {
			return d.Kind == kind && d.Server == from.Server && slices.Contains(told, d.Mailbox)
		})
	}
	r.lookAtRights(to)
	r.warn("keep what is in the directory on %s aside first", to.Server)
	if to == &r.store.Master {
		r.warn("run no sync_reset and no sync_client: they would destroy the only whole copy")
	}
	r.mendFiles(from, to, lonely)
	r.mendIndex(from, to, lonely)
	if both(monitor.SpoolDamaged) {
		r.warn("the other side is damaged in the same mailbox: what is whole on neither side comes from a backup only")
	}
	if both(monitor.Unreadable) {
		r.warn("the other side cannot read the same mailbox: keep what is in both directories aside, and run reconstruct, without -G, for the mailbox on both sides: messages that have files stay, and flags are lost")
	}
	r.warn("then compare again: what else differs is repaired only then")
}

// other returns what a side calls its copy of a damaged mailbox. The replica may have deleted or
// renamed it, and made another one of the same name.
func (r *remedy) other(mailbox inventory.Text, on *Side) (name inventory.Text, has bool) {
	apart := func(o *monitor.Difference) bool {
		return o.Mailbox == mailbox && (onOneSide(o) || o.Kind == monitor.Identity && o.MasterID != "")
	}
	if !r.some(apart) {
		return mailbox, true
	}
	kept, has := r.remains[r.inner[mailbox]]
	if !has || on != &r.store.Replica {
		return "", false
	}
	return r.called(kept), true
}

// damagedOn tells whether one side has damage of a kind.
func (r *remedy) damagedOn(s *Side, kind monitor.DifferenceKind) bool {
	return r.some(func(d *monitor.Difference) bool { return d.Kind == kind && d.Server == s.Server })
}

// mendFiles says how the files of messages are mended, in some mailboxes that the other side
// does not have.
func (r *remedy) mendFiles(from, to *Side, lonely []inventory.Text) {
	if !r.damagedOn(to, monitor.SpoolDamaged) {
		return
	}
	var alone, both bool
	for i := range r.list {
		if d := &r.list[i]; d.Kind == monitor.SpoolDamaged && d.Server == to.Server && slices.Contains(lonely, d.Mailbox) {
			alone = true
			r.warn("%s has no copy of the mailbox %s any more: what is whole of UID %s comes from a backup only", from.Server, inventory.Printable(string(d.Mailbox)), inventory.Printable(string(d.UIDs)))
		} else {
			both = both || d.Kind == monitor.SpoolDamaged && d.Server == to.Server
		}
	}
	if alone {
		r.warn("without one these messages are lost: move what is there of their files out of the directory on %[1]s, to be kept, and run reconstruct, without -G, for the mailbox on %[1]s, which gives the messages up", to.Server)
	}
	if !both {
		return
	}
	r.warn("copy the files of these UIDs from the directory on %s to the one on %s, for Cyrus's account", from.Server, to.Server)
	r.warn("without them reconstruct gives the messages up on both sides")
	r.warn("check each file before, since nobody has read it where the message is expunged on %[1]s: it is whole if sha1sum tells of it what mbexamine on %[2]s tells as the GUID of the UID", from.Server, to.Server)
}

// mendIndex says how mailboxes are mended that one side cannot read, some of which only
// that side has.
func (r *remedy) mendIndex(from, to *Side, lonely []inventory.Text) {
	if !r.damagedOn(to, monitor.Unreadable) {
		return
	}
	if r.some(func(d *monitor.Difference) bool {
		return d.Kind == monitor.Unreadable && d.Server == to.Server && !slices.Contains(lonely, d.Mailbox)
	}) {
		r.warn("where %[1]s can read the mailbox, copy the files cyrus.* from the directory on %[1]s to the one on %[2]s, for Cyrus's account, and run reconstruct, without -G, for the mailbox on %[2]s: flags and UIDs stay", from.Server, to.Server)
		r.warn("reconstruct -G on what is damaged loses all flags and the UIDVALIDITY, and sync_client then loses them on the other side, too")
	}
	if len(lonely) > 0 {
		r.warn("%[1]s does not have the mailbox %[3]s: run reconstruct, without -G, for it on %[2]s: messages that have files stay, and flags are lost", from.Server, to.Server, inventory.Printable(string(lonely[0])))
	}
}

// onOneSide tells whether only one side has the mailbox.
func onOneSide(d *monitor.Difference) bool {
	return d.Kind == monitor.MailboxMissing || d.Kind == monitor.MailboxExtra
}
