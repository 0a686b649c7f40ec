package synclag

import (
	"math"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// Model is what a channel's batches cost and what arrives on it. [Fit] makes one.
type Model struct {
	// Seconds that a batch, a mailbox in it and a byte of it take.
	Batch, Mailbox, Byte float64
	Repeat               time.Duration // a client rests so long between the beginnings of two batches at least
	Trip                 float64       // the round trip to the replica in seconds
	Batches              int           // of how many it has learnt
	Assumed              []Cost        // what those did not tell, so that it is what it mostly is elsewhere

	Arrivals Arrivals
	// Widen is by what factor the spread is to be wider than the batches alone say,
	// 1 if it is 0: what [Errors] says of earlier predictions.
	Widen float64

	noise      float64 // by what part the time of a batch differs from what it should be, as a standard deviation
	covariance [3][3]float64
}

// Cost is one of the figures of a [Model].
type Cost string

// Costs.
const (
	BatchCost   Cost = "batch"
	MailboxCost Cost = "mailbox"
	ByteCost    Cost = "byte"
	TripCost    Cost = "trip"
)

// Arrivals say what is logged in a time.
type Arrivals struct {
	Mailboxes float64 // that are active: there are no more than that
	Rate      float64 // how often a second one of them is touched
	Entries   float64 // a second
	Bytes     float64 // that the client sends for an entry

	measured bool // whether Bytes has been seen
}

// of returns how many mailboxes so many touches at random name: each counts once.
func (a *Arrivals) of(touches float64) float64 {
	if a.Mailboxes == 0 {
		return touches
	}
	return -a.Mailboxes * math.Expm1(-touches/a.Mailboxes)
}

// touches is the inverse of [Arrivals.of]. Few are left where all are named.
func (a *Arrivals) touches(distinct float64) float64 {
	if a.Mailboxes == 0 {
		return distinct
	}
	return -a.Mailboxes * math.Log1p(-min(0.999, distinct/a.Mailboxes))
}

// distinct returns how many mailboxes are named in a time.
func (a *Arrivals) distinct(seconds float64) float64 { return a.of(a.Rate * seconds) }

// seen returns the arrivals with so many mailboxes that as many are named in a
// time as were seen; with no more than were believed, unless more were seen.
func (a Arrivals) seen(seconds, distinct float64) Arrivals {
	touches := a.Rate * seconds
	if a.Mailboxes <= distinct {
		a.Mailboxes = 1000 * distinct // as if hardly any were touched twice
	}
	if touches <= distinct || a.of(touches) <= distinct {
		return a
	}
	low, high := distinct, a.Mailboxes
	for high-low > 1e-3*low {
		a.Mailboxes = (low + high) / 2
		if a.of(touches) < distinct {
			low = a.Mailboxes
		} else {
			high = a.Mailboxes
		}
	}
	return a
}

// work is what a batch consists of.
type work struct{ mailboxes, bytes float64 }

func (m *Model) seconds(w work) float64 { return m.Batch + m.Mailbox*w.mailboxes + m.Byte*w.bytes }

// arrived returns what arrives in a time from so many times as many users.
func (m *Model) arrived(seconds, users float64) work {
	a := &m.Arrivals
	return work{users * a.distinct(seconds), users * a.Entries * a.Bytes * seconds}
}

// Outlook is how a channel does in the long run.
type Outlook struct {
	// Seconds from the beginning of a batch to that of the next, and what a change
	// waits: on average for its own mailbox, on average to the end of its batch,
	// and at worst. Not known where it has no end, because more bytes arrive than
	// the client can send.
	Cycle, Mean, End, Worst inventory.Number
	// ByteMargin is the part of its time that the client has left over from
	// sending bytes: at 0 the lag grows without end. MailboxMargin is what is left
	// if no mailbox were touched twice within a batch: below 0 the lag is set by
	// the number of mailboxes, in batches so long that they hold most of them.
	ByteMargin, MailboxMargin float64
}

// Outlook returns how the channel does in the long run.
func (m *Model) Outlook() Outlook { return m.outlook(1) }

// WhatIf returns how the channel would do if the store, which has so many users,
// got some more like them, or lost some.
func (m *Model) WhatIf(users, more int) Outlook {
	if users <= 0 {
		return m.outlook(1)
	}
	return m.outlook(max(0, float64(users+more)/float64(users)))
}

func (m *Model) outlook(users float64) Outlook {
	a := &m.Arrivals
	sending := users * a.Entries * a.Bytes * m.Byte
	out := Outlook{ByteMargin: 1 - sending, MailboxMargin: 1 - sending - users*a.Rate*m.Mailbox}
	cycle, stable := m.cycle(users)
	if !stable {
		return out
	}
	busy := m.seconds(m.arrived(cycle, users))
	out.Cycle = inventory.Known(cycle)
	out.Mean, out.End, out.Worst = inventory.Known((cycle+busy)/2), inventory.Known(cycle/2+busy), inventory.Known(cycle+busy)
	return out
}

// cycle returns the time that a batch takes which holds what arrived during one
// as long: where batches end up one after the other. The longer a batch takes,
// the less the next one takes more, since ever more mailboxes are named twice:
// so there is one such time, unless sending the bytes alone takes longer than
// it took until they arrived.
func (m *Model) cycle(users float64) (seconds float64, stable bool) {
	if users*m.Arrivals.Entries*m.Arrivals.Bytes*m.Byte >= 1 {
		return 0, false
	}
	low := m.Repeat.Seconds()
	high := low
	for m.next(high, users) > high {
		low, high = high, 2*high
	}
	for high-low > 1e-9*high {
		if middle := (low + high) / 2; m.next(middle, users) > middle {
			low = middle
		} else {
			high = middle
		}
	}
	return high, true
}

// next returns how long after the beginning of a batch the next one ends, if the
// one before it took so long.
func (m *Model) next(seconds, users float64) float64 {
	return max(m.Repeat.Seconds(), m.seconds(m.arrived(seconds, users)))
}
