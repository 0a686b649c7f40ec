package synclag

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/needs"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// store returns a master with one channel in a new directory.
func store(t *testing.T) (in *monitor.Instance, dir string) {
	t.Helper()
	top := t.TempDir()
	dir = filepath.Join(top, "sync")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return &monitor.Instance{
		Server: "imap1", Store: "s1", Role: inventory.Master, Conf: filepath.Join(top, "imapd.conf"), Dir: top, SyncDir: dir,
		Channels: []monitor.Channel{{Name: monitor.DefaultChannel, Kind: monitor.Replication, Dir: dir, Peer: "imap2:2005"}},
	}, dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func look(t *testing.T, in *monitor.Instance, processes Processes, earlier ...monitor.Backlog) monitor.Backlog {
	t.Helper()
	looks := Measure([]monitor.Instance{*in}, processes, earlier, time.Now())
	if len(looks) != 1 {
		t.Fatalf("got %d looks, want 1: %+v", len(looks), looks)
	}
	return looks[0]
}

func TestMeasure(t *testing.T) {
	in, dir := store(t)
	if b := look(t, in, Processes{}); b.Trouble != "" || b.Log.Exists() || b.Run.Exists() || b.Entries != inventory.Known(0) || b.ProcessesKnown {
		t.Errorf("of an empty directory: got %+v", b)
	}
	before := time.Now().Add(-time.Second)
	write(t, dir+"/log", "MAILBOX user.a\nMAILBOX user.b\n")
	if err := os.Rename(dir+"/log", dir+"/log-run"); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/log", "MAILBOX user.a\nMAILBOX user.a.Sent\n")
	mine := monitor.Process{PID: 7, Rolling: true, Conf: in.Conf, Channel: monitor.DefaultChannel, Open: []string{dir + "/log-run"}}
	other, far, once, dead := mine, mine, mine, mine
	other.Conf, other.Open = "/etc/other.conf", nil
	far.Channel, far.Open = "far", nil
	once.Rolling, once.Open = false, nil
	dead.State, dead.Open = "Z", nil
	b := look(t, in, Processes{[]monitor.Process{other, far, once, dead, mine}, true})
	if b.Bytes() != 30+35 || b.Entries != inventory.Known(4) || b.Mailboxes != inventory.Known(3) || b.Users != inventory.Known(2) {
		t.Errorf("got %+v", b)
	}
	if b.Worker != 7 || !b.ProcessesKnown || !reflect.DeepEqual(b.Clients, []monitor.Process{mine}) {
		t.Errorf("got worker %d, clients %+v", b.Worker, b.Clients)
	}
	for name, at := range map[string]time.Time{"first": b.Run.First, "last": b.Run.Last, "taken": b.Run.Taken, "first of log": b.Log.First} {
		if at.Before(before) || at.After(time.Now()) {
			t.Errorf("%s: got %v", name, at)
		}
	}
	if !b.Log.Taken.IsZero() || b.Age() <= 0 || b.Age() > time.Minute {
		t.Errorf("got %+v, age %v", b.Log, b.Age())
	}
}

// TestRenamed checks that a log that is renamed while it is looked at is counted once.
func TestRenamed(t *testing.T) {
	in, dir := store(t)
	write(t, dir+"/log", "MAILBOX user.a\n")
	if err := os.Link(dir+"/log", dir+"/log-run"); err != nil {
		t.Fatal(err)
	}
	b := look(t, in, Processes{})
	if b.Log.Exists() || !b.Run.Exists() || b.Bytes() != 15 || b.Entries != inventory.Known(1) {
		t.Errorf("got %+v", b)
	}
}

// TestOwned checks the logs of Cyrus before 3.0, which bear the number of a process.
func TestOwned(t *testing.T) {
	in, dir := store(t)
	for i, name := range []string{"log-301", "log-300", "log-run", "log-x", "log-1.bak", "logs"} {
		write(t, filepath.Join(dir, name), fmt.Sprintf("MAILBOX user.u%d\n", i))
		at := time.Now().Add(time.Duration(i-10) * time.Minute)
		if err := os.Chtimes(filepath.Join(dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(dir + "/log-301")
	if err != nil {
		t.Fatal(err)
	}
	holder := monitor.Process{PID: 9, Open: []string{dir + "/log-300"}}
	b := look(t, in, Processes{List: []monitor.Process{holder}})
	if b.Run.Bytes != 3*16 || b.Run.Inode != info.Sys().(*syscall.Stat_t).Ino || b.Mailboxes != inventory.Known(3) || b.Worker != 9 {
		t.Errorf("got %+v", b)
	}
}

// TestBirthless checks files of which nobody keeps when they were born.
func TestBirthless(t *testing.T) {
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	log := monitor.LogFile{Inode: 5, Bytes: 10, First: at(100), Last: at(110)}
	run := monitor.LogFile{Inode: 5, Bytes: 10, First: at(100), Last: at(110), Taken: at(120)}
	for _, test := range []struct {
		name string
		f    monitor.LogFile
		run  bool
		then monitor.Backlog
		want time.Time
	}{
		{"born", monitor.LogFile{Inode: 5, Bytes: 10, First: at(90), Last: at(130)}, false, monitor.Backlog{Log: log}, at(90)},
		{"never seen", monitor.LogFile{Inode: 5, Bytes: 10, Last: at(130)}, false, monitor.Backlog{}, at(130)},
		{"grown", monitor.LogFile{Inode: 5, Bytes: 20, Last: at(130)}, false, monitor.Backlog{Log: log}, at(100)},
		{"renamed", monitor.LogFile{Inode: 5, Bytes: 20, Last: at(130), Taken: at(140)}, true, monitor.Backlog{Log: log}, at(100)},
		{"still worked off", monitor.LogFile{Inode: 5, Bytes: 10, Last: at(110), Taken: at(120)}, true, monitor.Backlog{Run: run}, at(100)},
		{"another of that number", monitor.LogFile{Inode: 5, Bytes: 9, Last: at(130)}, false, monitor.Backlog{Log: log}, at(130)},
		{"another that was taken", monitor.LogFile{Inode: 5, Bytes: 10, Last: at(130), Taken: at(140)}, true, monitor.Backlog{Run: run}, at(130)},
		{"a log after one that was taken", monitor.LogFile{Inode: 5, Bytes: 10, Last: at(130)}, false, monitor.Backlog{Run: run}, at(130)},
		{"another number", monitor.LogFile{Inode: 6, Bytes: 20, Last: at(130)}, false, monitor.Backlog{Log: log}, at(130)},
	} {
		if got := firstOf(&test.f, &test.then, test.run); !got.Equal(test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// TestHostile checks what may lie in a directory in place of a log: it is said,
// it is not read, and nothing waits for it.
func TestHostile(t *testing.T) {
	for _, test := range []struct {
		name    string
		do      func(dir string) error
		trouble string // empty: it can be looked at
		bytes   int64
		entries inventory.Number
	}{
		{"a link out", func(dir string) error { return os.Symlink("/etc/passwd", dir+"/log") }, "is no plain file", 0, inventory.Number{}},
		{"a link inside", func(dir string) error { return os.Symlink("log-run", dir+"/log") }, "is no plain file", 0, inventory.Number{}},
		{"a pipe", func(dir string) error { return syscall.Mkfifo(dir+"/log-run", 0o666) }, "is no plain file", 0, inventory.Number{}},
		{"a directory", func(dir string) error { return os.Mkdir(dir+"/log", 0o755) }, "is no plain file", 0, inventory.Number{}},
		{"a pipe for a directory", func(dir string) error {
			return errorsOf(os.Remove(dir), syscall.Mkfifo(dir, 0o666))
		}, "not a directory", 0, inventory.Number{}},
		{"a file for a directory", func(dir string) error {
			return errorsOf(os.Remove(dir), os.WriteFile(dir, nil, 0o644))
		}, "not a directory", 0, inventory.Number{}},
		{"no directory yet", os.Remove, "", 0, inventory.Number{}},
		{"a disk that is not mounted", func(dir string) error { return os.RemoveAll(filepath.Dir(dir)) }, "no such file", 0, inventory.Number{}},
		{"10 GB", func(dir string) error {
			return errorsOf(os.WriteFile(dir+"/log", nil, 0o644), os.Truncate(dir+"/log", 10e9))
		}, "", 10e9, inventory.Number{}},
		{"zeros", func(dir string) error {
			return errorsOf(os.WriteFile(dir+"/log", nil, 0o644), os.Truncate(dir+"/log", 1e6))
		}, "", 1e6, inventory.Known(1)},
		{"many files", func(dir string) error {
			for i := range 300 {
				if err := os.WriteFile(fmt.Sprintf("%s/log-%d", dir, i), []byte("USER u\n"), 0o644); err != nil {
					return err
				}
			}
			return nil
		}, "", 2100, inventory.Known(300)},
	} {
		t.Run(test.name, func(t *testing.T) {
			in, dir := store(t)
			if err := test.do(dir); err != nil {
				t.Fatal(err)
			}
			b := look(t, in, Processes{Known: true})
			if !strings.Contains(b.Trouble, test.trouble) || (test.trouble == "") != (b.Trouble == "") {
				t.Errorf("got trouble %q, want it to say %q", b.Trouble, test.trouble)
			}
			if b.Bytes() != test.bytes || test.bytes > 0 && b.Entries != test.entries {
				t.Errorf("got %d bytes, %+v entries", b.Bytes(), b.Entries)
			}
			if b.Trouble != "" && (b.Entries.Known || b.ProcessesKnown) {
				t.Errorf("got %+v of what could not be looked at", b)
			}
		})
	}
}

func errorsOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestDevice checks that no device is opened.
func TestDevice(t *testing.T) {
	in, dir := store(t)
	if err := syscall.Mknod(dir+"/log", syscall.S_IFCHR|0o666, 1<<8|5); err != nil {
		needs.Missing(t, "to make a device: %v", err)
	}
	if b := look(t, in, Processes{}); !strings.Contains(b.Trouble, "is no plain file") {
		t.Errorf("got %+v", b)
	}
}

// TestUnreadable checks that the size and the age of a log are known to who may
// not read it, and its entries are not.
func TestUnreadable(t *testing.T) {
	in, dir := store(t)
	write(t, dir+"/log", "MAILBOX user.a\n")
	if err := os.Chmod(dir+"/log", 0); err != nil {
		t.Fatal(err)
	}
	asNobody(t, in.Dir, func() {
		b := look(t, in, Processes{})
		if b.Trouble != "" || b.Log.Bytes != 15 || b.Log.First.IsZero() || b.Entries.Known {
			t.Errorf("got %+v", b)
		}
	})
	if err := os.Chmod(dir, 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o755) // else the test's directory cannot be removed
	asNobody(t, in.Dir, func() {
		if b := look(t, in, Processes{}); !strings.Contains(b.Trouble, "permission denied") {
			t.Errorf("of a directory: got %+v", b)
		}
	})
}

// asNobody runs a function without the rights of root.
func asNobody(t *testing.T, dir string, do func()) {
	t.Helper()
	if os.Getuid() != 0 {
		do()
		return
	}
	for path := dir; path != "/tmp" && path != "/"; path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Seteuid(65534); err != nil {
		needs.Missing(t, "to be another user: %v", err)
	}
	defer func() {
		if err := syscall.Seteuid(0); err != nil {
			t.Fatal(err)
		}
	}()
	do()
}

// TestVanishing looks at files that come, grow and go all the time.
func TestVanishing(t *testing.T) {
	in, dir := store(t)
	done, stop := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			os.WriteFile(dir+"/log", []byte(strings.Repeat("MAILBOX user.a\n", 100)), 0o644)
			os.Rename(dir+"/log", dir+"/log-run")
			os.Remove(dir + "/log-run")
		}
	}()
	for range 2000 {
		b := look(t, in, Processes{})
		if b.Trouble != "" {
			t.Fatalf("got trouble %q", b.Trouble)
		}
		if !b.Entries.Known || b.Bytes() > 3000 {
			t.Fatalf("got %+v", b)
		}
	}
	close(stop)
	<-done
}

// TestUsed checks which channels are looked at.
func TestUsed(t *testing.T) {
	in, dir := store(t)
	in.Channels = []monitor.Channel{
		{Name: monitor.DefaultChannel, Kind: monitor.Replication, Dir: dir},
		{Name: "far", Kind: monitor.Replication, Dir: dir + "/far", Peer: "mars:2005"},
		{Name: "squatter", Kind: monitor.Squatter, Dir: dir + "/squatter"},
	}
	channels := func() (names []string) {
		for _, b := range Measure([]monitor.Instance{*in}, Processes{}, nil, time.Now()) {
			names = append(names, b.Channel)
		}
		return names
	}
	if got, want := channels(), []string{"far", "squatter"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	write(t, dir+"/log", "MAILBOX user.a\n")
	all := []string{"default", "far", "squatter"}
	if got := channels(); !reflect.DeepEqual(got, all) {
		t.Errorf("with a log: got %v, want %v", got, all)
	}
	if err := os.Remove(dir + "/log"); err != nil {
		t.Fatal(err)
	}
	in.Role = inventory.Replica
	if got := channels(); !reflect.DeepEqual(got, all) {
		t.Errorf("on a replica: got %v, want %v", got, all)
	}
	in.Channels, in.Trouble = nil, "its configuration cannot be read"
	looks := Measure([]monitor.Instance{*in}, Processes{}, nil, time.Now())
	if len(looks) != 1 || looks[0].Trouble != in.Trouble || looks[0].Channel != monitor.DefaultChannel {
		t.Errorf("got %+v", looks)
	}
}
