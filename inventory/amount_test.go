package inventory_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/interlacemail/interlace/inventory"
)

// random returns a fleet of one store with users of very different sizes.
func random(seed uint64) *inventory.Inventory {
	rng := rand.New(rand.NewPCG(seed, 0))
	inv := inventory.New()
	inv.Stores = []inventory.Store{{Name: "s"}}
	for range 1000 {
		inv.Users = append(inv.Users, inventory.User{Store: "s", Load: inventory.Load{math.Floor(math.Exp(30 * rng.Float64())), rng.ExpFloat64()}})
	}
	return inv
}

func TestSumsDoNotDependOnTheOrder(t *testing.T) {
	for seed := range uint64(50) {
		inv := random(seed)
		scale := inventory.NewScale(inv)
		want := inv.StoreLoads(&scale)[0]
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(inv.Users), func(i, j int) { inv.Users[i], inv.Users[j] = inv.Users[j], inv.Users[i] })
		again := inventory.NewScale(inv)
		if got := inv.StoreLoads(&again)[0]; got != want || again != scale {
			t.Fatalf("seed %d: %v, in another order %v", seed, want, got)
		}
	}
}

func TestSumsOfBytesAreExact(t *testing.T) {
	inv := random(1)
	scale := inventory.NewScale(inv)
	var want int64
	for i := range inv.Users {
		want += int64(inv.Users[i].Load[0])
	}
	if got := scale.Value(0, inv.StoreLoads(&scale)[0][0]); got != float64(want) {
		t.Errorf("%v bytes, want %d", got, want)
	}
}

func TestTheScaleLeavesRoomForTheWholeFleet(t *testing.T) {
	inv := inventory.New()
	inv.Resources[0].Replica, inv.Resources[1].Cold = 3, 10
	inv.Stores = []inventory.Store{{Name: "s", Copies: 8}}
	for range 1000 {
		inv.Users = append(inv.Users, inventory.User{Store: "s", Load: inventory.Load{1 << 49, 1e15}})
	}
	scale := inventory.NewScale(inv)
	sum := inv.StoreLoads(&scale)[0]
	if weight := float64(sum[0]) * (1 + 3*7); weight >= math.MaxInt64 || sum[0] <= 0 {
		t.Errorf("all copies weigh %v quanta", weight)
	}
	if cold := float64(sum[1]) * 10; cold >= math.MaxInt64 || sum[1] <= 0 {
		t.Errorf("all of it in the first hour weighs %v quanta", cold)
	}
}
