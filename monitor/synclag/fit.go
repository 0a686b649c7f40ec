package synclag

import (
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// What is believed as long as nothing has been seen, and how much it may differ,
// in parts of itself. A mailbox costs 4.4 ms and 5.3 round trips, as was measured
// with a log of 300 mailboxes at round trips from 0 to 20 ms.
const (
	batchCost, batchTrips     = 0.02, 4
	mailboxCost, mailboxTrips = 0.0044, 5.3
	byteCost                  = 1e-7
	unknownTrip               = time.Millisecond // where nobody has measured it
)

var doubt = [3]float64{1, 0.6, 1}

// mostBatches limits how many of the newest batches are learnt from.
const mostBatches = 400

// coarse is how exactly the times of a batch are known, in seconds: the kernel
// may stamp files by a clock that ticks no more often.
const coarse = 0.004

// Fit learns from the batches of one channel, the newest last. The round trip to
// the replica, in seconds, and what such things cost elsewhere count as much as a
// few batches do.
func Fit(batches []monitor.Batch, trip inventory.Number, repeat time.Duration) *Model {
	batches = batches[max(0, len(batches)-mostBatches):]
	m := &Model{Repeat: repeat, Batches: len(batches), Arrivals: arrivals(batches)}
	orElse(&m.Repeat, time.Second)
	seconds := unknownTrip.Seconds()
	if trip.Known {
		seconds = trip.Value
	}
	m.Trip = seconds
	f := fit{prior: [3]float64{batchCost + batchTrips*seconds, mailboxCost + mailboxTrips*seconds, byteCost}}
	for i := range batches {
		b := &batches[i]
		bytes := m.Arrivals.Bytes * float64(b.Entries)
		if b.Sent.Known {
			bytes = b.Sent.Value
		}
		f.add(work{float64(b.Mailboxes), bytes}, b.Lasted.Seconds())
	}
	f.solve()
	m.Batch, m.Mailbox, m.Byte = f.cost[0], f.cost[1], f.cost[2]
	m.noise, m.covariance = f.noise, f.covariance
	m.Assumed = f.assumed(m.Arrivals.measured, trip.Known)
	if !m.Arrivals.measured {
		m.covariance[2][2] += 6 * m.Byte * m.Byte // of a number of bytes of which one may be as wrong
	}
	return m
}

// fit finds the costs by least squares, with what was believed before as further
// observations, and with less weight for what lies far off: a batch that waited
// for a locked mailbox says little of the others. Errors grow with the time a
// batch takes.
type fit struct {
	prior [3]float64
	of    [][3]float64 // batches, mailboxes and bytes of each batch
	took  []float64

	cost       [3]float64
	noise      float64
	covariance [3][3]float64
}

func (f *fit) add(w work, seconds float64) {
	f.of = append(f.of, [3]float64{1, w.mailboxes, w.bytes})
	f.took = append(f.took, seconds)
}

func dot(a, b [3]float64) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

// solve repeats the fit with weights and errors as the fit before has them.
func (f *fit) solve() {
	f.cost, f.noise = f.prior, 0.5
	const rounds = 12
	for range rounds {
		f.round()
		f.noise = f.spread()
	}
}

// assumed are the costs that are still about as doubtful as before: what was
// observed hardly depends on them.
func (f *fit) assumed(sent, trip bool) []Cost {
	var costs []Cost
	for j, cost := range []Cost{BatchCost, MailboxCost, ByteCost} {
		if math.Sqrt(f.covariance[j][j]) > doubt[j]*max(f.prior[j], f.cost[j])/2 || cost == ByteCost && !sent {
			costs = append(costs, cost)
		}
	}
	if !trip {
		costs = append(costs, TripCost)
	}
	return costs
}

// deviation returns the standard deviation that is expected of a batch.
func (f *fit) deviation(i int) float64 {
	return math.Hypot(f.noise*dot(f.cost, f.of[i]), coarse)
}

// round does one fit. A cost below a fiftieth of what is believed, which noise
// may bring about where costs cannot be told apart, is held there.
func (f *fit) round() {
	const least, hold = 0.02, 1e9
	normal, right := mat.NewSymDense(3, nil), mat.NewVecDense(3, nil)
	for j, d := range doubt {
		normal.SetSym(j, j, 1/(d*d))
		right.SetVec(j, 1/(d*d))
	}
	for i := range f.of {
		f.observe(i, normal, right)
	}
	var cholesky mat.Cholesky
	var part mat.VecDense
	for range 3 {
		// What is believed makes the matrix positive definite.
		if !cholesky.Factorize(normal) || cholesky.SolveVecTo(&part, right) != nil {
			return
		}
		held := false
		for j := range 3 {
			if part.AtVec(j) < least*0.999 {
				normal.SetSym(j, j, normal.At(j, j)+hold)
				right.SetVec(j, right.AtVec(j)+hold*least)
				held = true
			}
		}
		if !held {
			break
		}
	}
	var inverse mat.SymDense
	if cholesky.InverseTo(&inverse) != nil {
		return
	}
	for j := range 3 {
		f.cost[j] = max(part.AtVec(j), least) * f.prior[j]
		for k := range 3 {
			f.covariance[j][k] = inverse.At(j, k) * f.prior[j] * f.prior[k]
		}
	}
}

// observe adds a batch to the normal equations, in which each cost is a part of
// what is believed of it.
func (f *fit) observe(i int, normal *mat.SymDense, right *mat.VecDense) {
	deviation := f.deviation(i)
	far := math.Abs(f.took[i]-dot(f.cost, f.of[i])) / deviation
	const near = 1.5
	weight := min(1, near/far) / (deviation * deviation)
	var x [3]float64
	for j := range 3 {
		x[j] = f.of[i][j] * f.prior[j]
	}
	for j := range 3 {
		right.SetVec(j, right.AtVec(j)+weight*x[j]*f.took[i])
		for k := j; k < 3; k++ {
			normal.SetSym(j, k, normal.At(j, k)+weight*x[j]*x[k])
		}
	}
}

// spread estimates by what part the times of batches differ from what they should
// be, as a standard deviation: two thirds of them do not differ more. What is
// believed before counts as much as four batches.
func (f *fit) spread() float64 {
	const before, believed = 4, 0.3
	parts := make([]float64, len(f.of))
	for i := range f.of {
		should := dot(f.cost, f.of[i])
		beyond := max(0, math.Abs(f.took[i]-should)-coarse)
		parts[i] = beyond / should
	}
	slices.Sort(parts)
	measured := 0.0
	if n := len(parts); n > 0 {
		measured = parts[min(n-1, n*2/3)]
	}
	n := float64(len(parts))
	return max(0.02, math.Sqrt((before*believed*believed+n*measured*measured)/(before+n)))
}
