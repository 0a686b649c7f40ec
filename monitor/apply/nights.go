package apply

import (
	"context"
	"fmt"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// night keeps a task for another night; those that have passed, or come before it and are
// about to begin, count too. Who has waited is not about to begin.
func (r *run) night(ctx context.Context, t *task) error {
	var units []*course.Unit
	begins := map[*course.Unit]bool{}
	before := true
	r.mu.Lock()
	for _, other := range r.units {
		units = append(units, &other.Unit)
		before = before && other != t
		begins[&other.Unit] = other != t && other.state == running && (other.passed || before && !other.waited)
	}
	r.mu.Unlock()
	return r.Options.night(ctx, &t.Unit, units, begins)
}

// night keeps a unit for another night when so many users have begun to move in this one
// as may, in whatever apply, there or back. Of the other units of this one some are about to
// begin.
func (o *Options) night(ctx context.Context, u *course.Unit, others []*course.Unit, begins map[*course.Unit]bool) error {
	limit := o.Limits.UsersPerNight
	if limit == 0 || o.Gates.Night == nil || len(u.Moves) == 0 {
		return nil
	}
	began, ends := o.Gates.Night(o.Now())
	c, err := o.counted(ctx, u, began, others, begins)
	if err != nil {
		return errEnds("how many users move this night already is not known: %v", err)
	}
	if users := c.begun + c.ahead; users > 0 && users+len(u.Moves) > limit {
		return &hindrance{why: fmt.Sprintf("%s, and no more than %d may: until %s, or with a larger --users-per-night", c, limit, ends.Format("2006-01-02 15:04 MST")), cause: "night", lasting: true}
	}
	return nil
}

// count is how many users move in a night but for those of one unit.
type count struct {
	begun, back int // that have begun to, and how many of these are moved back
	ahead       int // that are about to
}

// String says it to people.
func (c *count) String() string {
	text := inventory.Counted(c.begun, "user moves", "users move") + " this night already"
	if c.back > 0 {
		text += fmt.Sprintf(" (%s of them back, which counts too)", inventory.CountText(c.back))
	}
	switch {
	case c.begun == 0:
		text = inventory.Counted(c.ahead, "user moves", "users move") + " this night before"
	case c.ahead > 0:
		text += fmt.Sprintf(" and %s more before", inventory.CountText(c.ahead))
	}
	return text
}

// counted counts the users who move in the night that began at a time.
func (o *Options) counted(ctx context.Context, u *course.Unit, night time.Time, others []*course.Unit, begins map[*course.Unit]bool) (*count, error) {
	type key struct{ plan, unit string }
	moving := map[key]Begun{}
	if o.Gates.Begun != nil {
		begun, err := o.Gates.Begun(ctx, night)
		if err != nil {
			return nil, err
		}
		for _, b := range begun {
			moving[key{b.Plan, b.Unit}] = b
		}
	}
	var c count
	for _, other := range others {
		records, err := o.Journal.Steps(ctx, other.Plan, other.Name)
		if err != nil {
			return nil, err
		}
		k := key{other.Plan, other.Name}
		at, there := course.Last(records, monitor.StepCheck, monitor.StepBegan)
		_, known := moving[k]
		switch {
		case known, k == key{u.Plan, u.Name}:
		case there && !at.Before(night):
			moving[k] = Begun{Plan: other.Plan, Unit: other.Name, Users: len(other.Moves), Back: other.Back}
		case begins[other]:
			c.ahead += len(other.Moves)
		}
	}
	delete(moving, key{u.Plan, u.Name})
	for _, b := range moving {
		c.begun += b.Users
		if b.Back {
			c.back += b.Users
		}
	}
	return &c, nil
}
