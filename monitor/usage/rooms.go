package usage

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Room is what was last seen of the fullest file system on which an instance has mail.
type Room struct {
	Server inventory.ServerID
	Store  inventory.StoreID
	Begins time.Time        // the hour in which it was seen
	Free   inventory.Number // bytes left
	Fill   inventory.Number // part that is not left
}

// Rooms returns the room of each instance, sorted by store and server.
func Rooms(hours []monitor.UsageHour) []Room {
	type instance struct {
		store  inventory.StoreID
		server inventory.ServerID
	}
	last := map[instance]Room{}
	for _, h := range hours {
		if h.Resource != "disk_free" && h.Resource != "disk_fill" {
			continue
		}
		k := instance{h.Store, h.Server}
		room, seen := last[k]
		if seen && h.Begins.Before(room.Begins) {
			continue
		}
		if !seen || h.Begins.After(room.Begins) {
			room = Room{Server: h.Server, Store: h.Store, Begins: h.Begins}
		}
		if h.Resource == "disk_free" {
			room.Free = inventory.Known(h.Mean)
		} else {
			room.Fill = inventory.Known(h.Mean)
		}
		last[k] = room
	}
	return slices.SortedFunc(maps.Values(last), func(a, b Room) int {
		return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.Server, b.Server))
	})
}
