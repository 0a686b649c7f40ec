package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/planner"
)

// job is an apply with its plans.
type job struct {
	monitor.Apply
	texts [][]byte // of the plans, as they are kept
	files []*planFile
	units []apply.Unit
}

// jobs returns what is to be carried out: the plans of these files, or all that is begun
// and not done. Plans that do not belong to the facts are refused.
func (a *app) jobs(ctx context.Context, h *history.History, f *facts, paths []string) ([]*job, error) {
	past, err := pastUnits(ctx, h)
	if err != nil {
		return nil, err
	}
	if len(paths) > 0 {
		j, err := readJob(ctx, paths)
		if err != nil {
			return nil, err
		}
		j.By, j.Began = account(), a.now().UTC()
		before, err := j.belongs(ctx, h, f, past)
		if err != nil {
			return nil, err
		}
		_, err = verified(before, j.changes())
		return []*job{j}, err
	}
	open, err := h.Applies(ctx, false)
	if err != nil {
		return nil, err
	}
	var list []*job
	for i := range open {
		j, err := keptJob(ctx, h, &open[i])
		if err != nil {
			return nil, err
		}
		if _, err := j.belongs(ctx, h, f, past); err != nil {
			return nil, err
		}
		j.units = slices.DeleteFunc(j.units, func(u apply.Unit) bool { return past.handedOver(&u) })
		list = append(list, j)
	}
	return list, nil
}

// keptJob reads an apply with its plans from the database.
func keptJob(ctx context.Context, h *history.History, of *monitor.Apply) (*job, error) {
	j := &job{Apply: *of}
	for _, id := range j.Plans {
		text, err := h.Plan(ctx, id)
		if err != nil {
			return nil, err
		}
		p, err := decodePlan(text)
		if err != nil {
			return nil, fmt.Errorf("plan %s of the journal: %w", id, err)
		}
		j.files, j.texts = append(j.files, &planFile{p, "plan " + id, text}), append(j.texts, text)
	}
	j.sort()
	return j, nil
}

// readJob reads plan files that are to be carried out together.
func readJob(ctx context.Context, paths []string) (*job, error) {
	j := &job{}
	for _, path := range paths {
		p, err := readPlan(ctx, path)
		if err != nil {
			return nil, err
		}
		j.files = append(j.files, p)
	}
	if err := j.together(); err != nil {
		return nil, err
	}
	j.sort()
	return j, nil
}

// schedule returns the file of the schedule, or nil.
func (j *job) schedule() *planFile {
	for _, p := range j.files {
		if _, ok := p.Plan.(*planner.Schedule); ok {
			return p
		}
	}
	return nil
}

// together refuses files of which one is missing, or too many.
func (j *job) together() error {
	var of []string
	s := j.schedule()
	if s != nil {
		of = s.Plan.(*planner.Schedule).Of
	}
	var wrong error
	given := map[string]string{}
	for _, p := range j.files {
		id := p.PlanID()
		if same, twice := given[id]; twice {
			wrong = errors.Join(wrong, samePlan(same, p.path))
		}
		given[id] = p.path
		switch _, schedule := p.Plan.(*planner.Schedule); {
		case schedule && p != s:
			wrong = errors.Join(wrong, hint(fmt.Errorf("%s and %s are both schedules", s.path, p.path), "carry them out one after the other"))
		case s != nil && !schedule && !slices.Contains(of, id):
			wrong = errors.Join(wrong, hint(fmt.Errorf("%s does not order what %s changes", s.path, p.path), "leave it out, or make a schedule of all plans with interlace moves"))
		}
	}
	for _, id := range of {
		if given[id] == "" {
			wrong = errors.Join(wrong, hint(fmt.Errorf("%s orders plan %s, which is missing", s.path, id), "name the file of that plan too"))
		}
	}
	if s == nil && len(j.files) > 1 {
		wrong = errors.Join(wrong, hint(errors.New("several plans are carried out in the order of a schedule, and there is none"), "interlace moves makes one of them"))
	}
	return wrong
}

// sort puts the plans into the order in which they follow one another, and makes units
// of them.
func (j *job) sort() {
	var schedule *planner.Schedule
	if s := j.schedule(); s != nil {
		schedule = s.Plan.(*planner.Schedule)
		rank := func(p *planFile) int {
			if at := slices.Index(schedule.Of, p.PlanID()); at >= 0 {
				return at
			}
			return len(schedule.Of)
		}
		slices.SortStableFunc(j.files, func(a, b *planFile) int { return rank(a) - rank(b) })
	}
	j.Plans, j.texts = nil, nil
	var plans []planner.Plan
	for _, p := range j.files {
		j.Plans, j.texts = append(j.Plans, p.PlanID()), append(j.texts, p.text)
		plans = append(plans, p.Plan)
	}
	j.units = apply.Units(plans, schedule)
}

// belongs refuses plans that were made on other facts, and returns the facts as they were
// before anything of the job was carried out, which does not count.
func (j *job) belongs(ctx context.Context, steps apply.Journal, f *facts, past past) (*facts, error) {
	before, err := j.before(ctx, steps, f, past)
	if err != nil {
		return nil, err
	}
	if s := j.schedule(); s != nil {
		err = refuseDrift(s, before)
	}
	files := j.changes()
	for i := range files {
		err = errors.Join(err, suits(before, files[:i+1]))
	}
	return before, err
}

// changes are the files of plans that change something.
func (j *job) changes() []*planFile {
	return slices.DeleteFunc(slices.Clone(j.files), func(p *planFile) bool { return p == j.schedule() })
}

// before returns the facts as they were before anything of the job was carried out. They
// may be older than what another plan has done: who was brought to where the job takes
// him from is there.
func (j *job) before(ctx context.Context, steps apply.Journal, f *facts, past past) (*facts, error) {
	var there []*apply.Unit
	for i := range j.units {
		u := &j.units[i]
		records, err := steps.Steps(ctx, u.Plan, u.Name)
		if err != nil {
			return nil, err
		}
		if u.Executed(records) || past.brought(u) {
			there = append(there, u)
		}
	}
	if len(there) == 0 {
		return f, nil
	}
	return &facts{Inventory: apply.Before(f.Inventory, there), groups: f.groups, source: f.source}, nil
}

// name names the job by its plans.
func (j *job) name() string {
	if s := j.schedule(); s != nil {
		return s.PlanID()
	}
	return strings.Join(j.Plans, " ")
}

// past are the units of all that was ever carried out.
type past []pastUnit

// pastUnit is a unit with what is written down of it.
type pastUnit struct {
	*apply.Unit
	records []monitor.StepRecord
}

func pastUnits(ctx context.Context, h *history.History) (past, error) {
	applies, err := h.Applies(ctx, true)
	if err != nil {
		return nil, err
	}
	var list past
	seen := map[[2]string]bool{}
	for i := range applies {
		j, err := keptJob(ctx, h, &applies[i])
		if err != nil {
			return nil, err
		}
		for i := range j.units {
			u := &j.units[i]
			if key := [2]string{u.Plan, u.Name}; seen[key] {
				continue
			} else {
				seen[key] = true
			}
			records, err := h.Steps(ctx, u.Plan, u.Name)
			if err != nil {
				return nil, err
			}
			list = append(list, pastUnit{u, records})
		}
	}
	return list, nil
}

// handedOver reports whether a unit is done with since another one took back what it did.
func (p past) handedOver(u *apply.Unit) bool {
	return slices.ContainsFunc(p, func(o pastUnit) bool { return o.Plan == u.Plan && o.Name == u.Name && apply.HandedOver(o.records) })
}

// brought reports whether another unit has moved users to where this one takes them from.
func (p past) brought(u *apply.Unit) bool {
	return slices.ContainsFunc(p, func(o pastUnit) bool {
		return o.Plan != u.Plan && o.Moved(o.records) && sameUser(u, o.Unit, func(c, other planner.UserChange) bool { return other.To == c.From })
	})
}

// left are the units that left the originals of users where this one takes them to.
func (p past) left(u *apply.Unit) (list []pastUnit) {
	for _, o := range p {
		if o.Plan != u.Plan && o.Leaves(o.records) && sameUser(u, o.Unit, func(c, other planner.UserChange) bool { return other.From == c.To }) {
			list = append(list, o)
		}
	}
	return list
}

// sameUser reports whether two units move a user of whom something holds.
func sameUser(u, o *apply.Unit, holds func(c, other planner.UserChange) bool) bool {
	for _, c := range u.Moves {
		if slices.ContainsFunc(o.Moves, func(other planner.UserChange) bool { return other.User == c.User && holds(c, other) }) {
			return true
		}
	}
	return false
}

// returning tells the units of jobs whose users come back to where their originals are
// still kept. The units that left these there give them up, and are handed over: they
// must not delete them any more.
func returning(ctx context.Context, h *history.History, jobs []*job, handOver func(left *apply.Unit, to string) error) error {
	past, err := pastUnits(ctx, h)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		for i := range j.units {
			u := &j.units[i]
			records, err := h.Steps(ctx, u.Plan, u.Name)
			if err != nil {
				return err
			}
			if !u.Ahead(records) {
				continue
			}
			for _, left := range past.left(u) {
				u.Returns = append(u.Returns, left.Unit)
				if left.Rests(left.records) {
					if err := handOver(left.Unit, u.Plan); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// reverse returns a job that moves the users of units back, with a plan of its own, made
// on the facts as they are after these.
func reverse(f *facts, units []*apply.Unit) (*job, error) {
	after := &facts{Inventory: apply.Carried(f.Inventory, units), groups: f.groups, source: f.source}
	p := &planner.Assignment{Format: planner.Format, Kind: planner.KindUsers, Stopped: planner.AtBound}
	for _, u := range units {
		for _, c := range u.Moves {
			c.From, c.To = c.To, c.From
			p.Changes = append(p.Changes, c)
			p.BytesCopied += c.Bytes
		}
	}
	slices.SortFunc(p.Changes, func(a, b planner.UserChange) int {
		return strings.Compare(string(a.Group)+"\x00"+string(a.User), string(b.Group)+"\x00"+string(b.User))
	})
	for i := range p.Changes {
		p.Changes[i].ID = fmt.Sprintf("m%d", i+1)
	}
	p.UsersInterrupted = len(p.Changes)
	p.Inventory = planner.NewReference(after.Inventory, after.groups, subjects(p))
	if err := planner.Seal(p); err != nil {
		return nil, err
	}
	text, err := planner.Encode(p)
	if err != nil {
		return nil, err
	}
	j := &job{files: []*planFile{{p, "plan " + p.ID, text}}}
	j.sort()
	return j, nil
}

// storesOf are the stores that units concern.
func storesOf(units []apply.Unit) []inventory.StoreID {
	var list []inventory.StoreID
	for i := range units {
		for _, s := range units[i].Stores() {
			if !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
	}
	return list
}
