package apply

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// accountsProof is a look at what users have beside messages on a new replica.
type accountsProof struct {
	*making
	made  inventory.Instance
	notes []string // what is to be told though it is no fault
}

// proveAccounts has the new replica get what users have beside messages, where the operator's
// command has copied: no counter of a mailbox tells of rights, subscriptions, what was seen in
// mailboxes of others, or annotations, so that a seed does not find them missing. Of whom that
// differs, or is not known, replication brings; what differs then keeps the replica from being in
// service. So does which Sieve script is run when mail comes, which replication does not bring.
func (m *making) proveAccounts(ctx context.Context, made inventory.Instance, records []monitor.StepRecord) (text, data string, err error) {
	if byCommand, err := m.byCommand(records); err != nil || !byCommand {
		return "", "", err
	}
	if m.Layouts.Compare == nil {
		return "", "", fmt.Errorf("what seed_command has copied to %s can't be compared", made.Server)
	}
	p := &accountsProof{making: m, made: made}
	apart, err := p.accounts(ctx)
	var scripts error
	if err == nil {
		scripts, err = p.scripts(ctx)
	}
	if err != nil {
		return "", "", fmt.Errorf("%w; interlace apply --resume --yes looks again", err)
	}
	return strings.Join(p.notes, "; "), "", unserved("looks", p.lacks(apart), scripts)
}

// accounts looks at everybody, has replication bring who is not known to have the same, and
// returns in what these differ then.
func (p *accountsProof) accounts(ctx context.Context) ([]monitor.Difference, error) {
	first, err := p.look(ctx, nil)
	if err != nil {
		return nil, err
	}
	who := map[cyrus.Owner]bool{}
	for i := range first.Owners {
		if c := &first.Owners[i]; c.Outcome != monitor.Identical {
			who[cyrus.Owner{Name: c.Owner, Shared: c.Shared}] = true
		}
	}
	p.notes = append(p.notes, inventory.Counted(len(first.Owners), "user or shared tree was compared", "users and shared trees were compared"))
	if err := p.bring(ctx, who); err != nil || len(who) == 0 {
		return nil, err
	}
	p.notes = append(p.notes, fmt.Sprintf("replication has brought what of %d of them was not known to be the same", len(who)))
	last, err := p.look(ctx, who)
	if err != nil {
		return nil, err
	}
	p.unknown(last)
	return slices.DeleteFunc(last.Differences, func(d monitor.Difference) bool { return d.Kind.Sought() != monitor.CompareAccounts }), nil
}

// look compares some owners, or everybody. What differs at the first look is brought, so that
// it need not be sure that it stood still.
func (p *accountsProof) look(ctx context.Context, who map[cyrus.Owner]bool) (*monitor.Comparison, error) {
	told := time.Now()
	how := compare.Options{Level: monitor.CompareAccounts, Tries: 1, Pause: time.Millisecond, Progress: func(done, all int) {
		if time.Since(told) >= time.Second {
			told = time.Now()
			p.tell(Progress{Unit: p.unit, Verb: course.Do, Step: monitor.StepProveAccounts, Far: fmt.Sprintf("%d of %d mailboxes and users looked at", done, all)})
		}
	}}
	if who != nil {
		how.Tries, how.Pause = 0, p.Layouts.pause()
		how.Choose = func(all []cyrus.Owner) ([]cyrus.Owner, error) {
			return slices.DeleteFunc(all, func(o cyrus.Owner) bool { return !who[o] }), nil
		}
	}
	return p.Layouts.Compare(ctx, p.store.Name, p.store.Instances[0], p.made, how)
}

// unknown notes of whom it is not known whether they have the same: replication has brought them,
// and found nothing else to bring.
func (p *accountsProof) unknown(c *monitor.Comparison) {
	var texts []string
	for i := range c.Uncompared {
		u := &c.Uncompared[i]
		texts = appendNew(texts, fmt.Sprintf("%s of %s: %s", u.What, inventory.Printable(string(u.User+u.Mailbox)), u.Why))
	}
	for i := range c.InFlight {
		f := &c.InFlight[i]
		texts = appendNew(texts, fmt.Sprintf("%s: %s", inventory.Printable(string(f.User+f.Mailbox)), f.Text))
	}
	if len(texts) > 0 {
		p.notes = append(p.notes, "not looked at after that: "+few(texts))
	}
}

// bring has replication copy some owners, and the annotations of the server itself.
func (p *accountsProof) bring(ctx context.Context, who map[cyrus.Owner]bool) error {
	return p.overStreams(ctx, p.made, func(streams []*host.Link) error {
		if err := streams[0].ServerAnnotations(ctx); err != nil || len(who) == 0 {
			return err
		}
		var failed error
		for _, atOnce := range []int{usersAtOnce, 1} {
			g, err := p.greet(ctx, p.store.Instances[0])
			if err != nil {
				return err
			}
			if failed = copyParts(ctx, streams, partsOf(namesOf(g, who), atOnce)); failed == nil || ctx.Err() != nil {
				break
			}
		}
		return failed
	})
}

// namesOf are the names of what a master has of some owners.
func namesOf(master *greeted, who map[cyrus.Owner]bool) map[cyrus.InternalName]cyrus.ExternalName {
	names := map[cyrus.InternalName]cyrus.ExternalName{}
	for _, name := range cyrus.OwnedBy(slices.Clone(master.names), who) {
		names[name] = name.External(master.server.Separator)
	}
	return names
}

// lacks fails where users do not have on the new replica what they have on its master, though
// replication has brought it: then a file that was copied is damaged, or newer than that.
func (p *accountsProof) lacks(list []monitor.Difference) error {
	if len(list) == 0 {
		return nil
	}
	var texts []string
	var users []inventory.UserID
	for i := range list {
		d := &list[i]
		texts = append(texts, apartText(d))
		if owner := inventory.UserID(cmp.Or(d.Holder, d.User)); owner != "" && !slices.Contains(users, owner) {
			users = append(users, owner)
		}
	}
	err := fmt.Errorf("what users have beside messages is not on %s as it is on %s, and replication does not bring it: %s; next: copy conf/user and annotations.db of the master on %[2]s anew",
		p.made.Server, p.store.Instances[0].Server, few(texts))
	if len(users) == 0 {
		return err
	}
	return fmt.Errorf("%w, or have replication copy these users anew: remove them on %s (sync_reset -f): %s", err, p.made.Server, course.Few(users))
}

// apartText says of whom what differs.
func apartText(d *monitor.Difference) string {
	sides := []string{string(d.Master), string(d.Replica)}
	for i, side := range sides {
		if side == "" {
			sides[i] = "nothing"
		}
	}
	where := strings.Join(slices.DeleteFunc([]string{string(d.User), string(d.Mailbox)}, func(s string) bool { return s == "" }), ", ")
	return fmt.Sprintf("%s: %s (%s on the master, %s on the replica)", inventory.Printable(where), d.Kind, inventory.Printable(sides[0]), inventory.Printable(sides[1]))
}
