package course_test

import (
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/files"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// The inventory follows what was carried out, however often, and knows where what was
// created is.
func TestFollow(t *testing.T) {
	inv := &inventory.Inventory{Stores: []inventory.Store{{Name: "s1", Instances: []inventory.Instance{
		{Server: "a", Role: inventory.Master, IMAP: "a:143"}, {Server: "b", Role: inventory.Replica, IMAP: "b:143"},
	}}}}
	created := []monitor.StepRecord{{Step: monitor.StepCreate, State: monitor.StepDone, Data: `{"Server":"c","Role":"replica","IMAP":"c:143","CSync":"c:2005","IMAPDConf":"/etc/c.conf"}`}}
	steps := []struct {
		do      planner.Verb
		server  inventory.ServerID
		records []monitor.StepRecord
	}{{planner.Seed, "c", created}, {planner.Promote, "c", nil}, {planner.Drop, "a", nil}}
	after := inv
	for range 2 {
		for _, s := range steps {
			after = course.Follow(after, &course.Unit{Do: &planner.LayoutChange{Do: s.do, Store: "s1", Server: s.server, From: "a"}}, s.records)
		}
		want := "- {server: c, role: master, imap: 'c:143', csync: 'c:2005', imapd_conf: /etc/c.conf}\n- {server: b, role: replica, imap: 'b:143'}"
		if got := files.FleetLines(&after.Stores[0]); got != want {
			t.Errorf("the store is\n%swant\n%s", got, want)
		}
	}
	if len(inv.Stores[0].Instances) != 2 || inv.Stores[0].Instances[0].Server != "a" {
		t.Errorf("the inventory of before was changed: %+v", inv.Stores[0])
	}
}
