package files

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/interlacemail/interlace/inventory"
)

// fleetKeys are the keys of a fleet file in the order in which they are read,
// which need not be that in which they stand.
var fleetKeys = []string{
	"format", "resources", "spread", "survive", "copies", "sharing",
	"servers", "stores", "instances", "users", "shares", "groups",
}

// read reads all that the fleet file says and names.
func (r *reader) read(root *yaml.Node) {
	r.root = root
	values := map[string]*yaml.Node{}
	for _, p := range r.pairs(root, "the fleet") {
		if !slices.Contains(fleetKeys, p.name) {
			r.unknown(p, "a fleet file", fleetKeys)
			continue
		}
		values[p.name] = p.value
	}
	r.noUsers = values["users"] == nil
	for _, key := range []string{"format", "servers", "stores"} {
		if values[key] == nil && root.Kind == yaml.MappingNode && !r.partial {
			r.mistakes.add(r.at(root), "", "there is no key %s", key)
		}
	}
	for _, key := range fleetKeys {
		if node := values[key]; node != nil {
			r.key(key, node)
		}
	}
}

func (r *reader) key(key string, node *yaml.Node) {
	switch key {
	case "format":
		if text, ok := r.text(node, key); ok && text != "1" {
			r.mistakes.add(r.at(node), "", "format %s is not known; this is format 1", inventory.Quoted(text))
		}
	case "resources":
		r.readResources(node)
	case "spread":
		r.readSpread(node)
	case "survive":
		r.inv.Survive = nil
		for _, level := range r.texts(node, key) {
			r.inv.Survive = append(r.inv.Survive, inventory.Level(level))
		}
	case "copies":
		number(r, node, key, parseCopies, &r.inv.Copies)
	case "sharing":
		r.readSharing(node)
	case "servers":
		r.readServers(node)
	case "stores":
		r.readStores(node)
	case "instances":
		r.readInstances(node)
	case "users":
		r.readUsers(node)
	case "shares":
		r.readShares(node)
	case "groups":
		r.readGroups(node)
	}
}

// parseCopies reads a number of instances or domains, which is at least 1.
func parseCopies(text string) (int, error) {
	n, err := inventory.ParseCount(text)
	if err == nil && n == 0 {
		return 0, &inventory.ValueError{Text: "0 is not at least 1"}
	}
	return n, err
}

// readSpread reads [rack] or {rack: all, site: 2}.
func (r *reader) readSpread(node *yaml.Node) {
	if r.spreadOfBoth(node) {
		return
	}
	if node.Kind != yaml.MappingNode {
		for _, level := range r.texts(node, "spread") {
			r.inv.Spread = append(r.inv.Spread, inventory.Spread{Level: inventory.Level(level)})
		}
		return
	}
	for _, p := range r.pairs(node, "spread") {
		s := inventory.Spread{Level: inventory.Level(p.name)}
		if p.value.Value != "all" || p.value.Kind != yaml.ScalarNode {
			number(r, p.value, "spread over "+inventory.Printable(p.name), parseDomains, &s.Min)
		}
		r.inv.Spread = append(r.inv.Spread, s)
	}
}

// spreadOfBoth refuses a list of levels and numbers of domains, [rack, {site: 2}],
// and says how to write it.
func (r *reader) spreadOfBoth(node *yaml.Node) bool {
	at := slices.IndexFunc(node.Content, func(item *yaml.Node) bool { return item.Kind == yaml.MappingNode })
	if node.Kind != yaml.SequenceNode || at < 0 {
		return false
	}
	var levels []string
	for _, item := range node.Content {
		if item.Kind == yaml.ScalarNode {
			levels = append(levels, inventory.Printable(item.Value)+": all")
		}
		for i := 0; item.Kind == yaml.MappingNode && i+1 < len(item.Content); i += 2 {
			levels = append(levels, inventory.Printable(item.Content[i].Value)+": "+inventory.Printable(item.Content[i+1].Value))
		}
	}
	r.mistakes.add(r.at(node.Content[at]), "write spread: {"+strings.Join(levels, ", ")+"}; interlace help fleet explains it",
		"spread: a list holds levels only, without numbers of domains")
	return true
}

func parseDomains(text string) (int, error) {
	n, err := parseCopies(text)
	if err != nil {
		return 0, &inventory.ValueError{
			Text: inventory.Quoted(text) + " is neither all nor a number of domains",
			Hint: "such as spread: {rack: all, site: 2}; interlace help fleet explains it",
		}
	}
	return n, nil
}

var sharingKeys = []string{"anyone", "group", "rights", "ignore"}

func (r *reader) readSharing(node *yaml.Node) {
	s := &r.inv.Sharing
	choices := map[string]*string{"anyone": &s.Anyone, "group": &s.Group, "rights": &s.Rights}
	for _, p := range r.pairs(node, "sharing") {
		if p.name == "ignore" {
			for _, name := range r.texts(p.value, "ignore") {
				s.Ignore = append(s.Ignore, inventory.UserID(name))
			}
			continue
		}
		choice := choices[p.name]
		if choice == nil {
			r.unknown(p, "sharing", sharingKeys)
			continue
		}
		if text, ok := r.text(p.value, p.name); ok {
			*choice = text
		}
	}
}

var resourceKeys = []string{"unit", "replica", "cold", "ceiling", "failure_ceiling"}

func (r *reader) readResources(node *yaml.Node) {
	r.resources = true
	pairs := r.pairs(node, "resources")
	if node.Kind == yaml.MappingNode {
		r.inv.Resources = nil
	}
	for i, p := range pairs {
		if i == inventory.MaxResources {
			r.mistakes.add(r.at(p.key), "", "%d resources are declared; at most %d are possible", len(pairs), inventory.MaxResources)
		}
		if i >= inventory.MaxResources {
			r.dropped[p.name] = true
			continue
		}
		r.inv.Resources = append(r.inv.Resources, r.readResource(p))
	}
}

func (r *reader) readResource(p pair) inventory.Resource {
	resource := inventory.NewResource(inventory.ResourceID(p.name), "", inventory.DefaultReplica)
	for _, known := range inventory.DefaultResources() {
		if known.Name == resource.Name {
			resource.Unit = known.Unit
		}
	}
	for _, key := range r.pairs(p.value, "resource "+inventory.Printable(p.name)) {
		label := labelOf(key.name, p.name)
		switch key.name {
		case "unit":
			if text, ok := r.text(key.value, label); ok {
				resource.Unit = text
			}
		case "replica":
			number(r, key.value, label, inventory.ParseNumber, &resource.Replica)
		case "cold":
			number(r, key.value, label, inventory.ParseNumber, &resource.Cold)
		case "ceiling":
			number(r, key.value, label, inventory.ParseNumber, &resource.Ceiling)
		case "failure_ceiling":
			r.readFailureCeiling(key.value, label, &resource.FailureCeiling)
		default:
			r.unknown(key, "a resource", resourceKeys)
		}
	}
	return resource
}

// readFailureCeiling reads a number or numbers by level.
func (r *reader) readFailureCeiling(node *yaml.Node, label string, c *inventory.FailureCeiling) {
	if node.Kind != yaml.MappingNode {
		number(r, node, label, inventory.ParseNumber, &c.Default)
		return
	}
	for _, p := range r.pairs(node, label) {
		value := inventory.DefaultFailureCeiling
		number(r, p.value, label, inventory.ParseNumber, &value)
		if c.ByLevel == nil {
			c.ByLevel = map[inventory.Level]float64{}
		}
		c.ByLevel[inventory.Level(p.name)] = value
	}
}

// resourceMember returns the family member function of columns that hold a
// value in each resource.
func resourceMember[T any](r *reader, load func(row *T) *inventory.Load, parse func(inventory.Resource, string) (float64, error)) func(string) (setter[T], error) {
	return func(name string) (setter[T], error) {
		i := r.inv.Resource(inventory.ResourceID(name))
		if i < 0 {
			return nil, r.noResource(name)
		}
		resource := r.inv.Resources[i]
		return func(row *T, text []byte) error {
			v, err := parse(resource, string(text))
			load(row)[i] = v
			return err
		}, nil
	}
}

func (r *reader) noResource(name string) error {
	names := r.resourceNames()
	e := &inventory.ValueError{Text: inventory.Printable(name) + " is not a declared resource"}
	if len(names) > 0 {
		e.Hint = "the resources are " + strings.Join(names, " ")
	}
	if meant := inventory.Nearest(name, names); meant != "" {
		e.Hint = inventory.Printable(name) + " looks like " + meant
	}
	return e
}

func (r *reader) resourceNames() []string {
	var names []string
	for i := range r.inv.Resources {
		names = append(names, string(r.inv.Resources[i].Name))
	}
	return names
}
