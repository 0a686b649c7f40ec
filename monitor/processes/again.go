package processes

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// betweenThem is how long after a look a second one sees whether a client that dies
// on a log and is started again, over and over, was just away, and which one stays
// where one was just started.
const betweenThem = 100 * time.Millisecond

// lookAgain looks, and once more where a reader is missing or has just begun.
func lookAgain(ctx context.Context, list []monitor.Instance, now time.Time, look func() ([]monitor.Process, error)) ([]monitor.Process, error) {
	seen, err := look()
	if err != nil || read(list, seen) && !begins(seen, now) {
		return seen, err
	}
	select {
	case <-ctx.Done():
		return seen, nil
	case <-time.After(betweenThem):
		return look()
	}
}

// read reports whether each channel that wants a reader has one, where anything of
// its instance runs.
func read(list []monitor.Instance, seen []monitor.Process) bool {
	for i := range list {
		in := &list[i]
		own := func(p monitor.Process) bool { return in.Conf != "" && p.Conf == filepath.Clean(in.Conf) }
		if !slices.ContainsFunc(seen, own) {
			continue
		}
		for k := range in.Channels {
			ch := &in.Channels[k]
			if wanted(in, ch) && !slices.ContainsFunc(seen, func(p monitor.Process) bool { return own(p) && reads(&p, ch) && p.Rolling && p.State != "Z" }) {
				return false
			}
		}
	}
	return true
}

// begins reports whether a client has just begun that no master started: such a one
// leaves another one behind, which stays, and ends.
func begins(seen []monitor.Process, now time.Time) bool {
	const moment = 2 * time.Second // the kernel tells when it began itself in whole seconds
	return slices.ContainsFunc(seen, func(p monitor.Process) bool {
		return isClient(&p) && now.Sub(p.Started) < moment &&
			!slices.ContainsFunc(seen, func(q monitor.Process) bool { return q.Name == "master" && q.PID == p.Parent })
	})
}
