package logs

import (
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// told returns what lines of the log of one instance come to, by kind.
func told(t *testing.T, lines ...string) map[monitor.Kind]monitor.Finding {
	t.Helper()
	c, err := newCatalogue(nil)
	must(t, err)
	opts := Options{Instances: []monitor.Instance{{Store: "s1", Prefix: "s1m", Conf: "/etc/s1.conf", Separator: '/'}}, Programs: "/usr/lib/cyrus/bin"}
	tally, found := newTally("imap1", newInstances(&opts), c), map[monitor.Kind]monitor.Finding{}
	for _, line := range lines {
		tally.add(parse(Line{Log: "/var/log/mail.log", Text: []byte(line)}, now, zone), now)
	}
	for _, f := range tally.findings() {
		if _, twice := found[f.Kind]; twice {
			t.Errorf("two of %s", f.Kind)
		}
		found[f.Kind] = f
	}
	return found
}

// TestLoopNamesWhatFails: the lines of a hot loop, as the rig has them, say between
// them which mailbox it is.
func TestLoopNamesWhatFails(t *testing.T) {
	const at = "Nov 22 09:35:59 imap1 s1m/sync_client[1]: "
	once := []string{
		at + "Reprocessing sync log file /v/sync/log-run",
		at + "MAILBOX received NO response: Unknown error",
		at + "do_folders(): update failed: user.anna 'The remote Server(s) denied the operation'",
		at + "  Promoting: MAILBOX user.anna -> USER anna ",
		at + "USER received NO response: Unknown error",
		at + "Error in do_sync(): bailing out! The remote Server(s) denied the operation",
		at + "Processing sync log file /v/sync/log-run failed: The remote Server(s) denied the operation",
	}
	long := []string{
		"Nov 22 09:30:00 imap1 s1m/sync_client[1]: failed to sync user bob after 3 tries",
		"Nov 22 09:35:58 imap1 s1m/imap[9]: Expunged 2 messages from user.carla",
	}
	for range 4 {
		long = append(long, once...)
	}
	found := told(t, long...)
	for _, kind := range []monitor.Kind{monitor.HotLoop, monitor.BailingOut, monitor.ReplicaRefuses} {
		if f := found[kind]; !strings.Contains(f.Text, "; it fails in mailbox user.anna, user anna; ") || strings.Contains(f.Text, "bob") {
			t.Errorf("%s: %q", kind, f.Text)
		}
	}
	var many []string
	for _, name := range strings.Split("a b c d e f g", " ") {
		many = append(many, at+"Error in do_user("+name+"): bailing out!")
	}
	if f := told(t, many...)[monitor.BailingOut]; !strings.Contains(f.Text, "it fails in user a, user b, user c, user d, user e and 2 more") {
		t.Errorf("%q", f.Text)
	}
}

// TestOften: how often a line came is said with when, since an alert about it may have
// lasted for longer than what was told last.
func TestOften(t *testing.T) {
	const line = " imap1 s1m/sync_client[1]: Error in do_sync(): bailing out! Bad protocol"
	for want, lines := range map[string][]string{
		"; once at 2026-11-22T08:35:59Z: ":                              {"Nov 22 09:35:59" + line},
		"; 2 times at 2026-11-22T08:35:59Z: ":                           {"Nov 22 09:35:59" + line, "Nov 22 09:35:59" + line},
		"; 2 times from 2026-11-22T08:35:00Z to 2026-11-22T08:35:59Z: ": {"Nov 22 09:35:00" + line, "Nov 22 09:35:59" + line},
	} {
		if f := told(t, lines...)[monitor.BailingOut]; !strings.Contains(f.Text, want) {
			t.Errorf("got %q, want %q", f.Text, want)
		}
	}
}

// TestWrittenByReconstruct: what follows a reconstruct says so, what does not, not.
func TestWrittenByReconstruct(t *testing.T) {
	const repair, higher = " imap1 s1m/reconstruct[1]: reconstructing user.anna", " imap1 s1m/csync[1]: higher uidvalidity on replica user.anna - 16 < 17"
	for _, test := range []struct {
		name  string
		lines []string
		want  bool
	}{
		{"after it", []string{"Nov 22 09:35:00" + repair, "Nov 22 09:35:59" + higher}, true},
		{"without one", []string{"Nov 22 09:35:59" + higher}, false},
		{"before it", []string{"Nov 22 09:34:00" + higher, "Nov 22 09:35:59" + repair}, false},
		{"long after it", []string{"Nov 22 07:35:59" + repair, "Nov 22 09:35:59" + higher}, false},
	} {
		if f := told(t, test.lines...)[monitor.ReplicaWritten]; strings.Contains(f.Text, "a reconstruct ran here at") != test.want || f.Text == "" {
			t.Errorf("%s: %q", test.name, f.Text)
		}
	}
}

// TestWrittenByRepair: what a client says when it merges a difference is told together,
// and that a repair may be why.
func TestWrittenByRepair(t *testing.T) {
	const at = "Nov 22 09:35:59 imap1 s1m/sync_client[1]: "
	found := told(t,
		at+"MAILBOX received NO response: IMAP_SYNC_CHECKSUM Checksum Failure",
		at+"SYNC_NOTICE: CRC failure on sync user.anna, recalculating counts and trying again",
		at+"CRC failure on sync for user.anna, trying full update",
	)
	if f := found[monitor.ReplicaWritten]; len(found) != 1 || f.Severity != monitor.Critical || f.Value.Value != 3 || !strings.Contains(f.Text, "; a sync_client -u that repairs a difference") {
		t.Errorf("got %+v", found)
	}
}

// TestKilled: that a process was killed is one finding, though master says it twice.
func TestKilled(t *testing.T) {
	const at = "Nov 22 09:35:59 imap1 s1m/master[1]: "
	found := told(t,
		at+"process type:DAEMON name:syncclient path:/usr/lib/cyrus/bin/sync_client age:56.493s pid:27542 signaled to death by signal 9 (Killed)",
		at+"service syncclient/unix pid 27542 in READY state: terminated abnormally",
	)
	if f := found[monitor.LogLine]; f.Severity != monitor.Critical || f.Value.Value != 1 {
		t.Errorf("got %+v", found)
	}
}

// TestDamaged: that a replica cannot open a mailbox is one finding with what is not
// updated for it; what another process cannot open is told as it is. What reconstruct
// repairs has a command for it, with names as administrators write them.
func TestDamaged(t *testing.T) {
	const at = "Nov 22 09:35:59 imap1 s1m/"
	index := "IOERROR: refreshing index failed: mailbox=<user.bob> error=<Mailbox format corruption detected> syserror=<No such file or directory> func=<mailbox_lock_index_internal>"
	found := told(t, at+"csync[1]: "+index, at+"csync[1]: Failed to open mailbox user.bob to update: Mailbox format corruption detected")
	const reconstruct = "/usr/lib/cyrus/bin/reconstruct -C /etc/s1.conf -- "
	if f := found[monitor.LogLine]; f.Severity != monitor.Critical || !strings.HasPrefix(string(f.Subject), notUpdated) || f.Command != reconstruct+"user/bob" {
		t.Errorf("got %+v", found)
	}
	for text, want := range map[string]inventory.Text{
		"example.org!user.jane^doe.Sent to update: Mailbox has an invalid format": reconstruct + "user/jane.doe/Sent@example.org",
		"user.bob.It's to update: Mailbox format corruption detected":             reconstruct + `'user/bob/It'\''s'`,
		"user.bob to update: System I/O error":                                    "",
		"user.* to update: Mailbox format corruption detected":                    "",
		"user.bob\x00; id to update: Mailbox format corruption detected":          "",
	} {
		if f := told(t, at+"csync[1]: Failed to open mailbox "+text)[monitor.LogLine]; f.Command != want || f.Text == "" {
			t.Errorf("%s: got %q", text, f.Command)
		}
	}
	if f := told(t, at+"imap[1]: "+index)[monitor.LogLine]; !strings.HasPrefix(string(f.Subject), notOpened) {
		t.Errorf("got %+v", f)
	}
}

// TestCannotTakeLog: why a client cannot take its log says what is wrong, and what
// is to be looked at.
func TestCannotTakeLog(t *testing.T) {
	for reason, want := range map[string]monitor.Kind{
		"No such file or directory": monitor.ClientDuplicate, "Permission denied": monitor.LogUnwritable, "Read-only file system": monitor.LogUnwritable,
		"No space left on device": monitor.LogUnwritable, "Input/output error": monitor.LogLine,
	} {
		found := told(t, "Nov 22 09:35:59 imap1 s1m/sync_client[1]: Rename /v/a b/sync/log -> /v/a b/sync/log-run failed: "+reason)
		var command inventory.Text
		if want == monitor.LogUnwritable {
			command = "ls -ld -- '/v/a b/sync' && df -h -- '/v/a b/sync'"
		}
		if f := found[want]; f.Severity != monitor.Critical || f.Channel != monitor.DefaultChannel || f.Command != command {
			t.Errorf("%s: %+v", reason, found)
		}
	}
}
