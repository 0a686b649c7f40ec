package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// window is a part of each day, from a time to another one, which may be on the next
// day. The zero value is all day.
type window struct{ from, until time.Duration }

// holds tells whether a time lies in the window, on the clock of its place.
func (w window) holds(at time.Time) bool {
	of := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute + time.Duration(at.Second())*time.Second
	switch {
	case w == window{}:
		return true
	case w.from < w.until:
		return w.from <= of && of < w.until
	}
	return w.from <= of || of < w.until
}

// night returns when the night began that a time belongs to, and when it ends: when the window
// last opened, and opens next, or, where it is all day, at noon.
func (w window) night(at time.Time) (began, ends time.Time) {
	opens := w.from
	if w == (window{}) {
		opens = 12 * time.Hour
	}
	year, month, day := at.Date()
	on := func(day int) time.Time {
		return time.Date(year, month, day, 0, int(opens/time.Minute), 0, 0, at.Location())
	}
	if began := on(day); !began.After(at) {
		return began, on(day + 1)
	}
	return on(day - 1), on(day)
}

// String returns the window as parseWindow reads it, or nothing where it is all day.
func (w window) String() string {
	if w == (window{}) {
		return ""
	}
	clock := func(of time.Duration) string { return fmt.Sprintf("%02d:%02d", int(of.Hours()), int(of.Minutes())%60) }
	return clock(w.from) + "-" + clock(w.until)
}

// hours is a part of each day, such as 22:00-05:00.
func hours(to *window) value {
	return plain(to, "HH:MM-HH:MM", "", func(raw, _ string) (window, error) { return parseWindow(raw) })
}

func parseWindow(raw string) (window, error) {
	begin, end, found := strings.Cut(raw, "-")
	from, err := time.Parse("15:04", begin)
	until, endErr := time.Parse("15:04", end)
	if !found || err != nil || endErr != nil || begin == end {
		return window{}, fmt.Errorf("%s is not a part of the day such as 22:00-05:00", inventory.Quoted(raw))
	}
	midnight := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	return window{from.Sub(midnight), until.Sub(midnight)}, nil
}
