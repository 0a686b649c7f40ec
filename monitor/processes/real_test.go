package processes_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/fixtures/needs"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/instances"
	"github.com/interlacemail/interlace/monitor/processes"
)

// asOther makes this test binary look at the processes of one configuration, or
// work a log off, and print what came of it, for the tests that do so as another
// user or kill it.
const (
	asLooker    = "PROCESSES_LOOK"
	asRecoverer = "PROCESSES_RECOVER"
	byClient    = "PROCESSES_CLIENT" // what a recoverer runs; its imapd.conf is in that directory, and those of its strangers are
)

func TestMain(m *testing.M) {
	if conf := os.Getenv(asLooker); conf != "" {
		list, err := processes.Look("/proc", []monitor.Instance{{Conf: conf}})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		json.NewEncoder(os.Stdout).Encode(list)
		return
	}
	if conf := os.Getenv(asRecoverer); conf != "" {
		in := read(conf, inventory.Master, "")
		opts := willing(&journal{})
		if client := os.Getenv(byClient); client != "" {
			opts.Client, opts.SyncDir = client, func(other string) (string, error) {
				if filepath.Dir(other) != filepath.Dir(conf) {
					return "/", nil // clients of other tests
				}
				return read(other, inventory.Master, "").SyncDir, nil
			}
		}
		a, err := processes.Recover(context.Background(), processes.Job{Instance: in, Channel: in.Channels[0]}, opts)
		fmt.Println(a.Outcome, a.Text, err)
		return
	}
	goleak.VerifyTestMain(m)
}

func read(conf string, role inventory.Role, csync string) monitor.Instance {
	server := inventory.ServerID("imap1")
	if role == inventory.Replica {
		server = "imap2"
	}
	return instances.Read("s1", &inventory.Instance{Server: server, Role: role, IMAPDConf: conf, CSync: csync})
}

// rig is a store with what was seen of it.
type rig struct {
	*testing.T
	fleet           *cyrustest.Fleet
	master, replica *cyrustest.Instance
	list            []monitor.Instance
	sights          []processes.Sight
	patience        time.Duration // with sync servers
}

func start(t *testing.T, client cyrustest.Client) *rig {
	return startWith(t, cyrustest.Settings{Client: client})
}

// startWith starts a store with these settings of its master.
func startWith(t *testing.T, settings cyrustest.Settings) *rig {
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: []cyrustest.Settings{settings, {}}})
	r := &rig{T: t, patience: 500 * time.Millisecond, fleet: fleet, master: fleet.Stores[0].Master(), replica: fleet.Stores[0].Replicas()[0]}
	r.list = []monitor.Instance{
		read(r.master.Conf, inventory.Master, r.master.Csync),
		read(r.replica.Conf, inventory.Replica, r.replica.Csync),
	}
	if settings.Client != cyrustest.ClientNone {
		r.wait("the rolling client runs", func() bool { return len(r.clients(r.master)) == 1 })
	}
	return r
}

func (r *rig) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	r.Cleanup(cancel)
	return ctx
}

// change makes a change on the master.
func (r *rig) change(name string) {
	r.Helper()
	if err := r.master.Fill(r.ctx(), []cyrustest.Mailbox{{Name: "user." + name, Messages: 1}}); err != nil {
		r.Fatal(err)
	}
}

// check looks twice and judges; findings about other fleets on this machine,
// which belong to no store here, are left out.
func (r *rig) check() []monitor.Finding {
	r.Helper()
	r.look()
	r.look()
	found := processes.Check(r.list, r.sights, processes.Options{Settle: time.Nanosecond, Still: time.Nanosecond})
	return slices.DeleteFunc(found, func(f monitor.Finding) bool { return f.Store == "" })
}

func (r *rig) look() {
	var logs []monitor.Backlog
	for _, in := range r.list {
		for _, ch := range in.Channels {
			logs = append(logs, monitor.Backlog{
				Server: in.Server, Store: in.Store, Role: in.Role, Channel: ch.Name, Kind: ch.Kind,
				Log: logFile(filepath.Join(ch.Dir, "log")), Run: logFile(filepath.Join(ch.Dir, "log-run")),
			})
		}
	}
	r.sights = append(r.sights, processes.Survey(r.ctx(), r.list, logs, processes.SurveyOptions{Wait: r.patience}, time.Now()))
}

func logFile(path string) monitor.LogFile {
	var stat syscall.Stat_t
	if syscall.Lstat(path, &stat) != nil {
		return monitor.LogFile{}
	}
	changed := time.Unix(stat.Ctim.Unix())
	return monitor.LogFile{Bytes: stat.Size, Inode: stat.Ino, First: changed, Last: changed, Taken: changed}
}

func there(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func (r *rig) want(found []monitor.Finding, want string) {
	r.Helper()
	if got := kinds(found); got != want {
		r.Fatalf("got %q, want %q:%s", got, want, describe(found))
	}
}

// clients returns the rolling clients of an instance.
func (r *rig) clients(in *cyrustest.Instance) []monitor.Process {
	r.Helper()
	all, err := processes.Look("/proc", r.list)
	if err != nil {
		r.Fatal(err)
	}
	return slices.DeleteFunc(all, func(p monitor.Process) bool { return p.Conf != in.Conf || !p.Rolling || p.State == "Z" })
}

func (r *rig) kill(sig syscall.Signal, list []monitor.Process) {
	r.Helper()
	for _, p := range list {
		if err := syscall.Kill(p.PID, sig); err != nil {
			r.Fatal(err)
		}
	}
}

func (r *rig) wait(what string, ok func() bool) {
	r.Helper()
	for deadline := time.Now().Add(15 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.Fatalf("after 15 s it is still not so that %s", what)
		}
	}
}

// roll starts a rolling client beside what Cyrus runs, and ends it with the test.
func (r *rig) roll(in *cyrustest.Instance) {
	r.Helper()
	before := r.clients(in)
	cmd := exec.Command(clientPath, "-C", in.Conf, "-r")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Run(); err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }) // it may have ended
	r.wait("the further client runs", func() bool { return len(r.clients(in)) == len(before)+1 })
}

// connect makes sure that the client has its connection: until then it does not
// touch the log.
func (r *rig) connect() {
	r.Helper()
	r.change("first")
	if err := r.fleet.Settle(r.ctx()); err != nil {
		r.Fatal(err)
	}
}

// leave leaves a log-run behind without a client, as a crash does.
func (r *rig) leave() {
	r.Helper()
	r.connect()
	if err := r.replica.Pause(); err != nil {
		r.Fatal(err)
	}
	r.change("anna")
	run := filepath.Join(r.master.Dir, "conf/sync/log-run")
	r.wait("the client works on log-run", func() bool { return there(run) })
	r.end()
	if err := r.replica.Resume(); err != nil {
		r.Fatal(err)
	}
}

// end kills the rolling client of the master. One that ends loses its command line a
// moment before its files, so its number is what tells that it is gone.
func (r *rig) end() {
	r.Helper()
	list := r.clients(r.master)
	r.kill(syscall.SIGKILL, list)
	r.wait("the client is gone", func() bool {
		return !slices.ContainsFunc(list, func(p monitor.Process) bool {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID))
			return err == nil && !strings.Contains(string(stat), ") Z ")
		})
	})
}

// TestHealthy looks at a busy store that has no fault, again and again: for ten
// minutes with INTERLACE_SOAK=1.
func TestHealthy(t *testing.T) {
	r := start(t, cyrustest.ClientDaemon)
	r.patience = 0 // as much as the monitor has
	r.want(r.check(), "")
	p := r.clients(r.master)[0]
	if p.Channel != "default" || !p.OpenKnown || p.IO == nil || p.IO.Read == 0 || p.Started.After(time.Now()) || time.Since(p.Started) > time.Minute || p.User == 0 && os.Getuid() == 0 {
		t.Errorf("got %+v", p)
	}
	lasts := 3 * time.Second
	if os.Getenv("INTERLACE_SOAK") != "" {
		lasts = 10 * time.Minute
	}
	for i, begun := 0, time.Now(); time.Since(begun) < lasts; i++ {
		r.change(fmt.Sprint("user", i))
		r.want(r.check(), "")
		r.sights = r.sights[len(r.sights)-1:]
		time.Sleep(100 * time.Millisecond)
	}
	if err := r.fleet.Settle(r.ctx()); err != nil {
		t.Fatal(err)
	}
	r.want(r.check(), "")
}

func TestDaemonHeals(t *testing.T) {
	r := start(t, cyrustest.ClientDaemon)
	r.change("anna")
	old := r.clients(r.master)
	r.kill(syscall.SIGKILL, old)
	r.look()
	r.wait("another client runs", func() bool { list := r.clients(r.master); return len(list) == 1 && list[0].PID != old[0].PID })
	if err := r.fleet.Settle(r.ctx()); err != nil {
		t.Fatal(err)
	}
	r.want(r.check(), "")
}

func TestClientFromStartKilledAndRecovered(t *testing.T) {
	r := start(t, cyrustest.ClientStart)
	r.want(r.check(), "")
	r.leave()
	r.change("bob")
	found := r.check()
	r.want(found, "client_missing log_orphaned")
	if want := clientPath + " -C " + r.master.Conf + " -r"; found[0].Command != inventory.Text(want) || found[1].Command != inventory.Text("env CYRUS_ISDAEMON=1 "+want+" -1") {
		t.Errorf("got the commands%s", describe(found))
	}
	if want := fmt.Sprintf("%q has it under START", filepath.Join(r.master.Dir, "cyrus.conf")); !strings.Contains(found[0].Text, want) {
		t.Errorf("got%s, want %s in it", describe(found), want)
	}
	j := &journal{}
	a, err := processes.Recover(r.ctx(), r.job(), willing(j))
	if err != nil || a.Outcome != processes.Done {
		t.Fatalf("got %+v, %v", a, err)
	}
	if len(j.begun) != 1 || len(j.ended) != 1 || j.begun[0].Outcome != "" || j.ended[0].Outcome != processes.Done {
		t.Errorf("the journal says %+v, %+v", j.begun, j.ended)
	}
	r.want(r.check(), "client_missing")
	for _, name := range []string{"anna", "bob"} {
		if out, err := r.replica.Tool(r.ctx(), "mbpath", "user."+name); err != nil {
			t.Errorf("the replica does not have %s: %s, %v", name, out, err)
		}
	}
}

// TestOrphanPasted pastes what the finding says: when the shell is back the log is
// worked off.
func TestOrphanPasted(t *testing.T) {
	r := start(t, cyrustest.ClientStart)
	r.leave()
	found := r.check()
	r.want(found, "client_missing log_orphaned")
	if err := exec.Command("sh", "-c", string(found[1].Command)).Run(); err != nil || there(r.job().Channel.Dir+"/log-run") {
		t.Errorf("%s: %v, and log-run is still there", found[1].Command, err)
	}
}

func TestReplicaStopped(t *testing.T) {
	for _, test := range []struct {
		client cyrustest.Client
		want   string
	}{{cyrustest.ClientStart, "client_missing log_orphaned replica_unreachable"}, {cyrustest.ClientDaemon, "replica_unreachable"}} {
		t.Run("client "+string(test.client), func(t *testing.T) {
			r := start(t, test.client)
			r.change("anna")
			if err := r.fleet.Settle(r.ctx()); err != nil {
				t.Fatal(err)
			}
			old := r.clients(r.master)
			if err := r.replica.Stop(); err != nil {
				t.Fatal(err)
			}
			r.change("bob")
			r.wait("the client has ended", func() bool {
				list := r.clients(r.master)
				return len(list) == 0 && test.client == cyrustest.ClientStart || len(list) == 1 && list[0].PID != old[0].PID
			})
			found := r.check()
			// The replica's own processes are away too, on purpose.
			found = slices.DeleteFunc(found, func(f monitor.Finding) bool { return f.Server == "imap2" })
			r.want(found, test.want)
		})
	}
}

func TestTwoClients(t *testing.T) {
	r := start(t, cyrustest.ClientDaemon)
	own := r.clients(r.master)
	r.roll(r.master)
	found := r.check()
	r.want(found, "client_duplicate")
	for _, p := range r.clients(r.master) {
		extra := p.PID != own[0].PID
		if extra != (found[0].Command == inventory.Text(fmt.Sprint("kill -TERM ", p.PID))) {
			t.Errorf("master's own is %d, and the command is %s", own[0].PID, found[0].Command)
		}
	}
}

// TestClientOnReplica starts the client of an instance that was the master once.
func TestClientOnReplica(t *testing.T) {
	r := start(t, cyrustest.ClientDaemon)
	conf, err := os.OpenFile(r.replica.Conf, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer conf.Close()
	host, port, _ := strings.Cut(r.master.Csync, ":")
	fmt.Fprintf(conf, "sync_host: %s\nsync_port: %s\n", host, port)
	r.roll(r.replica)
	found := r.check()
	r.want(found, "client_misplaced")
	if found[0].Severity != monitor.Critical || found[0].Server != "imap2" {
		t.Errorf("got %+v", found)
	}
}

func TestReplicaHangs(t *testing.T) {
	r := start(t, cyrustest.ClientDaemon)
	r.connect()
	if err := r.replica.Pause(); err != nil {
		t.Fatal(err)
	}
	defer r.replica.Resume()
	r.change("anna")
	r.wait("the client works on log-run", func() bool { return there(filepath.Join(r.master.Dir, "conf/sync/log-run")) })
	r.look()
	r.change("bob")
	r.want(r.check(), "client_hung master_down port_silent")
}

// TestWaiting has clients that can't begin: they stay and try again, which is no
// fault of theirs; that the replica is down is told.
func TestWaiting(t *testing.T) {
	t.Run("wrong password", func(t *testing.T) {
		r := startWith(t, cyrustest.Settings{Extra: map[string]string{"sync_password": "wrong"}})
		r.change("anna")
		r.want(r.check(), "")
	})
	t.Run("replica down at start", func(t *testing.T) {
		r := startWith(t, cyrustest.Settings{Client: cyrustest.ClientNone})
		if err := r.replica.Stop(); err != nil {
			t.Fatal(err)
		}
		r.roll(r.master)
		r.change("anna")
		r.want(r.check(), "master_down port_silent replica_unreachable")
	})
}

// TestHidden looks at a /proc that shows a user's own processes only.
func TestHidden(t *testing.T) {
	proc, own := t.TempDir(), t.TempDir()
	write(t, proc+"/stat", "btime 1700000000\n", 0o644)
	if err := os.Mkdir(proc+"/self", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, proc+"/self/stat", "5 (watch) R", 0o644)
	if _, err := processes.Look(proc, []monitor.Instance{{Conf: "/etc/s1.conf", Dir: "/nowhere"}}); err == nil || !strings.Contains(err.Error(), "hidepid") {
		t.Errorf("the instance of another: got %v", err)
	}
	if list, err := processes.Look(proc, []monitor.Instance{{Conf: "/etc/s1.conf", Dir: own}}); err != nil || len(list) != 0 {
		t.Errorf("the own instance: got %v, %v", list, err)
	}
}

// TestDisabled kills the client until master gives it up, and follows the advice.
func TestDisabled(t *testing.T) {
	r := start(t, cyrustest.ClientDaemon)
	r.look()
	r.wait("master has given the client up", func() bool {
		for _, p := range r.clients(r.master) {
			syscall.Kill(p.PID, syscall.SIGKILL) // it may have been killed already
		}
		for range 25 {
			time.Sleep(20 * time.Millisecond)
			if len(r.clients(r.master)) > 0 {
				return false
			}
		}
		return true
	})
	found := r.check()
	r.want(found, "client_missing")
	if !strings.HasPrefix(string(found[0].Command), "kill -HUP ") || !strings.Contains(found[0].Text, "under DAEMON") {
		t.Fatalf("got%s", describe(found))
	}
	fresh := processes.Check(r.list, r.sights[len(r.sights)-1:], processes.Options{})
	if i := slices.IndexFunc(fresh, func(f monitor.Finding) bool { return f.Kind == monitor.ClientMissing }); i < 0 || fresh[i].Command != found[0].Command || fresh[i].Text != found[0].Text {
		t.Errorf("a watch that has just begun says%s, another%s", describe(fresh), describe(found))
	}
	if out, err := exec.Command("sh", "-c", string(found[0].Command)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r.wait("the client runs", func() bool { return len(r.clients(r.master)) == 1 })
	r.want(r.check(), "")
}

// TestRefused has mailboxes that the replica refuses: the client connects anew
// each time, without end.
func TestRefused(t *testing.T) {
	for _, test := range []struct {
		name      string
		partition string
		harm      func(r *rig, mailbox string) // mailbox is where it lies on the replica
	}{
		{"damaged index", "", func(r *rig, mailbox string) {
			index, err := os.OpenFile(filepath.Join(mailbox, "cyrus.index"), os.O_RDWR, 0)
			if err != nil {
				r.Fatal(err)
			}
			defer index.Close()
			if _, err := index.WriteAt([]byte(strings.Repeat("\xff", 60)), 20); err != nil {
				r.Fatal(err)
			}
		}},
		{"unreadable mailbox", "", func(r *rig, mailbox string) {
			if err := os.Chmod(filepath.Join(mailbox, "cyrus.index"), 0); err != nil {
				r.Fatal(err)
			}
		}},
		{"partition that is not there", "more", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := startWith(t, cyrustest.Settings{Partitions: []string{"more"}})
			mailbox := cyrustest.Mailbox{Name: "user.anna", Messages: 1}
			if test.partition != "" {
				mailbox.Partition = test.partition
			}
			if err := r.master.Fill(r.ctx(), []cyrustest.Mailbox{mailbox}); err != nil {
				t.Fatal(err)
			}
			if test.harm != nil {
				if err := r.fleet.Settle(r.ctx()); err != nil {
					t.Fatal(err)
				}
				out, err := r.replica.Tool(r.ctx(), "mbpath", "user.anna")
				if err != nil {
					t.Fatal(err)
				}
				test.harm(r, strings.TrimSpace(out))
				conn, err := r.master.Dial(r.ctx())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if _, err := conn.Do("SETACL user.anna bob lrs"); err != nil {
					t.Fatal(err)
				}
			}
			r.wait("the client meets it", func() bool { return there(r.job().Channel.Dir + "/log-run") })
			found := ""
			defer func() { t.Log(found) }()
			r.wait("the loop is found", func() bool {
				r.sights = nil
				list := r.check()
				found = describe(list)
				return kinds(list) == "hot_loop"
			})
		})
	}
}

func TestClosedLog(t *testing.T) {
	r := start(t, cyrustest.ClientDaemon)
	dir := filepath.Join(r.master.Dir, "conf/sync")
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o755)
	r.want(r.check(), "log_unwritable")
}

// TestUnwrittenLog looks at a master to which nobody has written yet, of which Cyrus has not made
// where the logs of its channels lie, and at what it then makes: conf/log is something else.
func TestUnwrittenLog(t *testing.T) {
	r := startWith(t, cyrustest.Settings{Client: cyrustest.ClientNone, Extra: map[string]string{"sync_log_channels": `"" imap3`}})
	r.patience = 0
	sync := filepath.Join(r.master.Dir, "conf/sync")
	if err := errors.Join(os.RemoveAll(sync), os.MkdirAll(filepath.Join(r.master.Dir, "conf/log"), 0o755)); err != nil {
		t.Fatal(err)
	}
	silent := func(when string) {
		t.Helper()
		for _, f := range r.check() {
			if f.Kind == monitor.LogUnwritable {
				t.Errorf("%s: %s", when, f.Text)
			}
		}
	}
	silent("no directory at all")
	r.change("anna")
	silent("both channels written")
	for _, ch := range []string{"", "imap3"} {
		if !there(filepath.Join(sync, ch, "log")) {
			t.Errorf("Cyrus has made no log of channel %q", ch)
		}
	}
	if err := os.RemoveAll(filepath.Join(sync, "imap3")); err != nil {
		t.Fatal(err)
	}
	silent("no directory of the channel")
}

// TestHostileProcesses puts processes in the way that pretend to be others, and
// one with a command line of a megabyte.
func TestHostileProcesses(t *testing.T) {
	r := start(t, cyrustest.ClientDaemon)
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	fake := filepath.Join(t.TempDir(), "sync_client")
	text, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(fake, text, 0o755); err != nil {
		t.Fatal(err)
	}
	// sleep takes many numbers, so that it stays.
	for _, args := range [][]string{
		{"sync_client", "20"},
		append([]string{"\x1b[2J\n", "20"}, slices.Repeat([]string{strings.Repeat("0", 100_000)}, 10)...),
	} {
		cmd := &exec.Cmd{Path: fake, Args: args}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { cmd.Process.Kill(); cmd.Wait() }()
	}
	r.want(r.check(), "")
}

// TestUnreadable looks as a user who may not see what others have open.
func TestUnreadable(t *testing.T) {
	needs.Root(t, "become another user")
	r := start(t, cyrustest.ClientDaemon)
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	cmd := helper(t, asLooker+"="+r.master.Conf)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var list []monitor.Process
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatal(err)
	}
	list = slices.DeleteFunc(list, func(p monitor.Process) bool { return p.Conf != r.master.Conf || !p.Rolling })
	if len(list) != 1 || list[0].OpenKnown || list[0].IO != nil {
		t.Errorf("got %+v, want the client without what it has open and its counters", list)
	}
}

// helper is this test binary, where every user can run it.
func helper(t *testing.T, env string) *exec.Cmd {
	t.Helper()
	dir, err := os.MkdirTemp("", "processes-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	text, err := os.ReadFile(os.Args[0])
	if err == nil {
		err = errors.Join(os.Chmod(dir, 0o755), os.WriteFile(filepath.Join(dir, "test"), text, 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "test"))
	cmd.Env, cmd.Dir = append(os.Environ(), env), "/"
	return cmd
}

// journal is a journal in memory.
type journal struct {
	mu           sync.Mutex
	begun, ended []monitor.Action
}

func (j *journal) BeginAction(_ context.Context, a *monitor.Action) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.begun = append(j.begun, *a)
	return nil
}

func (j *journal) EndAction(_ context.Context, a *monitor.Action) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ended = append(j.ended, *a)
	return nil
}

// willing are options with which everything agrees.
func willing(j processes.Journal) processes.RecoverOptions {
	return processes.RecoverOptions{
		Allowed: true, By: "test", Journal: j, Client: clientPath, Timeout: 20 * time.Second, Now: time.Now,
		Routing: func(context.Context, inventory.StoreID) (inventory.ServerID, error) { return "imap1", nil },
		Peer:    func(context.Context, *processes.Job) (inventory.Role, error) { return inventory.Replica, nil },
	}
}

func (r *rig) job() processes.Job {
	return processes.Job{Instance: r.list[0], Channel: r.list[0].Channels[0]}
}
