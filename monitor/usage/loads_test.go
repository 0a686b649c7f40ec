package usage_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/usage"
)

func TestLoads(t *testing.T) {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	hour := func(server string, role inventory.Role, resource string, hours int, mean, p95 float64) monitor.UsageHour {
		return monitor.UsageHour{
			Server: inventory.ServerID(server), Store: "s1", Role: role, Begins: day.Add(time.Duration(hours) * time.Hour),
			Resource: resource, Samples: 30, Mean: mean, P95: p95, Most: p95 * 2,
		}
	}
	m, r := inventory.Master, inventory.Replica
	few := hour("imap1", m, "io", 12, 900, 999)
	few.Samples = 9
	for _, test := range []struct {
		name  string
		hours []monitor.UsageHour
		at    *time.Location
		want  []usage.Load
	}{
		{"nothing", nil, time.UTC, nil},
		{"one hour", []monitor.UsageHour{hour("imap1", m, "io", 9, 10, 20)}, time.UTC, []usage.Load{
			{Store: "s1", Resource: "io", BusyHour: 9, Master: inventory.Known(20), Days: 1},
		}},
		{"too few samples", []monitor.UsageHour{few}, time.UTC, nil},
		{
			"the busy hour, the middle of its days, and the replica then",
			[]monitor.UsageHour{
				hour("imap1", m, "io", 9, 10, 20), hour("imap1", m, "io", 24+9, 12, 30), hour("imap1", m, "io", 48+9, 11, 900),
				hour("imap1", m, "io", 3, 1, 1000),
				hour("imap2", r, "io", 9, 5, 6), hour("imap2", r, "io", 24+9, 5, 8), hour("imap2", r, "io", 3, 50, 60),
				hour("imap3", r, "io", 9, 5, 15),
			},
			time.UTC,
			[]usage.Load{{Store: "s1", Resource: "io", BusyHour: 9, Master: inventory.Known(30), Replica: inventory.Known(15), Factor: inventory.Known(0.5), Days: 3}},
		},
		{
			"a promotion between",
			[]monitor.UsageHour{
				hour("imap1", m, "io", 9, 10, 20), hour("imap2", r, "io", 9, 4, 5),
				hour("imap2", m, "io", 24+9, 10, 22), hour("imap1", r, "io", 24+9, 4, 7),
			},
			time.UTC,
			[]usage.Load{{Store: "s1", Resource: "io", BusyHour: 9, Master: inventory.Known(21), Replica: inventory.Known(7), Factor: inventory.Known(7.0 / 21), Days: 2}},
		},
		{
			"an hour of one day of three",
			[]monitor.UsageHour{
				hour("imap1", m, "io", 9, 10, 20), hour("imap1", m, "io", 24+9, 12, 30), hour("imap1", m, "io", 48+9, 11, 25), hour("imap1", m, "io", 3, 900, 1000),
			},
			time.UTC,
			[]usage.Load{{Store: "s1", Resource: "io", BusyHour: 9, Master: inventory.Known(25), Days: 3}},
		},
		{
			"a promotion within the busy hour",
			[]monitor.UsageHour{hour("imap1", m, "io", 9, 10, 20), hour("imap2", m, "io", 9, 10, 30)},
			time.UTC,
			[]usage.Load{{Store: "s1", Resource: "io", BusyHour: 9, Master: inventory.Known(25), Days: 1}},
		},
		{
			"an idle master has no factor",
			[]monitor.UsageHour{hour("imap1", m, "io", 9, 0, 0), hour("imap2", r, "io", 9, 1, 1)},
			time.UTC,
			[]usage.Load{{Store: "s1", Resource: "io", BusyHour: 9, Master: inventory.Known(0), Replica: inventory.Known(1), Days: 1}},
		},
		{
			"a replica alone",
			[]monitor.UsageHour{hour("imap2", r, "cpu", 4, 1, 2), hour("imap2", r, "cpu", 5, 2, 3)},
			time.UTC,
			[]usage.Load{{Store: "s1", Resource: "cpu", Replica: inventory.Known(3)}},
		},
		{
			"hours of the place",
			[]monitor.UsageHour{hour("imap1", m, "io", 23, 10, 20)},
			time.FixedZone("", 2*3600),
			[]usage.Load{{Store: "s1", Resource: "io", BusyHour: 1, Master: inventory.Known(20), Days: 1}},
		},
		{
			"a disk that fills",
			[]monitor.UsageHour{
				hour("imap1", m, "disk", 9, 100, 100), hour("imap1", m, "disk", 30, 200, 200), hour("imap2", r, "disk", 30, 300, 300),
				hour("imap1", m, "disk", 31, 200, 200), hour("imap1", m, "disk_free", 30, 5, 5), hour("imap1", m, "disk_fill", 30, 0.5, 0.5),
			},
			time.UTC,
			[]usage.Load{{Store: "s1", Resource: "disk", Master: inventory.Known(200), Replica: inventory.Known(300), Factor: inventory.Known(1.5), Days: 2}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := usage.Loads(test.hours, test.at); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestFactors(t *testing.T) {
	load := func(resource string, master, factor float64) usage.Load {
		return usage.Load{Store: "s1", Resource: resource, Master: inventory.Known(master), Factor: inventory.Number{Value: factor, Known: factor > 0}}
	}
	got := usage.Factors([]usage.Load{
		load("io", 30, 0.2), load("cpu", 1, 0), load("io", 40, 0.4), load("disk", 1, 1.1), load("io", 0.01, 9), load("io", 0.01, 8), load("io", 0.01, 7), load("io", 30, 0.5), load("io", 1, 0),
	})
	want := []usage.Factor{{Resource: "disk", Replica: 1.1, Stores: 1}, {Resource: "io", Replica: 0.4, Stores: 6}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRooms(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	hour := func(server, store, resource string, hours int, mean float64) monitor.UsageHour {
		return monitor.UsageHour{
			Server: inventory.ServerID(server), Store: inventory.StoreID(store), Role: inventory.Replica,
			Begins: at.Add(time.Duration(hours) * time.Hour), Resource: resource, Samples: 1, Mean: mean, P95: mean + 1, Most: mean + 2,
		}
	}
	got := usage.Rooms([]monitor.UsageHour{
		hour("imap2", "s1", "disk_fill", 1, 0.7), hour("imap2", "s1", "disk_fill", 2, 0.8), hour("imap2", "s1", "disk_free", 1, 300), hour("imap2", "s1", "disk_free", 2, 200),
		hour("imap1", "s1", "disk_free", 0, 50), hour("imap1", "s1", "io", 5, 9),
	})
	want := []usage.Room{
		{Server: "imap1", Store: "s1", Begins: at, Free: inventory.Known(50)},
		{Server: "imap2", Store: "s1", Begins: at.Add(2 * time.Hour), Free: inventory.Known(200), Fill: inventory.Known(0.8)},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
