package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/planner"
)

// TestWatchFollowsPlans has plans give a store another master and another replica: what watches the
// servers goes by that at its next look, though the inventory does not say it, and compares in the
// right direction. Where the processes do not tell which is so, a store is not compared.
func TestWatchFollowsPlans(t *testing.T) {
	dir := t.TempDir()
	script, now := filepath.Join(dir, "on"), time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	runs := func(sends, receives string) {
		t.Helper()
		for _, server := range []string{"imap1", "imap2", "imap3"} {
			text := ""
			if strings.Contains(sends+receives, server) {
				text = "idled -C /etc/" + server + ".conf\n"
			}
			if server == sends {
				text += "sync_client -C /etc/" + server + ".conf -r\n"
			}
			if err := os.WriteFile(filepath.Join(dir, server), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(script, []byte("#!/bin/sh\ncat \"$(dirname \"$0\")/$1\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	in := func(server inventory.ServerID, role inventory.Role) inventory.Instance {
		return inventory.Instance{Server: server, Role: role, IMAP: string(server) + ":143", IMAPDConf: "/etc/" + string(server) + ".conf"}
	}
	f := newFacts(&inventory.Inventory{
		Servers: []inventory.Server{{Name: "imap1"}, {Name: "imap2"}, {Name: "imap3"}},
		Stores:  []inventory.Store{{Name: "s1", Instances: []inventory.Instance{in("imap1", inventory.Master), in("imap2", inventory.Replica)}}},
		Users:   []inventory.User{{Name: "anna", Store: "s1", Mailboxes: 2}},
	}, "fleet.yaml", nil)
	f.made = now
	a := &app{config: newConfig(), now: func() time.Time { return now }}
	a.config.DB = filepath.Join(dir, "interlace.db")
	a.config.IMAP = access{User: "admin", PasswordFile: password, TLS: "tls"}
	a.config.Monitor.Runner = []string{script, "{server}"}
	watched := map[inventory.ServerID]*local{}
	for _, server := range f.Servers {
		watched[server.Name] = &local{app: a, server: server.Name}
		watched[server.Name].take(f)
	}
	shows := func(name, want string) {
		t.Helper()
		var got []string
		for _, server := range f.Servers {
			l := watched[server.Name]
			if err := l.follow(t.Context()); err != nil {
				t.Errorf("%s: %s: %v", name, server.Name, err)
			}
			for _, s := range l.stores.Stores {
				got = append(got, fmt.Sprintf("%s is %s", server.Name, s.On(server.Name).Role))
			}
			pairs, err := l.pairsNow(t.Context(), newAsker(a.config))
			for _, p := range pairs {
				got = append(got, fmt.Sprintf("%s to %s", p.Master.Server, p.Replica.Server))
			}
			if err != nil {
				text, _, _ := strings.Cut(err.Error(), ":")
				got = append(got, text)
			}
		}
		if got := strings.Join(got, ", "); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	const before = "imap1 is master, imap1 to imap2, imap2 is replica"
	const after = "imap1 is replica, imap2 is master, imap2 to imap1, imap2 to imap3, imap3 is replica"
	runs("imap1", "imap2")
	shows("before", before)

	keep(t, a, now, planner.LayoutChange{ID: "c1", Do: planner.Seed, Store: "s1", From: "imap1", Server: "imap3"}, []monitor.StepRecord{
		{Step: monitor.StepCreate, State: monitor.StepBegan},
		{Step: monitor.StepCreate, State: monitor.StepDone, Data: `{"Server":"imap3","IMAP":"imap3:143","IMAPDConf":"/etc/imap3.conf"}`},
		{Step: monitor.StepServe, State: monitor.StepBegan},
		{Step: monitor.StepServe, State: monitor.StepDone},
	})
	keep(t, a, now, planner.LayoutChange{ID: "c2", Do: planner.Promote, Store: "s1", From: "imap1", Server: "imap2"}, []monitor.StepRecord{
		{Step: monitor.StepProveSends, State: monitor.StepBegan}, {Step: monitor.StepProveSends, State: monitor.StepDone},
	})
	runs("imap2", "imap1 imap3")
	shows("by plans", after)

	f.made = now.Add(time.Hour)
	for _, l := range watched {
		l.take(f)
	}
	shows("a later inventory that does not say it", after)

	runs("", "")
	for _, l := range watched {
		l.take(f)
	}
	shows("nothing runs", "imap1 is replica, store s1 is not compared, imap2 is master, store s1 is not compared, imap3 is replica, store s1 is not compared")

	runs("imap1", "imap2")
	now = now.Add(doubtedFor)
	shows("changed back by hand", before)
}

// keep has the journal say that a plan has changed a layout.
func keep(t *testing.T, a *app, at time.Time, change planner.LayoutChange, records []monitor.StepRecord) {
	t.Helper()
	p := &planner.Layout{
		Format: planner.Format, Kind: planner.KindLayout, Inventory: planner.Reference{Fingerprint: "x", Loads: "x"}, Stopped: planner.Steps,
		Changes: []planner.LayoutChange{change},
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(planner.Seal(p))
	text, err := planner.Encode(p)
	must(err)
	h, err := history.Open(t.Context(), a.config.DB, history.Options{})
	must(err)
	defer func() { must(h.Close()) }()
	must(h.BeginApply(t.Context(), &monitor.Apply{Plans: []string{p.ID}, By: "x", Began: at}, [][]byte{text}))
	unit := course.Units([]planner.Plan{p}, nil)[0]
	for _, r := range records {
		at = at.Add(time.Second)
		r.Plan, r.Unit, r.At = p.ID, unit.Name, at
		must(h.AddStep(t.Context(), &r))
	}
}
