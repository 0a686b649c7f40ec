package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/planner"
)

// job is an apply with its plans.
type job struct {
	monitor.Apply
	texts [][]byte // of the plans, as they are kept
	files []*planFile
	units []course.Unit
	found *facts // of the inventory, before anything of it was carried out
	// executed are its units that the facts may show, and those that take some back.
	executed []*course.Unit
	// remedy says which files are to be named too, where plans were carried out with others; or
	// nothing.
	remedy string
	// begun tells that something of it is, and elsewhere which of its plans a later apply has
	// taken in: their units are that one's.
	begun     bool
	elsewhere map[string]bool
	// backwards tells that the units are taken back.
	backwards bool
	// recalled are the units, by plan and name, that are asked to be taken back in this apply,
	// and wanted tells that all are, or such as have moved.
	recalled map[string]bool
	wanted   bool
	// left are the units, by plan and name, that would move users back, and that somebody has given
	// up.
	left      map[string]bool
	backSince time.Time // when the first was; zero: none was, once moved
	// over tells that of what was to be taken back nothing was left to be when this run began,
	// which has not been asked for that: it has nothing to do with it.
	over bool
}

// jobs returns what is to be carried out, or taken back: the plans of these files, or all
// that is begun and not done. Plans of which nothing is begun, and that do not belong to the
// facts, are refused; what is not begun of others is barred.
func (a *app) jobs(ctx context.Context, h *history.History, f *facts, paths []string, rollback bool) ([]*job, error) {
	if len(paths) > 0 {
		j, err := readJob(ctx, h, paths, "")
		if err != nil {
			return nil, err
		}
		j.By, j.Began = account(), a.now().UTC()
		if j.Number, err = begunAs(ctx, h, j.Plans); err != nil {
			return nil, err
		}
		if err := j.look(ctx, h, f); err != nil {
			return nil, err
		}
		if err := j.belongs(rollback); err != nil {
			return nil, err
		}
		if j.backwards && !rollback {
			return nil, j.refuseBack()
		}
		j.aim(rollback)
		return []*job{j}, nil
	}
	return keptJobs(ctx, h, f, rollback)
}

// aim has the job be taken back, if that is asked for now: then nothing of that is over, or given up.
func (j *job) aim(rollback bool) {
	if rollback {
		j.backwards, j.over = true, false
		clear(j.left)
	}
}

// refuseBack says that plans are not carried out that are, or were, taken back.
func (j *job) refuseBack() error {
	since := j.backSince.Local().Format(time.RFC3339)
	const anew = "a plan that is made with another --seed may be carried out anew"
	if j.over {
		return hint(fmt.Errorf("plan %s was carried out and was taken back, which began on %s", j.name(), since), anew)
	}
	return hint(fmt.Errorf("plan %s was carried out and is taken back since %s", j.name(), since), "interlace apply --rollback goes on with that; "+anew)
}

// begunAs returns the number of the apply of plans that is begun and not done; 0: there is none.
func begunAs(ctx context.Context, h *history.History, plans []string) (int64, error) {
	open, err := h.Applies(ctx, false)
	for i := range open {
		if slices.Equal(open[i].Plans, plans) {
			return open[i].Number, err
		}
	}
	return 0, err
}

// keptJobs returns all that is begun and not done. Each unit belongs to the apply that has
// taken it in last.
func keptJobs(ctx context.Context, h *history.History, f *facts, rollback bool) (list []*job, err error) {
	all, err := h.Applies(ctx, true)
	if err != nil {
		return nil, err
	}
	later := map[string]bool{}
	for i := range slices.Backward(all) {
		if !all[i].Ended.IsZero() {
			taken(later, &all[i])
			continue
		}
		j, err := keptJob(ctx, h, &all[i])
		if err != nil {
			return nil, err
		}
		j.elsewhere = maps.Clone(later)
		if err := j.look(ctx, h, f); err != nil {
			return nil, err
		}
		j.backwards = j.backwards || j.wanted
		j.aim(rollback)
		if !j.backwards {
			j.bar()
			j.barRecalled()
		}
		list = append(list, j)
		taken(later, &all[i])
	}
	slices.Reverse(list)
	return list, nil
}

// taken notes the plans of an apply.
func taken(plans map[string]bool, of *monitor.Apply) {
	for _, id := range of.Plans {
		plans[id] = true
	}
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

// readJob reads plan files that are to be, or were, carried out together. Alone says what to do
// about such as never were; empty: nothing but to have a schedule made of them.
func readJob(ctx context.Context, h *history.History, paths []string, alone string) (*job, error) {
	j, err := readFiles(ctx, paths)
	if err != nil {
		return nil, err
	}
	if j.remedy, err = j.nameOthers(ctx, h); err != nil {
		return nil, err
	}
	j.remedy = cmp.Or(j.remedy, alone)
	if err := j.together(); err != nil {
		return nil, err
	}
	j.sort()
	return j, nil
}

// readFiles reads plan files that may lack others.
func readFiles(ctx context.Context, paths []string) (*job, error) {
	j := &job{}
	for _, path := range paths {
		p, err := readPlan(ctx, path)
		if err != nil {
			return nil, err
		}
		j.files = append(j.files, p)
	}
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
		wrong = errors.Join(wrong, hint(errors.New("several plans are carried out in the order of a schedule, and there is none"), "%s", cmp.Or(j.remedy, "interlace moves makes one of them")))
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
	j.units = course.Units(plans, schedule)
}

// belongs refuses plans of which nothing is begun and that were made on other facts, and
// those that lack one before them. What is not begun of others is barred; the steps of what
// is look at the servers themselves, and what is taken back was there before.
func (j *job) belongs(rollback bool) error {
	var err error
	files := j.changes()
	if j.begun || rollback {
		for _, p := range files {
			err = errors.Join(err, p.follows(j.Plans[:slices.Index(j.Plans, p.PlanID())], j.remedy))
		}
		if !rollback && !j.backwards {
			j.bar()
		}
		return err
	}
	if s := j.schedule(); s != nil {
		err = refuseDrift(s, j.found)
	}
	for i := range files {
		err = errors.Join(err, suits(j.found, files[:i+1], j.remedy))
	}
	if err == nil {
		_, err = verified(j.found, files)
	}
	return err
}

// changes are the files of plans that change something.
func (j *job) changes() []*planFile {
	return slices.DeleteFunc(slices.Clone(j.files), func(p *planFile) bool { return p == j.schedule() })
}

// look notes the facts as they were before anything of the job was carried out, which does not
// count, whether something is begun, and whether that is, or was, taken back. Units that are a later
// apply's it leaves to that.
func (j *job) look(ctx context.Context, steps apply.Journal, f *facts) error {
	units := j.units
	j.recalled, j.left = map[string]bool{}, map[string]bool{}
	written := map[string][]monitor.StepRecord{}
	for i := range j.units {
		units = append(units, course.Reverse(&j.units[i])...)
	}
	for i := range units {
		u := &units[i]
		records, err := steps.Steps(ctx, u.Plan, u.Name)
		if err != nil {
			return err
		}
		written[u.Plan+u.Name] = records
		if u.Executed(records) {
			j.executed = append(j.executed, u)
		}
		j.begun = j.begun || !u.Fresh(records)
		switch {
		case j.elsewhere[u.Plan]:
		case i < len(j.units):
			j.recall(u, records)
		case len(records) > 0:
			j.takenBack(records[0].At)
			j.left[u.Plan+u.Name] = u.WasGivenUp(records)
		}
	}
	j.found = f
	if len(j.executed) > 0 {
		j.found = &facts{Inventory: course.Before(f.Inventory, j.executed), groups: f.groups, source: f.source}
	}
	j.units = slices.DeleteFunc(j.units, func(u course.Unit) bool { return j.elsewhere[u.Plan] })
	j.over = !slices.ContainsFunc(j.units, func(u course.Unit) bool { return !nothingLeft(&u, written) })
	return nil
}

// recall notes that a unit is asked to be taken back, and with it the whole job, or a part.
func (j *job) recall(u *course.Unit, records []monitor.StepRecord) {
	asked := u.Recalled(records)
	if asked == nil {
		return
	}
	if u.Pending(records) && !u.OnlyOn(records) {
		j.takenBack(asked.At)
	}
	j.wanted = j.wanted || asked.Apply == j.Number && !asked.Part || u.Do == nil && u.Settled(records)
	if asked.Apply == j.Number {
		j.recalled[u.Plan+u.Name] = true
	}
}

// takenBack notes that the job is taken back since a time.
func (j *job) takenBack(at time.Time) {
	j.backwards = true
	if j.backSince.IsZero() || at.Before(j.backSince) {
		j.backSince = at
	}
}

// has reports whether a unit is one of the plans, and none that takes such a one back.
func (j *job) has(u *course.Unit) bool {
	return slices.ContainsFunc(j.units, func(o course.Unit) bool { return same(&o, u) })
}

// reversed are the units that move users back who are on their new stores, or were. What
// left originals there brings these up to date.
func (j *job) reversed(results []course.Result) []course.Unit {
	var units []course.Unit
	for i := range results {
		r := &results[i]
		if r.Unit.Do != nil || r.Outcome != course.Moved && r.Outcome != course.Finished {
			continue
		}
		for _, u := range course.Reverse(r.Unit) {
			if r.Outcome == course.Finished {
				u.Of = ""
			}
			if j.left[u.Plan+u.Name] {
				u.Barred, u.GivenUp = isLeft, true
			}
			units = append(units, u)
		}
	}
	return units
}

// name names the job by its plans.
func (j *job) name() string {
	if s := j.schedule(); s != nil {
		return s.PlanID()
	}
	return strings.Join(j.Plans, " ")
}

// storesOf are the stores that units concern.
func storesOf(units []course.Unit) []inventory.StoreID {
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
