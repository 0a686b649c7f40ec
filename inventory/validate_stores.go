package inventory

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

func (v *validator) eachStore() {
	for i := range v.inv.Stores {
		s := &v.inv.Stores[i]
		at := Place{Table: InStores, Row: i}
		v.name(at.of("name"), "store", string(s.Name))
		if i > 0 && s.Name == v.inv.Stores[i-1].Name && s.Name != "" {
			v.mistakes.add(at.of("name"), "store %s is named twice", Printable(string(s.Name))).after(i - 1)
		}
		v.store(at, s)
		v.only(at, s)
		v.roles(at, s)
		for j := range s.Instances {
			v.instance(Place{Table: InInstances, Row: i, Item: j}, s, &s.Instances[j])
		}
	}
}

// unhoused warns of users on a store without an instance. It is no mistake, since
// a fleet file may be written before the first master exists; but mail that
// there is lies somewhere, and a plan would create the master empty.
func (v *validator) unhoused() {
	users := map[StoreID]int{} // of stores without an instance
	for i := range v.inv.Stores {
		if s := &v.inv.Stores[i]; len(s.Instances) == 0 {
			users[s.Name] = 0
		}
	}
	if len(users) == 0 {
		return
	}
	for i := range v.inv.Users {
		if n, ok := users[v.inv.Users[i].Store]; ok {
			users[v.inv.Users[i].Store] = n + 1
		}
	}
	for i := range v.inv.Stores {
		name := v.inv.Stores[i].Name
		if users[name] == 0 {
			continue
		}
		m := v.warnings.add(Place{Table: InStores, Row: i}, "store %s has %s but no instance that holds their mail; a plan would create its master empty",
			Printable(string(name)), Counted(users[name], "user", "users"))
		if m != nil {
			m.Absent = InInstances
		}
	}
}

func (v *validator) store(at Place, s *Store) {
	name := string(s.Name)
	for r := range v.inv.Resources {
		resource := &v.inv.Resources[r]
		v.capacityValue(at.of("capacity:"+string(resource.Name)), resource, s.Capacity[r], name)
		v.value(at.of("base:"+string(resource.Name)), resource, s.Base[r], "base", name)
	}
	if s.State != Active && s.State != Drain {
		v.mistakes.add(at.of("state"), "state of %s: %s is neither %s nor %s", Printable(name), Quoted(string(s.State)), Active, Drain)
	}
	if s.Copies < 0 {
		v.mistakes.add(at.of("copies"), "copies of %s: %d is not a number of instances", Printable(name), s.Copies)
	}
}

func (v *validator) only(at Place, s *Store) {
	for _, level := range slices.Sorted(maps.Keys(s.Only)) {
		at := at.of("only:" + string(level))
		v.level(at, level)
		if len(s.Only[level]) == 0 {
			v.mistakes.add(at, "only of %s allows no domain of level %s", Printable(string(s.Name)), Printable(string(level)))
		}
		known, levelKnown := v.domains[level]
		for _, domain := range s.Only[level] {
			at := at.of(at.Field + ":" + string(domain))
			if !ValidName(string(domain)) {
				v.name(at, "failure domain", string(domain))
			} else if _, ok := known[domain]; !ok && levelKnown {
				absent(v.warnings.add(at, "only of %s: no server is in %s", Printable(string(s.Name)), FailureDomain{level, string(domain)}),
					InServers, string(domain), known)
			}
		}
	}
}

// roles checks that a store with instances has one master and that it comes first.
func (v *validator) roles(at Place, s *Store) {
	masters, replicas, last := 0, 0, 0
	for j := range s.Instances {
		switch s.Instances[j].Role {
		case Master:
			masters++
			last = j
		case Replica:
			replicas++
		}
	}
	switch {
	case masters == 0 && replicas < len(s.Instances) || len(s.Instances) == 0:
	case masters == 0:
		if m := v.mistakes.add(at, "store %s has replicas but no master", Printable(string(s.Name))); m != nil {
			m.Absent = InInstances
		}
	case masters > 1:
		v.mistakes.add(Place{Table: InInstances, Row: at.Row, Item: last, Field: "role"}, "store %s has %d masters", Printable(string(s.Name)), masters)
	case s.Instances[0].Role != Master:
		v.mistakes.add(at, "the master of store %s is not its first instance", Printable(string(s.Name)))
	}
}

func (v *validator) instance(at Place, s *Store, i *Instance) {
	of := string(s.Name) + " on " + string(i.Server)
	if i.Server == "" {
		v.mistakes.add(at.of("server"), "an instance of %s names no server", Printable(string(s.Name)))
	} else if _, ok := v.servers[i.Server]; !ok {
		absent(v.mistakes.add(at.of("server"), "server %s is not in the fleet (store %s)", Printable(string(i.Server)), Printable(string(s.Name))),
			InServers, string(i.Server), v.servers)
	}
	if i.Role != Master && i.Role != Replica {
		v.mistakes.add(at.of("role"), "role of %s: %s is neither %s nor %s", Printable(of), Quoted(string(i.Role)), Master, Replica)
	}
	v.address(at.of("imap"), i.IMAP, "imap", of)
	v.address(at.of("csync"), i.CSync, "csync", of)
	v.text(at.of("imapd_conf"), i.IMAPDConf, "imapd_conf", of)
	v.text(at.of("sync_dir"), i.SyncDir, "sync_dir", of)
	v.text(at.of("log"), i.Log, "log", of)
	v.settings(at, &i.Settings, of)
}

// address checks a host and port.
func (v *validator) address(at Place, address, what, of string) {
	if address == "" {
		return
	}
	colon := strings.LastIndexByte(address, ':')
	host, port := address[:max(colon, 0)], address[colon+1:]
	number, err := strconv.ParseUint(port, 10, 16)
	switch {
	case colon < 0:
		v.mistakes.add(at, "%s of %s: %s has no port", what, Printable(of), Quoted(address)).hint("an address is host:port, such as imap1:143")
	case err != nil || number == 0:
		v.mistakes.add(at, "%s of %s: %s is no port", what, Printable(of), Quoted(port)).hint("ports are numbers from 1 to 65535")
	case !validHost(host):
		v.mistakes.add(at, "%s of %s: %s is no host", what, Printable(of), Quoted(host)).hint("an address is host:port, such as imap1:143 or [2001:db8::1]:143")
	}
}

func validHost(host string) bool {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		return ok && strings.Contains(inner, ":") && cleanText(inner)
	}
	return host != "" && cleanText(host) && !strings.ContainsAny(host, " :/[]@")
}

func (v *validator) settings(at Place, s *Settings, of string) {
	v.text(at.of("version"), s.Version, "version", of)
	v.text(at.of("partitions"), s.Partitions, "partitions", of)
	v.choice(at.of("separator"), s.Separator, "separator", of, ".", "/")
	v.choice(at.of("virtdomains"), s.VirtDomains, "virtdomains", of, "off", "userid", "on")
	v.choice(at.of("conversations"), s.Conversations, "conversations", of, "yes", "no")
}

// choice checks a setting, which is unknown where it is empty.
func (v *validator) choice(at Place, value, what, of string, choices ...string) {
	if value != "" && !slices.Contains(choices, value) {
		v.mistakes.add(at, "%s of %s: %s is none of %s", what, Printable(of), Quoted(value), strings.Join(choices, " "))
	}
}
