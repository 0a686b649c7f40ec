package apply

import (
	"context"
	"fmt"
	"maps"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// isKept fails where what is on the target is not what the units have left there that this
// one takes back: denied, and not written to since.
func (m *move) isKept(ctx context.Context) error {
	if err := notDenied(ctx, m.target, m.users()); err != nil {
		return err
	}
	own, err := m.Journal.Steps(ctx, m.unit.Plan, m.unit.Name)
	if _, before := last(own, monitor.StepCopy, monitor.StepBegan); before || err != nil {
		return err // an earlier attempt has written there
	}
	sealed := seal{}
	for _, left := range m.unit.Returns {
		records, err := m.Journal.Steps(ctx, left.Plan, left.Name)
		if err != nil {
			return err
		}
		maps.Copy(sealed, sealsOf(records)[m.target.store.Name])
	}
	all := m.all()
	maps.DeleteFunc(sealed, func(name cyrus.InternalName, _ uint64) bool {
		owner, _, _ := name.Owner()
		return !all[owner]
	})
	changed, err := m.unsealed(ctx, &source{place: *m.target, owners: all}, sealed)
	if err == nil && len(changed) > 0 {
		err = fmt.Errorf("%s on %s is not what was left there: save what is new there, then remove it", inventory.Printable(string(changed[0])), m.target.hosts[0].server)
	}
	return err
}
