package main

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
)

// Fleets that leave a planner little or nothing to do: each command ends with
// the status that belongs to it and words that say why.
func TestOddPlans(t *testing.T) {
	for _, c := range []struct {
		name, fleet string
		args        []string
		status      int
		want        string // on either stream
	}{
		{
			name: "one server", fleet: fleetOf(1, 100, 1, 50), args: []string{"layout"},
			status: exitFine, want: "nothing to do",
		},
		{
			name: "one server fails", fleet: fleetOf(1, 100, 1, 50), args: []string{"simulate"},
			status: exitFound, want: "no server survives|1 +1 +–|–",
		},
		{
			name: "all full", fleet: fleetOf(3, 100, 1, 90), args: []string{"layout"},
			status: exitFound, want: "ceiling server:imap1 over by 5.0 points",
		},
		{
			name: "no room for a replica", fleet: "copies: 2\n" + fleetOf(2, 100, 2, 60), args: []string{"layout"},
			status: exitFound, want: "ceiling server:imap|copies store:s1",
		},
		{
			name: "more copies than servers", fleet: "copies: 3\n" + fleetOf(2, 100, 1, 10), args: []string{"layout"},
			status: exitFound, want: "copies store:s1 short by 1: store s1 has 2 of 3 promised instances",
		},
		{
			name: "everything drains", fleet: strings.ReplaceAll(fleetOf(2, 100, 1, 10), "capacity", "state: drain, capacity"), args: []string{"layout"},
			status: exitFound, want: "drain server:imap1 over by 1",
		},
		{
			name: "a user larger than any store", fleet: withUser("200GB", "capacity: {disk: 100GB}, "), args: []string{"users"},
			status: exitFound, want: "store_capacity store:s1 over by 115 points",
		},
		{
			name: "a user larger than any server", fleet: withUser("2TB", ""), args: []string{"check"},
			status: exitFound, want: "ceiling +server:imap1",
		},
		{
			name: "loads as large as they may be", fleet: withUser("1024PiB", ""), args: []string{"layout"},
			status: exitFound, want: "ceiling server:imap1 over by",
		},
		{
			name: "a sum that would overflow", fleet: withUser("1024PiB", "base: {disk: 1024PiB}, "), args: []string{"check"},
			status: exitFailed, want: "largest value|1024PiB|sum|EiB",
		},
		{
			name: "more servers fail than can be spared", fleet: fleetOf(2, 100, 1, 10), args: []string{"simulate", "--fail", "server:imap1", "--fail", "server:imap2"},
			status: exitFine, want: "no server survives",
		},
		{
			name: "all servers are down", fleet: strings.ReplaceAll(fleetOf(2, 100, 1, 10), "capacity", "state: down, capacity"), args: []string{"simulate"},
			status: exitFine, want: "failures of 2 servers",
		},
		{
			name: "no store", fleet: "format: 1\nservers: [{name: imap1, capacity: {disk: 1TB, io: 1}}]\nstores: []\n", args: []string{"layout"},
			status: exitFine, want: "nothing to do",
		},
		{
			name: "nothing at all", fleet: "format: 1\nservers: []\nstores: []\n", args: []string{"simulate"},
			status: exitFine, want: "0 servers",
		},
		{
			name: "one server has no survivor", fleet: strings.ReplaceAll(fleetOf(1, 100, 1, 10), "copies: 2", "copies: 1"), args: []string{"layout"},
			status: exitFine, want: "stopped +no failure leaves a survivor",
		},
		{
			name: "fewest moves", fleet: equalUsers(1000), args: []string{"users", "--light"},
			status: exitFine, want: "the aim: fewest moves",
		},
		{
			name: "equal users", fleet: equalUsers(1000), args: []string{"users", "--max-users", "500"},
			status: exitFine, want: "peak utilisation +10.0 % +5.0 % +5.0 %",
		},
		{
			name: "a capacity next to nothing", fleet: strings.ReplaceAll(fleetOf(2, 100, 1, 10), "io: 100}", "io: 0."+strings.Repeat("0", 323)+"5}"), args: []string{"show", "servers"},
			status: exitFailed, want: "capacity of imap1: 5e-324 is too small",
		},
		{
			name: "the smallest capacity", fleet: strings.ReplaceAll(fleetOf(2, 100, 1, 10), "io: 100}", "io: 0.000001}"), args: []string{"show", "servers"},
			status: exitFine, want: "1000000000 %",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "fleet.yaml", c.fleet)
			status, stdout, stderr := interlace(t.Context(), append(c.args, "--fleet", "fleet.yaml")...)
			if status != c.status || !matches(c.want, stdout+stderr) {
				t.Errorf("status %d, want %d and %q:\n%s%s", status, c.status, c.want, stdout, stderr)
			}
		})
	}
}

// fleetOf is a fleet of servers with so many GB of disk and stores of so many
// GB, one each.
func fleetOf(servers, capacity, stores, disk int) string {
	var b strings.Builder
	b.WriteString("format: 1\nservers:\n")
	for i := range servers {
		fmt.Fprintf(&b, "  - {name: imap%d, capacity: {disk: %dGB, io: 100}}\n", i+1, capacity)
	}
	b.WriteString("stores:\n")
	for i := range stores {
		fmt.Fprintf(&b, "  - {name: s%d, base: {disk: %dGB, io: 10}, instances: [{server: imap%d, role: master}]}\n", i+1, disk, i%servers+1)
	}
	return b.String()
}

// withUser is a fleet of two servers and two stores with one user.
func withUser(disk, store string) string {
	return fmt.Sprintf(`format: 1
servers:
  - {name: imap1, capacity: {disk: 1TB, io: 100}}
  - {name: imap2, capacity: {disk: 1TB, io: 100}}
stores:
  - {name: s1, %[1]sinstances: [{server: imap1, role: master}]}
  - {name: s2, %[1]sinstances: [{server: imap2, role: master}]}
users:
  - {user: anna, store: s1, disk: %[2]s, io: 1}
`, store, disk)
}

// equalUsers is a fleet of two stores with users that are all alike, all on one.
func equalUsers(n int) string {
	var b strings.Builder
	b.WriteString(strings.Split(withUser("0", "capacity: {io: 500}, "), "users:")[0] + "users:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {user: user%d, store: s1, disk: 1MB, io: 0.05}\n", i)
	}
	return b.String()
}

// A plan of very many moves is made, ordered and read again.
func TestManyMoves(t *testing.T) {
	t.Chdir(t.TempDir())
	n := large(1_000_000)
	fleet := "format: 1\nservers:\n  - {name: imap1, capacity: {disk: 1PB, io: 1000000}}\n  - {name: imap2, capacity: {disk: 1PB, io: 1000000}}\n" +
		"stores:\n  - {name: s1, instances: [{server: imap1, role: master}]}\n  - {name: s2, instances: [{server: imap2, role: master}]}\nusers: users.csv\n"
	var users strings.Builder
	users.WriteString("user,store,disk,io\n")
	for i := range n {
		fmt.Fprintf(&users, "user%d,s1,1000000,0.01\n", i)
	}
	write(t, "fleet.yaml", fleet)
	write(t, "users.csv", users.String())
	t.Setenv("INTERLACE_FLEET", "fleet.yaml")
	succeed(t, "users", "--drain", "store:s1", "--plan", "users.json")
	succeed(t, "moves", "users.json", "--plan", "moves.json")
	if shown, want := succeed(t, "show", "plan", "moves.json"), inventory.CountText(n)+" changes in "; !strings.HasPrefix(shown, want) {
		t.Errorf("got %.100s, want %s", shown, want)
	}
}

// The same facts, options and seed give the same bytes, on any number of
// processors; another seed is another plan.
func TestSamePlan(t *testing.T) {
	t.Chdir(t.TempDir())
	succeed(t, "demo", "fleet", "--servers", "12", "--users", "600")
	t.Setenv("INTERLACE_FLEET", "fleet/fleet.yaml")
	plans := func(processors int, seed string) string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		var all string
		for _, args := range []string{"layout --plan plan.json", "users --after plan.json --plan users.json", "moves plan.json users.json"} {
			status, stdout, stderr := interlace(t.Context(), append(strings.Fields(args), "-o", "json", "--seed", seed)...)
			if status == exitFailed {
				t.Fatalf("%s: %s", args, stderr)
			}
			all += stdout
		}
		return all
	}
	first := plans(1, "7")
	if second := plans(4, "7"); second != first {
		t.Error("the plans differ from one run to the next")
	}
	if other := plans(4, "8"); other == first {
		t.Error("another seed gives the same plans, even the same options")
	}
}
