package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// after returns the facts as they are when the plans have been carried out, one
// after the other, and the ids of the plans.
func (a *app) after(ctx context.Context, f *facts, paths []string) (*facts, []string, error) {
	target, ids := f, []string{}
	for _, path := range paths {
		p, err := readPlan(ctx, path)
		if err != nil {
			return nil, nil, err
		}
		if same := slices.Index(ids, p.PlanID()); same >= 0 {
			return nil, nil, samePlan(paths[same], path)
		}
		if err := refuseDrift(p, f); err != nil {
			return nil, nil, err
		}
		if err := p.follows(ids); err != nil {
			return nil, nil, err
		}
		inv, err := p.carriedOut(target.Inventory)
		if err != nil {
			return nil, nil, err
		}
		if err := sound(inv); err != nil {
			return nil, nil, fmt.Errorf("%s leads to an inventory that cannot be: %w", path, err)
		}
		target = &facts{Inventory: inv, groups: f.groups, source: f.source + " after " + path}
		ids = append(ids, p.PlanID())
	}
	return target, ids, nil
}

// samePlan is the error for a plan that is named twice.
func samePlan(first, second string) error {
	if first == second {
		return hint(fmt.Errorf("%s is named twice", first), "name every plan once")
	}
	return hint(fmt.Errorf("%s and %s hold the same plan", first, second), "name every plan once")
}

// follows returns an error if the plan was made to follow one that is not among
// those that the ids belong to.
func (p *planFile) follows(ids []string) error {
	if plan, ok := p.Plan.(*planner.Assignment); ok {
		for _, id := range plan.Options.After {
			if !slices.Contains(ids, id) {
				return hint(fmt.Errorf("%s was made to follow plan %s", p.path, id), "name the file of that plan before %s", p.path)
			}
		}
	}
	return nil
}

// carriedOut returns the inventory that the plan leads to.
func (p *planFile) carriedOut(inv *inventory.Inventory) (*inventory.Inventory, error) {
	switch plan := p.Plan.(type) {
	case *planner.Layout:
		return changed(plan).Target(inv), nil
	case *planner.Assignment:
		return plan.Target(inv), nil
	}
	return nil, hint(fmt.Errorf("%s is a schedule", p.path), "name the layout and users plans whose changes it orders")
}

// changed returns the layout plan with only the stores that it changes: the
// others may have changed since without touching the plan.
func changed(p *planner.Layout) *planner.Layout {
	touched := map[inventory.StoreID]bool{}
	for _, c := range p.Changes {
		touched[c.Store] = true
	}
	only := *p
	only.Stores = slices.DeleteFunc(slices.Clone(p.Stores), func(s planner.Placement) bool { return !touched[s.Store] })
	return &only
}
