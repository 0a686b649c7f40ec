package confirm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// spot is a server on which a plan changes a store, and what is to be there when it has
// been carried out.
type spot struct {
	unit  string   // that changes it last
	units []string // all that change it
	instance
	in     inventory.Instance
	wanted inventory.Role // empty: nothing
	alone  bool           // the store has no other instance
}

// part is what of the journal the spot belongs to.
func (s *spot) part() part { return part{s.unit, ""} }

// spots returns where the units change stores, each once. Facts have the addresses of
// what is to be gone, the target has what is to be there.
func spots(units []course.Unit, facts, target *inventory.Inventory) []spot {
	var list []spot
	add := func(unit string, c *planner.LayoutChange, server inventory.ServerID) {
		s := spot{unit: unit, units: []string{unit}, instance: instance{c.Store, server}}
		if i := slices.IndexFunc(list, func(o spot) bool { return o.instance == s.instance }); i >= 0 {
			list[i].unit, list[i].units = unit, append(list[i].units, unit) // the last change of it counts
			return
		}
		s.is(target)
		if i := facts.Store(c.Store); i >= 0 && s.wanted == "" {
			if in := facts.Stores[i].On(server); in != nil {
				s.in = *in
			}
		}
		list = append(list, s)
	}
	for i := range units {
		c := units[i].Do
		if c == nil {
			continue
		}
		add(units[i].Name, c, c.Server)
		if c.Do == planner.Promote && c.From != "" {
			add(units[i].Name, c, inventory.ServerID(c.From))
		}
	}
	return list
}

// is has a spot be as a fleet has it.
func (s *spot) is(fleet *inventory.Inventory) {
	i := fleet.Store(s.store)
	if i < 0 {
		return
	}
	if in := fleet.Stores[i].On(s.server); in != nil {
		s.in, s.wanted, s.alone = *in, in.Role, len(fleet.Stores[i].Instances) == 1
	}
}

// laidOut enters for each spot whether there is what is to be there.
func (c *checking) laidOut(ctx context.Context, list []spot, found survey, t *tally) error {
	for i := range list {
		s := &list[i]
		var running Running
		err := errors.New("nobody can be asked what runs there")
		if c.Running != nil && s.in.IMAPDConf != "" {
			running, err = c.Running(ctx, s.in)
		}
		here, known := found[s.instance]
		if !known && s.in.IMAP != "" {
			_, here.err = c.owners(ctx, c.Inventory, s.in)
			known = true
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		d := s.judge(here.err, known, running, err)
		if d == nil {
			t.is()
			continue
		}
		p := s.part()
		said := c.say(p)
		if c.returned(p) {
			said = c.takenBack(p, true)
		}
		d.Found = joined(d.Found, said)
		if d.Verdict != monitor.Unmet && c.notBegun(p) && (c.begun || s.in.IMAP == "") {
			d.Verdict, d.Found, d.Next = monitor.Unmet, "never begun", carriesOut
		}
		switch {
		case d.Verdict != monitor.Unmet:
		case c.returned(p):
			d.Next = "find out what came between: it is to be as it was before"
			if s.wanted != "" {
				d.Next = "have it run there as the " + string(s.wanted) + ": it is to be as it was before"
			}
		case c.barred(p) != "":
			d.Found, d.Next = c.barred(p), giveUp
		case c.fate(p) == course.UnderWay:
			d.Next = "interlace apply --resume --yes goes on with it"
		}
		t.doubt(*d)
	}
	return nil
}

// apart returns the spots of what is to be made, and of what was taken back. Where that is
// to be made again, its change is not made.
func (c *checking) apart(all []spot, t *tally) (list, undone []spot) {
	for _, s := range all {
		p := s.part()
		if !c.returned(p) {
			list = append(list, s)
			continue
		}
		undone = append(undone, s)
		if !c.givenUp(p) {
			d := monitor.Doubt{Verdict: monitor.Unmet, Unit: inventory.Text(s.unit), Store: inventory.Text(s.store), Server: inventory.Text(s.server), Expected: "its change made"}
			d.Found, d.Next = c.anew(p)
			t.doubt(d)
		}
	}
	return list, undone
}

// beside returns the other instances of the stores of which changes were taken back: they are
// as before when they run, in their roles, and answer. Those of which the plan has changed
// something, or another one since, and those on servers that are down are not among them.
func (c *checking) beside(undone, all []spot) []spot {
	var list []spot
	for _, s := range undone {
		at := c.present.Store(s.store)
		if at < 0 {
			continue
		}
		instances := c.present.Stores[at].Instances
		for _, in := range instances {
			o := spot{unit: s.unit, instance: instance{s.store, in.Server}, in: in, wanted: in.Role, alone: len(instances) == 1}
			is := func(other spot) bool { return other.instance == o.instance }
			server := c.Inventory.Server(in.Server)
			down := server >= 0 && c.Inventory.Servers[server].State == inventory.Down
			if !down && !slices.ContainsFunc(all, is) && !slices.ContainsFunc(list, is) && c.changedBy(&o) == nil {
				list = append(list, o)
			}
		}
	}
	return list
}

// counted returns how many changes of layouts are made, are not, and are not known to be, by the
// doubts about the spots that the plan still promises something of. A change that another one of the
// plan has gone on from everywhere is made where the journal has it as made, or where that one is.
func (c *checking) counted(own []spot, doubts []monitor.Doubt) *counted {
	n := &counted{}
	for i := range c.units {
		u := &c.units[i]
		p := part{u.Name, ""}
		touched := slices.DeleteFunc(slices.Clone(own), func(s spot) bool { return !slices.Contains(s.units, u.Name) })
		if len(touched) == 0 || c.returned(p) && c.givenUp(p) {
			continue
		}
		last := slices.ContainsFunc(touched, func(s spot) bool { return s.unit == u.Name })
		worst := monitor.Met
		for k := range doubts {
			d := &doubts[k]
			there := slices.ContainsFunc(touched, func(s spot) bool {
				return inventory.Text(s.store) == d.Store && inventory.Text(s.server) == d.Server
			})
			if d.Unit == inventory.Text(u.Name) || !last && there && c.fate(p) != course.InEffect {
				worst = worst.Worse(d.Verdict)
			}
		}
		n.add(worst)
	}
	return n
}

// judge says what is not as it is to be, or nothing. Silent is why the instance does not
// answer, and unseen why nothing is known of its processes.
func (s *spot) judge(silent error, asked bool, running Running, unseen error) *monitor.Doubt {
	d := &monitor.Doubt{Verdict: monitor.Unmet, Unit: inventory.Text(s.unit), Store: inventory.Text(s.store), Server: inventory.Text(s.server)}
	d.Expected, d.Next = "the "+string(s.wanted), carriesOut
	if s.wanted == "" {
		d.Expected = "no instance"
		switch {
		case !asked, unseen == nil && !running.Runs, errors.Is(silent, syscall.ECONNREFUSED):
			return nil
		case silent == nil:
			d.Found = "an instance that answers"
		case unseen == nil:
			d.Found = "an instance that runs and does not answer"
		default:
			d.Verdict, d.Found, d.Next = monitor.UnknownFulfilment, fmt.Sprintf("not known: %v; %v", silent, unseen), "see why it does not answer, and ask again"
		}
		return d
	}
	switch {
	case unseen == nil && !running.Runs, errors.Is(silent, syscall.ECONNREFUSED):
		d.Found = "nothing that runs"
	case silent != nil || !asked:
		d.Verdict, d.Found, d.Next = monitor.UnknownFulfilment, fmt.Sprintf("not known: %v", cause(silent)), "let the inventory name its address, see why it does not answer, and ask again"
	case s.alone:
		return nil
	case unseen != nil:
		d.Verdict, d.Found, d.Next = monitor.UnknownFulfilment, fmt.Sprintf("an instance; as what is not known: %v", unseen), "runner.argv in the configuration says how to ask the server"
	case running.Role != s.wanted:
		d.Found = "the " + string(running.Role)
	default:
		return nil
	}
	return d
}

func cause(err error) error {
	if err == nil {
		return errors.New("the inventory has no IMAP address of it")
	}
	return err
}
