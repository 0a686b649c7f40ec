package processes

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// A client that dies on a log and is started again, over and over, is away for a
// moment each time, and may be so in one look after the other.
const (
	looks       = 4
	betweenThem = 70 * time.Millisecond
)

// lookAgain looks, and a few times where a reader is missing.
func lookAgain(ctx context.Context, list []monitor.Instance, look func() ([]monitor.Process, error)) ([]monitor.Process, error) {
	for n := 1; ; n++ {
		seen, err := look()
		if err != nil || n == looks || read(list, seen) {
			return seen, err
		}
		select {
		case <-ctx.Done():
			return seen, nil
		case <-time.After(betweenThem):
		}
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
