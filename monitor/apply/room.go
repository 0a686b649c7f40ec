package apply

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/monitor/host"
)

// room fails where the disks of a new replica have no room for what its master has.
func (c *change) room(ctx context.Context, master, fresh *host.Host) error {
	var wrong error
	comes := map[string]int64{}
	for _, key := range slices.Sorted(maps.Keys(master.Settings)) {
		kind, _, _ := strings.Cut(key, "-")
		from, to := master.Settings[key], fresh.Settings[key]
		if kind != "partition" && kind != "metapartition" && kind != "archivepartition" || from == "" || to == "" {
			continue
		}
		has, err := master.Used(ctx, []string{from})
		wrong = errors.Join(wrong, err)
		comes[to] += has
	}
	return errors.Join(wrong, fresh.Fits(ctx, comes, c.ceiling()))
}

// ceiling is how full disks may be, as a ratio.
func (o *Options) ceiling() float64 {
	if i := o.Inventory.Disk(); i >= 0 && o.Inventory.Resources[i].Ceiling > 0 {
		return o.Inventory.Resources[i].Ceiling
	}
	return 1
}
