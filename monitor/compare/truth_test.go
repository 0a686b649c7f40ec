package compare_test

import (
	"fmt"
	"iter"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// TestNobodyIsTakenForAnother has a user whose name a login folds: nobody logs in as
// that, on either side, and nothing is said of what the user sees. Where the login
// creates mailboxes, none is created.
func TestNobodyIsTakenForAnother(t *testing.T) {
	t.Parallel()
	r := startRig(t, cyrustest.Settings{Client: cyrustest.ClientNone, Autocreate: true},
		cyrustest.Mailbox{Name: "user.anna", Messages: 1}, cyrustest.Mailbox{Name: "user.Bob", Messages: 1}, cyrustest.Mailbox{Name: "user.NIL"},
		cyrustest.Mailbox{Name: "team", Messages: 200, ACL: []cyrustest.Right{{Identifier: "Bob", Rights: "lrs"}, {Identifier: "anyone", Rights: "l"}}})
	for _, level := range []monitor.CompareLevel{"1", "2", "3", "4", "user"} {
		found := r.compare(compare.Options{Level: level, Sample: 1})
		only(t, found)
		if got := outcomes(found); level != "1" && !strings.HasPrefix(got, "Bob=unknown NIL=unknown anna=identical") {
			t.Errorf("level %s: %s %+v", level, got, found.Uncompared)
		}
		for _, u := range found.Uncompared {
			if u.User == "Bob" && !strings.Contains(u.Why, "folds") {
				t.Errorf("level %s: %+v", level, u)
			}
		}
	}
	for _, in := range []*cyrustest.Instance{r.master, r.replica} {
		conn, err := in.Dial(within(t, 10*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for _, name := range []string{"user.bob", "user.nil"} {
			if lines, err := conn.Do(`LIST "" "` + name + `*"`); err != nil || len(lines) > 0 {
				t.Errorf("there is %q, %v", lines, err)
			}
		}
	}
}

// verdict returns the outcome of an owner.
func verdict(c *monitor.Comparison, owner string) monitor.Outcome {
	for _, o := range c.Owners {
		if o.Owner == owner {
			return o.Outcome
		}
	}
	return ""
}

// readers are three users and a folder that one of them shares with the others.
var readers = []cyrustest.Mailbox{
	{Name: "user.anna", Messages: 1},
	{Name: "user.bob", Messages: 1},
	{Name: "user.carl", Messages: 1},
	{Name: "user.bob.Shared", Messages: 4, ACL: []cyrustest.Right{{Identifier: "anna", Rights: "lrs"}, {Identifier: "carl", Rights: "lrs"}}},
	{Name: "team", Messages: 4, ACL: []cyrustest.Right{{Identifier: "carl", Rights: "lrs"}}},
}

// TestEachReaderHasHisVerdict has several readers of one folder see other things on the
// two sides: what was told of one, or of the owner, says nothing of the next one.
func TestEachReaderHasHisVerdict(t *testing.T) {
	t.Parallel()
	r := newRig(t, readers...)
	for _, who := range []string{"anna", "carl"} {
		r.do(r.master, who, "SELECT user.bob.Shared", `UID STORE 1 +FLAGS (\Seen)`)
		r.do(r.replica, who, "SELECT user.bob.Shared", `UID STORE 2 +FLAGS (\Seen)`)
	}
	found := r.compare(compare.Options{Level: monitor.CompareView})
	for _, who := range []string{"anna", "carl"} {
		if verdict(found, who) != monitor.Different {
			t.Errorf("%s: %s %+v", who, outcomes(found), found.Differences)
		}
		told := 0
		for _, d := range found.Differences {
			if string(d.User) == who && d.Kind == monitor.SeenDiffers && d.UIDs == "1:2" {
				told++
			}
		}
		if told != 1 {
			t.Errorf("%s is told of %d times: %+v", who, told, found.Differences)
		}
	}
	// A message that is gone is told of once, and all who do not see it differ.
	r.sync("-u", "anna", "bob", "carl")
	r.do(r.replica, "bob", "SELECT INBOX.Shared", `UID STORE 3 +FLAGS (\Deleted)`, "EXPUNGE")
	found = r.compare(compare.Options{Level: monitor.CompareView})
	missing := 0
	for _, d := range found.Differences {
		if d.Kind == monitor.MessageMissing {
			missing++
		}
	}
	if got := outcomes(found); missing != 1 || verdict(found, "anna") != monitor.Different || verdict(found, "carl") != monitor.Different {
		t.Errorf("%d times missing, %s %+v", missing, got, found.Differences)
	}
}

// TestAFolderThatIsWrittenTo has the owner write all the time: no reader is identical.
func TestAFolderThatIsWrittenTo(t *testing.T) {
	t.Parallel()
	r := newRig(t, readers...)
	r.do(r.master, "anna", "SELECT user.bob.Shared", `UID STORE 1 +FLAGS (\Seen)`)
	r.do(r.replica, "anna", "SELECT user.bob.Shared", `UID STORE 2 +FLAGS (\Seen)`)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		conn, err := r.master.DialAs(within(t, time.Minute), "bob")
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
				if _, err := conn.Do("APPEND INBOX.Shared " + cyrustest.Literal("Subject: more\r\n\r\nx\r\n")); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	found := r.compare(compare.Options{Level: monitor.CompareView})
	close(done)
	<-ended
	for _, who := range []string{"anna", "bob", "carl"} {
		if verdict(found, who) == monitor.Identical {
			t.Errorf("%s: %s", who, outcomes(found))
		}
	}
}

// TestWhichMessagesWereSeen has somebody see as many messages of others' on both sides,
// and other ones.
func TestWhichMessagesWereSeen(t *testing.T) {
	t.Parallel()
	r := newRig(t, readers...)
	r.do(r.master, "carl", "SELECT team", `UID STORE 1:2 +FLAGS (\Seen)`)
	r.do(r.replica, "carl", "SELECT team", `UID STORE 2:3 +FLAGS (\Seen)`)
	for _, level := range []monitor.CompareLevel{"2", "3", "4"} {
		found := r.compare(compare.Options{Level: level, Sample: 1})
		named := false
		for _, d := range found.Differences {
			named = named || d.Kind == monitor.SeenDiffers && d.User == "carl" && d.Mailbox == "team" && d.UIDs == "1,3"
		}
		if !named || verdict(found, "carl") != monitor.Different || verdict(found, "anna") != monitor.Identical {
			t.Errorf("level %s: %s %+v", level, outcomes(found), found.Differences)
		}
	}
}

// TestOnTheWay changes the master in ways that replication brings to the replica, and has
// not brought yet: none of it is called a difference as long as something waits, and
// none is certain where nobody knows whether it does.
func TestOnTheWay(t *testing.T) {
	t.Parallel()
	both := cyrustest.Settings{Client: cyrustest.ClientNone, Partitions: []string{"two"}}
	var mailboxes []cyrustest.Mailbox
	users := []string{"anew", "over", "root", "place", "whole", "gone", "rights", "expunged"}
	for _, user := range users {
		for _, folder := range []string{"", ".Sent", ".Work"} {
			mailboxes = append(mailboxes, cyrustest.Mailbox{Name: "user." + user + folder, Messages: 4, ACL: []cyrustest.Right{{Identifier: cyrustest.AdminUser, Rights: "lrswipkxtecda"}}})
		}
	}
	r := startRig(t, both, mailboxes...)
	for _, user := range users { // so that the counters of the old ones are the larger ones
		r.do(r.master, user, "SELECT INBOX.Work", `STORE 1:* +FLAGS (a)`, `STORE 1:* +FLAGS (b)`, `STORE 1:* -FLAGS (a b)`)
	}
	r.sync("-A")
	for _, level := range []monitor.CompareLevel{"3", "user"} {
		only(t, r.compare(compare.Options{Level: level}))
	}
	message := "APPEND INBOX.Work " + cyrustest.Literal("Subject: new\r\n\r\nx\r\n")
	r.do(r.master, "anew", "DELETE INBOX.Work", "CREATE INBOX.Work", message)
	r.do(r.master, "over", "DELETE INBOX.Work", "RENAME INBOX.Sent INBOX.Work", "CREATE INBOX.Sent")
	r.do(r.master, cyrustest.AdminUser, "SETQUOTA user.root.Work (STORAGE 500)", "RENAME user.place.Work user.place.Work two",
		"DELETE user.whole", "CREATE user.whole", "DELETE user.gone", "SETACL user.rights.Work anyone lrs")
	r.do(r.master, "whole", "APPEND INBOX "+cyrustest.Literal("Subject: new\r\n\r\nx\r\n"))
	r.do(r.master, "expunged", "SELECT INBOX.Work", `STORE 2 +FLAGS (\Deleted)`, "EXPUNGE")
	for _, level := range []monitor.CompareLevel{"1", "2", "3", "user"} {
		found := r.compare(compare.Options{Level: level, Carried: behind, Patience: time.Millisecond})
		if only(t, found); strings.Contains(outcomes(found), "gone=identical") || strings.Contains(outcomes(found), "anew=identical") {
			t.Errorf("level %s: %s", level, outcomes(found))
		}
		found, err := compare.Store(within(t, time.Minute), r.pair(), compare.Options{Level: level, Pause: 50 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range found.Differences {
			if d.Certainty != monitor.Suspected {
				t.Errorf("level %s: %+v", level, d)
			}
		}
	}
	// All the same, what stays although nothing waits is believed.
	found := r.compare(compare.Options{Level: monitor.CompareAccounts})
	for _, user := range users {
		if verdict(found, user) != monitor.Different {
			t.Errorf("%s: %s", user, outcomes(found))
		}
	}
	r.sync("-A")
	// That a user was deleted sync_client is told by the log only.
	only(t, r.compare(compare.Options{Level: monitor.CompareMessages}), "mailbox_extra user.gone", "mailbox_extra user.gone.Sent", "mailbox_extra user.gone.Work")
}

// TestSampleOfFiles reads another message each time, some of each mailbox however small
// the share, and all of one in which a file was damaged before.
func TestSampleOfFiles(t *testing.T) {
	t.Parallel()
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 20}, cyrustest.Mailbox{Name: "user.bob", Messages: 1})
	remove(r, r.replica, "user.anna", 7)
	found := false
	for seed := range uint64(100) {
		c := r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 0.25, Seed: seed})
		if again := r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 0.25, Seed: seed}); again.Spool[1] != c.Spool[1] {
			t.Fatalf("by one seed %+v and %+v", c.Spool[1], again.Spool[1])
		}
		if found = len(c.Differences) > 0; found {
			break
		}
	}
	if !found {
		t.Error("a damaged file of 20 is never drawn")
	}
	var c *monitor.Comparison
	for seed := range uint64(100) { // which one is drawn goes by the names of mailboxes, too: here, one that is whole
		if c = r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 1e-9, Seed: seed}); len(c.Differences) == 0 {
			break
		}
	}
	for _, s := range c.Spool {
		// Of anna's 20 one may be whole: it is the one that is read in one of twenty draws.
		if s.All != 21 || s.Checked != 2 || s.Most != 19.0/21 {
			t.Errorf("%+v", s)
		}
	}
	c = r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 1e-9, Damaged: map[compare.Spot]bool{{Server: "imap2", Mailbox: "user.anna"}: true}})
	if only(t, c, "spool user.anna"); c.Spool[0].Checked != 2 || c.Spool[1].Checked != 21 || c.Spool[1].Damaged != 1 {
		t.Errorf("%+v", c.Spool)
	}
}

// TestDamagedBehindWhatIsExpunged has a message expunged between the two times that a damaged file
// behind it is read: the file is damaged all the same.
func TestDamagedBehindWhatIsExpunged(t *testing.T) {
	t.Parallel()
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 3})
	garble(r, r.master, "user.anna", 3)
	pair := r.pair()
	var hashed, expunged atomic.Bool
	b := &between{answer: func(command string) string {
		switch {
		case strings.Contains(command, "RFC822.FILESIZE"):
			hashed.Store(true)
		case strings.HasPrefix(command, "EXAMINE") && hashed.Load() && !expunged.Swap(true):
			r.do(r.master, "anna", "SELECT INBOX", `STORE 1 +FLAGS (\Deleted)`, "EXPUNGE")
		}
		return ""
	}}
	pair.Master.IMAP.Address = b.listen(t, pair.Master.IMAP.Address)
	found, err := compare.Store(within(t, time.Minute), pair, compare.Options{Level: monitor.CompareSpool, Sample: 1})
	if err != nil || !expunged.Load() {
		t.Fatal(found, err)
	}
	if only(t, found, "spool user.anna"); len(found.Differences) == 1 && found.Differences[0].UIDs != "3" {
		t.Errorf("%+v", found.Differences[0])
	}
}

// TestOneInstanceAsBothSides compares an instance with itself, which would be identical.
func TestOneInstanceAsBothSides(t *testing.T) {
	t.Parallel()
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna"})
	pair := r.pair()
	_, port, _ := strings.Cut(pair.Master.IMAP.Address, ":")
	for _, address := range []string{pair.Master.IMAP.Address, "localhost:" + port} {
		pair.Replica.IMAP.Address = address
		if _, err := compare.Store(within(t, time.Minute), pair, compare.Options{Level: monitor.CompareMarks}); err == nil || !strings.Contains(err.Error(), "one instance") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestTypeOfAMailbox has a mailbox for calendars on one side and for mail on the other.
func TestTypeOfAMailbox(t *testing.T) {
	t.Parallel()
	r := newRig(t, anna...)
	path := r.replica.Dir + "/conf/mailboxes.db"
	for _, line := range strings.Split(r.tool(r.replica, "cyr_dbtool", path, "twoskip", "show"), "\n") {
		if key, value, found := strings.Cut(line, "\t"); found && strings.HasPrefix(key, "Nuser") && strings.HasSuffix(key, "Work") {
			r.tool(r.replica, "cyr_dbtool", path, "twoskip", "set", key, strings.Replace(value, "T e", "T c", 1))
		}
	}
	for _, level := range []monitor.CompareLevel{"2", "3"} {
		found := r.compare(compare.Options{Level: level})
		if only(t, found, "identity user.anna.Work"); len(found.Differences) == 1 && found.Differences[0].Replica != "type c" {
			t.Errorf("%+v", found.Differences[0])
		}
	}
}

// TestOthersChangeAnOpenMailbox has somebody change all messages of a mailbox that is
// being read: that the server tells of it disturbs nothing.
func TestOthersChangeAnOpenMailbox(t *testing.T) {
	t.Parallel()
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 2500, MessageBytes: 100})
	o := r.side("imap1", r.master).IMAP
	o.As = "anna"
	c, err := cyrus.Dial(within(t, time.Minute), o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	change := func(flag string) { r.do(r.master, "anna", "SELECT INBOX", "STORE 1:* +FLAGS ("+flag+")") }
	if _, err := c.Seen(t.Context(), "INBOX"); err != nil {
		t.Fatal(err)
	}
	change(strings.Repeat("x", 40))
	if s, err := c.Status(t.Context(), "INBOX"); err != nil || s.Messages != 2500 {
		t.Errorf("%+v, %v", s, err)
	}
	messages := 0
	for _, err := range c.Messages(t.Context(), "INBOX") {
		if err != nil {
			t.Fatal(err)
		}
		messages++
	}
	change(strings.Repeat("y", 40))
	files := 0
	for d, err := range c.Digests(t.Context(), "INBOX", func(uint32) iter.Seq[uint32] {
		return func(yield func(uint32) bool) {
			for place := uint32(1); place <= 20 && yield(place); place++ {
				if place == 10 {
					change(strings.Repeat("z", 40))
				}
			}
		}
	}) {
		if files++; err != nil || d.Damaged() {
			t.Fatalf("%+v, %v", d, err)
		}
	}
	if messages != 2500 || files != 20 {
		t.Errorf("%d messages, %d files", messages, files)
	}
}

// TestMadeAnewMeanwhile has the master's folder made anew as the replica's is read: its
// UIDs begin again, and what the replica has of the old one is not foreign.
func TestMadeAnewMeanwhile(t *testing.T) {
	t.Parallel()
	r := newRig(t, anna...)
	r.do(r.master, cyrustest.AdminUser, "SETACL user.anna.Work admin lrswipkxtecda")
	r.sync("-A")
	var once sync.Once
	anew := func(command string) string {
		if strings.HasPrefix(command, `SYNCGET FULLMAILBOX "user.anna.Work"`) {
			once.Do(func() { r.do(r.master, "anna", "DELETE INBOX.Work", "CREATE INBOX.Work") })
		}
		return ""
	}
	pair := r.pair()
	for _, side := range []*compare.Side{&pair.Master, &pair.Replica} {
		side.IMAP.Address = (&between{answer: anew}).listen(t, side.IMAP.Address)
	}
	for range 2 { // in the second run it was so from the first look on
		found, err := compare.Store(within(t, time.Minute), pair, compare.Options{Level: monitor.CompareMessages, Pause: 50 * time.Millisecond, Carried: behind, Patience: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if only(t, found); verdict(found, "anna") != monitor.UnknownOutcome {
			t.Errorf("%s", outcomes(found))
		}
	}
}

// TestOneInstanceUnderTwoPorts has a second port lead to the master: it is the same instance
// if all was written in the same seconds, and the replica is not.
func TestOneInstanceUnderTwoPorts(t *testing.T) {
	compare.SetManyMoments(t, 20)
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen.Close()
	second := cyrustest.Settings{Client: cyrustest.ClientNone, Services: []cyrustest.Service{{Name: "second", Command: "imapd", Listen: listen.Addr().String()}}}
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: []cyrustest.Settings{second, {Client: cyrustest.ClientNone}}})
	r := &rig{t: t, fleet: fleet, master: fleet.Stores[0].Master(), replica: fleet.Stores[0].Replicas()[0]}
	var mailboxes []cyrustest.Mailbox
	for i := range 25 {
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: fmt.Sprintf("user.u%02d", i)})
	}
	if err := r.master.Fill(within(t, time.Minute), mailboxes); err != nil {
		t.Fatal(err)
	}
	r.sync("-A")
	began := time.Now().Truncate(time.Second)
	for i, m := range mailboxes {
		for late, in := range []*cyrustest.Instance{r.master, r.replica} {
			at := began.Add(time.Duration(late-2*i) * time.Second)
			if err := os.Chtimes(r.directory(in, m.Name)+"/cyrus.index", at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	only(t, r.compare(compare.Options{Level: monitor.CompareMarks}))
	pair := r.pair()
	pair.Replica.IMAP.Address = listen.Addr().String()
	for _, level := range []monitor.CompareLevel{"1", "2"} {
		if found, err := compare.Store(within(t, time.Minute), pair, compare.Options{Level: level}); err == nil || !strings.Contains(err.Error(), "one instance") {
			t.Errorf("level %s: %+v %v", level, found, err)
		}
	}
}
