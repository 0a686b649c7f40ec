package compare

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// read reads some parts and enters what came of it.
func (w *whole) read(ctx context.Context, s *side, parts []part) error {
	for _, p := range parts {
		var found *copied
		err := w.as(ctx, s, p.box, func(name string) (err error) {
			found, err = w.twice(ctx, s, name, p.uids)
			return err
		})
		if err := w.done(ctx, s, p, found, err); err != nil {
			return err
		}
	}
	return nil
}

// as has something done with a mailbox as the first user who is let in and may read it, by the
// name that it has for him; and once more where the server ends the connection, which may be chance.
func (w *whole) as(ctx context.Context, s *side, b *box, do func(name string) error) error {
	wrong := errNoReader
	for _, user := range w.readers(b) {
		if !w.lets(user) {
			continue
		}
		_, err := asUser(ctx, s, user, func() (struct{}, error) { return struct{}{}, do(s.client.UserName(b.Internal)) })
		switch {
		case err == nil || ctx.Err() != nil || errors.Is(err, errDown):
			return err
		case cyrus.Died(err): // so the server treats who is denied, too
			s.close()
		case !cannotRead(err):
			return err
		}
		wrong = err
	}
	if slices.ContainsFunc(b.ACL, func(r cyrus.Right) bool { return r.Identifier == w.IMAP.User && strings.Contains(r.Rights, "r") }) {
		_, err := asAdmin(ctx, s, func() (struct{}, error) {
			if err := s.throttle.wait(ctx, s.client); err != nil {
				return struct{}{}, err
			}
			return struct{}{}, do(string(b.Name))
		})
		return err
	}
	return wrong
}

// readers are the users who may read a mailbox, its owner first, and a few of many.
func (w *whole) readers(b *box) []string {
	const most = 5
	owner := b.holder.owner
	var list []string
	if !owner.Shared && w.inboxes[owner.Name] {
		list = append(list, owner.Name)
	}
	for _, right := range b.ACL {
		switch {
		case !strings.Contains(right.Rights, "r") || len(list) >= most:
		case w.inboxes[right.Identifier] && !slices.Contains(list, right.Identifier):
			list = append(list, right.Identifier)
		case right.Identifier == "anyone":
			for _, user := range slices.Sorted(maps.Keys(w.inboxes)) {
				if len(list) < most && (!w.domains || domain(user) == domain(owner.Name)) {
					list = append(list, user)
				}
			}
		}
	}
	return list
}

// copied is what came of reading a part: the damaged messages by UID, and whether there is no file.
type copied struct {
	messages, bytes int64
	last            uint32 // UID
	damaged         map[uint32]bool
}

// twice reads the messages with some UIDs, and those that are damaged once more: one that was expunged
// meanwhile has no file either.
func (w *whole) twice(ctx context.Context, s *side, name string, uids cyrus.UIDs) (*copied, error) {
	found, err := w.once(ctx, s, name, uids)
	if err != nil || len(found.damaged) == 0 {
		return found, err
	}
	again, err := w.once(ctx, s, name, runs(found.damaged)...)
	if err != nil {
		w.progress(-found.bytes)
		return nil, err
	}
	w.progress(-again.bytes)
	found.damaged = again.damaged
	return found, nil
}

// once reads messages with some UIDs.
func (w *whole) once(ctx context.Context, s *side, name string, uids ...cyrus.UIDs) (*copied, error) {
	found := &copied{damaged: map[uint32]bool{}}
	for d, err := range s.client.DigestsOf(ctx, name, uids...) {
		if err != nil {
			w.progress(-found.bytes)
			return nil, err
		}
		found.messages, found.bytes, found.last = found.messages+1, found.bytes+d.FileBytes, max(found.last, d.UID)
		w.progress(d.FileBytes)
		if d.Damaged() {
			found.damaged[d.UID] = d.Missing
		}
	}
	return found, nil
}

// done enters what came of reading a part, and tells of it where it is what it was.
func (w *whole) done(ctx context.Context, s *side, p part, found *copied, err error) error {
	if err := w.failed(ctx, s, p, err); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	h := p.box.holder
	h.left--
	if err != nil {
		return nil
	}
	w.out.Messages, w.out.Bytes = w.out.Messages+found.messages, w.out.Bytes+found.bytes
	if maps.Copy(p.box.damaged, found.damaged); len(found.damaged) > 0 {
		h.unread = true
		return nil
	}
	proven := &Proven{Owner: h.owner, Span: p.span(found.last), Messages: found.messages, Bytes: found.bytes}
	if h.left == 0 && !h.unread {
		proven.All, proven.Hidden = true, h.hidden
	}
	return w.prove(proven)
}

// failed enters why a part could not be read, or returns what ends the reading.
func (w *whole) failed(ctx context.Context, s *side, p part, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if s.close(); errors.Is(err, errDown) || !cannotRead(err) && !cyrus.Died(err) {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p.box.failed[p.uids.First], p.box.holder.unread = err, true
	return nil
}
