package files

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// field is a column of a table that is written.
type field[T any] struct {
	name string
	text func(row *T) string
	used bool // written even if it is empty in all rows
}

// tablesBeside returns the tables that do not stand in the fleet file itself.
func tablesBeside(inv *inventory.Inventory, servers, stores bool) []file {
	var tables []file
	if servers {
		tables = append(tables, file{serversFile, tableOf(inv.Servers, serverFields(inv))})
	}
	if stores {
		tables = append(tables, file{storesFile, tableOf(inv.Stores, storeFields(inv))})
		if rows := instanceRows(inv); rows != nil {
			tables = append(tables, file{instancesFile, tableOf(rows, instanceFields())})
		}
	}
	if len(inv.Users) > 0 {
		tables = append(tables, file{usersFile, tableOf(inv.Users, userFields(inv))})
	}
	if len(inv.Shares) > 0 {
		tables = append(tables, file{sharesFile, tableOf(inv.Shares, shareFields)})
	}
	if len(inv.Groups) > 0 {
		tables = append(tables, file{groupsFile, tableOf(inv.Groups, groupFields)})
	}
	return tables
}

// tableOf returns what writes rows as CSV, without optional columns that are
// empty in every row.
func tableOf[T any](rows []T, fields []field[T]) func(w io.Writer) error {
	return func(w io.Writer) error {
		fields := slices.DeleteFunc(slices.Clone(fields), func(f field[T]) bool { return !f.used && !anyText(rows, f.text) })
		buffer := bufio.NewWriterSize(w, 1<<18)
		out := csv.NewWriter(buffer)
		line := make([]string, len(fields))
		for i, f := range fields {
			line[i] = f.name
		}
		if err := out.Write(line); err != nil {
			return err
		}
		for i := range rows {
			size := 0
			for j, f := range fields {
				line[j] = f.text(&rows[i])
				size += len(line[j]) + strings.Count(line[j], `"`) + len(`"",`)
			}
			if size > maxLine {
				return fmt.Errorf("%s %s: its line would be longer than %d KiB", fields[0].name, inventory.Printable(line[0]), maxLine>>10)
			}
			if err := out.Write(line); err != nil {
				return err
			}
		}
		out.Flush()
		return buffer.Flush()
	}
}

func anyText[T any](rows []T, text func(row *T) string) bool {
	for i := range rows {
		if text(&rows[i]) != "" {
			return true
		}
	}
	return false
}

func serverFields(inv *inventory.Inventory) []field[inventory.Server] {
	type server = inventory.Server
	fields := []field[server]{
		{"name", func(s *server) string { return string(s.Name) }, true},
		{"slots", slotsText, false},
		{"state", func(s *server) string { return string(s.State) }, true},
	}
	for _, level := range inv.Levels() {
		fields = append(fields, field[server]{"domain:" + string(level), func(s *server) string { return string(s.Domains[level]) }, false})
	}
	for i, resource := range inv.Resources {
		fields = append(fields, field[server]{"capacity:" + string(resource.Name), func(s *server) string { return resource.Format(s.Capacity[i]) }, true})
	}
	return append(fields,
		field[server]{"bandwidth", bandwidthText, false},
		field[server]{"transfers", func(s *server) string { return positive(s.Transfers) }, false})
}

func slotsText(s *inventory.Server) string {
	if s.Slots == inventory.Unlimited {
		return ""
	}
	return strconv.Itoa(s.Slots)
}

func bandwidthText(s *inventory.Server) string {
	if s.Bandwidth == 0 {
		return ""
	}
	return inventory.FormatBandwidth(s.Bandwidth)
}

// positive returns the number, or nothing for 0.
func positive(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// amount returns a value in a resource, or nothing for 0.
func amount(resource inventory.Resource, value float64) string {
	if value == 0 {
		return ""
	}
	return resource.Format(value)
}

func storeFields(inv *inventory.Inventory) []field[inventory.Store] {
	type store = inventory.Store
	fields := []field[store]{
		{"name", func(s *store) string { return string(s.Name) }, true},
		{"master", masterText, true},
		{"replicas", replicasText, true},
		{"state", func(s *store) string { return string(s.State) }, true},
		{"pinned", func(s *store) string { return trueText(s.Pinned) }, false},
		{"copies", func(s *store) string { return positive(s.Copies) }, false},
	}
	for i, resource := range inv.Resources {
		fields = append(fields, field[store]{"capacity:" + string(resource.Name), func(s *store) string { return amount(resource, s.Capacity[i]) }, false})
	}
	for i, resource := range inv.Resources {
		fields = append(fields, field[store]{"base:" + string(resource.Name), func(s *store) string { return amount(resource, s.Base[i]) }, false})
	}
	for _, level := range onlyLevels(inv) {
		fields = append(fields, field[store]{"only:" + string(level), func(s *store) string { return words(s.Only[level]) }, false})
	}
	return fields
}

func masterText(s *inventory.Store) string {
	if master := s.Master(); master != nil {
		return string(master.Server)
	}
	return ""
}

func replicasText(s *inventory.Store) string {
	var servers []inventory.ServerID
	for i := range s.Instances {
		if s.Instances[i].Role == inventory.Replica {
			servers = append(servers, s.Instances[i].Server)
		}
	}
	return words(servers)
}

func trueText(v bool) string {
	if v {
		return "true"
	}
	return ""
}

func onlyLevels(inv *inventory.Inventory) []inventory.Level {
	levels := map[inventory.Level]bool{}
	for i := range inv.Stores {
		for level := range inv.Stores[i].Only {
			levels[level] = true
		}
	}
	return slices.Sorted(maps.Keys(levels))
}

// instanceRows returns all instances, or nil if there is nothing to say about
// any of them but server and role.
func instanceRows(inv *inventory.Inventory) []instanceRow {
	var rows []instanceRow
	described := false
	for i := range inv.Stores {
		for _, instance := range inv.Stores[i].Instances {
			described = described || instance != inventory.Instance{Server: instance.Server, Role: instance.Role}
			rows = append(rows, instanceRow{inv.Stores[i].Name, instance})
		}
	}
	if !described {
		return nil
	}
	return rows
}

func instanceFields() []field[instanceRow] {
	type row = instanceRow
	return []field[row]{
		{"store", func(r *row) string { return string(r.store) }, true},
		{"server", func(r *row) string { return string(r.Server) }, true},
		{"role", func(r *row) string { return string(r.Role) }, true},
		{"imap", func(r *row) string { return r.IMAP }, false},
		{"csync", func(r *row) string { return r.CSync }, false},
		{"imapd_conf", func(r *row) string { return r.IMAPDConf }, false},
		{"sync_dir", func(r *row) string { return r.SyncDir }, false},
		{"log", func(r *row) string { return r.Log }, false},
		{"version", func(r *row) string { return r.Settings.Version }, false},
		{"separator", func(r *row) string { return r.Settings.Separator }, false},
		{"virtdomains", func(r *row) string { return r.Settings.VirtDomains }, false},
		{"conversations", func(r *row) string { return r.Settings.Conversations }, false},
		{"partitions", func(r *row) string { return r.Settings.Partitions }, false},
	}
}

func userFields(inv *inventory.Inventory) []field[inventory.User] {
	type user = inventory.User
	fields := []field[user]{
		{"user", func(u *user) string { return string(u.Name) }, true},
		{"store", func(u *user) string { return string(u.Store) }, true},
	}
	for i, resource := range inv.Resources {
		fields = append(fields, field[user]{string(resource.Name), func(u *user) string { return inventory.FormatNumber(u.Load[i]) }, true})
	}
	return append(fields, []field[user]{
		{"kind", kindText, false},
		{"pinned", func(u *user) string { return trueText(u.Pinned) }, false},
		{"moved", func(u *user) string { return string(u.Moved) }, false},
		{"estimated", func(u *user) string { return estimatedText(inv, u.Estimated) }, false},
		{"messages", func(u *user) string { return countText(u.Messages) }, false},
		{"mailboxes", func(u *user) string { return countText(u.Mailboxes) }, false},
	}...)
}

func kindText(u *inventory.User) string {
	if u.Kind == inventory.Person {
		return ""
	}
	return u.Kind.String()
}

func countText(n inventory.Count) string {
	if n == inventory.Unknown {
		return ""
	}
	return strconv.FormatInt(int64(n), 10)
}

func estimatedText(inv *inventory.Inventory, mask uint8) string {
	if mask == 0 {
		return ""
	}
	var names []inventory.ResourceID
	for i := range inv.Resources {
		if mask&(1<<i) != 0 {
			names = append(names, inv.Resources[i].Name)
		}
	}
	return words(names)
}

var shareFields = []field[inventory.Share]{
	{"owner", func(s *inventory.Share) string { return string(s.Owner) }, true},
	{"folder", func(s *inventory.Share) string { return s.Folder }, true},
	{"grantee", func(s *inventory.Share) string { return s.Grantee }, true},
	{"rights", func(s *inventory.Share) string { return s.Rights }, true},
}

var groupFields = []field[inventory.Membership]{
	{"group", func(m *inventory.Membership) string { return m.Group }, true},
	{"member", func(m *inventory.Membership) string { return string(m.Member) }, true},
}
