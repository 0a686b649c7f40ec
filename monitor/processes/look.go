package processes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"

	"github.com/interlacemail/interlace/monitor"
)

// Limits of a command line: the programs that are looked for have a handful of
// words, none longer than a path, and anybody can start one with a megabyte.
const (
	mostWords = 64
	mostBytes = 4096
)

// Look returns the processes of Cyrus on this server that take part in
// replication, sorted by number, as proc (usually /proc) shows them. The error
// says why they could not all be seen: then the absence of one means nothing.
// A process that ends meanwhile is left out.
func Look(proc string, list []monitor.Instance) ([]monitor.Process, error) {
	at, err := procfs.NewFS(proc)
	if err != nil {
		return nil, fmt.Errorf("look at the processes: %w", err)
	}
	if hidden(proc, list) {
		return nil, fmt.Errorf("look at the processes: %s hides those of other users (hidepid): run as the user of Cyrus", proc)
	}
	all, err := at.AllProcs()
	if err != nil {
		return nil, fmt.Errorf("look at the processes: %w", err)
	}
	system, err := at.Stat()
	if err != nil {
		return nil, fmt.Errorf("look at the processes: %w", err)
	}
	known := places(list)
	var found []monitor.Process
	for _, one := range all {
		p, err := lookAt(proc, one, time.Unix(int64(system.BootTime), 0))
		if err != nil && !gone(err) {
			return nil, fmt.Errorf("look at process %d: %w", one.PID, err)
		}
		if err == nil && p != nil && known.place(p) {
			found = append(found, *p)
		}
	}
	slices.SortFunc(found, func(a, b monitor.Process) int { return a.PID - b.PID })
	return found, nil
}

// hidden reports whether processes of other users can't be seen, which matters
// where Cyrus runs as another user.
func hidden(proc string, list []monitor.Instance) bool {
	if _, err := os.ReadFile(filepath.Join(proc, "1", "stat")); err == nil {
		return false
	}
	if _, err := os.ReadFile(filepath.Join(proc, "self", "stat")); err != nil {
		return true
	}
	for _, in := range list {
		if owner(in.Dir) != os.Geteuid() {
			return true
		}
	}
	return false
}

// gone reports whether an error says that the process has ended.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}

// lookAt returns a process, or nil if it is none of those that are looked for.
func lookAt(proc string, one procfs.Proc, boot time.Time) (*monitor.Process, error) {
	stat, err := one.Stat()
	if err != nil {
		return nil, err
	}
	name := stat.Comm
	if name == "cyrmaster" {
		name = "master"
	}
	if _, wanted := valued[name]; !wanted {
		return nil, nil
	}
	status, err := one.NewStatus()
	if err != nil {
		return nil, err
	}
	const ticks = 100 // per second; the kernel shows all times so (proc(5), USER_HZ)
	p := &monitor.Process{
		PID: one.PID, Parent: stat.PPID, Name: name, State: stat.State, User: int(status.UIDs[1]),
		Started: boot.Add(time.Duration(stat.Starttime) * time.Second / ticks).UTC(),
		CPU:     time.Duration(stat.UTime+stat.STime) * time.Second / ticks,
	}
	if p.Command, err = one.CmdLine(); err != nil {
		return nil, err
	}
	p.Command = p.Command[:min(len(p.Command), mostWords)]
	for i, word := range p.Command {
		p.Command[i] = strings.Clone(word[:min(len(word), mostBytes)])
	}
	if name == "master" && len(p.Command) > 0 && slices.Contains(strings.Split(p.Command[0], "/"), "postfix") {
		return nil, nil
	}
	readCommand(p)
	for _, path := range []*string{&p.Conf, &p.Services} {
		if *path == "" || filepath.IsAbs(*path) {
			continue
		}
		if dir, err := one.Cwd(); err == nil && dir != "" {
			*path = filepath.Join(dir, *path)
		}
	}
	p.Conf = filepath.Clean(p.Conf)
	if io, err := one.IO(); err == nil {
		p.IO = &monitor.IO{Read: int64(io.RChar), Written: int64(io.WChar), ReadDisk: int64(io.ReadBytes), WrittenDisk: int64(io.WriteBytes)}
	}
	p.Open, p.Sockets, p.OpenKnown = open(proc, one.PID)
	return p, nil
}

// open returns the sync logs and the sockets that a process has open, and whether
// that can be told.
func open(proc string, pid int) (logs, sockets []string, known bool) {
	dir := filepath.Join(proc, fmt.Sprint(pid), "fd")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, false
	}
	for _, entry := range entries {
		target, err := os.Readlink(filepath.Join(dir, entry.Name()))
		if errors.Is(err, fs.ErrPermission) {
			return nil, nil, false
		}
		if err != nil {
			continue // it was closed meanwhile
		}
		base := filepath.Base(target)
		switch {
		case strings.HasPrefix(target, "socket:"):
			sockets = append(sockets, target)
		case filepath.IsAbs(target) && (base == "log" || strings.HasPrefix(base, "log-")):
			logs = append(logs, target)
		}
	}
	slices.Sort(logs)
	slices.Sort(sockets)
	return slices.Compact(logs), slices.Compact(sockets), true
}

// owner returns the user who owns a file, or -1.
func owner(path string) int {
	info, err := os.Stat(path)
	if err != nil {
		return -1
	}
	return int(info.Sys().(*syscall.Stat_t).Uid)
}

// place is where an instance lies.
type place struct {
	conf  string
	file  os.FileInfo // nil where it can't be seen
	owner int
}

type placeList []place

func places(list []monitor.Instance) placeList {
	var all placeList
	for _, in := range list {
		if in.Conf == "" {
			continue
		}
		info, _ := os.Stat(in.Conf)
		all = append(all, place{filepath.Clean(in.Conf), info, owner(in.Dir)})
	}
	return all
}

// place gives a process the name by which its instance's configuration is known,
// and reports whether it may belong there: what another user runs under the name
// of a Cyrus program serves no instance.
func (all placeList) place(p *monitor.Process) bool {
	var info os.FileInfo
	for _, at := range all {
		same := at.conf == p.Conf
		if !same && at.file != nil {
			if info == nil {
				info, _ = os.Stat(p.Conf)
			}
			same = info != nil && os.SameFile(info, at.file)
		}
		if same {
			p.Conf = at.conf
			return p.User <= 0 || at.owner <= 0 || p.User == at.owner // a directory of root's tells nothing
		}
	}
	return true
}
