package synclag

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Memory holds what was seen of channels, sorted by store, server, channel and time.
type Memory interface {
	Backlog(context.Context, monitor.Span) ([]monitor.Stretch, error)
	// Batches returns the newest of each channel, at most so many.
	Batches(ctx context.Context, span monitor.Span, most int) ([]monitor.Batch, error)
}

// batchSpan is how far back batches are learnt from.
const batchSpan = 7 * 24 * time.Hour

// Standing is how one channel stands.
type Standing struct {
	Course []monitor.Stretch
	Lag    monitor.Lag
	Model  *Model // nil: nothing is predicted, since no batch has been seen or nothing waits
	Errors Errors // of predictions along the course, made from batches that were older
}

// Last returns the last look at the channel.
func (s *Standing) Last() *monitor.Stretch { return &s.Course[len(s.Course)-1] }

// Standings judges channels from what was seen of them in a span that ends now,
// sorted by store, server and channel. The longer the span, the better it is known
// how good predictions are; the verdicts want [Options.Flapping]. Repeat says how
// long the client of a channel rests, if it is not nil; see [Options.Repeat]. What
// a channel costs is learnt where something waits in it, and with
// [Options.LearnAll] everywhere.
func Standings(ctx context.Context, memory Memory, of monitor.Span, opts Options, repeat func(inventory.ServerID, inventory.StoreID) time.Duration, now time.Time) ([]Standing, error) {
	looks, err := memory.Backlog(ctx, of)
	if err != nil {
		return nil, err
	}
	most := mostBatches
	if opts.LearnAll {
		most *= 10 // the older ones make the predictions that the course is held against
	}
	courses := byChannel(looks)
	list := make([]Standing, len(courses))
	var judging errgroup.Group
	judging.SetLimit(runtime.GOMAXPROCS(0))
	for i, course := range courses {
		k := key{course[0].Server, course[0].Store, course[0].Channel}
		own := opts
		if repeat != nil {
			own.Repeat = cmp.Or(repeat(k.server, k.store), opts.Repeat)
		}
		judging.Go(func() (err error) {
			var batches []monitor.Batch
			if last := &course[len(course)-1].Backlog; Replicated(last) && (opts.LearnAll || !last.Oldest().IsZero()) {
				batches, err = memory.Batches(ctx, monitor.Span{Server: k.server, Store: k.store, Channel: k.channel, From: now.Add(-batchSpan)}, most)
			}
			list[i] = newStanding(course, batches, own, now)
			return err
		})
	}
	return list, judging.Wait()
}

// byChannel parts looks that are sorted by channel.
func byChannel(looks []monitor.Stretch) [][]monitor.Stretch {
	var courses [][]monitor.Stretch
	for len(looks) > 0 {
		k := key{looks[0].Server, looks[0].Store, looks[0].Channel}
		n := slices.IndexFunc(looks, func(s monitor.Stretch) bool { return k != key{s.Server, s.Store, s.Channel} })
		if n < 0 {
			n = len(looks)
		}
		courses = append(courses, looks[:n:n])
		looks = looks[n:]
	}
	return courses
}

func newStanding(course []monitor.Stretch, batches []monitor.Batch, opts Options, now time.Time) Standing {
	s := Standing{Course: course, Errors: ErrorsOf(nil)}
	if len(batches) > 0 {
		s.Errors = ErrorsOf(forecasts(course, batches, opts))
		s.Model = learn(batches, opts)
		s.Model.Widen = s.Errors.Widen
	}
	s.Lag = Judge(course, s.Model, opts, now)
	return s
}

// learn fits a model, with the round trip as it was last measured.
func learn(batches []monitor.Batch, opts Options) *Model {
	var trip inventory.Number
	for i := range batches {
		if batches[i].Trip.Known {
			trip = batches[i].Trip
		}
	}
	return Fit(batches, trip, opts.withDefaults().Repeat)
}

// forecasts are predictions of a model that knows only what was before them:
// batches older than the course or, where there are few, the older half.
func forecasts(course []monitor.Stretch, batches []monitor.Batch, opts Options) []Forecast {
	cut := course[0].At
	if half := batches[len(batches)/2].Begun; half.After(cut) {
		cut = half
	}
	n, _ := slices.BinarySearchFunc(batches, cut, func(b monitor.Batch, at time.Time) int { return b.Begun.Compare(at) })
	if n == 0 {
		return nil
	}
	model := learn(batches[:n], opts)
	var list []Forecast
	for i := range course {
		if f, ok := model.forecast(course, i); ok && !course[i].At.Before(cut) {
			list = append(list, f)
		}
	}
	return list
}

// forecast predicts when what a channel held at a look was gone, where it is
// known what became of that.
func (m *Model) forecast(course []monitor.Stretch, i int) (Forecast, bool) {
	s := &course[i]
	if s.Trouble != "" || s.Oldest().IsZero() {
		return Forecast{}, false
	}
	seconds, spread := m.Gone(&s.Backlog, s.At)
	after, by, known := Happened(course[i:], s.At)
	if !seconds.Known || !known {
		return Forecast{}, false
	}
	return Forecast{
		At: s.At, Predicted: seconds.Value, Spread: spread.Value,
		After: after.Sub(s.At).Seconds(), By: by.Sub(s.At).Seconds(),
	}, true
}
