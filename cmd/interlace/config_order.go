package main

import (
	"errors"
	"fmt"
)

// setting is a key and its value, in whatever it is measured.
type setting struct {
	path  string
	value int64
}

// order is two settings of which the first must not be more than the second; why says
// what comes of it else.
type order struct {
	less, more setting
	why        string
}

// orders are the settings that make sense together only in an order.
func (m *monitorConfig) orders() []order {
	a := &m.Alerts
	interval := setting{"alerts.group_interval", int64(a.GroupInterval)}
	return []order{
		{setting{"probes.behind.bytes", m.BehindBytes}, setting{"probes.alert.bytes", m.AlertBytes}, "a store would be critical before it is behind"},
		{setting{"probes.behind.age", int64(m.BehindAge)}, setting{"probes.alert.age", int64(m.AlertAge)}, "a store would be critical before it is behind"},
		{setting{"alerts.group_wait", int64(a.GroupWait)}, interval, "the first message about a server would come later than the next one"},
		{interval, setting{"alerts.keep_firing", int64(a.KeepFiring)}, "what ends and comes again between two messages would be told as over and as new in one"},
		{interval, setting{"alerts.repeat", int64(a.Repeat)}, "what still fires would be told again sooner than what is new"},
		{interval, setting{"alerts.heartbeat", int64(a.Heartbeat)}, "that watch lives would be told more often than what is wrong"},
	}
}

// checkOrder says which settings make no sense together, though each of them does.
// Without heartbeats there is nothing to compare.
func (c *config) checkOrder() error {
	var wrong error
	for _, o := range c.Monitor.orders() {
		if o.less.value > o.more.value && !(o.more.path == "alerts.heartbeat" && o.more.value == 0) {
			wrong = errors.Join(wrong, c.outOfOrder(o))
		}
	}
	return wrong
}

// outOfOrder says at whichever of two settings was made what is wrong with them,
// unless one of them is no value anyhow.
func (c *config) outOfOrder(o order) error {
	set, other, than := c.find(o.less.path), c.find(o.more.path), "more"
	if set.wrong || other.wrong {
		return nil
	}
	if set.place.file == "" {
		set, other, than = other, set, "less"
	}
	return c.wrong(set.path, fmt.Errorf("%s is %s than %s, which is %s: %s; change one of the two",
		set.value, than, other.path, other.value, o.why))
}
