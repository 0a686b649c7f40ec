package users_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/users"
)

// small builds fleets of three large servers and stores of 100 GB, mirrored from
// each server to the next.
type small struct{ *inventory.Inventory }

func newSmall(stores int) small {
	inv := inventory.New()
	for i := range 3 {
		inv.Servers = append(inv.Servers, inventory.Server{
			Name: inventory.ServerID(fmt.Sprintf("imap%d", i)), State: inventory.Active, Slots: inventory.Unlimited,
			Capacity: inventory.Load{1e12, 1e6},
		})
	}
	for i := range stores {
		inv.Stores = append(inv.Stores, inventory.Store{
			Name: inventory.StoreID(fmt.Sprintf("s%d", i)), State: inventory.Active, Capacity: inventory.Load{100e9},
			Instances: []inventory.Instance{
				{Server: inv.Servers[i%3].Name, Role: inventory.Master}, {Server: inv.Servers[(i+1)%3].Name, Role: inventory.Replica},
			},
		})
	}
	return small{inv}
}

// user adds a user with a load of disk in GB.
func (f small) user(name string, store int, gb float64) small {
	f.Users = append(f.Users, inventory.User{
		Name: inventory.UserID(name), Store: f.Stores[store].Name, Load: inventory.Load{gb * 1e9, gb},
		Messages: inventory.Unknown, Mailboxes: inventory.Unknown,
	})
	return f
}

// fill adds as many users of equal size.
func (f small) fill(prefix string, store, n int, gb float64) small {
	for i := range n {
		f.user(fmt.Sprintf("%s%02d", prefix, i), store, gb)
	}
	return f
}

// tie lets the first user share with the others.
func (f small) tie(owner string, others ...string) small {
	for _, other := range others {
		f.Shares = append(f.Shares, inventory.Share{Owner: inventory.UserID(owner), Folder: "Work", Grantee: other, Rights: "lrs"})
	}
	return f
}

func (f small) pin(name string) small {
	for u := range f.Users {
		if f.Users[u].Name == inventory.UserID(name) {
			f.Users[u].Pinned = true
		}
	}
	return f
}

// weigh gives the user another load of disk in GB and io.
func (f small) weigh(name string, gb, io float64) small {
	for u := range f.Users {
		if f.Users[u].Name == inventory.UserID(name) {
			f.Users[u].Load = inventory.Load{gb * 1e9, io}
		}
	}
	return f
}

func (f small) plan(t *testing.T, opts users.Options) *planner.Assignment {
	t.Helper()
	f.Sort()
	return assign(t, f.Inventory, opts)
}

// moves lists what the plan moves: user:from>to.
func moves(plan *planner.Assignment) string {
	var words []string
	for _, c := range plan.Changes {
		words = append(words, fmt.Sprintf("%s:%s>%s", c.User, c.From, c.To))
	}
	return strings.Join(words, " ")
}

func warned(plan *planner.Assignment, part string) bool {
	for _, w := range plan.Warnings {
		if strings.Contains(w.Text, part) {
			return true
		}
	}
	return false
}
