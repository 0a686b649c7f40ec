package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/monitor"
)

// givenUpSince is for how long it is shown that messages were given up.
const givenUpSince = 7 * 24 * time.Hour

// firstTold returns when the first of some alerts was told, or a time before that.
func firstTold(alerts []monitor.Alert, before time.Time) time.Time {
	for i := range alerts {
		if a := &alerts[i]; a.Told != "" && !a.Fired.IsZero() && a.Fired.Before(before) {
			before = a.Fired
		}
	}
	return before
}

// outgoing are messages, by thread, and when each group was told last. A thread
// without a name has what was told of several groups at once.
type outgoing struct {
	threads map[string][]monitor.Message
	told    map[string]time.Time
}

func newOutgoing(messages []monitor.Message, groups []monitor.AlertGroup) *outgoing {
	o := &outgoing{map[string][]monitor.Message{}, map[string]time.Time{}}
	for i := range messages {
		o.threads[messages[i].Thread] = append(o.threads[messages[i].Thread], messages[i])
	}
	for _, g := range groups {
		o.told[g.Key] = g.Told
	}
	return o
}

// of returns what became of telling an alert of a group: when the first message since
// it fires was sent, and on which routes none was yet. Those after it may merely list it.
func (o *outgoing) of(a *monitor.Alert, group string) report.Telling {
	var t report.Telling
	waiting, sent, dropped := map[string]time.Time{}, map[string]bool{}, false
	take := func(m *monitor.Message) {
		switch {
		case !m.Sent.IsZero():
			sent[m.Route] = true
			if t.At.IsZero() || m.Sent.Before(t.At) {
				t.At = m.Sent
			}
		case !m.Dropped.IsZero():
			dropped = true
		case waiting[m.Route].IsZero():
			waiting[m.Route] = m.Made
		}
	}
	for i := range o.threads[group] {
		m := &o.threads[group][i]
		if group != "" && !m.Made.Before(a.Fired) && (a.Resolved.IsZero() || m.Made.Before(a.Resolved)) {
			take(m)
		}
	}
	for i := range o.threads[""] {
		if m := &o.threads[""][i]; m.Made.Equal(o.told[group]) {
			take(m)
		}
	}
	for _, route := range slices.Sorted(maps.Keys(waiting)) {
		if since := waiting[route]; !sent[route] {
			t.Waiting = append(t.Waiting, route)
			if t.Since.IsZero() || since.Before(t.Since) {
				t.Since = since
			}
		}
	}
	t.GivenUp = dropped && t.At.IsZero() && t.Waiting == nil
	return t
}

// unsent returns what each route has not got rid of, or gave up lately, sorted by
// route.
func unsent(messages []monitor.Message, now time.Time) []report.Outbox {
	routes := map[string]*report.Outbox{}
	for _, m := range messages {
		if !m.Sent.IsZero() || !m.Dropped.IsZero() && m.Dropped.Before(now.Add(-givenUpSince)) {
			continue
		}
		o := routes[m.Route]
		if o == nil {
			o = &report.Outbox{Route: m.Route}
			routes[m.Route] = o
		}
		if !m.Dropped.IsZero() {
			o.GivenUp++
			o.Refused = m.Trouble
			continue
		}
		if o.Waiting++; o.Waiting == 1 {
			o.Oldest = m.Made
		}
		if m.Tries > 0 && m.Due.After(now) && (o.Next.IsZero() || m.Due.Before(o.Next)) {
			o.Next = m.Due
		}
		o.Tries = max(o.Tries, m.Tries)
		o.Trouble = cmp.Or(m.Trouble, o.Trouble)
	}
	var list []report.Outbox
	for _, o := range routes {
		list = append(list, *o)
	}
	slices.SortFunc(list, func(a, b report.Outbox) int { return strings.Compare(a.Route, b.Route) })
	return list
}
