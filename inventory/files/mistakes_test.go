package files

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// base is a good fleet to break.
const base = `format: 1
servers:
  - {name: imap1, domains: {rack: a1}, capacity: {disk: 12TiB, io: 9000}}
  - {name: imap2, domains: {rack: a2}, capacity: {disk: 12TiB, io: 9000}}
stores:
  - name: s001
    instances: [{server: imap1, role: master}, {server: imap2, role: replica}]
`

// complaints returns what Read says of files, with fleet.yaml the first: the
// mistakes and hints, and how many there are.
func complaintsOf(t testing.TB, files map[string]string) ([]string, *Error) {
	t.Helper()
	dir := lay(t, files)
	inv, _, err := Read(t.Context(), filepath.Join(dir, "fleet.yaml"))
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want mistakes", err)
	}
	if inv != nil {
		t.Error("got an inventory in spite of mistakes")
	}
	var said []string
	for _, m := range e.First {
		text := strings.TrimPrefix(m.String(), dir+string(filepath.Separator))
		if m.Hint != "" {
			text += " (" + m.Hint + ")"
		}
		said = append(said, text)
	}
	return said, e
}

func expect(t *testing.T, files map[string]string, want ...string) {
	t.Helper()
	got, e := complaintsOf(t, files)
	if len(got) != len(want) || e.Count != len(want) {
		t.Errorf("got %d mistakes, want %d:\n%s", e.Count, len(want), strings.Join(got, "\n"))
		return
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

func TestMistakesInFleet(t *testing.T) {
	for name, test := range map[string]struct {
		old, new string // replaced in base; old empty: new is appended
		want     []string
	}{
		"not a size":            {"12TiB, io: 9000}}\n  - {name: imap2", "12TB8, io: 9000}}\n  - {name: imap2", []string{`fleet.yaml:3:57: capacity of imap1: "12TB8" is not a size`}},
		"negative capacity":     {"9000}}\nstores", "-5}}\nstores", []string{`fleet.yaml:4:68: capacity of imap2: "-5" is negative`}},
		"capacity not a number": {"9000}}\nstores", ".nan}}\nstores", []string{`fleet.yaml:4:68: capacity of imap2: ".nan" is not a number`}},
		"infinite capacity":     {"9000}}\nstores", ".inf}}\nstores", []string{`fleet.yaml:4:68: capacity of imap2: ".inf" is not a number`}},
		"underscore":            {"9000}}\nstores", "9_000}}\nstores", []string{`fleet.yaml:4:68: capacity of imap2: "9_000" is not a number`}},
		"octal":                 {"9000}}\nstores", "010}}\nstores", []string{`fleet.yaml:4:68: capacity of imap2: "010" is not a number (write 10)`}},
		"exponent":              {"9000}}\nstores", "9e3}}\nstores", []string{`fleet.yaml:4:68: capacity of imap2: "9e3" is not a number`}},
		"zero capacity":         {"9000}}\nstores", "0}}\nstores", []string{"fleet.yaml:4:68: server imap2 has no capacity for io"}},
		"no capacity":           {", io: 9000}}\nstores", "}}\nstores", []string{"fleet.yaml:4:50: server imap2 has no capacity for io"}},
		"unit for a number":     {"9000}}\nstores", "9kB}}\nstores", []string{`fleet.yaml:4:68: capacity of imap2: "9kB" is not a number`}},
		"unknown key":           {"stores:", "stoers:", []string{"fleet.yaml:1:1: there is no key stores", "fleet.yaml:5:1: key stoers is not known in a fleet file (stoers looks like stores)"}},
		"unknown key of server": {"capacity: {disk: 12TiB, io: 9000}}\nstores", "capactiy: {disk: 12TiB, io: 9000}, capacity: {disk: 1, io: 1}}\nstores", []string{"fleet.yaml:4:40: key capactiy is not known in servers (capactiy looks like capacity)"}},
		"unknown resource":      {"9000}}\nstores", "9000, cpu: 4}}\nstores", []string{"fleet.yaml:4:74: capacity of imap2: cpu is not a declared resource (the resources are disk io)"}},
		"duplicate key":         {"stores:", "format: 1\nstores:", []string{"fleet.yaml:5:1: key format is there twice, first in line 1"}},
		"duplicate server":      {"imap2, domains", "imap1, domains", []string{"fleet.yaml:4:12: server imap1 is named twice, first in line 3", "fleet.yaml:7:57: server imap2 is not in the fleet (store s001) (imap2 looks like imap1)"}},
		"unknown server":        {"server: imap2", "server: imap22", []string{"fleet.yaml:7:57: server imap22 is not in the fleet (store s001) (imap22 looks like imap2)"}},
		"alias":                 {"domains: {rack: a2}", "domains: *d", []string{"fleet.yaml:4:28: an alias is not allowed here"}},
		"anchor and alias":      {"{rack: a1}, capacity: {disk: 12TiB, io: 9000}}\n  - {name: imap2, domains: {rack: a2}", "&d {rack: a1}, capacity: {disk: 12TiB, io: 9000}}\n  - {name: imap2, domains: *d", []string{"fleet.yaml:3:28: an anchor is not allowed here", "fleet.yaml:4:28: an alias is not allowed here"}},
		"merge key":             {"- {name: imap2", "- {<<: {slots: 1}, name: imap2", []string{"fleet.yaml:4:6: a merge key is not allowed here"}},
		"tag":                   {"role: master", "role: !!str master", []string{"fleet.yaml:7:39: the tag !!str is not allowed here"}},
		"no":                    {"- name: s001", "- name: s001\n    pinned: no", []string{`fleet.yaml:7:13: pinned of s001: "no" is neither true nor false`}},
		"octal copies":          {"stores:", "copies: 02\nstores:", []string{`fleet.yaml:5:9: copies: "02" is not a whole number (write 2)`}},
		"no copies":             {"stores:", "copies: 0\nstores:", []string{`fleet.yaml:5:9: copies: 0 is not at least 1`}},
		"no value":              {"stores:", "users:\nstores:", []string{"fleet.yaml:5:7: users has no value"}},
		"server without name":   {"- {name: imap2, ", "- {", []string{"fleet.yaml:4:5: server without a name", "fleet.yaml:7:57: server imap2 is not in the fleet"}},
		"name is null":          {"- name: s001", "- name: ~", []string{"fleet.yaml:6:11: store without a name"}},
		"bad name":              {"rack: a2", "rack: a/2", []string{`fleet.yaml:4:35: "a/2" is no name of a failure domain`}},
		"scalar for a list":     {"rack: a2}", "rack: [a2]}", []string{"fleet.yaml:4:35: domains of imap2: a single value is expected here"}},
		"scalar for a mapping":  {"{rack: a2}", "a2", []string{"fleet.yaml:4:28: domains of imap2: keys with values are expected here"}},
		"scalar for an item":    {"stores:", "users: [anna]\nstores:", []string{`fleet.yaml:5:9: users: keys with values are expected here, not "anna"`}},
		"mapping for a table":   {"stores:", "users: {}\nstores:", []string{"fleet.yaml:5:8: users: a list or the name of a CSV file is expected here"}},
		"mapping for a list":    {"stores:", "survive: rack\nstores:", []string{"fleet.yaml:5:10: survive: a list in brackets is expected here"}},
		"no file":               {"stores:", "users: users.csv\nstores:", []string{"fleet.yaml:5:8: "}},
		"two masters":           {"role: replica", "role: master", []string{"fleet.yaml:7:70: store s001 has 2 masters"}},
		"no master":             {"role: master", "role: replica", []string{"fleet.yaml:6:5: store s001 has replicas but no master"}},
		"role":                  {"role: replica", "role: slave", []string{`fleet.yaml:7:70: role of s001 on imap2: "slave" is neither`}},
		"state":                 {"{rack: a2}", "{rack: a2}, state: off", []string{`fleet.yaml:4:47: state of imap2: "off" is none of`}},
		"slots":                 {"{rack: a2}", "{rack: a2}, slots: 1.5", []string{`fleet.yaml:4:47: slots of imap2: "1.5" is not a whole number`}},
		"bandwidth":             {"{rack: a2}", "{rack: a2}, bandwidth: 125MB", []string{`fleet.yaml:4:51: bandwidth of imap2: "125MB" is not a bandwidth`}},
		"transfers":             {"{rack: a2}", "{rack: a2}, transfers: 0", []string{`fleet.yaml:4:51: transfers of imap2: 0 is not at least 1`}},
		"limit of 0":            {"- name: s001", "- name: s001\n    capacity: {disk: 0}", []string{`fleet.yaml:7:22: capacity of s001: "0" is not above 0`}},
		"half a byte":           {"- name: s001", "- name: s001\n    base: {disk: 0.5}", []string{`fleet.yaml:7:18: base of s001: "0.5" is not a whole number of bytes`}},
		"format":                {"format: 1", "format: 2", []string{`fleet.yaml:1:9: format "2" is not known; this is format 1`}},
		"no format":             {"format: 1\n", "", []string{"fleet.yaml:1:1: there is no key format"}},
		"spread":                {"stores:", "spread: {rack: some}\nstores:", []string{`fleet.yaml:5:16: spread over rack: "some" is neither all nor a number of domains`}},
		"spread of both":        {"stores:", "spread: [rack, {site: 2}]\nstores:", []string{"fleet.yaml:5:16: spread: a list holds levels only, without numbers of domains (write spread: {rack: all, site: 2}; interlace help fleet explains it)"}},
		"spread as text":        {"stores:", "spread: rack\nstores:", []string{"fleet.yaml:5:9: spread: a list in brackets is expected here (write spread: [rack]; interlace help fleet explains it)"}},
		"sharing":               {"stores:", "sharing: {anyone: tie, groups: tie}\nstores:", []string{`fleet.yaml:5:19: sharing: anyone is "tie"; the only choice is ignore`, "fleet.yaml:5:24: key groups is not known in sharing (groups looks like group)"}},
		"resource":              {"stores:", "resources: {disk: {replica: -1}, io: {cold: 0.5, ceiling: 0, failure_ceiling: {rack: x}}}\nstores:", []string{`fleet.yaml:5:29: replica of disk: "-1" is negative`, "fleet.yaml:5:45: cold factor of io: 0.5 is not a number from 1", "fleet.yaml:5:59: ceiling of io: 0 is not above 0", `fleet.yaml:5:86: failure_ceiling of io: "x" is not a number`}},
		"no resource":           {"stores:", "resources: {}\nstores:", []string{"fleet.yaml:3:51: capacity of imap1: disk is not a declared resource", "fleet.yaml:3:64", "fleet.yaml:4:51", "fleet.yaml:4:64", "fleet.yaml:5:12: no resource is declared"}},
		"nine resources":        {"stores:", "resources: {disk: {}, io: {}, r3: {}, r4: {}, r5: {}, r6: {}, r7: {}, r8: {}, r9: {}}\nstores:", append(withoutSix(), "fleet.yaml:5:79: 9 resources are declared; at most 8 are possible")},
		"column as a resource":  {"stores:", "resources: {disk: {}, io: {}, store: {}}\nstores:", []string{"fleet.yaml:3:50: server imap1 has no capacity for store", "fleet.yaml:4:50", "fleet.yaml:5:38: a resource can't be called store"}},
		"two documents":         {"", "---\nformat: 1\n", []string{"fleet.yaml:8:1: a second document begins here"}},
		"address":               {"role: master}", "role: master, imap: imap1}", []string{`fleet.yaml:7:53: imap of s001 on imap1: "imap1" has no port`}},
		"words with a space":    {"stores:", "users: [{user: a, store: s001, disk: 1, io: 1, estimated: [disk io]}]\nstores:", []string{`fleet.yaml:5:59: estimated of a: "disk io" is not a name`}},
		"estimated in no one":   {"stores:", "users: [{user: a, store: s001, disk: 1, io: 1, estimated: dsik}]\nstores:", []string{"fleet.yaml:5:59: estimated of a: dsik is not a declared resource (dsik looks like disk)"}},
		"instances as text":     {"[{server: imap1, role: master}, {server: imap2, role: replica}]", "imap1", []string{"fleet.yaml:7:16: instances of s001: a list is expected here"}},
		"list as a value":       {"role: master", "role: [master]", []string{"fleet.yaml:7:39: role: a single value is expected here"}},
		"mapping as a key":      {"stores:", "? {a: 1}\n: 2\nstores:", []string{"fleet.yaml:5:3: the fleet: a key must be a text"}},
		"user twice inline":     {"stores:", "users: [{user: a, store: s001, disk: 1, io: 1}, {user: a, store: s001, disk: 1, io: 1}]\nstores:", []string{"fleet.yaml:5:56: user a is named twice, first in line 5"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := base + test.new
			if test.old != "" {
				text = strings.Replace(base, test.old, test.new, 1)
				if text == base {
					t.Fatal("nothing is broken")
				}
			}
			expect(t, map[string]string{"fleet.yaml": text}, test.want...)
		})
	}
}

// withoutSix returns what is said of two servers without a capacity for r3 to r8.
func withoutSix() []string {
	var want []string
	for _, at := range []string{"fleet.yaml:3:50: server imap1", "fleet.yaml:4:50: server imap2"} {
		for r := 3; r <= 8; r++ {
			want = append(want, fmt.Sprintf("%s has no capacity for r%d", at, r))
		}
	}
	return want
}

func TestMistakesInTables(t *testing.T) {
	const header = "user,store,disk,io\n"
	for name, test := range map[string]struct {
		users string
		want  []string
	}{
		"screen":             {header + "anna,s9999,1GB,1\n", []string{"users.csv:2:6: store s9999 is not in the fleet (user anna)"}},
		"characters":         {header + "äöü,s002,1GB,1\n", []string{"users.csv:2:5: store s002 is not in the fleet (user äöü) (s002 looks like s001)"}},
		"quoted":             {header + "\"a\"\"b\",s002,1GB,1\n", []string{"users.csv:2:8: store s002 is not in the fleet"}},
		"several":            {header + "anna,s001,1GiBB,x\nbob,s001,-1,NaN\nanna,s001,1,1\n", []string{`users.csv:2:11: disk of anna: "1GiBB" is not a size`, `users.csv:2:17: io of anna: "x" is not a number`, `users.csv:3:10: disk of bob: "-1" is not a size`, `users.csv:3:13: io of bob: "NaN" is not a number`, "users.csv:4:1: user anna is named twice, first in line 2"}},
		"fields":             {header + "anna,s001,1\nbob,s001,1,1,1\nx,s001,1,1\n", []string{"users.csv:2:12: 3 fields where the header has 4", "users.csv:3:14: 5 fields where the header has 4"}},
		"unclosed quote":     {header + "anna,\"s001,1,1\nbob,s002,1,1\n", []string{"users.csv:2:6: the quote that opens here is not closed on this line", "users.csv:3:5: store s002 is not"}},
		"quote inside":       {header + "an\"na,s001,1,1\n\"b\"x,s001,1,1\n", []string{"users.csv:2:3: a quote stands inside a field", "users.csv:3:4: text follows the quote that closes the field"}},
		"semicolons":         {"user;store;disk;io\nanna;s001;1;1\n", []string{"users.csv:1:1: the columns are not separated by commas (separate the fields by commas)"}},
		"unknown column":     {"user,stroe,disk,io\nanna,s001,1,1\n", []string{"users.csv:1:1: there is no column store", "users.csv:1:6: column stroe is not known (stroe looks like store)"}},
		"another file":       {"root:*:19000:0:99999:7:::\n", []string{"users.csv:1:1: the first line names none of the columns of users (the columns are user store disk io kind pinned moved estimated messages mailboxes)"}},
		"column with space":  {"user, store,disk,io\n", []string{"users.csv:1:1: there is no column store", "users.csv:1:6: column \" store\" is not known"}},
		"undeclared":         {"user,store,disk,io,cpu\nanna,s001,1,1,1\n", []string{"users.csv:1:20: column cpu is not known (the columns are user store disk io kind pinned moved estimated messages mailboxes)"}},
		"column twice":       {"user,store,disk,io,disk\nanna,s001,1,1,1\n", []string{"users.csv:1:20: column disk is there twice"}},
		"empty":              {"", []string{"users.csv:1:1: the file is empty"}},
		"NUL":                {header + "an\x00na,s001,1,1\n", []string{`users.csv:2:1: "an\x00na" is no name of a user`}},
		"latin 1":            {header + "j\xfcrgen,s002,1,1\n", []string{`users.csv:2:1: "j\xfcrgen" is no name of a user`, `users.csv:2:8: store s002 is not in the fleet (user "j\xfcrgen")`}},
		"UTF-16":             {"\xff\xfeu\x00s\x00", []string{"users.csv:1:1: the file is UTF-16 (save the file as UTF-8)"}},
		"UTF-16 without BOM": {"u\x00s\x00", []string{"users.csv:1:1: the file is UTF-16"}},
		"no store":           {header + "anna,,1,1\n", []string{"users.csv:2:6: user anna has no store"}},
		"no name":            {header + ",s001,1,1\n", []string{"users.csv:2:1: user without a name"}},
		"old Mac":            {"user,store,disk,io\ranna,s001,1,1\r", []string{"users.csv:1:19: a carriage return stands inside the line"}},
		"kind":               {"user,store,disk,io,kind,pinned,moved,estimated,messages\nanna,s001,1,1,folder,yes,2026-02-30,cpu,1.5\n", []string{`users.csv:2:15: kind of anna: "folder" is neither user nor shared`, `users.csv:2:22: pinned of anna: "yes" is neither`, `users.csv:2:26: moved of anna: "2026-02-30" is not a date`, `users.csv:2:37: estimated of anna: cpu is not a declared resource`, `users.csv:2:41: messages of anna: "1.5" is not a whole number`}},
		"user and shared":    {"user,store,disk,io,kind\nanna,s001,1,1,\nanna,s001,1,1,shared\n", []string{"users.csv:3:1: anna is the name of a user and of a shared tree, first in line 2"}},
		"too much":           {header + "anna,s001,1000PB,1\nbob,s001,1000PB,1\n", []string{"users.csv:3:10: the loads of all users and stores in disk add up to more than 1024PiB"}},
		"more than int64":    {header + "anna,s001,9223372036854775808,1\n", []string{`users.csv:2:11: disk of anna: "9223372036854775808" is more than 1024PiB`}},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, map[string]string{"fleet.yaml": base + "users: users.csv\n", "users.csv": test.users}, test.want...)
		})
	}
}

func TestMistakesInLargeTables(t *testing.T) {
	fleet := "format: 1\nservers: servers.csv\nstores: stores.csv\ninstances: instances.csv\n"
	good := map[string]string{
		"fleet.yaml": fleet, "servers.csv": "name,capacity:disk,capacity:io\nimap1,1TB,1\nimap2,1TB,1\n",
		"stores.csv": "name,master,replicas\ns1,imap1,imap2\n", "instances.csv": "store,server,role,imap\ns1,imap1,master,imap1:1\n",
	}
	for name, test := range map[string]struct {
		file, text string
		want       []string
	}{
		"no capacity column":  {"servers.csv", "name,capacity:disk\nimap1,1TB\nimap2,2TB\n", []string{"servers.csv:1:1: there is no column capacity:io"}},
		"capacity":            {"servers.csv", "name,capacity:disk,capacity:io,capacity:cpu\nimap1,1TB,1,1\nimap2,1Tb,,1\n", []string{"servers.csv:1:32: column capacity:cpu: cpu is not a declared resource", `servers.csv:3:7: capacity of imap2: "1Tb" is not a size (write 1TB)`, "servers.csv:3:11: server imap2 has no capacity for io"}},
		"column":              {"servers.csv", "name,capacity:disk,capacity:io,capactiy:io\nimap1,1TB,1,1\nimap2,1TB,1,1\n", []string{"servers.csv:1:32: column capactiy:io is not known (capactiy:io looks like capacity:io)"}},
		"reserved level":      {"servers.csv", "name,capacity:disk,capacity:io,domain:server\nimap1,1TB,1,\nimap2,1TB,1,x\n", []string{"servers.csv:3:13: domains of imap2: every server is a domain of level server by itself"}},
		"unknown servers":     {"stores.csv", "name,master,replicas\ns1,imap1,imap2 imap33 imap34\ns2,imap35,\n", []string{"stores.csv:2:16: server imap33 is not in the fleet (store s1) (imap33 looks like imap1)", "stores.csv:2:23: server imap34", "stores.csv:3:4: server imap35"}},
		"no master":           {"stores.csv", "name,master,replicas\ns1,imap1,\ns2,,imap1\n", []string{"stores.csv:3:1: store s2 has replicas but no master"}},
		"unknown store":       {"instances.csv", "store,server,role\ns11,imap1,master\n", []string{"instances.csv:2:1: store s11 is not in the fleet (instance on imap1)"}},
		"unknown instance":    {"instances.csv", "store,server,role\ns1,imap2,master\ns1,imap2,\ns1,imap2,replica\n", []string{"instances.csv:2:4: store s1 has no master on imap2 that is not yet described", "instances.csv:4:4: store s1 has no replica on imap2 that is not yet described"}},
		"unknown store or so": {"instances.csv", "store,server,role\ns2,imap1,master\nx,imap1,\n", []string{"instances.csv:2:1: store s2 is not in the fleet (instance on imap1)", "instances.csv:3:1: store x is not in the fleet"}},
		"address":             {"instances.csv", "store,server,imap,csync,separator\ns1,imap2,imap2:x,,:\n", []string{`instances.csv:2:10: imap of s1 on imap2: "x" is no port`, `instances.csv:2:19: separator of s1 on imap2: ":" is none of . /`}},
		"instances alone":     {"stores.csv", "name\ns1\n", []string{"instances.csv:2:1: "}},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{}
			for name, text := range good {
				files[name] = text
			}
			files[test.file] = test.text
			if name == "instances alone" {
				files["instances.csv"] = "store,server,role,imap\ns1,imap1,replica,\ns1,imap9,replica,imap9\n"
				test.want = []string{"stores.csv:2:1: store s1 has replicas but no master", "instances.csv:3:4: server imap9 is not in the fleet", `instances.csv:3:18: imap of s1 on imap9: "imap9" has no port`}
			}
			expect(t, files, test.want...)
		})
	}
}

func TestMistakesInSeveralFiles(t *testing.T) {
	got, e := complaintsOf(t, map[string]string{
		"fleet.yaml": strings.Replace(base, "12TiB", "12TB8", 1) + "users: users.csv\nshares: shares.csv\n",
		"users.csv":  "user,store,disk,io\nanna,s009,1,1\n",
		"shares.csv": "owner,folder,grantee,rights\nanna,x,bob\n",
	})
	want := []string{"fleet.yaml:3:57", "users.csv:2:6", "shares.csv:2:11"}
	for i := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], want[i]) {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	if e.Summary() != "3 mistakes in 3 files" || !slices.ContainsFunc(e.Hints(), isHintAt("users.csv:2: s009 looks like s001")) {
		t.Errorf("got %q, hints %q", e.Summary(), e.Hints())
	}
	if lines := strings.Split(e.Error(), "\n"); len(lines) != 4 {
		t.Errorf("got %q", e.Error())
	}
}

func TestMistakesBeyondTheFirstHundred(t *testing.T) {
	var users strings.Builder
	users.WriteString("user,store,disk,io\n")
	for range 5000 {
		users.WriteString("x,s009,1,-1\n")
	}
	got, e := complaintsOf(t, map[string]string{"fleet.yaml": base + "users: users.csv\n", "users.csv": users.String()})
	if len(got) != 100 || e.Count != 5000+5000+4999 || e.Files != 1 {
		t.Errorf("got %d of %d mistakes in %d files", len(got), e.Count, e.Files)
	}
	if want := "14999 mistakes in 1 file; the first 100 are shown"; e.Summary() != want {
		t.Errorf("got %q, want %q", e.Summary(), want)
	}
	for i, m := range e.First {
		if want := 2 + (i+1)/3; m.Line != want {
			t.Fatalf("mistake %d is in line %d, want %d: %s", i, m.Line, want, m)
		}
	}
}

// A table that could not be read whole is not held against the others.
func TestMistakesDoNotCascade(t *testing.T) {
	good := map[string]string{
		"fleet.yaml":  "format: 1\nservers: servers.csv\nstores: stores.csv\nusers: users.csv\nshares: shares.csv\n",
		"servers.csv": "name,capacity:disk,capacity:io\nimap1,1TB,1\nimap2,1TB,1\n",
		"stores.csv":  "name,master,replicas\ns1,imap1,imap2\n",
		"users.csv":   "user,store,disk,io\nanna,s1,1,1\nbob,s1,1,1\n",
		"shares.csv":  "owner,folder,grantee,rights\nanna,x,bob,l\n",
	}
	for _, test := range []struct{ file, text, want string }{
		{"servers.csv", "name;capacity:disk\n", "servers.csv:1:1: the columns are not separated by commas"},
		{"servers.csv", "name,capacity:disk,capacity:io\nimap1,1TB,1\nimap2,1TB\n", "servers.csv:3:10: 2 fields where the header has 3"},
		{"stores.csv", "", "stores.csv:1:1: the file is empty"},
		{"stores.csv", "nam,master,replicas\n", "stores.csv:1:1: "},
		{"users.csv", "user,store,disk,io\nanna,s1,1,1\n\"bob,s1,1,1\n", "users.csv:3:1: the quote that opens here"},
		{"fleet.yaml", strings.Replace(good["fleet.yaml"], "stores.csv", "store.csv", 1), "fleet.yaml:3:9: "},
	} {
		files := map[string]string{}
		for name, text := range good {
			files[name] = text
		}
		files[test.file] = test.text
		got, e := complaintsOf(t, files)
		if !strings.HasPrefix(got[0], test.want) || e.Files != 1 || e.Count > 2 {
			t.Errorf("got %q, want only %s", got, test.want)
		}
	}
}

func TestWarnings(t *testing.T) {
	dir := lay(t, map[string]string{
		"fleet.yaml": strings.Replace(base, "stores:", "spread: [site]\nstores:", 1) + "users: users.csv\nshares: shares.csv\n",
		"users.csv":  "user,store,disk\nanna,s001,\nbob,s001,1\n",
		"shares.csv": "owner,folder,grantee,rights\nanna,x,bobb,l\n\"an\"\"na\",y,bob,l\n",
	})
	inv, notes, err := Read(t.Context(), filepath.Join(dir, "fleet.yaml"))
	if err != nil || len(inv.Users) != 2 {
		t.Fatal(err)
	}
	want := []string{
		"fleet.yaml:5:10: no server has a label at level site",
		"users.csv:1:1: there is no column io: all of its values count as 0",
		"users.csv:2:11: disk of anna is not given and counts as 0",
		"shares.csv:2:8: grantee bobb of anna/x is neither a user nor a shared tree",
		`shares.csv:3:1: owner an"na of an"na/y is neither a user nor a shared tree`,
	}
	if notes.Warnings.Count != len(want) || notes.Warnings.Files != 3 {
		t.Errorf("got %d warnings in %d files: %v", notes.Warnings.Count, notes.Warnings.Files, notes.Warnings.First)
	}
	for i, w := range notes.Warnings.First {
		if got := strings.TrimPrefix(w.String(), dir+"/"); i < len(want) && got != want[i] {
			t.Errorf("got  %s\nwant %s", got, want[i])
		}
	}
}

func TestWarningsOfInlineUsers(t *testing.T) {
	_, notes, err := Read(t.Context(), filepath.Join(lay(t, map[string]string{"fleet.yaml": base + "users:\n  - {user: anna, store: s001, disk: 5}\n"}), "fleet.yaml"))
	if err != nil || notes.Warnings.Count != 1 || !strings.Contains(notes.Warnings.First[0].String(), "fleet.yaml:9:5: io of anna is not given") {
		t.Errorf("got %v, %v", notes, err)
	}
}

// isHintAt matches a hint that ends with a place, whose directory does not
// matter, and words.
func isHintAt(end string) func(string) bool {
	return func(hint string) bool { return strings.HasSuffix(hint, "/"+end) }
}
