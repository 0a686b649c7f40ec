package rules

import (
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// state is an inventory with the sums that several rules need.
type state struct {
	inv      *inventory.Inventory
	from     *inventory.Inventory // nil if the state is looked at on its own
	emptied  []planner.Subject    // servers and domains that must end empty, whatever their state
	groups   *inventory.ShareGroups
	scale    inventory.Scale
	loads    []inventory.Amounts // L of each store
	warnings []planner.Warning
}

func newState(inv *inventory.Inventory, groups *inventory.ShareGroups, opts Options) *state {
	s := &state{inv: inv, from: opts.From, emptied: opts.Drain, groups: groups, scale: inventory.NewScale(inv)}
	s.loads = inv.StoreLoads(&s.scale)
	return s
}

func (s *state) warn(rule planner.Rule, subject planner.Subject, format string, args ...any) {
	s.warnings = append(s.warnings, planner.Warning{
		Text: fmt.Sprintf(format, args...), Rule: planner.Text(rule), Subject: planner.Text(subject),
	})
}

// failed reports by server name who is down: those in state down and, beside
// them, the servers of the domain that fails now.
func (s *state) failed(d inventory.FailureDomain) map[inventory.ServerID]bool {
	failed := map[inventory.ServerID]bool{}
	for i := range s.inv.Servers {
		server := &s.inv.Servers[i]
		if server.State == inventory.Down || d != (inventory.FailureDomain{}) && server.Domain(d.Level) == d {
			failed[server.Name] = true
		}
	}
	return failed
}

// carried returns what each server carries while the given ones are down: the
// promoted instance of each store L, its other instances ρ·L.
func (s *state) carried(failed map[inventory.ServerID]bool) map[inventory.ServerID]*inventory.Amounts {
	carried := map[inventory.ServerID]*inventory.Amounts{}
	for i := range s.inv.Servers {
		carried[s.inv.Servers[i].Name] = &inventory.Amounts{}
	}
	for i := range s.inv.Stores {
		serving := false
		for _, in := range s.inv.Stores[i].Instances {
			if failed[in.Server] {
				continue
			}
			for r, res := range s.inv.Resources {
				amount := s.loads[i][r]
				if serving {
					amount = inventory.Times(amount, res.Replica)
				}
				carried[in.Server][r] += amount
			}
			serving = true
		}
	}
	return carried
}

// utilisation returns what part of the server's capacity the amount is.
func (s *state) utilisation(server *inventory.Server, r int, amount int64) float64 {
	return float64(amount) / s.scale.Quanta(r, server.Capacity[r])
}

func count(n int) planner.Number { return planner.Known(float64(n)) }
