package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// makeAnew removes the replica's copy and has it made anew.
func (r *remedy) makeAnew() {
	r.lookAtRights(&r.store.Replica)
	shown := r.every(func(d *monitor.Difference) bool { return d.Level == monitor.CompareView })
	if !r.read || !r.lookedClosely() || r.unsaved()+r.unsavedFlags() > 0 {
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
	r.recount()
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
	if why := r.cannotWrite(); why != nil {
		r.makeRoom(why)
		return
	}
	if flags := r.unsavedFlags(); flags > 0 {
		r.warn("no command removes the replica's copy as long as its own flags are not saved: of %d", flags)
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
		if d := &r.list[i]; d.Unsaved > 0 && onMessages(d) && !slices.Contains(told, d.Mailbox) {
			told = append(told, d.Mailbox)
			r.where(at, d.Mailbox)
		}
	}
	// A name that cannot be pasted is left out.
	givesUp := cmp.Or(ofConf(at, "reconstruct", append([]string{"--"}, textsOf(told)...)...), "reconstruct for the mailbox")
	r.warn("no command removes the replica's copy as long as messages that only the replica has are not saved: %d", unsaved)
	r.warn("keep what is in the directory on %s aside first", at.Server)
	r.warn("where the file of such a message is there and %s may not read it, make it Cyrus's own", at.Server)
	r.warn("where it is there and not what the index says, move it out of the directory, since it may be of a message that nobody else has")
	r.warn("where there is none, or none is left there, nothing is left to save: on %s run %s, which gives the message up", at.Server, givesUp)
	r.warn("where %[1]s says \"Permission denied\" or \"Mailbox does not exist\", which it also says without the right l, give the user the rights l and r on the mailbox on %[1]s, as an administrator (SETACL)", at.Server)
	r.warn("then compare again")
}

// textsOf are names as words of a command.
func textsOf(names []inventory.Text) (words []string) {
	for _, name := range names {
		words = append(words, string(name))
	}
	return words
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
		if onMessages(&r.list[i]) {
			sum += r.list[i].Unsaved
		}
	}
	return sum
}

// onMessages tells whether what is unsaved of a difference are messages.
func onMessages(d *monitor.Difference) bool {
	return d.Kind != monitor.SieveDiffers && d.Kind != monitor.FlagsDiffer
}

// unsavedFlags returns of how many messages the replica's own flags are not saved.
func (r *remedy) unsavedFlags() (sum int64) {
	for i := range r.list {
		if r.list[i].Kind == monitor.FlagsDiffer {
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
