package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/moves"
)

// after returns the facts as they are when the plans have been carried out, one
// after the other, and the ids of the plans.
func (a *app) after(ctx context.Context, f *facts, paths []string) (*facts, []string, error) {
	target, ids := f, []string{}
	plans, err := plansOn(ctx, f, paths)
	if err != nil {
		return nil, nil, err
	}
	for i, p := range plans {
		target = &facts{Inventory: carriedOut(p, target.Inventory), groups: f.groups, source: target.source + " after " + paths[i]}
		ids = append(ids, p.PlanID())
	}
	return target, ids, nil
}

// plansOn reads plans that are to be carried out on the facts, one after the
// other, and refuses those that do not belong there.
func plansOn(ctx context.Context, f *facts, paths []string) ([]planner.Plan, error) {
	var files []*planFile
	for _, path := range paths {
		p, err := readPlan(ctx, path)
		if err != nil {
			return nil, err
		}
		if _, schedule := p.Plan.(*planner.Schedule); schedule {
			return nil, hint(fmt.Errorf("%s is a schedule", path), "name the layout and users plans whose changes it orders")
		}
		files = append(files, p)
		if err := suits(f, files, ""); err != nil {
			return nil, err
		}
	}
	return verified(f, files)
}

// suits refuses the last of some plans if it is one of those before it, was made on other
// facts, or to follow a plan that is not among them: then the remedy, if there is one, names it.
func suits(f *facts, files []*planFile, remedy string) error {
	var ids []string
	last := files[len(files)-1]
	for _, p := range files[:len(files)-1] {
		if p.PlanID() == last.PlanID() {
			return samePlan(p.path, last.path)
		}
		ids = append(ids, p.PlanID())
	}
	return errors.Join(refuseDrift(last, f), last.follows(ids, remedy))
}

// verified returns the plans, unless they do not agree with the facts, with themselves
// or with those before them.
func verified(f *facts, files []*planFile) ([]planner.Plan, error) {
	if len(files) == 0 {
		return nil, nil
	}
	var plans []planner.Plan
	var paths []string
	for _, p := range files {
		plans, paths = append(plans, p.Plan), append(paths, p.path)
	}
	return plans, refuseMistakes(f, plans, paths)
}

// refuseMistakes returns an error if plans do not agree with the facts, with
// themselves or with those before them.
func refuseMistakes(f *facts, plans []planner.Plan, paths []string) error {
	wrong := &wrongPlans{}
	for i, mistakes := range moves.Verify(f.Inventory, f.groups, plans) {
		if mistakes != nil {
			wrong.files = append(wrong.files, wrongPlan{paths[i], mistakes})
		}
	}
	switch {
	case len(wrong.files) == 0:
		return nil
	case len(plans) > 1:
		return hint(wrong, "make the plans again; a users plan that is to follow a layout plan is made with --after LAYOUT")
	}
	return hint(wrong, "make the plan again")
}

// samePlan is the error for a plan that is named twice.
func samePlan(first, second string) error {
	if first == second {
		return hint(fmt.Errorf("%s is named twice", first), "name every plan once")
	}
	return hint(fmt.Errorf("%s and %s hold the same plan", first, second), "name every plan once")
}

// follows returns an error if the plan was made to follow one that is not among
// those that the ids belong to. Without a remedy that one is to be named too.
func (p *planFile) follows(ids []string, remedy string) error {
	if plan, ok := p.Plan.(*planner.Assignment); ok {
		for _, id := range plan.Options.After {
			if !slices.Contains(ids, id) {
				return hint(fmt.Errorf("%s was made to follow plan %s", p.path, id), "%s", cmp.Or(remedy, fmt.Sprintf("name the file of that plan before %s", p.path)))
			}
		}
	}
	return nil
}

// carriedOut returns the inventory that the plan leads to.
func carriedOut(p planner.Plan, inv *inventory.Inventory) *inventory.Inventory {
	switch p := p.(type) {
	case *planner.Layout:
		return changed(p).Target(inv)
	case *planner.Assignment:
		return p.Target(inv)
	}
	return inv
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
