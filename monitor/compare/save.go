package compare

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// save writes to files what a repair of the replica would destroy.
func (p *pair) save(ctx context.Context, l *lane, name cyrus.InternalName, acl []cyrus.Right, v *variance) {
	extra, left := p.rescue(ctx, l, name, acl, &v.extra, v.traits)
	content, more := p.rescue(ctx, l, name, acl, &v.content, v.traits)
	v.saved, v.unsaved = joined(joined(extra, content), p.saveMarks(name, v)), [2]int64{left, more}
}

// saveMarks writes to a file which flags the messages have on both sides where they
// differ.
func (p *pair) saveMarks(name cyrus.InternalName, v *variance) inventory.Text {
	if p.options.Save == "" || len(v.marks) == 0 {
		return ""
	}
	file := filepath.Join(p.options.Save, p.filesOf(name)+"-flags.csv")
	err := os.MkdirAll(p.options.Save, 0o700)
	if err == nil {
		err = write(file, func(to *os.File) error {
			w := csv.NewWriter(to)
			w.Write([]string{"uid", "master", "replica"})
			for _, m := range v.marks {
				w.Write([]string{strconv.FormatUint(uint64(m.uid), 10), m.master, m.replica})
			}
			w.Flush()
			return w.Error()
		})
	}
	if err != nil {
		return inventory.Text(fmt.Sprintf("the flags are not saved: %v", err))
	}
	return inventory.Text("the flags are saved as " + file)
}

// rescue writes messages of the replica to files, and says which, and how many are not
// saved.
func (p *pair) rescue(ctx context.Context, l *lane, name cyrus.InternalName, acl []cyrus.Right, messages *uids, known map[uint32]traits) (inventory.Text, int64) {
	if p.options.Save == "" || messages.count == 0 {
		return "", messages.count
	}
	reader := p.readerOf(name, acl, p.on(p.replica))
	if reader == "" {
		return "the messages are not saved: there is no user who may read them on the replica", messages.count
	}
	files, err := p.rescueAs(ctx, &l.replica, reader, name, messages, known)
	text := inventory.Text("")
	switch len(files) {
	case 0:
	case 1:
		text = inventory.Text("saved as " + files[0])
	default:
		text = inventory.Text(fmt.Sprintf("saved as %d files, %s to %s", len(files), files[0], filepath.Base(files[len(files)-1])))
	}
	if err == nil && messages.more {
		err = errors.New("too many; compare again when these are repaired")
	}
	if err != nil {
		text = joined(text, inventory.Text(fmt.Sprintf("%d of %d messages are not saved: %v", messages.count-int64(len(files)), messages.count, err)))
	}
	return text, messages.count - int64(len(files))
}

func (p *pair) rescueAs(ctx context.Context, s *side, reader string, name cyrus.InternalName, messages *uids, known map[uint32]traits) (files []string, err error) {
	if err := os.MkdirAll(p.options.Save, 0o700); err != nil {
		return nil, err
	}
	var failed error
	for _, r := range messages.ranges {
		for uid := uint64(r[0]); uid <= uint64(r[1]); uid++ {
			if err := s.enter(ctx, reader); err != nil {
				return files, err
			}
			file := filepath.Join(p.options.Save, p.fileName(name, uint32(uid)))
			err := write(file, func(to *os.File) error {
				return s.client.Body(ctx, s.client.UserName(name), uint32(uid), to)
			})
			switch {
			case err == nil:
				files = append(files, file)
				if t, told := known[uint32(uid)]; told {
					p.keepWay(name, bringBack(&p.store.Master, reader, s.client.UserName(name), file, t))
				}
			case cyrus.Died(err):
				s.close()
				failed = err
			case errors.Is(err, cyrus.ErrNoMessage):
				failed = err
			default:
				return files, err
			}
		}
	}
	return files, failed
}

// fileName names the file of a message.
func (p *pair) fileName(name cyrus.InternalName, uid uint32) string {
	return fmt.Sprintf("%s-%d.eml", p.filesOf(name), uid)
}

// filesOf begins the names of the files of a mailbox so that no name of one leads out
// of the directory.
func (p *pair) filesOf(name cyrus.InternalName) string {
	const longest = 180
	mailbox := url.PathEscape(string(p.called(name)))
	if len(mailbox) > longest {
		mailbox = fmt.Sprintf("%s…%x", mailbox[:longest/2], sha256.Sum256([]byte(name)))
	}
	return fmt.Sprintf("%s-%s-%s", p.store.Store, p.store.Replica.Server, mailbox)
}

// write writes a file as a whole or not at all.
func write(path string, content func(*os.File) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".interlace-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // there is none when all went well
	err = errors.Join(content(file), file.Sync(), file.Close())
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
