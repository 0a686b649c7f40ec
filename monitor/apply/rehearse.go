package apply

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// Rehearsal is what carrying a unit on, or taking it back, would do, and what speaks
// against it.
type Rehearsal struct {
	Unit    *course.Unit
	Outcome course.Outcome // where it is
	Records []monitor.StepRecord
	Steps   []StepRehearsal
	Users   int    // who move, or are kept out while their store is promoted, as the facts stand then
	Text    string // what the check says if nothing speaks against it
	Refused []string
	Waits   []string // what would keep it from being begun, or gone on with, now
	// Overtaken tells that somebody has changed the roles since a promotion has routed the users.
	Overtaken bool
	// NextNight tells that so many users move this night that it waits for the next one.
	NextNight bool
}

// StepRehearsal is a step that is still to be done or undone, with the commands that it
// would run and the routes that it would change.
type StepRehearsal struct {
	Verb     course.Verb
	Step     monitor.Step
	Commands []Command
	Routes   []Route
	// Later tells that what it runs, and which routes it changes, is known when what comes
	// before the unit is done.
	Later bool
}

// Command is what runs on a server or, with an order, what a command of the operator is asked
// for about one, or what is removed there over IMAP.
type Command struct {
	Server  inventory.ServerID
	Words   []string
	Order   *Order             // without its instances
	Seeds   bool               // the order is for the operator's command that copies files
	Removes cyrus.InternalName // a mailbox of a shared tree
	// Own says that it only makes or removes a file of interlace's own, and Private that
	// it reads one, which is there only meanwhile.
	Own, Private bool
}

// recorded are the steps of which it is known beforehand what they run. The others look
// at what these have done.
var recorded = []monitor.Step{
	monitor.StepDenyTarget, monitor.StepCopy, monitor.StepDenySource, monitor.StepDelta, monitor.StepPush,
	monitor.StepRoute, monitor.StepAllowTarget, monitor.StepAllowWriters, monitor.StepDeleteSource, monitor.StepAllowSource,
}

// reading are the programs that only read; cyr_deny does where it lists, and find where it
// does not delete.
var reading = []string{"cyr_info", "ps", "df", "du", "test", "stat", "readlink", "ls", "cat", "grep", "mbpath", "date"}

// reads reports whether a command changes nothing.
func reads(words []string) bool {
	name := path.Base(words[0])
	return slices.Contains(reading, name) || name == "cyr_deny" && slices.Contains(words, "-l") || name == "find" && !slices.Contains(words, "-delete")
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

// commandOf tells what a command is that would run on a server.
func commandOf(server inventory.ServerID, words []string, tools string) Command {
	own := slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(path.Base(word), "interlace-") })
	ofCyrus := path.Dir(words[0]) == path.Clean(tools)
	return Command{Server: server, Words: words, Own: own && !ofCyrus, Private: own && ofCyrus}
}

// dry notes what would be done, and does nothing but to look.
type dry struct {
	*Options // under which nothing is done
	real     *Options

	mu       sync.Mutex
	commands []Command
	routes   []Route
}

func newDry(o *Options) *dry {
	pretended := *o
	d := &dry{Options: &pretended, real: o}
	d.rehearsed = true
	d.Run, d.noted = d.note, d.add
	d.Route = func(_ context.Context, routes []Route) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.routes = append(d.routes, routes...)
		return nil
	}
	if o.Layouts.Hook != nil {
		d.Layouts.Hook = func(_ context.Context, order *Order) (string, error) {
			d.add(Command{Server: order.Server, Order: &Order{Act: order.Act, Store: order.Store, Instance: order.Instance}})
			return "", nil
		}
	}
	return d
}

// note runs what only reads, and notes all else.
func (d *dry) note(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
	if reads(words) {
		return d.real.Run(ctx, server, input, words...)
	}
	for _, words := range inside(words, input) {
		d.add(commandOf(server, words, d.Tools))
	}
	return "", nil
}

// add notes a command, once in a step.
func (d *dry) add(c Command) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.ContainsFunc(d.commands, func(known Command) bool {
		return known.Server == c.Server && known.Removes == c.Removes && slices.Equal(known.Words, c.Words) && c.Order == nil
	}) {
		d.commands = append(d.commands, c)
	}
}

// forget forgets the commands that were noted: they are not to run now.
func (d *dry) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.commands = nil
}

// take returns what was noted since it was last asked.
func (d *dry) take(verb course.Verb, step monitor.Step) StepRehearsal {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := StepRehearsal{Verb: verb, Step: step, Commands: d.commands, Routes: d.routes}
	d.commands, d.routes = nil, nil
	return s
}

// Rehearse says what carrying a unit on would do that comes after earlier ones or, with back,
// what taking it back would, without doing it: on the fleet as the earlier ones leave it. Its check is
// made: for that a configuration lies on a server for a moment. Where earlier ones change the layout
// of its stores it can be checked only when that is done.
func Rehearse(ctx context.Context, u *course.Unit, earlier []*Rehearsal, back bool, o *Options) (*Rehearsal, error) {
	r := &Rehearsal{Unit: u, Users: u.Users(o.Inventory)}
	var err error
	if r.Records, err = o.Journal.Steps(ctx, u.Plan, u.Name); err != nil {
		return nil, err
	}
	c, err := course.Of(u)
	if err != nil {
		r.Refused = Mistakes(err)
		return r, nil
	}
	a := c.Next(r.Records, back)
	r.Outcome = u.Stands(r.Records)
	if a.Verb == course.End && (!a.Back || back) || a.Verb == course.Settle && (back || o.young(r.Records)) || a.Verb == course.Do && back && len(r.Records) == 0 {
		return r, nil
	}
	if !back && u.GivenUp && u.Fresh(r.Records) {
		return r, nil
	}
	if why := o.barred(u, r.Records); !back && why != "" {
		r.Refused = []string{why}
		return r, nil
	}
	var before []*Rehearsal
	if u.Fresh(r.Records) {
		before = o.before(u, earlier)
		o = o.following(before)
		r.Users = u.Users(o.Inventory)
	}
	d := newDry(o)
	w, _, err := d.newWork(ctx, u)
	if m, moves := w.(*move); moves && err == nil {
		err = m.known(ctx)
	}
	switch later := u.Do == nil && len(before) > 0; {
	case later && (err != nil || !o.addressed(u)):
		w = nil
	case err != nil:
		r.Refused = Mistakes(err)
		return r, nil
	}
	var by *overtaken
	switch {
	case a.Verb == course.Undo:
		r.goBack(ctx, d, w, c)
	case u.Do != nil && errors.As(w.blocked(ctx, a, r.Records), &by):
		r.Overtaken = true
		if !back {
			r.Refused = Mistakes(by)
		}
	default:
		r.Waits = r.waits(ctx, o, earlier)
		r.goOn(ctx, d, w, c, a, before)
	}
	return r, ctx.Err()
}

// goBack notes what undoing all that was done would do.
func (r *Rehearsal) goBack(ctx context.Context, d *dry, w work, c *course.Course) {
	records := slices.Clone(r.Records)
	for a := c.Next(records, true); a.Verb == course.Undo; a = c.Next(records, true) {
		limited, cancel := context.WithTimeout(ctx, patienceOfTry)
		awaits := false
		err := w.await(limited, a, records, func(why string) {
			r.Waits, awaits = append(r.Waits, why), true
		})
		if err == nil {
			err = w.undo(limited, a.Step, records)
		}
		cancel()
		if awaits {
			d.forget()
		}
		if err != nil && len(d.commands)+len(d.routes) == 0 {
			r.Refused = append(r.Refused, Mistakes(err)...)
		}
		for _, state := range []monitor.StepState{monitor.StepUndoing, monitor.StepUndone} {
			records = append(records, monitor.StepRecord{Step: a.Step, State: state, At: d.Now()})
		}
		r.Steps = append(r.Steps, d.take(course.Undo, a.Step))
	}
}

// goOn notes what the steps that are left would do when those before are done; without a work it
// is not known what that is.
func (r *Rehearsal) goOn(ctx context.Context, d *dry, w work, c *course.Course, a course.Action, before []*Rehearsal) {
	records := slices.Clone(r.Records)
	next := slices.Index(c.Steps, a.Step)
	if a.Back {
		next = 0
	}
	for _, step := range c.Steps[next:] {
		later := false
		switch {
		case step == monitor.StepCheck && checkedLater(before) != "":
			r.Text = checkedLater(before)
		case step == monitor.StepCheck:
			records = append(records, monitor.StepRecord{Step: step, State: monitor.StepDone, At: d.Now(), Data: r.check(ctx, d.real)})
		case slices.Contains(recorded, step):
			later = w == nil || unforeseen(r.Unit, step, before)
			records = append(records, monitor.StepRecord{Step: step, State: monitor.StepBegan, At: d.Now()})
			done := monitor.StepRecord{Step: step, State: monitor.StepDone, At: d.Now()}
			if !later {
				done.Data = try(ctx, w, step, records)
			}
			records = append(records, done)
		}
		if order := asks(r.Unit, step); order != nil {
			d.add(Command{Server: order.Server, Order: order})
		}
		if step == monitor.StepSeed && d.Layouts.Seed != nil {
			d.add(Command{Server: r.Unit.Do.Server, Order: asks(r.Unit, monitor.StepCreate), Seeds: true})
		}
		told := d.take(course.Do, step)
		told.Later = later
		r.Steps = append(r.Steps, told)
	}
}

// check makes the unit's check, and returns what later steps need to know of it.
func (r *Rehearsal) check(ctx context.Context, o *Options) (data string) {
	w, _, err := o.newWork(ctx, r.Unit)
	if err == nil {
		r.Text, data, err = w.do(ctx, monitor.StepCheck, r.Records)
	}
	r.Refused = Mistakes(err)
	return data
}

// waits are all that would keep the unit from being begun now, or from being gone on with. Whether
// the roles are those of the inventory its check tells.
func (r *Rehearsal) waits(ctx context.Context, o *Options, earlier []*Rehearsal) []string {
	asked, seen := o.ask(ctx, o.servers(r.Unit)), errors.Join(o.doubted(r.Unit), o.watched(ctx, r.Unit))
	switch {
	case r.Unit.Settled(r.Records):
		return Mistakes(errors.Join(asked, seen))
	case r.Unit.Held(r.Records, false):
		return nil
	}
	begins := map[*course.Unit]bool{}
	var others []*course.Unit
	for _, e := range earlier {
		others = append(others, e.Unit)
		begins[e.Unit] = len(e.Refused) == 0 && !e.NextNight && e.Unit.Ahead(e.Records, false)
	}
	late := o.night(ctx, r.Unit, others, begins)
	r.NextNight = late != nil
	return Mistakes(errors.Join(asked, o.closed(), late, seen))
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
