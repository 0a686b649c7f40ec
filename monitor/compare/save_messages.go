package compare

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// nobodyThere says why messages are not saved.
const nobodyThere = "the messages are not saved: there is no user who may read them on the replica"

// errNone says that there is nothing to be listed.
var errNone = errors.New("no message is saved")

// saveMessages saves messages that only the replica has, and beside them a list of what their
// files do not show, by which they are brought back.
func (p *pair) saveMessages(ctx context.Context, l *lane, name cyrus.InternalName, acl []cyrus.Right, sets ...*toSave) {
	sets = slices.DeleteFunc(sets, func(m *toSave) bool { return m.count == 0 })
	if p.options.Save == "" || len(sets) == 0 {
		return
	}
	reader := p.readerOf(name, acl, p.on(p.replica))
	if reader == "" {
		for _, m := range sets {
			m.told = nobodyThere
		}
		return
	}
	file, err := p.write(p.filesOf(name)+"-messages.csv", func(to *os.File) error {
		list := messagesFile{lines: csv.NewWriter(to)}
		list.lines.Write([]string{"uid", "date", "flags", "file"})
		for _, m := range sets {
			p.rescue(ctx, &l.replica, reader, name, m, list.add)
		}
		if list.lines.Flush(); list.count == 0 {
			return errNone
		}
		return list.lines.Error()
	})
	if err == nil {
		err = p.wayOfMessages(ctx, l, reader, name, file)
	}
	for _, m := range sets {
		switch {
		case err == nil && m.saved > 0:
			m.told = joined(m.told, inventory.Text("the flags and dates of these messages are saved as "+file))
		case err != nil && !errors.Is(err, errNone):
			p.noteUnwritten(name, err)
			m.told, m.saved = joined(m.told, inventory.Text(fmt.Sprintf("the flags and dates of the messages are not saved: %v", err))), 0
		}
	}
}

// wayOfMessages remembers how messages that were saved are brought back, by the user who reads
// them on the replica. The mailbox is called as the master calls it, if that is known.
func (p *pair) wayOfMessages(ctx context.Context, l *lane, reader string, name cyrus.InternalName, file string) error {
	at := &l.master
	if !p.on(p.master)(reader) || at.enter(ctx, reader) != nil {
		at = &l.replica
		if err := at.enter(ctx, reader); err != nil {
			return err
		}
	}
	p.keepWay(p.ways, name, bringMessages(&p.store.Master, reader, at.client.UserName(name), file))
	return nil
}

// messagesFile is a list in the making of messages that were saved.
type messagesFile struct {
	lines *csv.Writer
	count int64
}

// add adds a message: its date as IMAP writes it, and its file, which lies beside the list.
func (f *messagesFile) add(uid uint32, t cyrus.Traits, file string) {
	f.count++
	date := time.Unix(t.InternalDate, 0).UTC().Format("02-Jan-2006 15:04:05 -0700")
	f.lines.Write([]string{strconv.FormatUint(uint64(uid), 10), date, t.Flags, filepath.Base(file)})
}

// saveDamaged saves what lies in the places of damaged messages on the replica, of which the
// digests are known. It says where, and of how many it is not saved.
func (p *pair) saveDamaged(ctx context.Context, l *lane, m *cyrus.Mailbox, digests map[uint32][20]byte) (inventory.Text, int64) {
	damaged := toSave{count: int64(len(digests)), digests: digests}
	damaged.uids = func(yield func(uint32, error) bool) {
		for _, uid := range slices.Sorted(maps.Keys(digests)) {
			if !yield(uid, nil) {
				return
			}
		}
	}
	if p.options.Save == "" || damaged.count == 0 {
		return "", damaged.count
	}
	reader := p.readerOf(m.Internal, m.ACL, p.on(p.replica))
	if reader == "" {
		return nobodyThere, damaged.count
	}
	p.rescue(ctx, &l.replica, reader, m.Internal, &damaged, func(uint32, cyrus.Traits, string) {})
	return damaged.told, damaged.unsaved()
}
