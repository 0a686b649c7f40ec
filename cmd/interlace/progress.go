package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/interlacemail/interlace/inventory"
)

// progress tells how far long work is: a bar where standard error is a
// terminal, else a line now and then, nothing with --quiet. Its methods may be
// called from several goroutines.
type progress struct {
	app   *app
	what  string
	start time.Time
	// uneven says that some of it takes far longer than the rest, so that nobody knows from
	// what is done how long the rest will take.
	uneven bool
	// waits says that some of it only waits at first, for so long at most: what is done by then
	// tells nothing of the rest.
	waits time.Duration

	mu   sync.Mutex
	bar  *progressbar.ProgressBar
	next time.Time // of the next line
}

// lineEvery is how often a line is written where there is no terminal, but in stories: how
// long the work takes depends on the machine.
var lineEvery = 30 * time.Second

// firstBar is how long work takes that has a bar, but in tests, which would wait.
var firstBar = time.Second

func (a *app) progress(what string) *progress {
	now := time.Now()
	return &progress{app: a, what: what, start: now, next: now.Add(lineEvery)}
}

// at says how much is done of how much there is, and what else there is to say.
func (p *progress) at(done, total int, note string) {
	if p.app.flags.quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	switch {
	case isTerminal(p.app.stderr) && now.Sub(p.start) >= firstBar:
		p.draw(done, total, note)
	case now.After(p.next):
		p.next = now.Add(lineEvery)
		p.app.say("%s", p.line(done, total, note, now.Sub(p.start)))
	}
}

func (p *progress) draw(done, total int, note string) {
	if p.bar == nil {
		p.bar = progressbar.NewOptions(max(total, 1),
			progressbar.OptionSetWriter(p.app.stderr),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(!p.uneven && p.waits == 0),
			progressbar.OptionFullWidth(),
			progressbar.OptionClearOnFinish(),
		)
	}
	p.bar.Describe(strings.Join(slices.DeleteFunc([]string{p.what, note, p.rate(done, time.Since(p.start))}, func(s string) bool { return s == "" }), ", "))
	if total > 0 && total != p.bar.GetMax() {
		p.bar.ChangeMax(total)
	}
	_ = p.bar.Set(min(done, total-1)) // a bar that cannot be drawn harms nobody
}

// line is what is told where there is no terminal: done and total, rate, time left.
func (p *progress) line(done, total int, note string, took time.Duration) string {
	text := fmt.Sprintf("%s: %s of %s", p.what, inventory.CountText(done), inventory.CountText(total))
	if rate := p.rate(done, took); rate != "" {
		text += ", " + rate
		if total > done {
			text += ", about " + inventory.DurationText(took.Seconds()*float64(total-done)/float64(done)) + " left"
		}
	}
	if note != "" {
		text += ", " + note
	}
	return text
}

// timesWaited is how many times the wait at first must be over, so that it does not count much.
const timesWaited = 10

// rate says how much is done in a time, where that tells anything.
func (p *progress) rate(done int, took time.Duration) string {
	if p.uneven || took < timesWaited*p.waits {
		return ""
	}
	return rateText(done, took)
}

// rateText says how much is done in a time in which something is; where nothing was
// done yet there is no rate.
func rateText(done int, took time.Duration) string {
	rate := float64(done) / took.Seconds()
	for _, of := range []struct {
		name    string
		seconds float64
	}{{"a second", 1}, {"a minute", 60}, {"an hour", 3600}} {
		if n := math.Round(rate * of.seconds); n >= 1 {
			return inventory.CountText(int64(n)) + " " + of.name
		}
	}
	return ""
}

// end removes the bar.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
