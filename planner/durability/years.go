package durability

import (
	"math"

	"github.com/interlacemail/interlace/planner"
)

func (m *model) fillOffline(y *planner.Years, s *sample, analytic tally) {
	seen := storesGoing
	if s.sampling == planner.Forced {
		seen = storesOffline // sampled by themselves
	}
	y.Offline = planner.YearsOffline{
		OccasionsPerYear: s.figure(analytic, offlineOccasions, offlineOccasions),
		StoresEach:       s.ratio(analytic, storesGoing, offlineOccasions),
		UsersEach:        s.ratio(analytic, usersGoing, offlineOccasions),
		HoursEach:        inHours(s.ratio(analytic, storesOffline, storesGoing)),
		Stores:           s.figure(analytic, storesOffline, seen),
		Users:            s.figure(analytic, usersOffline, seen),
	}
	if len(m.sites) > 0 {
		y.Availability = available(y.Offline.Stores, float64(len(m.sites)))
	}
	m.approximate(&y.Offline.OccasionsPerYear, &y.Offline.StoresEach, &y.Offline.UsersEach)
}

func (m *model) fillDoubled(y *planner.Years, s *sample, analytic tally) {
	y.Doubled = planner.YearsDoubled{
		OccasionsPerYear: s.figure(analytic, lossOccasions, lossOccasions),
		StoresPerYear:    s.figure(analytic, storesLost, storesLost),
		UsersEach:        s.ratio(analytic, usersLost, lossOccasions),
		BytesEach:        s.ratio(analytic, bytesLost, lossOccasions),
		BytesPerYear:     s.figure(analytic, bytesLost, bytesLost),
		Chance:           planner.Known(-math.Expm1(-analytic[lossOccasions] * float64(y.Years))),
	}
	m.approximate(&y.Doubled.OccasionsPerYear, &y.Doubled.UsersEach, &y.Doubled.BytesEach)
}

func fillFailover(y *planner.Years, s *sample, analytic tally) {
	y.Failover = planner.YearsFailover{
		StoresPerYear: s.figure(analytic, failoverStores, failoverStores),
		UsersPerYear:  s.figure(analytic, failoverUsers, failoverUsers),
		BytesEach:     s.ratio(analytic, failoverBytes, failoverStores),
		BytesPerYear:  s.figure(analytic, failoverBytes, failoverBytes),
	}
}

// approximate marks the figures that rest on occasions.
func (m *model) approximate(estimates ...*planner.Estimate) {
	for _, e := range estimates {
		e.Approximation = m.neglected()
	}
}

// available turns the number of stores that are offline in the mean into the
// part of the time that one of them is not.
func available(offline planner.Estimate, stores float64) planner.Estimate {
	e := offline
	for _, n := range []*planner.Number{&e.Analytic, &e.Simulated, &e.Low, &e.High} {
		if n.Known {
			n.Value = min(1, max(0, 1-n.Value/stores)) // weights of samples may take it beyond
		}
	}
	e.Low, e.High = e.High, e.Low
	e.StandardError.Value /= stores
	return e
}

func inHours(e planner.Estimate) planner.Estimate {
	for _, n := range []*planner.Number{&e.Analytic, &e.Simulated, &e.StandardError, &e.Low, &e.High} {
		n.Value *= hoursPerYear
	}
	return e
}
