package moves_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/moves"
)

// fleet writes down small fleets: disk counts in GB, io in operations per second.
type fleet struct{ *inventory.Inventory }

func newFleet() fleet {
	inv := inventory.New()
	inv.Survive = nil
	for r := range inv.Resources {
		inv.Resources[r].Ceiling = 1
	}
	return fleet{inv}
}

// server adds a server with so many GB of disk; options change it further.
func (f fleet) server(name inventory.ServerID, disk float64, options ...func(*inventory.Server)) fleet {
	s := inventory.Server{Name: name, State: inventory.Active, Slots: inventory.Unlimited}
	s.Capacity[0], s.Capacity[1] = disk*1e9, 1000
	for _, option := range options {
		option(&s)
	}
	f.Servers = append(f.Servers, s)
	return f
}

func slots(n int) func(*inventory.Server)     { return func(s *inventory.Server) { s.Slots = n } }
func transfers(n int) func(*inventory.Server) { return func(s *inventory.Server) { s.Transfers = n } }

func bandwidth(n int64) func(*inventory.Server) {
	return func(s *inventory.Server) { s.Bandwidth = n }
}

func io(n float64) func(*inventory.Server) { return func(s *inventory.Server) { s.Capacity[1] = n } }
func down(s *inventory.Server)             { s.State = inventory.Down }

// store adds a store with a load of its own on the servers named, the master first.
func (f fleet) store(name inventory.StoreID, disk, ops float64, servers ...inventory.ServerID) fleet {
	st := inventory.Store{Name: name, State: inventory.Active}
	st.Base[0], st.Base[1] = disk*1e9, ops
	for i, s := range servers {
		in := inventory.Instance{Server: s, Role: inventory.Replica}
		if i == 0 {
			in.Role = inventory.Master
		}
		st.Instances = append(st.Instances, in)
	}
	f.Stores = append(f.Stores, st)
	return f
}

// user adds a user with so many GB of mail.
func (f fleet) user(name inventory.UserID, store inventory.StoreID, disk float64) fleet {
	u := inventory.User{Name: name, Store: store}
	u.Load[0] = disk * 1e9
	f.Users = append(f.Users, u)
	return f
}

// share ties two users.
func (f fleet) share(owner, grantee inventory.UserID) fleet {
	f.Shares = append(f.Shares, inventory.Share{Owner: owner, Grantee: string(grantee), Rights: "lrs"})
	return f
}

// layoutOf returns a plan of changes written as "seed s1 b from a", "promote s1 b
// from a", "drop s1 a", "create s1 a", with the bytes that the fleet's stores weigh.
func (f fleet) layoutOf(changes ...string) *planner.Layout {
	f.Sort()
	p := &planner.Layout{Format: planner.Format, Kind: planner.KindLayout}
	scale := inventory.NewScale(f.Inventory)
	loads := f.StoreLoads(&scale)
	for i, text := range changes {
		words := strings.Fields(text)
		c := planner.LayoutChange{
			ID: fmt.Sprintf("c%d", i+1), Do: planner.Verb(words[0]),
			Store: inventory.StoreID(words[1]), Server: inventory.ServerID(words[2]),
		}
		if len(words) > 3 {
			c.From = planner.Text(words[4])
		}
		if s := f.Store(c.Store); c.Do == planner.Seed && s >= 0 {
			c.Bytes = int64(scale.Value(0, loads[s][0]))
		}
		p.Changes = append(p.Changes, c)
	}
	p.Stores = placements(f.Inventory, p.Changes)
	seal(p)
	return p
}

// placements returns where those of the changes that apply lead the stores.
func placements(inv *inventory.Inventory, changes []planner.LayoutChange) []planner.Placement {
	state := inv.Clone()
	for i := range changes {
		c := &changes[i]
		s := state.Store(c.Store)
		if s >= 0 && (c.Do == planner.Seed || c.Do == planner.Create || state.Stores[s].On(c.Server) != nil) {
			change(state, c)
		}
	}
	var all []planner.Placement
	for _, st := range state.Stores {
		if len(st.Instances) == 0 {
			continue
		}
		p := planner.Placement{Store: st.Name, Master: st.Instances[0].Server}
		for _, in := range st.Instances[1:] {
			p.Replicas = append(p.Replicas, in.Server)
		}
		all = append(all, p)
	}
	return all
}

// usersOf returns a plan of moves written as "anna s1 s2".
func (f fleet) usersOf(changes ...string) *planner.Assignment {
	p := &planner.Assignment{Format: planner.Format, Kind: planner.KindUsers}
	groups := sharing.Groups(f.Inventory)
	for i, text := range changes {
		words := strings.Fields(text)
		c := planner.UserChange{
			ID: fmt.Sprintf("m%d", i+1), Do: planner.Move, User: inventory.UserID(words[0]),
			From: inventory.StoreID(words[1]), To: inventory.StoreID(words[2]),
		}
		if u := f.User(c.User); u >= 0 {
			c.Bytes = int64(f.Users[u].Load[0])
			c.Group = f.GroupID(groups, int(groups.Of[u]))
		}
		p.Changes = append(p.Changes, c)
	}
	seal(p)
	return p
}

// verify returns the mistakes of all plans as one error.
func verify(inv *inventory.Inventory, groups *inventory.ShareGroups, plans ...planner.Plan) error {
	var errs []error
	for _, m := range moves.Verify(inv, groups, plans) {
		if m != nil {
			errs = append(errs, m)
		}
	}
	return errors.Join(errs...)
}

// schedule orders the plans, replays the result and fails on anything wrong.
func (f fleet) schedule(t *testing.T, opts moves.Options, plans ...planner.Plan) planner.Schedule {
	t.Helper()
	f.Sort()
	groups := sharing.Groups(f.Inventory)
	if err := verify(f.Inventory, groups, plans...); err != nil {
		t.Fatal(err)
	}
	s := moves.Schedule(context.Background(), f.Inventory, groups, plans, opts)
	if wrong := newAudit(f.Inventory, groups, plans, opts, s).run(); len(wrong) > 0 {
		t.Errorf("the replay finds%s", lines(wrong))
	}
	return s
}

// times writes a schedule as "c1 1 0-8": change, wave, start and end in seconds.
func times(s planner.Schedule) string {
	var all []string
	for _, c := range s.Changes {
		wave := "-"
		if c.Wave != nil {
			wave = fmt.Sprint(*c.Wave)
		}
		all = append(all, fmt.Sprintf("%s %s %g-%g", c.ID, wave, c.StartSeconds, c.EndSeconds))
	}
	return strings.Join(all, ", ")
}
