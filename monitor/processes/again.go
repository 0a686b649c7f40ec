package processes

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// betweenThem is how long after a look a second one sees whether a client that dies
// on a log and is started again, over and over, was just away.
const betweenThem = 100 * time.Millisecond

// lookAgain looks, and once more where a reader is missing.
func lookAgain(ctx context.Context, list []monitor.Instance, look func() ([]monitor.Process, error)) ([]monitor.Process, error) {
	seen, err := look()
	if err != nil || read(list, seen) {
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
