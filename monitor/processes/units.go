package processes

import (
	"slices"
	"strings"

	"github.com/prometheus/procfs"

	"github.com/interlacemail/interlace/inventory"
)

// Unit returns the store of the instance whose master runs in a service of systemd,
// also after it has ended. Of one in which several run nobody can tell.
func (o *Owners) Unit(name string) (inventory.StoreID, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	store := o.units[name]
	return store, store != ""
}

// enterUnits notes the services in which masters run, beside those that were noted
// before. One that has run several instances is nobody's, and so is that of this
// program: in it runs what somebody has started by hand.
func (o *Owners) enterUnits(masters map[int]inventory.StoreID) {
	fs, err := procfs.NewFS(procPath(o.Proc))
	if err != nil {
		return
	}
	if o.units == nil {
		o.units = map[string]inventory.StoreID{"": ""}
		if self, err := fs.Self(); err == nil {
			o.units[serviceOf(self)] = ""
		}
	}
	for pid, store := range masters {
		one, err := fs.Proc(pid)
		if err != nil {
			continue // it has ended
		}
		name := serviceOf(one)
		if other, known := o.units[name]; known && other != store {
			store = ""
		}
		o.units[name] = store
	}
}

// serviceOf returns the service in which a process runs, or nothing where it runs in
// none: the first in the path of its control group, as journald finds it (cgroups(7)).
// There is one hierarchy of them, or among several one of systemd's own.
func serviceOf(p procfs.Proc) string {
	groups, err := p.Cgroups()
	if err != nil {
		return ""
	}
	for _, g := range groups {
		if g.HierarchyID != 0 && !slices.Contains(g.Controllers, "name=systemd") {
			continue
		}
		for name := range strings.SplitSeq(g.Path, "/") {
			if strings.HasSuffix(name, ".service") {
				return strings.TrimPrefix(name, "_") // before names that the kernel would take for its own
			}
		}
	}
	return ""
}
