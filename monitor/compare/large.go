package compare

import (
	"context"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// large compares a mailbox with too many messages for an administrator: as its
// owner, on both sides at once, in memory that does not grow with it.
func (p *pair) large(ctx context.Context, s *stood) error {
	owner, folder, _ := s.name.Owner()
	if owner.Shared {
		p.uncompared(s.name, "messages", "the shared mailbox has had too many messages for an administrator to read")
		return nil
	}
	replica, err := p.replica.as(ctx, owner.Name)
	if err != nil {
		p.uncompared(s.name, "messages", err.Error())
		return nil
	}
	defer replica.Close()
	master, err := p.master.as(ctx, owner.Name)
	if err != nil {
		p.uncompared(s.name, "messages", err.Error())
		return nil
	}
	defer master.Close()
	v, err := compareMessages(
		master.Messages(ctx, master.OwnName(folder)), replica.Messages(ctx, replica.OwnName(folder)),
		counters{master: s.master.Status, replica: s.replica.Status})
	if err != nil {
		return err
	}
	names := []cyrus.InternalName{s.name}
	theirs, err := p.replica.details(ctx, names)
	if err != nil {
		return err
	}
	ours, err := p.master.details(ctx, names)
	if err != nil {
		return err
	}
	if !unmoved(s.master, ours[s.name]) || !unmoved(s.replica, theirs[s.name]) {
		p.inFlight(s.name, "it is being written to")
		return nil
	}
	p.tell(s, s.master, s.replica, v)
	return nil
}
