package moves

import "github.com/interlacemail/interlace/planner"

// fullest remembers the fullest disk of all states.
type fullest struct {
	known       bool
	utilisation float64
	server      int32
}

// look compares all servers.
func (f *fullest) look(l *ledger) {
	for s := range l.carried {
		f.lookAt(l, int32(s))
	}
}

func (f *fullest) lookAt(l *ledger, s int32) {
	if l.disk < 0 || l.fleet.Down[s] {
		return
	}
	if u := l.fleet.Utilisation(int(s), l.disk, l.carried[s][l.disk]); !f.known || u > f.utilisation {
		*f = fullest{true, u, s}
	}
}

// place names what was found in ledgers like l.
func (f *fullest) place(l *ledger) planner.Place {
	if !f.known {
		return planner.Place{}
	}
	inv := l.fleet.Inventory
	return planner.Place{
		Utilisation: planner.Known(f.utilisation),
		Server:      planner.Text(inv.Servers[f.server].Name),
		Resource:    planner.Text(inv.Resources[l.disk].Name),
	}
}
