package moves_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/moves"
)

// TestSameBytes schedules the same plans twice.
func TestSameBytes(t *testing.T) {
	for seed := range uint64(8) {
		inv := fixtures.Fleet(seed, fixtures.Lognormal, fixtures.Size{Servers: 6, StoresPerServer: 4, Users: 100})
		groups := sharing.Groups(inv)
		for n, opts := range variants {
			plans := randomPlans(rand.New(rand.NewPCG(seed, 7)), inv, groups, n%4)
			a := encode(t, moves.Schedule(context.Background(), inv, groups, plans, opts))
			b := encode(t, moves.Schedule(context.Background(), inv, groups, plans, opts))
			if !bytes.Equal(a, b) {
				t.Fatalf("seed %d, %+v: two schedules of the same plans differ", seed, opts)
			}
		}
	}
}

func encode(t *testing.T, s planner.Schedule) []byte {
	t.Helper()
	text, err := planner.Encode(&s)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestRenaming gives everything another name without changing the order of names:
// every change keeps its time.
func TestRenaming(t *testing.T) {
	for seed := range uint64(200) {
		inv := fixtures.Tiny(seed)
		groups := sharing.Groups(inv)
		rng := rand.New(rand.NewPCG(seed, 7))
		plans := randomPlans(rng, inv, groups, rng.IntN(4))
		opts := variants[rng.IntN(len(variants))]
		other, names := fixtures.Rename(inv, fixtures.KeepOrder, seed)
		a := moves.Schedule(context.Background(), inv, groups, plans, opts)
		b := moves.Schedule(context.Background(), other, sharing.Groups(other), renamed(plans, names), opts)
		if a.MakespanSeconds != b.MakespanSeconds || a.BoundSeconds != b.BoundSeconds || len(a.Violations) != len(b.Violations) {
			t.Fatalf("tiny fleet %d: %v s, bound %v s; renamed %v s, bound %v s", seed, a.MakespanSeconds, a.BoundSeconds, b.MakespanSeconds, b.BoundSeconds)
		}
		for i := range a.Changes {
			x, y := a.Changes[i], b.Changes[i]
			if x.ID != y.ID || x.StartSeconds != y.StartSeconds || x.EndSeconds != y.EndSeconds || (x.Wave != nil && *x.Wave != *y.Wave) {
				t.Fatalf("tiny fleet %d: %+v became %+v", seed, x, y)
			}
		}
	}
}

func renamed(plans []planner.Plan, names fixtures.Names) []planner.Plan {
	var out []planner.Plan
	for _, p := range plans {
		switch p := p.(type) {
		case *planner.Layout:
			c := *p
			c.Changes = slices.Clone(p.Changes)
			for i := range c.Changes {
				ch := &c.Changes[i]
				ch.Store, ch.Server = names.Stores[ch.Store], names.Servers[ch.Server]
				ch.From = planner.Text(names.Servers[inventory.ServerID(ch.From)])
			}
			seal(&c)
			out = append(out, &c)
		case *planner.Assignment:
			c := *p
			c.Changes = slices.Clone(p.Changes)
			for i := range c.Changes {
				ch := &c.Changes[i]
				ch.User, ch.Group = names.Users[ch.User], names.Users[ch.Group]
				ch.From, ch.To = names.Stores[ch.From], names.Stores[ch.To]
			}
			seal(&c)
			out = append(out, &c)
		}
	}
	return out
}

// TestCancelled interrupts the search before it begins: the schedule is whole,
// keeps the rules and says so.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	inv := fixtures.Fleet(3, fixtures.Mixed, fixtures.Size{Servers: 10, StoresPerServer: 4, Users: 400, Legal: true})
	groups := sharing.Groups(inv)
	for _, opts := range variants {
		plans := randomPlans(rand.New(rand.NewPCG(3, 7)), inv, groups, 2)
		s := moves.Schedule(ctx, inv, groups, plans, opts)
		wrong := newAudit(inv, groups, plans, opts, s).run()
		if s.Stopped != planner.Cancelled || len(wrong) > 0 {
			t.Errorf("%+v: stopped %s, %s", opts, s.Stopped, lines(wrong))
		}
	}
}

func TestProgress(t *testing.T) {
	inv := fixtures.Fleet(3, fixtures.Mixed, fixtures.Size{Servers: 10, StoresPerServer: 4, Users: 400})
	groups := sharing.Groups(inv)
	for _, opts := range variants {
		plans := randomPlans(rand.New(rand.NewPCG(3, 7)), inv, groups, 2)
		var last moves.Progress
		opts.Progress = func(p moves.Progress) { last = p }
		s := moves.Schedule(context.Background(), inv, groups, plans, opts)
		if last.Total != len(s.Changes) || last.Done != last.Total {
			t.Errorf("the last progress is %+v of %d changes", last, len(s.Changes))
		}
	}
}
