package synclag

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Summary is what was seen of a channel in a time.
type Summary struct {
	Looks, Blind int               // looks that saw something, and those that could not look
	Age, Bytes   monitor.Quantiles // of the oldest entry in seconds, and of the logs
	// NotOK is the part of the looks at which the level or the verdict was another
	// than ok. Looks of which only the hours are left do not count, nor those of
	// which nobody knows the verdict.
	NotOK inventory.Number
}

// Summarize sums up a course, and hours before it of which the looks are no more
// kept: of those the most counts as one look, and the mean as all the others.
func Summarize(course []monitor.Stretch, hours []monitor.Hour, opts Options) Summary {
	opts = opts.withDefaults()
	var s Summary
	var ages, bytes observations
	for i := range hours {
		h := &hours[i]
		s.Looks, s.Blind = s.Looks+h.Looks, s.Blind+h.Blind
		if h.Looks > 0 {
			ages.add(h.AgeMost.Value, 1)
			bytes.add(h.BytesMost.Value, 1)
			ages.add(h.AgeMean.Value, h.Looks-1)
			bytes.add(h.BytesMean.Value, h.Looks-1)
		}
	}
	verdicts := verdicts(course, opts)
	known, notOK := 0, 0
	for i := range course {
		looks := course[i].Looks
		if course[i].Trouble != "" {
			s.Blind += looks
			continue
		}
		s.Looks += looks
		bytes.add(float64(course[i].Bytes()), looks)
		ages.addStretch(&course[i])
		fine := level(&course[i], opts) == monitor.LevelOK
		if fine && verdicts[i].verdict == monitor.Unknown {
			continue
		}
		known += looks
		if !fine || verdicts[i].verdict != monitor.OK {
			notOK += looks
		}
	}
	s.Age, s.Bytes = ages.quantiles(), bytes.quantiles()
	if known > 0 {
		s.NotOK = inventory.Known(float64(notOK) / float64(known))
	}
	return s
}

// observation is a value that so many looks saw.
type observation struct {
	value float64
	looks int
}

// observations are what looks saw.
type observations []observation

func (o *observations) add(value float64, looks int) {
	if looks > 0 {
		*o = append(*o, observation{value, looks})
	}
}

// addStretch adds the ages at the looks of a stretch.
func (o *observations) addStretch(s *monitor.Stretch) {
	if s.Oldest().IsZero() {
		o.add(0, s.Looks)
		return
	}
	for at := range looksOf(s) {
		o.add(agedAt(s, at), 1)
	}
}

// looksOf are the times of the looks of a stretch, as if they were equally far from
// one another.
func looksOf(s *monitor.Stretch) iter.Seq[time.Time] {
	apart := s.Until.Sub(s.At) / time.Duration(max(1, s.Looks-1))
	return func(yield func(time.Time) bool) {
		for i := range s.Looks - 1 {
			if !yield(s.At.Add(time.Duration(i) * apart)) {
				return
			}
		}
		yield(s.Until)
	}
}

func (o observations) quantiles() monitor.Quantiles {
	if len(o) == 0 {
		return monitor.Quantiles{}
	}
	slices.SortFunc(o, func(a, b observation) int { return cmp.Compare(a.value, b.value) })
	total := 0
	for _, v := range o {
		total += v.looks
	}
	return monitor.Quantiles{P50: o.at(total, 0.5), P95: o.at(total, 0.95), P99: o.at(total, 0.99), Max: inventory.Known(o[len(o)-1].value)}
}

// at returns the least value that so large a part of the looks did not pass; the
// observations must be sorted.
func (o observations) at(total int, part float64) inventory.Number {
	seen := 0
	for _, v := range o {
		if seen += v.looks; float64(seen) >= part*float64(total) {
			return inventory.Known(v.value)
		}
	}
	return inventory.Number{}
}

// MostAges returns how old the oldest entry of a channel was at most at a look in
// each of n steps of time, in seconds; not known where nobody looked. The last step
// holds its end. What is left of hours counts where they begin.
func MostAges(course []monitor.Stretch, hours []monitor.Hour, from time.Time, step time.Duration, n int) []inventory.Number {
	most := make([]inventory.Number, n)
	saw := func(at time.Time, seconds float64) {
		if at.Before(from) || at.After(from.Add(time.Duration(n)*step)) {
			return
		}
		i := min(n-1, int(at.Sub(from)/step))
		most[i] = inventory.Known(max(most[i].Value, seconds))
	}
	for i := range hours {
		if hours[i].Looks > 0 {
			saw(hours[i].Begins, hours[i].AgeMost.Value)
		}
	}
	for i := range course {
		s := &course[i]
		if s.Trouble != "" {
			continue
		}
		for at := range looksOf(s) {
			saw(at, agedAt(s, at))
		}
	}
	return most
}

// agedAt returns how old the oldest entry of a stretch was at a time, in seconds.
func agedAt(s *monitor.Stretch, at time.Time) float64 {
	if s.Oldest().IsZero() {
		return 0
	}
	return max(0, at.Sub(s.Oldest()).Seconds())
}
