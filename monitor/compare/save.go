package compare

import (
	"bytes"
	"context"
	"crypto/sha1" // as Cyrus does
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// saved says what became of what only the replica has in a mailbox.
type saved struct{ extra, content, flags inventory.Text }

// save writes to files what a repair of the replica would destroy.
func (p *pair) save(ctx context.Context, l *lane, s *stood, acl []cyrus.Right, v *variance) {
	v.saved.extra, v.unsaved[0] = p.rescue(ctx, l, s.name, acl, &v.extra, v.traits, nil)
	v.saved.content, v.unsaved[1] = p.rescue(ctx, l, s.name, acl, &v.content, v.traits, nil)
	v.saved.flags, v.unsaved[2] = p.saveMarks(ctx, l, s, v)
	if v.flagsIn != "" {
		p.wayOfFlags(ctx, &l.master, s.name, acl, v)
	}
}

// wayOfFlags remembers how flags that were saved are brought back, by a user of the master who
// reads the mailbox.
func (p *pair) wayOfFlags(ctx context.Context, master *side, name cyrus.InternalName, acl []cyrus.Right, v *variance) {
	reader := p.readerOf(name, acl, p.on(p.master))
	if reader == "" || master.enter(ctx, reader) != nil {
		return
	}
	p.keepFlags(name, bringFlags(&p.store.Master, reader, master.client.UserName(name), v.flagsIn))
}

// rescue writes messages of the replica to files, and says which, and how many are not
// saved. Of damaged files the digests tell what is to be saved: a server may show only as
// much of one as its index says. What is saved then is said to be no message.
func (p *pair) rescue(ctx context.Context, l *lane, name cyrus.InternalName, acl []cyrus.Right, messages *uids, known map[uint32]traits, digests map[uint32][20]byte) (inventory.Text, int64) {
	if p.options.Save == "" || messages.count == 0 {
		return "", messages.count
	}
	reader := p.readerOf(name, acl, p.on(p.replica))
	if reader == "" {
		return "the messages are not saved: there is no user who may read them on the replica", messages.count
	}
	files, err := p.rescueAs(ctx, &l.replica, reader, name, messages, known, digests)
	text := inventory.Text("")
	if len(files) > 0 {
		text = savedAs(files, digests != nil)
	}
	if err == nil && messages.more {
		err = errors.New("too many; compare again when these are repaired")
	}
	if err != nil {
		text = joined(text, inventory.Text(fmt.Sprintf("%d of %d messages are not saved: %v", messages.count-int64(len(files)), messages.count, err)))
	}
	return text, messages.count - int64(len(files))
}

// savedAs says in which files something is saved.
func savedAs(files []string, damaged bool) inventory.Text {
	text := "saved as " + files[0]
	if n := len(files); n > 1 {
		text = fmt.Sprintf("saved as %d files, %s to %s", n, files[0], filepath.Base(files[n-1]))
	}
	if damaged {
		text = "what lies in the place of the message on the replica, damaged, is " + text
	}
	return inventory.Text(text)
}

// errCut says that only a part of a file can be saved.
var errCut = errors.New("the server does not show all of the file")

func (p *pair) rescueAs(ctx context.Context, s *side, reader string, name cyrus.InternalName, messages *uids, known map[uint32]traits, digests map[uint32][20]byte) (files []string, err error) {
	if err := os.MkdirAll(p.options.Save, 0o700); err != nil {
		return nil, err
	}
	var failed error
	for _, r := range messages.ranges {
		for uid := uint64(r[0]); uid <= uint64(r[1]); uid++ {
			if err := s.enter(ctx, reader); err != nil {
				return files, err
			}
			file, err := write(filepath.Join(p.options.Save, p.fileName(name, uint32(uid))), func(to *os.File) error {
				sum := sha1.New()
				_, err := s.client.Body(ctx, s.client.UserName(name), uint32(uid), io.MultiWriter(to, sum))
				if digest, told := digests[uint32(uid)]; err == nil && told && !bytes.Equal(digest[:], sum.Sum(nil)) {
					err = errCut
				}
				return err
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
			case errors.Is(err, cyrus.ErrNoMessage), errors.Is(err, errCut):
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

// write writes a file as a whole or not at all, and returns its name. What was saved before
// stays: where another file has the name a number is added to it, and what is there already
// is not written once more.
func write(path string, content func(*os.File) error) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".interlace-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(file.Name()) // there is none when all went well
	if err = errors.Join(content(file), file.Sync(), file.Close()); err != nil {
		return "", err
	}
	ending := filepath.Ext(path)
	base := strings.TrimSuffix(path, ending)
	for n := 2; ; n++ {
		// Who makes the name may put a file there: nobody else has written one.
		taken, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err == nil {
			return path, errors.Join(taken.Close(), os.Rename(file.Name(), path))
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		if same, err := alike(file.Name(), path); same || err != nil {
			return path, err
		}
		path = fmt.Sprintf("%s~%d%s", base, n, ending)
	}
}

// alike tells whether two files have the same content.
func alike(a, b string) (bool, error) {
	var sums [2][]byte
	for i, path := range []string{a, b} {
		file, err := os.Open(path)
		if err != nil {
			return false, err
		}
		sum := sha256.New()
		_, err = io.Copy(sum, file)
		if err = errors.Join(err, file.Close()); err != nil {
			return false, err
		}
		sums[i] = sum.Sum(nil)
	}
	return bytes.Equal(sums[0], sums[1]), nil
}
