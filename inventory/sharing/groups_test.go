package sharing_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
)

// fleet returns a sorted inventory of the named users on one store. A name that
// begins with a capital letter is a shared tree.
func fleet(users string, change func(*inventory.Inventory)) *inventory.Inventory {
	inv := inventory.New()
	inv.Stores = []inventory.Store{{Name: "s1", State: inventory.Active}}
	for _, name := range strings.Fields(users) {
		u := inventory.User{Name: inventory.UserID(name), Store: "s1"}
		if name[0] < 'a' {
			u.Kind = inventory.Shared
		}
		inv.Users = append(inv.Users, u)
	}
	change(inv)
	inv.Sort()
	return inv
}

// share adds a share for each line "owner folder grantee rights", "-" standing for no rights.
func share(inv *inventory.Inventory, lines ...string) {
	for _, line := range lines {
		f := strings.Fields(line)
		s := inventory.Share{Owner: inventory.UserID(f[0]), Folder: f[1], Grantee: f[2]}
		if f[3] != "-" {
			s.Rights = f[3]
		}
		inv.Shares = append(inv.Shares, s)
	}
}

func member(inv *inventory.Inventory, group string, names ...inventory.UserID) {
	for _, name := range names {
		inv.Groups = append(inv.Groups, inventory.Membership{Group: group, Member: name})
	}
}

// partition writes the groups with more than one member, such as "anna+ben carl+dora".
func partition(inv *inventory.Inventory, groups *inventory.ShareGroups) string {
	var words []string
	for g := range groups.Len() {
		var names []string
		for _, u := range groups.Members(g) {
			names = append(names, string(inv.Users[u].Name))
		}
		if len(names) > 1 {
			words = append(words, strings.Join(names, "+"))
		}
	}
	return strings.Join(words, " ")
}

func TestGroups(t *testing.T) {
	tests := []struct {
		name  string
		users string
		fleet func(*inventory.Inventory)
		want  string
	}{
		{"a share ties owner and grantee", "anna ben carl", func(inv *inventory.Inventory) {
			share(inv, "anna Work ben lrs")
		}, "anna+ben"},
		{"a chain ties its ends", "anna ben carl dora", func(inv *inventory.Inventory) {
			share(inv, "ben Work anna lrs", "ben Work dora l")
		}, "anna+ben+dora"},
		{"a shared tree ties its readers and itself", "anna ben carl Team", func(inv *inventory.Inventory) {
			share(inv, "Team News anna lrs", "Team News carl lrs")
		}, "Team+anna+carl"},
		{"a shared tree as grantee is tied", "anna Team", func(inv *inventory.Inventory) {
			share(inv, "anna Work Team lrs")
		}, "Team+anna"},
		{"two chains through a tree and a group are one group", "anna ben carl dora Team", func(inv *inventory.Inventory) {
			share(inv, "anna Work Team lrs", "Team News group:staff lrs", "dora Work ben lrs")
			member(inv, "staff", "ben", "carl")
		}, "Team+anna+ben+carl+dora"},
		{"negative rights tie nobody", "anna ben", func(inv *inventory.Inventory) {
			share(inv, "anna Work -ben lrs")
		}, ""},
		{"a negative group ties nobody", "anna ben", func(inv *inventory.Inventory) {
			share(inv, "anna Work -group:staff lrs")
			member(inv, "staff", "ben")
		}, ""},
		{"empty rights tie nobody", "anna ben", func(inv *inventory.Inventory) {
			share(inv, "anna Work ben -")
		}, ""},
		{"anyone and anonymous tie nobody", "anna ben anyone anonymous", func(inv *inventory.Inventory) {
			share(inv, "anna Work anyone lrs", "ben Work anonymous lrs")
		}, ""},
		{"one who shares with oneself stays alone", "anna ben", func(inv *inventory.Inventory) {
			share(inv, "anna Work anna lrs")
		}, ""},
		{"an unknown grantee ties nobody", "anna ben", func(inv *inventory.Inventory) {
			share(inv, "anna Work gone lrs", "ben Work gone lrs")
		}, ""},
		{"an unknown owner ties nobody", "anna ben", func(inv *inventory.Inventory) {
			share(inv, "gone Work anna lrs", "gone Work ben lrs", "gone Work group:staff lrs")
			member(inv, "staff", "anna", "ben")
		}, ""},
		{"a group ties the owner and all members", "anna ben carl dora", func(inv *inventory.Inventory) {
			share(inv, "dora Work group:staff lrs")
			member(inv, "staff", "anna", "carl", "gone")
		}, "anna+carl+dora"},
		{"an owner who is a member is tied once", "anna ben", func(inv *inventory.Inventory) {
			share(inv, "ben Work group:staff lrs")
			member(inv, "staff", "anna", "ben")
		}, "anna+ben"},
		{"a group that no share names ties nobody", "anna ben carl", func(inv *inventory.Inventory) {
			share(inv, "anna Work group:board lrs")
			member(inv, "staff", "ben", "carl")
		}, ""},
		{"ignored groups tie nobody", "anna ben", func(inv *inventory.Inventory) {
			inv.Sharing.Group = inventory.Ignore
			share(inv, "anna Work group:staff lrs")
			member(inv, "staff", "ben")
		}, ""},
		{"an ignored grantee ties nobody", "Archive anna ben", func(inv *inventory.Inventory) {
			inv.Sharing.Ignore = []inventory.UserID{"Archive"}
			share(inv, "anna Work Archive lrs", "ben Work Archive lrs")
		}, ""},
		{"an ignored owner ties nobody", "Archive anna ben", func(inv *inventory.Inventory) {
			inv.Sharing.Ignore = []inventory.UserID{"Archive"}
			share(inv, "Archive Old anna lrs", "Archive Old ben lrs", "Archive Old group:staff lrs")
			member(inv, "staff", "anna", "ben")
		}, ""},
		{"an ignored member is left out of its group", "anna ben carl", func(inv *inventory.Inventory) {
			inv.Sharing.Ignore = []inventory.UserID{"ben"}
			share(inv, "anna Work group:staff lrs")
			member(inv, "staff", "ben", "carl")
		}, "anna+carl"},
		{"an ignored group identifier ties nobody", "anna ben", func(inv *inventory.Inventory) {
			inv.Sharing.Ignore = []inventory.UserID{"group:staff"}
			share(inv, "anna Work group:staff lrs")
			member(inv, "staff", "ben")
		}, ""},
		{"a positive share beside a negative one ties", "anna ben", func(inv *inventory.Inventory) {
			share(inv, "anna Work -ben w", "anna Work ben lrs")
		}, "anna+ben"},
		{"the last of two owners with one folder each", "anna ben carl", func(inv *inventory.Inventory) {
			share(inv, "anna Work gone lrs", "ben Work carl lrs")
		}, "ben+carl"},
		{"no users", "", func(inv *inventory.Inventory) { share(inv, "anna Work ben lrs") }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv := fleet(tt.users, tt.fleet)
			groups := sharing.Groups(inv)
			if got := partition(inv, groups); got != tt.want {
				t.Errorf("groups %q, want %q", got, tt.want)
			}
			if len(groups.Of) != len(inv.Users) {
				t.Errorf("%d users have a group, want %d", len(groups.Of), len(inv.Users))
			}
		})
	}
}

// tied says in the words of the rule whether a share ties two users; slowly.
func tied(inv *inventory.Inventory, a, b inventory.UserID) bool {
	known := func(name inventory.UserID) bool { return inv.User(name) >= 0 }
	ignored := func(name inventory.UserID) bool { return slices.Contains(inv.Sharing.Ignore, name) }
	for _, s := range inv.Shares {
		if s.Rights == "" || s.Grantee[0] == '-' || s.Grantee == "anyone" || s.Grantee == "anonymous" {
			continue
		}
		var ends []inventory.UserID
		if name, ok := strings.CutPrefix(s.Grantee, "group:"); ok {
			if inv.Sharing.Group == inventory.Ignore {
				continue
			}
			for _, m := range inv.Groups {
				if m.Group == name {
					ends = append(ends, m.Member)
				}
			}
		} else {
			ends = append(ends, inventory.UserID(s.Grantee))
		}
		if ignored(s.Owner) || !known(s.Owner) || ignored(inventory.UserID(s.Grantee)) {
			continue
		}
		ends = slices.DeleteFunc(append(ends, s.Owner), func(u inventory.UserID) bool { return ignored(u) || !known(u) })
		if slices.Contains(ends, a) && slices.Contains(ends, b) {
			return true
		}
	}
	return false
}

// slowly returns the partition by the closure of tied.
func slowly(inv *inventory.Inventory) []int32 {
	of := make([]int32, len(inv.Users))
	for u := range of {
		of[u] = int32(u)
	}
	for range inv.Users {
		for a := range inv.Users {
			for b := range inv.Users {
				if tied(inv, inv.Users[a].Name, inv.Users[b].Name) {
					of[a] = min(of[a], of[b])
					of[b] = of[a]
				}
			}
		}
	}
	return of
}

// sharesOf draws a small inventory in which much is shared in every way.
func sharesOf(t *rapid.T) *inventory.Inventory {
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	idents := append([]string{
		"-a", "-group:x", "group:x", "group:y", "group:none", "anyone", "anonymous", "gone", "group:gone",
	}, names...)
	inv := inventory.New()
	inv.Stores = []inventory.Store{{Name: "s1", State: inventory.Active}}
	for _, name := range names {
		if rapid.IntRange(0, 5).Draw(t, name) > 0 {
			inv.Users = append(inv.Users, inventory.User{Name: inventory.UserID(name), Store: "s1", Kind: inventory.Kind(len(inv.Users) % 2)})
		}
	}
	for range rapid.IntRange(0, 7).Draw(t, "shares") {
		inv.Shares = append(inv.Shares, inventory.Share{
			Owner:   inventory.UserID(rapid.SampledFrom(names).Draw(t, "owner")),
			Folder:  rapid.SampledFrom([]string{"", "Work"}).Draw(t, "folder"),
			Grantee: rapid.SampledFrom(idents).Draw(t, "grantee"),
			Rights:  rapid.SampledFrom([]string{"", "lrs", "l"}).Draw(t, "rights"),
		})
	}
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		inv.Groups = append(inv.Groups, inventory.Membership{
			Group:  rapid.SampledFrom([]string{"x", "y", "unshared"}).Draw(t, "group"),
			Member: inventory.UserID(rapid.SampledFrom(names).Draw(t, "member")),
		})
	}
	inv.Sharing.Group = rapid.SampledFrom([]string{inventory.Tie, inventory.Ignore}).Draw(t, "policy")
	for range rapid.IntRange(0, 2).Draw(t, "ignored") {
		inv.Sharing.Ignore = append(inv.Sharing.Ignore, inventory.UserID(rapid.SampledFrom(names).Draw(t, "ignore")))
	}
	inv.Sort()
	return inv
}

func TestGroupsEqualTheClosureOfTheRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inv := sharesOf(t)
		got, want := sharing.Groups(inv), inventory.NewShareGroups(slowly(inv))
		if !slices.Equal(got.Of, want.Of) {
			t.Fatalf("groups %v, want %v of %+v", got.Of, want.Of, inv)
		}
	})
}
