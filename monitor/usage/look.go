package usage

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/procfs"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Sample is what one look saw of all instances of a server.
type Sample struct {
	At        time.Time
	Instances []Counts
}

// Counts are the counters of one instance.
type Counts struct {
	Server inventory.ServerID
	Store  inventory.StoreID
	Role   inventory.Role

	Processes []Process
	Group     *Group // its own control group, or nil
	Memory    inventory.Number
	Disk      inventory.Number
	DiskFree  inventory.Number
	DiskFill  inventory.Number
	Trouble   string
}

// Process are the counters of one process, which hold those of the children that
// it has collected.
type Process struct {
	PID, Parent int
	Started     uint64 // in ticks since the machine started: tells it from another with the same number
	CPU         time.Duration
	Bytes       inventory.Number // that it had disks read and write
}

// LookOptions say how to look.
type LookOptions struct {
	Proc    string // /proc if empty
	Cgroups string // /sys/fs/cgroup if empty
	// Used are the bytes on the disks of stores' instances, where the caller
	// knows them.
	Used map[inventory.StoreID]int64
}

// Look reads the counters of the instances of this server.
func Look(list []monitor.Instance, opts LookOptions, now time.Time) Sample {
	opts.Proc = cmp.Or(opts.Proc, "/proc")
	opts.Cgroups = cmp.Or(opts.Cgroups, "/sys/fs/cgroup")
	s := Sample{At: now}
	trees, err := trees(opts.Proc, list)
	disks := disks(list)
	for i := range list {
		in := &list[i]
		c := Counts{Server: in.Server, Store: in.Store, Role: in.Role}
		c.Disk, c.DiskFree, c.DiskFill = disks[i].used, disks[i].free, disks[i].fill
		if bytes, known := opts.Used[in.Store]; known {
			c.Disk = inventory.Known(float64(bytes))
		}
		switch {
		case err != nil:
			c.Trouble = err.Error()
		case len(trees[i]) == 0:
			c.Trouble = "none of its processes is seen"
		default:
			c.count(trees[i])
			c.Group = group(opts.Cgroups, trees[i], disks[i].devices)
		}
		s.Instances = append(s.Instances, c)
	}
	return s
}

// count reads the counters of the processes of a tree. Those that have ended
// meanwhile are left out, as if they had ended a moment before.
func (c *Counts) count(tree []node) {
	var memory float64
	for _, n := range tree {
		stat, err := n.proc.Stat()
		if err != nil || stat.Starttime != n.stat.Starttime {
			continue
		}
		const ticks = 100 // per second; the kernel shows all times so (proc(5), USER_HZ)
		p := Process{
			PID: n.proc.PID, Parent: stat.PPID, Started: stat.Starttime,
			CPU: time.Duration(int(stat.UTime+stat.STime)+stat.CUTime+stat.CSTime) * time.Second / ticks,
		}
		if io, err := n.proc.IO(); err == nil {
			p.Bytes = inventory.Known(float64(io.ReadBytes) + float64(io.WriteBytes))
		} else {
			c.Trouble = fmt.Sprintf("counters of process %d can't be read: run as the user of Cyrus or with CAP_SYS_PTRACE", p.PID)
		}
		c.Processes = append(c.Processes, p)
		memory += resident(n.proc, &stat)
	}
	if len(c.Processes) > 0 {
		c.Memory = inventory.Known(memory)
	}
}

// resident returns the memory of a process, with each page that it shares with
// others divided among them where that may be read, else whole.
func resident(proc procfs.Proc, stat *procfs.ProcStat) float64 {
	if shares, err := proc.ProcSMapsRollup(); err == nil {
		return float64(shares.Pss)
	}
	return float64(stat.ResidentMemory())
}

// find returns what a sample has of an instance, or nil.
func (s *Sample) find(c *Counts) *Counts {
	i := slices.IndexFunc(s.Instances, func(o Counts) bool { return o.Server == c.Server && o.Store == c.Store && o.Role == c.Role })
	if i < 0 {
		return nil
	}
	return &s.Instances[i]
}
