package main

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/usage"
)

// weighed is a fleet whose users and stores weigh what is easy to add up.
func weighed() *inventory.Inventory {
	inv := inventory.New()
	inv.Resources = append(inv.Resources, inventory.NewResource("cpu", "ms/s", 0.1), inventory.NewResource("memory", "pages", 1))
	place := []inventory.Instance{{Server: "imap1", Role: inventory.Master}, {Server: "imap2", Role: inventory.Replica}}
	inv.Servers = []inventory.Server{{Name: "imap1"}, {Name: "imap2"}}
	for _, name := range []inventory.StoreID{"s1", "s2", "s3", "s4"} {
		inv.Stores = append(inv.Stores, inventory.Store{Name: name, Base: inventory.Load{7e9, 7, 7, 7}, Instances: place})
		inv.Users = append(inv.Users, inventory.User{Name: inventory.UserID("of " + name), Store: name, Load: inventory.Load{1e9, 10, 20, 30}})
	}
	return inv
}

func measuredAs(store inventory.StoreID, days int, values map[string]float64) measuredStore {
	m := measuredStore{name: store}
	for _, resource := range measuredResources {
		if v, ok := values[resource]; ok {
			m.loads = append(m.loads, usage.Load{Store: store, Resource: resource, Master: inventory.Known(v), Days: days})
		}
	}
	return m
}

// A store's own load becomes what its users' loads leave of what was measured, and
// nothing else changes.
func TestTakeWeights(t *testing.T) {
	inv, want := weighed(), weighed()
	w := &weights{measured: &measured{stores: []measuredStore{
		measuredAs("s1", 3, map[string]float64{"disk": 3e9 + 0.4, "io": 34.56789, "cpu": 0.25, "memory": 1e9}),
		measuredAs("s2", 14, map[string]float64{"io": 4}),
		measuredAs("s3", 2, map[string]float64{"io": 400}),
		{name: "s4", loads: []usage.Load{{Store: "s4", Resource: "io", Replica: inventory.Known(9)}}},
	}}}
	w.take(inv)
	want.Stores[0].Base = inventory.Load{2e9, 24.57, 230, 7}
	want.Stores[1].Base[1] = 0
	if !reflect.DeepEqual(inv, want) {
		t.Errorf("got  %+v\nwant %+v", inv.Stores, want.Stores)
	}
	if mistakes, _ := inventory.Validate(inv); mistakes.Count > 0 && strings.Contains(mistakes.List[0].Text, "base") {
		t.Error(mistakes.List)
	}
	var stderr strings.Builder
	w.tell(&app{stderr: &stderr})
	const told = "interlace: 2 stores weigh as measured in io, cpu, disk: base has what their users' loads don't explain, and doesn't move with users\n" +
		"interlace: 2 stores keep their base: fewer than 3 days were seen\n" +
		"interlace: 1 store has users that weigh more than was measured: base is 0 there\n"
	if stderr.String() != told {
		t.Errorf("got %s", stderr.String())
	}

	// Without a measurement nothing happens.
	none := &weights{}
	none.take(want)
	none.tell(&app{})
	if !reflect.DeepEqual(inv, want) {
		t.Errorf("changed: %+v", want.Stores)
	}
}

// What was left on file systems a day ago nobody knows any more, nor what an instance
// had that is gone.
func TestRoomsOfStores(t *testing.T) {
	now := time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC)
	room := func(server inventory.ServerID, hours int, fill float64) usage.Room {
		return usage.Room{Server: server, Store: "s1", Begins: now.Add(-time.Duration(hours) * time.Hour), Free: inventory.Known(5), Fill: inventory.Known(fill)}
	}
	inv := weighed()
	inv.Stores[0].Instances = append(inv.Stores[0].Instances, inventory.Instance{Server: "imap3", Role: inventory.Replica})
	m := &measured{until: now, stores: []measuredStore{{name: "s1", rooms: []usage.Room{room("imap1", 25, 0.3), room("imap2", 1, 0.6), room("imap3", 1, 0.5), room("imap9", 1, 0.9)}}}}
	list := m.besides(&facts{Inventory: inv})
	if len(list) != 1 || len(list[0].Stores) != 1 {
		t.Fatalf("got %+v", list)
	}
	s := list[0].Stores[0]
	if s.Room.Server != "imap1" || s.Room.Fill.Known || s.ReplicaRoom.Server != "imap2" || s.ReplicaRoom.Fill.Value != 0.6 || !s.ReplicaRoom.Free.Known {
		t.Errorf("got %+v, %+v", s.Room, s.ReplicaRoom)
	}
}
