package processes

import (
	"sync"
	"time"

	"github.com/prometheus/procfs"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Owners knows to which instance a process belongs, the one whose master started
// it, and to which a service of systemd. Its methods may be called from several goroutines.
type Owners struct {
	Proc string // /proc if empty
	Now  func() time.Time

	mu      sync.Mutex
	masters map[int]inventory.StoreID
	known   map[int]owned
	units   map[string]inventory.StoreID // of systemd; empty where several instances run in one
}

// owned is what was found out of a process. Numbers come round again, so it holds
// for a while.
type owned struct {
	store inventory.StoreID
	until time.Time
}

const (
	ownedFor  = time.Minute
	mostOwned = 10_000
)

// Update tells which processes there are.
func (o *Owners) Update(list []monitor.Instance, seen []monitor.Process) {
	masters := map[int]inventory.StoreID{}
	sight := &Sight{Processes: seen}
	for i := range list {
		if m := sight.master(&list[i]); m != nil {
			masters[m.PID] = list[i].Store
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.masters, o.known = masters, map[int]owned{}
	o.enterUnits(masters)
}

// Of returns the store of the instance to which a process belongs, if that can be
// told: of one that has ended it can't, unless it was asked for lately.
func (o *Owners) Of(pid int) (inventory.StoreID, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if store, ok := o.masters[pid]; ok {
		return store, true
	}
	now := o.Now()
	if k, ok := o.known[pid]; ok && now.Before(k.until) {
		return k.store, k.store != ""
	}
	if len(o.known) >= mostOwned {
		clear(o.known)
	}
	k := owned{o.parent(pid), now.Add(ownedFor)}
	if o.known != nil {
		o.known[pid] = k
	}
	return k.store, k.store != ""
}

// parent returns the store of the master that started a process, or none.
func (o *Owners) parent(pid int) inventory.StoreID {
	fs, err := procfs.NewFS(procPath(o.Proc))
	if err != nil {
		return ""
	}
	one, err := fs.Proc(pid)
	if err != nil {
		return ""
	}
	stat, err := one.Stat()
	if err != nil {
		return ""
	}
	return o.masters[stat.PPID]
}

// Written returns how many bytes a process has written so far, if that may be
// known.
func Written(proc string, pid int) inventory.Number {
	fs, err := procfs.NewFS(procPath(proc))
	if err != nil {
		return inventory.Number{}
	}
	one, err := fs.Proc(pid)
	if err != nil {
		return inventory.Number{}
	}
	io, err := one.IO()
	if err != nil {
		return inventory.Number{}
	}
	return inventory.Known(float64(io.WChar))
}

func procPath(proc string) string {
	if proc == "" {
		return "/proc"
	}
	return proc
}
