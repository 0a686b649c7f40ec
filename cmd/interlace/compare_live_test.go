package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
)

// comparison is the answer of compare.
type comparison struct {
	Users    struct{ Checked, Identical, Different, Unknown int }
	Coverage struct {
		Pairs         int `json:"pairs"`
		PairsCompared int `json:"pairs_compared"`
	}
	Differences []struct {
		Store, Server, User, Mailbox, Kind, Certainty, UIDs string
		Repair                                              []struct{ Server, Command string }
	}
	Unanswered []struct{ Store, Server, Why string }
}

func compared(t *testing.T, text string) comparison {
	t.Helper()
	var c comparison
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return c
}

// TestCompareLive compares two stores on real Cyrus, of which one replica is damaged,
// repaired by what is printed, and stopped.
func TestCompareLive(t *testing.T) {
	t.Parallel()
	none := []cyrustest.Settings{{Client: cyrustest.ClientNone}, {}}
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: none}, cyrustest.StoreOptions{Name: "s2", Instances: none})
	for i, user := range []string{"anna", "o'brien"} {
		master := fleet.Stores[i].Master()
		if err := master.Fill(t.Context(), []cyrustest.Mailbox{{Name: "user." + user, Messages: 3}, {Name: "user." + user + ".Sent"}}); err != nil {
			t.Fatal(err)
		}
		if out, err := master.Tool(t.Context(), "sync_client", "-A"); err != nil {
			t.Fatal(out, err)
		}
	}
	p := fleetFile(t, fleet)
	p.put("fleet.yaml", describe(fleet, func(in *cyrustest.Instance) string {
		return fmt.Sprintf(", imapd_conf: %s", filepath.Join(in.Dir, "imapd.conf"))
	}))

	status, stdout, stderr := p.program("compare")
	if status != 0 || !strings.HasPrefix(stdout, "2 users are identical\n") {
		t.Fatalf("of equal stores: status %d, %s%s", status, stdout, stderr)
	}
	for _, level := range []string{"1", "3", "4", "user"} {
		if status, stdout, stderr := p.program("compare", "--level", level, "-o", "json"); status != 0 || compared(t, stdout).Users.Identical != 2 {
			t.Errorf("level %s of equal stores: status %d, %s%s", level, status, stdout, stderr)
		}
	}

	// A sample is another one each time, unless it is asked for; and nobody is compared who is nowhere.
	status, stdout, stderr = p.program("compare", "--level", "4", "--seed", "7")
	if status != 0 || !strings.Contains(stdout, "drawn by --seed 7\n") {
		t.Errorf("by a seed: status %d, %s%s", status, stdout, stderr)
	}
	if _, stdout, _ := p.program("compare", "--level", "4"); !strings.Contains(stdout, "drawn by --seed 1") || strings.Contains(stdout, "drawn by --seed 1\n") {
		t.Errorf("the seed is not the time: %s", stdout)
	}
	if status, _, stderr := p.program("compare", "--user", "anna", "--user", "nobody"); status != 2 || !strings.Contains(stderr, "--user nobody: no store that was asked has such") || strings.Contains(stderr, "anna") {
		t.Errorf("of nobody: status %d, %s", status, stderr)
	}

	replica := fleet.Stores[1].Replicas()[0]
	conn, err := replica.DialAs(t.Context(), "o'brien")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Do("SELECT INBOX", `UID STORE 2 +FLAGS (\Flagged)`); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr = p.program("compare", "--level", "1", "-o", "json")
	found := compared(t, stdout)
	if status != 1 || found.Users.Identical != 1 || found.Users.Different != 1 || len(found.Differences) != 1 {
		t.Fatalf("with a flag on the replica: status %d, %s%s", status, stdout, stderr)
	}
	d := found.Differences[0]
	if d.Store != "s2" || d.User != "o'brien" || d.Mailbox != "user.o'brien" || d.Kind != "flags" || d.UIDs != "2" || d.Certainty != "confirmed" {
		t.Errorf("the difference is %+v", d)
	}
	if status, stdout, stderr := p.program("compare", "--user", "anna"); status != 0 || !strings.HasPrefix(stdout, "1 user is identical\n") {
		t.Errorf("of another user: status %d, %s%s", status, stdout, stderr)
	}

	// What is printed is pasted, as the account of Cyrus, and repairs.
	// First it is to look closely; that prints the rest.
	status, stdout, _ = p.program("compare", "--store", "s2")
	look := toPaste(stdout, "  # here")
	if status != 1 || len(look) != 1 || len(toPaste(stdout, "  # on imap")) > 0 {
		t.Fatalf("status %d, to paste %q of %s", status, look, stdout)
	}
	stdout = p.printed(look[0])
	pasted := toPaste(stdout, "  # on imap")
	if flags, err := os.ReadFile(p.path("saved/s2-" + d.Server + "-user.o%27brien-flags.csv")); len(pasted) != 2 || err != nil || !strings.HasSuffix(string(flags), "\n2,,\\Flagged\n") {
		t.Fatalf("to paste %q of %s; flags %q %v", pasted, stdout, flags, err)
	}
	for _, command := range pasted {
		p.paste(command)
	}
	if status, stdout, stderr := p.program("compare", "--level", "3"); status != 0 {
		t.Errorf("after the repair: status %d, %s%s", status, stdout, stderr)
	}

	if err := replica.Stop(); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr = p.program("compare", "-o", "json")
	found = compared(t, stdout)
	if status != 1 || found.Coverage.PairsCompared != 1 || found.Users.Checked != 1 || len(found.Unanswered) != 1 || found.Unanswered[0].Store != "s2" {
		t.Errorf("with a replica that is stopped: status %d, %s%s", status, stdout, stderr)
	}
	if status, stdout, stderr := p.program("compare", "--store", "s2"); status != 2 || !strings.Contains(stderr, "no store could be compared") || !strings.Contains(stdout, "s2") {
		t.Errorf("of that store alone: status %d, %s%s", status, stdout, stderr)
	}
}

// toPaste returns the printed commands that are marked as to be run somewhere.
func toPaste(printed, mark string) (commands []string) {
	for line := range strings.Lines(printed) {
		if command, _, found := strings.Cut(strings.TrimSpace(line), mark); found {
			commands = append(commands, command)
		}
	}
	return commands
}
