package apply

import (
	"context"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// allowTarget lets the users in on the new store: on its master, where they work from now
// on, and on its replicas as far as these can be reached. Where it is certain that nobody is
// in there the error says so, and all can be taken back.
func (m *move) allowTarget(ctx context.Context, records []monitor.StepRecord) (text, data string, err error) {
	if len(m.users()) == 0 {
		return "", "", nil
	}
	if how := m.overruledLately(ctx, records); how != nil && m.nobodyIn(ctx) == nil {
		return "", "", nobodyIn{how}
	}
	if err := m.target.hosts[0].LetIn(ctx, m.users(), m.kept()...); err != nil {
		if unsure := m.nobodyIn(ctx); unsure != nil {
			return "", "", fmt.Errorf("%w; %w, so that nothing is taken back", err, unsure)
		}
		return "", "", nobodyIn{err}
	}
	if err := m.target.letInReplicas(ctx, m.users(), m.kept()...); err != nil {
		text = "let in on the master; " + err.Error()
	}
	return text, "", nil
}

// nobodyIn fails unless all users are still kept out of the new store's master by what the
// unit found or made there, and nothing goes on there that could let them in.
func (m *move) nobodyIn(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*host.Greeting)
	defer cancel()
	h := m.target.hosts[0]
	err := h.Settle(ctx)
	var there map[inventory.UserID]host.Denial
	if err == nil {
		there, err = h.Denials(ctx)
	}
	if err != nil {
		return fmt.Errorf("whether users are let in on %s is not known: %w", h.Server, err)
	}
	in := slices.DeleteFunc(m.users(), func(u inventory.UserID) bool {
		d, out := there[u]
		return out && m.keeps(h, &d)
	})
	if len(in) > 0 {
		return fmt.Errorf("%s let in on %s already, or kept out by somebody else", course.Who(in), h.Server)
	}
	return nil
}

// nobodyIn says why users could not be let in on the new store, where nobody is in.
type nobodyIn struct{ error }

func (n nobodyIn) Unwrap() error { return n.error }

// kept are the names of the units for which users may be denied on the target beside this
// one: that whose originals are there.
func (m *move) kept() []string {
	if m.unit.Of == "" {
		return nil
	}
	return []string{host.FileName(m.unit.Plan, m.unit.Of)}
}

// keeps reports whether a user is kept out of the target for this unit, or for that whose
// originals are there.
func (m *move) keeps(h *host.Host, d *host.Denial) bool { return h.MadeBy(d, m.kept()) }
