package apply_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/planner"
)

// What the monitor knows of a store keeps work from it; that it is too far behind ends
// everything.
func TestTroubled(t *testing.T) {
	lag := func(store string, verdict monitor.Verdict, level monitor.Level) monitor.Lag {
		return monitor.Lag{Store: inventory.StoreID(store), Verdict: verdict, Level: level}
	}
	alert := func(store string, severity monitor.Severity, stage monitor.Stage) monitor.Alert {
		return monitor.Alert{Number: 7, Stage: stage, Finding: monitor.Finding{Kind: monitor.HotLoop, Severity: severity, Store: inventory.Text(store)}}
	}
	for _, test := range []struct {
		name string
		lag  monitor.Lag
		al   monitor.Alert
		want string
		ends bool
	}{
		{name: "all is well", lag: lag("s1", monitor.OK, monitor.LevelOK)},
		{name: "nobody knows", lag: lag("s1", monitor.Unknown, monitor.LevelUnknown)},
		{name: "another store", lag: lag("s9", monitor.Stopped, monitor.LevelAlert), al: alert("s9", monitor.Critical, monitor.Firing)},
		{name: "behind", lag: lag("s1", monitor.OK, monitor.LevelBehind), want: "store s1 is behind"},
		{name: "stalled", lag: lag("s2", monitor.Stalled, monitor.LevelOK), want: "store s2 is behind: stalled"},
		{name: "too far", lag: lag("s2", monitor.Behind, monitor.LevelAlert), want: "store s2 is too far behind", ends: true},
		{name: "critical", al: alert("s1", monitor.Critical, monitor.Pending), want: "critical alert 7, hot_loop"},
		{name: "a warning", al: alert("s1", monitor.Warning, monitor.Firing)},
		{name: "over", al: alert("s1", monitor.Critical, monitor.Resolved)},
	} {
		why, ends := apply.Troubled([]inventory.StoreID{"s1", "s2"}, []monitor.Lag{test.lag}, []monitor.Alert{test.al})
		if (why == "") != (test.want == "") || !strings.Contains(why, test.want) || ends != test.ends {
			t.Errorf("%s: %q, ends %v, want %q, %v", test.name, why, ends, test.want, test.ends)
		}
	}
}

// exited is a command that ended with a status.
type exited int

func (e exited) Error() string { return fmt.Sprintf("exit status %d", int(e)) }
func (e exited) ExitCode() int { return int(e) }

// A unit passes when nothing speaks against it: no stop file on any server, nobody has
// asked for the end, the window is open, and the roles are those of the inventory.
func TestHinders(t *testing.T) {
	inv := &inventory.Inventory{Stores: []inventory.Store{
		{Name: "s1", Instances: []inventory.Instance{{Server: "a", Role: inventory.Master}, {Server: "b", Role: inventory.Replica}}},
		{Name: "s2", Instances: []inventory.Instance{{Server: "c", Role: inventory.Master}}},
	}}
	u := &course.Unit{Moves: []planner.UserChange{{User: "anna", From: "s1", To: "s2"}}}
	for _, test := range []struct {
		name   string
		change func(*apply.Options)
		want   string
	}{
		{"nothing", func(*apply.Options) {}, ""},
		{"a stop file", func(o *apply.Options) { o.Run = onServer("b", nil) }, "stopped by /run/stop on b"},
		{"a server that does not answer", func(o *apply.Options) { o.Run = onServer("c", exited(255)) }, "whether /run/stop is on c is not known"},
		{"no command at all", func(o *apply.Options) { o.Run = onServer("c", errors.New("no such host")) }, "whether /run/stop is on c is not known"},
		{"asked", func(o *apply.Options) { o.Gates.Asked = func(context.Context) (bool, error) { return true, nil } }, "--stop"},
		{"asked, nobody knows", func(o *apply.Options) {
			o.Gates.Asked = func(context.Context) (bool, error) { return false, errors.New("disk full") }
		}, "whether to stop is not known: disk full"},
		{"closed", func(o *apply.Options) { o.Gates.Closed = func(time.Time) string { return "it is day" } }, "it is day"},
		{"roles", func(o *apply.Options) {
			o.Live.Roles = func(_ context.Context, s *inventory.Store) error {
				if s.Name == "s2" {
					return errors.New("another master")
				}
				return nil
			}
		}, "another master"},
		{"the history can't be read", func(o *apply.Options) {
			o.Gates.Lags = func(context.Context) ([]monitor.Lag, error) { return nil, errors.New("damaged") }
		}, "what the monitor knows can't be read: damaged"},
	} {
		o := &apply.Options{Inventory: inv, Run: onServer("", nil), Now: time.Now, Limits: apply.Limits{StopFile: "/run/stop"}}
		test.change(o)
		err := o.Hinders(t.Context(), u)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

// onServer is where commands end so on one server, and on all others with status 1.
func onServer(one inventory.ServerID, err error) host.Run {
	return func(_ context.Context, server inventory.ServerID, _ string, _ ...string) (string, error) {
		if server == one {
			return "", err
		}
		return "", fmt.Errorf("test: %w", exited(1))
	}
}

func TestWaves(t *testing.T) {
	layout := func(name string, wave int) course.Unit {
		return course.Unit{Name: name, Wave: wave, Do: &planner.LayoutChange{}}
	}
	for _, test := range []struct {
		units []course.Unit
		want  string
	}{
		{nil, "[]"},
		{[]course.Unit{{Name: "a"}, {Name: "b"}}, "[[a b]]"},
		{[]course.Unit{layout("a", 0), layout("b", 0)}, "[[a] [b]]"},
		{[]course.Unit{layout("a", 0), {Name: "b"}, {Name: "c"}}, "[[a] [b c]]"},
		{[]course.Unit{layout("a", 1), {Name: "b", Wave: 1}, {Name: "c", Wave: 2}}, "[[a b] [c]]"},
	} {
		if got := fmt.Sprint(apply.Waves(test.units)); got != test.want {
			t.Errorf("%v, want %s", got, test.want)
		}
	}
}

// No more users begin to move in a night than may, whether they have begun, tonight or
// before, or are about to.
func TestUsersPerNight(t *testing.T) {
	evening := time.Date(2026, 11, 27, 22, 0, 0, 0, time.UTC)
	var units []course.Unit
	for i := range 4 {
		units = append(units, course.Unit{Plan: "p", Name: fmt.Sprint(i), Moves: make([]planner.UserChange, 2)})
	}
	begun := func(unit string, at time.Time) monitor.StepRecord {
		return monitor.StepRecord{Plan: "p", Unit: unit, Step: monitor.StepCheck, State: monitor.StepBegan, At: at}
	}
	for _, test := range []struct {
		limit  int
		waited int // so many of them, and may not begin
		steps  []monitor.StepRecord
		want   []bool
	}{
		{0, 0, nil, []bool{false, false, false, false}},
		{4, 0, nil, []bool{false, false, true, true}},
		{1, 0, nil, []bool{false, true, true, true}},
		{4, 0, []monitor.StepRecord{begun("3", evening.Add(time.Hour))}, []bool{false, true, true, true}},
		{4, 0, []monitor.StepRecord{begun("3", evening.Add(-time.Hour))}, []bool{false, false, true, true}},
		{2, 2, nil, []bool{false, false, false, true}},
	} {
		o := &apply.Options{
			Journal: &journal{steps: test.steps, left: -1}, Now: func() time.Time { return evening.Add(2 * time.Hour) },
			Gates: apply.Gates{Night: func(time.Time) (began, ends time.Time) { return evening, evening.Add(24 * time.Hour) }},
		}
		o.Limits.UsersPerNight = test.limit
		if got := o.Nights(t.Context(), units, test.waited); !slices.Equal(got, test.want) {
			t.Errorf("%d users a night, %d have begun: who waits is %v, want %v", test.limit, len(test.steps), got, test.want)
		}
	}
}
