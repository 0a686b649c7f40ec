package main_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
)

// TestCompareNamesTheChannel compares a master with two replicas: what is to go to the second
// one is sent over the channel that the master's imapd.conf has for it.
func TestCompareNamesTheChannel(t *testing.T) {
	t.Parallel()
	none := cyrustest.Settings{Client: cyrustest.ClientNone}
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: []cyrustest.Settings{none, none, none}})
	master, second := fleet.Stores[0].Master(), fleet.Stores[0].Replicas()[1]
	if err := master.Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}}); err != nil {
		t.Fatal(err)
	}
	for _, words := range [][]string{{"-A"}, {"-n", "replica2", "-A"}} {
		if out, err := master.Tool(t.Context(), "sync_client", words...); err != nil {
			t.Fatal(out, err)
		}
	}
	conn, err := second.DialAs(t.Context(), cyrustest.AdminUser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Do("SETACL user.anna bob lrs"); err != nil {
		t.Fatal(err)
	}
	p := fleetFile(t, fleet)
	for conf, want := range map[string]string{"": " -S " + second.Csync + " ", "known": " -n replica2 "} {
		p.put("fleet.yaml", strings.Replace(describe(fleet, func(in *cyrustest.Instance) string {
			extra := fmt.Sprintf(", csync: %q", in.Csync)
			if conf != "" {
				extra += ", imapd_conf: " + filepath.Join(in.Dir, "imapd.conf")
			}
			return extra
		}), "stores:", "  - {name: imap3, capacity: {disk: 1TB, io: 100}}\nstores:", 1))
		status, stdout, stderr := p.program("compare", "-o", "json")
		found := compared(t, stdout).Differences
		if status != 1 || len(found) != 1 || len(found[0].Repair) != 1 || !strings.Contains(found[0].Repair[0].Command, want) {
			t.Errorf("imapd.conf %s: status %d, %s%s; want%s", conf, status, stdout, stderr, want)
		}
	}
}
