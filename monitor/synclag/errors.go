package synclag

import (
	"math"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Forecast is a prediction and what became of it.
type Forecast struct {
	At                time.Time
	Predicted, Spread float64 // seconds from then
	// After and By are the seconds from then between which it happened: looks are
	// some time apart.
	After, By float64
}

// Happened says when what a channel held at a time was gone, as its course shows:
// after one look and by the next. It is not known as long as some of it is there,
// and where looks are missing.
func Happened(course []monitor.Stretch, at time.Time) (after, by time.Time, known bool) {
	after = at
	for i := range course {
		s := &course[i]
		switch {
		case !s.Until.After(at):
		case s.Trouble != "":
			return time.Time{}, time.Time{}, false
		case s.Oldest().IsZero() || s.Oldest().After(at):
			return after, later(s.At, after), true
		default:
			after = s.Until
		}
	}
	return time.Time{}, time.Time{}, false
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// Errors is how good predictions were.
type Errors struct {
	Forecasts int
	// Median is by what part of what happened the prediction in the middle was off.
	Median inventory.Number
	// Within is the part of predictions that held within their spread; it is to be
	// 0.8 or more.
	Within inventory.Number
	// Widen is by what factor spreads must be multiplied for 8 of 10 to hold, at
	// least 1. With few predictions it is 1: they say nothing.
	Widen float64
}

// fewForecasts is how many say nothing of how wide spreads must be.
const fewForecasts = 20

// ErrorsOf says how good predictions were.
func ErrorsOf(list []Forecast) Errors {
	e := Errors{Forecasts: len(list), Widen: 1}
	if len(list) == 0 {
		return e
	}
	off, spreads, within := make([]float64, len(list)), make([]float64, len(list)), 0
	for i, f := range list {
		// What lies between two looks may have been right.
		distance := max(0, f.After-f.Predicted, f.Predicted-f.By)
		off[i] = distance / max(1e-3, (f.After+f.By)/2)
		spreads[i] = ratio(distance, f.Spread)
		if distance <= f.Spread {
			within++
		}
	}
	slices.Sort(off)
	slices.Sort(spreads)
	e.Median = inventory.Known(off[len(off)/2])
	e.Within = inventory.Known(float64(within) / float64(len(list)))
	if len(list) >= fewForecasts {
		e.Widen = max(1, spreads[int(math.Ceil(0.8*float64(len(list))))-1])
	}
	return e
}

// ratio returns how many spreads a distance is.
func ratio(distance, spread float64) float64 {
	const most = 100
	if distance == 0 {
		return 0
	}
	return min(most, distance/max(spread, distance/most))
}
