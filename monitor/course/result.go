package course

import (
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/planner"
)

// Result is what became of a unit.
type Result struct {
	Unit    *Unit
	Outcome Outcome
	Why     string // it has not come further
	Still   bool   // nothing was done about it: there was nothing to do, or something has kept it
	Unmet   bool   // originals are kept beyond their time, since what was promised is not confirmed
	Claims  string // why claims of it are left somewhere, though it has ended; or nothing
	Records []monitor.StepRecord
	// Fallen tells that an instance of the store that has to run, or to answer, does not, as
	// Why says.
	Fallen bool
	// Overtaken tells that somebody has changed the roles since a promotion has routed the users,
	// as Why says.
	Overtaken bool
	// In is when users were let in again, where that could not be written down; zero: it was.
	In time.Time
	// BackAt is when other units had moved its users back; zero: they have not.
	BackAt time.Time
}

// MarkBack has results say so of units whose users others among them have moved back.
func MarkBack(results []Result) {
	for i := range results {
		r := &results[i]
		if r.Unit.Do != nil || r.Outcome != Moved && r.Outcome != Finished {
			continue
		}
		back := Reverse(r.Unit)
		var at time.Time
		done := 0
		for j := range results {
			other := &results[j]
			of := slices.ContainsFunc(back, func(u Unit) bool { return u.Plan == other.Unit.Plan && u.Name == other.Unit.Name })
			if of && other.Unit.Past(other.Records) {
				routed, _ := Ended(other.Records, monitor.StepRoute)
				done++
				at = latest(at, routed)
			}
		}
		if done == len(back) {
			r.Outcome, r.BackAt = Back, at
		}
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Step returns the step that the unit is at, or was last at.
func (r *Result) Step() monitor.Step {
	if len(r.Records) == 0 {
		return ""
	}
	return r.Records[len(r.Records)-1].Step
}

// Since returns since when the unit is where it is; zero where nothing has begun.
func (r *Result) Since() time.Time {
	if !r.BackAt.IsZero() {
		return r.BackAt
	}
	if len(r.Records) == 0 {
		return time.Time{}
	}
	return r.Records[len(r.Records)-1].At
}

// Expected is how long users were expected to be kept out, in seconds.
func (r *Result) Expected() inventory.Number {
	for _, record := range slices.Backward(r.Records) {
		if (record.Step == monitor.StepCopy || record.Step == monitor.StepProveAlike) && record.State == monitor.StepDone {
			text, _, _ := strings.Cut(strings.TrimPrefix(string(record.Text), ExpectedWords), ";")
			if d, err := time.ParseDuration(text); err == nil {
				return inventory.Known(d.Seconds())
			}
		}
	}
	return inventory.Number{}
}

// ExpectedWords begin what the copy, or the proof before a promotion, says of how long users will be kept out.
const ExpectedWords = "users are expected to be denied for "

// Denied is how long users were kept out when last they were, in seconds.
func (r *Result) Denied() inventory.Number {
	_, took := r.out()
	return took
}

// Out returns since when users are kept out, whom only a later apply lets in; zero where
// nobody is. Those of a store whose master is stopped are those of the whole store.
func (r *Result) Out() time.Time {
	since, _ := r.out()
	return since
}

// out returns since when users are kept out, or else how long they were, in seconds, if that
// is known.
func (r *Result) out() (since time.Time, took inventory.Number) {
	out, in := r.Unit.outAndIn()
	for i := range r.Records {
		record := &r.Records[i]
		switch {
		case record.Step == out && record.State == monitor.StepBegan && since.IsZero():
			since, took = record.At, inventory.Number{}
		case since.IsZero():
		case record.Step == out && record.Data == WereIn:
			since = time.Time{}
		case record.Step == in && record.State == monitor.StepDone, record.Step == out && (record.State == monitor.StepUndone || record.Data == AreIn):
			took, since = inventory.Known(record.At.Sub(since).Seconds()), time.Time{}
		}
	}
	if !since.IsZero() && (r.Overtaken || r.Unit.Fresh(r.Records)) {
		return time.Time{}, inventory.Number{} // they were let in by hand, nobody knows when
	}
	if !since.IsZero() && !r.In.IsZero() {
		took, since = inventory.Known(r.In.Sub(since).Seconds()), time.Time{}
	}
	return since, took
}

// Kept returns until when the originals stay that a unit has left where they were; zero
// where there are none.
func (r *Result) Kept(keep time.Duration) time.Time {
	routed, done := Ended(r.Records, monitor.StepRoute)
	if r.Outcome != Moved || !done {
		return time.Time{}
	}
	return routed.Add(keep)
}

// Miscounts tells of quotas that count something else as used on two instances that a unit
// has, with the commands that have them count anew.
func (r *Result) Miscounts() (texts []string) {
	for _, record := range r.Records {
		proves := record.Step == monitor.StepProveTarget || record.Step == monitor.StepProveReplica
		if text := string(record.Text); proves && record.State == monitor.StepDone && text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// Unkicked says why mail that was put off may come late, where users were let in lately; empty:
// the mail server was asked to try it again, or there is none to ask.
func (r *Result) Unkicked() string {
	for _, record := range slices.Backward(r.Records) {
		switch {
		case r.Still || record.Step == monitor.StepKeep:
			return ""
		case record.Step == monitor.StepAllowWriters && record.State == monitor.StepDone:
			return string(record.Text)
		}
	}
	return ""
}

// Dangling says who is not let in on the store, and still routed to a replica that the unit has
// removed, or to the name of a server on which that was its master before; empty: nobody is known to
// be.
func (r *Result) Dangling() string {
	if r.Still || r.Outcome != Finished || r.Unit.Do == nil {
		return ""
	}
	switch r.Unit.Do.Do {
	case planner.Drop:
		for _, record := range slices.Backward(r.Records) {
			if record.Step == monitor.StepCheck && record.State == monitor.StepDone {
				return string(record.Text)
			}
		}
	case planner.Promote:
		var left Unrouted
		if Read(r.Records, monitor.StepRoute, &left) && len(left.Denied) > 0 {
			return left.Denies(r.Unit.Do.Store)
		}
	}
	return ""
}

// outAndIn are the step by which users are kept out, and the one by which they are let in.
func (u *Unit) outAndIn() (out, in monitor.Step) {
	if u.Do != nil {
		return monitor.StepStop, monitor.StepRoute
	}
	return monitor.StepDenySource, monitor.StepAllowTarget
}
