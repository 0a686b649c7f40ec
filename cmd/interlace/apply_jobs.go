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
func (a *app) jobs(ctx context.Context, h *history.History, f *facts, paths []string, flags applyFlags) ([]*job, error) {
	if len(paths) > 0 {
		j, err := readJob(ctx, paths)
		if err != nil {
			return nil, err
		}
		j.By, j.Began = account(), a.now().UTC()
		return []*job{j}, j.belongs(ctx, h, f)
	}
	open, err := h.Applies(ctx, false)
	if err != nil {
		return nil, err
	}
	return keptJobs(ctx, h, f, open)
}

// keptJobs reads applies with their plans from the database.
func keptJobs(ctx context.Context, h *history.History, f *facts, applies []monitor.Apply) ([]*job, error) {
	var list []*job
	for i := range applies {
		j, err := keptJob(ctx, h, &applies[i])
		if err != nil {
			return nil, err
		}
		if err := j.belongs(ctx, h, f); err != nil {
			return nil, err
		}
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

// belongs refuses plans that were made on other facts. What they have changed themselves
// does not count.
func (j *job) belongs(ctx context.Context, steps apply.Journal, f *facts) error {
	before, err := j.before(ctx, steps, f)
	if err != nil {
		return err
	}
	var changes []*planFile
	for _, p := range j.files {
		if _, schedule := p.Plan.(*planner.Schedule); schedule {
			if err := refuseDrift(p, before); err != nil {
				return err
			}
			continue
		}
		changes = append(changes, p)
		if err := suits(before, changes); err != nil {
			return err
		}
	}
	_, err = verified(before, changes)
	return err
}

// before returns the facts as they were before anything of the job was carried out.
func (j *job) before(ctx context.Context, steps apply.Journal, f *facts) (*facts, error) {
	var executed []*apply.Unit
	for i := range j.units {
		u := &j.units[i]
		records, err := steps.Steps(ctx, u.Plan, u.Name)
		if err != nil {
			return nil, err
		}
		if u.Executed(records) {
			executed = append(executed, u)
		}
	}
	if len(executed) == 0 {
		return f, nil
	}
	return &facts{Inventory: apply.Before(f.Inventory, executed), groups: f.groups, source: f.source}, nil
}

// name names the job by its plans.
func (j *job) name() string {
	if s := j.schedule(); s != nil {
		return s.PlanID()
	}
	return strings.Join(j.Plans, " ")
}

// known are the units of all applies that there ever were, with what is written down of
// them.
type known struct {
	unit    *apply.Unit
	records []monitor.StepRecord
}

func knownUnits(ctx context.Context, h *history.History) ([]known, error) {
	applies, err := h.Applies(ctx, true)
	if err != nil {
		return nil, err
	}
	var list []known
	seen := map[string]bool{}
	for i := range applies {
		j, err := keptJob(ctx, h, &applies[i])
		if err != nil {
			return nil, err
		}
		for i := range j.units {
			u := &j.units[i]
			if seen[u.Plan+" "+u.Name] {
				continue
			}
			seen[u.Plan+" "+u.Name] = true
			records, err := h.Steps(ctx, u.Plan, u.Name)
			if err != nil {
				return nil, err
			}
			list = append(list, known{u, records})
		}
	}
	return list, nil
}

// returning tells the units of jobs whose users come back to where their originals are
// still kept, and with handOver lets the units that left these there give them up: they
// must not be deleted any more.
func returning(ctx context.Context, h *history.History, jobs []*job, handOver func(*apply.Unit, string) error) error {
	before, err := knownUnits(ctx, h)
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
			if u.Do != nil || u.Rests(records) {
				continue
			}
			for _, k := range before {
				if k.unit.Plan == u.Plan || !k.unit.Leaves(k.records) || !returns(u, k.unit) {
					continue
				}
				u.Returns = true
				if k.unit.Rests(k.records) {
					if err := handOver(k.unit, u.Plan); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// returns reports whether a unit takes a user back to where another one has left the
// original.
func returns(u, left *apply.Unit) bool {
	for _, c := range u.Moves {
		if slices.ContainsFunc(left.Moves, func(l planner.UserChange) bool { return l.User == c.User && l.From == c.To }) {
			return true
		}
	}
	return false
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

// kept are the stores that units concern.
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
