package moves

import (
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/transit"
)

// fullest remembers the fullest disk of all states.
type fullest struct {
	known       bool
	utilisation float64
	server      int32
}

// look compares all servers.
func (f *fullest) look(l *transit.Ledger) {
	for s := range l.Carried {
		f.lookAt(l, int32(s))
	}
}

func (f *fullest) lookAt(l *transit.Ledger, s int32) {
	if l.Disk < 0 || l.Fleet.Down[s] {
		return
	}
	if u := l.Fleet.Utilisation(int(s), l.Disk, l.Carried[s][l.Disk]); !f.known || u > f.utilisation {
		*f = fullest{true, u, s}
	}
}

// place names what was found in ledgers like l.
func (f *fullest) place(l *transit.Ledger) planner.Place {
	if !f.known {
		return planner.Place{}
	}
	inv := l.Fleet.Inventory
	return planner.Place{
		Utilisation: planner.Known(f.utilisation),
		Server:      planner.Text(inv.Servers[f.server].Name),
		Resource:    planner.Text(inv.Resources[l.Disk].Name),
	}
}
