package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// applyProgress tells what becomes of units, and what goes on. How long that will take
// nobody knows: a copy takes as long as it takes.
type applyProgress struct {
	app *app
	bar *progress
	all int
	// back tells that units are taken back: those that are done are moved back then.
	back bool

	mu    sync.Mutex
	over  int
	going []going // the one that began first at the head
	stop  chan struct{}
	ended sync.WaitGroup
}

// going is a step that goes on.
type going struct {
	unit  *course.Unit
	text  string
	since time.Time
}

// applyProgress begins to tell of so many units, which may be taken back.
func (a *app) applyProgress(all int, back bool) *applyProgress {
	p := &applyProgress{app: a, bar: a.progress("apply"), all: all, back: back, stop: make(chan struct{})}
	p.bar.uneven = true
	p.ended.Go(func() {
		for {
			select {
			case <-p.stop:
				return
			case <-time.After(time.Second):
				p.show()
			}
		}
	})
	return p
}

// at takes down what becomes of a unit, and tells where it has come to.
func (p *applyProgress) at(of apply.Progress) {
	name, state := inventory.Printable(of.Unit.Name), report.StateText(string(of.Outcome), of.Unit.Back)
	p.mu.Lock()
	p.take(&of)
	back := p.back
	p.mu.Unlock()
	switch {
	case of.Over && back && of.Why == "" && (of.Outcome == course.Moved || of.Outcome == course.Finished):
	case of.Over && of.Still:
	case of.Over && of.Why != "":
		p.app.note("%s: %s: %s", name, state, strings.TrimPrefix(of.Why, of.Unit.Name+": "))
	case of.Over:
		p.app.note("%s: %s", name, state)
	case of.Outcome == course.Waiting:
		p.app.note("%s waits: %s", name, of.Why)
	}
	p.show()
}

// take takes down what a unit does. How far a step is that goes on is no other step.
func (p *applyProgress) take(of *apply.Progress) {
	if at := slices.IndexFunc(p.going, func(g going) bool { return same(g.unit, of.Unit) }); at >= 0 {
		if of.Far != "" {
			p.going[at].text = stepText(of)
			return
		}
		p.going = slices.Delete(p.going, at, at+1)
	}
	if of.Over {
		p.over++
	} else {
		p.going = append(p.going, going{of.Unit, stepText(of), time.Now()})
	}
}

func same(a, b *course.Unit) bool { return a.Plan == b.Plan && a.Name == b.Name }

// stepText says what is done of a unit, and of a copy how much that is.
func stepText(of *apply.Progress) string {
	if of.Outcome == course.Waiting {
		return "waits"
	}
	text := string(of.Step)
	if of.Verb == course.Undo {
		text = "undo " + text
	}
	if bytes := bytesOf(of.Unit); of.Step.Copies() && bytes > 0 {
		text += " of " + report.BytesText(bytes)
	}
	if of.Far != "" {
		text += ", " + of.Far
	}
	return text
}

// bytesOf is how much a unit copies, as its plan has it.
func bytesOf(u *course.Unit) int64 {
	if u.Do != nil {
		return u.Do.Bytes
	}
	var bytes int64
	for i := range u.Moves {
		bytes += u.Moves[i].Bytes
	}
	return bytes
}

// show shows the step that goes on for longest.
func (p *applyProgress) show() {
	p.mu.Lock()
	done, all, note := p.over, p.all, ""
	if len(p.going) > 0 {
		g := &p.going[0]
		note = fmt.Sprintf("%s: %s", inventory.Printable(g.unit.Name), g.text)
		if took := time.Since(g.since); took >= time.Minute {
			note += " for " + inventory.DurationText(took.Seconds())
		}
		if more := len(p.going) - 1; more > 0 {
			note += fmt.Sprintf(" and %d more", more)
		}
	}
	p.mu.Unlock()
	p.bar.at(done, all, note)
}

// more has as many units be told of that move users back.
func (p *applyProgress) more(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all, p.back = p.all+n, false
}

// end stops to tell.
func (p *applyProgress) end() {
	close(p.stop)
	p.ended.Wait()
	p.bar.end()
}
