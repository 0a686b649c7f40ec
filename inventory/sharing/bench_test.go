package sharing_test

import (
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory/sharing"
)

func BenchmarkMillionUsers(b *testing.B) {
	inv := fixtures.Fleet(1, fixtures.Lognormal, fixtures.Size{Servers: 100, StoresPerServer: 20, Users: 1_000_000})
	groups := sharing.Groups(inv)
	largest := sharing.Largest(inv, groups, 1)[0].Group
	b.Run("Groups", func(b *testing.B) {
		for range b.N {
			sharing.Groups(inv)
		}
	})
	b.Run("Largest", func(b *testing.B) {
		for range b.N {
			sharing.Largest(inv, groups, 20)
		}
	})
	b.Run("Oversized", func(b *testing.B) {
		for range b.N {
			sharing.Oversized(inv, groups)
		}
	})
	b.Run("Cuts", func(b *testing.B) {
		for range b.N {
			sharing.Cuts(inv, groups, largest, 5)
		}
	})
}
