package main_test

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
)

// hang is something that a watch waits for in vain.
type hang struct {
	name     string
	config   string
	prepared func(*watched)
	waits    func(*watched) bool // it is waited for
}

var hangs = []hang{
	{
		name: "relay", prepared: func(r *watched) { r.relay.Set(func() { r.relay.Stall = true }); r.must(r.replica.Stop()) },
		waits: func(r *watched) bool { return r.relay.Stalled() },
	},
	{
		name: "routing", config: "recover: allow\nrouting_query: [./hang, routing, \"{user}\"]\n",
		prepared: func(r *watched) { r.leaveLog() }, waits: (*watched).asked,
	},
	{
		name: "routes", config: "recover: allow\nrouting_file: pipe\n",
		prepared: func(r *watched) { r.leaveLog(); r.must(syscall.Mkfifo(r.path("pipe"), 0o600)) },
		waits:    (*watched).pipeRead,
	},
	{
		name: "client", config: "recover: allow\nrouting_file: routing\nsync_client: hang\n",
		prepared: func(r *watched) { r.leaveLog() }, waits: (*watched).asked,
	},
	{
		name: "journal", config: "logs: {journal: [-u, cyrus]}\n",
		prepared: func(r *watched) { r.must(os.Symlink("hang", r.path("journalctl"))) }, waits: (*watched).asked,
	},
	{
		name: "pipes", config: "logs: {files: [mail.log]}\n",
		prepared: func(r *watched) {
			r.must(syscall.Mkfifo(r.path("mail.log"), 0o600))
			for _, path := range []string{r.sync("log"), r.sync("log-run"), r.master.Log() + ".1"} {
				r.must(syscall.Mkfifo(path, 0o644))
			}
		},
		waits: func(r *watched) bool { time.Sleep(3 * r.pace.probes); return true },
	},
	{
		name: "fleet", prepared: func(*watched) {},
		waits: func(r *watched) bool {
			r.must(os.Remove(r.path("fleet.yaml")))
			r.must(syscall.Mkfifo(r.path("fleet.yaml"), 0o600))
			time.Sleep(3 * r.pace.probes)
			return true
		},
	},
}

// leaveLog has the master leave a log that nobody works on, a day after it became
// the master.
func (r *watched) leaveLog() {
	r.Helper()
	r.longAMaster()
	r.must(syscall.Kill(clientOf(r.T, r.master), syscall.SIGKILL))
	r.change("late")
}

func (r *watched) asked() bool {
	_, err := os.Stat(r.path("asked"))
	return err == nil
}

// pipeRead reports whether somebody has the pipe open to read it, who gets nothing then.
func (r *watched) pipeRead() bool {
	pipe, err := os.OpenFile(r.path("pipe"), os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	r.Cleanup(func() { pipe.Close() })
	return true
}

// hangScript never answers, holds what it is given, and does not want to end.
const hangScript = `#!/bin/sh
trap '' TERM INT HUP
sleep 1000 &
echo $$ $! >>"$(dirname "$0")/asked"
wait
`

// TestWatchEnds ends watches while they wait for somebody who does not answer.
func TestWatchEnds(t *testing.T) {
	t.Parallel()
	cyrustest.Need(t)
	var stores []cyrustest.StoreOptions
	for _, h := range hangs {
		stores = append(stores, cyrustest.StoreOptions{Name: h.name, Instances: []cyrustest.Settings{{Log: true, Client: cyrustest.ClientStart}, {Log: true}}})
	}
	fleet, dir := cyrustest.Run(t, stores...), t.TempDir()
	describeAll(t, dir, fleet)
	together(t, hangs, func(h *hang) string { return h.name }, func(t *testing.T, i int, h *hang) {
		h.test(newWatched(t, dir, fleet, fleet.Stores[i], paceOfTests(), h.config))
	})
}

func (h *hang) test(r *watched) {
	r.must(os.WriteFile(r.path("hang"), []byte(hangScript), 0o755))
	r.Cleanup(r.endHanging)
	h.prepared(r)
	r.begin(r.store.Name + "-m")
	r.wait("it is waited for", time.Minute, func() bool { return h.waits(r) })
	r.end()
}

// endHanging ends what does not want to.
func (r *watched) endHanging() {
	pids, _ := os.ReadFile(r.path("asked")) // nobody may have been
	for _, word := range strings.Fields(string(pids)) {
		if pid, err := strconv.Atoi(word); err == nil {
			syscall.Kill(pid, syscall.SIGKILL) // it may have ended
		}
	}
}
