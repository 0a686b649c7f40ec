package synclag

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// remembered is a memory that holds what a test gives it.
type remembered struct {
	mu      sync.Mutex
	looks   []monitor.Stretch
	batches []monitor.Batch
	asked   []monitor.Span
}

func (r *remembered) Backlog(_ context.Context, s monitor.Span) ([]monitor.Stretch, error) {
	r.asked = append(r.asked, s)
	return r.looks, nil
}

func (r *remembered) Batches(_ context.Context, s monitor.Span, most int) ([]monitor.Batch, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, s)
	var list []monitor.Batch
	for _, b := range r.batches {
		if b.Store == s.Store && b.Channel == s.Channel {
			list = append(list, b)
		}
	}
	return list[max(0, len(list)-most):], nil
}

// steady are batches of 100 mailboxes that take a second each, one every two
// minutes, before the minute.
func steady(n int, before float64) []monitor.Batch {
	var list []monitor.Batch
	for i := n; i > 0; i-- {
		at := minute(before - 2*float64(i))
		list = append(list, monitor.Batch{
			Server: "imap1", Store: "s1", Role: inventory.Master, Channel: "default", Kind: monitor.Replication,
			Begun: at, Lasted: time.Second, First: at.Add(-time.Second), Bytes: 3000, Entries: 150, Mailboxes: 100,
			Trip: inventory.Known(0.003),
		})
	}
	return list
}

func TestStandings(t *testing.T) {
	// In every other look there is something, which is gone by the next.
	var looks []seen
	for i := range 60 {
		l := seen{at: float64(2 * i), client: 7, written: int64(i)}
		if i%2 == 0 {
			l.log, l.first, l.bytes = uint64(100+i), l.at-0.01, 3000
		}
		looks = append(looks, l)
	}
	one := course(looks...)
	other := course(seen{at: 110}, seen{at: 112}, seen{at: 118})
	for i := range other {
		other[i].Store = "s2"
	}
	memory := &remembered{looks: append(one, other...), batches: steady(200, 60)}
	list, err := Standings(t.Context(), memory, monitor.Span{Server: "imap1", From: start}, Options{LearnAll: true}, nil, minute(118.5))
	if err != nil || len(list) != 2 {
		t.Fatalf("%d standings, %v", len(list), err)
	}
	s1, s2 := list[0], list[1]
	if s1.Lag.Store != "s1" || len(s1.Course) != 60 || s1.Lag.Verdict != monitor.OK || s1.Model == nil || s1.Model.Trip != 0.003 {
		t.Errorf("s1: %+v", s1.Lag)
	}
	// Of the looks after the older batches those with something in them were forecasts.
	if n := s1.Errors.Forecasts; n < 20 || n > 30 || !s1.Errors.Within.Known {
		t.Errorf("%d forecasts: %+v", n, s1.Errors)
	}
	if s1.Model.Widen != s1.Errors.Widen {
		t.Errorf("spreads are widened by %v, not by %v", s1.Model.Widen, s1.Errors.Widen)
	}
	if s2.Model != nil || s2.Errors.Forecasts != 0 || s2.Lag.Verdict != monitor.Stopped {
		t.Errorf("s2, of which no batch was seen and which has no client: %+v", s2.Lag)
	}
	// Nothing waits in the last look, so nothing has to be learnt to judge it.
	memory.asked = memory.asked[:2]
	list, err = Standings(t.Context(), memory, monitor.Span{Server: "imap1", From: start}, Options{}, nil, minute(118.5))
	if err != nil || list[0].Model != nil || list[0].Lag.Verdict != monitor.OK || len(memory.asked) != 3 {
		t.Errorf("without learning: %+v, %v, asked for %+v", list[0], err, memory.asked)
	}
	if asked := memory.asked; !asked[0].From.Equal(start) || asked[1].From.After(minute(118.5-7*24*60)) || asked[1].Server != "imap1" {
		t.Errorf("asked for %+v", asked)
	}
}

// TestForecastsKnowNothingOfTheirFuture checks that a model is not judged by what it
// has learnt from: batches of the course itself teach it nothing.
func TestForecastsKnowNothingOfTheirFuture(t *testing.T) {
	c := course(seen{at: 0, log: 1, first: -0.1, client: 7}, seen{at: 2, client: 7})
	if list := forecasts(c, steady(1, 4), Options{}); list != nil {
		t.Errorf("forecasts without an earlier batch: %v", list)
	}
	if list := forecasts(c, steady(10, 0), Options{}); len(list) != 1 {
		t.Errorf("%d forecasts", len(list))
	}
}
