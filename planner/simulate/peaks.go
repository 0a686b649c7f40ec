package simulate

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// peak is the busiest survivor of an outage.
type peak struct {
	utilisation float64
	server      int32 // -1 if no server survives
	resource    int
	failed      []string
}

// peaks are the busiest survivors in the steady state and in the first hour.
type peaks struct{ steady, firstHour peak }

// noPeaks are those of no outage.
func noPeaks() peaks {
	none := peak{server: -1, failed: []string{}}
	return peaks{none, none}
}

func (s *Simulator) peaks(o *outage, failed []string) peaks {
	p := peaks{s.peak(o, s.steady), s.peak(o, s.cold)}
	p.steady.failed, p.firstHour.failed = failed, failed
	return p
}

// peak finds the busiest survivor: one that takes stores over, which add the extra
// amounts, or the busiest of the others.
func (s *Simulator) peak(o *outage, extra []inventory.Amounts) peak {
	p := peak{server: -1}
	for _, server := range o.touched {
		if u, r := s.busiest(int(server), &extra[server]); r >= 0 && (p.server < 0 || u > p.utilisation) {
			p = peak{utilisation: u, server: server, resource: r}
		}
	}
	for _, server := range s.order {
		if s.failed[server] {
			continue
		}
		if u, r := s.busiest(int(server), nil); r >= 0 && (p.server < 0 || u > p.utilisation) {
			p = peak{utilisation: u, server: server, resource: r}
		}
		break
	}
	return p
}

// raise keeps the worse of two peaks; of equals the first.
func (p *peak) raise(q peak) {
	if q.server >= 0 && (p.server < 0 || q.utilisation > p.utilisation) {
		*p = q
	}
}

// named says the peaks in words of the plan.
func (s *Simulator) named(p peaks) planner.Worst {
	w := planner.Worst{Failed: p.steady.failed, FirstHourFailed: p.firstHour.failed}
	w.Utilisation, w.Server, w.Resource = s.place(p.steady)
	w.FirstHour, w.FirstHourServer, w.FirstHourResource = s.place(p.firstHour)
	return w
}

func (s *Simulator) place(p peak) (utilisation planner.Number, server, resource planner.Text) {
	if p.server < 0 {
		return utilisation, server, resource
	}
	return planner.Known(p.utilisation), planner.Text(s.fleet.Inventory.Servers[p.server].Name), planner.Text(s.fleet.Inventory.Resources[p.resource].Name)
}

// coldly returns a simulator for which the first hour lasts: what is promoted weighs κ
// times its load. It shares the scratch of this one.
func (s *Simulator) coldly() *Simulator {
	fleet, c := *s.fleet, *s
	fleet.Active = fleet.Cold
	c.fleet = &fleet
	return &c
}
