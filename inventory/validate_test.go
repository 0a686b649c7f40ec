package inventory

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
)

// small returns a valid inventory of three servers, two stores and four users.
func small() *Inventory {
	inv := New()
	for i, rack := range []DomainID{"a1", "a2", "a3"} {
		inv.Servers = append(inv.Servers, Server{
			Name: ServerID(fmt.Sprintf("imap%d", i+1)), Domains: map[Level]DomainID{"rack": rack},
			Slots: 10, Capacity: Load{1e12, 1000}, State: Active,
		})
	}
	instances := func(master, replica ServerID) []Instance {
		return []Instance{{Server: master, Role: Master, IMAP: string(master) + ":143"}, {Server: replica, Role: Replica}}
	}
	inv.Stores = []Store{
		{Name: "s001", State: Active, Capacity: Load{4e11}, Base: Load{0, 5}, Instances: instances("imap1", "imap2")},
		{Name: "s002", State: Active, Instances: instances("imap2", "imap3")},
	}
	for i, name := range []UserID{"anna", "bob", "carol", "team"} {
		inv.Users = append(inv.Users, User{
			Name: name, Store: inv.Stores[i%2].Name, Load: Load{1e9, 0.25}, Messages: Unknown, Mailboxes: Unknown,
		})
	}
	inv.Users[3].Kind = Shared
	inv.Shares = []Share{{Owner: "anna", Folder: "Work", Grantee: "bob", Rights: "lrs"}, {Owner: "team", Grantee: "group:staff", Rights: "lr"}}
	inv.Groups = []Membership{{Group: "staff", Member: "carol"}}
	return inv
}

func TestValidateAcceptsAGoodInventory(t *testing.T) {
	mistakes, warnings := Validate(small())
	if mistakes.Count != 0 || warnings.Count != 0 {
		t.Errorf("got %v, %v", mistakes.List, warnings.List)
	}
}

func TestValidate(t *testing.T) {
	for name, test := range map[string]struct {
		change func(inv *Inventory)
		want   string // table[row.item].field: text (hint)
	}{
		"two servers of one name":         {func(i *Inventory) { i.Servers = append(i.Servers, i.Servers[0]) }, "servers[1.0].name: server imap1 is named twice"},
		"bad server name":                 {func(i *Inventory) { i.Servers = append(i.Servers, i.Servers[0]); i.Servers[3].Name = "-x" }, `servers[0.0].name: "-x" is no name of a server`},
		"server without a name":           {func(i *Inventory) { i.Servers = append(i.Servers, i.Servers[0]); i.Servers[3].Name = "" }, "servers[0.0].name: server without a name"},
		"reserved level":                  {func(i *Inventory) { i.Servers[0].Domains = map[Level]DomainID{"server": "x"} }, "servers[0.0].domain:server: domains of imap1"},
		"bad domain":                      {func(i *Inventory) { i.Servers[0].Domains = map[Level]DomainID{"rack": "a b"} }, `servers[0.0].domain:rack: "a b" is no name of a failure domain`},
		"no capacity":                     {func(i *Inventory) { i.Servers[0].Capacity[1] = 0 }, "servers[0.0].capacity:io: server imap1 has no capacity for io"},
		"capacity too small":              {func(i *Inventory) { i.Servers[0].Capacity[1] = 5e-324 }, "servers[0.0].capacity:io: capacity of imap1: 5e-324 is too small"},
		"store capacity too small":        {func(i *Inventory) { i.Stores[0].Capacity[1] = 1e-9 }, "stores[0.0].capacity:io: capacity of s001: 1e-09 is too small"},
		"negative capacity":               {func(i *Inventory) { i.Servers[0].Capacity[1] = -3 }, "servers[0.0].capacity:io: capacity of imap1: -3 is not a value of io"},
		"capacity is not a number":        {func(i *Inventory) { i.Servers[0].Capacity[0] = math.NaN() }, "servers[0.0].capacity:disk: capacity of imap1: NaN"},
		"server state":                    {func(i *Inventory) { i.Servers[0].State = "on" }, `servers[0.0].state: state of imap1: "on" is none of active, drain and down`},
		"slots":                           {func(i *Inventory) { i.Servers[0].Slots = -2 }, "servers[0.0].slots"},
		"bandwidth":                       {func(i *Inventory) { i.Servers[0].Bandwidth = -1 }, "servers[0.0].bandwidth"},
		"transfers":                       {func(i *Inventory) { i.Servers[0].Transfers = -1 }, "servers[0.0].transfers"},
		"two stores of one name":          {func(i *Inventory) { i.Stores[1].Name = "s001"; moveAll(i, "s001") }, "stores[1.0].name: store s001 is named twice"},
		"store down":                      {func(i *Inventory) { i.Stores[0].State = Down }, `stores[0.0].state: state of s001: "down" is neither active nor drain`},
		"store copies":                    {func(i *Inventory) { i.Stores[0].Copies = -1 }, "stores[0.0].copies"},
		"half a byte of base":             {func(i *Inventory) { i.Stores[0].Base[0] = 0.5 }, "stores[0.0].base:disk: base of s001: 0.5 is not a value of disk"},
		"unknown server of an instance":   {func(i *Inventory) { i.Stores[0].Instances[1].Server = "imap33" }, "instances[0.1].server: server imap33 is not in the fleet (store s001) (imap33 looks like imap3)"},
		"instance without a server":       {func(i *Inventory) { i.Stores[0].Instances[1].Server = "" }, "instances[0.1].server: an instance of s001 names no server"},
		"bad role":                        {func(i *Inventory) { i.Stores[0].Instances[0].Role = "slave" }, `instances[0.0].role: role of s001 on imap1: "slave"`},
		"replica without master":          {func(i *Inventory) { i.Stores[0].Instances[0].Role = Replica }, "stores[0.0].: store s001 has replicas but no master"},
		"two masters":                     {func(i *Inventory) { i.Stores[0].Instances[1].Role = Master }, "instances[0.1].role: store s001 has 2 masters"},
		"master not first":                {func(i *Inventory) { slices.Reverse(i.Stores[0].Instances) }, "stores[0.0].: the master of store s001 is not its first instance"},
		"address without port":            {func(i *Inventory) { i.Stores[0].Instances[0].IMAP = "imap1" }, `instances[0.0].imap: imap of s001 on imap1: "imap1" has no port`},
		"address with a bad port":         {func(i *Inventory) { i.Stores[0].Instances[0].CSync = "imap1:0" }, `instances[0.0].csync: csync of s001 on imap1: "0" is no port`},
		"address without host":            {func(i *Inventory) { i.Stores[0].Instances[0].IMAP = ":143" }, `"" is no host`},
		"control character in a path":     {func(i *Inventory) { i.Stores[0].Instances[0].Log = "a\nb" }, "instances[0.0].log: log of s001 on imap1"},
		"bad separator":                   {func(i *Inventory) { i.Stores[0].Instances[0].Settings.Separator = "|" }, `instances[0.0].separator: separator of s001 on imap1: "|" is none of . /`},
		"only nothing":                    {func(i *Inventory) { i.Stores[0].Only = map[Level][]DomainID{"rack": {}} }, "stores[0.0].only:rack: only of s001 allows no domain"},
		"user twice":                      {func(i *Inventory) { i.Users[1].Name = "anna" }, "users[1.0].user: user anna is named twice"},
		"user and shared tree":            {func(i *Inventory) { i.Users[2].Name = "team" }, "users[3.0].user: team is the name of a user and of a shared tree"},
		"user without a name":             {func(i *Inventory) { i.Users[0].Name = "" }, "users[0.0].user: user without a name"},
		"control character in a name":     {func(i *Inventory) { i.Users[0].Name = "a\x1b" }, `users[0.0].user: "a\x1b" is no name of a user`},
		"unknown store":                   {func(i *Inventory) { i.Users[0].Store = "s009" }, "users[0.0].store: store s009 is not in the fleet (user anna) (s009 looks like s001)"},
		"user without a store":            {func(i *Inventory) { i.Users[0].Store = "" }, "users[0.0].store: user anna has no store"},
		"negative load":                   {func(i *Inventory) { i.Users[0].Load[1] = -1 }, "users[0.0].io: io of anna: -1 is not a value of io"},
		"moved on no day":                 {func(i *Inventory) { i.Users[0].Moved = "2026-02-29" }, `users[0.0].moved: moved of anna: "2026-02-29" is not a date`},
		"negative messages":               {func(i *Inventory) { i.Users[0].Messages = -2 }, "users[0.0].: anna has a negative number"},
		"unknown kind":                    {func(i *Inventory) { i.Users[0].Kind = 7 }, "users[0.0].kind"},
		"estimated in nothing":            {func(i *Inventory) { i.Users[0].Estimated = 4 }, "users[0.0].estimated"},
		"share twice":                     {func(i *Inventory) { i.Shares[1] = i.Shares[0] }, "shares[1.0].: share of anna/Work with bob is listed twice"},
		"share of nobody":                 {func(i *Inventory) { i.Shares[0].Owner = "" }, `shares[0.0].owner: owner of a share: "" is no name`},
		"share with nobody":               {func(i *Inventory) { i.Shares[0].Grantee = "" }, "shares[0.0].grantee: grantee of anna/Work"},
		"bad folder":                      {func(i *Inventory) { i.Shares[0].Folder = "a\x00" }, `shares[0.0].folder: folder shared by anna: "a\x00"`},
		"bad rights":                      {func(i *Inventory) { i.Shares[0].Rights = "\xff" }, "shares[0.0].rights"},
		"member twice":                    {func(i *Inventory) { i.Groups = append(i.Groups, i.Groups[0]) }, "groups[1.0].: member carol of group staff is listed twice"},
		"group with its prefix":           {func(i *Inventory) { i.Groups = []Membership{{"group:staff", "bob"}, {"staff", "carol"}} }, "groups[0.0].group: group group:staff is written without group: here (write staff)"},
		"group without a name":            {func(i *Inventory) { i.Groups = []Membership{{"", "bob"}, {"staff", "carol"}} }, `groups[0.0].group: "" is no name of a group`},
		"no resources":                    {func(i *Inventory) { i.Resources = nil }, "resources[-1.0].: no resource is declared"},
		"nine resources":                  {func(i *Inventory) { nineResources(i) }, "resources[8.0].: 9 resources are declared; at most 8"},
		"resource twice":                  {func(i *Inventory) { i.Resources[1].Name = "disk" }, "resources[1.0].: resource disk is declared twice"},
		"resource named like a column":    {func(i *Inventory) { i.Resources[1].Name = "store" }, "resources[1.0].: a resource can't be called store"},
		"negative replica factor":         {func(i *Inventory) { i.Resources[1].Replica = -0.1 }, "resources[1.0].replica: replica factor of io: -0.1 is not a number from 0"},
		"cold factor below 1":             {func(i *Inventory) { i.Resources[1].Cold = 0.5 }, "resources[1.0].cold: cold factor of io: 0.5 is not a number from 1"},
		"ceiling 0":                       {func(i *Inventory) { i.Resources[1].Ceiling = 0 }, "resources[1.0].ceiling: ceiling of io: 0 is not above 0"},
		"failure ceiling by level":        {func(i *Inventory) { i.Resources[1].FailureCeiling.ByLevel = map[Level]float64{"rack": -1} }, "resources[1.0].failure_ceiling:rack"},
		"two defaults of failure ceiling": {func(i *Inventory) { i.Resources[1].FailureCeiling = FailureCeiling{0.9, map[Level]float64{"rack": 1}} }, "resources[1.0].failure_ceiling: failure_ceiling of io by level"},
		"spread twice":                    {func(i *Inventory) { i.Spread = []Spread{{"rack", 0}, {"rack", 2}} }, "fleet[0.0].spread:rack: spread names level rack twice"},
		"spread over a negative number":   {func(i *Inventory) { i.Spread = []Spread{{"rack", -1}} }, "fleet[0.0].spread:rack: spread over rack: -1"},
		"survive twice":                   {func(i *Inventory) { i.Survive = []Level{"rack", "rack"} }, "fleet[0.0].survive:rack: survive names level rack twice"},
		"negative copies":                 {func(i *Inventory) { i.Copies = -1 }, "fleet[0.0].copies"},
		"sharing with anyone":             {func(i *Inventory) { i.Sharing.Anyone = Tie }, `fleet[0.0].sharing:anyone: sharing: anyone is "tie"`},
		"sharing with groups":             {func(i *Inventory) { i.Sharing.Group = "" }, `fleet[0.0].sharing:group: sharing: group is ""`},
		"sharing by rights":               {func(i *Inventory) { i.Sharing.Rights = "w" }, `fleet[0.0].sharing:rights: sharing: rights is "w"`},
		"ignoring nobody":                 {func(i *Inventory) { i.Sharing.Ignore = []UserID{""} }, `fleet[0.0].sharing:ignore:: sharing: "" in ignore`},
		"loads that overflow":             {func(i *Inventory) { i.Users[1].Load[0], i.Users[2].Load[0] = MaxValue/2, MaxValue/2 }, "users[2.0].disk: the loads of all users and stores in disk add up to more than 1024PiB"},
	} {
		t.Run(name, func(t *testing.T) {
			inv := small()
			test.change(inv)
			inv.Sort()
			mistakes, _ := Validate(inv)
			if mistakes.Count != 1 || len(mistakes.List) != 1 {
				t.Fatalf("got %d mistakes %v, want the one", mistakes.Count, mistakes.List)
			}
			if got := said(mistakes.List[0]); !strings.Contains(got, test.want) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func said(m Mistake) string {
	text := fmt.Sprintf("%s[%d.%d].%s: %s", m.Place.Table, m.Place.Row, m.Place.Item, m.Place.Field, m.Text)
	if m.Hint != "" {
		text += " (" + m.Hint + ")"
	}
	return text
}

func moveAll(inv *Inventory, store StoreID) {
	for i := range inv.Users {
		inv.Users[i].Store = store
	}
}

func nineResources(inv *Inventory) {
	for i := range 7 {
		inv.Resources = append(inv.Resources, NewResource(ResourceID(fmt.Sprintf("r%d", i)), "", 1))
	}
	for i := range inv.Servers {
		inv.Servers[i].Capacity = Load{1, 1, 1, 1, 1, 1, 1, 1}
	}
}

func TestValidateWarns(t *testing.T) {
	for name, test := range map[string]struct {
		change func(inv *Inventory)
		want   string
	}{
		"spread over no level":    {func(i *Inventory) { i.Spread = []Spread{{"racks", 0}} }, "fleet[0.0].spread:racks: no server has a label at level racks (racks looks like rack)"},
		"survive no level":        {func(i *Inventory) { i.Survive = []Level{"site"} }, "fleet[0.0].survive:site: no server has a label at level site"},
		"failure ceiling nowhere": {func(i *Inventory) { i.Resources[1].FailureCeiling.ByLevel = map[Level]float64{"site": 1} }, "resources[1.0].failure_ceiling:site: no server"},
		"failure ceiling unused":  {func(i *Inventory) { i.Resources[1].FailureCeiling.ByLevel = map[Level]float64{"rack": 0.9} }, "resources[1.0].failure_ceiling:rack: failure_ceiling of io for rack has no effect: the fleet is not to survive failures of that level (survive lists"},
		"only at no level":        {func(i *Inventory) { i.Stores[0].Only = map[Level][]DomainID{"site": {"ny"}} }, "stores[0.0].only:site: no server"},
		"only in no domain":       {func(i *Inventory) { i.Stores[0].Only = map[Level][]DomainID{"rack": {"a1", "a9"}} }, "stores[0.0].only:rack:a9: only of s001: no server is in rack:a9"},
		"only on no server":       {func(i *Inventory) { i.Stores[0].Only = map[Level][]DomainID{"server": {"imap9"}} }, "no server is in server:imap9 (imap9 looks like imap1)"},
		"users without instance":  {func(i *Inventory) { i.Stores[1].Instances = nil }, "stores[1.0].: store s002 has 2 users but no instance that holds their mail"},
		"unknown owner":           {func(i *Inventory) { i.Shares[0].Owner = "ann" }, "shares[0.0].owner: owner ann of ann/Work is neither"},
		"unknown grantee":         {func(i *Inventory) { i.Shares[0].Grantee = "dora" }, "shares[0.0].grantee: grantee dora of anna/Work is neither a user nor a shared tree"},
		"group without members":   {func(i *Inventory) { i.Shares[1].Grantee = "group:boss" }, "shares[1.0].grantee: group boss, to which team is open, has no members here"},
		"unknown member":          {func(i *Inventory) { i.Groups = append(i.Groups, Membership{"staff", "zoe"}) }, "groups[1.0].member: member zoe of group staff"},
	} {
		t.Run(name, func(t *testing.T) {
			inv := small()
			test.change(inv)
			inv.Sort()
			mistakes, warnings := Validate(inv)
			if mistakes.Count != 0 || len(warnings.List) != 1 {
				t.Fatalf("got %v, %v, want one warning", mistakes.List, warnings.List)
			}
			if got := said(warnings.List[0]); !strings.Contains(got, test.want) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestValidateSaysNothingOfGranteesThatNeverTie(t *testing.T) {
	inv := small()
	inv.Sharing.Ignore = []UserID{"archive"}
	for _, grantee := range []string{"anyone", "anonymous", "-dora", "-group:x", "archive"} {
		inv.Shares = append(inv.Shares, Share{Owner: "bob", Folder: "x", Grantee: grantee, Rights: "l"})
	}
	inv.Sort()
	if mistakes, warnings := Validate(inv); mistakes.Count+warnings.Count != 0 {
		t.Errorf("got %v, %v", mistakes.List, warnings.List)
	}
}

func TestValidateLetsRulesBeBroken(t *testing.T) {
	inv := small()
	inv.Stores[0].Instances[1].Server = "imap1" // breaks apart
	inv.Copies = 7                              // more than there are servers
	inv.Servers[2].Slots = 0
	inv.Stores = append(inv.Stores, Store{Name: "s003", State: Active}) // yet to be created
	if mistakes, warnings := Validate(inv); mistakes.Count+warnings.Count != 0 {
		t.Errorf("got %v, %v", mistakes.List, warnings.List)
	}
}

func TestValidateCountsMoreThanItKeeps(t *testing.T) {
	inv := small()
	inv.Users = nil
	for i := range 5000 {
		inv.Users = append(inv.Users, User{Name: UserID(fmt.Sprintf("u%05d", i)), Store: "s009", Messages: Unknown, Mailboxes: Unknown})
	}
	inv.Shares, inv.Groups = nil, nil
	mistakes, _ := Validate(inv)
	if mistakes.Count != 5000 || len(mistakes.List) != 100 {
		t.Errorf("got %d mistakes, %d kept, want 5000 and the first 100", mistakes.Count, len(mistakes.List))
	}
	if at := mistakes.List[99].Place.Row; at != 99 {
		t.Errorf("the last one kept is in row %d, want 99", at)
	}
}

func TestValidDate(t *testing.T) {
	want := map[Date]bool{
		"2026-01-31": true, "2024-02-29": true, "2000-02-29": true, "1900-02-29": false, "2026-04-31": false, "2026-13-01": false,
		"2026-00-10": false, "2026-1-1": false, "2026/01/01": false, "0000-01-01": false, "2026-01-00": false, "": false, "２０２６-1": false,
	}
	for _, date := range slices.Sorted(maps.Keys(want)) {
		if got := ValidDate(date); got != want[date] {
			t.Errorf("ValidDate(%q) = %v", date, got)
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	inv := small()
	inv.Users, inv.Shares = nil, nil
	for i := range 1_000_000 {
		inv.Users = append(inv.Users, User{Name: UserID(fmt.Sprintf("user%07d", i)), Store: inv.Stores[i%2].Name, Load: Load{1e9, 0.25}, Messages: Unknown, Mailboxes: Unknown})
	}
	for i := range 1_000_000 {
		inv.Shares = append(inv.Shares, Share{Owner: inv.Users[i].Name, Folder: "Work", Grantee: string(inv.Users[(i*7919)%1_000_000].Name), Rights: "lrs"})
	}
	inv.Groups = nil
	b.ReportAllocs()
	for b.Loop() {
		if mistakes, _ := Validate(inv); mistakes.Count != 0 {
			b.Fatal(mistakes.List)
		}
	}
}
