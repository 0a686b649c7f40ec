package planner

import (
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

func printable[N ~string](name N) string { return inventory.Printable(string(name)) }

// check adds what cannot be in a layout plan.
func (p *Layout) check(m *Mistakes) {
	ids, bytes := names[string]{}, int64(0)
	for i, c := range p.Changes {
		ids.once(m, c.ID, "changes", i, "id")
		c.check(m, i)
		bytes += max(c.Bytes, 0)
	}
	checkSum(m, p.BytesCopied, bytes)
	stores := names[inventory.StoreID]{}
	for i, s := range p.Stores {
		stores.once(m, s.Store, "stores", i, "store")
		p.checkServers(m, i)
	}
	checkStopped(m, p.Stopped)
	checkDifferent(m, "options.drain", p.Options.Drain)
	checkDifferent(m, "options.keep", p.Options.Keep)
}

// check adds what cannot be in a change of a layout plan.
func (c *LayoutChange) check(m *Mistakes, i int) {
	checkNamed(m, c.ID, "changes", i, "id")
	checkNamed(m, c.Store, "changes", i, "store")
	checkNamed(m, c.Server, "changes", i, "server")
	switch c.Do {
	case Promote, Seed:
		checkNamed(m, c.From, "changes", i, "from")
		if string(c.From) == string(c.Server) {
			m.add(at("changes", i, "from"), "%s is where it goes, too", printable(c.From))
		}
	case Drop, Create:
		if c.From != "" {
			m.add(at("changes", i, "from"), "a %s comes from nowhere", c.Do)
		}
	default:
		m.add(at("changes", i, "do"), "%s is none of promote, seed, drop, create", inventory.Quoted(string(c.Do)))
		return
	}
	if c.Bytes > 0 && c.Do != Seed {
		m.add(at("changes", i, "bytes"), "a %s copies nothing", c.Do)
	}
}

// checkServers adds servers that a store is on twice, unless the plan says
// that it leaves rule apart broken there.
func (p *Layout) checkServers(m *Mistakes, i int) {
	s := p.Stores[i]
	checkNamed(m, s.Store, "stores", i, "store")
	checkNamed(m, s.Master, "stores", i, "master")
	toldOf := func(v Violation) bool { return v.Rule == Apart && v.Subject == StoreSubject(s.Store) }
	for j, server := range s.Replicas {
		if (server == s.Master || slices.Contains(s.Replicas[:j], server)) && !slices.ContainsFunc(p.Violations, toldOf) {
			m.add(fmt.Sprintf("stores[%d].replicas[%d]", i, j), "server %s is named twice", printable(server))
		}
	}
}

// check adds what cannot be in a users plan.
func (p *Assignment) check(m *Mistakes) {
	ids, users, bytes := names[string]{}, names[inventory.UserID]{}, int64(0)
	for i, c := range p.Changes {
		ids.once(m, c.ID, "changes", i, "id")
		users.once(m, c.User, "changes", i, "user")
		c.check(m, i)
		bytes += max(c.Bytes, 0)
	}
	checkSum(m, p.BytesCopied, bytes)
	stores, receivers := names[inventory.StoreID]{}, names[inventory.StoreID]{}
	for i, s := range p.Stores {
		checkNamed(m, s.Store, "stores", i, "store")
		stores.once(m, s.Store, "stores", i, "store")
	}
	for i, s := range p.NewUsers {
		checkNamed(m, s.Store, "new_users", i, "store")
		receivers.once(m, s.Store, "new_users", i, "store")
	}
	checkStopped(m, p.Stopped)
	checkDifferent(m, "options.drain", p.Options.Drain)
	checkDifferent(m, "options.keep", p.Options.Keep)
	checkDifferent(m, "options.after", p.Options.After)
}

// check adds what cannot be in a change of a users plan.
func (c *UserChange) check(m *Mistakes, i int) {
	checkNamed(m, c.ID, "changes", i, "id")
	checkNamed(m, c.User, "changes", i, "user")
	checkNamed(m, c.Group, "changes", i, "group")
	checkNamed(m, c.From, "changes", i, "from")
	checkNamed(m, c.To, "changes", i, "to")
	if c.Do != Move {
		m.add(at("changes", i, "do"), "%s is not move", inventory.Quoted(string(c.Do)))
	}
	if c.From == c.To {
		m.add(at("changes", i, "to"), "%s is where the user comes from, too", printable(c.To))
	}
}

// check adds what cannot be in a schedule.
func (p *Schedule) check(m *Mistakes) {
	checkDifferent(m, "of", p.Of)
	type key struct{ plan, id string }
	seen := map[key]bool{}
	for i, c := range p.Changes {
		c.check(m, i, p)
		if k := (key{c.Plan, c.ID}); seen[k] {
			m.add(at("changes", i, "id"), "change %s of plan %s is named twice", printable(c.ID), printable(c.Plan))
		} else {
			seen[k] = true
		}
	}
	for i, w := range p.Waves {
		if w.Wave != i+1 {
			m.add(at("waves", i, "wave"), "it is %d, not %d", w.Wave, i+1)
		}
		if w.EndSeconds < w.StartSeconds {
			m.add(at("waves", i, "end_seconds"), "it ends before it starts")
		}
	}
	checkStopped(m, p.Stopped)
}

// check adds what cannot be in a change of the schedule.
func (c *ScheduledChange) check(m *Mistakes, i int, p *Schedule) {
	checkNamed(m, c.ID, "changes", i, "id")
	if !slices.Contains(p.Of, c.Plan) {
		m.add(at("changes", i, "plan"), "%s is none of the plans in of", inventory.Quoted(c.Plan))
	}
	if c.Wave != nil && (*c.Wave < 1 || *c.Wave > len(p.Waves)) {
		m.add(at("changes", i, "wave"), "%d is none of the %d waves", *c.Wave, len(p.Waves))
	}
	if c.EndSeconds < c.StartSeconds {
		m.add(at("changes", i, "end_seconds"), "it ends before it starts")
	}
}

// checkNamed adds a name that is missing.
func checkNamed[N ~string](m *Mistakes, name N, list string, item int, field string) {
	if name == "" {
		m.add(at(list, item, field), "it is missing")
	}
}

// checkSum adds bytes copied that are not those of the changes.
func checkSum(m *Mistakes, told, sum int64) {
	if told != sum {
		m.add("bytes_copied", "%d are not the %d bytes of the changes", told, sum)
	}
}

func checkStopped(m *Mistakes, s Stopped) {
	switch s {
	case AtBound, WithinGap, Budget, LocalOptimum, Steps, Cancelled:
	default:
		m.add("stopped", "%s is no reason to stop", inventory.Quoted(string(s)))
	}
}

// checkDifferent adds what a list names twice.
func checkDifferent[N ~string](m *Mistakes, list string, items []N) {
	for i, item := range items {
		if slices.Contains(items[:i], item) {
			m.add(fmt.Sprintf("%s[%d]", list, i), "%s is named twice", printable(item))
		}
	}
}
