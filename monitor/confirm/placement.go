package confirm

import (
	"fmt"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/host"
)

// arrived enters for each mover whether it is on the master of its new store, and
// returns those that are, and those that are not known to be. Told says what the journal has of
// a unit.
func arrived(movers []mover, found survey, told func(part) string, t *tally) (there, others []mover) {
	for _, m := range movers {
		at := instance{m.To, m.to.Instances[0].Server}
		d := m.doubt(monitor.Unmet)
		d.Server, d.Expected = inventory.Text(at.server), m.moves()
		switch s := found[at]; {
		case s.err != nil:
			d.Verdict, d.Found = monitor.UnknownFulfilment, fmt.Sprintf("%s is not known: %v", at, s.err)
			d.Next = "see why it does not answer, and ask again"
		case !s.owners[m.owner]:
			d.Found = joined(onText(found.on(m.owner)), told(m.part()))
			d.Next = carriesOut
			if m.back || m.certain { // nothing is left that would bring the mailboxes there
				d.Next = "remove nothing anywhere, and find out what became of the mailboxes"
			}
		default:
			t.is()
			there = append(there, m)
			continue
		}
		t.doubt(d)
		others = append(others, m)
	}
	return there, others
}

// carriesOut is what to do about what is not made.
const carriesOut = "interlace apply carries out what is left of the plan"

// onText says where somebody is.
func onText(list []instance) string {
	if len(list) == 0 {
		return "on no store"
	}
	texts := make([]string, len(list))
	for i, at := range list {
		texts[i] = at.String()
	}
	return strings.Join(texts, ", ")
}

// denials are who is denied on instances, or why that is not known.
type denials map[instance]denial

type denial = struct {
	users map[inventory.UserID]string // what is told to who tries to log in
	err   error
}

// placed enters for each mover that has arrived whether it is on all replicas of its new
// store and nowhere else, but denied at its old place. Tools is the directory of the programs
// that deny.
func placed(movers []mover, found survey, denied denials, tools string, t *tally) {
	for i := range movers {
		m := &movers[i]
		wrong := append(m.missing(found), m.elsewhere(found, denied, tools)...)
		for _, d := range wrong {
			t.doubt(d)
		}
		if len(wrong) == 0 {
			t.isOf(m)
		}
	}
	if len(movers) == 0 {
		return
	}
	for _, at := range found.silent() {
		t.doubt(monitor.Doubt{
			Verdict: monitor.UnknownFulfilment, Store: inventory.Text(at.store), Server: inventory.Text(at.server), Expected: "no one there who moved elsewhere",
			Found: fmt.Sprintf("who is there is not known: %v", found[at].err), Next: "see why it does not answer, and ask again",
		})
	}
}

// missing are the replicas of the new store that do not have the mover. Those that do
// not answer are told of once for all.
func (m *mover) missing(found survey) []monitor.Doubt {
	var doubts []monitor.Doubt
	for _, in := range m.to.Instances[1:] {
		s := found[instance{m.To, in.Server}]
		if s.err != nil || s.owners[m.owner] {
			continue
		}
		d := m.doubt(monitor.Unmet)
		d.Server, d.Expected, d.Found = inventory.Text(in.Server), "on the replica too", "not there"
		d.Next = fmt.Sprintf("interlace compare --store %s shows what repairs the replica", m.To)
		doubts = append(doubts, d)
	}
	return doubts
}

// elsewhere are the other stores that have the mover, but for the old one, and those that keep
// a copy for another plan, where the mover is denied. As a shared tree nobody can log in.
func (m *mover) elsewhere(found survey, denied denials, tools string) []monitor.Doubt {
	var doubts []monitor.Doubt
	for _, at := range found.on(m.owner) {
		if at.store == m.To {
			continue
		}
		d := m.doubt(monitor.Unmet)
		d.Store, d.Server, d.Expected = inventory.Text(at.store), inventory.Text(at.server), "on "+string(m.To)+" only"
		known := denied[at]
		_, out := known.users[m.User]
		k := m.keptOn(at.store)
		switch {
		case k == nil && at.store != m.From:
			d.Found, d.Next = "there too", "find out which copy is used, and remove the other"
		case k == nil && m.back && !m.left:
			d.Found, d.Next = "there too, though it was taken back", "find out whether anything there is newer, and remove it"
		case m.owner.Shared || out:
			continue
		case known.err != nil:
			d.Verdict, d.Expected = monitor.UnknownFulfilment, "kept there and denied"
			d.Found, d.Next = fmt.Sprintf("kept, and whether denied is not known: %v", known.err), lookThere
		default:
			d.Expected, d.Found = "kept there and denied", "kept and not denied: mail and logins may reach it"
			if conf, unit := m.keeperAt(at, k); unit != "" {
				d.Next, d.Command = fmt.Sprintf("run on %s", at.server), host.DenyCommand(tools, conf, unit, m.User)
			} else {
				d.Next = "find out which copy is used (interlace discover --routed) before either is denied or removed"
			}
		}
		doubts = append(doubts, d)
	}
	return doubts
}

// keeperAt returns the configuration of an instance that keeps a copy, and the name on servers of
// the unit for which it does; empty: the journal does not know.
func (m *mover) keeperAt(at instance, k *copyKept) (conf, unit string) {
	s := m.from
	switch {
	case k != nil:
		s, unit = k.store, host.FileName(k.Plan, k.Unit)
	case m.certain:
		unit = host.FileName(m.keeper.Plan, m.keeper.Name)
	}
	in := s.On(at.server)
	if in == nil {
		return "", ""
	}
	return in.IMAPDConf, unit
}

// lookThere is what to do where it is not known who is denied.
const lookThere = "see why cyr_deny -l can't be run there, and ask again"

// joined puts ; between the texts that are not empty.
func joined(texts ...string) string {
	var said []string
	for _, text := range texts {
		if text != "" {
			said = append(said, text)
		}
	}
	return strings.Join(said, "; ")
}
