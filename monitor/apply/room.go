package apply

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
)

// room fails where the disks of a new replica have no room for what its master has.
func (c *change) room(ctx context.Context, master, fresh *host) error {
	var wrong error
	comes := map[string]int64{}
	for _, key := range slices.Sorted(maps.Keys(master.settings)) {
		kind, _, _ := strings.Cut(key, "-")
		from, to := master.settings[key], fresh.settings[key]
		if kind != "partition" && kind != "metapartition" && kind != "archivepartition" || from == "" || to == "" {
			continue
		}
		has, err := master.used(ctx, []string{from})
		wrong = errors.Join(wrong, err)
		comes[to] += has
	}
	return errors.Join(wrong, c.fits(ctx, fresh, comes))
}
