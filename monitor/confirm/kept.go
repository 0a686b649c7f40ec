package confirm

import (
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// livesOn has a copy that is about to be deleted be held against the store on which the mover
// lives by the journal, where a later plan has moved the mover there.
func (c *checking) livesOn(m *mover) {
	w, a := c.Moved[m.User], c.accounts[m.part()]
	s := c.target.Store(w.Store)
	if !c.reads || a == nil || a.Fate != course.InEffect || !w.Since.After(a.At) || w.Store == m.To || w.Store == m.From || s < 0 || len(c.target.Stores[s].Instances) == 0 {
		return
	}
	m.To, m.to, m.name = w.Store, &c.target.Stores[s], ""
}

// keptThere reports whether a copy of the mover is one that a unit of the journal keeps: denied
// for that, or a shared tree, as which nobody can log in. The doubt says that it is not known.
func (m *mover) keptThere(at instance, denied denial) (kept bool, unknown *monitor.Doubt) {
	k := m.kept.On(at.store)
	switch {
	case k == nil:
		return false, nil
	case m.owner.Shared:
		return true, nil
	case denied.err != nil:
		d := m.doubt(monitor.UnknownFulfilment)
		d.Store, d.Server, d.Expected = inventory.Text(at.store), inventory.Text(at.server), "kept there and denied, for "+k.Unit
		d.Found, d.Next = fmt.Sprintf("kept, and whether denied is not known: %v", denied.err), lookThere
		return false, &d
	}
	return denied.users[m.User] == host.Mark(host.FileName(k.Plan, k.Unit)), nil
}

// places are the stores that may keep a copy of the mover: that which the mover has left, and
// those where the journal has one.
func (c *checking) places(m *mover) []*inventory.Store {
	var list []*inventory.Store
	if m.from != nil {
		list = append(list, m.from)
	}
	for _, k := range m.kept.Kept {
		if s := c.target.Store(k.Store); s >= 0 && k.Store != m.From {
			list = append(list, &c.target.Stores[s])
		}
	}
	return list
}
