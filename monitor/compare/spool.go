package compare

import (
	"context"
	"errors"
	"hash/fnv"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// files are those of one copy of a mailbox.
type files struct {
	role    inventory.Role
	mailbox *cyrus.Mailbox
}

// beginSpool begins the sums, and says which files nobody can be asked for.
func (p *pair) beginSpool(master, replica []cyrus.Mailbox) {
	for _, role := range []inventory.Role{inventory.Master, inventory.Replica} {
		p.drawn[role] = &drawn{share: p.options.Sample}
	}
	p.out.Spool = []monitor.SpoolSample{
		{Store: p.store.Store, Server: p.master.Server, Role: inventory.Master, Replica: p.replica.Server},
		{Store: p.store.Store, Server: p.replica.Server, Role: inventory.Replica, Replica: p.replica.Server},
	}
	for _, side := range [][]cyrus.Mailbox{master, replica} {
		if slices.ContainsFunc(side, func(m cyrus.Mailbox) bool { return isHidden(m.Internal) }) {
			p.enterUncompared("", "", "files of what is not mail, such as Sieve scripts", errors.New("no user can open the mailboxes that hold them, and an administrator may not"))
			return
		}
	}
}

// isHidden tells whether a mailbox is not for mail: no user can open it.
func isHidden(name cyrus.InternalName) bool { return strings.Contains(string(name), ".#") }

// spool has each side read a sample of its own files: what is in them must be what
// its own index says.
func (p *pair) spool(ctx context.Context, master, replica []cyrus.Mailbox) error {
	var all []files
	for i := range master {
		all = append(all, files{inventory.Master, &master[i]})
	}
	for i := range replica {
		all = append(all, files{inventory.Replica, &replica[i]})
	}
	return rounds(ctx, p, all, p.check)
}

// expectReads remembers which mailboxes of the master are to be read for a repair that
// removes the replica's files: all of them, with all messages.
func (p *pair) expectReads(master []cyrus.Mailbox) {
	for _, owner := range p.chosen {
		p.owned[owner].reads = p.options.Sample >= 1
	}
	for i := range master {
		if owner, _, _ := master[i].Internal.Owner(); !isHidden(master[i].Internal) {
			p.owned[owner].unread++
		}
	}
}

// wasRead remembers that the files of a mailbox of the master were read.
func (p *pair) wasRead(name cyrus.InternalName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	owner, _, _ := name.Owner()
	p.of(owner).unread--
}

// endSpool says of how many messages the sample tells how much.
func (p *pair) endSpool() {
	for i := range p.out.Spool {
		s := &p.out.Spool[i]
		// Of the other mailboxes all was read, and is known.
		drawn := p.drawn[s.Role]
		if s.Most = 1; s.All > 0 {
			s.Most = float64(s.Damaged-drawn.damaged+drawn.mostDamaged()) / float64(s.All)
		}
	}
}

// check reads the sample of one mailbox on one side.
func (p *pair) check(ctx context.Context, l *lane, f *files, _ bool) (again bool, err error) {
	s, sum := &l.master, &p.out.Spool[0]
	if f.role == inventory.Replica {
		s, sum = &l.replica, &p.out.Spool[1]
	}
	name := f.mailbox.Internal
	switch {
	case !f.mailbox.Readable || s.damageOf(name) != nil:
		return false, nil // it was told before
	case isHidden(name):
		return false, nil
	}
	for reader := p.readerOf(name, f.mailbox.ACL, p.on(s.host)); reader != ""; reader = p.readerOf(name, f.mailbox.ACL, p.on(s.host)) {
		err = twice(name, func() error {
			if err := s.enter(ctx, reader); err != nil {
				return err
			}
			return p.sampled(ctx, l, s, f, sum)
		}, s)
		if err == nil && f.role == inventory.Master {
			p.wasRead(name)
		}
		if err == nil || s.lets(reader) {
			return false, p.unchecked(ctx, s, f.mailbox, err)
		}
	}
	return false, p.unchecked(ctx, s, f.mailbox, noReader(name, s.host))
}

// unchecked tells why the files of a mailbox could not be read, if it is not what
// ends the comparison. One that was moved or deleted meanwhile is in flight.
func (p *pair) unchecked(ctx context.Context, s *side, m *cyrus.Mailbox, err error) error {
	name := m.Internal
	switch {
	case err == nil || ctx.Err() != nil:
	case s.damageOf(name) != nil:
		p.unreadable(&stood{suspect: suspect{name: name}})
		return nil
	case cannotRead(err):
		now, err2 := s.identity(ctx, name)
		if err2 != nil {
			return err2
		}
		if now != identity(m) {
			p.inFlight(name, "it is being moved or deleted")
		} else {
			p.uncompared(name, "files on "+string(s.Server), err)
		}
		return nil
	}
	return err
}

// sampled reads the sample of a mailbox, and what is damaged a second time: a
// message that was expunged meanwhile has no file either.
func (p *pair) sampled(ctx context.Context, l *lane, s *side, f *files, sum *monitor.SpoolSample) error {
	draw := draw{share: p.options.Sample, seed: p.options.Seed, mailbox: string(s.Server) + f.mailbox.UniqueID}
	draw.all = p.options.Damaged[Spot{s.Server, p.called(f.mailbox.Internal)}]
	name := s.client.UserName(f.mailbox.Internal)
	damaged, checked, err := s.damagedOf(s.client.Digests(ctx, name, draw.choose))
	if err == nil && len(damaged) > 0 {
		damaged, _, err = s.damagedOf(s.client.DigestsOf(ctx, name, runs(damaged)...))
	}
	if err != nil {
		return err
	}
	bad := int64(len(damaged))
	p.mu.Lock()
	sum.All, sum.Checked, sum.Damaged = sum.All+int64(draw.exists), sum.Checked+checked, sum.Damaged+bad
	if !draw.all && checked < int64(draw.exists) {
		p.drawn[f.role].add(draw.exists, checked, bad)
	}
	p.mu.Unlock()
	if bad > 0 {
		p.tellDamaged(ctx, l, f, damaged)
	}
	return nil
}

// damagedOf has files of messages read and returns what is damaged by its UID, and how many
// were read.
func (s *side) damagedOf(digests iter.Seq2[cyrus.Digest, error]) (damaged map[uint32]cyrus.Digest, read int64, err error) {
	damaged = map[uint32]cyrus.Digest{}
	for d, err := range digests {
		if err != nil {
			return nil, 0, s.middle(err)
		}
		read++
		if d.Damaged() {
			damaged[d.UID] = d
		}
	}
	return damaged, read, nil
}

// draw is what is read of a mailbox.
type draw struct {
	share   float64
	seed    uint64
	mailbox string
	all     bool
	exists  uint32 // messages, when it is chosen from them
}

// sample yields the places that are drawn.
func (d *draw) sample() iter.Seq[uint32] { return sample(d.exists, d.share, d.seed, d.mailbox) }

// choose yields the places that are read: those that are drawn, or one where none is,
// so that it shows when a whole directory is gone; or all.
func (d *draw) choose(exists uint32) iter.Seq[uint32] {
	if d.exists = exists; d.all {
		return sample(exists, 1, d.seed, d.mailbox)
	}
	for range d.sample() {
		return d.sample()
	}
	if exists == 0 {
		return slices.Values([]uint32(nil))
	}
	return slices.Values([]uint32{1 + randomOf(d.seed, d.mailbox+" one").Uint32N(exists)})
}

func randomOf(seed uint64, mailbox string) *rand.Rand {
	hash := fnv.New64a()
	hash.Write([]byte(mailbox))
	return rand.New(rand.NewPCG(seed, hash.Sum64()))
}

// sample yields the places from 1 to n that are drawn, each with the same
// probability; what is drawn depends on the seed and the mailbox only.
func sample(n uint32, share float64, seed uint64, mailbox string) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		random := randomOf(seed, mailbox)
		for place := uint64(0); ; {
			step := 1.0
			if share < 1 {
				// How many are passed over until the next one is drawn.
				step += math.Floor(math.Log1p(-random.Float64()) / math.Log1p(-share))
			}
			if step > float64(n) {
				return
			}
			if place += uint64(step); place > uint64(n) || !yield(uint32(place)) {
				return
			}
		}
	}
}
