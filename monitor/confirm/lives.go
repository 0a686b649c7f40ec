package confirm

import "github.com/interlacemail/interlace/monitor/course"

// livesOn has a copy that is about to be deleted be held against the store on which the mover
// lives by the journal, where a later plan has moved the mover there.
func (c *checking) livesOn(m *mover) {
	w, a := c.Moved[m.User], c.accounts[m.part()]
	s := c.target.Store(w.Store)
	if !c.reads || a == nil || a.Fate != course.InEffect || !w.Onward(&m.UserChange, a.At) || s < 0 || len(c.target.Stores[s].Instances) == 0 {
		return
	}
	m.To, m.name = w.Store, ""
}
