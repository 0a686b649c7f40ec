package synclag

import (
	"math"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// eightOfTen is how many standard deviations to both sides hold 8 of 10: 1.28 if
// those were known, and some more because they are learnt, too.
const eightOfTen = 1.5

// overdue is by how much a batch may be late in any case.
const overdue = 10 * time.Second

// Gone predicts in how many seconds nothing that is in a backlog now is left, and
// how far off that may be: 8 of 10 predictions are to lie within the spread to
// both sides. It is not known where nobody knows what the backlog consists of, nor
// where a batch has taken so much longer than it should that something else is wrong.
//
// That takes the rest of the batch that is worked off, and the whole of the next
// one, with what arrives until that begins.
func (m *Model) Gone(b *monitor.Backlog, now time.Time) (seconds, spread inventory.Number) {
	p, known := m.predict(b, now)
	if !known {
		return inventory.Number{}, inventory.Number{}
	}
	return inventory.Known(p.seconds), inventory.Known(p.spread())
}

// predict adds up what has to be done until nothing that is there now is left.
func (m *Model) predict(b *monitor.Backlog, now time.Time) (p *prediction, known bool) {
	p = &prediction{Model: m.having(b)}
	switch {
	case !b.Log.Exists() && !b.Run.Exists():
		return p, true
	case !b.Mailboxes.Known || !b.Entries.Known:
		return p, false
	}
	run, log := p.parts(b)
	if b.Run.Exists() {
		elapsed := now.Sub(b.Run.Taken).Seconds()
		switch should := p.Model.seconds(run); {
		case again(b):
			elapsed = min(elapsed, should/2)
		case elapsed > 10*should+overdue.Seconds():
			return p, false
		}
		p.finish(run, elapsed)
		if b.Log.Exists() {
			p.seconds = max(p.seconds, m.Repeat.Seconds()-elapsed)
		}
	} else {
		p.rest(now.Sub(b.Log.First).Seconds())
	}
	if b.Log.Exists() {
		p.whole(log)
	}
	return p, true
}

// again reports whether a log is worked off that was left behind. Its worker has
// begun with it when it had reached the replica, and nobody knows when that was.
func again(b *monitor.Backlog) bool {
	for i := range b.Clients {
		if c := &b.Clients[i]; c.PID == b.Worker && c.Started.After(b.Run.Taken) {
			return true
		}
	}
	return false
}

// having returns the model with what a backlog itself says of how many mailboxes
// are active, which counts where batches were too short to show it: so many were
// named since its oldest entry.
func (m *Model) having(b *monitor.Backlog) *Model {
	of := *m
	of.Arrivals = m.Arrivals.seen(b.Age().Seconds(), b.Mailboxes.Value)
	return &of
}

// parts returns what the log that is worked off consists of, and what the other
// does: the backlog knows both together, and how many bytes each has.
func (m *Model) parts(b *monitor.Backlog) (run, log work) {
	a := &m.Arrivals
	share := float64(b.Run.Bytes) / max(1, float64(b.Bytes()))
	touches := a.touches(b.Mailboxes.Value)
	part := func(share float64) work {
		return work{a.of(touches * share), a.Bytes * b.Entries.Value * share}
	}
	return part(share), part(1 - share)
}

// prediction adds up times and how far off they may be.
type prediction struct {
	*Model
	seconds  float64
	slope    [3]float64 // what costs add to seconds
	variance float64    // beside what costs may be off
}

// finish adds the rest of a batch that began so many seconds ago. One that should
// have ended is as good as new in what it may be off.
func (p *prediction) finish(w work, elapsed float64) {
	took := p.Model.seconds(w)
	rest := took - elapsed
	off := p.noise * took
	if rest < off {
		rest = max(off/2, elapsed*p.noise/2)
		off = rest
	} else {
		p.add(w)
	}
	p.seconds += rest
	p.variance += off * off
}

// rest adds the time until a client that rests looks again. It last looked before
// the first entry of the log came, so many seconds ago, and by as much as it takes
// on average until something comes. A client that rests for longer than it should
// looks any time.
func (p *prediction) rest(waited float64) {
	repeat := p.Repeat.Seconds()
	if waited <= 0 || waited >= repeat {
		p.seconds += repeat / 2
		p.variance += repeat * repeat / 12
		return
	}
	left := repeat - waited
	mean, variance := left/2, left*left/12
	if times := p.Arrivals.Rate * left; times > 0.01 {
		// An exponential time, cut off where nothing is left.
		grown := math.Expm1(times)
		mean = left/times - left/grown
		variance = left*left/(times*times) - left*left*(1+grown)/(grown*grown)
	}
	p.seconds += left - mean
	p.variance += max(0, variance)
}

// whole adds a batch that has not begun, with what arrives until then.
func (p *prediction) whole(w work) {
	a := &p.Arrivals
	mailboxes := a.of(a.touches(w.mailboxes) + p.seconds*a.Rate)
	more := mailboxes - w.mailboxes
	w.bytes += p.seconds * a.Entries * a.Bytes
	w.mailboxes = mailboxes
	took := p.Model.seconds(w)
	p.add(w)
	p.seconds += took
	off := p.noise * took
	// What arrives is random, and the rate is not what it always is.
	p.variance += off*off + p.Mailbox*p.Mailbox*(more+more*more/16)
}

func (p *prediction) add(w work) {
	for j, x := range [3]float64{1, w.mailboxes, w.bytes} {
		p.slope[j] += x
	}
}

func (p *prediction) spread() float64 {
	variance := p.variance
	for j := range 3 {
		for k := range 3 {
			variance += p.slope[j] * p.covariance[j][k] * p.slope[k]
		}
	}
	widen := p.Widen
	if widen == 0 {
		widen = 1
	}
	return eightOfTen * widen * math.Sqrt(max(0, variance))
}
