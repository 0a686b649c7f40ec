package rules

import (
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// state is an inventory with the sums that several rules need.
type state struct {
	inv      *inventory.Inventory
	from     *inventory.Inventory // nil if the state is looked at on its own
	emptied  []planner.Subject    // servers and domains that must end empty, whatever their state
	partners int                  // most partners of a server; 0 if nothing limits them
	groups   *inventory.ShareGroups
	scale    inventory.Scale
	loads    []inventory.Amounts // L of each store
	sites    [][]int             // servers of each store's instances, by index
	on       [][]int             // stores with an instance on each server, each once
	normal   []inventory.Amounts // what each server carries in the normal state
	warnings []planner.Warning
}

func newState(inv *inventory.Inventory, groups *inventory.ShareGroups, opts Options) *state {
	s := &state{inv: inv, from: opts.From, emptied: opts.Drain, partners: opts.Scatter, groups: groups, scale: inventory.NewScale(inv)}
	s.loads = inv.StoreLoads(&s.scale)
	s.sites, s.on = sites(inv)
	s.normal = s.carriedNow()
	return s
}

// sites returns the servers of each store, and the stores of each server.
func sites(inv *inventory.Inventory) (ofStore, ofServer [][]int) {
	ofStore, ofServer = make([][]int, len(inv.Stores)), make([][]int, len(inv.Servers))
	for store := range inv.Stores {
		for _, in := range inv.Stores[store].Instances {
			server := inv.Server(in.Server)
			if !slices.Contains(ofStore[store], server) {
				ofServer[server] = append(ofServer[server], store)
			}
			ofStore[store] = append(ofStore[store], server)
		}
	}
	return ofStore, ofServer
}

func (s *state) warn(rule planner.Rule, subject planner.Subject, format string, args ...any) {
	s.warnings = append(s.warnings, planner.Warning{
		Text: fmt.Sprintf(format, args...), Rule: planner.Text(rule), Subject: planner.Text(subject),
	})
}

// utilisation returns what part of the server's capacity the amount is.
func (s *state) utilisation(server *inventory.Server, r int, amount int64) float64 {
	return float64(amount) / s.scale.Quanta(r, server.Capacity[r])
}

func count(n int) planner.Number { return planner.Known(float64(n)) }
