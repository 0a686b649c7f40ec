package compare

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// saveMarks writes to a file which flags the messages have on both sides where they
// differ, and says where, and of how many messages they are not saved.
func (p *pair) saveMarks(ctx context.Context, l *lane, s *stood, acl []cyrus.Right, v *variance) (inventory.Text, int64) {
	if p.options.Save == "" || v.flags.count == 0 {
		return "", v.flags.count
	}
	file, err := p.write(p.filesOf(s.name)+"-flags.csv", func(to *os.File) error { return p.writeMarks(ctx, l, s, v, to) })
	if err != nil {
		p.noteUnwritten(s.name, err)
		return inventory.Text(fmt.Sprintf("the flags are not saved: %v", err)), v.flags.count
	}
	p.wayOfFlags(ctx, &l.master, s.name, acl, file)
	return inventory.Text("the flags are saved as " + file), 0
}

// wayOfFlags remembers how flags that were saved are brought back, by a user of the master who
// reads the mailbox.
func (p *pair) wayOfFlags(ctx context.Context, master *side, name cyrus.InternalName, acl []cyrus.Right, file string) {
	reader := p.readerOf(name, acl, p.on(p.master))
	if reader == "" || master.enter(ctx, reader) != nil {
		return
	}
	p.keepWay(p.flagWays, name, bringFlags(&p.store.Master, reader, master.client.UserName(name), file))
}

// writeMarks writes the flags that differ. Where they are too many to be kept the mailbox is read
// once more.
func (p *pair) writeMarks(ctx context.Context, l *lane, s *stood, v *variance, to *os.File) error {
	f := marksFile{to: to}
	if err := f.begin(); err != nil {
		return err
	}
	if int64(len(v.marks)) == v.flags.count {
		for i := range v.marks {
			f.add(&v.marks[i])
		}
		return f.end()
	}
	_, err := p.again(ctx, l, s, wants{flagged: f.add})
	return errors.Join(err, f.end())
}

// marksFile is a file in the making of the flags that differ in a mailbox.
type marksFile struct {
	to     *os.File
	lines  *csv.Writer
	last   uint32
	failed error
}

// begin begins the file, anew if something is in it.
func (f *marksFile) begin() error {
	_, err := f.to.Seek(0, 0)
	if err = errors.Join(err, f.to.Truncate(0)); err != nil {
		return err
	}
	f.lines, f.last = csv.NewWriter(f.to), 0
	return f.lines.Write([]string{"uid", "master", "replica"})
}

// add adds those of a message. A reading that has failed on the way begins once more.
func (f *marksFile) add(m *marks) {
	if m.uid <= f.last {
		f.failed = errors.Join(f.failed, f.begin())
	}
	f.last = m.uid
	f.lines.Write([]string{strconv.FormatUint(uint64(m.uid), 10), m.master, m.replica})
}

// end writes what is left, and returns what has failed.
func (f *marksFile) end() error {
	f.lines.Flush()
	return errors.Join(f.failed, f.lines.Error())
}
