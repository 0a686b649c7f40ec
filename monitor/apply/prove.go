package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/prove"
)

// proveTarget fails where the copy is not the original, and seals that. It tells which
// quotas count something else as used.
func (m *move) proveTarget(ctx context.Context) (text, data string, err error) {
	seals := map[inventory.StoreID]prove.Seal{}
	var miscounts []string
	for _, s := range m.sources {
		sealed, told, err := m.prove(ctx, s.master(), m.target.master(), s.owners)
		if err != nil {
			return "", "", err
		}
		seals[s.store.Name], miscounts = sealed, append(miscounts, told...)
	}
	kept, err := json.Marshal(seals)
	return strings.Join(miscounts, "; "), string(kept), err
}

// proveReplicas fails where a replica is not what the new master is, and where the original
// has not stood still meanwhile, or somebody else has let users in there or denies them. It
// tells which quotas count something else as used, and leaves who is subscribed as before.
func (m *move) proveReplicas(ctx context.Context, records []monitor.StepRecord) (text, data string, err error) {
	var miscounts []string
	for _, replica := range m.target.store.Instances[1:] {
		_, told, err := m.prove(ctx, m.target.master(), replica, m.all())
		if err != nil {
			return "", "", err
		}
		miscounts = append(miscounts, told...)
	}
	if how, err := m.overruled(ctx, records); how != nil || err != nil {
		return "", "", errors.Join(how, err)
	}
	sealed := sealsOf(records)
	err = m.eachSource(func(s *source) error {
		changed, err := m.unsealed(ctx, s, sealed[s.store.Name])
		if err == nil && len(changed) > 0 {
			err = fmt.Errorf("%s on %s was written to though everybody is denied who may", inventory.Printable(string(changed[0])), s.hosts[0].Server)
		}
		return err
	})
	if err == nil {
		data, err = keep(copied{m.subscribed(ctx)})
	}
	return strings.Join(miscounts, "; "), data, err
}

// prove fails where a copy is not the same. Both stand still: what differs is looked at
// once more, since a server may need a moment to tell of what it has just been given. It
// seals the original, and tells which quotas count something else as used.
func (m *move) prove(ctx context.Context, from, to inventory.Instance, owners map[cyrus.Owner]bool) (sealed prove.Seal, miscounts []string, err error) {
	p, err := m.differences(ctx, from, to, owners)
	if err == nil && len(p.Different) > 0 {
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(time.Second):
		}
		p, err = m.differences(ctx, from, to, owners)
	}
	if err != nil {
		return nil, nil, err
	}
	if len(p.Different) > 0 {
		return nil, nil, fmt.Errorf("what is on %s is not what is on %s: %s", to.Server, from.Server, strings.Join(p.Different, "; "))
	}
	for _, q := range p.Quotas {
		miscounts = append(miscounts, m.miscount(&q, from, to))
	}
	return p.Sealed, miscounts, nil
}

// miscount tells of a quota that counts something else as used on two instances, with what
// has each of them count anew.
func (m *move) miscount(q *prove.Miscount, from, to inventory.Instance) string {
	text := fmt.Sprintf("the quota %s counts %v as used on %s and %v on %s, of the same messages", inventory.Quoted(string(q.Root)), q.From, from.Server, q.To, to.Server)
	for _, in := range []inventory.Instance{from, to} {
		if command := inventory.Paste(path.Join(m.Tools, "quota"), "-C", in.IMAPDConf, "-f", "--", string(q.Root)); command != "" {
			text += fmt.Sprintf("; on %s %s counts anew", in.Server, command)
		}
	}
	return text
}

// differences compares an instance with another as administrators.
func (m *move) differences(ctx context.Context, from, to inventory.Instance, owners map[cyrus.Owner]bool) (*prove.Proof, error) {
	var clients [2]*cyrus.Client
	var dialling errgroup.Group
	for i, in := range []inventory.Instance{from, to} {
		dialling.Go(func() (err error) { clients[i], err = m.dialAdmin(ctx, in); return err })
	}
	err := dialling.Wait()
	for _, c := range clients {
		if c != nil {
			defer c.Close()
		}
	}
	if err != nil {
		return nil, err
	}
	return prove.Copy(ctx, clients[0], clients[1], owners)
}
