package usage_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/fixtures/needs"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/instances"
	"github.com/interlacemail/interlace/monitor/usage"
)

// asLooker makes this test binary look at one configuration and print what it saw.
const asLooker = "USAGE_LOOK"

func TestMain(m *testing.M) {
	if conf := os.Getenv(asLooker); conf != "" {
		list := []monitor.Instance{{Server: "imap1", Store: "s1", Conf: conf}}
		json.NewEncoder(os.Stdout).Encode(usage.Look(list, usage.LookOptions{}, time.Now()))
		return
	}
	os.Exit(m.Run())
}

// TestFake looks at a made-up /proc with two instances, one of which has a
// control group of its own.
func TestFake(t *testing.T) {
	dir := t.TempDir()
	put := func(path, text string) {
		t.Helper()
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	proc := func(pid, parent int, name, command, group string, ticks, bytes int) {
		at := fmt.Sprintf("proc/%d/", pid)
		put(at+"stat", fmt.Sprintf("%d (%s) S %d 1 1 0 -1 0 0 0 0 0 %d 0 0 0 20 0 1 0 500 4096 3 18446744073709551615 %s", pid, name, parent, ticks, strings.Repeat("0 ", 28)))
		put(at+"cmdline", strings.ReplaceAll(command, " ", "\x00")+"\x00")
		put(at+"cgroup", "0::"+group+"\n")
		put(at+"io", fmt.Sprintf("rchar: 1\nwchar: 1\nsyscr: 1\nsyscw: 1\nread_bytes: %d\nwrite_bytes: 0\ncancelled_write_bytes: 0\n", bytes))
		put(at+"smaps_rollup", "0-1 ---p 0 00:00 0 [rollup]\nRss:  100 kB\nPss:  10 kB\n")
	}
	both := func(n int) {
		proc(10, 1, "master", "master -C /etc/s1.conf", "/cyrus-s1", 100*n, 0)
		proc(11, 10, "imapd", "imapd -C /etc/s1.conf", "/cyrus-s1", 100*n, 0)
		proc(12, 11, "helper", "helper", "/cyrus-s1", 100*n, 0)
		proc(20, 1, "master", "master", "/cyrus", 100*n, 4096*n)
		proc(21, 20, "imapd", "imapd -C /etc/s2.conf", "/cyrus", 100*n, 4096*n)
		proc(22, 1, "sync_client", "sync_client -C /etc/s2.conf -r", "/cyrus", 100*n, 4096*n)
		proc(30, 20, "imapd", "imapd -C /etc/s3.conf", "/cyrus", 100*n, 4096*n)
		proc(40, 1, "bash", "bash", "/", 100*n, 4096*n)
		put("cgroup/cyrus-s1/cgroup.procs", "10\n11\n12\n")
		put("cgroup/cyrus-s1/cpu.stat", fmt.Sprintf("usage_usec %d\nuser_usec 1\n", 5_000_000*n))
		put("cgroup/cyrus-s1/io.stat", fmt.Sprintf("8:0 rbytes=1 wbytes=1 rios=%d wios=%d dbytes=0 dios=0\n253:0 rbytes=1\n", 70*n, 30*n))
		put("cgroup/cyrus/cgroup.procs", "20\n21\n22\n30\n")
		put("cgroup/cyrus/cpu.stat", "usage_usec 1\n")
	}
	list := []monitor.Instance{
		{Server: "imap1", Store: "s1", Role: inventory.Master, Conf: "/etc/s1.conf"},
		{Server: "imap1", Store: "s2", Role: inventory.Replica, Conf: "/etc/s2.conf"},
		{Server: "imap1", Store: "s3", Role: inventory.Replica, Conf: "/etc/s3.conf"},
		{Server: "imap1", Store: "s4", Role: inventory.Replica, Conf: "/etc/s4.conf"},
	}
	opts := usage.LookOptions{Proc: filepath.Join(dir, "proc"), Cgroups: filepath.Join(dir, "cgroup"), Used: map[inventory.StoreID]int64{"s2": 77}}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	both(1)
	before := usage.Look(list, opts, at)
	both(2)
	now := usage.Look(list, opts, at.Add(10*time.Second))
	got := usage.Between(&before, &now)
	for i, want := range []struct{ cpu, io, memory, disk inventory.Number }{
		{inventory.Known(0.5), inventory.Known(10), inventory.Known(3 * 10 << 10), inventory.Number{}},
		{inventory.Known(0.3), inventory.Known(0.3), inventory.Known(3 * 10 << 10), inventory.Known(77)},
		{inventory.Known(0.1), inventory.Known(0.1), inventory.Known(10 << 10), inventory.Number{}},
		{},
	} {
		u := got[i]
		if !near(u.CPU, want.cpu) || !near(u.IO, want.io) || u.Memory != want.memory || u.Disk != want.disk {
			t.Errorf("%s: got %+v, want %+v; %+v", u.Store, u, want, now.Instances[i])
		}
	}
	if got[3].Trouble == "" {
		t.Error("an instance that does not run is not told")
	}
}

func rig(t *testing.T) (*cyrustest.Fleet, []monitor.Instance) {
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1"})
	var list []monitor.Instance
	for i, in := range fleet.Stores[0].Instances {
		role := []inventory.Role{inventory.Master, inventory.Replica}[i]
		list = append(list, instances.Read("s1", &inventory.Instance{Server: inventory.ServerID(fmt.Sprint("imap", i+1)), Role: role, IMAPDConf: in.Conf}))
	}
	return fleet, list
}

func TestReal(t *testing.T) {
	fleet, list := rig(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	before := usage.Look(list, usage.LookOptions{}, time.Now())
	for i := range 10 {
		if err := fleet.Stores[0].Master().Fill(ctx, []cyrustest.Mailbox{{Name: fmt.Sprint("user.u", i), Messages: 20}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := fleet.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	now := usage.Look(list, usage.LookOptions{}, time.Now())
	for _, u := range usage.Between(&before, &now) {
		// Two processors can't give more than their number, whatever ended meanwhile.
		if !u.CPU.Known || u.CPU.Value <= 0 || u.CPU.Value > 64 || !u.IO.Known || u.IO.Value < 0 ||
			u.Memory.Value < 1<<20 || u.Memory.Value > 1<<30 || u.Disk.Known || !u.DiskFree.Known {
			t.Errorf("got %+v", u)
		}
	}
	fleet.Stores[0].Master().Kill()
	gone := usage.Look(list, usage.LookOptions{}, time.Now())
	if got := usage.Between(&now, &gone)[0]; got.CPU.Known || got.IO.Known || got.Memory.Known || got.Trouble == "" {
		t.Errorf("after its end: got %+v", got)
	}
}

// TestAlone checks that what a file system holds is an instance's only where no
// other instance lies on it.
func TestAlone(t *testing.T) {
	const memory = "/dev/shm"
	var shm, root syscall.Stat_t
	if syscall.Stat(memory, &shm) != nil || syscall.Stat("/", &root) != nil || shm.Dev == root.Dev {
		needs.Missing(t, "a second file system at /dev/shm")
	}
	one := monitor.Instance{Server: "imap1", Store: "s1", Conf: "/nowhere/1", Partitions: map[string]string{"partition-default": memory, "partition-more": memory}}
	two := monitor.Instance{Server: "imap1", Store: "s2", Conf: "/nowhere/2", Dir: memory, Partitions: map[string]string{"partition-default": "/"}}
	lost := monitor.Instance{Server: "imap1", Store: "s3", Conf: "/nowhere/3", Partitions: map[string]string{"partition-default": "/nowhere"}}
	s := usage.Look([]monitor.Instance{one, lost}, usage.LookOptions{}, time.Now())
	if c := s.Instances[0]; !c.Disk.Known || !c.DiskFree.Known || !(c.DiskFill.Value >= 0 && c.DiskFill.Value <= 1) {
		t.Errorf("alone: got %+v", c)
	}
	if c := s.Instances[1]; c.Disk.Known || c.DiskFree.Known || c.DiskFill.Known {
		t.Errorf("nowhere: got %+v", c)
	}
	s = usage.Look([]monitor.Instance{one, two}, usage.LookOptions{}, time.Now())
	for _, c := range s.Instances {
		if c.Disk.Known || !c.DiskFree.Known || !c.DiskFill.Known {
			t.Errorf("not alone: got %+v", c)
		}
	}
}

// TestUnreadable looks as a user who may not see the counters of others.
func TestUnreadable(t *testing.T) {
	needs.Root(t, "become another user")
	_, list := rig(t)
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	dir, err := os.MkdirTemp("", "usage-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	text, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "test")
	if err := os.WriteFile(path, text, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path)
	cmd.Dir, cmd.Env = "/", append(os.Environ(), asLooker+"="+list[0].Conf)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var s usage.Sample
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatal(err)
	}
	later := s
	later.At = s.At.Add(time.Second)
	if u := usage.Between(&s, &later)[0]; u.IO.Known || !u.CPU.Known || !u.Memory.Known || !strings.Contains(u.Trouble, "CAP_SYS_PTRACE") {
		t.Errorf("got %+v", u)
	}
}
