package files

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/interlacemail/interlace/inventory"
)

// storeRow is a store as one line or item describes it.
type storeRow struct {
	inventory.Store
	master   string
	replicas []string
	placed   []placed // of Instances, in YAML
}

// placed says where an instance of a store was written.
type placed struct {
	item *yaml.Node // its item in the fleet file; nil in CSV
	row  int        // its row in the table of instances, from 1; 0: none
}

func (r *reader) readStores(node *yaml.Node) {
	readTable(r, node, format[storeRow]{
		name:    inventory.InStores,
		columns: r.storeColumns(),
		blank:   storeRow{Store: inventory.Store{State: inventory.Active}},
		keep:    r.keepStore,
	})
}

// keepStore adds a store with its master first.
func (r *reader) keepStore(row *storeRow) {
	if row.master != "" {
		row.Instances = append(row.Instances, inventory.Instance{Server: inventory.ServerID(row.master), Role: inventory.Master})
	}
	for _, server := range row.replicas {
		row.Instances = append(row.Instances, inventory.Instance{Server: inventory.ServerID(server), Role: inventory.Replica})
	}
	if row.placed == nil {
		row.placed = make([]placed, len(row.Instances))
	}
	masterFirst(row.Instances, row.placed)
	r.inv.Stores = append(r.inv.Stores, row.Store)
	r.placed = append(r.placed, row.placed)
}

// masterFirst puts the first master before all other instances, which keep
// their order.
func masterFirst(instances []inventory.Instance, places []placed) {
	i := slices.IndexFunc(instances, func(i inventory.Instance) bool { return i.Role == inventory.Master })
	if i <= 0 {
		return
	}
	master, place := instances[i], places[i]
	copy(instances[1:], instances[:i])
	copy(places[1:], places[:i])
	instances[0], places[0] = master, place
}

func (r *reader) storeColumns() []column[storeRow] {
	return []column[storeRow]{
		{name: "name", key: true, identity: true, required: true, set: func(s *storeRow, text []byte) error {
			s.Name = inventory.StoreID(r.intern.text(text))
			return nil
		}},
		{name: "master", only: inCSV, set: func(s *storeRow, text []byte) error {
			s.master = r.intern.text(text)
			return nil
		}},
		{name: "replicas", only: inCSV, list: true, set: func(s *storeRow, text []byte) error {
			s.replicas = strings.Fields(string(text))
			return nil
		}},
		{name: "state", set: func(s *storeRow, text []byte) error {
			s.State = inventory.State(r.intern.text(text))
			return nil
		}},
		{name: "pinned", set: func(s *storeRow, text []byte) (err error) {
			s.Pinned, err = parseBool(text)
			return err
		}},
		{name: "copies", set: func(s *storeRow, text []byte) (err error) {
			s.Copies, err = parseCopies(string(text))
			return err
		}},
		{name: "capacity:", member: resourceMember(r, func(s *storeRow) *inventory.Load { return &s.Capacity }, parseLimit)},
		{name: "base:", member: resourceMember(r, func(s *storeRow) *inventory.Load { return &s.Base }, inventory.Resource.Parse)},
		{name: "only:", list: true, member: r.allowed},
		{name: "instances", only: inYAML, nested: r.readPlaces},
	}
}

// parseLimit reads the capacity of a store.
func parseLimit(resource inventory.Resource, text string) (float64, error) {
	v, err := resource.Parse(text)
	if err == nil && v == 0 {
		return 0, &inventory.ValueError{Text: inventory.Quoted(text) + " is not above 0", Hint: "a store without a capacity is unlimited"}
	}
	return v, err
}

// allowed returns what reads the domains of a level that may carry a store.
func (r *reader) allowed(level string) (setter[storeRow], error) {
	return func(s *storeRow, text []byte) error {
		if s.Only == nil {
			s.Only = map[inventory.Level][]inventory.DomainID{}
		}
		for _, domain := range strings.Fields(string(text)) {
			s.Only[inventory.Level(level)] = append(s.Only[inventory.Level(level)], inventory.DomainID(domain))
		}
		return nil
	}, nil
}

// readPlaces reads the instances of a store in YAML.
func (r *reader) readPlaces(s *storeRow, list *yaml.Node) {
	if list.Kind != yaml.SequenceNode {
		r.mistakes.add(r.at(list), "", "instances of %s: a list is expected here", inventory.Printable(string(s.Name)))
		return
	}
	f := format[instanceRow]{name: inventory.InInstances, columns: r.instanceColumns()[1:]}
	for _, item := range list.Content {
		var row instanceRow
		if readItem(r, item, &row, &f) {
			s.Instances = append(s.Instances, row.Instance)
			s.placed = append(s.placed, placed{item: item})
		}
	}
}
