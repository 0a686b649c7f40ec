package planner

import (
	"fmt"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

func printable[N ~string](name N) string { return inventory.Printable(string(name)) }

// check adds what cannot be in a layout plan.
func (p *Layout) check(m *Mistakes) {
	ids, bytes, users := names[string]{}, int64(0), int64(0)
	for i, c := range p.Changes {
		ids.once(m, c.ID, "changes", i, "id")
		c.check(m, i)
		bytes += max(c.Bytes, 0)
		users += int64(max(c.Users, 0))
	}
	checkSum(m, "bytes_copied", p.BytesCopied, bytes, "bytes")
	checkSum(m, "users_interrupted", int64(p.UsersInterrupted), users, "users")
	stores := names[inventory.StoreID]{}
	for i, s := range p.Stores {
		stores.once(m, s.Store, "stores", i, "store")
		p.checkServers(m, i)
	}
	p.Bounds.check(m)
	checkRules(m, p.Violations)
	checkStopped(m, p.Stopped)
	checkDifferent(m, "options.drain", p.Options.Drain)
	checkDifferent(m, "options.keep", p.Options.Keep)
}

// check adds bounds on worst failures that are not the largest of their kinds, or
// below another that holds for them too. A plan that tells no kinds, or no bound on
// two failures, is one of a version that knew none.
func (b *LayoutBounds) check(m *Mistakes) {
	largest := func(place string, bound Number, kinds FailureBounds) {
		if most := kinds.Largest(); most.Known && most != bound {
			m.Add(place, "it is not the largest of its kinds")
		}
	}
	largest("bounds.worst_single", b.WorstSingle, b.ByKind.WorstSingle)
	if b.WorstPair.Known && b.WorstSingle.Known && b.WorstPair.Value < b.WorstSingle.Value {
		m.Add("bounds.worst_pair", "it is below that of one failure, which holds for two as well")
	}
	for _, level := range slices.Sorted(maps.Keys(b.ByKind.WorstDomain)) {
		largest("bounds.worst_domain."+printable(level), b.WorstDomain[level], b.ByKind.WorstDomain[level])
	}
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
			m.Add(at("changes", i, "from"), "%s is where it goes, too", printable(c.From))
		}
	case Drop, Create:
		if c.From != "" {
			m.Add(at("changes", i, "from"), "a %s comes from nowhere", c.Do)
		}
	default:
		m.Add(at("changes", i, "do"), "%s is none of promote, seed, drop, create", inventory.Quoted(string(c.Do)))
		return
	}
	if c.Bytes > 0 && c.Do != Seed {
		m.Add(at("changes", i, "bytes"), "a %s copies nothing", c.Do)
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
			m.Add(fmt.Sprintf("stores[%d].replicas[%d]", i, j), "server %s is named twice", printable(server))
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
	checkSum(m, "bytes_copied", p.BytesCopied, bytes, "bytes")
	stores, receivers := names[inventory.StoreID]{}, names[inventory.StoreID]{}
	for i, s := range p.Stores {
		checkNamed(m, s.Store, "stores", i, "store")
		stores.once(m, s.Store, "stores", i, "store")
	}
	for i, s := range p.NewUsers {
		checkNamed(m, s.Store, "new_users", i, "store")
		receivers.once(m, s.Store, "new_users", i, "store")
	}
	p.checkPeak(m)
	checkRules(m, p.Violations)
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
		m.Add(at("changes", i, "do"), "%s is not move", inventory.Quoted(string(c.Do)))
	}
	if c.From == c.To {
		m.Add(at("changes", i, "to"), "%s is where the user comes from, too", printable(c.To))
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
			m.Add(at("changes", i, "id"), "change %s of plan %s is named twice", printable(c.ID), printable(c.Plan))
		} else {
			seen[k] = true
		}
	}
	for i, w := range p.Waves {
		if w.Wave != i+1 {
			m.Add(at("waves", i, "wave"), "it is %d, not %d", w.Wave, i+1)
		}
		if w.EndSeconds < w.StartSeconds {
			m.Add(at("waves", i, "end_seconds"), "it ends before it starts")
		}
	}
	checkRules(m, p.Violations)
	checkStopped(m, p.Stopped)
}

// check adds what cannot be in a change of the schedule.
func (c *ScheduledChange) check(m *Mistakes, i int, p *Schedule) {
	checkNamed(m, c.ID, "changes", i, "id")
	if !slices.Contains(p.Of, c.Plan) {
		m.Add(at("changes", i, "plan"), "%s is none of the plans in of", inventory.Quoted(c.Plan))
	}
	if c.Wave != nil && (*c.Wave < 1 || *c.Wave > len(p.Waves)) {
		m.Add(at("changes", i, "wave"), "%d is none of the %d waves", *c.Wave, len(p.Waves))
	}
	if c.EndSeconds < c.StartSeconds {
		m.Add(at("changes", i, "end_seconds"), "it ends before it starts")
	}
}

// checkNamed adds a name that is missing.
func checkNamed[N ~string](m *Mistakes, name N, list string, item int, field string) {
	if name == "" {
		m.Add(at(list, item, field), "it is missing")
	}
}

// checkSum adds a total that is not that of the changes.
func checkSum(m *Mistakes, place string, told, sum int64, unit string) {
	if told != sum {
		m.Add(place, "%d are not the %d %s of the changes", told, sum, unit)
	}
}

// checkPeak adds a peak that is not the largest utilisation of the stores.
func (p *Assignment) checkPeak(m *Mistakes) {
	var peak Number
	for _, s := range p.Stores {
		if u := s.Utilisation; u.Known && (!peak.Known || u.Value > peak.Value) {
			peak = u
		}
	}
	if p.Promises.PeakUtilisation != peak {
		m.Add("promises.peak_utilisation", "it is not the largest utilisation of the stores")
	}
}

// checkRules adds violations of rules that there are not.
func checkRules(m *Mistakes, broken []Violation) {
	for i, v := range broken {
		if !slices.Contains(rules, v.Rule) {
			m.Add(at("violations", i, "rule"), "%s is no rule", inventory.Quoted(string(v.Rule)))
		}
	}
}

func checkStopped(m *Mistakes, s Stopped) {
	switch s {
	case AtBound, WithinGap, Budget, LocalOptimum, Steps, Cancelled:
	default:
		m.Add("stopped", "%s is no reason to stop", inventory.Quoted(string(s)))
	}
}

// checkDifferent adds what a list names twice.
func checkDifferent[N ~string](m *Mistakes, list string, items []N) {
	for i, item := range items {
		if slices.Contains(items[:i], item) {
			m.Add(fmt.Sprintf("%s[%d]", list, i), "%s is named twice", printable(item))
		}
	}
}
