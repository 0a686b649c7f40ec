package main

import (
	"fmt"
	"strings"
	"testing"
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
			status: exitFound, want: "ceiling server:imap1 over by 5.0 %",
		},
		{
			name: "no room for a replica", fleet: "copies: 2\n" + fleetOf(2, 100, 2, 60), args: []string{"layout"},
			status: exitFound, want: "ceiling server:imap|copies store:s1",
		},
		{
			name: "more copies than servers", fleet: "copies: 3\n" + fleetOf(2, 100, 1, 10), args: []string{"layout"},
			status: exitFound, want: "copies store:s1 over by 1: store s1 has 2 of 3 promised instances",
		},
		{
			name: "everything drains", fleet: strings.ReplaceAll(fleetOf(2, 100, 1, 10), "capacity", "state: drain, capacity"), args: []string{"layout"},
			status: exitFound, want: "drain server:imap1 over by 1",
		},
		{
			name: "a user larger than any store", fleet: withUser("200GB", "capacity: {disk: 100GB}, "), args: []string{"users"},
			status: exitFound, want: "store_capacity store:s1 over by 115 %",
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
