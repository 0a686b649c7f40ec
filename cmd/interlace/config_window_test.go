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
