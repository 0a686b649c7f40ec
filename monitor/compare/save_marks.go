package compare

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/interlacemail/interlace/inventory"
)

// saveMarks writes to a file which flags the messages have on both sides where they
// differ, and says where, and of how many messages they are not saved.
func (p *pair) saveMarks(ctx context.Context, l *lane, s *stood, v *variance) (inventory.Text, int64) {
	if p.options.Save == "" || v.flags.count == 0 {
		return "", v.flags.count
	}
	file := ""
	err := os.MkdirAll(p.options.Save, 0o700)
	if err == nil {
		file, err = write(filepath.Join(p.options.Save, p.filesOf(s.name)+"-flags.csv"), func(to *os.File) error { return p.writeMarks(ctx, l, s, v, to) })
	}
	if err != nil {
		return inventory.Text(fmt.Sprintf("the flags are not saved: %v", err)), v.flags.count
	}
	v.flagsIn = file
	return inventory.Text("the flags are saved as " + file), 0
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
	again := *s
	again.flagged = f.add
	_, _, v, err := p.messagesOf(ctx, l, &again)
	if err == nil && v == nil {
		err = errors.New("there are too many to be kept, and they could not be read once more")
	}
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
