package apply

import (
	"context"
	"errors"
	"sync"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// overruled says what somebody else has changed of who is kept out of the old stores since
// the unit has denied them there: who was let in, and who of those who move is denied by the
// operator, which does not hold on the new store. After those who stay were let in, only those
// who move count. The error says where that can't be asked.
func (m *move) overruled(ctx context.Context, records []monitor.StepRecord) (how, err error) {
	var d denials
	if m.rehearsed || !course.Read(records, monitor.StepDenySource, &d) {
		return nil, nil
	}
	if _, in := course.Last(course.OfMove.Attempt(records), monitor.StepAllowWriters, monitor.StepBegan); in {
		d.Stay = nil
	}
	for _, s := range m.sources {
		found, unasked := make([]error, len(s.hosts)), make([]error, len(s.hosts))
		var asking sync.WaitGroup
		for i, h := range s.hosts {
			asking.Go(func() { found[i], unasked[i] = h.Overruled(ctx, s.users, d.Stay[s.store.Name]) })
		}
		asking.Wait()
		how, err = errors.Join(how, errors.Join(found...)), errors.Join(err, errors.Join(unasked...))
	}
	return how, err
}

// overruledLately says the same of those old stores that answer: others keep nobody waiting.
func (m *move) overruledLately(ctx context.Context, records []monitor.StepRecord) error {
	ctx, cancel := context.WithTimeout(ctx, host.Greeting/2)
	defer cancel()
	how, _ := m.overruled(ctx, records)
	return how
}
