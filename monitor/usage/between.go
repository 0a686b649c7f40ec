package usage

import (
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// blockBytes is what counts as one operation where only bytes are known.
const blockBytes = 4096

// Between returns what instances used between two samples. Where there was none
// before, only what does not need one is known.
func Between(earlier, now *Sample) []monitor.Usage {
	var list []monitor.Usage
	for i := range now.Instances {
		c := &now.Instances[i]
		u := monitor.Usage{
			At: now.At, Server: c.Server, Store: c.Store, Role: c.Role,
			Memory: c.Memory, Disk: c.Disk, DiskFree: c.DiskFree, DiskFill: c.DiskFill, Trouble: c.Trouble,
		}
		if earlier != nil && now.At.After(earlier.At) {
			u.Over = now.At.Sub(earlier.At)
			if before := earlier.find(c); before != nil && len(before.Processes) > 0 && len(c.Processes) > 0 {
				u.CPU, u.IO = rates(before, c, u.Over)
			}
		}
		list = append(list, u)
	}
	return list
}

// rates returns seconds of processors and operations of disks per second.
func rates(before, now *Counts, over time.Duration) (cpu, operations inventory.Number) {
	per := func(n inventory.Number) inventory.Number {
		return inventory.Number{Value: max(0, n.Value) / over.Seconds(), Known: n.Known}
	}
	// Whole numbers have sums without noise, and what is idle uses nothing.
	cpu = grown(before.Processes, now.Processes, func(p *Process) inventory.Number { return inventory.Known(float64(p.CPU)) })
	cpu.Value /= float64(time.Second)
	operations = grown(before.Processes, now.Processes, func(p *Process) inventory.Number { return p.Bytes })
	operations.Value /= blockBytes
	if g, b := now.Group, before.Group; g != nil && b != nil {
		if b.Inode != g.Inode || b.CPU > g.CPU {
			b = &Group{Operations: inventory.Known(0)} // it was made anew
		}
		cpu = inventory.Known((g.CPU - b.CPU).Seconds())
		if g.Operations.Known && b.Operations.Known {
			operations = inventory.Known(g.Operations.Value - b.Operations.Value)
		}
	}
	return per(cpu), per(operations)
}

// grown returns by how much a counter has grown over a tree. What a process that
// has ended had counted is with its parent now; if that has ended too, or never
// was in the tree, nobody knows what it did at last, and what was counted before
// is forgotten.
func grown(before, now []Process, count func(*Process) inventory.Number) inventory.Number {
	type name struct {
		pid     int
		started uint64
	}
	alive := map[name]bool{}
	living := map[int]bool{}
	var newest uint64
	for _, p := range now {
		alive[name{p.PID, p.Started}] = true
	}
	known := map[name]bool{}
	for _, p := range before {
		known[name{p.PID, p.Started}] = true
		newest = max(newest, p.Started)
		if alive[name{p.PID, p.Started}] {
			living[p.PID] = true
		}
	}
	total := 0.0
	for _, p := range now {
		n := count(&p)
		if !n.Known {
			return inventory.Number{}
		}
		// One that is older than others which were seen before, and was not, has
		// joined the tree: what it did elsewhere is not the instance's.
		if known[name{p.PID, p.Started}] || p.Started >= newest {
			total += n.Value
		}
	}
	for _, p := range before {
		n := count(&p)
		if !n.Known {
			return inventory.Number{}
		}
		if alive[name{p.PID, p.Started}] || living[p.Parent] {
			total -= n.Value
		}
	}
	return inventory.Known(total)
}
