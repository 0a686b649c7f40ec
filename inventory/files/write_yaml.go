package files

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/interlacemail/interlace/inventory"
)

// encodeFleet returns the text of a fleet file beside which the tables lie.
func encodeFleet(inv *inventory.Inventory, tables []file) ([]byte, error) {
	fleet := mapping{}
	fleet.number("format", "1")
	fleet.node("resources", resourcesNode(inv))
	fleet.node("spread", spreadNode(inv.Spread))
	fleet.node("survive", flowList(inv.Survive))
	if inv.Copies > 0 {
		fleet.number("copies", strconv.Itoa(inv.Copies))
	}
	fleet.node("sharing", sharingNode(&inv.Sharing))
	fleet.table("servers", serversFile, tables, func() *yaml.Node { return list(inv.Servers, serverNode(inv)) })
	fleet.table("stores", storesFile, tables, func() *yaml.Node { return list(inv.Stores, storeNode(inv)) })
	for _, name := range []string{instancesFile, usersFile, sharesFile, groupsFile} {
		if has(tables, name) {
			fleet.text(name[:len(name)-len(".csv")], name)
		}
	}
	var text bytes.Buffer
	text.WriteString(mark + "\n")
	out := yaml.NewEncoder(&text)
	out.SetIndent(2)
	if err := errors.Join(out.Encode(fleet.block()), out.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", fleetFile, err)
	}
	return text.Bytes(), nil
}

// mapping collects keys and values in their order.
type mapping struct {
	content []*yaml.Node
}

func (m *mapping) node(key string, value *yaml.Node) {
	m.content = append(m.content, textNode(key), value)
}

// text adds a text, in quotes where it would mean something else without.
func (m *mapping) text(key, value string) { m.node(key, textNode(value)) }

// number adds a number or size.
func (m *mapping) number(key, value string) {
	m.node(key, &yaml.Node{Kind: yaml.ScalarNode, Value: value})
}

// optional adds a text unless it is empty.
func (m *mapping) optional(key, value string) {
	if value != "" {
		m.text(key, value)
	}
}

// optionalNumber adds a number or size unless it is empty.
func (m *mapping) optionalNumber(key, value string) {
	if value != "" {
		m.number(key, value)
	}
}

// nested adds a mapping in braces unless it is empty.
func (m *mapping) nested(key string, value mapping) {
	if len(value.content) > 0 {
		m.node(key, value.flow())
	}
}

// table adds the name of a table's file if it lies beside, else its content.
func (m *mapping) table(key, name string, tables []file, content func() *yaml.Node) {
	if has(tables, name) {
		m.text(key, name)
		return
	}
	m.node(key, content())
}

// block returns the mapping with a line for each key.
func (m *mapping) block() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Content: m.content} }

// flow returns the mapping in braces on one line.
func (m *mapping) flow() *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle, Content: m.content}
}

// textNode returns a text, in quotes if other programs may read it as a boolean.
func textNode(s string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if slices.Contains([]string{"y", "n", "yes", "no", "on", "off"}, strings.ToLower(s)) {
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}

func flowList[S ~string](texts []S) *yaml.Node {
	node := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, text := range texts {
		node.Content = append(node.Content, textNode(string(text)))
	}
	return node
}

func list[T any](rows []T, item func(row *T) *yaml.Node) *yaml.Node {
	node := &yaml.Node{Kind: yaml.SequenceNode}
	if len(rows) == 0 {
		node.Style = yaml.FlowStyle
	}
	for i := range rows {
		node.Content = append(node.Content, item(&rows[i]))
	}
	return node
}

func resourcesNode(inv *inventory.Inventory) *yaml.Node {
	var resources mapping
	for i := range inv.Resources {
		r := &inv.Resources[i]
		var m mapping
		m.text("unit", r.Unit)
		m.number("replica", inventory.FormatNumber(r.Replica))
		m.number("cold", inventory.FormatNumber(r.Cold))
		m.number("ceiling", inventory.FormatNumber(r.Ceiling))
		if r.FailureCeiling.ByLevel == nil {
			m.number("failure_ceiling", inventory.FormatNumber(r.FailureCeiling.Default))
		} else {
			var levels mapping
			for _, level := range slices.Sorted(maps.Keys(r.FailureCeiling.ByLevel)) {
				levels.number(string(level), inventory.FormatNumber(r.FailureCeiling.ByLevel[level]))
			}
			m.node("failure_ceiling", levels.flow())
		}
		resources.node(string(r.Name), m.flow())
	}
	return resources.block()
}

// spreadNode returns [rack], or {rack: all, site: 2} if a number is asked for.
func spreadNode(spread []inventory.Spread) *yaml.Node {
	var levels []inventory.Level
	var numbers mapping
	plain := true
	for _, s := range spread {
		levels = append(levels, s.Level)
		if s.Min == 0 {
			numbers.text(string(s.Level), "all")
			continue
		}
		plain = false
		numbers.number(string(s.Level), strconv.Itoa(s.Min))
	}
	if plain {
		return flowList(levels)
	}
	return numbers.flow()
}

func sharingNode(s *inventory.Sharing) *yaml.Node {
	var m mapping
	m.text("anyone", s.Anyone)
	m.text("group", s.Group)
	m.text("rights", s.Rights)
	m.node("ignore", flowList(s.Ignore))
	return m.flow()
}

func serverNode(inv *inventory.Inventory) func(s *inventory.Server) *yaml.Node {
	return func(s *inventory.Server) *yaml.Node {
		var m, domains, capacity mapping
		m.text("name", string(s.Name))
		for _, level := range slices.Sorted(maps.Keys(s.Domains)) {
			domains.text(string(level), string(s.Domains[level]))
		}
		m.nested("domains", domains)
		m.optionalNumber("slots", slotsText(s))
		for i, resource := range inv.Resources {
			capacity.number(string(resource.Name), resource.Format(s.Capacity[i]))
		}
		m.nested("capacity", capacity)
		m.text("state", string(s.State))
		m.optionalNumber("bandwidth", bandwidthText(s))
		m.optionalNumber("transfers", positive(s.Transfers))
		return m.flow()
	}
}

func storeNode(inv *inventory.Inventory) func(s *inventory.Store) *yaml.Node {
	return func(s *inventory.Store) *yaml.Node {
		var m, capacity, base, only mapping
		m.text("name", string(s.Name))
		m.text("state", string(s.State))
		m.optionalNumber("pinned", trueText(s.Pinned))
		m.optionalNumber("copies", positive(s.Copies))
		for i, resource := range inv.Resources {
			capacity.optionalNumber(string(resource.Name), amount(resource, s.Capacity[i]))
			base.optionalNumber(string(resource.Name), amount(resource, s.Base[i]))
		}
		m.nested("capacity", capacity)
		m.nested("base", base)
		for _, level := range slices.Sorted(maps.Keys(s.Only)) {
			only.node(string(level), flowList(s.Only[level]))
		}
		m.nested("only", only)
		if len(s.Instances) > 0 {
			m.node("instances", list(s.Instances, instanceNode))
		}
		return m.block()
	}
}

func instanceNode(instance *inventory.Instance) *yaml.Node {
	row := instanceRow{Instance: *instance}
	var m mapping
	for _, f := range instanceFields()[1:] {
		if text := f.text(&row); f.name != "partitions" {
			m.optional(f.name, text)
		} else if text != "" {
			m.node(f.name, flowList(strings.Fields(text)))
		}
	}
	return m.flow()
}
