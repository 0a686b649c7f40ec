package main

import (
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// TestWindow reads parts of the day, and tells which times lie in them.
func TestWindow(t *testing.T) {
	at := func(clock string) time.Time {
		on, err := time.Parse("15:04:05", clock)
		if err != nil {
			t.Fatal(err)
		}
		return on
	}
	for _, c := range []struct {
		text    string
		in, out []string
	}{
		{"", []string{"00:00:00", "12:00:00"}, nil},
		{"22:00-05:00", []string{"22:00:00", "23:59:59", "00:00:00", "04:59:59"}, []string{"05:00:00", "12:00:00", "21:59:59"}},
		{"09:30-17:00", []string{"09:30:00", "16:59:59"}, []string{"09:29:59", "17:00:00", "00:00:00"}},
		{"22:00-00:00", []string{"22:00:00", "23:59:59"}, []string{"00:00:00", "21:59:59"}},
	} {
		var w window
		if v := hours(&w); c.text != "" {
			if err := v.set(&yaml.Node{Kind: yaml.ScalarNode, Value: c.text}, ""); err != nil {
				t.Errorf("%s: %v", c.text, err)
			}
		}
		for _, clock := range c.in {
			if !w.holds(at(clock)) {
				t.Errorf("%s is not in %q", clock, c.text)
			}
		}
		for _, clock := range c.out {
			if w.holds(at(clock)) {
				t.Errorf("%s is in %q", clock, c.text)
			}
		}
	}
	for _, wrong := range []string{"22:00", "22-05", "25:00-05:00", "05:00-05:00", "22:00-05:00-06:00"} {
		var w window
		if err := hours(&w).set(&yaml.Node{Kind: yaml.ScalarNode, Value: wrong}, ""); err == nil {
			t.Errorf("%s is taken for %+v", wrong, w)
		}
	}
}

// TestWindowNights tells which night a time belongs to, also where the clock is changed:
// a window is as long as the clock says.
func TestWindowNights(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ window, at, night, ends string }{
		{"22:00-05:00", "2026-01-10T23:00:00+01:00", "2026-01-10T22:00:00+01:00", "2026-01-11T22:00:00+01:00"},
		{"22:00-05:00", "2026-01-11T04:00:00+01:00", "2026-01-10T22:00:00+01:00", "2026-01-11T22:00:00+01:00"},
		{"22:00-05:00", "2026-01-10T22:00:00+01:00", "2026-01-10T22:00:00+01:00", "2026-01-11T22:00:00+01:00"},
		{"22:00-05:00", "2026-03-29T04:30:00+02:00", "2026-03-28T22:00:00+01:00", "2026-03-29T22:00:00+02:00"}, // the clock went forward at 2:00
		{"22:00-05:00", "2026-10-25T02:30:00+02:00", "2026-10-24T22:00:00+02:00", "2026-10-25T22:00:00+01:00"}, // and back at 3:00
		{"22:00-05:00", "2026-10-25T02:30:00+01:00", "2026-10-24T22:00:00+02:00", "2026-10-25T22:00:00+01:00"},
		{"02:30-04:00", "2026-03-29T03:30:00+02:00", "2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"}, // there was no 2:30
		{"", "2026-01-10T23:00:00+01:00", "2026-01-10T12:00:00+01:00", "2026-01-11T12:00:00+01:00"},
		{"", "2026-01-10T11:00:00+01:00", "2026-01-09T12:00:00+01:00", "2026-01-10T12:00:00+01:00"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		var w window
		if c.window != "" {
			if w, err = parseWindow(c.window); err != nil || w.String() != c.window {
				t.Fatalf("%s: %v, %v", c.window, w, err)
			}
		}
		began, ends := w.night(at.In(berlin))
		if got, until := began.Format(time.RFC3339), ends.Format(time.RFC3339); got != c.night || until != c.ends {
			t.Errorf("%s, window %q: the night is from %s to %s, want %s to %s", c.at, c.window, got, until, c.night, c.ends)
		}
		if !w.holds(at.In(berlin)) {
			t.Errorf("%s is not in %s", c.at, c.window)
		}
	}
}
