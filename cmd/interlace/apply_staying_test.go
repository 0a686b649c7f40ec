package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// What a unit leaves on servers for good is named when it ends, with the commands that remove it:
// the original of who was renamed, and what is beside an instance that the inventory has no more.
func TestStaying(t *testing.T) {
	var told bytes.Buffer
	inv := &inventory.Inventory{Stores: []inventory.Store{
		{Name: "s1", Instances: []inventory.Instance{{Server: "imap1", IMAPDConf: "/etc/s1.conf"}, {Server: "imap2", IMAPDConf: "/etc/s1r.conf"}}},
		{Name: "s2", Instances: []inventory.Instance{{Server: "imap3", IMAPDConf: "/etc/s2.conf"}}},
	}}
	c := &applying{app: &app{stderr: &told}}
	c.app.config = &config{}
	c.app.config.Apply.Tools = "/usr/lib/cyrus/bin"
	u := &course.Unit{Plan: "p", Name: "bruno to s2", Moves: []planner.UserChange{{User: "bruno", From: "s1", To: "s2"}}}
	records := []monitor.StepRecord{
		{Step: monitor.StepCheck, State: monitor.StepDone, Data: `{"instances":{"s1":{"imap1":"/etc/s1.conf","imap2":"/etc/s1r.conf"},"s2":{"imap3":"/etc/s2.conf","imap4":"/etc/s2r.conf"}}}`},
		{Step: monitor.StepDeleteSource, State: monitor.StepDone, Data: `{"Stay":{"s1":["bruno"]}}`},
	}
	c.sayStaying([]course.Result{{Unit: u, Outcome: course.Moved, Records: records[:1]}}, inv, nil)
	if told.Len() > 0 {
		t.Errorf("before it is at its end: %s", told.String())
	}
	c.sayStaying([]course.Result{{Unit: u, Outcome: course.Finished, Records: records}}, inv, nil)
	for _, want := range []string{
		"bruno to s2: the original of user bruno on s1 stays, denied",
		"\ninterlace: on imap1: /usr/lib/cyrus/bin/sync_reset -C /etc/s1.conf -f -- bruno",
		"\ninterlace: on imap1: /usr/lib/cyrus/bin/cyr_deny -C /etc/s1.conf -a -- bruno", "\ninterlace: on imap2: /usr/lib/cyrus/bin/cyr_deny -C /etc/s1r.conf -a -- bruno",
		"the inventory has no instance of s2 on imap4 any more", "\ninterlace: on imap4: /usr/lib/cyrus/bin/cyr_deny -C /etc/s2r.conf -a -- bruno",
	} {
		if !strings.Contains(told.String(), want) {
			t.Errorf("%q is not in %s", want, told.String())
		}
	}
	if strings.Contains(told.String(), "s2 on imap3") {
		t.Errorf("of what is there it is said that it is not: %s", told.String())
	}

	told.Reset()
	drop := &course.Unit{Plan: "q", Name: "c1", Do: &planner.LayoutChange{Do: planner.Drop, Store: "s2", Server: "imap4"}}
	if c.sayGone(inv, []course.Lasting{{Unit: drop}}, &course.Result{Unit: u, Records: records}); told.Len() > 0 {
		t.Errorf("of what a plan has removed it is said that it may be there: %s", told.String())
	}
}
