package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// uncopied is what replication does not carry.
const uncopied = "not copied: what was delivered before (duplicates and vacation answers may come once more), search indexes (squatter makes them anew), passwords in sasldb"

// copy copies what moves while its users work, again and again until that is quick, and
// tells how long they are then expected to be denied.
func (m *move) copy(ctx context.Context) (text string, err error) {
	var last time.Duration
	for range m.passes() {
		begin := m.Now()
		if err := m.eachSource(func(s *source) error { return m.copyFrom(ctx, s, false) }); err != nil {
			return "", err
		}
		took := m.Now().Sub(begin)
		quick := took < quickPass || last > 0 && took > last/3
		if last = took; quick {
			break
		}
	}
	begin := m.Now() // proofs take as long while the users work
	if err := m.eachSource(func(s *source) error {
		_, err := m.differences(ctx, s.master(), m.target.master(), s.owners)
		return err
	}); err != nil {
		return "", err
	}
	expected := last*3/2 + 2*m.Now().Sub(begin) + margin
	text = fmt.Sprintf("%s%v", course.ExpectedWords, expected.Round(time.Second))
	if expected > m.expected() {
		return "", fmt.Errorf("%w: %s, and %v is allowed. A whole store can move instead while its users work: seed a replica of %s where it is to be, and promote that (interlace layout)",
			host.ErrPostponed, text, m.expected(), m.sources[0].store.Name)
	}
	return text + "; " + uncopied, nil
}

// quickPass is how long a copy may take that need not be made again, and margin what a
// route takes.
const quickPass, margin = 2 * time.Second, 5 * time.Second

// delta copies what came since. Where the copy has become another one it is merged once
// with what it is a copy of; the proof tells whether that helped.
func (m *move) delta(ctx context.Context) error {
	return m.eachSource(func(s *source) error {
		err := m.copyFrom(ctx, s, true)
		if err != nil && ctx.Err() == nil && !host.RanOut(err) && m.copyFrom(ctx, s, false) == nil {
			return nil
		}
		return err
	})
}

// copyFrom copies what leaves one source. The private configuration is there only
// meanwhile, and nothing that reads it goes on when a copy was given up.
func (m *move) copyFrom(ctx context.Context, s *source, last bool) error {
	h := s.hosts[0]
	l, err := h.LinkTo(ctx, m.target.master().CSync, m.account())
	if err != nil {
		return err
	}
	err = m.whileAnswer(ctx, m.target.store.Instances[:1], func(ctx context.Context) error {
		if err := l.Users(ctx, last, s.users); err != nil {
			return err
		}
		return m.copyTrees(ctx, l, s, last)
	})
	if after := context.WithoutCancel(ctx); err != nil {
		err = errors.Join(err, h.Settle(after), h.Forget(after, ".conf"))
	} else {
		err = h.Forget(after, ".conf")
	}
	return err
}

// push copies from the new master to its replicas, which are not told of what a sync
// server writes.
func (m *move) push(ctx context.Context) error {
	if len(m.target.hosts) == 1 {
		return nil
	}
	return m.whileAnswer(ctx, m.target.store.Instances[1:], func(ctx context.Context) error {
		for _, l := range m.target.hosts[0].ToReplicas() {
			if err := l.Users(ctx, false, m.users()); err != nil {
				return err
			}
			if err := m.sendTrees(ctx, l, m.target.master(), m.trees(), false); err != nil {
				return err
			}
		}
		return nil
	})
}

// uncopy removes the copies from the target, which had none before, when nothing copies
// there any more. Where an original was kept its mail stays, for mail that still is sent
// there.
func (m *move) uncopy(ctx context.Context) error {
	var wrong error
	if m.unsent != nil {
		wrong = fmt.Errorf("nobody has taken the way back of their routes, and mail may be sent there yet: %w", m.unsent)
	}
	for _, s := range m.sources {
		wrong = errors.Join(wrong, s.hosts[0].Settle(ctx))
	}
	if wrong == nil && m.unit.Of == "" {
		if wrong = m.target.hosts[0].Know(ctx); wrong == nil {
			if err := m.unused(ctx, true); err != nil {
				return err
			}
			wrong = errors.Join(m.target.hosts[0].Remove(ctx, m.users()), m.removeTrees(ctx, m.target.master(), m.trees()))
		}
		if wrong == nil && !m.rehearsed {
			wrong = m.clearReplicas(ctx)
		}
	}
	if wrong != nil {
		wrong = fmt.Errorf("%s let in where they were; their copies on %s stay for now, where nobody is let in: %w; %s",
			course.Who(m.users()), m.target.store.Name, wrong, string(errLeft))
	}
	return wrong
}

// unused fails where what is on the target may be in use, whatever the journal says:
// somebody is let in there, or routed there. Where its master can't be asked nobody works
// there now: without sure that is enough.
func (m *move) unused(ctx context.Context, sure bool) error {
	asking, cancel := context.WithTimeout(ctx, host.Greeting)
	defer cancel()
	for i, h := range m.target.hosts {
		denied, err := h.Denied(asking)
		if err != nil && sure && i == 0 {
			return fmt.Errorf("whether what is on %s is in use is not known: %w; %s", m.target.store.Name, err, string(errLeft))
		}
		if err != nil {
			continue
		}
		if err := h.KeepsOut(denied, m.users()); err != nil {
			return fmt.Errorf("what is on %s may be in use and is not taken back: %w", m.target.store.Name, err)
		}
	}
	if m.Live.Served == nil || len(m.users()) == 0 {
		return nil
	}
	asking, cancel = context.WithTimeout(ctx, 2*host.Greeting)
	defer cancel()
	there, err := m.routedThere(asking)
	if err != nil {
		return nil // a routing that can't be asked is no reason to keep anybody out
	}
	for _, u := range m.users() {
		if there[u] {
			return fmt.Errorf("what is on %s may be in use and is not taken back: user %s is routed there, and has to be routed back first", m.target.store.Name, inventory.Printable(string(u)))
		}
	}
	return nil
}
