package simulate

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/load"
)

// afterEach shows the servers as they are after the failure of each domain of the
// level, with what they then carry beside the normal state. One that a failure
// leaves alone is shown after the first that does.
func (s *Simulator) afterEach(name inventory.Level, show func(failed []load.Domain, server int32, extra *inventory.Amounts)) {
	level := max(s.fleet.Level(name), 0) // at one without labels every server is its own domain
	domains, unseen := s.fleet.Levels[level].Domains, slices.Clone(s.order)
	for i, d := range domains {
		if s.up(d) {
			failed := domains[i : i+1]
			unseen = s.afterAll(failed, unseen, func(server int32, extra *inventory.Amounts) { show(failed, server, extra) })
		}
	}
}

// afterAll shows the servers that the failure of the domains, all at once,
// touches and, of those that it leaves alone, the unseen. It returns those that no
// failure has left alone yet.
func (s *Simulator) afterAll(domains []load.Domain, unseen []int32, show func(server int32, extra *inventory.Amounts)) []int32 {
	o := s.strike(domains)
	defer s.heal(o)
	for _, server := range o.touched {
		show(server, &s.steady[server])
	}
	return slices.DeleteFunc(unseen, func(server int32) bool {
		if s.failed[server] || s.promoted[server] > 0 {
			return false
		}
		show(server, &inventory.Amounts{})
		return true
	})
}
