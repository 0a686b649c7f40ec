package processes_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/processes"
)

// TestUnits plays a /proc with the control groups of masters.
func TestUnits(t *testing.T) {
	proc := t.TempDir()
	group := func(pid int, text string) {
		t.Helper()
		dir := filepath.Join(proc, fmt.Sprint(pid))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "cgroup"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	group(1, "0::/system.slice/ssh.service\n")
	group(11, "0::/system.slice/system-cyrus.slice/cyrus@s1.service\n")
	group(12, "12:memory:/system.slice/other.service\n1:name=systemd:/system.slice/cyrus-s2.service/inner\n0::/\n")
	group(13, "0::/system.slice/cyrus-imapd.service\n")
	group(14, "0::/system.slice/cyrus-imapd.service\n")
	group(15, "0::/user.slice/user-0.slice/session-3.scope\n")
	group(16, "0::/system.slice/ssh.service\n")
	group(17, "0::/\n")
	if err := os.Symlink("1", filepath.Join(proc, "self")); err != nil {
		t.Fatal(err)
	}
	var list []monitor.Instance
	var seen []monitor.Process
	for pid := 11; pid <= 18; pid++ { // 18 ends before it is looked at
		conf := fmt.Sprintf("/etc/s%d.conf", pid-10)
		list = append(list, monitor.Instance{Server: "imap1", Store: inventory.StoreID(fmt.Sprintf("s%d", pid-10)), Conf: conf})
		seen = append(seen, monitor.Process{PID: pid, Name: "master", Conf: conf})
	}
	owners := &processes.Owners{Proc: proc, Now: time.Now}
	check := func(want map[string]inventory.StoreID) {
		t.Helper()
		for name, store := range want {
			if got, ok := owners.Unit(name); got != store || ok != (store != "") {
				t.Errorf("%q is of %q, %v, not of %q", name, got, ok, store)
			}
		}
	}
	check(map[string]inventory.StoreID{"cyrus@s1.service": "", "": ""})
	owners.Update(list, seen)
	check(map[string]inventory.StoreID{
		"cyrus@s1.service": "s1", "cyrus-s2.service": "s2", "cyrus-imapd.service": "", "ssh.service": "", "session-3.scope": "", "other.service": "", "": "",
	})
	// What the service of a master that has ended says is still of its instance, until
	// another runs there.
	owners.Update(list, nil)
	check(map[string]inventory.StoreID{"cyrus@s1.service": "s1"})
	group(11, "0::/system.slice/cyrus-s2.service\n")
	owners.Update(list, seen)
	check(map[string]inventory.StoreID{"cyrus@s1.service": "s1", "cyrus-s2.service": ""})
}
