package usage

import (
	"fmt"
	"maps"
	"slices"
	"syscall"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// disk is what is known of the file systems on which an instance's mail lies.
type disk struct {
	used, free, fill inventory.Number
	devices          []string // major:minor
}

// disks looks at the file systems of each instance's partitions. What one of them
// holds is the instance's only if no other instance has anything there, and if it
// is not the file system of the whole machine.
func disks(list []monitor.Instance) []disk {
	tenants := map[uint64]map[int]bool{}
	partitions := make([][]string, len(list))
	for i := range list {
		partitions[i] = slices.Sorted(maps.Values(list[i].Partitions))
		for _, dir := range append(slices.Clone(partitions[i]), list[i].Dir) {
			if device, known := deviceOf(dir); known {
				if tenants[device] == nil {
					tenants[device] = map[int]bool{}
				}
				tenants[device][i] = true
			}
		}
	}
	system, _ := deviceOf("/")
	all := make([]disk, len(list))
	for i := range list {
		all[i] = look(partitions[i], func(device uint64) bool { return device != system && len(tenants[device]) == 1 })
	}
	return all
}

// look adds up the file systems of directories, each once.
func look(dirs []string, own func(uint64) bool) disk {
	var (
		d     disk
		seen  = map[uint64]bool{}
		used  float64
		known = len(dirs) > 0
	)
	for _, dir := range dirs {
		device, exists := deviceOf(dir)
		var fs syscall.Statfs_t
		if !exists || syscall.Statfs(dir, &fs) != nil || fs.Blocks == 0 {
			return disk{devices: d.devices}
		}
		if seen[device] {
			continue
		}
		seen[device] = true
		d.devices = append(d.devices, fmt.Sprintf("%d:%d", major(device), minor(device)))
		known = known && own(device)
		used += float64(fs.Blocks-fs.Bfree) * float64(fs.Frsize)
		if part := filled(&fs); !d.fill.Known || part > d.fill.Value {
			d.fill, d.free = inventory.Known(part), inventory.Known(float64(fs.Bavail)*float64(fs.Frsize))
		}
	}
	if known {
		d.used = inventory.Known(used)
	}
	return d
}

// filled returns how full a file system is, as df counts it: what is kept for root is
// not left for mail.
func filled(fs *syscall.Statfs_t) float64 {
	used := float64(fs.Blocks - fs.Bfree)
	if used+float64(fs.Bavail) == 0 {
		return 1
	}
	return used / (used + float64(fs.Bavail))
}

func deviceOf(path string) (uint64, bool) {
	var stat syscall.Stat_t
	if path == "" || syscall.Stat(path, &stat) != nil {
		return 0, false
	}
	return stat.Dev, true
}

// major and minor are the two halves of a device's number (makedev(3)).
func major(device uint64) uint64 { return device>>8&0xfff | device>>32&^0xfff }
func minor(device uint64) uint64 { return device&0xff | device>>12&^0xff&0xffffffff }
