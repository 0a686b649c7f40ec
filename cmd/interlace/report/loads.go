package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// Loads is what stores were measured to weigh, beside what the inventory has.
type Loads struct {
	Since     time.Time           `json:"since"`
	Until     time.Time           `json:"until"`
	Resources []LoadsOf           `json:"resources"`
	Missing   []inventory.StoreID `json:"not_measured"`
}

// LoadsOf is what stores weigh in a resource. A replica factor of the inventory is
// null where the fleet has no such resource, or has it in a unit that is not
// comparable.
type LoadsOf struct {
	Resource string           `json:"resource"`
	Unit     string           `json:"unit"`
	Foreign  string           `json:"foreign_unit,omitempty"` // the fleet's, which nobody can convert
	Replica  inventory.Number `json:"replica_factor"`
	Measured inventory.Number `json:"replica_factor_measured"`
	Over     int              `json:"replica_factor_stores"`
	Stores   []StoreLoad      `json:"stores"`
}

// StoreLoad is what a store weighs in a resource, in its unit.
type StoreLoad struct {
	Store    inventory.StoreID `json:"store"`
	Master   inventory.Number  `json:"master"`
	Replica  inventory.Number  `json:"replica"`
	Factor   inventory.Number  `json:"factor"`
	BusyHour inventory.Number  `json:"busy_hour"`
	Days     int               `json:"days"`

	Known        inventory.Number `json:"inventory_master"` // as the inventory has it: its users and its own load
	KnownReplica inventory.Number `json:"inventory_replica"`
	Estimated    bool             `json:"estimated"`
	Difference   inventory.Number `json:"difference"` // of the master
	Base         inventory.Number `json:"base"`       // which would make both equal

	Room        *Room `json:"room"`         // null where it is not about disks
	ReplicaRoom *Room `json:"replica_room"` // of several, the fullest
}

// Room is what is left on the fullest file system of an instance.
type Room struct {
	Server inventory.ServerID `json:"server"`
	Free   inventory.Number   `json:"free_bytes"`
	Fill   inventory.Number   `json:"fill"`
}

// shownLoads is how many stores of a resource the text has.
const shownLoads = 20

// fewDays is on how many days a load is seen that is little to go by.
const fewDays = 7

// MeasuredLoads is the screen of what stores weigh.
func MeasuredLoads(l *Loads) *Screen {
	s := &Screen{}
	s.add(l.head())
	for i := range l.Resources {
		of := &l.Resources[i]
		s.add(of.head())
		s.AddFirst(of.table(), shownLoads)
	}
	s.add(l.means())
	return s
}

// head says what was looked at, and how little that may be.
func (l *Loads) head() Lines {
	stores, most := map[inventory.StoreID]bool{}, 0
	for i := range l.Resources {
		for _, s := range l.Resources[i].Stores {
			stores[s.Store] = true
			if s.BusyHour.Known {
				most = max(most, s.Days)
			}
		}
	}
	var head Lines
	head.add("%s measured from %s", things(len(stores), "store", "stores"), periodText(l.Since, l.Until))
	switch {
	case most == 0:
		head = append(head, Line{Words: "of no master has an hour of 10 samples been seen: 5 m between two (probes.usage) make 12", Tone: Soon})
	case most < fewDays:
		head = append(head, Line{Words: fmt.Sprintf("seen on %s at most; a week tells more", things(most, "day", "days")), Tone: Soon})
	}
	if n := len(l.Missing); n > 0 {
		head = append(head, Line{Words: fmt.Sprintf("not measured: %s: %s", things(n, "store", "stores"), someOf(l.Missing)), Tone: Soon})
	}
	return head
}

// head names the resource and says what a replica weighs.
func (of *LoadsOf) head() Lines {
	var head Lines
	unit := ""
	if of.Unit != inventory.UnitBytes {
		unit = " in " + of.Unit
	}
	switch {
	case of.Foreign != "":
		head.add("%s%s; the fleet has it in %s, which can't be compared", of.Resource, unit, of.Foreign)
	case !of.Replica.Known:
		head.add("%s%s; the fleet has no such resource", of.Resource, unit)
	default:
		head.add("%s%s", of.Resource, unit)
	}
	switch {
	case of.Measured.Known && of.Replica.Known:
		head.add("resources.%s.replica is %s; measured %s over %s", of.Resource, plainText(of.Replica.Value), plainText(of.Measured.Value), things(of.Over, "store", "stores"))
	case of.Measured.Known:
		head.add("a replica weighs %s of its master, measured over %s", plainText(of.Measured.Value), things(of.Over, "store", "stores"))
	}
	return head
}

// means says what the columns mean.
func (l *Loads) means() Lines {
	var means Lines
	means.add("%s", joined(
		"master, replica: 95 of 100 samples of the master's busy hour were not above it, the middle of the days; what is on a disk, at last",
		"factor: replica over master", "inventory: what its users and its own load (base) weigh there", "off: measured against that",
	))
	if slices.ContainsFunc(l.Resources, func(of LoadsOf) bool { return of.Resource == "disk" }) {
		means.add("%s", "free on master, on replica: on the fullest file system of an instance, which others may fill as well")
	}
	return means
}

// table has those first whose file systems are fullest, then those that are off most.
func (of *LoadsOf) table() *Table {
	list := slices.Clone(of.Stores)
	slices.SortStableFunc(list, func(a, b StoreLoad) int {
		return cmp.Or(
			-cmp.Compare(a.fill(), b.fill()), -cmp.Compare(math.Abs(a.off()), math.Abs(b.off())), -cmp.Compare(a.Master.Value, b.Master.Value),
			cmp.Compare(a.Store, b.Store),
		)
	})
	return &Table{Columns: loadsColumns(of.Resource), Rows: rowsOf(list, func(s StoreLoad) []Cell { return of.cells(&s) })}
}

// fill is how full the fullest of its file systems is, in parts of a hundred: what is
// nearly the same is no order.
func (s *StoreLoad) fill() float64 {
	fullest := 0.0
	for _, room := range []*Room{s.Room, s.ReplicaRoom} {
		if room != nil {
			fullest = max(fullest, room.Fill.Value)
		}
	}
	return math.Round(100 * fullest)
}

// off is by what part more was measured than the inventory has.
func (s *StoreLoad) off() float64 {
	if !s.Difference.Known || s.Known.Value == 0 {
		return 0
	}
	return significant(s.Difference.Value / s.Known.Value)
}

// LoadsTable is the table of what stores weigh in all resources.
func LoadsTable(l *Loads) *Table {
	return &Table{Columns: loadsColumns(""), Rows: func(yield func([]Cell) bool) {
		for i := range l.Resources {
			for j := range l.Resources[i].Stores {
				if !yield(l.Resources[i].cells(&l.Resources[i].Stores[j])) {
					return
				}
			}
		}
	}}
}

func loadsColumns(scale string) []Column {
	return []Column{
		left("store", "store", 0), hidden("resource"), hidden("unit"),
		right("master", "master", 0).scaled(scale), right("replica", "replica", 2).scaled(scale), right("factor", "factor", 3),
		right("inventory", "inventory_master", 0).scaled(scale), hidden("inventory_replica"), hidden("estimated"), hidden("difference"), right("off", "off", 0),
		hidden("base"), right("busy hour", "", 5), hidden("busy_hour"), right("days", "days", 4),
		right("free on master", "", 0), right("on replica", "", 1),
		hidden("server"), hidden("free_bytes"), hidden("fill"), hidden("replica_server"), hidden("replica_free_bytes"), hidden("replica_fill"),
	}
}

func (of *LoadsOf) cells(s *StoreLoad) []Cell {
	kind := Quantity
	if of.Unit == inventory.UnitBytes {
		kind = Size
	}
	amount := func(n inventory.Number) Cell { return number(kind, n) }
	factor := number(Quantity, s.Factor)
	if s.Factor.Known {
		factor.Text = plainText(s.Factor.Value)
	}
	return slices.Concat([]Cell{
		words(string(s.Store)), words(of.Resource), words(of.Unit),
		amount(s.Master), amount(s.Replica), factor,
		of.knownCell(s, kind), amount(s.KnownReplica), yes(s.Estimated, "estimated"), amount(s.Difference), of.offCell(s),
		amount(s.Base), of.busyCell(s), number(Count, s.BusyHour), count(s.Days),
		s.Room.cell(), s.ReplicaRoom.cell(),
	}, s.Room.cells(), s.ReplicaRoom.cells())
}

// knownCell is what the inventory has, which is nothing of a resource that it lacks.
func (of *LoadsOf) knownCell(s *StoreLoad, kind Kind) Cell {
	if !of.Replica.Known {
		return Nothing
	}
	c := number(kind, s.Known)
	c.Estimated = s.Estimated && s.Known.Known
	return c
}

func (of *LoadsOf) offCell(s *StoreLoad) Cell {
	switch {
	case !of.Replica.Known:
		return Nothing
	case !s.Difference.Known || s.Known.Value == 0:
		return Unknown
	}
	c := figure(Ratio, s.off())
	switch times := c.Value + 1; {
	case times >= 1000:
		return c.as(">1000 ×")
	case times >= 10:
		return c.as(fmt.Sprintf("%.0f ×", times))
	}
	return c.as(fmt.Sprintf("%+.0f %%", 100*c.Value))
}

func (of *LoadsOf) busyCell(s *StoreLoad) Cell {
	switch {
	case s.BusyHour.Known:
		return words(fmt.Sprintf("%02d:00", int(s.BusyHour.Value)))
	case of.Resource == "disk":
		return Nothing
	}
	return Unknown
}

// fullFrom and soonFullFrom are when a file system is full, and nearly so.
const (
	fullFrom     = 0.9
	soonFullFrom = 0.8
)

// cells are those for machines.
func (r *Room) cells() []Cell {
	if r == nil {
		return []Cell{Nothing, Nothing, Nothing}
	}
	return []Cell{words(string(r.Server)), number(Size, r.Free), number(Ratio, r.Fill)}
}

// cell says what part is left, and how much that is.
func (r *Room) cell() Cell {
	switch {
	case r == nil:
		return Nothing
	case !r.Fill.Known || !r.Free.Known:
		return Unknown
	}
	c := words(PercentText(1-r.Fill.Value) + ", " + BytesText(r.Free.Value))
	switch {
	case r.Fill.Value > fullFrom:
		c.Tone = Broken
	case r.Fill.Value > soonFullFrom:
		c.Tone = Soon
	}
	return c
}
