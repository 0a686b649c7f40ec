package compare

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// Commands name programs where they are on the server, as far as that is known, and
// nothing that removes the replica's copy is printed before all was read and saved.
func TestRepairCommands(t *testing.T) {
	const bin = "/usr/lib/cyrus/bin/"
	const look = " interlace compare --store s1 --user anna --level 4 --sample 1 --save saved"
	sync, tree := "imap1 "+bin+"sync_client -C /etc/s1.conf -v -u -- anna", "imap1 "+bin+"sync_client -C /etc/s1.conf -v -m -- lists"
	of := func(kind monitor.DifferenceKind, change ...func(*monitor.Difference)) monitor.Difference {
		d := monitor.Difference{Kind: kind, Mailbox: "user.anna"}
		for _, c := range change {
			c(&d)
		}
		return d
	}
	server := func(name inventory.ServerID) func(*monitor.Difference) {
		return func(d *monitor.Difference) { d.Server = name }
	}
	unsaved := func(d *monitor.Difference) { d.Unsaved = 1 }
	id := func(d *monitor.Difference) { d.MasterID = "x1" }
	sent := func(d *monitor.Difference) { d.Mailbox = "user.anna.Sent" }
	had := of(monitor.MessageExtra, unsaved, func(d *monitor.Difference) { d.Mailbox = "user.anna.Had" })
	var many []monitor.Difference
	var ids []string
	for i := range 32 {
		ids = append(ids, fmt.Sprintf("x%d", i))
		many = append(many, of(monitor.Identity, func(d *monitor.Difference) { d.MasterID = inventory.Text(ids[i]) }))
	}
	where := []string{"imap2 mbpath -- user.anna", "imap1 " + bin + "mbpath -C /etc/s1.conf -- user.anna"}
	uses := of(monitor.QuotaDiffers, func(d *monitor.Difference) { d.Text = useDiffers })
	anna, lists := cyrus.Owner{Name: "anna"}, cyrus.Owner{Name: "lists", Shared: true}
	inLists := func(d *monitor.Difference) { d.Mailbox = "lists" }
	for _, c := range []struct {
		name  string
		owner cyrus.Owner
		read  bool
		list  []monitor.Difference
		want  []string
		says  string
	}{
		{"flags", anna, false, []monitor.Difference{of(monitor.FlagsDiffer)}, []string{look}, "its own flags"},
		{"flags, all read", anna, true, []monitor.Difference{of(monitor.FlagsDiffer)}, []string{"imap2 sync_reset -f -- anna", sync}, "only when sync_reset has worked"},
		{"an extra message", anna, false, []monitor.Difference{of(monitor.MessageExtra, unsaved)}, []string{sync}, "copies the messages"},
		{"an extra message and a missing one", anna, true, []monitor.Difference{of(monitor.MessageExtra, unsaved), of(monitor.MessageMissing)}, []string{look}, "with it the messages that only the replica has"},
		{"rights and a missing message", anna, false, []monitor.Difference{of(monitor.RightsDiffer), of(monitor.MessageMissing)}, []string{look}, ""},
		{"rights", anna, false, []monitor.Difference{of(monitor.RightsDiffer)}, []string{sync}, ""},
		{"what is used", anna, false, []monitor.Difference{uses}, []string{"imap1 " + bin + "quota -C /etc/s1.conf -f -- user.anna", "imap2 quota -f -- user.anna"}, ""},
		{"what is used and flags", anna, true, []monitor.Difference{uses, of(monitor.FlagsDiffer)}, []string{"imap2 sync_reset -f -- anna", sync, "imap1 " + bin + "quota -C /etc/s1.conf -f -- user.anna", "imap2 quota -f -- user.anna"}, ""},
		{"a quota root, suspected", anna, false, []monitor.Difference{of(monitor.QuotaDiffers, sent, func(d *monitor.Difference) {
			d.Text, d.Master = rootDiffers+", unless it is on its way", "user.anna.Sent"
		})}, []string{sync, "imap1 " + bin + "quota -C /etc/s1.conf -f -- user.anna", "imap2 quota -f -- user.anna"}, ""},
		{"a quota root above the user", anna, false, []monitor.Difference{of(monitor.QuotaDiffers, func(d *monitor.Difference) { d.Text, d.Replica = rootDiffers, "user" })}, []string{sync, "imap1 " + bin + "quota -C /etc/s1.conf -f -- user", "imap2 quota -f -- user"}, ""},
		{"a deleted folder", anna, false, []monitor.Difference{of(monitor.MailboxMissing, id)}, []string{sync}, `bailing out`},
		{"one that was made anew", anna, true, []monitor.Difference{of(monitor.Identity, id)}, []string{
			`imap2 cyr_dbtool "$(cyr_info conf-all | sed -n 's/^configdirectory: //p')/mailboxes.db" twoskip delete Ix1 && sync_reset -f -- anna`, sync,
		}, "nothing is removed"},
		{"a script", anna, true, []monitor.Difference{of(monitor.SieveDiffers, func(d *monitor.Difference) { d.Mailbox = "user.anna.#sieve" })}, []string{
			`imap2 cp -a --backup=numbered -- "$(mbpath -- 'user.anna.#sieve')" ./scripts-anna && sync_reset -f -- anna`, sync,
		}, "its own scripts"},
		{"the master's files", anna, true, []monitor.Difference{of(monitor.SpoolDamaged, server("imap1")), of(monitor.FlagsDiffer)}, where, "run no sync_reset"},
		{"the master's index", anna, true, []monitor.Difference{of(monitor.Unreadable, server("imap1")), of(monitor.MessageMissing)}, where, "reconstruct -G on what is damaged loses all flags"},
		{"both sides' files", anna, true, []monitor.Difference{of(monitor.SpoolDamaged, server("imap1")), of(monitor.SpoolDamaged, server("imap2"))}, where, "from a backup only"},
		{"a user whom the master lacks", anna, true, []monitor.Difference{of(monitor.MailboxExtra), of(monitor.MailboxExtra, func(d *monitor.Difference) { d.Mailbox = "user.anna.Sent" })}, nil, "whether it has lost the user"},
		{"the replica's index", anna, true, []monitor.Difference{of(monitor.Unreadable, server("imap2")), of(monitor.FlagsDiffer)}, []string{where[1], where[0]}, "as long as what is in it cannot be read"},
		{"the index of an extra folder", anna, true, []monitor.Difference{of(monitor.Unreadable, server("imap2"), sent), of(monitor.MailboxExtra, sent)}, []string{"imap2 mbpath -- user.anna.Sent"}, "run reconstruct, without -G, for it on imap2"},
		{"an expunged message", anna, false, []monitor.Difference{had}, []string{look}, "may have expunged them"},
		{"an expunged message, saved", anna, true, []monitor.Difference{of(monitor.MessageExtra, func(d *monitor.Difference) { d.Mailbox = "user.anna.Had" })}, []string{sync}, "this expunges"},
		{"a message that a user is shown", anna, false, []monitor.Difference{of(monitor.MessageExtra, func(d *monitor.Difference) { d.Level = monitor.CompareView })}, []string{look}, "may have expunged them"},
		{"a tree's expunged message", lists, false, []monitor.Difference{of(monitor.MessageExtra, unsaved, func(d *monitor.Difference) { d.Mailbox = "lists.had" })}, []string{" interlace compare --store s1 --user lists --save saved"}, "expunges on the replica"},
		{"somebody else's folder", anna, true, []monitor.Difference{of(monitor.MailboxMissing, id, func(d *monitor.Difference) { d.Mailbox = "user.anna.Stray" })}, nil, "what imap1 calls user.anna.Stray is called user.bob.X on imap2"},
		{"many folders that were made anew", anna, true, many, []string{
			`imap2 (for id in ` + strings.Join(ids, " ") + `; do cyr_dbtool "$(cyr_info conf-all | sed -n 's/^configdirectory: //p')/mailboxes.db" twoskip delete "I$id" || exit; done) && sync_reset -f -- anna`, sync,
		}, "nothing is removed"},
		{"an extra folder", anna, true, []monitor.Difference{of(monitor.MailboxExtra, func(d *monitor.Difference) { d.Mailbox = "user.anna.Sent" })}, []string{"imap2 sync_reset -f -- anna", sync}, "the messages that only the replica has"},
		{"somebody else's mailbox", anna, true, []monitor.Difference{of(monitor.Annotated, func(d *monitor.Difference) { d.Holder = "bob" })}, nil, "none is claimed"},
		{"a tree's flags", lists, false, []monitor.Difference{of(monitor.FlagsDiffer, inLists)}, []string{tree}, "flags of the older side are lost"},
		{"a tree that lacks a message", lists, false, []monitor.Difference{of(monitor.FlagsDiffer, inLists), of(monitor.MessageMissing, inLists)}, nil, "expunges on the master"},
		{"a tree's quota", lists, false, []monitor.Difference{of(monitor.QuotaDiffers, inLists)}, []string{"imap1 " + bin + "cyr_synclog -C /etc/s1.conf -q lists"}, "worked off"},
		{"a tree's extra mailbox", lists, false, []monitor.Difference{of(monitor.MailboxExtra, inLists, unsaved)}, []string{" interlace compare --store s1 --user lists --save saved"}, "DELETE it there"},
	} {
		p := &pair{store: Pair{Store: "s1", Master: Side{Server: "imap1", Conf: "/etc/s1.conf", Programs: "/usr/lib/cyrus/bin"}, Replica: Side{Server: "imap2"}}}
		p.inner = map[inventory.Text]cyrus.InternalName{"lists": "lists", "user.anna": "user.anna", "user.anna.Sent": "user.anna.Sent", "user.anna.Had": "user.anna.Had", "user.anna.Stray": "user.anna.Stray", "lists.had": "lists.had"}
		p.had = map[cyrus.InternalName]int64{"user.anna.Had": 1, "lists.had": 1}
		if c.read && !slices.ContainsFunc(c.list, func(d monitor.Difference) bool { return d.Unsaved > 0 }) {
			p.options = Options{Level: monitor.CompareSpool, Sample: 1, Save: "saved"} // as look reads and saves
		}
		p.strays = map[cyrus.Owner][]stray{anna: {{"user.anna.Stray", "user.bob.X"}}}
		p.master = &host{server: cyrus.Server{Separator: '.'}}
		list := slices.Clone(c.list)
		p.repair(c.owner, &owned{reads: c.read}, list)
		for i := range list {
			var got []string
			for _, step := range list[i].Repair {
				got = append(got, string(step.Server)+" "+string(step.Command))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: got %q, want %q", c.name, got, c.want)
			}
			if !strings.Contains(string(list[i].Warning), c.says) {
				t.Errorf("%s: nothing says %q: %s", c.name, c.says, list[i].Warning)
			}
		}
	}
}

// TestNoResetBeforeAllIsSaved: where all files were read and nothing is kept, or the replica's own
// flags could not be, no copy is removed.
func TestNoResetBeforeAllIsSaved(t *testing.T) {
	anna := cyrus.Owner{Name: "anna"}
	for _, c := range []struct {
		name    string
		save    string
		list    []monitor.Difference
		resets  bool
		warning string
	}{
		{"flags, without --save", "", []monitor.Difference{{Kind: monitor.FlagsDiffer, Unsaved: 2}}, false, "saves the messages and flags that only the replica has"},
		{"a missing message, without --save", "", []monitor.Difference{{Kind: monitor.MessageMissing}}, false, "reads all files of the master"},
		{"flags that could not be saved", "saved", []monitor.Difference{{Kind: monitor.FlagsDiffer, Unsaved: 2}}, false, "as long as its own flags are not saved: of 2"},
		{"flags that are saved", "saved", []monitor.Difference{{Kind: monitor.FlagsDiffer}}, true, "it removes its own flags"},
	} {
		p := &pair{store: Pair{Store: "s1", Master: Side{Server: "imap1"}, Replica: Side{Server: "imap2"}}, options: Options{Level: monitor.CompareSpool, Sample: 1, Save: c.save}}
		p.master = &host{server: cyrus.Server{Separator: '.'}}
		p.repair(anna, &owned{reads: true}, c.list)
		resets := slices.ContainsFunc(c.list[0].Repair, func(s monitor.RepairStep) bool { return strings.Contains(string(s.Command), "sync_reset") })
		looks := slices.ContainsFunc(c.list[0].Repair, func(s monitor.RepairStep) bool { return strings.Contains(string(s.Command), "--save saved") })
		if resets != c.resets || looks == c.resets || !strings.Contains(string(c.list[0].Warning), c.warning) {
			t.Errorf("%s: %+v", c.name, c.list[0])
		}
	}
}

// TestUnsavedInAMailboxOfNoName: where a mailbox has a name that cannot be pasted, what to run is
// said without it.
func TestUnsavedInAMailboxOfNoName(t *testing.T) {
	p := &pair{store: Pair{Store: "s1", Master: Side{Server: "imap1"}, Replica: Side{Server: "imap2"}}, options: Options{Level: monitor.CompareSpool, Sample: 1, Save: "saved"}}
	p.master = &host{server: cyrus.Server{Separator: '.'}}
	list := []monitor.Difference{{Kind: monitor.SpoolDamaged, Server: "imap2", Mailbox: "user.anna.\x01", Unsaved: 1}, {Kind: monitor.MessageExtra, Mailbox: "user.anna.\x01"}}
	p.repair(cyrus.Owner{Name: "anna"}, &owned{reads: true}, list)
	if said := string(list[0].Warning); !strings.Contains(said, "on imap2 run reconstruct for the mailbox, which gives the message up") {
		t.Errorf("it says %s", said)
	}
}

// TestFilesInThePlaceOfMessages: damaged files of the replica that could not be saved give way to
// the master's, but where the messages may be the replica's own.
func TestFilesInThePlaceOfMessages(t *testing.T) {
	damaged := monitor.Difference{Kind: monitor.SpoolDamaged, Server: "imap2", Mailbox: "user.anna", Unsaved: 1}
	for _, c := range []struct {
		with        monitor.DifferenceKind
		read, gives bool
		says        string
	}{
		{monitor.FlagsDiffer, true, true, "copy the file of the UID from the directory on imap1 to the one on imap2"},
		{monitor.FlagsDiffer, false, false, "as long as not all of the mailboxes could be read"},
		{monitor.MessageExtra, true, false, "on imap2 run reconstruct -- user.anna, which gives the message up"},
		{monitor.ContentDiffers, true, false, "messages that only the replica has are not saved: 1"},
		{monitor.MailboxMissing, true, false, "messages that only the replica has are not saved: 1"},
	} {
		p := &pair{store: Pair{Store: "s1", Master: Side{Server: "imap1"}, Replica: Side{Server: "imap2"}}, options: Options{Level: monitor.CompareSpool, Sample: 1, Save: "saved"}}
		p.master = &host{server: cyrus.Server{Separator: '.'}}
		list := []monitor.Difference{damaged, {Kind: c.with, Mailbox: "user.anna"}}
		p.repair(cyrus.Owner{Name: "anna"}, &owned{reads: c.read}, list)
		said := string(list[0].Warning)
		if gives := strings.Contains(said, "imap1 has the messages of these UIDs whole"); gives != c.gives || !strings.Contains(said, c.says) {
			t.Errorf("with %s: %s", c.with, said)
		}
		for _, step := range list[0].Repair {
			if !strings.Contains(string(step.Command), "mbpath ") && c.read {
				t.Errorf("with %s: it runs %s", c.with, step.Command)
			}
		}
	}
}
