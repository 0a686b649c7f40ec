package compare

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// tellDamaged enters which files are damaged; of those that are there it gets the digests.
// What is in such a file of the replica may be a message that nobody else has, and is saved.
func (p *pair) tellDamaged(ctx context.Context, l *lane, f *files, damaged map[uint32]cyrus.Digest) {
	other := map[uint32][20]byte{}
	for uid, d := range damaged {
		if !d.Missing {
			other[uid] = d.File
		}
	}
	d := p.difference(f.mailbox.Internal, monitor.SpoolDamaged)
	d.Server, d.UIDs = p.store.Master.Server, inventory.Text(cyrus.SetOf(runs(damaged)))
	none := len(damaged) - len(other)
	has := filesText(none, len(other))
	if d.Master = has; f.role == inventory.Replica {
		d.Server, d.Master, d.Replica = p.store.Replica.Server, "", has
		d.Saved, d.Unsaved = p.saveDamaged(ctx, l, f.mailbox, other)
	}
	d.Text = "the files of the messages are not what the index of the same server says"
	if none > 0 {
		d.Text += "; " + noFile
	}
	if d.FewUIDs() != string(d.UIDs) {
		d.Text += "; JSON (-o json) has all UIDs"
		d.Saved = joined(d.Saved, p.listFiles(d.Server, f.mailbox.Internal, damaged))
	}
	p.add(f.mailbox.Internal, d)
}

// listFiles writes the names of the files of damaged messages to a file, a name a line, where
// something is saved, and says where.
func (p *pair) listFiles(server inventory.ServerID, name cyrus.InternalName, damaged map[uint32]cyrus.Digest) inventory.Text {
	if p.options.Save == "" {
		return ""
	}
	file, err := p.write(p.filesOn(server, name)+"-damaged.txt", func(to *os.File) error {
		list := bufio.NewWriter(to)
		for _, uid := range slices.Sorted(maps.Keys(damaged)) {
			fmt.Fprintf(list, "%d.\n", uid)
		}
		return list.Flush()
	})
	if err != nil {
		return inventory.Text(fmt.Sprintf("the names of the damaged files are not listed: %v", err))
	}
	return inventory.Text("the names of the damaged files are listed in " + file)
}

// noFile is what is said where a server opens no file of a message. Over IMAP one that its
// rights keep the server from looks like one that is gone.
const noFile = "where there is no file that the server can read it is missing, or its rights, or its directory's, are wrong"

// filesText says what of some files is wrong: that there is none that the server can read,
// or another one than was delivered.
func filesText(none, other int) inventory.Text {
	var parts []string
	if none > 0 {
		parts = append(parts, inventory.Counted(none, "file", "files")+" missing or unreadable")
	}
	if other > 0 {
		parts = append(parts, inventory.Counted(other, "file", "files")+" not as delivered")
	}
	return inventory.Text(strings.Join(parts, ", "))
}
