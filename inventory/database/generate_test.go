//go:build cgo

package database

import (
	"math"

	"pgregory.net/rapid"

	"github.com/interlacemail/interlace/inventory"
)

// hostile are names that a valid inventory may hold and a careless database
// would not bring back.
var hostile = []string{
	"'", `"`, "''; DROP TABLE users; --", "%", "_", "?1", ":name", "null", "NULL", "0", "007", "1e3", " ", " x ",
	"größe", "gro\u0308ße", "\u202eevil", "日本", "😀", "a!b", "user.name", "user^name", "\\", "a,b", "[1,2]", "{}", "<script>", "&amp;",
	"\u2028", "\ufffd", "\U0010ffff", "anyone", "group:staff", "-anna",
}

func text() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(hostile), rapid.String(), rapid.Just(""))
}

func userName() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(hostile), rapid.String()).Filter(inventory.ValidUserName)
}

// name returns short names, so that one inventory often has what another has.
func name() *rapid.Generator[string] { return rapid.StringMatching(`[A-Ca-c1-3][a-b._-]?`) }

func number() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.SampledFrom([]float64{0, 1, 0.1, 1.0 / 3, 1 << 53, 1<<53 + 2, 12e15, 1e300, math.SmallestNonzeroFloat64}),
		rapid.Float64Range(0, 1e300),
	)
}

func load() *rapid.Generator[inventory.Load] {
	return rapid.Custom(func(t *rapid.T) inventory.Load {
		var l inventory.Load
		for i := range rapid.IntRange(0, len(l)).Draw(t, "resources") {
			l[i] = number().Draw(t, "load")
		}
		return l
	})
}

func count() *rapid.Generator[inventory.Count] {
	return rapid.OneOf(rapid.Just(inventory.Unknown), rapid.Map(rapid.Int64Min(0), func(n int64) inventory.Count { return inventory.Count(n) }))
}

// listOf draws a list without two elements of one key; empty is nil.
func listOf[T any, K comparable](t *rapid.T, label string, limit int, element *rapid.Generator[T], key func(T) K) []T {
	list := rapid.SliceOfNDistinct(element, 0, limit, key).Draw(t, label)
	if len(list) == 0 {
		return nil
	}
	return list
}

// anInventory draws a sorted inventory that may have everything an inventory
// can have.
func anInventory() *rapid.Generator[*inventory.Inventory] {
	return rapid.Custom(func(t *rapid.T) *inventory.Inventory {
		inv := &inventory.Inventory{
			Resources: listOf(t, "resources", inventory.MaxResources, aResource(), func(r inventory.Resource) inventory.ResourceID { return r.Name }),
			Copies:    rapid.IntRange(0, 3).Draw(t, "copies"),
			Sharing: inventory.Sharing{
				Anyone: text().Draw(t, "anyone"), Group: text().Draw(t, "group"), Rights: text().Draw(t, "rights"),
				Ignore: rapid.SliceOfN(rapid.Map(userName(), func(s string) inventory.UserID { return inventory.UserID(s) }), 0, 3).Draw(t, "ignore"),
			},
			Spread: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) inventory.Spread {
				return inventory.Spread{Level: inventory.Level(name().Draw(t, "level")), Min: rapid.IntRange(0, 3).Draw(t, "min")}
			}), 0, 3).Draw(t, "spread"),
			Survive: rapid.SliceOfN(rapid.Map(name(), func(s string) inventory.Level { return inventory.Level(s) }), 0, 3).Draw(t, "survive"),
			Servers: listOf(t, "servers", 5, aServer(), func(s inventory.Server) inventory.ServerID { return s.Name }),
			Stores:  listOf(t, "stores", 5, aStore(), func(s inventory.Store) inventory.StoreID { return s.Name }),
			Users:   listOf(t, "users", 12, aUser(), func(u inventory.User) inventory.UserID { return u.Name }),
			Shares: listOf(t, "shares", 6, aShare(), func(s inventory.Share) [3]string {
				return [3]string{string(s.Owner), s.Folder, s.Grantee}
			}),
			Groups: listOf(t, "groups", 6, aMembership(), func(m inventory.Membership) inventory.Membership { return m }),
		}
		inv.Sort()
		return inv
	})
}

func aResource() *rapid.Generator[inventory.Resource] {
	return rapid.Custom(func(t *rapid.T) inventory.Resource {
		return inventory.Resource{
			Name: inventory.ResourceID(name().Draw(t, "name")), Unit: text().Draw(t, "unit"),
			Replica: number().Draw(t, "replica"), Cold: number().Draw(t, "cold"), Ceiling: number().Draw(t, "ceiling"),
			FailureCeiling: inventory.FailureCeiling{
				Default: number().Draw(t, "failure ceiling"),
				ByLevel: rapid.OneOf(
					rapid.Just(map[inventory.Level]float64(nil)),
					rapid.MapOfN(rapid.Map(name(), func(s string) inventory.Level { return inventory.Level(s) }), number(), 0, 3),
				).Draw(t, "by level"),
			},
		}
	})
}

func aServer() *rapid.Generator[inventory.Server] {
	level := rapid.Map(name(), func(s string) inventory.Level { return inventory.Level(s) })
	domain := rapid.Map(name(), func(s string) inventory.DomainID { return inventory.DomainID(s) })
	return rapid.Custom(func(t *rapid.T) inventory.Server {
		return inventory.Server{
			Name: inventory.ServerID(name().Draw(t, "name")),
			Domains: rapid.OneOf(
				rapid.Just(map[inventory.Level]inventory.DomainID(nil)), rapid.MapOfN(level, domain, 0, 3),
			).Draw(t, "domains"),
			Slots:    rapid.IntRange(inventory.Unlimited, 100).Draw(t, "slots"),
			Capacity: load().Draw(t, "capacity"), State: inventory.State(name().Draw(t, "state")),
			Bandwidth: rapid.Int64Min(0).Draw(t, "bandwidth"), Transfers: rapid.IntRange(0, 9).Draw(t, "transfers"),
		}
	})
}

func aStore() *rapid.Generator[inventory.Store] {
	level := rapid.Map(name(), func(s string) inventory.Level { return inventory.Level(s) })
	domain := rapid.Map(name(), func(s string) inventory.DomainID { return inventory.DomainID(s) })
	return rapid.Custom(func(t *rapid.T) inventory.Store {
		s := inventory.Store{
			Name:     inventory.StoreID(name().Draw(t, "name")),
			Capacity: load().Draw(t, "capacity"), Base: load().Draw(t, "base"), State: inventory.State(name().Draw(t, "state")),
			Pinned: rapid.Bool().Draw(t, "pinned"), Copies: rapid.IntRange(0, 3).Draw(t, "copies"),
			Only: rapid.OneOf(
				rapid.Just(map[inventory.Level][]inventory.DomainID(nil)), rapid.MapOfN(level, rapid.SliceOfN(domain, 0, 3), 0, 3),
			).Draw(t, "only"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "instances") {
			s.Instances = append(s.Instances, anInstance().Draw(t, "instance"))
		}
		return s
	})
}

func anInstance() *rapid.Generator[inventory.Instance] {
	return rapid.Custom(func(t *rapid.T) inventory.Instance {
		return inventory.Instance{
			Server: inventory.ServerID(name().Draw(t, "server")), Role: inventory.Role(name().Draw(t, "role")),
			IMAP: text().Draw(t, "imap"), CSync: text().Draw(t, "csync"), IMAPDConf: text().Draw(t, "imapd.conf"),
			SyncDir: text().Draw(t, "sync directory"), Log: text().Draw(t, "log"),
			Settings: inventory.Settings{
				Version: text().Draw(t, "version"), Separator: text().Draw(t, "separator"), VirtDomains: text().Draw(t, "virtdomains"),
				Conversations: text().Draw(t, "conversations"), Partitions: text().Draw(t, "partitions"),
			},
		}
	})
}

func aUser() *rapid.Generator[inventory.User] {
	return rapid.Custom(func(t *rapid.T) inventory.User {
		return inventory.User{
			Name: inventory.UserID(userName().Draw(t, "name")), Store: inventory.StoreID(name().Draw(t, "store")),
			Load: load().Draw(t, "load"), Moved: inventory.Date(rapid.SampledFrom([]string{"", "2026-11-22", "0001-01-01"}).Draw(t, "moved")),
			Messages: count().Draw(t, "messages"), Mailboxes: count().Draw(t, "mailboxes"),
			Kind: rapid.SampledFrom([]inventory.Kind{inventory.Person, inventory.Shared}).Draw(t, "kind"), Pinned: rapid.Bool().Draw(t, "pinned"),
			Estimated: rapid.Uint8().Draw(t, "estimated"),
		}
	})
}

func aShare() *rapid.Generator[inventory.Share] {
	return rapid.Custom(func(t *rapid.T) inventory.Share {
		return inventory.Share{
			Owner: inventory.UserID(userName().Draw(t, "owner")), Folder: text().Draw(t, "folder"),
			Grantee: text().Draw(t, "grantee"), Rights: text().Draw(t, "rights"),
		}
	})
}

func aMembership() *rapid.Generator[inventory.Membership] {
	return rapid.Custom(func(t *rapid.T) inventory.Membership {
		return inventory.Membership{Group: text().Draw(t, "group"), Member: inventory.UserID(userName().Draw(t, "member"))}
	})
}
