package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/fixtures/mailtest"
	"github.com/interlacemail/interlace/monitor/history"
)

// soaking reports whether long tests run at their full length.
func soaking() bool { return os.Getenv("INTERLACE_SOAK") != "" }

// together runs a test for each of some cases, all at the same time: they wait most
// of it.
func together[C any](t *testing.T, cases []C, name func(*C) string, test func(t *testing.T, number int, c *C)) {
	t.Helper()
	var all sync.WaitGroup
	for i := range cases {
		all.Go(func() { t.Run(name(&cases[i]), func(t *testing.T) { test(t, i, &cases[i]) }) })
	}
	all.Wait()
}

// pace is how often a watch looks, and how long alerts wait for each other: in a
// soak about as long as it takes to find all that a fault does, as in earnest.
type pace struct{ probes, keepFiring, groupWait time.Duration }

func paceOfTests() pace {
	if soaking() {
		return pace{3 * time.Second, 2 * time.Minute, 90 * time.Second}
	}
	return pace{2 * time.Second, 3 * time.Second, time.Second}
}

// describeAll describes running fleets in a directory. Each store has two servers
// of its own, STORE-m and STORE-r, and none of them takes the others' clients for
// strangers.
func describeAll(t *testing.T, dir string, fleet *cyrustest.Fleet) {
	t.Helper()
	var servers, stores, users strings.Builder
	users.WriteString("user,store,disk,io\n")
	for _, store := range fleet.Stores {
		fmt.Fprintf(&stores, "  - name: %s\n    instances:\n", store.Name)
		for i, in := range store.Instances {
			server, role := serverOf(store, i)
			fmt.Fprintf(&servers, "  - {name: %s, capacity: {disk: 1TB, io: 100}}\n", server)
			fmt.Fprintf(&stores, "      - {server: %s, role: %s, imap: %q, csync: %q, imapd_conf: %s, log: %s}\n", server, role, in.IMAP, in.Csync, in.Conf, in.Log())
		}
		fmt.Fprintf(&users, "anna-%[1]s,%[1]s,1MB,0\n", store.Name)
	}
	put(t, filepath.Join(dir, "fleet.yaml"), "users: users.csv\nformat: 1\nservers:\n"+servers.String()+"stores:\n"+stores.String())
	put(t, filepath.Join(dir, "users.csv"), users.String())
}

func serverOf(store *cyrustest.Store, number int) (server, role string) {
	if number == 0 {
		return store.Name + "-m", "master"
	}
	return store.Name + "-r", "replica"
}

// watched is a store of a running fleet with a watch of its own, a database of its
// own, and a relay to which mail goes.
type watched struct {
	*testing.T
	ctx             context.Context
	fleet           *cyrustest.Fleet
	store           *cyrustest.Store
	master, replica *cyrustest.Instance
	dir             string // with the configuration
	db              string // the database
	relay           *mailtest.Relay
	pace            pace

	mu    sync.Mutex
	said  strings.Builder
	watch *exec.Cmd
	ended chan error
}

// newWatched prepares the watch of a store as described in a directory; further
// lines go into its configuration.
func newWatched(t *testing.T, described string, fleet *cyrustest.Fleet, store *cyrustest.Store, pace pace, further string) *watched {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute) // what ends the test needs it too
	t.Cleanup(cancel)
	r := &watched{T: t, ctx: ctx, fleet: fleet, store: store, master: store.Master(), replica: store.Replicas()[0], dir: filepath.Join(fleet.Dir, "watch-"+store.Name), relay: mailtest.Run(t), pace: pace}
	r.must(os.CopyFS(r.dir, os.DirFS(described))) // in memory, where the fleet is: many watches wait for one disk
	put(t, r.path("roots.pem"), string(r.relay.Certificate))
	put(t, r.path("routing"), "anna-"+store.Name+","+store.Name+"-m\n")
	if db, _, found := strings.Cut(further, "\n"); found && strings.HasPrefix(db, "db: ") {
		r.db = r.path(strings.TrimPrefix(db, "db: "))
	} else {
		r.db, further = r.path("facts.db"), "db: facts.db\n"+further
	}
	put(t, r.path("interlace.yaml"), fmt.Sprintf("fleet: fleet.yaml\n"+
		"probes: {backlog: %[1]v, processes: %[1]v, usage: %[1]v}\n"+
		"alerts: {for: 1s, keep_firing: %[2]v, group_wait: %[3]v, group_interval: %[3]v}\n"+
		"mail: {smtp: %[4]q, from: interlace@example.org, to: [ops@example.org], ca_file: roots.pem}\n%[5]s",
		r.pace.probes, r.pace.keepFiring, r.pace.groupWait, r.relay.Address, further))
	return r
}

func (r *watched) path(name string) string { return filepath.Join(r.dir, name) }

// interlace runs the program in the directory of the watch.
func (r *watched) interlace(args ...string) (status int, stdout, stderr string) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "interlace", args...)
	c.Dir = r.dir
	var out, errs strings.Builder
	c.Stdout, c.Stderr = &out, &errs
	if err, exit := c.Run(), (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		r.Fatal(err)
	}
	return c.ProcessState.ExitCode(), out.String(), errs.String()
}

// Write takes what the watch says.
func (r *watched) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.said.Write(b)
}

func (r *watched) words() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.said.String()
}

// begin starts the watch of one of the store's servers, and waits until it watches.
func (r *watched) begin(server string) {
	r.Helper()
	r.watch = exec.Command("interlace", "watch", "--server", server)
	r.watch.Dir, r.watch.Stderr = r.dir, r
	r.watch.Env = append(os.Environ(), "PATH="+r.dir+":"+os.Getenv("PATH"))
	if err := r.watch.Start(); err != nil {
		r.Fatal(err)
	}
	r.ended = make(chan error, 1)
	go func(c *exec.Cmd, ended chan<- error) { ended <- c.Wait() }(r.watch, r.ended)
	r.Cleanup(func() {
		r.watch.Process.Kill()
		if r.Failed() {
			_, alerts, _ := r.interlace("alerts", "--all")
			r.Logf("the watch said: %s\nalerts: %s\nmails:\n%s", r.words(), alerts, strings.Join(r.relay.Received(), "\n---\n"))
		}
	})
	r.wait("the watch watches", time.Minute, func() bool { return strings.Contains(r.words(), "watching 1 instance") })
}

// end ends the watch as systemd does; it has 10 seconds.
func (r *watched) end() {
	r.Helper()
	begun := time.Now()
	if err := r.watch.Process.Signal(syscall.SIGTERM); err != nil {
		r.Fatalf("the watch does not run any more: %v", err)
	}
	select {
	case err := <-r.ended:
		if err != nil {
			r.Errorf("ended by TERM the watch says %v: %s", err, r.words())
		}
	case <-time.After(10 * time.Second):
		r.watch.Process.Signal(syscall.SIGQUIT) // has it say what it waits for
		<-r.ended
		r.Errorf("after %v the watch had not ended", time.Since(begun))
	}
}

// wait waits for something that real servers bring about.
func (r *watched) wait(what string, most time.Duration, holds func() bool) {
	r.Helper()
	for deadline := time.Now().Add(most); !holds(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.Fatalf("not within %v: %s", most, what)
		}
	}
}

// told is an alert as the mails tell it.
type told struct {
	number, kind, where string
	firing, over        int // mails that say that it has begun, and that it has ended
	command             string
	text                string            // of the mail that it began in
	then                map[string]string // what to run later, by the kind that it is against
}

var (
	opening = regexp.MustCompile(`^(\d+)\. (?:CRITICAL|WARNING|INFO) (\w+)$`)
	later   = regexp.MustCompile(`^   then     when that is repaired, against (\w+):$`)
	ending  = regexp.MustCompile(`^(\d+)\. (\w+), (.*?): (?:lasted |no such line)`)
)

// texts are the subjects of the mails, each with the text in the lines below.
func (r *watched) texts() (list []string) {
	r.Helper()
	for _, raw := range r.relay.Received() {
		m, err := mail.ReadMessage(strings.NewReader(raw))
		r.must(err)
		body := io.Reader(m.Body)
		if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			body = quotedprintable.NewReader(body)
		}
		text, err := io.ReadAll(body)
		r.must(err)
		list = append(list, m.Header.Get("Subject")+"\n"+strings.ReplaceAll(string(text), "\r", ""))
	}
	return list
}

// strange reports an alert about a client of another test, which is a stranger here.
func (a *told) strange() bool {
	return a.kind == "client_misplaced" && !strings.Contains(a.where, "store ")
}

// mails returns what the mails say of the alerts of this watch, by number, and how
// many mails there are of a beginning and of an end alone, but those of strangers.
func (r *watched) mails() (alerts []*told, firing, over int) {
	r.Helper()
	known := map[string]*told{}
	for _, text := range r.texts() {
		begins, ends := readMail(strings.Split(text, "\n"), known)
		if begins {
			firing++
		} else if ends {
			over++
		}
	}
	for _, a := range known {
		if !a.strange() {
			alerts = append(alerts, a)
		}
	}
	slices.SortFunc(alerts, func(a, b *told) int { return strings.Compare(a.number, b.number) })
	return alerts, firing, over
}

func readMail(lines []string, known map[string]*told) (begins, ends bool) {
	for i, line := range lines {
		if m := opening.FindStringSubmatch(line); m != nil {
			a := &told{number: m[1], kind: m[2], where: strings.TrimSpace(lines[i+1])}
			if old := known[a.number]; old != nil {
				a.firing, a.over = old.firing, old.over
			}
			a.firing++
			a.text, a.then = strings.Join(lines, "\n"), map[string]string{}
			for j := i + 1; j+4 < len(lines) && !opening.MatchString(lines[j]); j++ {
				if strings.HasPrefix(strings.TrimSpace(lines[j]), "to do") {
					a.command = lines[j+2]
				}
				if m := later.FindStringSubmatch(lines[j]); m != nil {
					a.then[m[1]] = lines[j+4]
				}
			}
			known[a.number], begins = a, begins || !a.strange()
		} else if m := ending.FindStringSubmatch(line); m != nil {
			if known[m[1]] == nil {
				known[m[1]] = &told{number: m[1], kind: m[2], where: m[3]}
			}
			known[m[1]].over++
			ends = ends || !known[m[1]].strange()
		}
	}
	return begins, ends
}

// kindsTold returns the kinds of the alerts that the mails tell.
func kindsTold(alerts []*told) []string {
	var list []string
	for _, a := range alerts {
		list = append(list, a.kind)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// open returns the alerts of the store that have not ended, as interlace alerts
// shows them.
func (r *watched) open() (kinds []string) {
	r.Helper()
	for _, a := range r.listed() {
		if a.Stage != "resolved" {
			kinds = append(kinds, a.Kind)
		}
	}
	return kinds
}

// listed is an alert as interlace alerts lists it.
type listed struct{ Kind, Stage, Command string }

func (r *watched) listed() []listed {
	r.Helper()
	_, stdout, stderr := r.interlace("alerts", "--store", r.store.Name, "-o", "json")
	var answer struct{ Alerts []listed }
	if err := json.Unmarshal([]byte(stdout), &answer); err != nil {
		r.Fatalf("%v: %s%s", err, stdout, stderr)
	}
	return answer.Alerts
}

// change makes a change on the master.
func (r *watched) change(name string) {
	r.Helper()
	if err := r.master.Fill(r.ctx, []cyrustest.Mailbox{{Name: "user." + name, Messages: 1}}); err != nil {
		r.Fatal(err)
	}
}

// do speaks to an instance as its administrator.
func (r *watched) do(in *cyrustest.Instance, commands ...string) {
	r.Helper()
	conn, err := in.Dial(r.ctx)
	if err != nil {
		r.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Do(commands...); err != nil {
		r.Fatal(err)
	}
}

func (r *watched) settle() {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, time.Minute)
	defer cancel()
	if err := r.store.Settle(ctx); err != nil {
		r.Fatal(err)
	}
}

func (r *watched) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// sync is the path of something in the master's sync directory.
func (r *watched) sync(name string) string { return filepath.Join(r.master.Dir, "conf/sync", name) }

// paste does what the mail about an alert says, as the operator does: in a shell.
// What it starts ends with the test.
func (r *watched) paste(kind string) {
	r.Helper()
	command := r.command(kind)
	if command == "" {
		r.Fatalf("no mail says what to do against %s", kind)
	}
	r.Logf("$ %s", command)
	c := exec.Command("sh", "-c", command)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := os.Create(r.path("pasted"))
	r.must(err)
	defer out.Close()
	c.Stdout, c.Stderr = out, out
	err = c.Run()
	r.Cleanup(func() { syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }) // it may have ended
	if err != nil {
		text, _ := os.ReadFile(r.path("pasted"))
		r.Fatalf("%s: %v: %s", command, err, text)
	}
}

// command is what the mails say to run against alerts of a kind, or against what
// follows from others, else what interlace alerts says: on a busy machine that may be
// found only when the mail is on its way.
func (r *watched) command(kind string) string {
	r.Helper()
	alerts, _, _ := r.mails()
	for _, a := range alerts {
		if a.kind == kind && a.command != "" {
			return a.command
		}
		if a.then[kind] != "" {
			return a.then[kind]
		}
	}
	for _, a := range r.listed() {
		if a.Kind == kind && a.Stage != "resolved" {
			return a.Command
		}
	}
	return ""
}

// roll starts a rolling client beside what Cyrus runs.
func (r *watched) roll(in *cyrustest.Instance) {
	r.Helper()
	before := len(running(r.T, "sync_client", in))
	c := exec.Command("/usr/lib/cyrus/bin/sync_client", "-C", in.Conf, "-r")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r.must(c.Run())
	r.Cleanup(func() { syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }) // it may have ended
	r.wait("the further client runs", time.Minute, func() bool { return len(running(r.T, "sync_client", in)) == before+1 })
}

// ignoreStrangers keeps quiet that clients of other tests run on this machine.
func (r *watched) ignoreStrangers() {
	r.Helper()
	h, err := history.Open(r.ctx, r.db, history.Options{})
	r.must(err)
	r.must(h.Close())
	if status, _, stderr := r.interlace("alerts", "silence", "--for", "2h", "--comment", "other tests", "kind=client_misplaced"); status != 0 {
		r.Fatalf("silence strangers: %s", stderr)
	}
}
