package files

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"github.com/interlacemail/interlace/inventory"
)

// anyInventory draws a valid inventory of every form that files can hold.
func anyInventory(t *rapid.T) *inventory.Inventory {
	names := func(label string, most int) []string {
		drawn := rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._-]{0,4}`), 0, most, rapid.ID).Draw(t, label)
		return slices.DeleteFunc(drawn, func(name string) bool { return name == "server" || slices.Contains(inventory.UserColumns, name) })
	}
	inv := inventory.New()
	inv.Resources = nil
	for _, name := range append([]string{"r"}, names("resources", 4)...) {
		if inv.Resource(inventory.ResourceID(name)) < 0 {
			inv.Resources = append(inv.Resources, anyResource(t, name))
		}
	}
	levels := names("levels", 3)
	for _, level := range levels {
		if rapid.Bool().Draw(t, "spread") {
			inv.Spread = append(inv.Spread, inventory.Spread{Level: inventory.Level(level), Min: rapid.IntRange(0, 3).Draw(t, "min")})
		}
		if rapid.Bool().Draw(t, "survive") {
			inv.Survive = append(inv.Survive, inventory.Level(level))
		}
		if c := &inv.Resources[0].FailureCeiling; rapid.Bool().Draw(t, "by level") {
			if c.ByLevel == nil {
				*c = inventory.FailureCeiling{Default: 1, ByLevel: map[inventory.Level]float64{}}
			}
			c.ByLevel[inventory.Level(level)] = ratio(t)
		}
	}
	inv.Copies = rapid.IntRange(0, 3).Draw(t, "copies")
	inv.Sharing.Group = rapid.SampledFrom([]string{"tie", "ignore"}).Draw(t, "group")
	for _, name := range rapid.SliceOfNDistinct(userName, 0, 2, rapid.ID).Draw(t, "ignore") {
		inv.Sharing.Ignore = append(inv.Sharing.Ignore, inventory.UserID(name))
	}
	for _, name := range names("servers", 4) {
		inv.Servers = append(inv.Servers, anyServer(t, inv, name, levels))
	}
	for _, name := range names("stores", 4) {
		inv.Stores = append(inv.Stores, anyStore(t, inv, name, levels))
	}
	addPeople(t, inv)
	inv.Sort()
	return inv
}

var (
	userName = rapid.OneOf(
		rapid.SampledFrom([]string{"anna", "~", "null", "no", "true", "010", "0x1", "1e3", " a ", "a,b", `a"b`, "'", "#x", "a: b", "-", "- x", "{", "=1+1", "ä", "日本", "\u202e", "\ufeffa", "\u2028", "a#b", "*x", "&x", "!x", "%", "@", "`", "|", ">", "?", "\\.", "user", "<<", "=", "a\u0308"}),
		rapid.StringN(1, 8, -1).Filter(inventory.ValidUserName),
	)
	freeText = rapid.OneOf(rapid.Just(""), userName)
)

func ratio(t *rapid.T) float64 { return rapid.Float64Range(1e-12, 1e6).Draw(t, "ratio") }

func anyResource(t *rapid.T, name string) inventory.Resource {
	r := inventory.NewResource(inventory.ResourceID(name), rapid.SampledFrom([]string{"bytes", "ops/s", "", "~"}).Draw(t, "unit"), ratio(t))
	r.Cold, r.Ceiling, r.FailureCeiling.Default = 1+ratio(t), ratio(t), ratio(t)
	return r
}

func anyLoad(t *rapid.T, inv *inventory.Inventory, least float64) (load inventory.Load) {
	for i, r := range inv.Resources {
		if r.Unit == inventory.UnitBytes {
			load[i] = float64(rapid.Int64Range(int64(least), 1<<50).Draw(t, "bytes"))
		} else {
			load[i] = max(least, rapid.Float64Range(0, 1e12).Draw(t, "number"))
		}
	}
	return load
}

func anyServer(t *rapid.T, inv *inventory.Inventory, name string, levels []string) inventory.Server {
	s := inventory.Server{
		Name: inventory.ServerID(name), Capacity: anyLoad(t, inv, 1),
		Slots:     rapid.IntRange(-1, 50).Draw(t, "slots"),
		State:     rapid.SampledFrom([]inventory.State{"active", "drain", "down"}).Draw(t, "state"),
		Bandwidth: rapid.Int64Range(0, 1e10).Draw(t, "bandwidth"),
		Transfers: rapid.IntRange(0, 4).Draw(t, "transfers"),
	}
	for _, level := range levels {
		if rapid.Bool().Draw(t, "labelled") {
			if s.Domains == nil {
				s.Domains = map[inventory.Level]inventory.DomainID{}
			}
			s.Domains[inventory.Level(level)] = inventory.DomainID(rapid.SampledFrom([]string{"no", "010", "a1"}).Draw(t, "domain"))
		}
	}
	return s
}

func anyStore(t *rapid.T, inv *inventory.Inventory, name string, levels []string) inventory.Store {
	s := inventory.Store{
		Name: inventory.StoreID(name), Base: anyLoad(t, inv, 0),
		State:  rapid.SampledFrom([]inventory.State{"active", "drain"}).Draw(t, "state"),
		Pinned: rapid.Bool().Draw(t, "pinned"), Copies: rapid.IntRange(0, 3).Draw(t, "copies"),
	}
	if rapid.Bool().Draw(t, "limited") {
		s.Capacity = anyLoad(t, inv, 1)
	}
	for _, level := range levels {
		if rapid.Bool().Draw(t, "only") {
			if s.Only == nil {
				s.Only = map[inventory.Level][]inventory.DomainID{}
			}
			s.Only[inventory.Level(level)] = rapid.SampledFrom([][]inventory.DomainID{{"no"}, {"a1", "010"}}).Draw(t, "domains")
		}
	}
	if len(inv.Servers) == 0 {
		return s
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "instances") {
		role := inventory.Replica
		if i == 0 {
			role = inventory.Master
		}
		s.Instances = append(s.Instances, anyInstance(t, rapid.SampledFrom(inv.Servers).Draw(t, "server").Name, role))
	}
	return s
}

func anyInstance(t *rapid.T, server inventory.ServerID, role inventory.Role) inventory.Instance {
	i := inventory.Instance{Server: server, Role: role}
	if rapid.Bool().Draw(t, "bare") {
		return i
	}
	address := rapid.SampledFrom([]string{"", "imap1:143", "[2001:db8::1]:2143"})
	i.IMAP, i.CSync = address.Draw(t, "imap"), address.Draw(t, "csync")
	i.IMAPDConf, i.SyncDir, i.Log = freeText.Draw(t, "conf"), freeText.Draw(t, "sync"), freeText.Draw(t, "log")
	i.Settings = inventory.Settings{
		Version:       freeText.Draw(t, "version"),
		Separator:     rapid.SampledFrom([]string{"", ".", "/"}).Draw(t, "separator"),
		VirtDomains:   rapid.SampledFrom([]string{"", "off", "userid", "on"}).Draw(t, "virtdomains"),
		Conversations: rapid.SampledFrom([]string{"", "yes", "no"}).Draw(t, "conversations"),
		Partitions:    rapid.SampledFrom([]string{"", "default", "a b c"}).Draw(t, "partitions"),
	}
	return i
}

func addPeople(t *rapid.T, inv *inventory.Inventory) {
	if len(inv.Stores) == 0 {
		return
	}
	for _, name := range rapid.SliceOfNDistinct(userName, 0, 5, rapid.ID).Draw(t, "users") {
		inv.Users = append(inv.Users, inventory.User{
			Name: inventory.UserID(name), Store: rapid.SampledFrom(inv.Stores).Draw(t, "store").Name, Load: anyLoad(t, inv, 0),
			Moved:     rapid.SampledFrom([]inventory.Date{"", "2026-02-28"}).Draw(t, "moved"),
			Messages:  inventory.Count(rapid.IntRange(-1, 100).Draw(t, "messages")),
			Mailboxes: inventory.Count(rapid.IntRange(-1, 100).Draw(t, "mailboxes")),
			Kind:      rapid.SampledFrom([]inventory.Kind{inventory.Person, inventory.Shared}).Draw(t, "kind"),
			Pinned:    rapid.Bool().Draw(t, "pinned"), Estimated: rapid.Uint8Range(0, 1<<len(inv.Resources)-1).Draw(t, "estimated"),
		})
	}
	type key struct{ owner, folder, grantee string }
	for _, k := range rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) key {
		return key{userName.Draw(t, "owner"), freeText.Draw(t, "folder"), userName.Draw(t, "grantee")}
	}), 0, 4, rapid.ID).Draw(t, "shares") {
		inv.Shares = append(inv.Shares, inventory.Share{Owner: inventory.UserID(k.owner), Folder: k.folder, Grantee: k.grantee, Rights: freeText.Draw(t, "rights")})
	}
	for _, name := range rapid.SliceOfNDistinct(userName, 0, 3, rapid.ID).Draw(t, "members") {
		inv.Groups = append(inv.Groups, inventory.Membership{Group: "staff", Member: inventory.UserID(name)})
	}
}

func TestWhatIsWrittenReadsBack(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		inv := anyInventory(t)
		if mistakes, _ := inventory.Validate(inv); mistakes.Count > 0 {
			t.Fatalf("the generator is wrong: %v", mistakes.List)
		}
		csv := rapid.Bool().Draw(t, "large")
		if err := writeAs(dir, inv, csv); err != nil {
			t.Fatal(err)
		}
		back, _, err := Read(t.Context(), filepath.Join(dir, fleetFile))
		if err != nil {
			t.Fatal(err)
		}
		differ(t, back, inv)
	})
}

// writeAs writes an inventory with servers and stores in YAML or in CSV.
func writeAs(dir string, inv *inventory.Inventory, csv bool) error {
	tables := tablesBeside(inv, csv, csv)
	text, err := encodeFleet(inv, tables)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return replace(root, append(tables, fleetText(text)))
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "export")
	read, _, err := Read(t.Context(), filepath.Join(lay(t, exampleFiles()), "fleet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, read); err != nil {
		t.Fatal(err)
	}
	golden := map[string]string{
		"fleet.yaml": mark + `
format: 1
resources:
  disk: {unit: bytes, replica: 1, cold: 1, ceiling: 0.85, failure_ceiling: 1}
  io: {unit: ops/s, replica: 0.5, cold: 1.5, ceiling: 0.85, failure_ceiling: {rack: 1, server: 0.9}}
spread: [rack]
survive: [server]
copies: 2
sharing: {anyone: ignore, group: tie, rights: any, ignore: [archive, backup]}
servers:
  - {name: imap1, domains: {rack: a1, site: ny}, slots: 40, capacity: {disk: 12TiB, io: 9000}, state: active, bandwidth: 125MB/s, transfers: 2}
  - {name: imap7, domains: {rack: a2, site: ny}, capacity: {disk: 12TiB, io: 9000}, state: active}
stores:
  - name: s001
    state: active
    capacity: {disk: 400GB}
    base: {io: 5}
    only: {site: [ny]}
    instances:
      - {server: imap1, role: master, imap: 'imap1:143', csync: 'imap1:2005', imapd_conf: /etc/cyrus/s001.conf, sync_dir: /var/lib/cyrus-s001/sync, log: /var/log/cyrus/s001.log, version: 3.6.1, separator: /, virtdomains: "off", conversations: "no", partitions: [default, zeta]}
      - {server: imap7, role: replica, imap: 'imap7:2143', imapd_conf: /etc/cyrus/s001r.conf}
users: users.csv
shares: shares.csv
groups: groups.csv
`,
		"users.csv": "user,store,disk,io,kind,pinned,moved,estimated,messages,mailboxes\n" +
			"\"an\"\"na, jr\",s001,1000,1,,true,2026-01-31,disk io,12,3\nbob,s001,1000000000,0.25,,,,,,\nteam,s001,0,0,shared,,,io,0,0\n",
		"shares.csv": "owner,folder,grantee,rights\nbob,,group:staff,lr\nbob,Work,team,lrs\n",
		"groups.csv": "group,member\nstaff,team\n",
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(golden) {
		t.Fatalf("got %v, %v", entries, err)
	}
	for name, want := range golden {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if string(text) != want || err != nil {
			t.Errorf("%s:\n%s\nwant\n%s", name, text, want)
		}
	}
}

func TestWriteReplacesAnExportOnly(t *testing.T) {
	inv, _, err := Read(t.Context(), filepath.Join(lay(t, exampleFiles()), "fleet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := lay(t, map[string]string{"README": "mine"})
	if err := Write(dir, inv); err != nil {
		t.Fatal(err)
	}
	inv.Shares = nil
	if err := Write(dir, inv); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "shares.csv")); err == nil {
		t.Error("shares.csv of the earlier export is still there")
	}
	if text, err := os.ReadFile(filepath.Join(dir, "README")); string(text) != "mine" {
		t.Errorf("another file was touched: %q, %v", text, err)
	}
	for _, name := range []string{"fleet.yaml", "users.csv"} {
		dir := lay(t, map[string]string{name: "format: 1\n"})
		err := Write(dir, inv)
		if want := name + " is there already and was not written by an export"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("something was written: %v", entries)
		}
	}
}

func TestWriteFails(t *testing.T) {
	inv := inventory.New()
	file := filepath.Join(lay(t, map[string]string{"x": ""}), "x")
	if err := Write(file, inv); err == nil || !strings.HasPrefix(err.Error(), "write "+file+": ") {
		t.Errorf("got %v", err)
	}
	inv.Users = []inventory.User{{Name: "anna", Store: "s1"}}
	dir := t.TempDir()
	if err := Write(dir, inv); err == nil || !strings.Contains(err.Error(), "the inventory holds 1 mistake: store s1 is not in the fleet") {
		t.Errorf("got %v", err)
	}
	inv.Stores = []inventory.Store{{Name: "s1", State: inventory.Active}}
	inv.Users[0].Name = inventory.UserID(strings.Repeat("a", maxLine))
	if err := Write(dir, inv); err == nil || !strings.Contains(err.Error(), "would be longer than 64 KiB") {
		t.Errorf("got %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("something is left: %v", entries)
	}
}

// However far an export got, the directory then holds the former fleet, the new
// one, or one that is refused as unfinished; and the next export cleans up.
func TestWriteKilledAfterEveryStep(t *testing.T) {
	former, _, err := Read(t.Context(), filepath.Join(lay(t, exampleFiles()), "fleet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	next := former.Clone()
	next.Shares, next.Users[0].Load[1] = nil, 77
	files, err := export(next)
	if err != nil {
		t.Fatal(err)
	}
	for _, fresh := range []bool{true, false} {
		for killed, ended := 0, false; !ended; killed++ {
			dir := t.TempDir()
			if !fresh {
				if err := Write(dir, former); err != nil {
					t.Fatal(err)
				}
			}
			ended = takeSteps(t, dir, files, killed)
			found, _, err := Read(t.Context(), filepath.Join(dir, fleetFile))
			switch {
			case err == nil && reflect.DeepEqual(found.Users, former.Users) && !fresh:
				same(t, found, former)
			case err == nil:
				same(t, found, next)
			case !strings.Contains(err.Error(), "has not ended") && !fresh:
				t.Errorf("after %d steps: %v", killed, err)
			}
			if vacant, err := Vacant(dir); fresh && killed < len(files)+2 && !vacant || err != nil {
				t.Errorf("after %d steps the directory counts as used; %v", killed, err)
			}
			if err := Write(dir, next); err != nil {
				t.Errorf("after %d steps the next export fails: %v", killed, err)
			}
			if entries, _ := os.ReadDir(dir); len(entries) != len(files) {
				t.Errorf("after %d steps and another export: %v", killed, entries)
			}
		}
	}
}

// takeSteps takes the first steps of an export and reports whether that were all.
func takeSteps(t *testing.T, dir string, files []file, n int) bool {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	all := steps(root, files)
	for _, step := range all[:n] {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return n == len(all)
}

// Two exports into one directory do not mix.
func TestWriteAlone(t *testing.T) {
	dir := t.TempDir()
	unlock, err := lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, inventory.New()); err == nil || !strings.Contains(err.Error(), "another export is writing into it") {
		t.Errorf("got %v", err)
	}
	unlock()
	if err := Write(dir, inventory.New()); err != nil {
		t.Error(err)
	}
}

// What is no plain file is not replaced.
func TestWriteLeavesOtherThingsAlone(t *testing.T) {
	for _, name := range []string{"fleet.yaml", "users.csv"} {
		for what, make := range map[string]func(path string) error{
			"directory": func(path string) error { return os.Mkdir(path, 0o777) },
			"pipe":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
			"link":      func(path string) error { return os.Symlink("elsewhere", path) },
		} {
			dir := t.TempDir()
			if err := make(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			if err := Write(dir, inventory.New()); err == nil || !strings.Contains(err.Error(), name+" is there already and is no plain file") {
				t.Errorf("%s %s: got %v", what, name, err)
			}
			if entries, _ := os.ReadDir(dir); len(entries) != 1 {
				t.Errorf("%s %s: something was written: %v", what, name, entries)
			}
		}
	}
}

func TestLargeFleetsStandInCSV(t *testing.T) {
	inv := inventory.New()
	for i := range largeTable + 1 {
		inv.Servers = append(inv.Servers, inventory.Server{Name: inventory.ServerID(fmt.Sprintf("imap%04d", i)), Slots: -1, State: "active", Capacity: inventory.Load{1, 1}})
		inv.Stores = append(inv.Stores, inventory.Store{
			Name: inventory.StoreID(fmt.Sprintf("s%04d", i)), State: "active",
			Instances: []inventory.Instance{{Server: inv.Servers[i].Name, Role: inventory.Master, IMAP: "x:1"}},
		})
	}
	dir := t.TempDir()
	if err := Write(dir, inv); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{serversFile, storesFile, instancesFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	back, _, err := Read(t.Context(), filepath.Join(dir, fleetFile))
	if err != nil {
		t.Fatal(err)
	}
	same(t, back, inv)
}

// A fleet with few stores, each of them long, is too large for YAML too.
func TestLongFleetsStandInCSV(t *testing.T) {
	inv := inventory.New()
	inv.Servers = []inventory.Server{{Name: "imap1", Slots: -1, State: "active", Capacity: inventory.Load{1, 1}}}
	for i := range 200 {
		inv.Stores = append(inv.Stores, inventory.Store{
			Name: inventory.StoreID(fmt.Sprintf("s%04d", i)), State: "active",
			Instances: []inventory.Instance{{Server: "imap1", Role: inventory.Master, Log: strings.Repeat("x", 30_000), SyncDir: strings.Repeat("y", 20_000)}},
		})
	}
	dir := t.TempDir()
	if err := Write(dir, inv); err != nil {
		t.Fatal(err)
	}
	back, _, err := Read(t.Context(), filepath.Join(dir, fleetFile))
	if err != nil {
		t.Fatal(err)
	}
	same(t, back, inv)
}
