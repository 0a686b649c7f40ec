package sharing_test

import (
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory/sharing"
)

func BenchmarkGroups(b *testing.B) {
	inv := fixtures.Fleet(1, fixtures.Lognormal, fixtures.Size{Servers: 100, StoresPerServer: 20, Users: 1_000_000})
	b.ResetTimer()
	b.ReportAllocs()
	for range b.N {
		sharing.Groups(inv)
	}
}
