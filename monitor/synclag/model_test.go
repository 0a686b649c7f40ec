package synclag

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// simulation plays a sync_client and what arrives on its channel, event by event.
type simulation struct {
	random             *rand.Rand
	cumulated          []float64 // rates of mailboxes, added up
	batch, mailbox, by float64   // what things cost
	bytes              float64   // of an arrival
	noise              float64
	repeat             float64

	now     float64
	arrival float64 // the next
	log     content
	run     content
	running bool
	begun   float64
	ends    float64 // of the run, or of the rest
	stopped bool
	done    []played
}

// content is what a log holds.
type content struct {
	named   map[int]bool
	entries int
	bytes   float64
	first   float64
}

type played struct {
	content
	begun, ended float64
}

func (s *simulation) rate() float64 { return s.cumulated[len(s.cumulated)-1] }

// play plays until a time.
func (s *simulation) play(until float64) {
	if s.arrival == 0 {
		s.arrival = s.random.ExpFloat64() / s.rate()
	}
	for {
		if next := min(s.arrival, s.wakes()); next > until {
			s.now = until
			return
		} else if next == s.arrival && next < s.wakes() {
			s.now = next
			s.arrive()
		} else {
			s.now = next
			s.wake()
		}
	}
}

func (s *simulation) wakes() float64 {
	if s.stopped {
		return math.Inf(1)
	}
	return s.ends
}

func (s *simulation) arrive() {
	if s.log.named == nil {
		s.log = content{named: map[int]bool{}, first: s.now}
	}
	s.log.named[sort.SearchFloat64s(s.cumulated, s.random.Float64()*s.rate())] = true
	s.log.entries += 2
	s.log.bytes += s.bytes
	s.arrival = s.now + s.random.ExpFloat64()/s.rate()
}

// wake ends a batch or a rest and begins what is next.
func (s *simulation) wake() {
	if s.running {
		s.done = append(s.done, played{s.run, s.begun, s.now})
		s.running, s.run = false, content{}
		if rests := s.begun + s.repeat; rests > s.now {
			s.ends = rests
			return
		}
	}
	if s.log.named == nil {
		s.ends = s.now + s.repeat
		return
	}
	s.running, s.run, s.log, s.begun = true, s.log, content{}, s.now
	took := s.batch + s.mailbox*float64(len(s.run.named)) + s.by*s.run.bytes
	s.ends = s.now + took*math.Exp(s.noise*s.random.NormFloat64()-s.noise*s.noise/2)
}

// batchesBy plays until so many batches have ended, and returns how many have.
func (s *simulation) batchesBy(number int) int {
	for len(s.done) < number {
		s.play(s.now + 10)
	}
	return len(s.done)
}

func moment64(seconds float64) time.Time { return time.UnixMicro(int64(1e15 + seconds*1e6)) }

// batches returns those that ended, as one observes them.
func (s *simulation) batches() []monitor.Batch {
	var list []monitor.Batch
	for _, d := range s.done {
		list = append(list, monitor.Batch{
			Begun: moment64(d.begun), Lasted: time.Duration((d.ended - d.begun) * 1e9), First: moment64(d.first),
			Entries: d.entries, Mailboxes: len(d.named), Sent: inventory.Known(d.bytes),
		})
	}
	return list
}

// backlog is what one look sees.
func (s *simulation) backlog() monitor.Backlog {
	b := monitor.Backlog{At: moment64(s.now)}
	all := map[int]bool{}
	for _, c := range []*content{&s.log, &s.run} {
		for n := range c.named {
			all[n] = true
		}
	}
	if s.log.named != nil {
		b.Log = monitor.LogFile{Inode: 1, Bytes: int64(20 * s.log.entries), First: moment64(s.log.first)}
	}
	if s.running {
		b.Run = monitor.LogFile{Inode: 2, Bytes: int64(20 * s.run.entries), First: moment64(s.run.first), Taken: moment64(s.begun)}
	}
	b.Entries = inventory.Known(float64(s.log.entries + s.run.entries))
	b.Mailboxes = inventory.Known(float64(len(all)))
	return b
}

// gone plays on until what is there now is gone, and returns how long that took.
func (s *simulation) gone() float64 {
	begin := s.now
	for s.running && s.run.first <= begin || s.log.named != nil && s.log.first <= begin {
		s.play(min(s.ends, s.arrival))
	}
	return s.now - begin
}

// newSimulation draws a channel at random. Load is how long mailboxes that
// arrive within a second would take if each came once.
func newSimulation(number uint64) (s *simulation, trip float64) {
	r := rand.New(rand.NewPCG(number, 7))
	between := func(low, high float64) float64 { return low * math.Pow(high/low, r.Float64()) }
	trip = between(0.0001, 0.02)
	s = &simulation{random: r, repeat: 1, noise: between(0.05, 0.4)}
	differs := func() float64 { return math.Exp(0.4 * r.NormFloat64()) }
	s.batch = (batchCost + batchTrips*trip) * differs()
	s.mailbox = (mailboxCost + mailboxTrips*trip) * differs()
	s.by = byteCost * differs()
	load := between(0.05, 1.5)
	rate := load / s.mailbox
	s.bytes = min(between(500, 50_000), 0.6/s.by/rate) // no more than can be sent
	mailboxes := int(between(20, 3000))
	uneven := r.Float64()
	sum := 0.0
	for range mailboxes {
		sum += math.Exp(uneven * r.NormFloat64())
		s.cumulated = append(s.cumulated, sum)
	}
	for i := range s.cumulated {
		s.cumulated[i] *= rate / sum
	}
	return s, trip
}

const simulations = 200

// TestOutlook compares the model with simulations: with the costs as they are,
// and as they are learnt from batches.
func TestOutlook(t *testing.T) {
	var exact, learnt, busy []float64
	for i := range simulations {
		s, trip := newSimulation(uint64(i))
		s.play(20)
		if s.rate() < 4 {
			continue // it mostly rests
		}
		// A long batch is followed by a less long one: where batches differ much from
		// one another they are shorter on average than the model, which knows none
		// but the average one.
		s.noise = min(s.noise, 0.15)
		known := s.batchesBy(40)
		s.batchesBy(140)
		var cycle, took float64
		for k := known + 1; k < len(s.done); k++ {
			cycle += s.done[k].begun - s.done[k-1].begun
			took += s.done[k].ended - s.done[k].begun
		}
		took /= float64(len(s.done) - known - 1)
		cycle /= float64(len(s.done) - known - 1)
		m := Fit(s.batches(), inventory.Known(trip), time.Second)
		o := m.Outlook()
		busy = append(busy, off(o.Worst.Value-o.Cycle.Value, took))
		if cycle > 1.3 { // else it rests after most batches
			learnt = append(learnt, off(o.Cycle.Value, cycle))
			exact = append(exact, off(s.model(cycle), cycle))
		}
	}
	report(t, "time of a batch, costs as learnt", busy, 0.1, 0.3)
	report(t, "cycle, costs as they are", exact, 0.1, 0.35)
	report(t, "cycle, costs as learnt", learnt, 0.1, 0.35)
}

// model is the sum over all mailboxes, one by one, which a model of equal ones
// comes near to, iterated.
func (s *simulation) model(guess float64) float64 {
	cycle := guess
	for range 10_000 {
		distinct, before := 0.0, 0.0
		for _, c := range s.cumulated {
			distinct -= math.Expm1(-(c - before) * cycle)
			before = c
		}
		next := max(s.repeat, s.batch+s.mailbox*distinct+s.by*s.bytes*s.rate()*cycle)
		if math.Abs(next-cycle) < 1e-6*cycle {
			break
		}
		cycle = next
	}
	return cycle
}

func off(predicted, happened float64) float64 { return math.Abs(predicted-happened) / happened }

// report fails where the median or the ninth of ten is off by more.
func report(t *testing.T, what string, off []float64, median, ninth float64) {
	t.Helper()
	slices.Sort(off)
	m, n := off[len(off)/2], off[len(off)*9/10]
	t.Logf("%s: of %d the median is off by %.1f %%, 9 of 10 by %.1f %% at most", what, len(off), 100*m, 100*n)
	if m > median || n > ninth {
		t.Errorf("%s: off by more than %.0f %% and %.0f %%", what, 100*median, 100*ninth)
	}
}

// TestGone predicts when backlogs are gone, in passing and after outages, with
// much history, little and none, and compares with what happens.
func TestGone(t *testing.T) {
	for _, test := range []struct {
		name    string
		history float64 // seconds
		outage  float64
		median  float64
	}{
		{"in passing", 120, 0, 0.2},
		{"after outages", 120, 600, 0.25},
		{"after short outages", 120, 60, 0.2},
		{"after outages, little history", 4, 600, 0.3},
		{"after outages, no history", 0, 600, 0.7},
	} {
		t.Run(test.name, func(t *testing.T) {
			var list []Forecast
			var apart []float64
			for i := range simulations {
				s, trip := newSimulation(uint64(1000 + i))
				s.play(test.history + 0.001)
				m := Fit(s.batches(), inventory.Known(trip), time.Second)
				s.stopped = true
				s.play(s.now + test.outage)
				s.stopped, s.ends = false, max(s.ends, s.now)
				s.play(s.now + s.random.Float64()*2)
				b := s.backlog()
				predicted, spread := m.Gone(&b, b.At)
				if !b.Log.Exists() && !b.Run.Exists() {
					continue
				}
				happened := s.gone()
				list = append(list, Forecast{b.At, predicted.Value, spread.Value, happened, happened})
				apart = append(apart, off(predicted.Value, happened))
			}
			report(t, test.name, apart, test.median, 4)
			e := ErrorsOf(list)
			t.Logf("within the spread: %.1f %% of %d, widen %.2f", 100*e.Within.Value, e.Forecasts, e.Widen)
			if e.Within.Value < 0.8 {
				t.Errorf("only %.1f %% lie within the spread", 100*e.Within.Value)
			}
			if e.Within.Value > 0.97 {
				t.Errorf("%.1f %% lie within the spread: it is too wide to say anything", 100*e.Within.Value)
			}
		})
	}
}

func TestMargins(t *testing.T) {
	m := &Model{
		Batch: 0.1, Mailbox: 0.01, Byte: 1e-6, Repeat: time.Second,
		Arrivals: Arrivals{Mailboxes: 500, Rate: 20, Entries: 40, Bytes: 5000},
	}
	for _, test := range []struct {
		name           string
		users, more    int
		bytes, mailbox float64
		cycle          string
	}{
		{"as it is", 1000, 0, 0.8, 0.6, "1.000"},
		{"twice as many", 1000, 1000, 0.6, 0.2, "1.000"},
		{"more mailboxes than can be kept up with", 1000, 2500, 0.3, -0.4, "51.117"},
		{"more bytes than can be sent", 1000, 4500, -0.1, -1.2, "never"},
		{"nobody left", 1000, -1000, 1, 1, "1.000"},
		{"more gone than there were", 1000, -2000, 1, 1, "1.000"},
		{"nobody knows how many", 0, 100, 0.8, 0.6, "1.000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := m.WhatIf(test.users, test.more)
			if math.Abs(got.ByteMargin-test.bytes) > 1e-9 || math.Abs(got.MailboxMargin-test.mailbox) > 1e-9 {
				t.Errorf("got margins %.3f and %.3f, want %.3f and %.3f", got.ByteMargin, got.MailboxMargin, test.bytes, test.mailbox)
			}
			cycle := "never"
			if got.Cycle.Known {
				cycle = fmt.Sprintf("%.3f", got.Cycle.Value)
				busy := m.seconds(m.arrived(got.Cycle.Value, max(0, float64(test.users+test.more)/max(1, float64(test.users)))))
				if test.users > 0 && math.Abs(got.Worst.Value-got.Cycle.Value-busy) > 1e-6 {
					t.Errorf("got %+v", got)
				}
			}
			if cycle != test.cycle {
				t.Errorf("got a cycle of %s, want %s", cycle, test.cycle)
			}
		})
	}
	// What a saturated channel does: each change waits for a cycle, its batch for half more.
	if o := m.WhatIf(1000, 2500); math.Abs(o.End.Value/o.Cycle.Value-1.5) > 1e-6 || math.Abs(o.Worst.Value/o.Cycle.Value-2) > 1e-6 {
		t.Errorf("got %+v", o)
	}
}

// TestTrips compares a channel whose costs are as believed with what was measured: 229
// mailboxes a second without a delay, 61 at 2 ms, 16 at 10 ms.
func TestTrips(t *testing.T) {
	for trip, want := range map[float64]float64{0: 229, 0.002: 61, 0.01: 16, 0.02: 9} {
		m := Fit(nil, inventory.Known(trip), time.Second)
		if got := 1 / m.Mailbox; off(got, want) > 0.15 {
			t.Errorf("at %v s: got %.1f mailboxes a second, want %v", trip, got, want)
		}
	}
}

// TestFitOdd checks that whatever batches say, costs stay above nothing and
// predictions finite.
func TestFitOdd(t *testing.T) {
	at := moment64(0)
	batch := func(mailboxes, entries int, lasted time.Duration, sent inventory.Number) monitor.Batch {
		return monitor.Batch{First: at, Begun: at.Add(time.Second), Lasted: lasted, Mailboxes: mailboxes, Entries: entries, Sent: sent}
	}
	backwards := batch(5, 5, time.Second, inventory.Number{})
	backwards.First = at.Add(time.Hour)
	unborn := backwards
	unborn.First = time.Time{}
	for name, batches := range map[string][]monitor.Batch{
		"none":                  nil,
		"nothing in it":         {batch(0, 0, 0, inventory.Number{})},
		"in no time":            {batch(100, 100, 0, inventory.Known(1e9)), batch(1, 1, 0, inventory.Known(0))},
		"hours for one mailbox": {batch(1, 1, 10*time.Hour, inventory.Known(10))},
		"the more the faster":   {batch(1000, 1000, time.Second, inventory.Known(1e9)), batch(1, 1, time.Minute, inventory.Known(0))},
		"all alike":             {batch(1, 2, time.Second, inventory.Known(9)), batch(1, 2, time.Second, inventory.Known(9))},
		"clock set back":        {backwards, unborn},
		"huge":                  {batch(1e9, 1e9, math.MaxInt64, inventory.Known(1e18))},
	} {
		t.Run(name, func(t *testing.T) {
			m := Fit(batches, inventory.Number{}, 0)
			b := &monitor.Backlog{
				At: at, Log: monitor.LogFile{Inode: 1, Bytes: 100, First: at.Add(-time.Hour)}, Run: monitor.LogFile{Inode: 2, Bytes: 300, First: at.Add(-2 * time.Hour), Taken: at.Add(-time.Minute)},
				Entries: inventory.Known(1e6), Mailboxes: inventory.Known(1e5),
			}
			seconds, spread := m.Gone(b, at)
			for _, v := range []float64{m.Batch, m.Mailbox, m.Byte, seconds.Value, spread.Value} {
				if !(v > 0) || math.IsInf(v, 0) {
					t.Errorf("got %v, %+v ± %+v of %+v", v, seconds, spread, m)
				}
			}
			if n := m.Outlook().Cycle; n.Known && (!(n.Value > 0) || math.IsInf(n.Value, 0)) {
				t.Errorf("got %+v of %+v", n, m)
			}
		})
	}
}

// TestAgain checks that a client which takes up what was left behind rests before
// the next batch, however long it waited for the replica.
func TestAgain(t *testing.T) {
	m := &Model{Batch: 0.1, Mailbox: 0.01, Repeat: time.Second}
	at := moment64(1000)
	b := &monitor.Backlog{
		At: at, Entries: inventory.Known(200), Mailboxes: inventory.Known(100), Worker: 7,
		Run:     monitor.LogFile{Inode: 1, Bytes: 1000, First: moment64(0), Taken: moment64(1)},
		Log:     monitor.LogFile{Inode: 2, Bytes: 1000, First: moment64(2)},
		Clients: []monitor.Process{{PID: 7, Started: moment64(500)}},
	}
	// Of 0.6 s half is left, then it rests until a second has passed, then 0.6 s.
	if got, _ := m.Gone(b, at); math.Abs(got.Value-1.3) > 0.01 {
		t.Errorf("got %+v", got)
	}
	b.Clients[0].Started = moment64(0) // it has worked on that log all the time
	if got, _ := m.Gone(b, at); got.Value > 0.7 {
		t.Errorf("got %+v", got)
	}
}

// What batches do not tell is said to be assumed.
func TestAssumed(t *testing.T) {
	batches := func(n int, sent bool, mailboxes func(i int) int) []monitor.Batch {
		var list []monitor.Batch
		for i := range n {
			m := mailboxes(i)
			b := monitor.Batch{
				Begun: minute(float64(i)), First: minute(float64(i) - 0.1), Entries: 3 * m, Mailboxes: m,
			}
			if sent {
				b.Sent = inventory.Known(float64(5e6 * (i % 7)))
			}
			b.Lasted = time.Duration((0.03 + 0.005*float64(m) + 2e-7*b.Sent.Value) * float64(time.Second))
			list = append(list, b)
		}
		return list
	}
	trip := inventory.Known(0.001)
	varied := func(i int) int { return 1 + i*i%37 }
	single := func(int) int { return 1 }
	for _, c := range []struct {
		name    string
		batches []monitor.Batch
		trip    inventory.Number
		want    []Cost
	}{
		{"nothing", nil, inventory.Number{}, []Cost{BatchCost, MailboxCost, ByteCost, TripCost}},
		{"all", batches(100, true, varied), trip, nil},
		{"nobody saw what was sent", batches(100, false, varied), trip, []Cost{ByteCost}},
		{"a mailbox each", batches(100, true, single), trip, []Cost{MailboxCost}},
		{"no round trip", batches(100, true, varied), inventory.Number{}, []Cost{TripCost}},
	} {
		if got := Fit(c.batches, c.trip, time.Second).Assumed; !slices.Equal(got, c.want) {
			t.Errorf("%s: assumed are %v, want %v", c.name, got, c.want)
		}
	}
}

// A batch that should have ended long ago is not said to end soon.
func TestOverdue(t *testing.T) {
	m := &Model{Batch: 0.1, Mailbox: 0.01, Byte: 1e-7, Repeat: time.Second, noise: 0.1}
	since := func(taken float64) *monitor.Backlog {
		return &course(seen{at: 10, run: 1, taken: taken, client: 7})[0].Backlog
	}
	for taken, want := range map[float64]bool{9.99: true, 9.9: true, 8: false} {
		if seconds, _ := m.Gone(since(taken), minute(10)); seconds.Known != want {
			t.Errorf("taken up at minute %v: predicted %v, want %v", taken, seconds, want)
		}
	}
}
