package compare_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// TestRepairsTouchNobodyElse repairs the second replica of a store, and two users of whom one
// has the other's folder there: neither the first replica nor the other user loses anything.
func TestRepairsTouchNobodyElse(t *testing.T) {
	t.Parallel()
	all := slices.Repeat([]cyrustest.Settings{{Client: cyrustest.ClientNone}}, 3)
	r := startRigOf(t, all, cyrustest.Mailbox{Name: "user.anna", Messages: 3}, cyrustest.Mailbox{Name: "user.anna.Work", Messages: 3}, cyrustest.Mailbox{Name: "user.ben", Messages: 3}, cyrustest.Mailbox{Name: "user.carl", Messages: 3})
	first := r.replica
	r.replica = r.fleet.Stores[0].Replicas()[1]
	r.sync("-n", "replica2", "-A")
	r.several = true

	t.Run("replica", func(t *testing.T) {
		r := r.under(t)
		r.do(r.replica, "carl", "SELECT INBOX", `UID STORE 2 +FLAGS (\Flagged)`, "APPEND INBOX "+cyrustest.Literal("Subject: extra\r\n\r\nx\r\n"))
		before := r.holdings("carl", first)
		for csync, want := range map[string]string{"": "the inventory has no csync of imap2", "[::1]:2005": "sync_client reads no address of IPv6"} {
			pair := r.pair()
			pair.Replica.CSync, pair.Channel = csync, nil
			found, err := compare.Store(t.Context(), pair, compare.Options{Level: "4", Sample: 1, Save: t.TempDir(), Choose: owner("carl"), Carried: carried})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range found.Differences {
				if len(d.Repair) > 0 || !strings.Contains(string(d.Warning), "give the csync of imap2") || !strings.Contains(string(d.Warning), want) {
					t.Errorf("csync is %q, which sync_client can't be told: %+v", csync, d)
				}
			}
		}
		dir, said := t.TempDir(), ""
		r.follow(owner("carl"), dir, &said)
		if len(r.compare(compare.Options{Level: monitor.CompareMarks, Choose: owner("carl")}).Differences) == 0 || !strings.Contains(said, "nobody reads imapd.conf") {
			t.Errorf("nobody knows whether sync_client can log in there, and the copy is removed: %s", said)
		}
		// Only the channel of the second replica can log in there.
		conf, err := os.ReadFile(r.master.Conf)
		if err != nil {
			t.Fatal(err)
		}
		defer os.WriteFile(r.master.Conf, conf, 0o600)
		if err := os.WriteFile(r.master.Conf, regexp.MustCompile(`(?m)^sync_password: .*$`).ReplaceAll(conf, []byte("sync_password: another")), 0o600); err != nil {
			t.Fatal(err)
		}
		r.channel = "replica2"
		r.follow(owner("carl"), dir, &said)
		after := r.holdings("carl", first)
		for what := range before {
			if !after[what] {
				t.Errorf("the first replica had %v, and has %v", before, after)
			}
		}
		if has := r.holdings("carl", r.replica); len(has) < 3 {
			t.Errorf("the second replica has %v", has)
		}
		if saved := contents(t, dir); !strings.Contains(saved, "Subject: extra") {
			t.Errorf("saved is %q", saved)
		}
	})
	t.Run("stray", func(t *testing.T) {
		r := r.under(t)
		rights := func(mailbox string) string { return "SETACL " + mailbox + " " + cyrustest.AdminUser + " lrswipkxtecda" }
		r.do(r.replica, cyrustest.AdminUser, rights("user.anna.Work"), "RENAME user.anna.Work user.ben.Werk", "SETACL user.ben.Werk ben lrswipkxtecda")
		r.do(r.replica, "ben", "APPEND INBOX.Werk "+cyrustest.Literal("Subject: in Werk\r\n\r\nx\r\n"))
		before := r.holdings("ben", r.replica)
		for _, who := range []string{"anna", "ben"} {
			for _, o := range []compare.Options{{Level: monitor.CompareMarks}, {Level: monitor.CompareSpool, Sample: 1, Save: t.TempDir()}} {
				o.Choose = owner(who)
				for _, d := range r.compare(o).Differences {
					if len(d.Repair) > 0 || !strings.Contains(string(d.Warning), "what imap1 calls user.anna.Work is called user.ben.Werk on imap2") {
						t.Errorf("%s at level %s: %+v", who, o.Level, d)
					}
				}
			}
		}
		if after := r.holdings("ben", r.replica); !maps.Equal(before, after) {
			t.Errorf("before %v, after %v", before, after)
		}
		r.do(r.replica, cyrustest.AdminUser, rights("user.ben.Werk"), "RENAME user.ben.Werk user.anna.Work", "DELETEACL user.anna.Work "+cyrustest.AdminUser)
		dir, said := t.TempDir(), ""
		r.follow(owner("anna"), dir, &said)
		if saved := contents(t, dir); !strings.Contains(saved, "in Werk") && !r.holdings("anna", r.master)["INBOX.Work: in Werk"] {
			t.Errorf("the message is lost: %s", said)
		}
		for _, who := range []string{"anna", "ben"} {
			r.follow(owner(who), dir, &said)
			only(t, r.compare(compare.Options{Level: monitor.CompareMessages, Choose: owner(who)}))
		}
	})
}
