package processes_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/processes"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	masterPath = "/usr/lib/cyrus/bin/master"
	clientPath = "/usr/lib/cyrus/bin/sync_client"
)

// world is an instance and what is seen of it, now and ten minutes before.
type world struct {
	in          monitor.Instance
	seen        []processes.Sight // earlier ones
	before, now processes.Sight
	once        bool // there was no look before
	opts        processes.Options
}

func (w *world) check() []monitor.Finding {
	sights := append(slices.Clone(w.seen), w.before, w.now)
	if w.once {
		sights = sights[len(sights)-1:]
	}
	return processes.Check([]monitor.Instance{w.in}, sights, w.opts)
}

func (w *world) client(s *processes.Sight) *monitor.Process { return &s.Processes[1] }

// drop takes the client away.
func drop(s *processes.Sight) { s.Processes = s.Processes[:1] }

// log gives a sight a log-run of 5 minutes and a log that is written.
func (w *world) log(s *processes.Sight, bytes int64) {
	s.Logs = []monitor.Backlog{{
		At: s.At, Server: "imap1", Store: "s1", Channel: "default", Kind: monitor.Replication,
		Run: monitor.LogFile{Bytes: 100, Inode: 7, First: noon.Add(-16 * time.Minute), Taken: noon.Add(-15 * time.Minute)},
		Log: monitor.LogFile{Bytes: bytes, Inode: 8, First: noon.Add(-14 * time.Minute)},
	}}
}

// leftover has a channel be there to which nothing is logged, with so many bytes of log
// and log-run.
func (w *world) leftover(log, run int64) {
	w.in.Channels = append(w.in.Channels, monitor.Channel{Name: "old", Kind: monitor.Leftover, Dir: "/srv/s1/sync/old"})
	b := monitor.Backlog{At: w.now.At, Server: "imap1", Store: "s1", Channel: "old", Kind: monitor.Leftover}
	b.Log = monitor.LogFile{Bytes: log, Inode: 8, First: noon.Add(-14 * time.Minute)}
	if run > 0 {
		b.Log, b.Run = monitor.LogFile{}, monitor.LogFile{Bytes: run, Inode: 7, First: noon.Add(-16 * time.Minute), Taken: noon.Add(-15 * time.Minute)}
	}
	w.now.Logs = append(w.now.Logs, b)
}

// loop has the log of the instance say, five minutes ago, that the log was taken up
// again so many times.
func (w *world) loop(times float64) {
	w.opts.Hints = map[inventory.StoreID]processes.Hint{"s1": {Reprocessed: map[string]processes.Loop{"default": {Times: times, At: noon.Add(-5 * time.Minute)}}}}
}

func healthy(role inventory.Role) *world {
	w := &world{in: monitor.Instance{
		Server: "imap1", Store: "s1", Role: role, Conf: "/etc/s1.conf", Dir: "/srv/s1", SyncDir: "/srv/s1/sync", Logging: true, CSync: "imap1:2005",
		Channels: []monitor.Channel{{Name: "default", Kind: monitor.Replication, Dir: "/srv/s1/sync", Peer: "imap7:2005", Logged: true}},
	}}
	for i, s := range []*processes.Sight{&w.before, &w.now} {
		*s = processes.Sight{
			At:     noon.Add(time.Duration(i-1) * 10 * time.Minute),
			Closed: map[string]processes.Closed{},
			Ports:  map[string]processes.Port{"imap7:2005": {Connected: true}},
			Setups: map[string]processes.Setup{"/etc/s1.conf": {File: "/etc/cyrus.conf", Programs: "/usr/lib/cyrus/bin"}},
			Processes: []monitor.Process{
				{PID: 10, Parent: 1, Name: "master", Conf: "/etc/s1.conf", Command: []string{masterPath, "-C", "/etc/s1.conf", "-d"}, OpenKnown: true, State: "S"},
				{
					PID: 11, Parent: 10, Name: "sync_client", Conf: "/etc/s1.conf", Channel: "default", Rolling: true, OpenKnown: true, State: "S",
					Command: []string{clientPath, "-C", "/etc/s1.conf", "-r"}, Started: noon.Add(-time.Hour), IO: &monitor.IO{Read: int64(i)},
				},
			},
		}
		if role == inventory.Replica {
			drop(s)
			s.Ports = map[string]processes.Port{"imap1:2005": {Connected: true}}
		}
	}
	return w
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name    string
		role    inventory.Role
		harm    func(*world)
		want    string // kinds
		text    string
		command string
	}{
		{name: "healthy", role: inventory.Master, harm: func(*world) {}},
		{name: "healthy replica", role: inventory.Replica, harm: func(*world) {}},
		{name: "busy", role: inventory.Master, harm: func(w *world) { w.log(&w.before, 10); w.log(&w.now, 50) }},
		{name: "restarted at that very moment", role: inventory.Master, harm: func(w *world) { drop(&w.now) }},
		{name: "missing while nothing waits", role: inventory.Master, want: "client_missing", text: "runs, and whatever changes waits in its log.", harm: func(w *world) {
			drop(&w.now)
			w.log(&w.now, 0)
			w.now.Logs[0].Run, w.now.Logs[0].Log = monitor.LogFile{}, monitor.LogFile{}
			w.once = true
		}},
		{name: "missing at the first look", role: inventory.Master, want: "client_missing", command: clientPath + " -C /etc/s1.conf -r", harm: func(w *world) {
			drop(&w.now)
			w.once = true
		}},
		{name: "a zombie is none", role: inventory.Master, want: "client_missing", harm: func(w *world) {
			w.client(&w.now).State = "Z"
			w.once = true
		}},
		{name: "unseen processes are not missing", role: inventory.Master, harm: func(w *world) {
			w.now.Processes, w.now.Trouble = nil, "no permission"
			w.log(&w.now, 10)
		}},
		{name: "the channel of another", role: inventory.Master, want: "client_misplaced client_missing", harm: func(w *world) {
			w.client(&w.now).Channel = "far"
			w.once = true
		}},
		{name: "channel that is only a directory", role: inventory.Master, harm: func(w *world) {
			w.in.Channels = append(w.in.Channels, monitor.Channel{Name: "old", Kind: monitor.Replication, Dir: "/srv/s1/sync/old", Peer: "imap7:2005"})
		}},
		{name: "log of a channel that is configured no more", role: inventory.Master, want: "log_orphaned", text: `left behind in "/srv/s1/sync/old"`, command: "interlace compare --store s1", harm: func(w *world) {
			w.leftover(10, 0)
		}},
		{name: "such a log-run", role: inventory.Master, want: "log_orphaned", text: "remove the log", command: "interlace compare --store s1", harm: func(w *world) {
			w.leftover(0, 10)
		}},
		{name: "such a log of a moment", role: inventory.Master, harm: func(w *world) {
			w.leftover(10, 0)
			w.now.Logs[0].Log.First = noon.Add(-time.Second)
		}},
		{name: "such a log without an entry", role: inventory.Master, harm: func(w *world) { w.leftover(0, 0) }},
		{name: "such a log that is read", role: inventory.Master, want: "client_misplaced", text: "logs nothing", harm: func(w *world) {
			w.leftover(10, 0)
			two := *w.client(&w.now)
			two.PID, two.Channel = 12, "old"
			w.now.Processes = append(w.now.Processes, two)
		}},
		{name: "no squatter", role: inventory.Replica, want: "client_missing", command: "/usr/lib/cyrus/bin/squatter -C /etc/s1.conf -R", harm: func(w *world) {
			w.in.Channels = append(w.in.Channels, monitor.Channel{Name: "squatter", Kind: monitor.Squatter, Dir: "/srv/s1/sync/squatter", Logged: true})
		}},
		{name: "two", role: inventory.Master, want: "client_duplicate", text: "11, 12", command: "kill -TERM 12", harm: func(w *world) {
			two := *w.client(&w.now)
			two.PID, two.Parent, two.Started = 12, 1, noon
			w.now.Processes = append(w.now.Processes, two)
		}},
		{name: "a parent and its worker are one", role: inventory.Master, harm: func(w *world) {
			two := *w.client(&w.now)
			two.PID, two.Parent = 12, 11
			w.now.Processes = append(w.now.Processes, two)
		}},
		{name: "on a replica", role: inventory.Replica, want: "client_misplaced", command: "kill -TERM 11", harm: func(w *world) {
			w.now.Processes = append(w.now.Processes, healthy(inventory.Master).now.Processes[1])
			w.now.Processes[1].Parent = 1
		}},
		{name: "on a replica by its master", role: inventory.Replica, want: "client_misplaced", command: "kill -HUP 10", harm: func(w *world) {
			w.now.Processes = append(w.now.Processes, healthy(inventory.Master).now.Processes[1])
		}},
		{name: "on a replica that feeds another", role: inventory.Replica, harm: func(w *world) {
			w.in.Chained = true
			w.now.Processes = append(w.now.Processes, healthy(inventory.Master).now.Processes[1])
		}},
		{name: "of nobody", role: inventory.Master, want: "client_misplaced", text: `"/etc/imapd.conf"`, harm: func(w *world) {
			w.now.Processes = append(w.now.Processes, monitor.Process{PID: 12, Name: "sync_client", Conf: "/etc/imapd.conf", Rolling: true, State: "S", Channel: "default"})
		}},
		{name: "stopped by a signal", role: inventory.Master, want: "client_hung", command: "kill -CONT 11", harm: func(w *world) { w.client(&w.now).State = "T" }},
		{name: "hung", role: inventory.Master, want: "client_hung", command: "kill -TERM 11", harm: func(w *world) {
			w.log(&w.before, 10)
			w.log(&w.now, 50)
			w.client(&w.now).IO = w.client(&w.before).IO
		}},
		{name: "idle while nothing comes", role: inventory.Master, harm: func(w *world) {
			w.log(&w.before, 10)
			w.log(&w.now, 10)
			w.client(&w.now).IO = w.client(&w.before).IO
		}},
		{name: "unknown counters", role: inventory.Master, harm: func(w *world) {
			w.log(&w.before, 10)
			w.log(&w.now, 50)
			w.client(&w.now).IO, w.client(&w.before).IO = nil, nil
		}},
		{name: "another with the same number", role: inventory.Master, harm: func(w *world) {
			w.log(&w.before, 10)
			w.log(&w.now, 50)
			w.client(&w.now).IO = w.client(&w.before).IO
			w.client(&w.now).Started = noon.Add(-9 * time.Minute)
		}},
		{name: "replica down", role: inventory.Master, want: "replica_unreachable", text: "refused", harm: func(w *world) {
			w.log(&w.before, 10)
			w.log(&w.now, 50)
			w.client(&w.now).IO = w.client(&w.before).IO
			w.now.Ports["imap7:2005"] = processes.Port{Trouble: "connection refused"}
		}},
		{name: "replica hung", role: inventory.Master, want: "client_hung", text: "says nothing", harm: func(w *world) {
			w.log(&w.now, 50)
			w.now.Ports["imap7:2005"] = processes.Port{Connected: true, Trouble: "no greeting within 10s"}
		}},
		{name: "own port", role: inventory.Replica, want: "port_silent", harm: func(w *world) {
			w.now.Ports["imap1:2005"] = processes.Port{Trouble: "connection refused"}
		}},
		{name: "counted loop", role: inventory.Master, want: "hot_loop", text: "40 times", harm: func(w *world) {
			w.log(&w.now, 50)
			w.loop(40)
		}},
		{name: "counted loop, log not seen", role: inventory.Master, want: "hot_loop", text: "40 times", harm: func(w *world) { w.loop(40) }},
		{name: "taken up once", role: inventory.Master, harm: func(w *world) {
			w.log(&w.now, 50)
			w.loop(1)
		}},
		{name: "counted loop that is over", role: inventory.Master, harm: func(w *world) {
			w.log(&w.now, 0)
			w.now.Logs[0].Run = monitor.LogFile{}
			w.loop(40)
		}},
		{name: "counted loop, next log", role: inventory.Master, harm: func(w *world) {
			w.log(&w.now, 50)
			w.now.Logs[0].Run.Taken = noon.Add(-time.Second)
			w.loop(40)
		}},
		{name: "away in a loop", role: inventory.Master, want: "hot_loop", harm: func(w *world) {
			drop(&w.before)
			drop(&w.now)
			w.log(&w.now, 50)
			w.loop(40)
			w.now.Setups["/etc/s1.conf"] = processes.Setup{File: "/etc/cyrus.conf", Clients: []processes.Started{{Section: "DAEMON", Process: *w.client(&healthy(inventory.Master).now)}}}
			w.opts.Hints["s1"].Reprocessed["default"] = processes.Loop{Times: 40, At: noon.Add(-10 * time.Second)}
		}},
		{name: "away, and master does not start it again", role: inventory.Master, want: "client_missing hot_loop log_orphaned", harm: func(w *world) {
			drop(&w.before)
			drop(&w.now)
			w.log(&w.now, 50)
			w.loop(40)
			w.opts.Hints["s1"].Reprocessed["default"] = processes.Loop{Times: 40, At: noon.Add(-10 * time.Second)}
		}},
		{name: "given up after a loop", role: inventory.Master, want: "client_missing hot_loop log_orphaned", harm: func(w *world) {
			drop(&w.before)
			drop(&w.now)
			w.log(&w.now, 50)
			w.loop(40)
		}},
		{name: "dying", role: inventory.Master, want: "hot_loop", text: "process 11 is gone", harm: func(w *world) {
			w.log(&w.before, 10)
			w.log(&w.now, 50)
			w.client(&w.before).Started = w.before.At.Add(-time.Second)
			w.client(&w.now).PID, w.client(&w.now).Started = 99, noon.Add(-time.Second)
		}},
		{name: "reconnecting", role: inventory.Master, want: "hot_loop", text: "takes up the same log again", harm: func(w *world) {
			w.log(&w.before, 10)
			w.log(&w.now, 50)
			w.client(&w.before).Sockets, w.client(&w.now).Sockets = []string{"socket:[1]", "socket:[2]"}, []string{"socket:[1]", "socket:[3]"}
		}},
		{name: "a new connection for a new log", role: inventory.Master, harm: func(w *world) {
			w.log(&w.before, 10)
			w.log(&w.now, 50)
			w.now.Logs[0].Run.Inode = 9
			w.client(&w.before).Sockets, w.client(&w.now).Sockets = []string{"socket:[1]", "socket:[2]"}, []string{"socket:[1]", "socket:[3]"}
		}},
		{name: "left log-run", role: inventory.Master, want: "client_missing log_orphaned", harm: func(w *world) {
			drop(&w.before)
			drop(&w.now)
			w.log(&w.now, 50)
		}},
		{name: "log-run of a moment", role: inventory.Master, want: "client_missing", harm: func(w *world) {
			drop(&w.before)
			drop(&w.now)
			w.log(&w.now, 50)
			w.now.Logs[0].Run.Taken = noon.Add(-30 * time.Second)
		}},
		{name: "log-run that is worked off by hand", role: inventory.Master, want: "client_missing", harm: func(w *world) {
			drop(&w.before)
			w.log(&w.now, 50)
			w.client(&w.now).Rolling = false
			w.client(&w.now).Command = []string{clientPath, "-r", "-1"}
			w.once = true
		}},
		{name: "left on a former master", role: inventory.Replica, want: "log_orphaned", text: "don't run a sync_client here", harm: func(w *world) { w.log(&w.now, 50) }},
		{
			name: "2.3", role: inventory.Master, want: "log_orphaned",
			command: clientPath + " -C /etc/s1.conf -r -f '/srv/s1/sync/log-77' && rm -- '/srv/s1/sync/log-77'", harm: func(w *world) {
				w.now.Left = []processes.LeftLog{{Dir: "/srv/s1/sync", Path: "/srv/s1/sync/log-77", Parent: 77, Modified: noon.Add(-time.Hour)}}
			},
		},
		{name: "2.3 with its parent", role: inventory.Master, harm: func(w *world) {
			w.now.Left = []processes.LeftLog{{Dir: "/srv/s1/sync", Path: "/srv/s1/sync/log-11", Parent: 11, Modified: noon.Add(-time.Hour)}}
		}},
		{name: "2.3 with a worker", role: inventory.Master, harm: func(w *world) {
			w.now.Left = []processes.LeftLog{{Dir: "/srv/s1/sync", Path: "/srv/s1/sync/log-77", Parent: 77, Modified: noon.Add(-time.Hour)}}
			w.client(&w.now).Open = []string{"/srv/s1/sync/log-77"}
		}},
		{name: "unwritable", role: inventory.Master, want: "log_unwritable", text: "mode 0555", command: "chmod u+rwx -- /srv/s1/sync", harm: func(w *world) {
			w.now.Closed["/srv/s1/sync"] = processes.Closed{Why: "it has mode 0555", Command: "chmod u+rwx -- /srv/s1/sync"}
		}},
		{name: "no master process", role: inventory.Replica, want: "master_down", command: masterPath + " -C /etc/s1.conf -d", harm: func(w *world) { w.now.Processes = nil }},
		{name: "a master process that is stopped", role: inventory.Replica, want: "master_down", text: "master process of store s1 (replica), 10, is stopped by a signal", command: "kill -CONT 10", harm: func(w *world) {
			w.now.Processes[0].State = "T"
		}},
		{name: "a master that is down has no client", role: inventory.Master, want: "log_orphaned master_down", harm: func(w *world) {
			w.log(&w.now, 50)
			w.now.Processes, w.once = nil, true
		}},
		{name: "master with another configuration", role: inventory.Master, harm: func(w *world) { w.now.Processes[0].Conf = "/etc/imapd.conf" }},
		{name: "expire", role: inventory.Master, want: "expire_overdue", harm: func(w *world) {
			w.opts.Hints = map[inventory.StoreID]processes.Hint{"s1": {Expired: noon.Add(-4 * 24 * time.Hour)}}
		}},
		{name: "autocreate", role: inventory.Replica, want: "autocreate_on", harm: func(w *world) { w.in.Autocreate = true }},
		{name: "autocreate on a master", role: inventory.Master, harm: func(w *world) { w.in.Autocreate = true }},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := healthy(test.role)
			test.harm(w)
			found := w.check()
			if got := kinds(found); got != test.want {
				t.Fatalf("got %q, want %q: %+v", got, test.want, found)
			}
			var texts, commands string
			for _, f := range found {
				texts += f.Text + "\n"
				commands += string(f.Command) + "\n"
			}
			if !strings.Contains(texts, test.text) {
				t.Errorf("got the texts %q, want %q in them", texts, test.text)
			}
			if !strings.Contains(commands, strings.ReplaceAll(test.command, "'", "")) {
				t.Errorf("got the commands %q, want %q", commands, test.command)
			}
		})
	}
}

// TestStartAgain: how a client that is missing is started again follows from
// cyrus.conf, and not from what looks happen to have seen.
func TestStartAgain(t *testing.T) {
	started := func(section string, words ...string) processes.Started {
		return processes.Started{Section: section, Process: monitor.Process{
			Name: "sync_client", Channel: "default", Rolling: true, Command: append([]string{"sync_client", "-C", "/etc/s1.conf", "-r"}, words...),
		}}
	}
	for _, test := range []struct {
		name          string
		setup         processes.Setup
		text, command string
	}{
		{
			"under START",
			processes.Setup{File: "/etc/cyrus.conf", Clients: []processes.Started{started("START", "-l")}},
			`"/etc/cyrus.conf" has it under START`, clientPath + " -C /etc/s1.conf -r -l",
		},
		{
			"under DAEMON",
			processes.Setup{File: "/etc/cyrus.conf", Clients: []processes.Started{started("DAEMON")}},
			`has it under DAEMON, so master starts it by itself, but has given it up`, "kill -HUP 10",
		},
		{
			"under both",
			processes.Setup{File: "/etc/cyrus.conf", Clients: []processes.Started{started("START"), started("DAEMON"), started("START")}},
			`under DAEMON`, "kill -HUP 10",
		},
		{"nowhere", processes.Setup{File: "/etc/cyrus.conf"}, `"/etc/cyrus.conf" starts none`, clientPath + " -C /etc/s1.conf -r"},
		{"nobody knows", processes.Setup{Trouble: "no permission"}, "not known (no permission)", "kill -HUP 10"},
	} {
		test.setup.Programs = "/usr/lib/cyrus/bin"
		advice := map[string]string{}
		for what, harm := range map[string]func(*world){
			"first look":   func(w *world) { drop(&w.now); w.once = true },
			"for long":     func(w *world) { drop(&w.before); drop(&w.now) },
			"was a daemon": func(w *world) { drop(&w.now); w.seen = append(w.seen, w.before); drop(&w.before) },
			"was a process": func(w *world) {
				w.client(&w.before).Parent = 1
				w.seen = append(w.seen, w.before)
				drop(&w.before)
				drop(&w.now)
			},
			"a log is left": func(w *world) { drop(&w.now); w.once = true; w.log(&w.now, 50) },
			"an odd command": func(w *world) {
				w.client(&w.before).Command = []string{"x"}
				w.seen = append(w.seen, w.before)
				drop(&w.before)
				drop(&w.now)
			},
			"unseen before it": func(w *world) { w.before.Trouble = "no permission"; drop(&w.now) },
		} {
			w := healthy(inventory.Master)
			w.now.Setups["/etc/s1.conf"] = test.setup
			harm(w)
			i := slices.IndexFunc(w.check(), func(f monitor.Finding) bool { return f.Kind == monitor.ClientMissing })
			if i < 0 {
				t.Fatalf("%s, %s: not found", test.name, what)
			}
			f := w.check()[i]
			if !strings.Contains(f.Text, test.text) {
				t.Errorf("%s, %s: %s", test.name, what, f.Text)
			}
			advice[string(f.Command)+" "+f.Text] = what
			if string(f.Command) != test.command {
				t.Errorf("%s, %s: got the command %q, want %q", test.name, what, f.Command, test.command)
			}
		}
		if len(advice) != 1 {
			t.Errorf("%s: the advice changes: %v", test.name, advice)
		}
	}
}

// TestAnew: how a client is made to read its configuration anew follows from who would
// start it again; on a replica there is none, and of two nobody knows which.
func TestAnew(t *testing.T) {
	for _, test := range []struct {
		name          string
		role          inventory.Role
		section       string
		two           bool
		text, command string
	}{
		{"a daemon", inventory.Master, "DAEMON", false, `process 11, and master starts it again, since "/etc/cyrus.conf" has it under DAEMON`, "kill -TERM 11"},
		{"one that master starts once", inventory.Master, "START", false, `process 11, and then start it again, since "/etc/cyrus.conf" does not have it under DAEMON: ` + clientPath + " -C /etc/s1.conf -r", "kill -TERM 11"},
		{"two", inventory.Master, "DAEMON", true, "", ""},
		{"on a replica", inventory.Replica, "DAEMON", false, "", ""},
	} {
		w := healthy(inventory.Master)
		w.in.Role = test.role
		w.now.Setups["/etc/s1.conf"] = processes.Setup{File: "/etc/cyrus.conf", Programs: "/usr/lib/cyrus/bin", Clients: []processes.Started{{Section: test.section, Process: *w.client(&w.now)}}}
		if test.two {
			other := *w.client(&w.now)
			other.PID = 12
			w.now.Processes = append(w.now.Processes, other)
		}
		text, command := processes.Anew(&w.in, &w.now)
		if !strings.HasSuffix(text, test.text) || (text == "") != (test.text == "") || string(command) != test.command {
			t.Errorf("%s: got %q, %q", test.name, text, command)
		}
	}
}

// TestFormerMaster: where users are served elsewhere, or the replica sends changes as
// masters do, nothing is offered that would send what is here.
func TestFormerMaster(t *testing.T) {
	for _, test := range []struct {
		routed   inventory.ServerID
		promoted string
		says     string // instead of a command; nothing: the two commands
	}{
		{routed: ""},
		{routed: "imap1"},
		{routed: "imap7", says: "served by imap7, so this may be a former master: don't run a sync_client here"},
		{promoted: "imap9:2005"},
		{routed: "imap1", promoted: "imap7:2005", says: `At "imap7:2005" a rolling sync_client runs, as on a master, so this may be a former master: don't run a sync_client here`},
	} {
		w := healthy(inventory.Master)
		drop(&w.before)
		drop(&w.now)
		w.log(&w.now, 50)
		w.opts.Routed = map[inventory.StoreID]inventory.ServerID{"s1": test.routed}
		w.opts.Promoted = map[string]bool{test.promoted: true}
		found, commands, want := w.check(), 0, 2
		if test.says != "" {
			want = 0
		}
		for _, f := range found {
			if f.Command != "" {
				commands++
			}
			if f.Kind == monitor.LogOrphaned && want > 0 && f.Command != "env CYRUS_ISDAEMON=1 "+inventory.Text(clientPath)+" -C /etc/s1.conf -r -1" {
				t.Errorf("got the command %q", f.Command)
			}
			if want == 0 && (!strings.Contains(f.Text, test.says) || strings.Contains(f.Text, clientPath) || strings.Contains(f.Text, "start it again")) {
				t.Errorf("%+v: %s", test, f.Text)
			}
			if want > 0 && !strings.Contains(strings.ToLower(f.Text), "if this is ") {
				t.Errorf("%+v: it does not say that it must be the master: %s", test, f.Text)
			}
		}
		if kinds(found) != "client_missing log_orphaned" || commands != want {
			t.Errorf("%+v: got%s", test, describe(found))
		}
	}
}

// TestSince: what was lost between two looks began between them, and nobody knows
// where; what was never seen otherwise began before.
func TestSince(t *testing.T) {
	at := func(minutes int) inventory.Text { return monitor.Time(noon.Add(time.Duration(minutes) * time.Minute)) }
	earlier := func(w *world) {
		w.seen = []processes.Sight{w.before}
		w.seen[0].At = noon.Add(-20 * time.Minute)
	}
	hang := func(w *world) {
		w.log(&w.now, 50)
		w.now.Ports["imap7:2005"] = processes.Port{Connected: true, Trouble: "no greeting"}
	}
	for _, test := range []struct {
		name      string
		role      inventory.Role
		harm      func(*world)
		kind      monitor.Kind
		since, by inventory.Text
	}{
		{"client", inventory.Master, func(w *world) { earlier(w); drop(&w.before); drop(&w.now) }, monitor.ClientMissing, at(-20), at(-10)},
		{"client never seen", inventory.Master, func(w *world) { drop(&w.before); drop(&w.now) }, monitor.ClientMissing, "", at(-10)},
		{"client that left a log", inventory.Master, func(w *world) { drop(&w.before); drop(&w.now); w.log(&w.now, 50) }, monitor.ClientMissing, at(-15), at(-10)},
		{"client that left a log after it was missed", inventory.Master, func(w *world) {
			drop(&w.before)
			drop(&w.now)
			w.log(&w.now, 50)
			w.now.Logs[0].Run.Taken = noon.Add(-5 * time.Minute)
		}, monitor.ClientMissing, at(-5), ""},
		{"client that took no log", inventory.Master, func(w *world) {
			drop(&w.before)
			drop(&w.now)
			w.log(&w.now, 50)
			w.now.Logs[0].Run = monitor.LogFile{}
		}, monitor.ClientMissing, at(-14), ""},
		{"master", inventory.Replica, func(w *world) { w.now.Processes = nil }, monitor.MasterDown, at(-10), at(0)},
		{"master unseen between", inventory.Replica, func(w *world) {
			earlier(w)
			w.before.Trouble = "no permission"
			w.now.Processes = nil
		}, monitor.MasterDown, at(-20), at(0)},
		{"replica", inventory.Master, func(w *world) { w.now.Ports["imap7:2005"] = processes.Port{Trouble: "refused"} }, monitor.ReplicaUnreachable, at(-10), at(0)},
		{"hung client", inventory.Master, hang, monitor.ClientHung, at(-16), ""},
		{"hung client that was started later", inventory.Master, func(w *world) { hang(w); w.client(&w.now).Started = noon.Add(-time.Minute) }, monitor.ClientHung, at(-1), ""},
		{"port", inventory.Replica, func(w *world) {
			w.before.Ports["imap1:2005"] = processes.Port{Trouble: "refused"}
			w.now.Ports["imap1:2005"] = processes.Port{Trouble: "refused"}
		}, monitor.PortSilent, "", at(-10)},
	} {
		w := healthy(test.role)
		test.harm(w)
		found := w.check()
		i := slices.IndexFunc(found, func(f monitor.Finding) bool { return f.Kind == test.kind })
		if i < 0 || found[i].Since != test.since || found[i].SinceBy != test.by {
			t.Errorf("%s: got %+v, want it between %q and %q", test.name, found, test.since, test.by)
		}
	}
}

// TestCheckHostile checks that no name reaches a shell or a terminal as it is.
func TestCheckHostile(t *testing.T) {
	w := healthy(inventory.Master)
	drop(&w.now)
	w.in.Conf = "/etc/$(reboot).conf"
	w.now.Setups[w.in.Conf] = w.now.Setups["/etc/s1.conf"]
	w.now.Processes[0].Conf = w.in.Conf
	w.in.Channels[0].Name, w.in.Channels[0].Dir = "a\x1b[2J", "/srv/a\x1b[2J"
	w.now.Closed[w.in.Channels[0].Dir] = processes.Closed{Why: "it has mode 0555"}
	for _, f := range processes.Check([]monitor.Instance{w.in}, []processes.Sight{w.now}, w.opts) {
		if strings.Contains(f.Text, "\x1b") || strings.Contains(string(f.Command), "\x1b") {
			t.Errorf("got %q, %q", f.Text, f.Command)
		}
	}
	// A name is that of the channel for whoever finds something about it.
	for _, f := range processes.Check([]monitor.Instance{w.in}, []processes.Sight{w.now}, w.opts) {
		if f.Channel != inventory.Text(w.in.Channels[0].Name) {
			t.Errorf("the channel is %q in %+v", f.Channel, f)
		}
	}
	w.in.Channels[0].Name = "far"
	found := processes.Check([]monitor.Instance{w.in}, []processes.Sight{w.now}, w.opts)
	if i := slices.IndexFunc(found, func(f monitor.Finding) bool { return f.Kind == monitor.ClientMissing }); i < 0 ||
		found[i].Command != clientPath+" -C '/etc/$(reboot).conf' -r -n far" {
		t.Errorf("got %+v", found)
	}
}

func kinds(found []monitor.Finding) string {
	var list []string
	for _, f := range found {
		list = append(list, string(f.Kind))
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), " ")
}

func describe(found []monitor.Finding) string {
	var b strings.Builder
	for _, f := range found {
		fmt.Fprintf(&b, "\n%s %s: %s [%s]", f.Kind, f.Channel, f.Text, f.Command)
	}
	return b.String()
}
