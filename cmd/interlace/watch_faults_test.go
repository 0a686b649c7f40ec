package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/history"
)

// fault is something that goes wrong in a store, alone.
type fault struct {
	name     string // of the store
	settings cyrustest.Settings
	config   string // further lines of the configuration

	before   func(*watched) // what is so before anybody watches
	replica  bool           // the server of the replica is watched, not the master's
	happens  func(*watched)
	told     string // the kinds that must be told
	found    string // kinds that must be found, and may be told together with those
	may      string // kinds that are true too, and told or not as it happens
	wait     bool   // alerts wait for each other as long as it takes to find all that follows: there is one mail, and one when it is over
	command  string // what the mail about the first of them says to run
	says     string // and what else stands in it
	repaired func(*watched)
}

var faults = []fault{
	{
		name: "killed", settings: cyrustest.Settings{Client: cyrustest.ClientStart},
		happens: (*watched).killBusyClient, told: "client_missing", found: "log_orphaned", may: "backlog",
		command: "/sync_client -C {conf} -r", repaired: func(r *watched) { r.paste("client_missing") },
	},
	{
		name: "healing", happens: (*watched).killBusyClient, may: "log_line",
	},
	{
		name: "stopped", settings: cyrustest.Settings{Client: cyrustest.ClientStart}, wait: true,
		happens: (*watched).stopReplica, told: "replica_unreachable", found: "client_missing",
		repaired: func(r *watched) { r.startReplica(); r.paste("client_missing") },
	},
	{
		name: "crashed", settings: cyrustest.Settings{Client: cyrustest.ClientStart}, wait: true,
		happens: (*watched).crashReplica, told: "replica_unreachable", found: "client_missing",
		repaired: func(r *watched) { r.startReplica(); r.paste("client_missing") },
	},
	{
		name: "stoppedd", happens: (*watched).stopReplica, wait: true, told: "replica_unreachable",
		repaired: (*watched).startReplica,
	},
	{
		name: "crashedd", happens: (*watched).crashReplica, wait: true, told: "replica_unreachable",
		repaired: (*watched).startReplica,
	},
	{
		name: "hung", happens: func(r *watched) { r.must(r.replica.Pause()); r.change("late") }, told: "client_hung", may: "backlog replica_unreachable", // before anything waits
		repaired: func(r *watched) { r.must(r.replica.Resume()) },
	},
	{
		name: "down", before: func(r *watched) {
			r.must(r.master.Stop())
			r.must(r.replica.Stop())
			r.must(r.master.Start(r.ctx))
			r.change("late")
		}, told: "replica_unreachable", may: "backlog", repaired: (*watched).startReplica,
	},
	{
		name: "password", settings: cyrustest.Settings{Extra: map[string]string{"sync_password": "wrong"}},
		before: func(r *watched) { r.change("late") }, told: "replica_auth", may: "backlog log_line",
		command: "kill -TERM ", says: "master starts it again, since",
		repaired: func(r *watched) {
			text, err := os.ReadFile(r.master.Conf)
			r.must(err)
			r.must(os.WriteFile(r.master.Conf, []byte(strings.Replace(string(text), "sync_password: wrong", "sync_password: "+r.fleet.Password, 1)), 0o600))
			r.paste("replica_auth") // the next one reads it
		},
	},
	{
		name: "refused", happens: func(r *watched) { r.spoil(func(index string) { r.must(os.Chmod(index, 0)) }) }, wait: true,
		told: "hot_loop", found: "bailing_out replica_refuses", may: "backlog log_line unclassified", says: "it fails in mailbox user.anna, user anna",
		repaired: func(r *watched) { r.must(os.Chmod(r.index(), 0o600)) },
	},
	{
		name: "damaged", happens: func(r *watched) { r.spoil(r.scribble) },
		told: "hot_loop", found: "bailing_out replica_refuses", may: "backlog log_line unclassified replica_written", // by the reconstruct says: "it fails in mailbox user.anna, user anna",
		repaired: func(r *watched) {
			_, err := r.replica.Tool(r.ctx, "reconstruct", "user.anna")
			r.must(err)
		},
	},
	{
		name: "seen", replica: true, happens: func(r *watched) { r.spoil(r.scribble) },
		told: "log_line", may: "replica_written unclassified", // by the reconstruct
		command: "/reconstruct -C {replica} -- user.anna", repaired: func(r *watched) { r.paste("log_line"); r.removeReplicasLog() },
	},
	{
		name: "written", replica: true, wait: true, happens: func(r *watched) {
			r.do(r.replica, "SETACL user.anna "+cyrustest.AdminUser+" lrswi", "APPEND user.anna {12+}\r\nSubject: x\r\n")
			r.do(r.master, "SETACL user.anna bob lrs") // its client finds that too
		}, told: "replica_written", says: "somebody writes to the replica",
		repaired: (*watched).removeReplicasLog,
	},
	{
		name: "repaired", replica: true, wait: true, happens: func(r *watched) {
			r.must(os.Remove(r.index()))
			_, err := r.replica.Tool(r.ctx, "reconstruct", "user.anna")
			r.must(err)
			r.do(r.master, "SETACL user.anna bob lrs")
		}, told: "replica_written", says: "most likely by the reconstruct that ran here",
		repaired: (*watched).removeReplicasLog,
	},
	{
		name: "behind", happens: func(r *watched) {
			r.do(r.replica, "SETACL user.anna "+cyrustest.AdminUser+" lrswi", "APPEND user.anna {12+}\r\nSubject: x\r\n")
			r.do(r.master, "SETACL user.anna bob lrs")
		}, told: "replica_written", may: "log_line replica_refuses",
	},
	{
		name: "two", happens: func(r *watched) { r.roll(r.master); r.collide() }, wait: true, told: "client_duplicate",
		command: "kill -TERM ", says: "2 readers work on store two (processes ", repaired: func(r *watched) { r.paste("client_duplicate") },
	},
	{
		name: "former", replica: true, happens: func(r *watched) {
			conf, err := os.OpenFile(r.replica.Conf, os.O_APPEND|os.O_WRONLY, 0)
			r.must(err)
			defer conf.Close()
			host, port, _ := strings.Cut(r.master.Csync, ":")
			fmt.Fprintf(conf, "sync_host: %s\nsync_port: %s\n", host, port)
			r.roll(r.replica)
		}, told: "client_misplaced", command: "kill -TERM ", repaired: func(r *watched) { r.paste("client_misplaced") },
	},
	{
		name: "partition", settings: cyrustest.Settings{Partitions: []string{"more"}}, happens: func(r *watched) {
			r.must(r.master.Fill(r.ctx, []cyrustest.Mailbox{{Name: "user.far", Partition: "more"}}))
		}, wait: true, told: "hot_loop", found: "bailing_out replica_refuses", may: "backlog replica_unreachable", // the HUP ends a sync server while the client logs in
		repaired: (*watched).addPartition,
	},
	{
		name: "lacking", settings: cyrustest.Settings{Partitions: []string{"more"}}, replica: true, happens: func(r *watched) { // its sync server ends over the message
			r.must(r.master.Fill(r.ctx, []cyrustest.Mailbox{{Name: "user.far", Messages: 1, Partition: "more"}}))
		}, wait: true, told: "replica_refuses", says: "partition-more is missing in the imapd.conf of this replica", repaired: (*watched).addPartition,
	},
	{
		name: "shared", happens: func(r *watched) {
			r.do(r.master, "CREATE office", "SETACL office "+cyrustest.AdminUser+" lrswi")
			r.settle()
			for i := range 5 {
				r.do(r.replica, fmt.Sprintf("SETACL office user%d lr", i))
			}
			r.do(r.master, "SETACL office bob lr")
			r.wait("Cyrus gives the client up", 3*time.Minute, r.givenUp)
		}, told: "client_missing daemon_disabled", may: "backlog log_line log_orphaned bailing_out hot_loop replica_refuses unclassified replica_written",
		command: "kill -HUP ", repaired: func(r *watched) {
			for range 12 {
				r.do(r.master, "SETACL office zz1 lr", "DELETEACL office zz1")
			}
			r.paste("client_missing")
		},
	},
	{
		name: "older", happens: func(r *watched) { // as Cyrus 2.3 leaves it
			path := r.sync("log-4194305") // Linux has no such process
			r.must(os.WriteFile(path, []byte("MAILBOX user.anna\n"), 0o600))
			r.own(path)
			hour := time.Now().Add(-time.Hour)
			r.must(os.Chtimes(path, hour, hour))
		}, told: "log_orphaned", may: "backlog", command: "/sync_client -C {conf} -r -f {sync}/log-4194305 && rm ", repaired: func(r *watched) { r.paste("log_orphaned") },
	},
	{
		name: "closed", happens: func(r *watched) { r.must(os.Chmod(r.sync(""), 0o555)); r.change("late") }, wait: true,
		told: "log_unwritable", may: "log_line", command: "chmod u+rwx -- {sync}", repaired: func(r *watched) { r.paste("log_unwritable") },
	},
	{name: "healthy", happens: (*watched).work, may: "backlog"}, // for seconds, on a busy machine
	{
		name: "allowed", config: "recover: allow\nrouting_file: routing\n", settings: cyrustest.Settings{Client: cyrustest.ClientStart},
		before: (*watched).longAMaster, happens: (*watched).killBusyClient, told: "client_missing", may: "backlog log_orphaned",
		repaired: func(r *watched) {
			r.wait("the log has been worked off", 3*time.Minute, func() bool {
				_, err := os.Stat(r.sync("log-run"))
				return err != nil
			})
			r.settle()
			r.paste("client_missing")
		},
	},
}

// TestFaults has one fault in each of many stores, and a watch for each: the fault
// is named within two rounds and nothing else is, the right command is in the mail
// and repairs it, and there is one mail when it begins and one when it is over.
func TestFaults(t *testing.T) {
	t.Parallel()
	cyrustest.Need(t)
	var stores []cyrustest.StoreOptions
	for _, f := range faults {
		f.settings.Log = true
		stores = append(stores, cyrustest.StoreOptions{Name: f.name, Instances: []cyrustest.Settings{f.settings, {Log: true}}})
	}
	fleet, dir := cyrustest.Run(t, stores...), t.TempDir()
	describeAll(t, dir, fleet)
	together(t, faults, func(f *fault) string { return f.name }, func(t *testing.T, i int, f *fault) {
		pace := paceOfTests()
		if f.wait {
			pace.groupWait = max(pace.groupWait, 25*time.Second)
			pace.keepFiring = max(pace.keepFiring, pace.groupWait)
		}
		f.test(newWatched(t, dir, fleet, fleet.Stores[i], pace, f.config))
	})
}

func (f *fault) test(r *watched) {
	f.begin(r)
	f.tells(r)
	if f.repaired != nil {
		f.repaired(r)
	}
	f.ends(r)
	f.judge(r, strings.Fields(f.told+" "+f.found+" "+f.may))
}

// begin watches the store while all is well, if it is at first, and lets the fault
// happen.
func (f *fault) begin(r *watched) {
	r.Helper()
	if f.settings.Extra == nil {
		r.change("anna")
		r.settle()
	}
	if f.before != nil {
		f.before(r)
	}
	if f.told != "client_misplaced" {
		r.ignoreStrangers()
	}
	if f.replica {
		r.begin(r.store.Name + "-r")
	} else {
		r.begin(r.store.Name + "-m")
	}
	if f.happens == nil {
		return
	}
	time.Sleep(3*r.pace.probes + time.Second)
	if open := r.open(); open != nil {
		r.Fatalf("all is well, and there is %v", open)
	}
	f.happens(r)
}

// tells waits for two rounds: by then the fault must be named.
func (f *fault) tells(r *watched) {
	r.Helper()
	begun, wanted := time.Now(), strings.Fields(f.told)
	rounds := 2 * max(r.pace.probes, notesEvery)
	if strings.Contains(f.told+f.found, "log_orphaned") {
		rounds += settles
	}
	if f.told == "" {
		time.Sleep(rounds + notesEvery)
	}
	most := rounds + 2*r.pace.groupWait + patient
	r.wait("the mails tell "+f.told, most, func() bool {
		alerts, _, _ := r.mails()
		kinds := kindsTold(alerts)
		return !slices.ContainsFunc(wanted, func(kind string) bool { return !slices.Contains(kinds, kind) })
	})
	r.wait("it finds "+f.found, most, func() bool {
		open := r.open()
		return !slices.ContainsFunc(strings.Fields(f.found), func(kind string) bool { return !slices.Contains(open, kind) })
	})
	alerts, _, _ := r.mails()
	r.Logf("told after %v: %v", time.Since(begun).Round(time.Second), kindsTold(alerts))
	f.hasCommand(r, alerts)
}

// ends waits until nothing of the fault is left and all of that is told.
func (f *fault) ends(r *watched) {
	r.Helper()
	begun := time.Now()
	r.wait("all is over", 2*time.Minute+2*r.pace.keepFiring+2*r.pace.groupWait, func() bool { return r.open() == nil })
	r.wait("all is told", time.Minute+2*r.pace.groupWait, func() bool {
		alerts, _, _ := r.mails()
		return !slices.ContainsFunc(alerts, func(a *told) bool { return a.over == 0 })
	})
	r.Logf("over after %v", time.Since(begun).Round(time.Second))
	r.settle()
	r.end()
}

const (
	notesEvery = 10 * time.Second // how often a watch takes in what logs say
	settles    = time.Minute      // how long a log may lie without a worker
	patient    = time.Minute      // a busy machine
)

// hasCommand checks what the mail about the first kind says, and says to run.
func (f *fault) hasCommand(r *watched, alerts []*told) {
	r.Helper()
	want := strings.NewReplacer("{conf}", r.master.Conf, "{replica}", r.replica.Conf, "{sync}", r.sync("")).Replace(f.command)
	first, _, _ := strings.Cut(f.told, " ")
	for _, a := range alerts {
		if a.kind == first && !strings.Contains(a.command, want) {
			r.Errorf("against %s the mail says %q, want %q", a.kind, a.command, want)
		}
		if a.kind == first && !strings.Contains(a.text, f.says) {
			r.Errorf("the mail about %s does not say %q: %s", a.kind, f.says, a.text)
		}
	}
}

// judge checks that each alert was told once when it began and once when it was
// over, and that nothing was told that is not so.
func (f *fault) judge(r *watched, allowed []string) {
	r.Helper()
	alerts, firing, over := r.mails()
	r.Logf("%d mails of a beginning, %d of an end", firing, over)
	if f.wait && (firing != 1 || over != 1) {
		r.Errorf("one fault was told in %d mails, and its end in %d", firing, over)
	}
	for _, a := range alerts {
		if a.firing != 1 || a.over != 1 {
			r.Errorf("%s (%s) was told %d times when it began, and %d times when it was over", a.kind, a.where, a.firing, a.over)
		}
		if !slices.Contains(allowed, a.kind) {
			r.Errorf("%s (%s) was told, and is not so", a.kind, a.where)
		}
	}
}

// work keeps the store busy, with deliveries, changes of flags, renames and deletes:
// for ten minutes in a soak.
func (r *watched) work() {
	r.Helper()
	lasts := 25 * time.Second
	if soaking() {
		lasts = 10 * time.Minute
	}
	conn, err := r.master.Dial(r.ctx)
	r.must(err)
	defer conn.Close()
	for i, begun := 0, time.Now(); time.Since(begun) < lasts; i++ {
		box := fmt.Sprintf("user.anna.Box%d", i)
		r.change(fmt.Sprint("user", i))
		_, err := conn.Do("CREATE "+box, "SETACL "+box+" "+cyrustest.AdminUser+" lrswipkxtecda", "APPEND "+box+" {12+}\r\nSubject: x\r\n",
			"SELECT "+box, `STORE 1 +FLAGS (\Seen \Flagged)`, `STORE 1 -FLAGS (\Flagged)`, `STORE 1 +FLAGS (\Deleted)`, "EXPUNGE", "UNSELECT",
			"RENAME "+box+" "+box+"x", "DELETE "+box+"x")
		r.must(err)
		time.Sleep(100 * time.Millisecond)
	}
}

// collide changes things until two clients get in each other's way, if they do.
func (r *watched) collide() {
	r.Helper()
	for i, begun := 0, time.Now(); time.Since(begun) < 10*time.Second; i++ {
		r.change(fmt.Sprint("user", i))
	}
}

// givenUp reports whether the master says that it starts its client no more.
func (r *watched) givenUp() bool {
	r.Helper()
	said, err := os.ReadFile(r.master.Log())
	r.must(err)
	return strings.Contains(string(said), "too many failures for service ")
}

// killBusyClient kills the client while it works on a log.
func (r *watched) killBusyClient() {
	r.Helper()
	r.change("first") // so that the client has its connection
	r.settle()
	r.must(r.replica.Pause())
	r.change("late")
	r.wait("the client works on log-run", time.Minute, func() bool { _, err := os.Stat(r.sync("log-run")); return err == nil })
	client := clientOf(r.T, r.master)
	r.must(syscall.Kill(client, syscall.SIGKILL))
	r.must(r.replica.Resume())
}

func (r *watched) stopReplica() {
	r.Helper()
	r.must(r.replica.Stop())
	r.change("late")
}

func (r *watched) crashReplica() {
	r.Helper()
	r.must(r.replica.Kill())
	r.change("late")
}

// addPartition gives the replica the partition that it lacks, as the log says to.
func (r *watched) addPartition() {
	r.Helper()
	dir := filepath.Join(r.replica.Dir, "data-more")
	r.must(os.Mkdir(dir, 0o755))
	r.own(dir)
	conf, err := os.OpenFile(r.replica.Conf, os.O_APPEND|os.O_WRONLY, 0)
	r.must(err)
	defer conf.Close()
	fmt.Fprintf(conf, "partition-more: %s\n", dir)
	for _, pid := range running(r.T, "/bin/master", r.replica) {
		r.must(syscall.Kill(pid, syscall.SIGHUP))
	}
}

func (r *watched) removeReplicasLog() {
	r.Helper()
	r.must(os.Remove(filepath.Join(r.replica.Dir, "conf/sync/log")))
}

func (r *watched) startReplica() {
	r.Helper()
	r.must(r.replica.Start(r.ctx))
}

// index is where the replica has the index of anna's mailbox.
func (r *watched) index() string {
	r.Helper()
	out, err := r.replica.Tool(r.ctx, "mbpath", "user.anna")
	r.must(err)
	return filepath.Join(strings.TrimSpace(out), "cyrus.index")
}

// spoil does something to a mailbox of the replica, then changes it on the master.
func (r *watched) spoil(do func(index string)) {
	r.Helper()
	do(r.index())
	r.do(r.master, "SETACL user.anna bob lrs")
}

func (r *watched) scribble(index string) {
	r.Helper()
	f, err := os.OpenFile(index, os.O_RDWR, 0)
	r.must(err)
	defer f.Close()
	_, err = f.WriteAt([]byte(strings.Repeat("\xff", 60)), 20)
	r.must(err)
}

// longAMaster has the master watched for more than a day: before that nobody knows
// whether it was promoted lately.
func (r *watched) longAMaster() {
	r.Helper()
	h, err := history.Open(r.ctx, r.db, history.Options{})
	r.must(err)
	defer h.Close()
	server := inventory.ServerID(r.store.Name + "-m")
	r.must(h.SaveUsage(r.ctx, []monitor.Usage{{At: time.Now().Add(-25 * time.Hour), Over: time.Minute, Server: server, Store: inventory.StoreID(r.store.Name), Role: inventory.Master}}))
}

// own gives a file to whoever owns the instances.
func (r *watched) own(path string) {
	r.Helper()
	info, err := os.Stat(r.master.Conf)
	r.must(err)
	owner := info.Sys().(*syscall.Stat_t)
	r.must(os.Lchown(path, int(owner.Uid), int(owner.Gid)))
}
