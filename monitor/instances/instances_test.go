package instances_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/instances"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"sync/forgotten", "sync/squatter"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, dir, "more.conf", "Sync_Host: imap7\nsync_port:2005\nfar_sync_host: mars\n far_sync_port : 2007 \n")
	conf := write(t, dir, "imapd.conf", `# the one of s1
ConfigDirectory: `+dir+`
sync_log: yes
sync_log_channels: "" far \
	squatter backup
@include: more.conf
partition-default: /srv/mail # 1
metapartition-default: /ssd/meta
sync_repeat_interval: 3
autocreate_quota: 0
syslog_prefix: s1m
`)
	in := instances.Read("s1", &inventory.Instance{Server: "imap1", Role: inventory.Master, IMAPDConf: conf, Log: "/var/log/s1"})
	want := monitor.Instance{
		Server: "imap1", Store: "s1", Role: inventory.Master, Conf: conf, Dir: dir, SyncDir: dir + "/sync", Log: "/var/log/s1", Prefix: "s1m",
		Partitions: map[string]string{"partition-default": "/srv/mail # 1", "metapartition-default": "/ssd/meta"},
		Logging:    true, Autocreate: true, RepeatInterval: 3 * time.Second, Separator: '/',
		Channels: []monitor.Channel{
			{Name: "default", Kind: monitor.Replication, Dir: dir + "/sync", Peer: "imap7:2005", Logged: true},
			{Name: "backup", Kind: monitor.Backup, Dir: dir + "/sync/backup", Peer: "imap7:2005", Logged: true},
			{Name: "far", Kind: monitor.Replication, Dir: dir + "/sync/far", Peer: "mars:2007", Logged: true},
			{Name: "forgotten", Kind: monitor.Leftover, Dir: dir + "/sync/forgotten", Peer: "imap7:2005"},
			{Name: "squatter", Kind: monitor.Squatter, Dir: dir + "/sync/squatter", Logged: true},
		},
	}
	if !reflect.DeepEqual(in, want) {
		t.Errorf("got  %+v\nwant %+v", in, want)
	}
}

// TestSeparator: Cyrus 3 separates with a slash where nothing is said, Cyrus 2 with a
// dot.
func TestSeparator(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		line, version string
		want          byte
	}{{"", "", '/'}, {"", "3.6.1", '/'}, {"", "2.3.16", '.'}, {"unixhierarchysep: yes\n", "2.3.16", '/'}, {"unixhierarchysep: no\n", "3.6.1", '.'}} {
		conf := write(t, dir, "imapd.conf", "configdirectory: "+dir+"\n"+test.line)
		at := &inventory.Instance{IMAPDConf: conf, Settings: inventory.Settings{Version: test.version}}
		if got := instances.Read("s1", at).Separator; got != test.want {
			t.Errorf("%q of %q: got %q", test.line, test.version, got)
		}
	}
}

// TestTrouble checks that what cannot be read is said, at once and in the instance.
func TestTrouble(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	loop := filepath.Join(dir, "loop")
	for _, test := range []struct{ name, conf, want string }{
		{"none", "", "the inventory does not say where its imapd.conf is; write imapd_conf: FILE at the instance"},
		{"missing", filepath.Join(dir, "missing"), "no such file or directory; correct imapd_conf in the inventory"},
		{"a directory", dir, "is no plain file"},
		{"a pipe", filepath.Join(dir, "fifo"), "is no plain file"},
		{"a device", "/dev/zero", "is no plain file"},
		{"a loop", write(t, dir, "loop", "@include: "+loop+"\n"), "include one another"},
		{"no option", write(t, dir, "odd", "# odd\n\nconfigdirectory /srv\n"), "its imapd.conf cannot be read: " + filepath.Join(dir, "odd") + ":3: this is no option and no value; correct it"},
		{"bytes", write(t, dir, "bytes", "configdirectory: /\x00\n"), "is no text"},
		{"too large", write(t, dir, "large", strings.Repeat("# \n", 400_000)), "larger than"},
		{"no directory", write(t, dir, "bare", "sync_log: yes\n"), "has no configdirectory; add it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := instances.Read("s1", &inventory.Instance{Server: "imap1", Role: inventory.Replica, IMAPDConf: test.conf})
			if !strings.Contains(in.Trouble, test.want) {
				t.Errorf("got trouble %q, want it to say %q", in.Trouble, test.want)
			}
			if in.Store != "s1" || in.Server != "imap1" || in.Role != inventory.Replica {
				t.Errorf("got %+v, want what the inventory says", in)
			}
		})
	}
}

// TestReal reads the configurations of a real fleet.
func TestReal(t *testing.T) {
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: make([]cyrustest.Settings, 3)})
	master, replicas := fleet.Stores[0].Master(), fleet.Stores[0].Replicas()
	inv := &inventory.Inventory{Stores: []inventory.Store{{Name: "s1", Instances: []inventory.Instance{
		{Server: "imap1", Role: inventory.Master, IMAPDConf: master.Conf},
		{Server: "imap2", Role: inventory.Replica, IMAPDConf: replicas[0].Conf},
	}}}}
	list := instances.On(inv, "imap1")
	if len(list) != 1 || list[0].Trouble != "" {
		t.Fatalf("got %+v", list)
	}
	in := list[0]
	if !in.Logging || in.Autocreate || in.Dir != master.Dir+"/conf" || in.RepeatInterval != time.Second || in.Partitions["partition-default"] != master.Dir+"/data" {
		t.Errorf("got %+v", in)
	}
	var peers []string
	for _, ch := range in.Channels {
		peers = append(peers, ch.Peer)
	}
	if want := []string{replicas[0].Csync, replicas[1].Csync}; !reflect.DeepEqual(peers, want) {
		t.Errorf("got channels %+v, want their peers to be %v", in.Channels, want)
	}
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
