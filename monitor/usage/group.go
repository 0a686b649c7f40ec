package usage

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// Group are the counters of a control group.
type Group struct {
	Inode      uint64 // tells it from another of the same name
	CPU        time.Duration
	Operations inventory.Number
}

// group returns the control group of an instance, if all of its processes and no
// others are in it.
func group(root string, tree []node, devices []string) *Group {
	path := ""
	for _, n := range tree {
		groups, err := n.proc.Cgroups()
		if err != nil {
			continue // it has ended
		}
		for _, g := range groups {
			if g.HierarchyID != 0 || len(g.Controllers) > 0 {
				continue
			}
			if path != "" && path != g.Path {
				return nil
			}
			path = g.Path
		}
	}
	if path == "" || path == "/" {
		return nil
	}
	at, err := os.OpenRoot(root)
	if err != nil {
		return nil
	}
	defer at.Close()
	dir := filepath.Join(".", path)
	if !alone(at, dir, tree) {
		return nil
	}
	info, err := at.Stat(dir)
	if err != nil {
		return nil
	}
	g := &Group{Inode: info.Sys().(*syscall.Stat_t).Ino}
	text, err := at.ReadFile(filepath.Join(dir, "cpu.stat"))
	usage, known := field(string(text), "usage_usec")
	if err != nil || !known {
		return nil
	}
	g.CPU = time.Duration(usage) * time.Microsecond
	if text, err := at.ReadFile(filepath.Join(dir, "io.stat")); err == nil {
		g.Operations = inventory.Known(operations(string(text), devices))
	}
	return g
}

// alone reports whether a group holds only processes of the tree.
func alone(at *os.Root, dir string, tree []node) bool {
	text, err := at.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		return false
	}
	for _, word := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(word)
		if err != nil || !slices.ContainsFunc(tree, func(n node) bool { return n.proc.PID == pid }) {
			return false
		}
	}
	return true
}

// field returns a number of a file of lines such as "usage_usec 12".
func field(text, name string) (int64, bool) {
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), name+" "); found {
			n, err := strconv.ParseInt(value, 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// operations adds up reads and writes of io.stat. A volume and the disk below it
// both count each operation, so only the devices on which the mail lies count,
// where the group knows them.
func operations(text string, devices []string) float64 {
	var all, own float64
	known := false
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		var sum float64
		for _, word := range words[1:] {
			name, value, _ := strings.Cut(word, "=")
			if n, err := strconv.ParseUint(value, 10, 64); err == nil && (name == "rios" || name == "wios") {
				sum += float64(n)
			}
		}
		all += sum
		if slices.Contains(devices, words[0]) {
			own, known = own+sum, true
		}
	}
	if known {
		return own
	}
	return all
}
