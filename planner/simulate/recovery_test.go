package simulate_test

import (
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

// mailFleet has servers a to d that copy 100 bytes a second in 2 transfers, and
// stores with the instances, bytes, messages and mailboxes given.
func mailFleet(stores ...mailStore) *inventory.Inventory {
	inv := inventory.New()
	for _, name := range []inventory.ServerID{"a", "b", "c", "d"} {
		inv.Servers = append(inv.Servers, inventory.Server{Name: name, State: inventory.Active, Slots: inventory.Unlimited, Capacity: inventory.Load{1e6, 100}, Bandwidth: 100})
	}
	for i, m := range stores {
		name := inventory.StoreID(rune('p' + i))
		st := inventory.Store{Name: name, State: inventory.Active}
		for _, server := range m.on {
			st.Instances = append(st.Instances, inventory.Instance{Server: inventory.ServerID(server)})
		}
		inv.Stores = append(inv.Stores, st)
		inv.Users = append(inv.Users, inventory.User{Name: inventory.UserID(name), Store: name, Load: inventory.Load{m.bytes}, Messages: m.messages, Mailboxes: m.mailboxes})
	}
	return inv
}

type mailStore struct {
	on                  string
	bytes               float64
	messages, mailboxes inventory.Count
}

func TestRecovery(t *testing.T) {
	const served = 60 + 120 + 180
	known := planner.Known
	for _, c := range []struct {
		name                    string
		stores                  []mailStore
		failing                 string
		oneCopy                 int
		service, risk, restore  planner.Number
		riskLeast, restoreLeast float64
	}{
		{name: "one transfer copies one store", stores: []mailStore{{"ab", 1000, 10, 1}}, failing: "a", oneCopy: 1, service: known(served), risk: known(served + 20), restore: known(20)},
		{name: "a replica is lost: nobody waits", stores: []mailStore{{"ba", 1000, 10, 1}}, failing: "a", oneCopy: 1, risk: known(served + 20), restore: known(20)},
		{name: "two from one server share its bandwidth", stores: []mailStore{{"ab", 1000, 0, 0}, {"ab", 2000, 0, 0}, {"ab", 3000, 0, 0}}, failing: "a", oneCopy: 3, service: known(served), risk: known(served + 60), restore: known(60)},
		{name: "two servers read at once", stores: []mailStore{{"ab", 1000, 0, 0}, {"ac", 3000, 0, 0}}, failing: "a", oneCopy: 2, service: known(served), risk: known(served + 60), restore: known(60)},
		{name: "messages take longer than bytes", stores: []mailStore{{"ab", 1000, 500, 1}, {"ab", 0, 300, 1}}, failing: "a", oneCopy: 2, service: known(served), risk: known(served + 50), restore: known(50)},
		{name: "mailboxes take longest", stores: []mailStore{{"ab", 1000, 500, 600}}, failing: "a", oneCopy: 1, service: known(served), risk: known(served + 120), restore: known(120)},
		{name: "some stores are long by bytes, others by messages", stores: []mailStore{{"ab", 3000, 0, 0}, {"ab", 0, 600, 0}, {"ab", 0, 600, 0}}, failing: "a", oneCopy: 3, service: known(served), risk: known(served + 90), restore: known(90)},
		{name: "with a third copy none is at risk", stores: []mailStore{{"abc", 1000, 0, 0}}, failing: "a", service: known(served), risk: known(0), restore: known(20)},
		{name: "one of two lost copies ends the risk", stores: []mailStore{{"abc", 1000, 0, 0}, {"abd", 4000, 0, 0}, {"cd", 6000, 0, 0}}, failing: "ab", oneCopy: 2, service: known(served), risk: known(served + 80), restore: known(80)},
		{name: "what is offline is not copied", stores: []mailStore{{"a", 9000, 0, 0}}, failing: "a", risk: known(0), restore: known(0)},
		{name: "messages are not known", stores: []mailStore{{"ab", 1000, inventory.Unknown, 1}}, failing: "a", oneCopy: 1, service: known(served), riskLeast: served + 20, restoreLeast: 20},
		{name: "those of another store are not", stores: []mailStore{{"ab", 1000, 10, 1}, {"cd", 1, inventory.Unknown, inventory.Unknown}}, failing: "a", oneCopy: 1, service: known(served), risk: known(served + 20), restore: known(20)},
	} {
		f := load.New(mailFleet(c.stores...))
		s := simulate.New(f, f.Current())
		s.Recovery = planner.Recovery{DetectSeconds: 60, DecideSeconds: 120, PromoteSeconds: 180, MessageRate: 10, MailboxRate: 5}
		var domains []load.Domain
		for _, server := range c.failing {
			domains = append(domains, f.Levels[0].Domains[server-'a'])
		}
		got := s.Fail(domains...)
		if c.risk.Known {
			c.riskLeast, c.restoreLeast = c.risk.Value, c.restore.Value
		}
		if got.ServiceSeconds != c.service || got.StoresOneCopy != c.oneCopy || got.AtRiskSeconds != c.risk || got.RestoreSeconds != c.restore ||
			got.AtRiskLeastSeconds != known(c.riskLeast) || got.RestoreLeastSeconds != known(c.restoreLeast) {
			t.Errorf("%s: got %+v", c.name, got)
		}
	}
}

// The load that fails over, not the number of stores, says how evenly it is shared.
func TestLargestShareIsOfTheLoad(t *testing.T) {
	inv := mailFleet(mailStore{on: "ab"}, mailStore{on: "ac"}, mailStore{on: "ac"}, mailStore{on: "ad"})
	for i, io := range []float64{6, 1, 2, 1} {
		inv.Users[i].Load[1] = io
	}
	f := load.New(inv)
	got := simulate.New(f, f.Current()).Fail(f.Levels[0].Domains[0])
	if got.LargestShare != planner.Known(0.6) || got.TakenOverBy != 3 {
		t.Errorf("one of %d takes %v, want 0.6 of 3", got.TakenOverBy, got.LargestShare)
	}
}

// Of a store with two users the count of one is known: that is the least.
func TestRecoveryTakesAtLeastWhatIsKnown(t *testing.T) {
	inv := mailFleet(mailStore{"ab", 0, 500, 1})
	inv.Users = append(inv.Users, inventory.User{Name: "unknown", Store: "p", Load: inventory.Load{0}, Messages: inventory.Unknown, Mailboxes: inventory.Unknown})
	f := load.New(inv)
	s := simulate.New(f, f.Current())
	s.Recovery = planner.Recovery{MessageRate: 10, MailboxRate: 5}
	got := s.Fail(f.Levels[0].Domains[0])
	if got.RestoreLeastSeconds != planner.Known(50) || got.RestoreSeconds.Known {
		t.Errorf("restored in %v seconds, at least %v; want 50 at least", got.RestoreSeconds, got.RestoreLeastSeconds)
	}
}
