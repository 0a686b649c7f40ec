package apply

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Rehearsal is what carrying a unit on would do, and what speaks against it.
type Rehearsal struct {
	Unit    *Unit
	Outcome Outcome // where it is
	Records []monitor.StepRecord
	Steps   []StepRehearsal
	Text    string // what the check says if nothing speaks against it
	Refused []string
}

// StepRehearsal is a step that is still to be done, with the commands that it would run.
type StepRehearsal struct {
	Step     monitor.Step
	Commands []Command
}

// Command is what runs on a server or, where it is the operator's hook, is about one.
type Command struct {
	Server inventory.ServerID
	Words  []string
}

// recorded are the steps of which it is known beforehand what they run. The others look
// at what these have done.
var recorded = []monitor.Step{
	monitor.StepDenyTarget, monitor.StepCopy, monitor.StepDenySource, monitor.StepDelta, monitor.StepPush,
	monitor.StepAllowTarget, monitor.StepAllowWriters, monitor.StepDeleteSource, monitor.StepAllowSource,
}

// reading are the programs that only read; cyr_deny does where it lists.
var reading = []string{"cyr_info", "ps", "df", "du", "test", "stat", "readlink", "ls", "cat", "grep", "mbpath"}

// reads reports whether a command changes nothing.
func reads(words []string) bool {
	name := path.Base(words[0])
	return slices.Contains(reading, name) || name == "cyr_deny" && slices.Contains(words, "-l")
}

// inside returns the programs that a command runs under a lock and a limit of time, one for
// each of the names that it is given as its input.
func inside(words []string, input string) [][]string {
	if at := slices.Index(words, "timeout"); words[0] == "flock" && at > 0 {
		words = words[at+4:] // -k, seconds, seconds
	}
	if words[0] != "xargs" {
		return [][]string{slices.Clone(words)}
	}
	words = words[slices.Index(words, "--")+1:]
	var list [][]string
	for name := range strings.Lines(input) {
		list = append(list, append(slices.Clone(words), strings.TrimSuffix(name, "\n")))
	}
	return list
}

// Rehearse says what carrying a unit on would do that comes after others, without doing it.
// Its check is made: for that a configuration lies on a server for a moment. What changes a
// layout can be checked only when the changes of that store are made that come before it.
func Rehearse(ctx context.Context, u *Unit, others []*Unit, o *Options) (*Rehearsal, error) {
	r := &Rehearsal{Unit: u}
	records, err := o.Journal.Steps(ctx, u.Plan, u.Name)
	if err != nil {
		return nil, err
	}
	var commands []Command
	dry := *o
	dry.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
		if reads(words) {
			return o.Run(ctx, server, input, words...)
		}
		for _, words := range inside(words, input) {
			if !slices.ContainsFunc(commands, func(known Command) bool { return known.Server == server && slices.Equal(known.Words, words) }) {
				commands = append(commands, Command{server, words})
			}
		}
		return "", nil
	}
	dry.rehearsed = true
	dry.Route = func(context.Context, []Route) error { return nil }
	course, err := courseOf(u)
	if err != nil {
		r.Refused = Mistakes(err)
		return r, nil
	}
	r.Records = records
	a := course.Next(records, false)
	if r.Outcome = u.Stands(records); r.Outcome == Finished {
		return r, nil
	}
	w, _, err := dry.newWork(ctx, u)
	if m, moves := w.(*move); moves && err == nil {
		err = m.known(ctx)
	}
	if err != nil {
		r.Refused = Mistakes(err)
		return r, nil
	}
	next := slices.Index(course.Steps, a.Step)
	if a.Back {
		next = 0
	}
	if a.Verb == Settle && w.rests(a.Step, records) {
		return r, nil
	}
	for _, step := range course.Steps[next:] {
		commands = nil
		switch {
		case step == monitor.StepCheck && r.after(ctx, others, o):
		case step == monitor.StepCheck:
			if real, _, err := o.newWork(ctx, u); err != nil {
				r.Refused = Mistakes(err)
			} else {
				r.Text, _, err = real.do(ctx, step, records)
				r.Refused = Mistakes(err)
			}
		case slices.Contains(recorded, step):
			records = append(records, monitor.StepRecord{Step: step, State: monitor.StepBegan, At: o.Now()})
			records = append(records, monitor.StepRecord{Step: step, State: monitor.StepDone, At: o.Now(), Data: try(ctx, w, step, records)})
		}
		if u.Do != nil {
			if asked := u.asks(step); asked != nil {
				commands = append(commands, *asked)
			}
		}
		r.Steps = append(r.Steps, StepRehearsal{step, commands})
	}
	return r, ctx.Err()
}

// try does a step whose commands are not run, and which may therefore find fault with what
// it finds then, or wait for it in vain.
func try(ctx context.Context, w work, step monitor.Step, records []monitor.StepRecord) string {
	ctx, cancel := context.WithTimeout(ctx, patienceOfTry)
	defer cancel()
	_, data, _ := w.do(ctx, step, records)
	return data
}

const patienceOfTry = 5 * time.Second

// after reports whether the unit changes a layout after another one which is not done, and
// says so.
func (r *Rehearsal) after(ctx context.Context, others []*Unit, o *Options) bool {
	for _, other := range others {
		if r.Unit.Do == nil || other.Do == nil || other.Do.Store != r.Unit.Do.Store {
			continue
		}
		if records, err := o.Journal.Steps(ctx, other.Plan, other.Name); err != nil || other.Ahead(records) {
			r.Text = "it is checked when this is done: " + other.Name
			return true
		}
	}
	return false
}

// Mistakes are the texts of all that an error joins.
func Mistakes(err error) []string {
	if err == nil {
		return nil
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var list []string
		for _, one := range several.Unwrap() {
			list = append(list, Mistakes(one)...)
		}
		return list
	}
	return []string{err.Error()}
}

// Reach says which of the instances that units concern cannot be reached: through the
// runner, and over IMAP as their administrator. In the middle of a change of a layout that
// may well be so; its steps look themselves.
func Reach(ctx context.Context, units []*Unit, o *Options) error {
	var stores []inventory.StoreID
	for _, u := range units {
		if u.Do != nil {
			continue
		}
		for _, s := range u.Stores() {
			stores = appendNew(stores, s)
		}
	}
	var wrong error
	for _, name := range stores {
		p, err := o.place(ctx, name)
		if err == nil {
			err = p.known(ctx)
		}
		if err != nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		for _, in := range p.store.Instances {
			c, err := o.Dial(ctx, in, "")
			if err != nil {
				wrong = errors.Join(wrong, fmt.Errorf("%s on %s does not answer: %w", name, in.Server, err))
				continue
			}
			c.Close()
		}
	}
	return wrong
}
