package main

import (
	"context"
	"errors"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/inventory/files"
)

// factsKnown returns what is known of the fleet; nil where there is no inventory. What was
// recorded is shown without one, too, so a fleet file that the configuration names may have
// mistakes.
func (a *app) factsKnown(ctx context.Context) (*facts, error) {
	f, err := a.facts(ctx)
	mistakes := (*files.Error)(nil)
	switch {
	case errors.Is(err, database.ErrEmpty):
		return nil, nil
	case errors.As(err, &mistakes) && a.fromFile() && !a.config.find("fleet").fromFlag():
		a.note("warning: only what was recorded is shown, without the inventory: %s", inShort(err))
		return nil, nil
	}
	return f, err
}

// storesKnown returns what is known of the servers and stores, and how many users
// each store has; nil where there is no inventory.
func (a *app) storesKnown(ctx context.Context) (*inventory.Inventory, map[inventory.StoreID]int, error) {
	if a.fromFile() {
		f, err := a.factsKnown(ctx)
		if err != nil || f == nil {
			return nil, nil, err
		}
		return f.Inventory, f.users(), nil
	}
	users := map[inventory.StoreID]int{}
	db, err := a.readDatabase(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer db.Close()
	s, err := db.LoadStores(ctx, time.Time{})
	switch {
	case errors.Is(err, database.ErrEmpty):
		return nil, nil, nil
	case err == nil:
		err = a.damaged(s.Inventory)
	}
	if err != nil {
		return nil, nil, err
	}
	for _, sum := range s.Sums {
		users[sum.Store] = sum.Users
	}
	return s.Inventory, users, nil
}

// users returns how many users each store has.
func (f *facts) users() map[inventory.StoreID]int {
	users := map[inventory.StoreID]int{}
	for i := range f.Users {
		users[f.Users[i].Store]++
	}
	for store, sum := range f.sums {
		users[store] = sum.Users
	}
	return users
}
