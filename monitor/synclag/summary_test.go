package synclag

import (
	"slices"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

func quantiles(p50, p95, p99, most float64) monitor.Quantiles {
	return monitor.Quantiles{P50: inventory.Known(p50), P95: inventory.Known(p95), P99: inventory.Known(p99), Max: inventory.Known(most)}
}

func TestSummarize(t *testing.T) {
	idle := seen{at: 0, until: 36, looks: 19, client: 7}
	for _, c := range []struct {
		name   string
		course []monitor.Stretch
		hours  []monitor.Hour
		want   Summary
	}{
		{"nothing", nil, nil, Summary{}},
		{
			"a backlog at one of twenty looks", course(idle, seen{at: 38, run: 1, taken: 37, client: 7, written: 1}), nil,
			Summary{Looks: 20, Age: quantiles(0, 0, 120, 120), Bytes: quantiles(0, 0, 100, 100), NotOK: inventory.Known(0.05)},
		},
		{
			"without a client, and growing older from look to look", course(seen{at: 0, until: 6, looks: 4, log: 1, first: 0}), nil,
			Summary{Looks: 4, Age: quantiles(120, 360, 360, 360), Bytes: quantiles(1, 1, 1, 1), NotOK: inventory.Known(1)},
		},
		{
			"blind", course(seen{at: 0, until: 4, looks: 3, trouble: "permission denied"}), nil, Summary{Blind: 3},
		},
		{
			"nobody knows whether it is fine", course(seen{at: 0, looks: 3, until: 4, unseen: true}), nil,
			Summary{Looks: 3, Age: quantiles(0, 0, 0, 0), Bytes: quantiles(0, 0, 0, 0)},
		},
		{
			"hours before it", course(seen{at: 0, client: 7}),
			[]monitor.Hour{
				{Looks: 30, Blind: 2, AgeMean: inventory.Known(1), AgeMost: inventory.Known(50), BytesMean: inventory.Known(10), BytesMost: inventory.Known(300)},
				{Blind: 30},
			},
			Summary{Looks: 31, Blind: 32, Age: quantiles(1, 1, 50, 50), Bytes: quantiles(10, 10, 300, 300), NotOK: inventory.Known(0)},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Summarize(c.course, c.hours, Options{}); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestMostAges(t *testing.T) {
	grows := course(
		seen{at: 10, until: 18, looks: 5, client: 7},
		seen{at: 20, until: 58, looks: 20, log: 1, first: 20, client: 7},
		seen{at: 60, trouble: "gone"},
	)
	hours := []monitor.Hour{
		{Begins: minute(-60), Looks: 2, AgeMost: inventory.Known(7)}, {Begins: minute(-120), Blind: 3}, {Begins: minute(-600), Looks: 1, AgeMost: inventory.Known(9)},
	}
	nobody, some := inventory.Number{}, inventory.Known
	for _, c := range []struct {
		from float64
		step time.Duration
		n    int
		want []inventory.Number
	}{
		{-120, time.Hour, 4, []inventory.Number{nobody, some(7), some(2280), nobody}},
		{0, 10 * time.Minute, 7, []inventory.Number{nobody, some(0), some(480), some(1080), some(1680), some(2280), nobody}},
	} {
		got := MostAges(grows, hours, minute(c.from), c.step, c.n)
		if !slices.Equal(got, c.want) {
			t.Errorf("from %v in steps of %v: got %v, want %v", c.from, c.step, got, c.want)
		}
	}
}
