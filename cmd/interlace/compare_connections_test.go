package main

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// However the pairs lie, all of them get their connections, and no server gives more
// than it has.
func TestConnectionsOfServers(t *testing.T) {
	inv := &inventory.Inventory{Servers: []inventory.Server{{Name: "a"}, {Name: "b"}, {Name: "c"}}}
	for _, each := range []int{0, 1, 2} {
		connections := newConnections(inv, each)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var used [3]atomic.Int32
		var wait sync.WaitGroup
		for i := range 300 {
			from, to := i%3, (i/3)%3
			wait.Go(func() {
				release, err := connections.take(ctx, inv.Servers[from].Name, inv.Servers[to].Name, 1)
				if err != nil {
					t.Error(err)
					return
				}
				defer release()
				for server := range map[int]bool{from: true, to: true} {
					if n := used[server].Add(1); n > int32(max(each, 1)) {
						t.Errorf("%d connections of %d are used", n, each)
					}
					defer used[server].Add(-1)
				}
				time.Sleep(time.Millisecond)
			})
		}
		wait.Wait()
		ended, end := context.WithCancel(ctx)
		end()
		release, err := connections.take(ctx, "a", "b", 1)
		if err != nil {
			t.Fatal(err)
		}
		for range max(each, 1) - 1 {
			if _, err := connections.take(ctx, "a", "b", 1); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := connections.take(ended, "b", "a", 1); err == nil {
			t.Error("a comparison that was interrupted gets a connection")
		}
		release()
		if _, err := connections.take(ctx, "b", "a", 1); err != nil {
			t.Errorf("what was given back is not there: %v", err)
		}
	}
}
