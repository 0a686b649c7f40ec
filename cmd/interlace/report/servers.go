package report

import (
	"math"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// Server is a server and what it carries now.
type Server struct {
	*inventory.Server
	Masters, Replicas int
	Load              inventory.Load // what its instances weigh; zero while it is down
	Estimated         uint8          // bit i is set where Load[i] rests on estimates
}

// Servers is the table of servers.
func Servers(inv *inventory.Inventory, servers []Server) *Table {
	levels := inv.Levels()
	t := &Table{Columns: []Column{left("server", "server", 0), stateColumn(3, servers, func(s Server) inventory.State { return s.State })}}
	for _, level := range levels {
		t.Columns = append(t.Columns, left(string(level), string(level), 2))
	}
	t.Columns = append(t.Columns, right("masters", "masters", 1), right("replicas", "replicas", 1), right("slots", "slots", 4))
	for _, r := range inv.Resources {
		t.Columns = append(t.Columns, loadColumns(r)...)
	}
	t.Columns = append(t.Columns, hidden("estimated"))
	t.Rows = rowsOf(servers, func(s Server) []Cell { return serverRow(inv, levels, &s) })
	return t
}

func serverRow(inv *inventory.Inventory, levels []inventory.Level, s *Server) []Cell {
	row := []Cell{words(string(s.Name)), state(s.State)}
	for _, level := range levels {
		row = append(row, words(string(s.Domains[level])))
	}
	slots := words("unlimited")
	if s.Slots != inventory.Unlimited {
		slots = count(s.Slots)
	}
	row = append(row, count(s.Masters), count(s.Replicas), slots)
	for r := range inv.Resources {
		row = append(row, loadCells(&inv.Resources[r], s.Load[r], s.Capacity[r], s.Estimated&(1<<r) != 0)...)
	}
	return append(row, estimatedIn(inv, s.Estimated))
}

// stateColumn may be dropped only where every state is active.
func stateColumn[T any](drop int, list []T, of func(T) inventory.State) Column {
	if slices.ContainsFunc(list, func(t T) bool { return of(t) != inventory.Active }) {
		drop = 0
	}
	return left("state", "state", drop)
}

func state(s inventory.State) Cell {
	switch s {
	case inventory.Drain:
		return words(string(s)).in(Soon)
	case inventory.Down:
		return words(string(s)).in(Broken)
	}
	return words(string(s))
}

// loadColumns are the load in a resource, the capacity and what part of it the load is.
func loadColumns(r inventory.Resource) []Column {
	of := right("of", "capacity_"+resourceKey(r), 5)
	of.Unit, of.Named = shownUnit(r), "capacity for "+string(r.Name)
	part := right("", "utilisation_"+string(r.Name), 0)
	part.Alone, part.By = string(r.Name), resourceKey(r)
	return []Column{loadColumn(r), of, part}
}

// loadColumn is the load in a resource.
func loadColumn(r inventory.Resource) Column {
	c := right(string(r.Name), resourceKey(r), 1)
	c.Unit = shownUnit(r)
	return c
}

// shownUnit is the unit behind a heading; that of sizes is the scale itself.
func shownUnit(r inventory.Resource) string {
	if r.Unit == inventory.UnitBytes {
		return ""
	}
	return r.Unit
}

// resourceKey names a resource with its unit: disk_bytes, io_ops_per_s.
func resourceKey(r inventory.Resource) string {
	unit := strings.ReplaceAll(r.Unit, "/", "_per_")
	unit = strings.Map(func(c rune) rune {
		if c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, unit)
	if unit == "" {
		return string(r.Name)
	}
	return string(r.Name) + "_" + unit
}

func loadCells(r *inventory.Resource, load, capacity float64, estimated bool) []Cell {
	used := loadCell(r, load, estimated)
	if capacity == 0 {
		return []Cell{used, Nothing, Nothing}
	}
	u := min(load/capacity, math.MaxFloat64) // of a capacity next to nothing
	part := figure(Ratio, significant(u)).in(tone(u, r.Ceiling))
	part.Estimated = used.Estimated
	return []Cell{used, figure(kindOf(r), capacity), part}
}

// loadCell is a load without the noise of its arithmetic; nothing is no estimate.
func loadCell(r *inventory.Resource, load float64, estimated bool) Cell {
	value := significant(load)
	if r.Unit == inventory.UnitBytes {
		value = math.Round(load)
	}
	c := figure(kindOf(r), value)
	c.Estimated = estimated && load != 0
	return c
}

// estimatedIn lists the resources whose bits are set.
func estimatedIn(inv *inventory.Inventory, bits uint8) Cell {
	var names []inventory.ResourceID
	for r := range inv.Resources {
		if bits&(1<<r) != 0 {
			names = append(names, inv.Resources[r].Name)
		}
	}
	return list(names)
}

func kindOf(r *inventory.Resource) Kind {
	if r.Unit == inventory.UnitBytes {
		return Size
	}
	return Quantity
}

// Store is a mail store and what it carries now.
type Store struct {
	*inventory.Store
	Users     int            // without shared trees, or with them where Mixed
	Shared    int            // shared trees
	Mixed     bool           // of an old inventory, which no longer tells users from shared trees
	Load      inventory.Load // that of its users and its own
	Estimated uint8          // bit i is set where Load[i] rests on estimates
}

// Stores is the table of stores.
func Stores(inv *inventory.Inventory, stores []Store) *Table {
	down := downServers(inv)
	t := &Table{Columns: []Column{
		left("store", "store", 0), stateColumn(4, stores, func(s Store) inventory.State { return s.State }),
		left("master", "master", 0), left("replicas", "replicas", 0).late(1), servedBy(down, stores),
		right("users", "users", 1), right("shared trees", "shared_trees", 6), left("pinned", "pinned", 5),
	}}
	for _, r := range inv.Resources {
		t.Columns = append(t.Columns, loadColumns(r)...)
	}
	t.Columns = append(t.Columns, hidden("estimated"))
	t.Rows = rowsOf(stores, func(s Store) []Cell { return storeRow(inv, down, &s) })
	return t
}

// servedBy is the column of who serves a store, shown where it is not the master.
func servedBy(down map[inventory.ServerID]bool, stores []Store) Column {
	c := left("served by", "served_by", 0)
	c.Hidden = !slices.ContainsFunc(stores, func(s Store) bool { return len(s.Instances) > 0 && down[s.Instances[0].Server] })
	return c
}

// serving is the server of the first instance that is not down, which the others
// follow in the order of their promotion.
func serving(down map[inventory.ServerID]bool, s *inventory.Store) Cell {
	for _, in := range s.Instances {
		if !down[in.Server] {
			return words(string(in.Server))
		}
	}
	return Nothing.as("nobody").in(Broken)
}

// downServers are the servers that are down.
func downServers(inv *inventory.Inventory) map[inventory.ServerID]bool {
	down := map[inventory.ServerID]bool{}
	for i := range inv.Servers {
		if inv.Servers[i].State == inventory.Down {
			down[inv.Servers[i].Name] = true
		}
	}
	return down
}

func storeRow(inv *inventory.Inventory, down map[inventory.ServerID]bool, s *Store) []Cell {
	master, replicas := Nothing, []inventory.ServerID{}
	for _, in := range s.Instances {
		if in.Role == inventory.Master {
			master = words(string(in.Server))
			if down[in.Server] {
				master = master.in(Broken)
			}
		} else {
			replicas = append(replicas, in.Server)
		}
	}
	users, shared := count(s.Users), count(s.Shared)
	if s.Mixed {
		users.Estimated, shared = true, Unknown
	}
	row := []Cell{words(string(s.Name)), state(s.State), master, list(replicas), serving(down, s.Store), users, shared, yes(s.Pinned, "pinned")}
	for r := range inv.Resources {
		row = append(row, loadCells(&inv.Resources[r], s.Load[r], s.Capacity[r], s.Estimated&(1<<r) != 0)...)
	}
	return append(row, estimatedIn(inv, s.Estimated))
}

func yes(b bool, word string) Cell {
	if b {
		return words(word)
	}
	return Nothing
}
