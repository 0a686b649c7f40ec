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
	"iter"
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
	of := func(set func(*variance) *uids) *toSave {
		further := func(since uint32) (*uids, error) {
			v, err := p.again(ctx, l, s, wants{since: since})
			if err != nil {
				return nil, err
			}
			return set(v), nil
		}
		return &toSave{count: set(v).count, uids: set(v).each(further)}
	}
	extra, content := of(func(v *variance) *uids { return &v.extra }), of(func(v *variance) *uids { return &v.content })
	p.saveMessages(ctx, l, s.name, acl, extra, content)
	v.saved.extra, v.unsaved[0] = extra.told, extra.unsaved()
	v.saved.content, v.unsaved[1] = content.told, content.unsaved()
	v.saved.flags, v.unsaved[2] = p.saveMarks(ctx, l, s, acl, v)
}

// again reads the messages of a mailbox once more, where they are too many to be kept.
func (p *pair) again(ctx context.Context, l *lane, s *stood, w wants) (*variance, error) {
	once := *s
	once.wants = w
	_, _, v, err := p.messagesOf(ctx, l, &once)
	if err == nil && v == nil {
		err = errors.New("there are too many to be kept, and they could not be read once more")
	}
	return v, err
}

// toSave is a set of messages of the replica that are to be saved, and what became of it.
type toSave struct {
	count   int64
	uids    iter.Seq2[uint32, error]
	digests map[uint32][20]byte // of damaged files what is in them; nil: they are whole

	first, last string // files in which something is saved
	saved       int64
	told        inventory.Text
}

// unsaved returns how many of them are not saved.
func (m *toSave) unsaved() int64 { return max(0, m.count-m.saved) }

// errCut says that only a part of a file can be saved, and errGone that nothing can.
var (
	errCut  = errors.New("the server does not show all of the file")
	errGone = errors.New("they are not there any more; compare again")
)

// rescue writes messages of the replica to files as a user, and says which, and how many are
// not saved. Of damaged files the digests tell what is to be saved: a server may show only as
// much of one as its index says. What is saved then is said to be no message. Each one that is
// whole is noted.
func (p *pair) rescue(ctx context.Context, s *side, reader string, name cyrus.InternalName, m *toSave, note func(uid uint32, t cyrus.Traits, file string)) {
	if m.count == 0 {
		return
	}
	err := p.rescueAs(ctx, s, reader, name, m, note)
	if err == nil && m.unsaved() > 0 {
		err = errGone
	}
	if m.saved > 0 {
		m.told = m.savedAs()
	}
	if err != nil {
		what := "messages"
		if m.digests != nil {
			what = "damaged files"
		}
		m.told = joined(m.told, inventory.Text(fmt.Sprintf("%d of %d %s are not saved: %v", m.unsaved(), m.count, what, err)))
	}
}

// savedAs says in which files something is saved.
func (m *toSave) savedAs() inventory.Text {
	text := "saved as " + m.first
	if m.saved > 1 {
		text = fmt.Sprintf("saved as %d files, %s to %s", m.saved, m.first, filepath.Base(m.last))
	}
	if m.digests != nil {
		text = "what lies in the place of the message on the replica, damaged, is " + text
	}
	return inventory.Text(text)
}

func (p *pair) rescueAs(ctx context.Context, s *side, reader string, name cyrus.InternalName, m *toSave, note func(uint32, cyrus.Traits, string)) (failed error) {
	for uid, err := range m.uids {
		if err == nil {
			err = s.enter(ctx, reader)
		}
		if err != nil {
			return err
		}
		var t cyrus.Traits
		file, err := p.write(p.fileName(name, uid), func(to *os.File) (err error) {
			sum := sha1.New()
			t, err = s.client.Body(ctx, s.client.UserName(name), uid, io.MultiWriter(to, sum))
			if digest, told := m.digests[uid]; err == nil && told && !bytes.Equal(digest[:], sum.Sum(nil)) {
				err = errCut
			}
			return err
		})
		switch {
		case err == nil:
			if m.saved++; m.saved == 1 {
				m.first = file
			}
			m.last = file
			note(uid, t, file)
		case cyrus.Died(err):
			s.close()
			failed = err
		case errors.Is(err, cyrus.ErrNoMessage), errors.Is(err, errCut):
			failed = err
		default:
			p.noteUnwritten(name, err)
			return err
		}
	}
	return failed
}

// fileName names the file of a message.
func (p *pair) fileName(name cyrus.InternalName, uid uint32) string {
	return fmt.Sprintf("%s-%d.eml", p.filesOf(name), uid)
}

// filesOf begins the names of the files in which what a mailbox of the replica has is saved.
func (p *pair) filesOf(name cyrus.InternalName) string {
	return p.filesOn(p.store.Replica.Server, name)
}

// filesOn begins the names of the files of a server's mailbox so that no name of one leads out
// of the directory.
func (p *pair) filesOn(server inventory.ServerID, name cyrus.InternalName) string {
	const longest = 180
	mailbox := url.PathEscape(string(p.called(name)))
	if len(mailbox) > longest {
		mailbox = fmt.Sprintf("%s…%x", mailbox[:longest/2], sha256.Sum256([]byte(name)))
	}
	return fmt.Sprintf("%s-%s-%s", p.store.Store, server, mailbox)
}

// write writes a file to the directory in which all is saved.
func (p *pair) write(name string, content func(*os.File) error) (string, error) {
	if err := os.MkdirAll(p.options.Save, 0o700); err != nil {
		return "", err
	}
	return write(filepath.Join(p.options.Save, name), content)
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
