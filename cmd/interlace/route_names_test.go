package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/planner"
)

// sharedServers are stores of which several have their masters on one server: s1 and s3 on
// imap1, s2 and s4 on imap2, where the others have replicas; s5 has a server of its own.
func sharedServers(users ...string) *inventory.Inventory {
	inv := &inventory.Inventory{}
	for _, s := range []struct{ name, master, replica string }{{"s1", "imap1", "imap2"}, {"s2", "imap2", "imap1"}, {"s3", "imap1", "imap2"}, {"s4", "imap2", "imap1"}, {"s5", "imap5", "imap2"}} {
		port := ":" + s.name[1:] + "143"
		inv.Stores = append(inv.Stores, inventory.Store{Name: inventory.StoreID(s.name), Instances: []inventory.Instance{
			{Server: inventory.ServerID(s.master), Role: inventory.Master, IMAP: s.master + ".example.org" + port},
			{Server: inventory.ServerID(s.replica), Role: inventory.Replica, IMAP: s.replica + ".example.org" + port},
		}})
	}
	for _, u := range users {
		name, store, _ := strings.Cut(u, "@")
		inv.Users = append(inv.Users, inventory.User{Name: inventory.UserID(name), Store: inventory.StoreID(store)})
	}
	slices.SortFunc(inv.Users, func(a, b inventory.User) int { return strings.Compare(string(a.Name), string(b.Name)) })
	return inv
}

// newNaming reads a routing file with these lines.
func newNaming(t *testing.T, inv *inventory.Inventory, lines ...string) *naming {
	c, _ := rerouter(t)
	c.Monitor.RoutingFile = filepath.Join(filepath.Dir(c.DB), "routing")
	n := &naming{config: c, inv: inv}
	n.routing(t, lines...)
	return n
}

func (n *naming) routing(t *testing.T, lines ...string) {
	write(t, n.Monitor.RoutingFile, strings.Join(lines, "\n")+"\n")
}

// way is a move of users from store to store.
func way(from, to string, users ...string) *course.Unit {
	u := &course.Unit{Plan: "p", Name: strings.Join(users, " ") + " to " + to}
	for _, user := range users {
		u.Moves = append(u.Moves, planner.UserChange{User: inventory.UserID(user), From: inventory.StoreID(from), To: inventory.StoreID(to)})
	}
	return u
}

// lines are those by which a unit routes its users.
func (n *naming) lines(t *testing.T, u *course.Unit) (string, error) {
	t.Helper()
	var routes []apply.Route
	for _, c := range u.Moves {
		routes = append(routes, apply.Route{User: c.User, From: *n.master(c.From), To: *n.master(c.To), Store: c.To})
	}
	routes, err := n.name(t.Context(), n.inv, routes)
	var lines []string
	for _, l := range routeLines(n.inv, routes) {
		lines = append(lines, l.String())
	}
	return strings.Join(lines, " "), err
}

func (n *naming) expect(t *testing.T, what, want string, u *course.Unit) {
	t.Helper()
	if got, err := n.lines(t, u); err != nil || got != want {
		t.Errorf("%s: %s, %v, want %s", what, got, err, want)
	}
}

// What is rehearsed of a move whose stores others are to lead by then is what is written then: the
// words in which the promotions before it have routed their users.
func TestNamesAfterPromotions(t *testing.T) {
	promoted := func(inv *inventory.Inventory, stores ...inventory.StoreID) *inventory.Inventory {
		inv = inv.Clone()
		for _, s := range stores {
			course.Lead(&inv.Stores[inv.Store(s)], inv.Stores[inv.Store(s)].Instances[1].Server)
		}
		return inv
	}
	for _, now := range [][]string{
		{"anna,imap1.example.org:1143", "ben,imap2.example.org:2143"}, // by address
		{"anna,s1", "ben,s2"},       // by store
		{"anna,imap1", "ben,imap2"}, // by server, which other stores have too
		{"anna,imap1", "ben,imap2.example.org:2143"},
	} {
		inv := sharedServers("anna@s1", "ben@s2")
		n := newNaming(t, inv, now...)
		then := promoted(inv, "s1", "s2")
		was := &naming{inv: inv}
		rehearsed, err := n.name(t.Context(), then, []apply.Route{{User: "anna", From: then.Stores[0].Instances[0], To: then.Stores[1].Instances[0], Store: "s2"}})
		if err != nil {
			t.Fatal(now, err)
		}
		var written []string
		for user, store := range map[inventory.UserID]inventory.StoreID{"anna": "s1", "ben": "s2"} {
			routes, err := n.name(t.Context(), inv, []apply.Route{{User: user, From: *was.master(store), To: then.Stores[then.Store(store)].Instances[0], Store: store}})
			if err != nil {
				t.Fatal(now, err)
			}
			written = append(written, string(user)+","+routes[0].Names.To)
		}
		slices.Sort(written)
		n.routing(t, written...)
		done, err := n.name(t.Context(), then, []apply.Route{{User: "anna", From: then.Stores[0].Instances[0], To: then.Stores[1].Instances[0], Store: "s2"}})
		if err != nil || done[0].Names != rehearsed[0].Names {
			t.Errorf("%v, then %v: %+v, rehearsed was %+v, %v", now, written, done[0].Names, rehearsed[0].Names, err)
		}
	}
}

// Of an instance that the run itself has made it is known which store it is of, and what others
// there are on its server.
func TestNamesOfWhatTheRunHasMade(t *testing.T) {
	inv := sharedServers("olga@s5", "pia@s2")
	then := inv.Clone()
	then.Stores[4].Instances[0] = inventory.Instance{Server: "imap6", Role: inventory.Master, IMAP: "imap6.example.org:5143"}
	then.Stores[0].Instances = append(then.Stores[0].Instances, inventory.Instance{Server: "imap6", Role: inventory.Replica, IMAP: "imap6.example.org:1143"})
	made, s2 := then.Stores[4].Instances[0], then.Stores[1].Instances[0]
	for _, test := range []struct {
		routing, want string
		route         apply.Route
	}{
		{"olga,s5", "olga,s5,s2", apply.Route{User: "olga", From: made, To: s2, Store: "s2"}},
		{"olga,imap6", "pia,imap2.example.org:2143,imap6.example.org:5143", apply.Route{User: "pia", From: s2, To: made, Store: "s5"}},
	} {
		n := newNaming(t, inv, test.routing)
		routes, err := n.name(t.Context(), then, []apply.Route{test.route})
		if err != nil {
			t.Fatal(err)
		}
		if l := routeLines(then, routes)[0]; l.String() != test.want {
			t.Errorf("%s: %s, want %s", test.routing, l.String(), test.want)
		}
	}
}

// A store has the form of most of its users, however many are routed elsewhere; what is
// learnt before the first unit begins holds for all, whoever leaves or comes meanwhile.
func TestFormsOfStores(t *testing.T) {
	inv := sharedServers("a@s2", "b@s2", "c@s2", "d@s2", "nico@s1", "olga@s5", "pia@s2", "zoe@s5")
	n := newNaming(t, inv, "nico,imap1", "a,imap1", "b,imap9", "c,imap1", "d,imap2", "pia,imap2.example.org:2143")
	n.expect(t, "three are elsewhere, and two are named in two ways", "nico,imap1,imap2", way("s1", "s2", "nico"))

	before := []string{"nico,imap1", "olga,imap5.example.org:5143", "pia,imap2", "zoe,imap5"}
	units := []*course.Unit{way("s2", "s5", "pia"), way("s1", "s2", "nico"), way("s1", "s4", "nico"), way("s5", "s4", "olga")}
	inv = sharedServers("nico@s1", "olga@s5", "pia@s2", "zoe@s5")
	n = newNaming(t, inv, before...)
	n.foresee(t.Context(), units)
	n.routing(t, "nico,imap1", "olga,imap5.example.org:5143", "pia,imap5", "zoe,imap5")
	n.expect(t, "all have left in the same run", "nico,imap1,imap2", units[1])
	n.expect(t, "the second begins first", "olga,imap5.example.org:5143,imap2.example.org:4143", units[3])
	n.expect(t, "the first", "nico,imap1,imap2.example.org:4143", units[2])

	n = newNaming(t, inv, "nico,s1", "olga,imap5.example.org:5143")
	n.foresee(t.Context(), units[2:])
	n.expect(t, "the second begins first", "olga,imap5.example.org:5143,s4", units[3])
}

// Whoever left a store whose original is kept is none of its users, but may come back: the
// store keeps the form that it had.
func TestFormsOfStoresThatWereLeft(t *testing.T) {
	inv := sharedServers("nico@s1", "pia@s2") // nobody has asked since where pia is
	n := newNaming(t, inv, "nico,imap1", "pia,imap1.example.org:3143")
	h, err := history.Open(t.Context(), n.DB, history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	n.history = h
	n.expect(t, "nobody moved", "nico,imap1,imap2.example.org:2143", way("s1", "s2", "nico"))

	p := &planner.Assignment{Format: planner.Format, Kind: "users", Inventory: planner.Reference{Fingerprint: "x", Loads: "x"}, Stopped: planner.Steps, Changes: way("s2", "s3", "pia").Moves}
	p.Changes[0].ID, p.Changes[0].Group, p.Changes[0].Do = "u1", "pia", planner.Move
	if err := planner.Seal(p); err != nil {
		t.Fatal(err)
	}
	text, err := planner.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	done := monitor.Apply{Plans: []string{p.ID}, By: "x", Began: time.Now()}
	if err := h.BeginApply(t.Context(), &done, [][]byte{text}); err != nil {
		t.Fatal(err)
	}
	data, _ := json.Marshal(map[string]any{"routes": map[string]course.RouteNames{"pia": {From: "imap2", To: "imap1.example.org:3143"}}})
	unit := course.Units([]planner.Plan{p}, nil)[0]
	for _, r := range []monitor.StepRecord{{Step: monitor.StepCheck, Data: string(data)}, {Step: monitor.StepRoute}, {Step: monitor.StepAllowTarget}, {Step: monitor.StepCanary}} {
		for _, r.State = range []monitor.StepState{monitor.StepBegan, monitor.StepDone} {
			r.Plan, r.Unit, r.At = p.ID, unit.Name, time.Now()
			if err := h.AddStep(t.Context(), &r); err != nil {
				t.Fatal(err)
			}
		}
	}
	n.forms = nil
	n.expect(t, "pia has moved", "nico,imap1,imap2", way("s1", "s2", "nico"))
	n.expect(t, "where she is now", "nico,imap1,imap1.example.org:3143", way("s1", "s3", "nico"))
	n.forms = nil
	n.routing(t, "nico,imap1", "pia,imap2.example.org:2143")
	n.expect(t, "somebody has sent her to the original", "nico,imap1,imap2", way("s1", "s2", "nico"))
}

// Where the name of a server would be both ends of a route the address is written if nobody
// is routed to the store yet; else it is refused until the routing has told them apart.
func TestNamesThatDoNotTellStoresApart(t *testing.T) {
	inv := sharedServers("olga@s1", "otto@s1", "paul@s3")
	n := newNaming(t, inv, "olga,imap1", "otto,imap1")
	n.expect(t, "nobody is there", "olga,imap1,imap1.example.org:3143", way("s1", "s3", "olga"))

	n = newNaming(t, inv, "olga,imap1", "otto,imap1", "paul,imap1")
	want := `users olga, otto are routed to "imap1", and s3 on imap1 has the same name, so that a route there would change nothing: first have routing_file name it imap1.example.org:3143 for all users who are there`
	if lines, err := n.lines(t, way("s1", "s3", "olga", "otto")); err == nil || err.Error() != want {
		t.Errorf("%s, %v, want %s", lines, err, want)
	}
	n.forms = nil
	n.routing(t, "olga,imap1", "otto,imap1", "paul,imap1.example.org:3143")
	n.expect(t, "as it says", "olga,imap1,imap1.example.org:3143 otto,imap1,imap1.example.org:3143", way("s1", "s3", "olga", "otto"))

	// It leads there only when it does not lead to the old one any more.
	routes := withNames(t, n.config, inv, []apply.Route{{User: "olga", From: *n.master("s1"), To: *n.master("s3")}})
	n.Apply.RoutingHook = []string{"/bin/true"}
	if err := n.reroute(t.Context(), inv, routes); err == nil || !strings.Contains(err.Error(), `user olga is routed to "imap1" and not to imap1.example.org:3143, as routing_file says`) {
		t.Errorf("a hook that does nothing: %v", err)
	}

	// And back it has the name of before.
	back := []apply.Route{{User: "olga", From: *n.master("s3"), To: *n.master("s1"), Was: "imap1"}}
	n.routing(t, "olga,imap1.example.org:3143", "otto,imap1.example.org:1143")
	if l := routeLines(inv, withNames(t, n.config, inv, back))[0]; l.String() != "olga,imap1.example.org:3143,imap1" {
		t.Errorf("back: %s", l.String())
	}

	for i := range inv.Stores {
		inv.Stores[i].Instances[0].IMAP = ""
	}
	n = &naming{config: newConfig(), inv: inv}
	if lines, err := n.lines(t, way("s1", "s3", "olga")); err == nil || !strings.Contains(err.Error(), "the inventory has to have the address") {
		t.Errorf("without addresses: %s, %v", lines, err)
	}
}

// The users of a store keep their form when another instance leads, unless that would no
// longer tell which one is meant.
func TestFormOfPromotedStore(t *testing.T) {
	inv := sharedServers("fritz@s1", "gina@s1", "olga@s5")
	promoted := func(store int, user string) []apply.Route {
		s := &inv.Stores[store]
		return []apply.Route{{User: inventory.UserID(user), From: s.Instances[0], To: s.Instances[1], Store: s.Name}}
	}
	for _, test := range []struct {
		name, routing, want string
		routes              []apply.Route
	}{
		{"several are on its server already", "fritz,imap1", "fritz,imap1,imap2", promoted(0, "fritz")},
		{"and one has no route", "gina,imap1", "fritz,imap1,imap2", promoted(0, "fritz")},
		{"it was alone on its server", "olga,imap5", "olga,imap5,imap2.example.org:5143", promoted(4, "olga")},
		{"by address", "fritz,imap1.example.org:1143", "fritz,imap1.example.org:1143,imap2.example.org:1143", promoted(0, "fritz")},
		{"by store", "fritz,s1", "fritz,s1,s1", promoted(0, "fritz")},
	} {
		n := newNaming(t, inv, test.routing)
		if l := routeLines(inv, withNames(t, n.config, inv, test.routes))[0]; l.String() != test.want {
			t.Errorf("%s: %s, want %s", test.name, l.String(), test.want)
		}
	}
}
