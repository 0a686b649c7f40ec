package inventory

import (
	"maps"
	"slices"
)

func (v *validator) eachServer() {
	for i := range v.inv.Servers {
		s := &v.inv.Servers[i]
		at := Place{Table: InServers, Row: i}
		v.name(at.of("name"), "server", string(s.Name))
		if i > 0 && s.Name == v.inv.Servers[i-1].Name && s.Name != "" {
			v.mistakes.add(at.of("name"), "server %s is named twice", Printable(string(s.Name))).after(i - 1)
		}
		v.labels(at, s)
		v.capacity(at, s)
		v.limits(at, s)
	}
}

func (v *validator) labels(at Place, s *Server) {
	for _, level := range slices.Sorted(maps.Keys(s.Domains)) {
		at := at.of("domain:" + string(level))
		if level == LevelServer {
			v.mistakes.add(at, "domains of %s: every server is a domain of level %s by itself", Printable(string(s.Name)), level)
		}
		v.name(at, "level", string(level))
		v.name(at, "failure domain", string(s.Domains[level]))
	}
}

func (v *validator) capacity(at Place, s *Server) {
	for r := range v.inv.Resources {
		resource := &v.inv.Resources[r]
		at := at.of("capacity:" + string(resource.Name))
		if !v.capacityValue(at, resource, s.Capacity[r], string(s.Name)) || s.Capacity[r] > 0 {
			continue
		}
		m := v.mistakes.add(at, "server %s has no capacity for %s", Printable(string(s.Name)), Printable(string(resource.Name)))
		m.hint("every server needs a capacity above 0 for every declared resource")
		if m != nil {
			m.Absent = InServers
		}
	}
}

func (v *validator) limits(at Place, s *Server) {
	name := Printable(string(s.Name))
	if s.Slots < Unlimited {
		v.mistakes.add(at.of("slots"), "slots of %s: %d is not a number of slots", name, s.Slots)
	}
	if s.State != Active && s.State != Drain && s.State != Down {
		v.mistakes.add(at.of("state"), "state of %s: %s is none of %s, %s and %s", name, Quoted(string(s.State)), Active, Drain, Down)
	}
	if s.Bandwidth < 0 || s.Bandwidth > MaxValue {
		v.mistakes.add(at.of("bandwidth"), "bandwidth of %s: %d bytes per second is impossible", name, s.Bandwidth)
	}
	if s.Transfers < 0 {
		v.mistakes.add(at.of("transfers"), "transfers of %s: %d is not a number of transfers", name, s.Transfers)
	}
}
