package compare

import (
	"context"
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
	p.out.Spool = []monitor.SpoolSample{
		{Server: p.master.Server, Role: inventory.Master}, {Server: p.replica.Server, Role: inventory.Replica},
	}
	err := rounds(ctx, p, all, p.check)
	for i := range p.out.Spool {
		s := &p.out.Spool[i]
		s.Most = mostDamaged(s.Damaged, s.Checked)
	}
	return err
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
	case strings.Contains(string(name), ".#"):
		return false, nil // no user can open what is not for mail
	}
	err = errNoReader
	for reader := p.readerOf(name, f.mailbox.ACL, p.on(s.host)); reader != ""; reader = p.readerOf(name, f.mailbox.ACL, p.on(s.host)) {
		if err = s.enter(ctx, reader); err == nil || s.lets(reader) {
			break
		}
	}
	if err == nil {
		err = p.sampled(ctx, s, f, sum)
	}
	switch {
	case err == nil || ctx.Err() != nil:
	case cannotRead(err):
		p.uncompared(name, "files on "+string(s.Server), err.Error())
		return false, nil
	case cyrus.Died(err):
		s.close()
		s.damage(name, err)
		p.unreadable(&stood{suspect: suspect{name: name}})
		return false, nil
	}
	return false, err
}

// sampled reads the sample, and what is damaged a second time: a message that was
// expunged meanwhile has no file either.
func (p *pair) sampled(ctx context.Context, s *side, f *files, sum *monitor.SpoolSample) error {
	var exists, checked int64
	bad := map[uint32]uint32{} // the UID by place
	place := uint32(0)
	choose := func(n uint32) iter.Seq[uint32] {
		exists = int64(n)
		return func(yield func(uint32) bool) {
			for place = range sample(n, p.options.Sample, p.options.Seed, string(s.Server)+f.mailbox.UniqueID) {
				if !yield(place) {
					return
				}
			}
		}
	}
	name := s.client.UserName(f.mailbox.Internal)
	for d, err := range s.client.Digests(ctx, name, choose) {
		if err != nil {
			return err
		}
		checked++
		if d.Damaged() {
			bad[place] = d.UID
		}
	}
	var damaged uids
	missing := 0
	if len(bad) > 0 {
		var places []uint32
		for place := range bad {
			places = append(places, place)
		}
		slices.Sort(places)
		still := map[uint32]bool{}
		for _, uid := range bad {
			still[uid] = true
		}
		for d, err := range s.client.Digests(ctx, name, func(uint32) iter.Seq[uint32] { return slices.Values(places) }) {
			if err != nil {
				return err
			}
			if d.Damaged() && still[d.UID] {
				damaged.add(d.UID)
				if d.Missing {
					missing++
				}
			}
		}
	}
	p.mu.Lock()
	sum.All, sum.Checked, sum.Damaged = sum.All+exists, sum.Checked+checked, sum.Damaged+damaged.count
	p.mu.Unlock()
	if damaged.count > 0 {
		p.tellDamaged(f, s.Server, &damaged, missing)
	}
	return nil
}

func (p *pair) tellDamaged(f *files, server inventory.ServerID, damaged *uids, missing int) {
	d := p.difference(f.mailbox.Internal, monitor.SpoolDamaged)
	d.Server, d.UIDs = server, inventory.Text(damaged.String())
	has := inventory.Text(inventory.Counted(missing, "file", "files") + " missing, " + inventory.Counted(int(damaged.count)-missing, "file", "files") + " not as delivered")
	if d.Master = has; f.role == inventory.Replica {
		d.Master, d.Replica = "", has
	}
	d.Text = "the files of the messages are not what the index of the same server says"
	p.add(f.mailbox.Internal, d, false)
}

// sample yields the places from 1 to n that are drawn, each with the same
// probability; what is drawn depends on the seed and the mailbox only.
func sample(n uint32, share float64, seed uint64, mailbox string) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		hash := fnv.New64a()
		hash.Write([]byte(mailbox))
		random := rand.New(rand.NewPCG(seed, hash.Sum64()))
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
