package cyrus_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

func TestReadTellsAllOfAMailbox(t *testing.T) {
	fleet, in := one(t, cyrustest.Settings{Partitions: []string{"big"}},
		cyrustest.Mailbox{Name: "user.anna", Messages: 3, MessageBytes: 2000, Quota: 100},
		cyrustest.Mailbox{Name: "user.anna.Old", Partition: "big", Messages: 1, MessageBytes: 500, ACL: []cyrustest.Right{
			{Identifier: "bob", Rights: "lrs"}, {Identifier: "-carl", Rights: "lr"}, {Identifier: "anyone", Rights: "l"}, {Identifier: "group:staff", Rights: "lrs"},
		}},
	)
	s := read(t, admin(fleet, in))
	if got, want := s.Server.Separator, byte('.'); got != want {
		t.Errorf("separator %q, want %q", got, want)
	}
	if !strings.HasPrefix(s.Server.Version, "3.") && !strings.HasPrefix(s.Server.Version, "2.") {
		t.Errorf("version %q is none of Cyrus", s.Server.Version)
	}
	if got, want := s.Partitions, []string{"big", "default"}; !slices.Equal(got, want) {
		t.Errorf("partitions %q, want %q", got, want)
	}
	if len(s.Mailboxes) != 2 {
		t.Fatalf("%d mailboxes, want 2: %+v", len(s.Mailboxes), s.Mailboxes)
	}
	inbox, old := s.Mailboxes[0], s.Mailboxes[1]
	if inbox.Status.Messages != 3 || inbox.Status.Size != 6000 || inbox.Status.UIDNext != 4 || inbox.Status.HighestModSeq < 4 || inbox.Status.UIDValidity == 0 {
		t.Errorf("status of the inbox is %+v", inbox.Status)
	}
	if old.Partition != "big" || old.QuotaRoot != "user.anna" || len(old.UniqueID) < 16 || !old.Readable {
		t.Errorf("details of the folder are %+v", old)
	}
	want := []cyrus.Right{{"anna", "lrswipkxtecdan"}, {"bob", "lrs"}, {"-carl", "lr"}, {"anyone", "l"}, {"group:staff", "lrs"}}
	slices.SortFunc(old.ACL, func(a, b cyrus.Right) int { return slices.Index(want, a) - slices.Index(want, b) })
	if !slices.Equal(old.ACL, want) {
		t.Errorf("access list %v, want %v", old.ACL, want)
	}
	if want := (cyrus.Quota{Root: "user.anna", Used: 6 << 10, Limit: 100 << 10}); len(s.Quotas) != 1 || s.Quotas[0].Root != want.Root || s.Quotas[0].Limit != want.Limit || s.Quotas[0].Used>>10 != 6 {
		t.Errorf("quotas %+v, want about %+v", s.Quotas, want)
	}
}

// names are mailboxes as an administrator of a server with "." creates them,
// what they are called inside, and whose they are.
var names = []struct {
	name     string
	internal cyrus.InternalName
	owner    cyrus.Owner
	folder   string
}{
	{"team", "team", cyrus.Owner{Name: "team", Shared: true}, ""},
	{"team.plans", "team.plans", cyrus.Owner{Name: "team", Shared: true}, "plans"},
	{"user.-A", "user.-A", cyrus.Owner{Name: "-A"}, ""},
	{"user.a$(id)", "user.a$(id)", cyrus.Owner{Name: "a$(id)"}, ""},
	{"user.a*b", "user.a*b", cyrus.Owner{Name: "a*b"}, ""},
	{"user.anna", "user.anna", cyrus.Owner{Name: "anna"}, ""},
	{"user.anna.M&APw-ller", "user.anna.M&APw-ller", cyrus.Owner{Name: "anna"}, "Müller"},
	{"user.anna.pa(ren)", "user.anna.pa(ren)", cyrus.Owner{Name: "anna"}, "pa(ren)"},
	{"user.anna.sp ace", "user.anna.sp ace", cyrus.Owner{Name: "anna"}, "sp ace"},
	{"user.jane^doe", "user.jane^doe", cyrus.Owner{Name: "jane.doe"}, ""},
	{"user.jane^doe.A", "user.jane^doe.A", cyrus.Owner{Name: "jane.doe"}, "A"},
	{"user.jane^doe.A.B", "user.jane^doe.A.B", cyrus.Owner{Name: "jane.doe"}, "A.B"},
	{"user.o'brien", "user.o'brien", cyrus.Owner{Name: "o'brien"}, ""},
}

// domainNames are more of them for a server with virtual domains.
var domainNames = []struct {
	name     string
	internal cyrus.InternalName
	owner    cyrus.Owner
	folder   string
}{
	{"user.jane^doe@example.org", "example.org!user.jane^doe", cyrus.Owner{Name: "jane.doe@example.org"}, ""},
	{"user.jane^doe.Sent@example.org", "example.org!user.jane^doe.Sent", cyrus.Owner{Name: "jane.doe@example.org"}, "Sent"},
	{"board@example.org", "example.org!board", cyrus.Owner{Name: "board@example.org", Shared: true}, ""},
}

func TestNamesWithEverySeparator(t *testing.T) {
	for _, unix := range []bool{false, true} {
		for _, domains := range []bool{false, true} {
			t.Run(fmt.Sprintf("slash %v domains %v", unix, domains), func(t *testing.T) {
				testNames(t, unix, domains)
			})
		}
	}
}

func testNames(t *testing.T, unix, domains bool) {
	settings := cyrustest.Settings{UnixHierarchySep: unix, AltNamespace: unix, Conversations: domains}
	cases, want := slices.Clone(names), cyrus.No
	if domains {
		settings.VirtDomains, want = "userid", cyrus.Yes
		cases = append(cases, domainNames...)
	}
	if !unix {
		// Only where "." separates may a name hold "^" itself.
		cases = append(cases, names[0])
		cases[len(cases)-1].name, cases[len(cases)-1].internal = "user.anna.x^y", "user.anna.x^y"
		cases[len(cases)-1].owner, cases[len(cases)-1].folder = cyrus.Owner{Name: "anna"}, "x^y"
	}
	var mailboxes []cyrustest.Mailbox
	outside := func(name string) string {
		if !unix {
			return name
		}
		local, domain, found := strings.Cut(name, "@")
		if local = strings.NewReplacer("^", ".", ".", "/").Replace(local); found {
			local += "@" + domain
		}
		return local
	}
	separator := byte('.')
	if unix {
		separator = '/'
	}
	slices.SortFunc(cases, func(a, b struct {
		name     string
		internal cyrus.InternalName
		owner    cyrus.Owner
		folder   string
	},
	) int {
		return strings.Compare(string(a.internal), string(b.internal))
	})
	for _, c := range cases {
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: outside(c.name)})
	}
	// A folder that is deleted is kept for a while and belongs to nobody.
	mailboxes = append(mailboxes, cyrustest.Mailbox{Name: outside("user.anna.gone")})
	fleet, in := one(t, settings, mailboxes...)
	change(t, in, "SETACL "+outside("user.anna.gone")+" admin lrswipkxtecda", "DELETE "+outside("user.anna.gone"))

	s := read(t, admin(fleet, in))
	if s.VirtDomains != want {
		t.Errorf("virtual domains %q, want %q", s.VirtDomains, want)
	}
	if s.Server.Conversations != want {
		t.Errorf("conversations %q, want %q", s.Server.Conversations, want)
	}
	var got []cyrus.InternalName
	for _, m := range s.Mailboxes {
		got = append(got, m.Internal)
		if !m.Readable {
			t.Errorf("%q is not readable", m.Name)
		}
	}
	var wanted []cyrus.InternalName
	for _, c := range cases {
		wanted = append(wanted, c.internal)
		owner, folder, kept := c.internal.Owner()
		shown := c.folder
		if unix {
			shown = strings.ReplaceAll(shown, ".", "/")
		}
		if got := cyrus.Folder(folder, separator); !kept || owner != c.owner || got != shown {
			t.Errorf("%q belongs to %+v as %q, want %+v as %q", c.internal, owner, got, c.owner, shown)
		}
	}
	if !slices.Equal(got, wanted) {
		t.Errorf("mailboxes\n%q\nwant\n%q", got, wanted)
	}
	for _, m := range s.Mailboxes {
		if m.UniqueID == "" {
			t.Errorf("%q has no unique identifier", m.Name)
		}
	}
}

// change sends commands that change something.
func change(t *testing.T, in *cyrustest.Instance, commands ...string) {
	t.Helper()
	conn, err := in.Dial(within(t, 10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Do(commands...); err != nil {
		t.Fatal(err)
	}
}

func TestVirtDomainsWithoutAnyDomain(t *testing.T) {
	anna := cyrustest.Mailbox{Name: "user.anna"}
	for _, c := range []struct {
		name      string
		settings  cyrustest.Settings
		mailboxes []cyrustest.Mailbox
		want      cyrus.Setting
	}{
		{"off", cyrustest.Settings{}, []cyrustest.Mailbox{anna}, cyrus.No},
		{"userid", cyrustest.Settings{VirtDomains: "userid"}, []cyrustest.Mailbox{anna}, cyrus.Yes},
		{"on", cyrustest.Settings{VirtDomains: "on"}, []cyrustest.Mailbox{anna}, cyrus.Yes},
		{"off with an @ in a name", cyrustest.Settings{}, []cyrustest.Mailbox{{Name: "a@b"}}, cyrus.No},
		{"default domain configured", cyrustest.Settings{VirtDomains: "on", Extra: map[string]string{"defaultdomain": "example.org"}}, []cyrustest.Mailbox{anna}, cyrus.Unknown},
		{"empty server", cyrustest.Settings{}, nil, cyrus.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			fleet, in := one(t, c.settings, c.mailboxes...)
			if got := read(t, admin(fleet, in)).VirtDomains; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTLSAgainstCyrus(t *testing.T) {
	fleet, in := one(t, cyrustest.Settings{TLS: true}, cyrustest.Mailbox{Name: "user.anna"})
	for _, c := range []struct {
		name string
		tls  cyrus.TLS
		addr string
		ca   string
		want string // in the error; empty for none
	}{
		{"starttls", "", in.IMAP, in.CAFile(), ""},
		{"tls", cyrus.ImplicitTLS, in.IMAPS, in.CAFile(), ""},
		{"starttls with an unknown authority", cyrus.StartTLS, in.IMAP, "", "certificate"},
		{"tls with an unknown authority", cyrus.ImplicitTLS, in.IMAPS, "", "certificate"},
		{"tls on the port in clear text", cyrus.ImplicitTLS, in.IMAP, in.CAFile(), "TLS handshake"},
		{"file that is no certificate", cyrus.StartTLS, in.IMAP, in.Conf, "no certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := admin(fleet, in)
			o.TLS, o.Address, o.CAFile = c.tls, c.addr, c.ca
			s, err := cyrus.Read(within(t, 20*time.Second), o)
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want == "" && len(s.Mailboxes) != 1:
				t.Errorf("%d mailboxes, want 1", len(s.Mailboxes))
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.addr)):
				t.Errorf("got %v, want an error with %q and the address", err, c.want)
			}
		})
	}
}

func TestLogInAsSomeoneElse(t *testing.T) {
	for _, alt := range []bool{false, true} {
		fleet, in := one(t, cyrustest.Settings{AltNamespace: alt}, cyrustest.Mailbox{Name: "user.anna"})
		o := admin(fleet, in)
		o.As = "anna"
		client, err := cyrus.Dial(within(t, 10*time.Second), o)
		if err != nil {
			t.Fatal(err)
		}
		want := cyrus.No
		if alt {
			want = cyrus.Yes
		}
		if got := client.Server().AltNamespace; got != want {
			t.Errorf("altnamespace %v is seen as %q", alt, got)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestRefusedLogIns(t *testing.T) {
	fleet, in := one(t, cyrustest.Settings{Extra: map[string]string{"failedloginpause": "0"}})
	for _, c := range []struct {
		name   string
		change func(*cyrus.Options)
		want   string
	}{
		{"wrong password", func(o *cyrus.Options) { o.Password = "wrong" }, "authentication failure"},
		{"password in UTF-8", func(o *cyrus.Options) { o.Password = "schlüssel" }, "authentication failure"},
		{"unknown user", func(o *cyrus.Options) { o.User = "nobody" }, "log in as \"nobody\""},
		{"empty password", func(o *cyrus.Options) { o.Password = "" }, "password is empty"},
		{"endless password", func(o *cyrus.Options) { o.Password = cyrus.Secret(strings.Repeat("x", 1<<16)) }, "65536 bytes"},
		{"NUL in the user's name", func(o *cyrus.Options) { o.User = "anna\x00admin" }, "control character"},
		{"line break in the name to act as", func(o *cyrus.Options) { o.As = "anna\r\nx LOGOUT" }, "control character"},
		{"NUL in the password", func(o *cyrus.Options) { o.Password = "a\x00b" }, "NUL"},
		{"no user", func(o *cyrus.Options) { o.User = "" }, "no user"},
		{"address without a port", func(o *cyrus.Options) { o.Address = "localhost" }, "host:port"},
		{"unknown protection", func(o *cyrus.Options) { o.TLS = "ssl" }, `tls is "ssl"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := admin(fleet, in)
			c.change(&o)
			_, err := cyrus.Read(within(t, 10*time.Second), o)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), o.Address) {
				t.Errorf("got %v, want an error with %q and the address", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), string(fleet.Password)) {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func TestOnlyAdministratorsCanRead(t *testing.T) {
	fleet, in := one(t, cyrustest.Settings{Extra: map[string]string{"admins": "someone"}})
	_, err := cyrus.Read(within(t, 10*time.Second), admin(fleet, in))
	if want := "no administrator"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want an error with %q", err, want)
	}
}

// TestReadingChangesNothing compares a pair before and after it is read: all
// that replication knows of it, and the sync logs, in which every change is
// noted, also one made on a replica.
func TestReadingChangesNothing(t *testing.T) {
	// The replica is asked as an older Cyrus.
	older := map[string]string{"suppress_capabilities": "LIST-STATUS STATUS=SIZE"}
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: []cyrustest.Settings{{Autocreate: true}, {Autocreate: true, Extra: older}}})
	store := fleet.Stores[0]
	ctx := within(t, time.Minute)
	if err := store.Master().Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 2, Quota: 10}, {Name: "user.bob"}, {Name: "team"}}); err != nil {
		t.Fatal(err)
	}
	if err := fleet.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	for _, in := range store.Instances {
		// Nobody works off what is logged meanwhile.
		if err := in.Stop(); err != nil {
			t.Fatal(err)
		}
		conf, err := os.ReadFile(in.Dir + "/cyrus.conf")
		if err != nil {
			t.Fatal(err)
		}
		quiet := strings.Split(string(conf), "DAEMON")[0]
		if err := os.WriteFile(in.Dir+"/cyrus.conf", []byte(quiet), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := in.Start(ctx); err != nil {
			t.Fatal(err)
		}
		before := everything(t, in)
		read(t, admin(fleet, in))
		if after := everything(t, in); after != before {
			t.Errorf("reading %s changed\n%s\ninto\n%s", in.Name, before, after)
		}
	}
}

// everything returns what replication knows of an instance, and its sync logs.
func everything(t *testing.T, in *cyrustest.Instance) string {
	t.Helper()
	conn, err := in.Dial(within(t, 10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	lines, err := conn.Do(`LIST "" "*"`, "SYNCGET USER anna", "SYNCGET USER bob", "SYNCGET MAILBOXES (team)")
	if err != nil {
		t.Fatal(err)
	}
	logs, err := filepath.Glob(in.Dir + "/conf/sync/*")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(append(lines, logs...), "\n")
}

// TestManyMailboxes reads an instance of many users, each with three mailboxes
// and a quota. With INTERLACE_SOAK=1 there are 2,000 of them.
func TestManyMailboxes(t *testing.T) {
	users := 150
	if os.Getenv("INTERLACE_SOAK") != "" {
		users = 2000
	}
	var mailboxes []cyrustest.Mailbox
	for i := range users {
		name := fmt.Sprintf("user.u%04d", i)
		mailboxes = append(mailboxes,
			cyrustest.Mailbox{Name: name, Quota: 1000},
			cyrustest.Mailbox{Name: name + ".Sent"},
			cyrustest.Mailbox{Name: name + ".Work", ACL: []cyrustest.Right{{Identifier: "u0000", Rights: "lrs"}}},
		)
	}
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: []cyrustest.Settings{{}}})
	in := fleet.Stores[0].Master()
	if err := in.Fill(within(t, 10*time.Minute), mailboxes); err != nil {
		t.Fatal(err)
	}
	for _, state := range []string{"cold", "warm"} {
		begin := time.Now()
		s := read(t, admin(fleet, in))
		t.Logf("%s: %d mailboxes and %d quotas in %v", state, len(s.Mailboxes), len(s.Quotas), time.Since(begin))
		if len(s.Mailboxes) != 3*users || len(s.Quotas) != users {
			t.Errorf("%d mailboxes and %d quotas, want %d and %d", len(s.Mailboxes), len(s.Quotas), 3*users, users)
		}
		for _, m := range s.Mailboxes {
			if !m.Readable {
				t.Fatalf("%q is not readable", m.Name)
			}
		}
	}
}
