package processes_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/fixtures/needs"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/processes"
)

// TestRecoverRefused checks each reason against recovery with a client that
// leaves a mark when it is run.
func TestRecoverRefused(t *testing.T) {
	dir := t.TempDir()
	mark := filepath.Join(dir, "mark")
	client := filepath.Join(dir, "client")
	write(t, client, "#!/bin/sh\ntouch "+mark+"\nrm -f "+dir+"/sync/log-run\n", 0o755)
	if err := os.Mkdir(filepath.Join(dir, "sync"), 0o755); err != nil {
		t.Fatal(err)
	}
	ch := monitor.Channel{Name: "default", Kind: monitor.Replication, Dir: dir + "/sync", Peer: "imap7:2005", Logged: true}
	for _, test := range []struct {
		name string
		harm func(*processes.Job, *processes.RecoverOptions)
		want string // of the refusal; empty: it is done
	}{
		{"all agree", func(*processes.Job, *processes.RecoverOptions) {}, ""},
		{"a service", func(_ *processes.Job, o *processes.RecoverOptions) {
			o.Client, o.Service = "/bin/false", []string{o.Client, "-C", "/nowhere/$(s1).conf"}
		}, ""},
		{"promoted long ago", func(_ *processes.Job, o *processes.RecoverOptions) { o.Promoted = time.Now().Add(-25 * time.Hour) }, ""},
		{"not allowed", func(_ *processes.Job, o *processes.RecoverOptions) { o.Allowed = false }, "not allowed"},
		{"a replica", func(j *processes.Job, _ *processes.RecoverOptions) { j.Instance.Role = inventory.Replica }, "a replica of store s1"},
		{"unread configuration", func(j *processes.Job, _ *processes.RecoverOptions) { j.Instance.Trouble = "no such file" }, "no such file"},
		{"foreign channel", func(j *processes.Job, _ *processes.RecoverOptions) { j.Channel.Dir = "/tmp" }, "no channel"},
		{"squatter's", func(j *processes.Job, _ *processes.RecoverOptions) {
			j.Channel.Kind = monitor.Squatter
			j.Instance.Channels = []monitor.Channel{j.Channel}
		}, "is not replicated"},
		{"promoted lately", func(_ *processes.Job, o *processes.RecoverOptions) { o.Promoted = time.Now().Add(-23 * time.Hour) }, "has been seen as the master only since"},
		{"no routing", func(_ *processes.Job, o *processes.RecoverOptions) { o.Routing = nil }, "nobody says where users are routed"},
		{"unknown routing", func(_ *processes.Job, o *processes.RecoverOptions) {
			o.Routing = func(context.Context, inventory.StoreID) (inventory.ServerID, error) {
				return "", errors.New("no answer")
			}
		}, "does not say that this is the master: no answer"},
		{"routed elsewhere", func(_ *processes.Job, o *processes.RecoverOptions) {
			o.Routing = func(context.Context, inventory.StoreID) (inventory.ServerID, error) { return "imap9", nil }
		}, `routed to "imap9"`},
		{"no peer", func(_ *processes.Job, o *processes.RecoverOptions) { o.Peer = nil }, "nobody can ask"},
		{"unknown peer", func(_ *processes.Job, o *processes.RecoverOptions) {
			o.Peer = func(context.Context, *processes.Job) (inventory.Role, error) { return "", errors.New("no route") }
		}, "can't be told: no route"},
		{"the peer is a master", func(_ *processes.Job, o *processes.RecoverOptions) {
			o.Peer = func(context.Context, *processes.Job) (inventory.Role, error) { return inventory.Master, nil }
		}, "takes itself to be a master"},
		{"the peer becomes a master meanwhile", func(_ *processes.Job, o *processes.RecoverOptions) {
			asked := 0
			o.Peer = func(context.Context, *processes.Job) (inventory.Role, error) {
				if asked++; asked > 1 {
					return inventory.Master, nil
				}
				return inventory.Replica, nil
			}
		}, "takes itself to be a master"},
		{"no journal", func(_ *processes.Job, o *processes.RecoverOptions) { o.Journal = nil }, "no journal"},
		{"hidden processes", func(_ *processes.Job, o *processes.RecoverOptions) { o.Proc = dir }, "look at the processes"},
		{"a strange file", func(j *processes.Job, _ *processes.RecoverOptions) { j.File = "/etc/passwd" }, "is not a log that Cyrus 2.3 left"},
	} {
		t.Run(test.name, func(t *testing.T) {
			os.Remove(mark)
			write(t, dir+"/sync/log-run", "USER anna\n", 0o600)
			job := processes.Job{Instance: monitor.Instance{
				Server: "imap1", Store: "s1", Role: inventory.Master, Conf: "/nowhere/$(s1).conf", Dir: dir, Channels: []monitor.Channel{ch},
			}, Channel: ch}
			opts := willing(&journal{})
			opts.Client = client
			test.harm(&job, &opts)
			a, err := processes.Recover(t.Context(), job, opts)
			if err != nil {
				t.Fatal(err)
			}
			_, ran := os.Stat(mark)
			if test.want == "" {
				if a.Outcome != processes.Done || ran != nil {
					t.Errorf("got %+v, want it done", a)
				}
				return
			}
			if a.Outcome != processes.Refused || !strings.Contains(a.Text, test.want) || ran == nil {
				t.Errorf("got %+v, want it refused: %s", a, test.want)
			}
			if strings.Contains(a.Text, client) { // what must not be done is not offered
				t.Errorf("got %q with the command", a.Text)
			}
		})
	}
}

// TestRecoverLeavesOthersAlone checks that nothing is worked off as long as somebody
// else may work on it, whatever he is and whatever he calls the files.
func TestRecoverLeavesOthersAlone(t *testing.T) {
	dir := t.TempDir()
	mark := filepath.Join(dir, "mark")
	write(t, dir+"/client", "#!/bin/sh\ntouch "+mark+"\nrm -f "+dir+"/real/log-run\n", 0o755)
	if err := errors.Join(os.Mkdir(dir+"/real", 0o755), os.Mkdir(dir+"/elsewhere", 0o755), os.Symlink(dir+"/real", dir+"/sync")); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/real/log-run", "USER anna\n", 0o600)
	write(t, dir+"/sync_client", "#!/bin/sh\nsleep 600\n:\n", 0o755)
	ch := monitor.Channel{Name: "default", Kind: monitor.Replication, Dir: dir + "/sync", Peer: "imap7:2005", Logged: true}
	job := processes.Job{Instance: monitor.Instance{
		Server: "imap1", Store: "s1", Role: inventory.Master, Conf: dir + "/own.conf", Dir: dir, SyncDir: ch.Dir, Channels: []monitor.Channel{ch},
	}, Channel: ch}
	recover := func(name, want string, syncDir func(string) (string, error)) {
		t.Helper()
		opts := willing(&journal{})
		opts.Client, opts.SyncDir = dir+"/client", syncDir
		a, err := processes.Recover(t.Context(), job, opts)
		_, ran := os.Stat(mark)
		if err != nil || want != "" && (a.Outcome != processes.Refused || !strings.Contains(a.Text, want) || ran == nil) || want == "" && a.Outcome != processes.Done {
			t.Errorf("%s: got %+v, %v", name, a, err)
		}
	}
	sleep, err := os.ReadFile("/bin/sleep")
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/elsewhere/sync_client", string(sleep), 0o755)
	holder := exec.Command(dir+"/elsewhere/sync_client", "600")
	log, err := os.Open(dir + "/real/log-run")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	holder.ExtraFiles = []*os.File{log}
	begin(t, holder)
	log.Close()
	recover("a client of which nothing else is known that has the log open", fmt.Sprintf("process %d works on", holder.Process.Pid), nil)
	end(holder)

	other := exec.Command(dir+"/sync_client", "-C", dir+"/other.conf", "-r")
	begin(t, other)
	theirs := func(conf string) (string, error) {
		if conf == dir+"/other.conf" {
			return dir + "/real", nil
		}
		return "/nowhere", nil // clients of other tests
	}
	recover("a client with another imapd.conf", fmt.Sprintf("process %d works on these logs", other.Process.Pid), theirs)
	recover("a client of which nobody knows where it works", "can't be told", func(string) (string, error) { return "", errors.New("no such file") })
	end(other)

	// What is called otherwise holds a log that it writes, and not one that it reads.
	writer := exec.Command("/bin/sleep", "600")
	out, err := os.OpenFile(dir+"/real/log-run", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	writer.Stdout = out
	begin(t, writer)
	out.Close()
	recover("a program that writes the log", fmt.Sprintf("process %d works on", writer.Process.Pid), theirs)
	end(writer)
	reader := exec.Command("/bin/sleep", "600")
	in, err := os.Open(dir + "/real/log-run")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	reader.Stdin = in
	begin(t, reader)
	recover("nobody", "", theirs)
}

// TestRecoverAmongSecrets works a log off as an account that may not see what others
// have open: who has ended and who works elsewhere are in nobody's way, and of the
// others it is said what to do.
func TestRecoverAmongSecrets(t *testing.T) {
	needs.Root(t, "become another user")
	const nobody = 65534
	dir, err := os.MkdirTemp("", "processes-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	run := dir + "/one/sync/log-run"
	for _, name := range []string{"one", "other"} {
		if err := os.MkdirAll(dir+"/"+name+"/sync", 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, dir+"/"+name+".conf", "configdirectory: "+dir+"/"+name+"\nsync_log: 1\nsync_host: 127.0.0.1\n", 0o644)
	}
	write(t, dir+"/client", "#!/bin/sh\nrm "+run+"\n", 0o755)
	write(t, dir+"/sync_client", "#!/bin/sh\nsleep 600\n:\n", 0o755)
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chown(dir+"/one/sync", nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		words  []string
		ended  bool // and nobody has noticed
		writes bool // it has the log open, whatever it says
		want   string
	}{
		{name: "one that has ended", words: []string{"-C", dir + "/one.conf", "-r"}, ended: true, want: "done"},
		{name: "one that works elsewhere", words: []string{"-C", dir + "/other.conf", "-r"}, want: "done"},
		{name: "one that says so and works here", words: []string{"-C", dir + "/other.conf", "-r"}, writes: true, want: "refused a process that can't be seen works on"},
		{name: "one that was given a file", words: []string{"-C", dir + "/other.conf", "-r", "-f", run}, want: "refused what process {pid} (sync_client) has open can't be seen"},
		{name: "one that does something else here", words: []string{"-C", dir + "/one.conf", "-u", "anna"}, want: "what root or another account runs is seen only with CAP_SYS_PTRACE"},
	} {
		write(t, run, "USER anna\n", 0o600)
		if err := os.Chown(run, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		other := exec.Command(dir+"/sync_client", test.words...)
		if test.writes {
			file, err := os.OpenFile(run, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			other.ExtraFiles = []*os.File{file}
			begin(t, other)
			file.Close()
		} else {
			begin(t, other)
		}
		if test.ended {
			syscall.Kill(-other.Process.Pid, syscall.SIGKILL)
			time.Sleep(100 * time.Millisecond)
		}
		cmd := helper(t, asRecoverer+"="+dir+"/one.conf")
		cmd.Env = append(cmd.Env, byClient+"="+dir+"/client")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		out, err := cmd.CombinedOutput()
		if want := strings.ReplaceAll(test.want, "{pid}", fmt.Sprint(other.Process.Pid)); err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: got %v, %q, want %q", test.name, err, out, want)
		}
		end(other)
	}
}

// TestRecoverLeft: what was left since nobody could tell who works on it was not worked
// off; what somebody else took up is in good hands.
func TestRecoverLeft(t *testing.T) {
	for _, test := range []struct {
		name          string
		later         func(dir string) (string, error) // where the other client works, as it is said later
		outcome, text string
	}{
		{"nobody can tell", func(string) (string, error) { return "", errors.New("no such file") }, processes.Failed, "the rest was left: where process {pid} (sync_client) works can't be told: no such file"},
		{"another took it up", func(dir string) (string, error) { return dir, nil }, processes.Done, "left the rest to another: process {pid} works on these logs"},
	} {
		dir := t.TempDir()
		write(t, dir+"/log-run", "USER anna\n", 0o600)
		write(t, dir+"/client", "#!/bin/sh\ntouch "+dir+"/ran\n", 0o755)
		write(t, dir+"/sync_client", "#!/bin/sh\nsleep 600\n:\n", 0o755)
		other := exec.Command(dir+"/sync_client", "-C", dir+"/other.conf", "-r")
		begin(t, other)
		ch := monitor.Channel{Name: "default", Kind: monitor.Replication, Dir: dir, Peer: "imap7:2005"}
		opts := willing(&journal{})
		opts.Client = dir + "/client"
		opts.SyncDir = func(conf string) (string, error) {
			if there(dir+"/ran") && conf == dir+"/other.conf" {
				return test.later(dir)
			}
			return "/", nil
		}
		in := monitor.Instance{Server: "imap1", Store: "s1", Role: inventory.Master, Conf: "/nowhere", SyncDir: dir, Channels: []monitor.Channel{ch}}
		a, err := processes.Recover(t.Context(), processes.Job{Instance: in, Channel: ch}, opts)
		if err != nil || a.Outcome != test.outcome || !strings.Contains(a.Text, strings.ReplaceAll(test.text, "{pid}", fmt.Sprint(other.Process.Pid))) {
			t.Errorf("%s: got %+v, %v", test.name, a, err)
		}
		end(other)
	}
}

// begin starts a command in a group of its own, which end ends.
func begin(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(cmd) })
	time.Sleep(100 * time.Millisecond) // until it is what it is called
}

func end(cmd *exec.Cmd) {
	if cmd.ProcessState == nil {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
	}
}

// TestRecoverUnwritten checks that what can't be written down is not done.
func TestRecoverUnwritten(t *testing.T) {
	dir := t.TempDir()
	ch := monitor.Channel{Name: "default", Kind: monitor.Replication, Dir: dir, Peer: "imap7:2005"}
	write(t, dir+"/log-run", "USER anna\n", 0o600)
	opts := willing(full{})
	opts.Client = "/bin/false"
	in := monitor.Instance{Server: "imap1", Store: "s1", Role: inventory.Master, Conf: "/nowhere", Channels: []monitor.Channel{ch}}
	if a, err := processes.Recover(t.Context(), processes.Job{Instance: in, Channel: ch}, opts); err == nil || a.Outcome != "" {
		t.Errorf("got %+v, %v", a, err)
	}
}

type full struct{}

func (full) BeginAction(context.Context, *monitor.Action) error { return errors.New("disk full") }
func (full) EndAction(context.Context, *monitor.Action) error   { return errors.New("disk full") }

// TestRecoverEnds runs clients that fail, hang with a child, and write a lot.
func TestRecoverEnds(t *testing.T) {
	for _, test := range []struct{ name, script, outcome, text string }{
		{"fails", "echo 'no \033[2J way' >&2; exit 75", processes.Failed, `no \x1b[2J way`},
		{"hangs", "sleep 61 & sleep 62", processes.Failed, "it had not ended after 500 ms and was killed"},
		{"writes a lot", "yes | head -c 10000000; rm -f log-run log", processes.Done, "y"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			client := filepath.Join(dir, "client")
			write(t, client, "#!/bin/sh\ncd "+dir+"\n"+test.script+"\n", 0o755)
			write(t, dir+"/log-run", "USER anna\n", 0o600)
			ch := monitor.Channel{Name: "default", Kind: monitor.Replication, Dir: dir, Peer: "imap7:2005"}
			opts := willing(&journal{})
			opts.Client = client
			if test.name == "hangs" {
				opts.Timeout = 500 * time.Millisecond
			}
			in := monitor.Instance{Server: "imap1", Store: "s1", Role: inventory.Master, Conf: "/nowhere", Channels: []monitor.Channel{ch}}
			a, err := processes.Recover(t.Context(), processes.Job{Instance: in, Channel: ch}, opts)
			if err != nil || a.Outcome != test.outcome || !strings.Contains(a.Text, test.text) || len(a.Text) > 5000 {
				t.Errorf("got %+v, %v", a, err)
			}
			if out, err := exec.Command("pgrep", "-f", "sleep 6[12]$").Output(); err == nil {
				t.Errorf("still there: %s", out)
			}
		})
	}
}

// TestRecoverNothing: where nothing waits nothing is run, and nothing is written down
// of it; a service is started all the same.
func TestRecoverNothing(t *testing.T) {
	dir := t.TempDir()
	ch := monitor.Channel{Name: "default", Kind: monitor.Replication, Dir: dir, Peer: "imap7:2005"}
	in := monitor.Instance{Server: "imap1", Store: "s1", Role: inventory.Master, Conf: "/nowhere", Channels: []monitor.Channel{ch}}
	j := &journal{}
	opts := willing(j)
	opts.Client = "/bin/false"
	a, err := processes.Recover(t.Context(), processes.Job{Instance: in, Channel: ch}, opts)
	if err != nil || a.Outcome != processes.Done || a.Text != "nothing waited" || len(j.begun) != 0 {
		t.Errorf("got %+v, %v, %+v", a, err, j.begun)
	}
	opts = willing(j)
	opts.Service = []string{"/bin/true"}
	a, err = processes.Recover(t.Context(), processes.Job{Instance: in, Channel: ch}, opts)
	if err != nil || a.Outcome != processes.Done || len(j.begun) != 1 {
		t.Errorf("a service: got %+v, %v, %+v", a, err, j.begun)
	}
}

func TestRecoverNotWhileAClientRuns(t *testing.T) {
	r := start(t, cyrustest.ClientDaemon)
	a, err := processes.Recover(r.ctx(), r.job(), willing(&journal{}))
	if err != nil || a.Outcome != processes.Refused || !strings.Contains(a.Text, fmt.Sprintf("process %d works on this channel", r.clients(r.master)[0].PID)) {
		t.Errorf("got %+v, %v", a, err)
	}
}

// TestRecoverTwice starts recoveries at once: one works, the others see it.
func TestRecoverTwice(t *testing.T) {
	r := start(t, cyrustest.ClientStart)
	r.leave()
	var wg sync.WaitGroup
	outcomes := make([]monitor.Action, 8)
	for i := range outcomes {
		wg.Go(func() {
			var err error
			if outcomes[i], err = processes.Recover(r.ctx(), r.job(), willing(&journal{})); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	done := 0
	for _, a := range outcomes {
		if a.Outcome == processes.Done {
			done++
		} else if !strings.Contains(a.Text, "another recovery works") {
			t.Errorf("got %+v", a)
		}
	}
	if done == 0 || there(r.job().Channel.Dir+"/log-run") {
		t.Errorf("%d were done", done)
	}
}

// TestRecovererKilled kills a recovery while its client works. The client goes
// on, nobody else works on the channel until it has ended, and nothing is lost.
func TestRecovererKilled(t *testing.T) {
	r := start(t, cyrustest.ClientStart)
	r.leave()
	if err := r.replica.Pause(); err != nil {
		t.Fatal(err)
	}
	cmd := helper(t, asRecoverer+"="+r.master.Conf)
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	once := func() (list []monitor.Process) {
		all, err := processes.Look("/proc", r.list)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range all {
			if p.Name == "sync_client" && p.Conf == r.master.Conf && p.State != "Z" {
				list = append(list, p)
			}
		}
		return list
	}
	r.wait("the recovery's client works", func() bool { return len(once()) == 1 })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() // reports the kill
	left := once()
	defer func() {
		for _, p := range left {
			syscall.Kill(p.PID, syscall.SIGKILL) // it has ended if all went well
		}
	}()
	a, err := processes.Recover(r.ctx(), r.job(), willing(&journal{}))
	if err != nil || a.Outcome != processes.Refused {
		t.Fatalf("while the client works: got %+v, %v", a, err)
	}
	if err := r.replica.Resume(); err != nil {
		t.Fatal(err)
	}
	r.wait("the client has ended", func() bool { return len(once()) == 0 })
	// A process that ends loses its command line a moment before its locks.
	r.wait("the channel is free", func() bool {
		a, err = processes.Recover(r.ctx(), r.job(), willing(&journal{}))
		return a.Outcome != processes.Refused
	})
	if err != nil || a.Outcome != processes.Done || there(r.job().Channel.Dir+"/log-run") {
		t.Fatalf("afterwards: got %+v, %v", a, err)
	}
	if out, err := r.replica.Tool(r.ctx(), "mbpath", "user.anna"); err != nil {
		t.Errorf("the replica does not have anna: %s, %v", out, err)
	}
}

// TestLayoutOf23 has a log that Cyrus 2.3 left behind, held by a living process
// and then by none; the sync_client of 3.x works it off in the same way.
func TestLayoutOf23(t *testing.T) {
	r := start(t, cyrustest.ClientStart)
	r.change("anna")
	if err := r.fleet.Settle(r.ctx()); err != nil {
		t.Fatal(err)
	}
	r.kill(syscall.SIGKILL, r.clients(r.master))
	r.wait("the client is gone", func() bool { return len(r.clients(r.master)) == 0 })
	job := r.job()
	job.File = filepath.Join(job.Channel.Dir, "log-3999999")
	write(t, job.File, "USER anna\n", 0o666)
	if err := os.Chmod(job.File, 0o666); err != nil {
		t.Fatal(err)
	}
	r.want(r.check(), "client_missing log_orphaned")

	fake := filepath.Join(t.TempDir(), "sync_client")
	sleep, err := os.ReadFile("/bin/sleep")
	if err != nil {
		t.Fatal(err)
	}
	write(t, fake, string(sleep), 0o755)
	file, err := os.Open(job.File)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	holder := &exec.Cmd{Path: fake, Args: []string{"sync_client", "30"}, Stdin: file}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	r.wait("it is held", func() bool { r.sights = nil; return kinds(r.check()) == "client_missing" })
	a, err := processes.Recover(r.ctx(), job, willing(&journal{}))
	if err != nil || a.Outcome != processes.Refused || !strings.Contains(a.Text, fmt.Sprintf("process %d works on", holder.Process.Pid)) {
		t.Errorf("while it is held: got %+v, %v", a, err)
	}
	holder.Process.Kill()
	holder.Wait() // reports the kill

	j := &journal{}
	a, err = processes.Recover(r.ctx(), job, willing(j))
	if err != nil || a.Outcome != processes.Done || there(job.File) || len(j.ended) != 1 {
		t.Errorf("got %+v, %v, %+v", a, err, j)
	}
	r.sights = nil
	r.want(r.check(), "client_missing")
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
