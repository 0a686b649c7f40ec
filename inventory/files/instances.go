package files

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/interlacemail/interlace/inventory"
)

// instanceRow is an instance as the table of instances describes it.
type instanceRow struct {
	store inventory.StoreID
	inventory.Instance
}

// instanceColumns are the columns of the table of instances; the first, the
// store, is not in the instances of a store in YAML.
func (r *reader) instanceColumns() []column[instanceRow] {
	text := func(name string, field func(row *instanceRow) *string) column[instanceRow] {
		return column[instanceRow]{name: name, set: func(row *instanceRow, text []byte) error {
			*field(row) = r.intern.text(text)
			return nil
		}}
	}
	return []column[instanceRow]{
		{name: "store", key: true, identity: true, required: true, set: func(row *instanceRow, text []byte) error {
			row.store = inventory.StoreID(r.intern.text(text))
			return nil
		}},
		{name: "server", identity: true, required: true, set: func(row *instanceRow, text []byte) error {
			row.Server = inventory.ServerID(r.intern.text(text))
			return nil
		}},
		{name: "role", set: func(row *instanceRow, text []byte) error {
			row.Role = inventory.Role(r.intern.text(text))
			return nil
		}},
		text("imap", func(row *instanceRow) *string { return &row.IMAP }),
		text("csync", func(row *instanceRow) *string { return &row.CSync }),
		text("imapd_conf", func(row *instanceRow) *string { return &row.IMAPDConf }),
		text("sync_dir", func(row *instanceRow) *string { return &row.SyncDir }),
		text("log", func(row *instanceRow) *string { return &row.Log }),
		text("version", func(row *instanceRow) *string { return &row.Settings.Version }),
		text("separator", func(row *instanceRow) *string { return &row.Settings.Separator }),
		text("virtdomains", func(row *instanceRow) *string { return &row.Settings.VirtDomains }),
		text("conversations", func(row *instanceRow) *string { return &row.Settings.Conversations }),
		{name: "partitions", list: true, set: func(row *instanceRow, text []byte) error {
			row.Settings.Partitions = strings.Join(slices.Sorted(strings.FieldsSeq(string(text))), " ")
			return nil
		}},
	}
}

// readInstances reads the table of instances and gives each store what it says.
func (r *reader) readInstances(node *yaml.Node) {
	var rows []instanceRow
	t := readTable(r, node, format[instanceRow]{
		name: inventory.InInstances, columns: r.instanceColumns(),
		keep: func(row *instanceRow) { rows = append(rows, *row) },
	})
	stores := make(map[inventory.StoreID]int, len(r.inv.Stores))
	listed := make([]bool, len(r.inv.Stores)) // the table of stores says where instances are
	for i := range r.inv.Stores {
		stores[r.inv.Stores[i].Name] = i
		listed[i] = len(r.inv.Stores[i].Instances) > 0
	}
	for i, row := range rows {
		store, ok := stores[row.store]
		switch {
		case !ok:
			r.strayInstance(t, i, row, stores)
		case !listed[store]:
			r.inv.Stores[store].Instances = append(r.inv.Stores[store].Instances, row.Instance)
			r.placed[store] = append(r.placed[store], placed{row: i + 1})
		case !r.describe(store, i, row):
			r.mistakes.keep(r.cell(t, i, "server"), "store %s has no %s on %s that is not yet described",
				inventory.Printable(string(row.store)), instanceOf(row.Role), inventory.Printable(string(row.Server)))
		}
	}
	for i := range r.inv.Stores {
		masterFirst(r.inv.Stores[i].Instances, r.placed[i])
	}
}

func instanceOf(role inventory.Role) string {
	if role == "" {
		return "instance"
	}
	return inventory.Printable(string(role))
}

// describe gives the instance that the row is about its addresses and settings.
func (r *reader) describe(store, row int, described instanceRow) bool {
	instances, places := r.inv.Stores[store].Instances, r.placed[store]
	for i := range instances {
		bare := inventory.Instance{Server: instances[i].Server, Role: instances[i].Role}
		same := bare.Server == described.Server && (described.Role == bare.Role || described.Role == "")
		if same && instances[i] == bare && places[i].row == 0 {
			instances[i], places[i].row = described.Instance, row+1
			instances[i].Role = bare.Role
			return true
		}
	}
	return false
}

func (r *reader) strayInstance(t *table, row int, stray instanceRow, stores map[inventory.StoreID]int) {
	if r.partial || r.incomplete[inventory.InStores] {
		return
	}
	f := r.mistakes.keep(r.cell(t, row, "store"), "store %s is not in the fleet (instance on %s)",
		inventory.Printable(string(stray.store)), inventory.Printable(string(stray.Server)))
	if f == nil {
		return
	}
	if meant := inventory.Nearest(string(stray.store), slices.Collect(maps.Keys(stores))); meant != "" {
		f.hint = inventory.Printable(string(stray.store)) + " looks like " + meant
	}
}
