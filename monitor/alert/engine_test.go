package alert

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

var start = time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)

var mailed = Options{Routes: []string{"mail:ops@example.org"}, Domain: "example.org"}

// play is a story: steps one after the other, with a clock.
type play struct {
	t     *testing.T
	now   time.Time
	opts  Options
	state monitor.AlertState
	sent  []monitor.Message
}

func newPlay(t *testing.T) *play { return &play{t: t, now: start, opts: mailed} }

func (p *play) step(looks ...monitor.Look) {
	before := copied(p.state)
	after, messages := Step(p.state, looks, p.now, p.opts)
	if len(after.Alerts) < 100 {
		if again, _ := Step(p.state, looks, p.now, p.opts); !reflect.DeepEqual(after, again) || !reflect.DeepEqual(p.state, before) {
			p.t.Fatal("the same step led elsewhere, or changed what it was given")
		}
	}
	p.state = after
	p.sent = append(p.sent, messages...)
}

// forth lets time pass, with a look that finds the same every two minutes and a
// step every ten seconds.
func (p *play) forth(d time.Duration, findings ...monitor.Finding) {
	for end := p.now.Add(d); p.now.Before(end); p.now = p.now.Add(10 * time.Second) {
		if p.now.Sub(start)%(2*time.Minute) == 0 {
			p.step(look(findings...))
		} else {
			p.step()
		}
	}
}

// subjects returns those of the messages sent since the last call.
func (p *play) subjects() []string {
	list := []string{}
	for _, m := range p.sent {
		list = append(list, strings.TrimPrefix(m.Subject, "[interlace] "))
	}
	p.sent = nil
	return list
}

func (p *play) wants(want ...string) {
	p.t.Helper()
	if got := p.subjects(); !slices.Equal(got, append([]string{}, want...)) {
		p.t.Fatalf("at %s: sent\n  %s\nwant\n  %s", p.now.Sub(start), strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func look(findings ...monitor.Finding) monitor.Look {
	return monitor.Look{Probe: monitor.ProbeBacklog, Watcher: "imap1", Findings: findings}
}

func finding(kind monitor.Kind, severity monitor.Severity, server, store inventory.Text) monitor.Finding {
	return monitor.Finding{
		Probe: monitor.ProbeBacklog, Kind: kind, Severity: severity, Server: server, Store: store, Channel: "default",
		Text: "something is wrong", Value: inventory.Known(5),
	}
}

var (
	slow  = finding(monitor.BacklogGrown, monitor.Warning, "imap1", "s1")
	loop  = finding(monitor.HotLoop, monitor.Critical, "imap1", "s2")
	chat  = finding(monitor.ExpireOverdue, monitor.Info, "imap1", "s1")
	minor = finding(monitor.AutocreateOn, monitor.Warning, "imap1", "s9")
)

// TestLife follows one alert: not told before it has lasted, told once, told
// again after hours, told over.
func TestLife(t *testing.T) {
	p := newPlay(t)
	p.forth(5*time.Minute, slow)
	p.wants()
	if a := p.state.Alerts[0]; a.Stage != monitor.Pending || a.Number != 1 {
		t.Fatalf("got %+v, want it pending", a)
	}
	worse := slow
	worse.Value = inventory.Known(60)
	p.forth(time.Minute, worse)
	p.wants("warning: backlog on imap1, store s1")
	first := p.state.Groups[0].Root
	p.forth(4*time.Hour, worse)
	p.wants("still warning: backlog on imap1, store s1")
	p.forth(10 * time.Minute)
	last := p.sent[0]
	p.wants("resolved: backlog on imap1, store s1 after 4 h 6 m")
	if last.Answers != first || last.ID == first || !strings.Contains(last.Body, "at its peak 1 m behind") {
		t.Errorf("the recovery does not answer %s, or has no peak: %+v", first, last)
	}
	p.forth(3 * time.Hour)
	p.wants()
	if len(p.state.Alerts)+len(p.state.Groups) != 0 {
		t.Errorf("something is left: %+v", p.state)
	}
}

func TestStages(t *testing.T) {
	t.Run("a blip is not told", func(t *testing.T) {
		p := newPlay(t)
		p.forth(4*time.Minute, slow)
		p.forth(time.Hour)
		p.wants()
	})
	t.Run("critical at once, after the wait for others", func(t *testing.T) {
		p := newPlay(t)
		p.forth(time.Minute, loop, slow)
		p.wants("critical: hot_loop on imap1, store s2")
	})
	t.Run("what lasts since long is told at once", func(t *testing.T) {
		p := newPlay(t)
		old := slow
		old.Since = monitor.Time(start.Add(-time.Hour))
		p.forth(time.Minute, old)
		p.wants("warning: backlog on imap1, store s1")
	})
	t.Run("a look in the future lasts since now", func(t *testing.T) {
		p := newPlay(t)
		young := slow
		young.Since = monitor.Time(start.Add(time.Hour))
		p.forth(time.Minute, young)
		p.wants()
		if got := p.state.Alerts[0].Began; !got.Equal(start) {
			t.Errorf("began %s", got)
		}
	})
	t.Run("info is kept and not told", func(t *testing.T) {
		p := newPlay(t)
		p.forth(time.Hour, chat)
		p.wants()
		if a := p.state.Alerts[0]; a.Stage != monitor.Firing || a.Withheld != "only info" {
			t.Errorf("got %+v", a)
		}
	})
	t.Run("worse is told, milder is not", func(t *testing.T) {
		p := newPlay(t)
		p.forth(6*time.Minute, slow)
		worse := slow
		worse.Severity = monitor.Critical
		p.forth(6*time.Minute, worse)
		p.forth(6*time.Minute, slow)
		p.forth(6*time.Minute, worse)
		p.wants("warning: backlog on imap1, store s1", "critical: backlog on imap1, store s1")
	})
	t.Run("a probe that does not run resolves nothing", func(t *testing.T) {
		p := newPlay(t)
		p.forth(time.Minute, loop)
		p.subjects()
		for range 100 {
			p.now = p.now.Add(time.Minute)
			p.step(monitor.Look{Probe: monitor.ProbeLogs, Watcher: "imap1"}, monitor.Look{Probe: monitor.ProbeBacklog, Watcher: "imap2"},
				monitor.Look{Probe: monitor.ProbeBacklog, Watcher: "imap1", Blind: []inventory.StoreID{"s2"}})
		}
		p.wants()
	})
	t.Run("one look without it is not enough", func(t *testing.T) {
		p := newPlay(t)
		p.forth(time.Minute, loop)
		p.subjects()
		p.now = start.Add(time.Hour)
		p.step(look())
		p.now = p.now.Add(time.Hour)
		p.step()
		p.wants()
		p.step(look())
		p.now = p.now.Add(time.Minute)
		p.step()
		p.wants("resolved: hot_loop on imap1, store s2 after 1 h 0 m")
	})
	t.Run("what came and went within the wait is told once", func(t *testing.T) {
		p := newPlay(t)
		p.opts.GroupWait, p.opts.KeepFiring = time.Hour, time.Second
		p.forth(time.Minute, loop)
		p.forth(2 * time.Hour)
		p.wants("resolved, was critical: hot_loop on imap1, store s2 after 2 m 0 s")
	})
}

func TestAcknowledged(t *testing.T) {
	p := newPlay(t)
	p.forth(time.Minute, loop)
	p.subjects()
	p.state.Alerts[0].Acknowledged = &monitor.Acknowledgement{By: "me", At: p.now}
	p.forth(10*time.Hour, loop)
	p.wants()
	p.forth(10 * time.Minute)
	p.wants("resolved: hot_loop on imap1, store s2 after 10 h 2 m")
	p.forth(time.Minute, loop) // another alert: nobody has taken care of it
	p.forth(time.Minute, loop)
	p.wants("critical: hot_loop on imap1, store s2")
}

// TestEnclosed: what two looks enclose is what the first of them says, also when a
// watch that was started since knows less.
func TestEnclosed(t *testing.T) {
	p := newPlay(t)
	down := finding(monitor.MasterDown, monitor.Critical, "imap1", "s1")
	down.Since, down.SinceBy, down.Command = monitor.Time(start.Add(-10*time.Minute)), monitor.Time(start.Add(-time.Minute)), "master -d"
	p.forth(2*time.Minute, down)
	later := down
	later.Since, later.SinceBy, later.Command = "", monitor.Time(start.Add(time.Minute)), ""
	p.forth(2*time.Minute, later)
	a := p.state.Alerts[0]
	if !a.Began.Equal(start.Add(-time.Minute)) || a.Since != down.Since || a.SinceBy != down.SinceBy || a.Command != down.Command {
		t.Errorf("got %+v", a)
	}
}

// TestSettled: what somebody has acknowledged as it is ends, and is told again
// when it changes.
func TestSettled(t *testing.T) {
	written := finding(monitor.ReplicaWritten, monitor.Critical, "imap7", "s1")
	written.Mark = "7:120"
	p := newPlay(t)
	p.forth(time.Minute, written)
	p.wants("critical: replica_written on imap7, store s1")
	p.state.Alerts[0].Acknowledged = &monitor.Acknowledgement{By: "anna", Comment: "a test", At: p.now}
	p.forth(10*time.Minute, written)
	if body := p.sent[0].Body; !strings.Contains(body, "acknowledged as it is by anna (a test); it is told again only if it changes") {
		t.Errorf("got\n%s", body)
	}
	p.wants("resolved: replica_written on imap7, store s1 after 1 m 0 s")
	p.forth(24*time.Hour, written)
	p.wants()
	if len(p.state.Alerts) != 1 || p.state.Alerts[0].Stage != monitor.Resolved {
		t.Errorf("got %+v", p.state.Alerts)
	}
	grown := written
	grown.Mark = "7:240"
	p.forth(time.Minute, grown)
	p.forth(time.Minute, grown)
	p.wants("critical: replica_written on imap7, store s1")
	if a := p.state.Alerts[len(p.state.Alerts)-1]; a.Number != 2 || a.Acknowledged != nil {
		t.Errorf("got %+v", a)
	}
	p.forth(20*time.Minute, written) // as it was: the new alert goes on
	if a := p.state.Alerts[len(p.state.Alerts)-1]; a.Missed != 0 || a.Seen.Before(p.now.Add(-3*time.Minute)) {
		t.Errorf("got %+v", a)
	}
	p.forth(2 * time.Hour)
	p.wants("resolved: replica_written on imap7, store s1 after 22 m 0 s")
	if len(p.state.Alerts) != 0 {
		t.Errorf("left: %+v", p.state.Alerts)
	}
}

// TestSettledTooLate: what changed between the look that somebody acknowledged and
// the next is told.
func TestSettledTooLate(t *testing.T) {
	written := finding(monitor.ReplicaWritten, monitor.Critical, "imap7", "s1")
	written.Mark = "7:120"
	p := newPlay(t)
	p.step(look(written))
	p.state.Alerts[0].Acknowledged = &monitor.Acknowledgement{By: "anna", At: p.now}
	written.Mark = "7:240"
	p.forth(10*time.Minute, written)
	p.wants("critical: replica_written on imap7, store s1")
}

func TestSilences(t *testing.T) {
	silence := func(from, until time.Duration) []monitor.Silence {
		return []monitor.Silence{{
			Number: 3, Author: "apply 1234", Comment: "moving", From: start.Add(from), Until: start.Add(until),
			Matchers: []monitor.Matcher{{Field: "store", Value: "s2"}},
		}}
	}
	t.Run("told when the silence is over", func(t *testing.T) {
		p := newPlay(t)
		p.state.Silences = silence(0, time.Hour)
		p.forth(time.Hour, loop)
		p.wants()
		if got := p.state.Alerts[0].Withheld; got != "silence 3" {
			t.Errorf("withheld: %q", got)
		}
		p.forth(time.Minute, loop)
		p.wants("critical: hot_loop on imap1, store s2")
	})
	t.Run("never told if it ends in silence", func(t *testing.T) {
		p := newPlay(t)
		p.state.Silences = silence(0, time.Hour)
		p.forth(30*time.Minute, loop)
		p.forth(2 * time.Hour)
		p.wants()
	})
	t.Run("silenced half way: the end is told", func(t *testing.T) {
		p := newPlay(t)
		p.state.Silences = silence(10*time.Minute, 10*time.Hour)
		p.forth(6*time.Hour, loop)
		p.wants("critical: hot_loop on imap1, store s2")
		p.forth(10 * time.Minute)
		p.wants("resolved: hot_loop on imap1, store s2 after 6 h 0 m")
	})
}

// TestConsequences checks that what follows from something worse is not told,
// unless it is still found afterwards.
func TestConsequences(t *testing.T) {
	down := finding(monitor.WatcherSilent, monitor.Critical, "imap3", "")
	unreachable := func(n int) monitor.Finding {
		f := finding(monitor.ReplicaUnreachable, monitor.Critical, inventory.Text(fmt.Sprint("imap", n+10)), inventory.Text(fmt.Sprint("s", n)))
		f.Subject = "10.0.0.3:2005"
		return f
	}
	all := []monitor.Finding{down}
	for n := range 40 {
		backlog := finding(monitor.BacklogGrown, monitor.Critical, unreachable(n).Server, unreachable(n).Store)
		all = append(all, unreachable(n), backlog, finding(monitor.MasterDown, monitor.Critical, "imap3", inventory.Text(fmt.Sprint("m", n))))
	}
	t.Run("one message for a server that fails over", func(t *testing.T) {
		p := newPlay(t)
		p.opts.Hosts = map[string]inventory.ServerID{"10.0.0.3": "imap3"}
		p.forth(time.Hour, all...)
		p.wants("critical: watcher_silent on imap3")
		p.forth(time.Minute, all[1:]...)
		p.forth(2*time.Hour, unreachable(7))
		if body := p.sent[0].Body; !strings.Contains(body, "OVER\n1. watcher_silent, server imap3") {
			t.Errorf("got\n%s", body)
		}
		p.wants("critical: replica_unreachable on imap17, store s7; resolved: watcher_silent on imap3")
	})
	t.Run("and without anybody who says that it is down", func(t *testing.T) {
		p := newPlay(t)
		p.opts.Hosts = map[string]inventory.ServerID{"10.0.0.3": "imap3"}
		var some []monitor.Finding
		for n := range 40 {
			some = append(some, unreachable(n), finding(monitor.BacklogGrown, monitor.Critical, unreachable(n).Server, unreachable(n).Store))
		}
		p.forth(20*time.Minute, some...)
		p.wants("critical: 40 alerts: replica_unreachable, first on imap10, store s0")
		p.forth(20 * time.Minute)
		p.wants("resolved: 40 alerts: replica_unreachable, first on imap10, store s0")
	})
	t.Run("an instance that is down explains the rest of it, not its neighbours", func(t *testing.T) {
		p := newPlay(t)
		p.forth(20*time.Minute, finding(monitor.MasterDown, monitor.Critical, "imap1", "s1"), slow, finding(monitor.ClientMissing, monitor.Critical, "imap1", "s1"), loop)
		p.wants("critical: 2 alerts on imap1: master_down, hot_loop, first store s1")
	})
	t.Run("a server explains its instances, and two of a kind not each other", func(t *testing.T) {
		p := newPlay(t)
		whole, again := finding(monitor.MasterDown, monitor.Critical, "imap1", ""), finding(monitor.MasterDown, monitor.Critical, "imap1", "")
		again.Subject = "another"
		p.forth(20*time.Minute, whole, again, finding(monitor.MasterDown, monitor.Critical, "imap1", "s1"))
		p.wants("critical: 2 alerts on imap1: master_down")
	})
	t.Run("what is not told explains nothing", func(t *testing.T) {
		p := newPlay(t)
		p.forth(20*time.Minute, finding(monitor.MasterDown, monitor.Info, "imap1", ""), loop)
		p.wants("critical: hot_loop on imap1, store s2")
	})
	t.Run("what nobody can place explains nothing", func(t *testing.T) {
		p := newPlay(t)
		lost := finding(monitor.ClientMissing, monitor.Critical, "imap1", "")
		p.forth(20*time.Minute, lost, slow, finding(monitor.WatcherSilent, monitor.Critical, "", ""))
		if got := len(p.subjects()); got != 2 {
			t.Errorf("%d messages", got)
		}
	})
}

// TestRecoveredServer: what was hidden behind a server is told if it is still so
// once the server is back.
func TestRecoveredServer(t *testing.T) {
	p := newPlay(t)
	p.forth(20*time.Minute, finding(monitor.MasterDown, monitor.Critical, "imap1", ""), loop)
	p.wants("critical: master_down on imap1")
	p.forth(20*time.Minute, loop)
	if body := p.sent[0].Body; !strings.Contains(body, "OVER\n1. master_down, server imap1, channel default: lasted 20 m 0 s") {
		t.Errorf("got\n%s", body)
	}
	p.wants("critical: hot_loop on imap1, store s2; resolved: master_down on imap1")
}

// TestStorm finds 10,000 things within a minute, on one server and on many, with
// one route and several.
func TestStorm(t *testing.T) {
	for _, routes := range [][]string{{"mail:a@example.org"}, {"mail:a@example.org", "webhook"}, {"mail:a@example.org", "mail:b@example.org"}} {
		for _, servers := range []int{1, 2000, 10000} {
			storm(t, routes, servers)
		}
	}
}

func storm(t *testing.T, routes []string, servers int) {
	p := newPlay(t)
	p.opts.Routes = routes
	var most int
	times := []time.Time{}
	for i := range 6 {
		var findings []monitor.Finding
		for n := range (i + 1) * 10000 / 6 {
			f := finding(monitor.Unclassified, monitor.Warning, inventory.Text(fmt.Sprint("imap", n%servers)), inventory.Text(fmt.Sprint("s", n)))
			f.Subject = inventory.Text(fmt.Sprint("line ", n))
			findings = append(findings, f)
		}
		p.step(look(findings...))
		for range p.mails() {
			times = append(times, p.now)
		}
		p.sent = nil
		p.now = p.now.Add(10 * time.Second)
	}
	for range 25 {
		p.step()
		for _, m := range p.mails() {
			times = append(times, p.now)
			if len(m.Body) > 100_000 {
				t.Errorf("a message of %d bytes", len(m.Body))
			}
		}
		p.sent = nil
		p.now = p.now.Add(20 * time.Second)
	}
	for i, from := range times {
		n := 0
		for _, at := range times[i:] {
			if at.Sub(from) < time.Minute {
				n++
			}
		}
		most = max(most, n)
	}
	if most > 10 || most == 0 {
		t.Errorf("%d servers, %q: %d mails within a minute", servers, routes, most)
	}
	for _, a := range p.state.Alerts {
		if a.Told == "" {
			t.Fatalf("%d servers: alert %d was not told: %+v", servers, a.Number, a)
		}
	}
}

// mails are the messages that go by mail.
func (p *play) mails() []monitor.Message {
	return slices.DeleteFunc(slices.Clone(p.sent), func(m monitor.Message) bool { return !isMail(m.Route) })
}

// TestClockJumps sets the clock forth and back by an hour: nothing gets lost,
// and nothing waits for long.
func TestClockJumps(t *testing.T) {
	for _, jump := range []time.Duration{time.Hour, -time.Hour} {
		p := newPlay(t)
		p.forth(2*time.Minute, slow, loop)
		p.now = p.now.Add(jump)
		p.forth(12*time.Minute, slow, loop)
		if got := p.subjects(); len(got) != 2 {
			t.Errorf("%s: sent %q", jump, got)
		}
		p.now = p.now.Add(-jump)
		p.forth(20 * time.Minute)
		got := p.subjects()
		if len(got) != 1 || !strings.HasPrefix(got[0], "resolved: 2 alerts") {
			t.Errorf("%s: sent %q", jump, got)
		}
	}
}

func TestHeartbeats(t *testing.T) {
	p := newPlay(t)
	p.opts.Routes = []string{"mail:ops@example.org", "webhook"}
	p.opts.Host = "imap1"
	p.opts.Heartbeats, p.opts.Beating = 5*time.Minute, []string{"webhook"}
	p.forth(time.Hour)
	ids := map[string]bool{}
	for _, m := range p.sent {
		if m.Route != "webhook" || m.Subject != "[interlace] heartbeat on imap1" || !strings.Contains(m.Body, `"alertname":"Watchdog"`) || m.Until.IsZero() {
			t.Errorf("got %+v", m)
		}
		ids[m.ID] = true
	}
	if len(ids) != 12 {
		t.Errorf("%d heartbeats", len(ids))
	}
}

// TestNobodyIsTold: with an Alertmanager the engine keeps quiet, and alerts end
// all the same.
func TestNobodyIsTold(t *testing.T) {
	p := newPlay(t)
	p.opts.Routes = nil
	p.forth(time.Hour, loop)
	p.forth(2 * time.Hour)
	p.wants()
	if len(p.state.Alerts) != 0 {
		t.Errorf("left: %+v", p.state.Alerts)
	}
}

// model counts what messages say: how often an alert is told, and told over.
type model struct {
	told, over map[int64]int
}

// TestAnything plays random findings and holds the messages against what they
// must tell: every alert that fires is told, unless it is withheld; none that is
// pending is; each is told over once, if it was told; no message comes twice. What is critical and flaps
// is told again each time it comes back.
func TestAnything(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		p := newPlay(t)
		p.opts.Burst = 1 + rng.IntN(8)
		pool := []monitor.Finding{slow, loop, minor, chat}
		for n := range 12 {
			pool = append(pool, finding(monitor.HotLoop, []monitor.Severity{monitor.Info, monitor.Warning, monitor.Critical}[n%3], inventory.Text(fmt.Sprint("imap", n%4)), inventory.Text(fmt.Sprint("t", n))))
		}
		m := model{map[int64]int{}, map[int64]int{}}
		ids := map[string]bool{}
		present := map[int]bool{}
		fired := map[int64]monitor.Alert{}
		quiet := map[int64]bool{} // withheld at some time
		flapped := map[int64]bool{}
		for round := range 600 {
			for n := range pool {
				if rng.IntN(25) == 0 {
					present[n] = !present[n] && round < 400
				}
				if round > 400 {
					present[n] = false
				}
			}
			if rng.IntN(100) == 0 {
				p.now = p.now.Add(time.Duration(rng.IntN(7200)-3600) * time.Second)
			}
			if rng.IntN(40) == 0 {
				p.state.Silences = []monitor.Silence{{Number: 1, Until: p.now.Add(time.Hour), Matchers: []monitor.Matcher{{Field: "server", Value: "imap1"}}}}
			}
			if n := len(p.state.Alerts); n > 0 && rng.IntN(40) == 0 {
				p.state.Alerts[rng.IntN(n)].Acknowledged = &monitor.Acknowledgement{By: "me"}
			}
			var findings []monitor.Finding
			for n, f := range pool {
				if present[n] {
					findings = append(findings, f)
				}
			}
			if rng.IntN(3) > 0 {
				p.step(look(findings...))
			} else {
				p.step()
			}
			for _, a := range p.state.Alerts {
				if a.Stage == monitor.Pending && a.Told != "" {
					t.Fatalf("seed %d: a pending alert was told: %+v", seed, a)
				}
				if a.Stage != monitor.Pending {
					fired[a.Number] = a
				}
				quiet[a.Number] = quiet[a.Number] || a.Withheld != ""
				flapped[a.Number] = flapped[a.Number] || a.Flaps >= flapping
			}
			for _, msg := range p.sent {
				if ids[msg.ID] {
					t.Fatalf("seed %d: message %s comes twice", seed, msg.ID)
				}
				ids[msg.ID] = true
				m.count(msg.Body)
			}
			p.sent = nil
			p.now = p.now.Add(time.Duration(rng.IntN(90)) * time.Second)
		}
		p.forth(5 * time.Hour)
		for _, msg := range p.sent {
			m.count(msg.Body)
		}
		if len(p.state.Alerts)+len(p.state.Groups) > 0 {
			t.Fatalf("seed %d: something never ends: %+v", seed, p.state)
		}
		for number := range fired {
			if m.over[number] > 1 || m.told[number] > 1 && !flapped[number] || m.told[number] > 0 && m.over[number] != 1 {
				t.Fatalf("seed %d: alert %d was told %d times, and over %d times: %+v", seed, number, m.told[number], m.over[number], fired[number])
			}
			if !quiet[number] && m.told[number]+m.over[number] == 0 {
				t.Fatalf("seed %d: alert %d was not told: %+v", seed, number, fired[number])
			}
		}
	}
}

// count reads in a message which alerts it opens and which it ends.
func (m model) count(body string) {
	part := m.told
	for line := range strings.Lines(body) {
		switch {
		case strings.HasPrefix(line, "OVER"):
			part = m.over
		case strings.HasPrefix(line, "STILL"):
			part = nil
		}
		var number int64
		if n, _ := fmt.Sscanf(line, "%d.", &number); n == 1 && part != nil {
			part[number]++
		}
	}
}
