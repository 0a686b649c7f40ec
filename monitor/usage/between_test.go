package usage_test

import (
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/usage"
)

// process has used so many seconds and had so many blocks moved.
func process(pid, parent int, started uint64, seconds, blocks float64) usage.Process {
	return usage.Process{PID: pid, Parent: parent, Started: started, CPU: time.Duration(seconds * 1e9), Bytes: inventory.Known(blocks * 4096)}
}

func TestBetween(t *testing.T) {
	secret := process(11, 10, 5, 7, 0)
	secret.Bytes = inventory.Number{}
	unknown := inventory.Number{}
	for _, test := range []struct {
		name         string
		before, now  []usage.Process
		group, later *usage.Group
		cpu, io      inventory.Number
		none         bool
	}{
		{name: "no sample before", none: true, now: []usage.Process{process(10, 1, 5, 9, 9)}},
		{name: "nothing runs", before: []usage.Process{process(10, 1, 5, 9, 9)}},
		{
			name:   "work",
			before: []usage.Process{process(10, 1, 5, 1, 10), process(11, 10, 6, 2, 20)}, now: []usage.Process{process(10, 1, 5, 2, 10), process(11, 10, 6, 5, 60)},
			cpu: inventory.Known(0.4), io: inventory.Known(4),
		},
		{
			name:   "idle, with fractions that don't add up",
			before: []usage.Process{process(10, 1, 5, 0.3, 10), process(11, 10, 6, 0.2, 1), process(12, 10, 7, 0.1, 1)}, now: []usage.Process{process(12, 10, 7, 0.1, 1), process(11, 10, 6, 0.2, 1), process(10, 1, 5, 0.3, 10)},
			cpu: inventory.Known(0), io: inventory.Known(0),
		},
		{
			name:   "a child has ended and is its parent's now",
			before: []usage.Process{process(10, 1, 5, 1, 10), process(11, 10, 6, 2, 20)}, now: []usage.Process{process(10, 1, 5, 4, 35)},
			cpu: inventory.Known(0.1), io: inventory.Known(0.5),
		},
		{
			name:   "a child that came and went",
			before: []usage.Process{process(10, 1, 5, 1, 10)}, now: []usage.Process{process(10, 1, 5, 4, 40)},
			cpu: inventory.Known(0.3), io: inventory.Known(3),
		},
		{
			name:   "another process with the same number",
			before: []usage.Process{process(10, 1, 5, 1, 10), process(11, 10, 6, 100, 1000)}, now: []usage.Process{process(10, 1, 5, 101, 1010), process(11, 10, 90, 1, 10)},
			cpu: inventory.Known(0.1), io: inventory.Known(1),
		},
		{
			name:   "all was started anew",
			before: []usage.Process{process(10, 1, 5, 500, 5000), process(11, 10, 6, 100, 1000)}, now: []usage.Process{process(20, 1, 90, 1, 10), process(21, 20, 91, 1, 10)},
			cpu: inventory.Known(0.2), io: inventory.Known(2),
		},
		{
			name:   "a stray has ended and nobody has its counters",
			before: []usage.Process{process(10, 1, 5, 1, 10), process(12, 1, 6, 70, 70)}, now: []usage.Process{process(10, 1, 5, 2, 20)},
			cpu: inventory.Known(0.1), io: inventory.Known(1),
		},
		{
			name:   "an old process has joined",
			before: []usage.Process{process(10, 1, 50, 1, 10)}, now: []usage.Process{process(10, 1, 50, 2, 20), process(8, 10, 3, 999, 999)},
			cpu: inventory.Known(0.1), io: inventory.Known(1),
		},
		{
			name:   "secret counters",
			before: []usage.Process{process(10, 1, 5, 1, 10)}, now: []usage.Process{process(10, 1, 5, 2, 20), secret},
			cpu: inventory.Known(0.8), io: unknown,
		},
		{
			name:   "a group counts better",
			before: []usage.Process{process(10, 1, 5, 1, 10)}, now: []usage.Process{process(10, 1, 5, 2, 20)},
			group: &usage.Group{Inode: 7, CPU: time.Second, Operations: inventory.Known(50)}, later: &usage.Group{Inode: 7, CPU: 6 * time.Second, Operations: inventory.Known(250)},
			cpu: inventory.Known(0.5), io: inventory.Known(20),
		},
		{
			name:   "a group without disks",
			before: []usage.Process{process(10, 1, 5, 1, 10)}, now: []usage.Process{process(10, 1, 5, 2, 20)},
			group: &usage.Group{Inode: 7, CPU: time.Second}, later: &usage.Group{Inode: 7, CPU: 6 * time.Second},
			cpu: inventory.Known(0.5), io: inventory.Known(1),
		},
		{
			name:   "a group made anew",
			before: []usage.Process{process(10, 1, 5, 1, 10)}, now: []usage.Process{process(20, 1, 90, 2, 20)},
			group: &usage.Group{Inode: 7, CPU: 60 * time.Second, Operations: inventory.Known(500)}, later: &usage.Group{Inode: 8, CPU: time.Second, Operations: inventory.Known(20)},
			cpu: inventory.Known(0.1), io: inventory.Known(2),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
			counts := func(list []usage.Process, g *usage.Group) []usage.Counts {
				return []usage.Counts{{Server: "imap1", Store: "s1", Role: inventory.Master, Processes: list, Group: g, Memory: inventory.Known(1)}}
			}
			before := &usage.Sample{At: at.Add(-10 * time.Second), Instances: counts(test.before, test.group)}
			if test.none {
				before = nil
			}
			now := &usage.Sample{At: at, Instances: counts(test.now, test.later)}
			got := usage.Between(before, now)
			if len(got) != 1 || !near(got[0].CPU, test.cpu) || !near(got[0].IO, test.io) || !got[0].Memory.Known {
				t.Errorf("got %+v, want cpu %v, io %v", got, test.cpu, test.io)
			}
			if test.cpu.Value == 0 && got[0].CPU.Value != 0 {
				t.Errorf("idle: got %v", got[0].CPU)
			}
			now.At = at.Add(-10 * time.Second)
			if got := usage.Between(before, now); got[0].CPU.Known || got[0].IO.Known {
				t.Errorf("in no time: got %+v", got)
			}
		})
	}
	if got := usage.Between(nil, &usage.Sample{}); got != nil {
		t.Errorf("of nothing: got %+v", got)
	}
}

func near(a, b inventory.Number) bool {
	d := a.Value - b.Value
	return a.Known == b.Known && d < 1e-9 && d > -1e-9
}
