package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// Where an inventory has other instances of a store than changes in the journal have left, the
// processes decide, whichever is the later one. Where these show neither, nothing is believed; where
// they do not answer, the later one is.
func TestDisputedLayouts(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "ps")
	if err := os.WriteFile(script, []byte("#!/bin/sh\ncat \"$(dirname \"$0\")/$1.ps\"\necho >>\"$(dirname \"$0\")/$1.asked\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	last := map[planner.Verb]monitor.Step{planner.Seed: monitor.StepServe, planner.Promote: monitor.StepProveSends, planner.Drop: monitor.StepProveGone}
	instances := func(servers string) (list []inventory.Instance) {
		for i, s := range strings.Fields(servers) {
			role := inventory.Replica
			if i == 0 {
				role = inventory.Master
			}
			list = append(list, inventory.Instance{Server: inventory.ServerID(s), Role: role, IMAPDConf: "/etc/" + s + ".conf"})
		}
		return list
	}
	for _, test := range []struct {
		name, inventory, change, runs string // the master first, of those that run
		since                         bool   // the inventory is of before the change
		want, doubt                   string
	}{
		{name: "dropped and made again by hand", inventory: "a b c", change: "drop c", runs: "a b c", want: "a b c"},
		{name: "dropped, and the fleet file not changed yet", inventory: "a b c", change: "drop c", runs: "a b", want: "a b"},
		{name: "promoted, and back by hand", inventory: "a b", change: "promote b", runs: "a b", want: "a b"},
		{name: "promoted, and the fleet file not changed yet", inventory: "a b", change: "promote b", runs: "b a", want: "b a"},
		{name: "made, and the fleet file not changed yet", inventory: "a b", change: "seed c", runs: "a b c", want: "a b c"},
		{name: "made, and removed by hand", inventory: "a b", change: "seed c", runs: "a b", want: "a b"},
		{name: "a third one leads", inventory: "a b c", change: "promote b", runs: "c a b", doubt: "has the master of store s1 on a; by the journal plan p has made b the master on 2026-11-01 00:00 UTC"},
		{name: "what the journal alone has is not so", inventory: "a b c", change: "promote b", runs: "c a b", doubt: "store s1 has its replica on b, as the processes there show, and not its master; "},
		{name: "the new one leads, and the old master is gone", inventory: "a b", change: "seed c", runs: "c b", doubt: "has no instance of store s1 on c"},
		{name: "nothing runs", inventory: "a b", change: "promote b", doubt: "has the master of store s1 on a"},
		{name: "nothing runs, after the inventory", inventory: "a b", change: "promote b", since: true, want: "b a"},
	} {
		for _, s := range []string{"a", "b", "c"} {
			text := ""
			switch running := strings.Fields(test.runs); slices.Index(running, s) {
			case -1:
			case 0:
				text = "sync_client -C /etc/" + s + ".conf -r -n other\nidled -C /etc/" + s + ".conf\n"
			default:
				text = "idled -C /etc/" + s + ".conf\n"
			}
			if err := os.WriteFile(filepath.Join(dir, s+".ps"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		a := &app{config: &config{}}
		a.config.Monitor.Runner = []string{script, "{server}"}
		do, server, _ := strings.Cut(test.change, " ")
		u := course.Unit{Plan: "p", Name: "c1", Do: &planner.LayoutChange{Do: planner.Verb(do), Store: "s1", Server: inventory.ServerID(server), From: "a"}}
		journal := written{"pc1": {
			{Step: monitor.StepCreate, State: monitor.StepDone, At: at, Data: `{"Server":"c","IMAP":"c:143","IMAPDConf":"/etc/c.conf"}`},
			{Step: last[u.Do.Do], State: monitor.StepDone, At: at},
		}}
		if u.Do.Do != planner.Seed {
			journal["pc1"] = journal["pc1"][1:]
		}
		f := &facts{Inventory: &inventory.Inventory{Stores: []inventory.Store{{Name: "s1", Instances: instances(test.inventory)}}}, made: at.Add(time.Hour)}
		if test.since {
			f.made = at.Add(-time.Hour)
		}
		units := []course.Unit{u}
		lasting, err := course.LastingOf(t.Context(), units, journal)
		if err != nil {
			t.Fatal(err)
		}
		of, err := disputed(t.Context(), journal, f.Inventory, units, lasting)
		if err != nil || len(of) != 1 {
			t.Errorf("%s: %v is disputed, %v", test.name, of, err)
		}
		s := &standing{overruled: map[inventory.StoreID]time.Time{}, doubts: map[inventory.StoreID]string{}}
		a.decideLayouts(t.Context(), f, of, s)
		var got []string
		for _, in := range course.FollowAll(f.Inventory, s.believed(lasting)).Stores[0].Instances {
			got = append(got, string(in.Server))
		}
		asked, err := filepath.Glob(filepath.Join(dir, "*.asked"))
		if err != nil || len(asked) == 0 {
			t.Errorf("%s: no server is asked, %v", test.name, err)
		}
		for _, path := range asked { // once for what the inventory has, and once for what the journal has
			if times, err := os.ReadFile(path); err != nil || len(times) > 2 {
				t.Errorf("%s: %s %d times, %v", test.name, filepath.Base(path), len(times), err)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		doubt := s.doubts["s1"]
		if test.want != "" && strings.Join(got, " ") != test.want || (doubt == "") != (test.doubt == "") || !strings.Contains(doubt, test.doubt) {
			t.Errorf("%s: %v, want %s; doubt %q, want %q", test.name, got, test.want, doubt, test.doubt)
		}
		if parts := strings.Split(doubt, "; "); doubt != "" && (repeated(parts) || strings.Count(doubt, "interlace import it") != 1 || strings.Contains(doubt, "\n")) {
			t.Errorf("%s: each mistake is said once in one line, and then the remedy: %q", test.name, doubt)
		}
	}
}

// repeated reports whether one of these says what another one begins with.
func repeated(texts []string) bool {
	for i, text := range texts {
		for k := range texts {
			if i != k && strings.HasPrefix(text, texts[k]) {
				return true
			}
		}
	}
	return false
}

// Of a store that plans have brought to a server which the inventory does not have any more nothing is
// believed, not that they have removed it elsewhere either; that it was removed from such a server is,
// and what later plans have changed, of which the processes decide where the inventory disagrees.
func TestStoresOfServersThatAreGone(t *testing.T) {
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	var lasting []course.Lasting
	var units []course.Unit
	for i, of := range []string{"p seed s1 gone", "p drop s1 a", "p drop s2 gone", "p drop s2 b", "p seed s3 gone", "p drop s3 a", "q seed s3 c", "q drop s3 b"} {
		w := strings.Fields(of)
		u := course.Unit{Plan: w[0], Name: of, Do: &planner.LayoutChange{Do: planner.Verb(w[1]), Store: inventory.StoreID(w[2]), Server: inventory.ServerID(w[3])}}
		units, lasting = append(units, u), append(lasting, course.Lasting{Unit: &u, At: at.Add(time.Duration(i) * time.Hour)})
	}
	inv := &inventory.Inventory{Servers: []inventory.Server{{Name: "a"}, {Name: "b"}, {Name: "c"}}}
	for _, store := range []inventory.StoreID{"s1", "s2", "s3"} {
		inv.Stores = append(inv.Stores, inventory.Store{Name: store, Instances: []inventory.Instance{{Server: "a", Role: inventory.Master}, {Server: "b", Role: inventory.Replica}}})
	}
	s := &standing{overruled: map[inventory.StoreID]time.Time{}}
	left := s.leaveOut(inv, lasting, units)
	of, err := disputed(t.Context(), written{}, inv, left, s.believed(lasting))
	var believed []string
	for _, l := range s.believed(lasting) {
		believed = append(believed, l.Name)
	}
	if got := strings.Join(believed, ", "); err != nil || got != "p drop s2 gone, p drop s2 b, q seed s3 c, q drop s3 b" || len(left) != 6 || len(of) != 2 || len(of["s2"]) != 2 || len(of["s3"]) != 2 {
		t.Errorf("believed are %s; disputed %v; left are %d units, %v", got, of, len(left), err)
	}
	s.doubts = map[inventory.StoreID]string{}
	(&app{config: &config{}}).decideLayouts(t.Context(), &facts{Inventory: inv}, of, s)
	if upTo := s.overruled["s3"]; upTo.Before(lasting[5].At) {
		t.Errorf("when the processes are asked changes up to %s are not believed", upTo)
	}
}
