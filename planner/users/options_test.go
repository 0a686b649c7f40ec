package users_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/users"
)

func TestUnknownSubjects(t *testing.T) {
	f := newSmall(2).fill("a", 0, 2, 10)
	for _, opts := range []users.Options{
		{Drain: []planner.Subject{"store:s9"}},
		{Drain: []planner.Subject{"server:imap1"}},
		{Keep: []planner.Subject{"user:nobody"}},
		{Keep: []planner.Subject{"rack:a1"}},
		{Keep: []planner.Subject{"s7"}},
	} {
		_, err := users.Assign(context.Background(), f.Inventory, sharing.Groups(f.Inventory), opts)
		subject := append(opts.Drain, opts.Keep...)[0]
		if err == nil || !strings.Contains(err.Error(), string(subject)) {
			t.Errorf("%+v: error %v", opts, err)
		}
	}
}

func TestBudgetsAreSpentOrSaidNotToBe(t *testing.T) {
	for _, test := range []struct {
		name    string
		fleet   small
		opts    users.Options
		moves   int
		stopped planner.Stopped
	}{
		{"all of it", newSmall(10).fill("a", 0, 1000, 0.01), users.Options{MaxUsers: new(500)}, 500, planner.AtBound},
		{"all but what is too little for anybody", newSmall(3).fill("a", 0, 300, 0.2).fill("b", 1, 1, 58.99), users.Options{MaxBytes: new(int64(1.1e9))}, 5, planner.Budget},
		{"not all of it where that lowers nothing", newSmall(3).fill("a", 0, 500, 0.05).fill("b", 1, 500, 0.05), users.Options{MaxUsers: new(500)}, 332, planner.Steps},
		{"none of it where nothing does", newSmall(2).fill("a", 0, 2, 20).fill("b", 1, 1, 20), users.Options{MaxUsers: new(2)}, 0, planner.LocalOptimum},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := test.fleet.plan(t, test.opts)
			if len(plan.Changes) != test.moves || plan.Stopped != test.stopped {
				t.Errorf("%d moves, %s, want %d, %s: peak %v, bound %v", len(plan.Changes), plan.Stopped, test.moves, test.stopped, plan.Promises.PeakUtilisation, plan.Bounds.PeakUtilisation)
			}
		})
	}
}

func TestOptionsThatMeanNothing(t *testing.T) {
	f := newSmall(2).fill("a", 0, 2, 10)
	for want, opts := range map[string]users.Options{
		"a peak of NaN":           {Peak: math.NaN()},
		"a peak of -0.1":          {Peak: -0.1},
		"a peak of 1.5":           {Peak: 1.5},
		"a peak of +Inf":          {Peak: math.Inf(1)},
		"a budget of -1 bytes":    {MaxBytes: new(int64(-1))},
		"a budget of -2 users":    {MaxUsers: new(-2)},
		"-3 new users":            {Place: -3},
		"a budget of -4 bytes":    {MaxBytes: new(int64(-4)), Drain: []planner.Subject{"s9"}},
		"store to drain: \"s9\"":  {MaxBytes: new(int64(-4)), Drain: []planner.Subject{"s9"}},
		"server to keep: \"s8\"":  {Keep: []planner.Subject{"s8"}, Drain: []planner.Subject{"s9"}},
		"a peak of 2: it must be": {Peak: 2, MaxUsers: new(-1)},
	} {
		plan, err := users.Assign(context.Background(), f.Inventory, sharing.Groups(f.Inventory), opts)
		if plan != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v", want, err)
		}
	}
}

// countdown is a context that ends when it has been asked so many times.
type countdown struct {
	context.Context
	left *int
}

func (c countdown) Err() error {
	if *c.left--; *c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestInterruptedPlansAreWhole(t *testing.T) {
	for _, asked := range []int{0, 1, 3, 5, 10, 20, 100} {
		f := newSmall(6).fill("a", 0, 12, 10).fill("b", 1, 20, 5).fill("c", 2, 3, 10)
		f.Sort()
		left := asked
		ctx := countdown{context.Background(), &left}
		plan, err := users.Assign(ctx, f.Inventory, sharing.Groups(f.Inventory), users.Options{Peak: 0.6, Place: 1000})
		if err != nil {
			t.Fatal(err)
		}
		if plan.Stopped != planner.Cancelled || asked == 0 && len(plan.Changes) > 0 {
			t.Errorf("asked %d times: %s, moves %q", asked, plan.Stopped, moves(plan))
		}
		if plan.Bounds.BytesCopied.Known || len(plan.NewUsers) > 0 || warned(plan, "fit nowhere") {
			t.Errorf("asked %d times: an interrupted plan says what it did not find out: %+v, %+v, %v", asked, plan.Bounds, plan.NewUsers, plan.Warnings)
		}
		checkStores(t, plan.Target(f.Inventory), plan)
	}
}

func TestProgressIsTold(t *testing.T) {
	told := 0
	newSmall(2).fill("a", 0, 10, 10).plan(t, users.Options{Progress: func(p users.Progress) {
		told++
		if p.Doing == "" || p.Done > p.Total {
			t.Errorf("%+v", p)
		}
	}})
	if told == 0 {
		t.Error("nothing told")
	}
}
