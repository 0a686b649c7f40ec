package compare

import (
	"net/url"
	"path/filepath"
	"regexp"
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

func (r *remedy) sync() monitor.RepairStep {
	return monitor.RepairStep{
		Server: r.store.Master.Server, Text: "makes the replica's copy of the user like the master's",
		Command: ofConf(&r.store.Master, "sync_client", "-v", "-u", "--", r.owner.Name),
	}
}

// reset removes the replica's copy. Scripts of its own are copied aside by the same
// command, and where that fails nothing is removed.
func (r *remedy) reset() monitor.RepairStep {
	step := monitor.RepairStep{
		Server: r.store.Replica.Server, Text: "removes the replica's copy of the user",
		Command: ofConf(&r.store.Replica, "sync_reset", "-f", "--", r.owner.Name),
	}
	for i := range r.list {
		d := &r.list[i]
		if d.Kind != monitor.SieveDiffers || d.Replica == "" && d.MasterID != "" {
			continue
		}
		where := ofConf(&r.store.Replica, "mbpath", "--", string(d.Mailbox))
		to := inventory.Paste("cp", "./scripts-"+url.PathEscape(r.owner.Name))
		if _, to, found := strings.Cut(string(to), " "); found && where != "" && step.Command != "" {
			step.Text = "copies the replica's scripts aside and removes its copy of the user"
			step.Command = `cp -a -- "$(` + where + `)" ` + inventory.Text(to) + " && " + step.Command
			break
		}
		step.Command = ""
	}
	return step
}

// Look is the command that reads all files of a user on both sides, saves what only the
// replica has, and prints what to do then. Of a shared tree it reads no files: nothing is
// removed there.
func Look(store inventory.StoreID, owner cyrus.Owner) monitor.RepairStep {
	words := []string{"interlace", "compare", "--store", string(store), "--user", owner.Name}
	if strings.HasPrefix(owner.Name, "-") {
		words = append(words[:4], "--user="+owner.Name)
	}
	if !owner.Shared {
		words = append(words, "--level", string(monitor.CompareSpool), "--sample", "1")
	}
	return monitor.RepairStep{
		Text: "reads all of it once more, saves what only the replica has, and prints what repairs it", Command: inventory.Paste(append(words, "--save", "saved")...),
	}
}

func (r *remedy) look() monitor.RepairStep { return Look(r.store.Store, r.owner) }

// lookedClosely tells whether this comparison is like the one of look.
func (r *remedy) lookedClosely() bool {
	return r.options.Level == monitor.CompareSpool && r.options.Sample >= 1 && r.options.Save != ""
}

func recount(s *Side, d *monitor.Difference) monitor.RepairStep {
	return monitor.RepairStep{Server: s.Server, Text: "counts anew what is used", Command: ofConf(s, "quota", "-f", "--", string(d.Mailbox))}
}

func whereIs(s *Side, mailbox inventory.Text) monitor.RepairStep {
	return monitor.RepairStep{
		Server: s.Server, Text: "prints where the messages of the mailbox lie, each in a file named after its UID", Command: ofConf(s, "mbpath", "--", string(mailbox)),
	}
}

// uniqueID is what Cyrus makes unique identifiers of.
var uniqueID = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// forget removes the record by which a server knows a mailbox's unique identifier: it
// stays behind when what was deleted is removed, and keeps the mailbox from coming back.
func forget(s *Side, id string) monitor.RepairStep {
	step := monitor.RepairStep{Server: s.Server, Text: "removes what is left of a mailbox that was deleted there"}
	conf, tool := ofConf(s, "cyr_info", "conf-all"), ofConf(s, "cyr_dbtool")
	if uniqueID.MatchString(id) && conf != "" && tool != "" {
		step.Command = tool + ` "$(` + conf + ` | sed -n 's/^configdirectory: //p')/mailboxes.db" twoskip delete I` + inventory.Text(id)
	}
	return step
}
