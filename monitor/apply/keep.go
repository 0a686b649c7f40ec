package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/monitor/prove"
)

// rests reports whether the original is still to be kept.
func (m *move) rests(_ monitor.Step, records []monitor.StepRecord) bool { return m.young(records) }

// young reports whether originals of which this is written down are still to be kept.
func (o *Options) young(records []monitor.StepRecord) bool {
	routed, _ := course.Ended(records, monitor.StepRoute)
	return o.Now().Sub(routed) < o.Keep
}

// resting reports whether nothing is to be done about a unit for now but to keep originals,
// whatever the servers say.
func (o *Options) resting(c *course.Course, records []monitor.StepRecord) bool {
	return c.Next(records, false).Verb == course.Settle && o.young(records)
}

// keep ends when the original may be removed: it was kept for its time, nobody asks for
// it, and what was promised of the move has been confirmed. Where the users were moved
// back it is no original any more.
func (m *move) keep(ctx context.Context, records []monitor.StepRecord) (text, data string, err error) {
	if m.rests(monitor.StepKeep, records) {
		return "", "", errRests
	}
	if err := m.target.letInReplicas(ctx, m.users(), m.kept()...); err != nil {
		return "", "", fmt.Errorf("%w: on %s users are let in on the master only; %w", errRests, m.target.store.Name, err)
	}
	kept := false
	for _, s := range m.sources {
		switch back, err := m.movedBack(ctx, s); {
		case err != nil:
			return "", "", err
		case back == begunBack:
			return "", "", fmt.Errorf("%w: its users are being moved back", errRests)
		case back == isBack:
			text += fmt.Sprintf("what is on %s is in use again and stays; ", s.store.Name)
			continue
		}
		said, err := m.quiet(ctx, s, records)
		if err != nil {
			return "", "", err
		}
		if err := s.endScripts(ctx); err != nil {
			return "", "", fmt.Errorf("%w: %w", errRests, err)
		}
		text += said
		kept = true
	}
	if !kept {
		return strings.TrimSuffix(text, "; "), "", nil
	}
	read, err := m.confirmed(ctx, monitor.StepKeep)
	return strings.TrimSuffix(text+read, "; "), "", err
}

// quietDay is how long nobody may have come to an original before it is removed.
const quietDay = 24 * time.Hour

// quiet fails unless nobody was delivered to or logged in on the old store for a day. Where
// originals are kept for less than that, nobody may have since its users were routed, as far as
// that is known.
func (m *move) quiet(ctx context.Context, s *source, records []monitor.StepRecord) (string, error) {
	if len(s.users) == 0 {
		return "", nil
	}
	var quiet, known bool
	var last time.Time
	var err error
	if m.Live.Quiet != nil {
		quiet, known, last, err = m.Live.Quiet(ctx, m.standing(), s.master(), s.users)
	}
	routed, _ := course.Ended(records, monitor.StepRoute)
	switch short := m.Keep < quietDay; {
	case short && (err != nil || !known):
		return fmt.Sprintf("keep_source is less than a day, and whether mail or users still come to %s is not known; ", s.store.Name), nil
	case err != nil:
		return "", fmt.Errorf("%w: %w", errRests, err)
	case !known:
		return "", fmt.Errorf("%w: whether mail or users still come to %s is not known: the log of its master on %s has to be known (log in the fleet file, or logs.journal), readable for apply, and go back for a day",
			errRests, s.store.Name, s.hosts[0].Server)
	case !quiet && !(short && !last.After(routed)):
		return "", fmt.Errorf("%w: mail or users still came to %s at %s; find out what leads them there", errRests, s.hosts[0].Server, last.Format(time.RFC3339))
	}
	return "", nil
}

// deleteSource removes the original from the old stores, and fails as long as anything of
// it is left. Of users who are on the new store no more it is kept, and they stay denied.
func (m *move) deleteSource(ctx context.Context, records []monitor.StepRecord) (text, data string, err error) {
	sealed := sealsOf(records)
	stay := course.Originals{Stay: map[inventory.StoreID][]inventory.UserID{}}
	err = m.eachSource(func(s *source) error {
		if back, err := m.movedBack(ctx, s); err != nil || back != notBack {
			return err
		}
		if m.rehearsed {
			return errors.Join(s.hosts[0].Remove(ctx, s.users), m.removeTrees(ctx, s.master(), prove.Shared(s.owners)))
		}
		leaves, err := m.leaving(ctx, s)
		if err != nil {
			return err
		}
		for _, u := range s.users {
			if !slices.Contains(leaves.users, u) {
				stay.Stay[s.store.Name] = append(stay.Stay[s.store.Name], u)
				text += fmt.Sprintf("user %s is not on %s any more: the original on %s stays, denied, until somebody removes it by hand (sync_reset); ",
					inventory.Printable(string(u)), m.target.hosts[0].Server, s.hosts[0].Server)
			}
		}
		if err := m.mayDelete(ctx, leaves, sealed[s.store.Name]); err != nil {
			return err
		}
		err = errors.Join(s.hosts[0].Remove(ctx, leaves.users), m.removeTrees(ctx, s.master(), prove.Shared(leaves.owners)))
		if host.RanOut(err) {
			err = fmt.Errorf("%w; what is left of the original stays, denied, until a later interlace apply --resume --yes", err)
		}
		if err != nil {
			return err
		}
		return m.gone(ctx, leaves)
	})
	if err != nil {
		return "", "", err
	}
	kept, err := json.Marshal(stay)
	return strings.TrimSuffix(text, "; "), string(kept), err
}

// leaving is a source with those of its users who are where they were moved to.
func (m *move) leaving(ctx context.Context, s *source) (*source, error) {
	living, err := m.living(ctx)
	if err != nil {
		return nil, err
	}
	leaves := &source{place: s.place, owners: map[cyrus.Owner]bool{}}
	for owner := range s.owners {
		switch {
		case owner.Shared && !living[owner]:
			return nil, fmt.Errorf("%s is not on %s: the original stays", inventory.Printable(owner.Name), m.target.hosts[0].Server)
		case owner.Shared:
			leaves.take(inventory.UserID(owner.Name), inventory.Shared)
		case living[owner]:
			leaves.take(inventory.UserID(owner.Name), inventory.Person)
		}
	}
	slices.Sort(leaves.users)
	return leaves, nil
}

// mayDelete makes sure that nobody has put anything into what is about to be removed since
// it was copied: on the replicas, where nobody writes, and at the very last on the master. What
// an earlier attempt has removed already is no change.
func (m *move) mayDelete(ctx context.Context, s *source, sealed prove.Seal) error {
	if err := notDenied(ctx, &place{store: s.store, hosts: s.hosts[:1]}, s.users); err != nil {
		return fmt.Errorf("the original may be in use: %w", err)
	}
	if sealed == nil {
		return errUnsealed
	}
	if err := s.hosts[0].Settle(ctx); err != nil { // not between the look and the removal
		return err
	}
	if err := s.endScripts(ctx); err != nil {
		return err
	}
	now := make([]prove.Seal, len(s.store.Instances))
	for i, in := range slices.Backward(s.store.Instances) { // the master last
		var err error
		if now[i], err = m.sealOf(ctx, in, s.owners); err != nil {
			return err
		}
	}
	for i, in := range s.store.Instances {
		changed := sealed.Written(now[i])
		if i > 0 { // a replica may have fallen behind
			changed = slices.DeleteFunc(changed, func(name cyrus.InternalName) bool { return now[i][name] < sealed[name] })
		}
		if len(changed) > 0 {
			return m.written(ctx, changed[0], in, s.hosts[i], "--resume")
		}
	}
	return nil
}

// gone waits until nothing is left on any instance of a source.
func (m *move) gone(ctx context.Context, s *source) error {
	for _, in := range s.store.Instances {
		for begin := time.Now(); ; {
			left, err := m.names(ctx, in, s.owners)
			if err != nil {
				return err
			}
			if len(left) == 0 {
				break
			}
			if time.Since(begin) > host.Short {
				return fmt.Errorf("%s is still on %s", inventory.Printable(string(left[0])), in.Server)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(300 * time.Millisecond):
			}
		}
	}
	return nil
}

// allowSource takes the last denials back, but for those of originals that stay, and leaves
// nothing else of the unit behind.
func (m *move) allowSource(ctx context.Context, records []monitor.StepRecord) error {
	kept := course.StayingOf(records)
	leave := map[*source][]inventory.UserID{}
	for _, s := range m.sources {
		back, err := m.movedBack(ctx, s)
		if err != nil {
			return err
		}
		leave[s] = []inventory.UserID{}
		for _, u := range s.users {
			if back == notBack && !kept.Has(s.store.Name, u) {
				leave[s] = append(leave[s], u)
			}
		}
	}
	wrong := m.letIn(ctx, func(s *source) []inventory.UserID { return leave[s] })
	return errors.Join(wrong, m.forgetAll(ctx))
}
