package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// rests reports whether the original is still to be kept.
func (m *move) rests(_ monitor.Step, records []monitor.StepRecord) bool {
	routed, _ := ended(records, monitor.StepRoute)
	return m.Now().Sub(routed) < m.Keep
}

// keep ends when the original may be removed: it was kept for its time, nobody asks for
// it, and what was promised of the move has been confirmed. Where the users were moved
// back it is no original any more.
func (m *move) keep(ctx context.Context, records []monitor.StepRecord) (text, data string, err error) {
	if m.rests(monitor.StepKeep, records) {
		return "", "", errRests
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
		said, err := m.quiet(ctx, s)
		if err != nil {
			return "", "", err
		}
		text += said
		kept = true
	}
	if !kept {
		return strings.TrimSuffix(text, "; "), "", nil
	}
	read, err := m.confirmed(ctx, m.unit, monitor.StepKeep)
	return strings.TrimSuffix(text+read, "; "), "", err
}

// quietDay is how long nobody may have come to an original before it is removed.
const quietDay = 24 * time.Hour

// quiet fails unless nobody was delivered to or logged in on the old store for a day. Of
// an original that is kept for less than that it is not asked.
func (m *move) quiet(ctx context.Context, s *source) (string, error) {
	switch {
	case len(s.users) == 0:
		return "", nil
	case m.Keep < quietDay:
		return fmt.Sprintf("originals are kept for less than a day, so whether mail or users still come to %s was not asked; ", s.store.Name), nil
	}
	var quiet, known bool
	var last time.Time
	var err error
	if m.Live.Quiet != nil {
		quiet, known, last, err = m.Live.Quiet(ctx, s.master(), s.users)
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: %w", errRests, err)
	case !known:
		return "", fmt.Errorf("%w: whether mail or users still come to %s is not known: the log of its master on %s has to be known (log in the fleet file, or logs.journal), readable for apply, and go back for a day",
			errRests, s.store.Name, s.hosts[0].server)
	case !quiet:
		return "", fmt.Errorf("%w: mail or users still came to %s at %s; find out what leads them there", errRests, s.hosts[0].server, last.Format(time.RFC3339))
	}
	return "", nil
}

// deleteSource removes the original from the old stores, and fails as long as anything of
// it is left.
func (m *move) deleteSource(ctx context.Context, records []monitor.StepRecord) error {
	sealed := sealsOf(records)
	return m.eachSource(func(s *source) error {
		if back, err := m.movedBack(ctx, s); err != nil || back != notBack {
			return err
		}
		if m.rehearsed {
			return s.hosts[0].remove(ctx, s.users)
		}
		if err := m.mayDelete(ctx, s, sealed[s.store.Name]); err != nil {
			return err
		}
		err := errors.Join(s.hosts[0].remove(ctx, s.users), m.removeTrees(ctx, s.master(), shared(s.owners)))
		if err != nil {
			return err
		}
		return m.gone(ctx, s)
	})
}

// mayDelete makes sure that what is about to be removed is the original of what is on the
// new store, and that nobody has put anything there since. What an earlier attempt has
// removed already is no change.
func (m *move) mayDelete(ctx context.Context, s *source, sealed seal) error {
	if err := notDenied(ctx, &place{store: s.store, hosts: s.hosts[:1]}, s.users); err != nil {
		return fmt.Errorf("the original may be in use: %w", err)
	}
	has, err := m.owners(ctx, m.target.master())
	if err != nil {
		return err
	}
	for owner := range s.owners {
		if has[owner] == 0 {
			return fmt.Errorf("%s is not on %s: the original stays", inventory.Printable(owner.Name), m.target.hosts[0].server)
		}
	}
	changed, err := m.unsealed(ctx, s, sealed)
	if err != nil {
		return err
	}
	left, err := m.names(ctx, s.master(), s.owners)
	if err != nil {
		return err
	}
	there := seal{}
	for _, name := range left {
		there[name] = 0
	}
	for _, name := range changed {
		if _, is := there[name]; is {
			return fmt.Errorf("%s on %s was written to since it was copied: save what is new there, then remove it by hand", inventory.Printable(string(name)), s.hosts[0].server)
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
			if time.Since(begin) > short {
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

// allowSource takes the last denials back, and leaves nothing of the unit behind.
func (m *move) allowSource(ctx context.Context) error {
	err := m.eachSource(func(s *source) error {
		if back, err := m.movedBack(ctx, s); err != nil || back != notBack {
			return err
		}
		return s.each(ctx, s.users, (*host).allow)
	})
	return errors.Join(err, m.forgetAll(ctx))
}
