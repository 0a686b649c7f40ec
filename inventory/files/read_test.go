package files

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
)

// lay writes files into a new directory and returns it.
func lay(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// example is the fleet file of the documentation.
const example = `format: 1
resources:
  disk: {unit: bytes, replica: 1, ceiling: 0.85}
  io:   {unit: ops/s, replica: 0.5, cold: 1.5, failure_ceiling: {server: 0.9, rack: 1.0}}
spread: [rack]
survive: [server]
copies: 2
sharing: {anyone: ignore, group: tie, rights: any, ignore: [archive, backup]}
servers:
  - {name: imap1, domains: {rack: a1, site: ny}, slots: 40, capacity: {disk: 12TiB, io: 9000}, state: active, bandwidth: 125MB/s, transfers: 2}
  - {name: imap7, domains: {rack: a2, site: ny}, capacity: {disk: 12TiB, io: 9000}}
stores:
  - name: s001
    capacity: {disk: 400GB}
    base: {io: 5}
    only: {site: [ny]}
    instances:
      - {server: imap7, role: replica, imap: "imap7:2143", imapd_conf: /etc/cyrus/s001r.conf}
      - {server: imap1, role: master,  imap: "imap1:143",  csync: "imap1:2005", imapd_conf: /etc/cyrus/s001.conf, sync_dir: /var/lib/cyrus-s001/sync, log: /var/log/cyrus/s001.log, version: 3.6.1, separator: /, virtdomains: off, conversations: no, partitions: [zeta, default]}
users: users.csv      # user,store,disk,io
shares: shares.csv
groups: groups.csv
`

const exampleUsers = "store,user,io,disk,kind,pinned,moved,estimated,messages,mailboxes\r\n" +
	"s001,bob,0.25,1GB,,,,,,\r\n" +
	"s001,\"an\"\"na, jr\",1,1000,user,true,2026-01-31,disk io,12,3\r\n\r\n" +
	"s001,team,0,0,shared,false,,io,0,0"

func exampleFiles() map[string]string {
	return map[string]string{
		"fleet.yaml": example, "users.csv": exampleUsers,
		"shares.csv": "owner,folder,grantee,rights\nbob,Work,team,lrs\nbob,,group:staff,lr\n",
		"groups.csv": "\ufeffgroup,member\nstaff,team\n",
	}
}

func TestReadExample(t *testing.T) {
	dir := lay(t, exampleFiles())
	inv, notes, err := Read(t.Context(), filepath.Join(dir, "fleet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if notes.Warnings.Count != 0 {
		t.Errorf("warnings: %v", notes.Warnings.First)
	}
	for i, name := range []string{"fleet.yaml", "users.csv", "shares.csv", "groups.csv"} {
		if i >= len(notes.Files) || notes.Files[i] != filepath.Join(dir, name) {
			t.Errorf("%s is read, not %v", name, notes.Files)
		}
	}
	disk := inventory.NewResource("disk", "bytes", 1)
	io := inventory.NewResource("io", "ops/s", 0.5)
	io.Cold, io.FailureCeiling.ByLevel = 1.5, map[inventory.Level]float64{"server": 0.9, "rack": 1}
	same(t, inv, &inventory.Inventory{
		Resources: []inventory.Resource{disk, io},
		Spread:    []inventory.Spread{{Level: "rack"}}, Survive: []inventory.Level{"server"}, Copies: 2,
		Sharing: inventory.Sharing{Anyone: "ignore", Group: "tie", Rights: "any", Ignore: []inventory.UserID{"archive", "backup"}},
		Servers: []inventory.Server{
			{
				Name: "imap1", Domains: map[inventory.Level]inventory.DomainID{"rack": "a1", "site": "ny"}, Slots: 40,
				Capacity: inventory.Load{12 << 40, 9000}, State: "active", Bandwidth: 125e6, Transfers: 2,
			},
			{
				Name: "imap7", Domains: map[inventory.Level]inventory.DomainID{"rack": "a2", "site": "ny"}, Slots: inventory.Unlimited,
				Capacity: inventory.Load{12 << 40, 9000}, State: "active",
			},
		},
		Stores: []inventory.Store{{
			Name: "s001", Capacity: inventory.Load{400e9}, Base: inventory.Load{0, 5}, State: "active",
			Only: map[inventory.Level][]inventory.DomainID{"site": {"ny"}},
			Instances: []inventory.Instance{
				{
					Server: "imap1", Role: "master", IMAP: "imap1:143", CSync: "imap1:2005", IMAPDConf: "/etc/cyrus/s001.conf",
					SyncDir: "/var/lib/cyrus-s001/sync", Log: "/var/log/cyrus/s001.log",
					Settings: inventory.Settings{Version: "3.6.1", Separator: "/", VirtDomains: "off", Conversations: "no", Partitions: "default zeta"},
				},
				{Server: "imap7", Role: "replica", IMAP: "imap7:2143", IMAPDConf: "/etc/cyrus/s001r.conf"},
			},
		}},
		Users: []inventory.User{
			{Name: `an"na, jr`, Store: "s001", Load: inventory.Load{1000, 1}, Pinned: true, Moved: "2026-01-31", Estimated: 3, Messages: 12, Mailboxes: 3},
			{Name: "bob", Store: "s001", Load: inventory.Load{1e9, 0.25}, Messages: -1, Mailboxes: -1},
			{Name: "team", Store: "s001", Kind: inventory.Shared, Estimated: 2},
		},
		Shares: []inventory.Share{{Owner: "bob", Grantee: "group:staff", Rights: "lr"}, {Owner: "bob", Folder: "Work", Grantee: "team", Rights: "lrs"}},
		Groups: []inventory.Membership{{Group: "staff", Member: "team"}},
	})
}

func TestReadDefaults(t *testing.T) {
	inv, notes, err := Read(t.Context(), filepath.Join(lay(t, map[string]string{"fleet.yaml": "format: 1\nservers: []\nstores: []\n"}), "fleet.yaml"))
	if err != nil || notes.Warnings.Count != 0 {
		t.Fatal(err, notes)
	}
	same(t, inv, inventory.New())
}

func TestReadResourceDefaults(t *testing.T) {
	inv, _, err := Read(t.Context(), filepath.Join(lay(t, map[string]string{
		"fleet.yaml": "format: 1\nservers: []\nstores: []\nresources: {disk: {}, io: {replica: 0.3}, cpu: {failure_ceiling: 0.9}}\n",
	}), "fleet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want := inventory.New()
	want.Resources = []inventory.Resource{
		inventory.NewResource("disk", "bytes", 1), inventory.NewResource("io", "ops/s", 0.3), inventory.NewResource("cpu", "", 1),
	}
	want.Resources[2].FailureCeiling.Default = 0.9
	same(t, inv, want)
}

func TestReadLargeTables(t *testing.T) {
	inv, notes, err := Read(t.Context(), filepath.Join(lay(t, map[string]string{
		"fleet.yaml": "stores: stores.csv\nservers: servers.csv\ninstances: instances.csv\nformat: 1\nusers: [{user: anna, store: s1, disk: 1GB, io: 2, estimated: [io]}]\n" +
			"shares: [{owner: anna, folder: x, grantee: anyone, rights: l}]\ngroups: [{group: g, member: anna}]\n",
		"servers.csv": "capacity:io,name,slots,domain:rack,capacity:disk,state,transfers,bandwidth\n" +
			"100,b,,r2,2TB,drain,,\n100,a,4,r1,1TB,,1,1GB/s\n",
		"stores.csv":    "name,master,replicas,base:io,only:rack,pinned,copies\ns1,b,a,0.5,r1 r2,true,2\ns2,a,b b,,,,\ns3,,,,,,\ns0,,,,,,\n",
		"instances.csv": "role,store,server,imap,partitions\nreplica,s2,b,b:1,z y\nreplica,s2,b,b:2,\nmaster,s1,b,b:3,\nreplica,s3,a,,\nmaster,s3,b,b:4,\n",
	}), "fleet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if notes.Warnings.Count != 0 {
		t.Errorf("warnings: %v", notes.Warnings.First)
	}
	want := inventory.New()
	want.Servers = []inventory.Server{
		{Name: "a", Slots: 4, Domains: map[inventory.Level]inventory.DomainID{"rack": "r1"}, Capacity: inventory.Load{1e12, 100}, State: "active", Bandwidth: 1e9, Transfers: 1},
		{Name: "b", Slots: -1, Domains: map[inventory.Level]inventory.DomainID{"rack": "r2"}, Capacity: inventory.Load{2e12, 100}, State: "drain"},
	}
	want.Stores = []inventory.Store{
		{Name: "s0", State: "active"},
		{
			Name: "s1", State: "active", Pinned: true, Copies: 2, Base: inventory.Load{0, 0.5}, Only: map[inventory.Level][]inventory.DomainID{"rack": {"r1", "r2"}},
			Instances: []inventory.Instance{{Server: "b", Role: "master", IMAP: "b:3"}, {Server: "a", Role: "replica"}},
		},
		{Name: "s2", State: "active", Instances: []inventory.Instance{
			{Server: "a", Role: "master"},
			{Server: "b", Role: "replica", IMAP: "b:1", Settings: inventory.Settings{Partitions: "y z"}},
			{Server: "b", Role: "replica", IMAP: "b:2"},
		}},
		{Name: "s3", State: "active", Instances: []inventory.Instance{{Server: "b", Role: "master", IMAP: "b:4"}, {Server: "a", Role: "replica"}}},
	}
	want.Users = []inventory.User{{Name: "anna", Store: "s1", Load: inventory.Load{1e9, 2}, Estimated: 2, Messages: -1, Mailboxes: -1}}
	want.Shares = []inventory.Share{{Owner: "anna", Folder: "x", Grantee: "anyone", Rights: "l"}}
	want.Groups = []inventory.Membership{{Group: "g", Member: "anna"}}
	same(t, inv, want)
}

func TestReadAbsolutePathsAndGzip(t *testing.T) {
	files := exampleFiles()
	elsewhere := lay(t, map[string]string{"users.csv.gz": packed(t, exampleUsers)})
	files["fleet.yaml"] = strings.Replace(example, "users.csv ", filepath.Join(elsewhere, "users.csv.gz")+" ", 1)
	inv, _, err := Read(t.Context(), filepath.Join(lay(t, files), "fleet.yaml"))
	if err != nil || len(inv.Users) != 3 {
		t.Fatal(err)
	}
}

func TestReadNothing(t *testing.T) {
	for path, want := range map[string]string{
		filepath.Join(t.TempDir(), "fleet.yaml"): "no such file or directory",
		t.TempDir():                              "it is a directory",
	} {
		inv, _, err := Read(t.Context(), path)
		if err == nil || !strings.HasPrefix(err.Error(), "read "+path+": ") || !strings.HasSuffix(err.Error(), want) || inv != nil {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
