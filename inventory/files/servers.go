package files

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/interlacemail/interlace/inventory"
)

func (r *reader) readServers(node *yaml.Node) {
	t := readTable(r, node, format[inventory.Server]{
		name:    inventory.InServers,
		columns: r.serverColumns(),
		blank:   inventory.Server{Slots: inventory.Unlimited, State: inventory.Active},
		keep:    func(s *inventory.Server) { r.inv.Servers = append(r.inv.Servers, *s) },
	})
	if t.columns == nil {
		return
	}
	for i, name := range r.resourceNames() {
		if slices.Contains(t.columns, "capacity:"+name) {
			continue
		}
		for j := range r.inv.Servers {
			r.inv.Servers[j].Capacity[i] = assumedCapacity
		}
	}
}

// assumedCapacity stands for a capacity that was reported as a mistake, so that
// it is not reported again as one that is missing.
const assumedCapacity = 1

func (r *reader) serverColumns() []column[inventory.Server] {
	type server = inventory.Server
	return []column[server]{
		{name: "name", key: true, identity: true, required: true, set: func(s *server, text []byte) error {
			s.Name = inventory.ServerID(text)
			return nil
		}},
		{name: "slots", set: func(s *server, text []byte) (err error) {
			s.Slots, err = inventory.ParseCount(string(text))
			return err
		}},
		{name: "state", set: func(s *server, text []byte) error {
			s.State = inventory.State(r.intern.text(text))
			return nil
		}},
		{name: "bandwidth", set: func(s *server, text []byte) (err error) {
			s.Bandwidth, err = inventory.ParseBandwidth(string(text))
			return err
		}},
		{name: "transfers", set: func(s *server, text []byte) (err error) {
			s.Transfers, err = parseCopies(string(text))
			return err
		}},
		{name: "domain:", member: r.label},
		{
			name: "capacity:", needed: r.resourceNames(),
			member: resourceMember(r, func(s *server) *inventory.Load { return &s.Capacity }, parseCapacity),
		},
	}
}

// label returns what reads the label of a server at a level.
func (r *reader) label(level string) (setter[inventory.Server], error) {
	return func(s *inventory.Server, text []byte) error {
		if s.Domains == nil {
			s.Domains = map[inventory.Level]inventory.DomainID{}
		}
		s.Domains[inventory.Level(level)] = inventory.DomainID(r.intern.text(text))
		return nil
	}, nil
}

// parseCapacity reads the capacity of a server.
func parseCapacity(resource inventory.Resource, text string) (float64, error) {
	v, err := resource.Parse(text)
	if err != nil {
		return assumedCapacity, err
	}
	return v, nil
}
