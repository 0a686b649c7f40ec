package compare

import (
	"cmp"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// program begins a command. Distributions keep the programs where no PATH leads, so
// it names their directory where that is known.
func program(name string, s *Side) []string {
	words := []string{filepath.Join(s.Programs, name)}
	if s.Conf != "" {
		words = append(words, "-C", s.Conf)
	}
	return words
}

// ofConf is the command of a program of Cyrus on one side.
func ofConf(s *Side, name string, words ...string) inventory.Text {
	return inventory.Paste(append(program(name, s), words...)...)
}

// channel is the way from the master to one replica.
type channel struct {
	to    *Side
	only  bool   // the store has no further replica
	name  string // as the master's imapd.conf calls it; empty: nobody knows
	doubt error  // why nobody knows
}

// defaultChannel is the name of the channel that sync_client takes by itself.
const defaultChannel = `""`

// channel finds out the way to the replica.
func (p *pair) channel() *channel {
	if p.way == nil {
		p.way = &channel{to: &p.store.Replica, only: !p.store.Several}
		if p.store.Channel != nil {
			p.way.name, p.way.doubt = p.store.Channel()
		}
	}
	return p.way
}

// reaches tells whether sync_client can be told to go to this replica, and no other.
func (c *channel) reaches() bool { return c.sure() || c.unread() == nil }

// unread says why sync_client cannot be told the address of this replica.
func (c *channel) unread() error {
	if c.to.CSync == "" {
		return fmt.Errorf("the inventory has no csync of %s, as host:port", c.to.Server)
	}
	_, _, err := cyrus.SplitCSync(c.to.CSync)
	return err
}

// sure tells whether sync_client goes there as the rolling one does, and logs in as that.
func (c *channel) sure() bool { return c.only || c.name != "" }

// flags tell sync_client where to go. It goes where its configuration says by itself where
// that is known, or where there is but one replica.
func (c *channel) flags() []string {
	switch {
	case c.name == defaultChannel, c.name == "" && c.only:
		return nil
	case c.name == "":
		return []string{"-S", c.to.CSync}
	}
	return []string{"-n", c.name}
}

// unknown says why the channel is not known.
func (c *channel) unknown() string {
	if c.doubt == nil {
		return ""
	}
	return ": " + inventory.Printable(c.doubt.Error())
}

// syncClient is the command of sync_client with these words, which goes to this replica.
func (r *remedy) syncClient(words ...string) inventory.Text {
	if !r.way.sure() {
		r.warn("sync_client logs in as the default channel does: where %s refuses that it tries for ever, so stop it, and write -n and the name of the channel in the place of -S %s (which channel that is, is not known%s)", r.store.Replica.Server, r.way.to.CSync, r.way.unknown())
	}
	return ofConf(&r.store.Master, "sync_client", append(r.way.flags(), words...)...)
}

func (r *remedy) sync() monitor.RepairStep {
	return monitor.RepairStep{
		Server: r.store.Master.Server, Text: "makes the replica's copy of the user like the master's",
		Command: r.syncClient("-v", "-u", "--", r.owner.Name),
	}
}

// reset removes the replica's copy, and before it the records by which the replica knows
// the unique identifiers of deleted mailboxes. Scripts of its own are copied aside. It is
// one command, so that nothing is removed where something before it fails.
func (r *remedy) reset(deleted []string) monitor.RepairStep {
	at := &r.store.Replica
	commands := []inventory.Text{r.copyScripts(at)}
	if len(deleted) > 0 {
		commands = append(commands, forget(at, deleted))
	}
	commands = append(commands, ofConf(at, "sync_reset", "-f", "--", r.owner.Name))
	step := monitor.RepairStep{Server: at.Server, Text: "removes the replica's copy of the user, when what only that has is copied aside"}
	if slices.Contains(commands[1:], "") || commands[0] == "" && r.someScripts() != "" {
		return step // a name cannot be pasted
	}
	commands = slices.DeleteFunc(commands, func(c inventory.Text) bool { return c == "" })
	step.Command = commands[0]
	for _, c := range commands[1:] {
		step.Command += " && " + c
	}
	return step
}

// someScripts returns the mailbox of the replica's own scripts; empty if it has none.
func (r *remedy) someScripts() string {
	for i := range r.list {
		if d := &r.list[i]; d.Kind == monitor.SieveDiffers && (d.Replica != "" || d.MasterID == "") {
			return string(d.Mailbox)
		}
	}
	return ""
}

// copyScripts is the command that copies the replica's own scripts to the current
// directory.
func (r *remedy) copyScripts(at *Side) inventory.Text {
	mailbox := r.someScripts()
	where, copied := ofConf(at, "mbpath", "--", mailbox), inventory.Paste("cp", "-a", "./scripts-"+url.PathEscape(r.owner.Name))
	to, found := strings.CutPrefix(string(copied), "cp -a ")
	if mailbox == "" || where == "" || !found {
		return ""
	}
	return `cp -a --backup=numbered -- "$(` + where + `)" ` + inventory.Text(to)
}

// uniqueID is what Cyrus makes unique identifiers of.
var uniqueID = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// forget is the command that removes the records by which a server knows mailboxes' unique
// identifiers. It fails where one of them cannot be removed.
func forget(s *Side, ids []string) inventory.Text {
	conf, tool := ofConf(s, "cyr_info", "conf-all"), ofConf(s, "cyr_dbtool")
	if conf == "" || tool == "" || slices.ContainsFunc(ids, func(id string) bool { return !uniqueID.MatchString(id) }) {
		return ""
	}
	command := tool + ` "$(` + conf + ` | sed -n 's/^configdirectory: //p')/mailboxes.db" twoskip delete `
	if len(ids) == 1 {
		return command + "I" + inventory.Text(ids[0])
	}
	return "(for id in " + inventory.Text(strings.Join(ids, " ")) + "; do " + command + `"I$id" || exit; done)`
}

// Look is the command that reads all files of a user on both sides, saves what only the
// replica has, and prints what to do then. Of a shared tree it reads no files: nothing is
// removed there. It saves in the directory that was given; without one in saved.
func Look(store inventory.StoreID, owner cyrus.Owner, save string) monitor.RepairStep {
	words := []string{"interlace", "compare", "--store", string(store), "--user", owner.Name}
	if strings.HasPrefix(owner.Name, "-") {
		words = append(words[:4], "--user="+owner.Name)
	}
	if !owner.Shared {
		words = append(words, "--level", string(monitor.CompareSpool), "--sample", "1")
	}
	return monitor.RepairStep{
		Text: "reads all of it once more, saves what only the replica has, and prints what repairs it", Command: inventory.Paste(append(words, "--save", cmp.Or(save, "saved"))...),
	}
}

func (r *remedy) look() monitor.RepairStep {
	step := Look(r.store.Store, r.owner, r.options.Save)
	if r.options.Roles && step.Command != "" {
		step.Command += " --roles-are-right"
	}
	return step
}

// lookedClosely tells whether this comparison is like the one of look.
func (r *remedy) lookedClosely() bool {
	return r.options.Level == monitor.CompareSpool && r.options.Sample >= 1 && r.options.Save != ""
}

func recount(s *Side, root string) monitor.RepairStep {
	return monitor.RepairStep{Server: s.Server, Text: "counts anew what is used", Command: ofConf(s, "quota", "-f", "--", root)}
}

func whereIs(s *Side, mailbox inventory.Text) monitor.RepairStep {
	return monitor.RepairStep{
		Server: s.Server, Text: "prints where the messages of the mailbox lie, each in a file named after its UID", Command: ofConf(s, "mbpath", "--", string(mailbox)),
	}
}
