package apply

import (
	"context"
	"fmt"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// confirmed fails where not all of what was moved is what it was promised to be, which
// includes that each message was read whole on every copy, and tells what was read.
func (m *move) confirmed(ctx context.Context, unit *Unit, step monitor.Step) (read string, err error) {
	if m.Live.Confirmed == nil {
		return "", fmt.Errorf("%w: nobody has confirmed that all is as it was planned", errRests)
	}
	read, err = m.Live.Confirmed(ctx, unit, func(text string) { m.tell(Progress{Unit: m.unit, Verb: Do, Step: step, Far: text}) })
	if err != nil {
		return "", fmt.Errorf("%w: not confirmed: %w", errRests, err)
	}
	return read, nil
}

// lately is how long before the original is deleted all must have been confirmed.
const lately = time.Hour

// confirmedLately confirms what is about to be deleted anew where that was long ago, since
// the process was killed in between.
func (m *move) confirmedLately(ctx context.Context, records []monitor.StepRecord) (read string, err error) {
	if kept, _ := ended(records, monitor.StepKeep); m.rehearsed || m.Now().Sub(kept) <= lately {
		return "", nil
	}
	for _, s := range m.sources {
		switch back, err := m.movedBack(ctx, s); {
		case err != nil:
			return "", err
		case back == notBack:
			return m.confirmed(ctx, m.unit, monitor.StepDeleteSource)
		}
	}
	return "", nil // there is no original but of what is in use again
}
