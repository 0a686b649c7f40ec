package inventory

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Validate returns what is wrong with an inventory, whatever it was read from,
// and what is doubtful about it. The inventory must be sorted ([Inventory.Sort]).
//
// What a placement rule says is not checked here: two instances of a store on
// one server, a server that is too full or a torn share group are states of a
// real fleet that a plan repairs.
func Validate(inv *Inventory) (mistakes, warnings Mistakes) {
	v := newValidator(inv)
	v.resources()
	v.rules()
	v.sharing()
	v.eachServer()
	v.eachStore()
	v.eachUser()
	v.unhoused()
	v.eachShare()
	v.eachMembership()
	v.sums()
	return v.mistakes, v.warnings
}

type validator struct {
	inv                *Inventory
	mistakes, warnings Mistakes

	servers map[ServerID]struct{}
	stores  map[StoreID]struct{}
	domains map[Level]map[DomainID]struct{} // labels that servers carry, and level "server"
}

func newValidator(inv *Inventory) *validator {
	v := &validator{
		inv:     inv,
		servers: make(map[ServerID]struct{}, len(inv.Servers)),
		stores:  make(map[StoreID]struct{}, len(inv.Stores)),
		domains: map[Level]map[DomainID]struct{}{LevelServer: {}},
	}
	for i := range inv.Servers {
		s := &inv.Servers[i]
		v.servers[s.Name] = struct{}{}
		v.domains[LevelServer][DomainID(s.Name)] = struct{}{}
		for level, domain := range s.Domains {
			if v.domains[level] == nil {
				v.domains[level] = map[DomainID]struct{}{}
			}
			v.domains[level][domain] = struct{}{}
		}
	}
	for i := range inv.Stores {
		v.stores[inv.Stores[i].Name] = struct{}{}
	}
	return v
}

const nameHint = "a name is 1 to 63 letters, digits, dots, hyphens and underscores and begins with a letter or digit"

// name checks the name of a server, store, level, domain or resource.
func (v *validator) name(at Place, what, name string) {
	switch {
	case name == "":
		v.mistakes.add(at, "%s without a name", what)
	case !ValidName(name):
		v.mistakes.add(at, "%s is no name of a %s", Quoted(name), what).hint(nameHint)
	}
}

// text checks a text that is kept as it is.
func (v *validator) text(at Place, text, what, of string) {
	if !cleanText(text) {
		v.mistakes.add(at, "%s of %s: %s holds control characters or is not UTF-8", what, Printable(of), Quoted(text))
	}
}

func cleanText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// level warns of a level at which no server has a label.
func (v *validator) level(at Place, level Level) {
	switch {
	case !ValidName(string(level)):
		v.name(at, "level", string(level))
	case v.domains[level] == nil:
		absent(v.warnings.add(at, "no server has a label at level %s", level), InServers, string(level), v.domains)
	}
}

// value checks a load or capacity.
func (v *validator) value(at Place, r *Resource, value float64, what, of string) bool {
	if r.Valid(value) {
		return true
	}
	v.mistakes.add(at, "%s of %s: %v is not a value of %s (%s)", what, Printable(of), value, Printable(string(r.Name)), valueForm(r))
	return false
}

// capacityValue checks the capacity of a server or a store, where 0 is none.
func (v *validator) capacityValue(at Place, r *Resource, value float64, of string) bool {
	if 0 < value && value < MinCapacity {
		v.mistakes.add(at, "capacity of %s: %v is too small", Printable(of), value).
			hint("the smallest capacity is 0.000001; a smaller unit of %s may suit better", Printable(string(r.Name)))
		return false
	}
	return v.value(at, r, value, "capacity", of)
}

func valueForm(r *Resource) string {
	if r.Unit == UnitBytes {
		return "a whole number of bytes from 0 to " + FormatSize(MaxValue)
	}
	return "a number from 0 to 2⁶⁰"
}

// resources checks what the fleet declares.
func (v *validator) resources() {
	resources := v.inv.Resources
	if len(resources) == 0 {
		v.mistakes.add(Place{Table: InResources, Row: -1}, "no resource is declared")
	}
	for i := range resources {
		r := &resources[i]
		at := Place{Table: InResources, Row: i}
		if i == MaxResources {
			v.mistakes.add(at, "%d resources are declared; at most %d are possible", len(resources), MaxResources)
			v.inv = withResources(v.inv, MaxResources)
			return
		}
		v.name(at, "resource", string(r.Name))
		if slices.Contains(UserColumns, string(r.Name)) {
			v.mistakes.add(at, "a resource can't be called %s: the table of users has a column of that name", r.Name)
		}
		if j := v.inv.Resource(r.Name); j < i && r.Name != "" {
			v.mistakes.add(at, "resource %s is declared twice", Printable(string(r.Name))).after(j)
		}
		v.resource(at, r)
	}
}

// withResources returns the inventory as if it declared only the first n resources.
func withResources(inv *Inventory, n int) *Inventory {
	c := *inv
	c.Resources = c.Resources[:n]
	return &c
}

func (v *validator) resource(at Place, r *Resource) {
	of := string(r.Name)
	v.text(at.of("unit"), r.Unit, "unit", of)
	v.factor(at.of("replica"), r.Replica, 0, "replica factor", of)
	v.factor(at.of("cold"), r.Cold, 1, "cold factor", of)
	v.ceiling(at.of("ceiling"), r.Ceiling, "ceiling", of)
	v.ceiling(at.of("failure_ceiling"), r.FailureCeiling.Default, "failure_ceiling", of)
	if r.FailureCeiling.ByLevel != nil && r.FailureCeiling.Default != DefaultFailureCeiling {
		v.mistakes.add(at.of("failure_ceiling"), "failure_ceiling of %s by level leaves %v for other levels; that is always %v",
			Printable(of), r.FailureCeiling.Default, DefaultFailureCeiling)
	}
	for _, level := range slices.Sorted(maps.Keys(r.FailureCeiling.ByLevel)) {
		at := at.of("failure_ceiling:" + string(level))
		v.level(at, level)
		v.ceiling(at, r.FailureCeiling.ByLevel[level], "failure_ceiling", of)
		v.inEffect(at, r, level)
	}
}

// inEffect warns of a failure ceiling of a level that the fleet is not to survive:
// nothing is promised of its failures, so that none of them passes a ceiling.
func (v *validator) inEffect(at Place, r *Resource, level Level) {
	if v.domains[level] == nil || r.FailureCeiling.ByLevel[level] == DefaultFailureCeiling || slices.Contains(v.inv.Survive, level) {
		return
	}
	v.warnings.add(at, "failure_ceiling of %s for %s has no effect: the fleet is not to survive failures of that level", Printable(string(r.Name)), level).
		hint("survive lists the levels of which failures are to pass no ceiling")
}

// of returns the place of a field of the row.
func (p Place) of(field string) Place {
	p.Field = field
	return p
}

func (v *validator) factor(at Place, value, least float64, what, of string) {
	if !(value >= least && value <= MaxValue) {
		v.mistakes.add(at, "%s of %s: %v is not a number from %v", what, Printable(of), value, least)
	}
}

func (v *validator) ceiling(at Place, value float64, what, of string) {
	if !(value > 0 && value <= MaxValue) {
		v.mistakes.add(at, "%s of %s: %v is not above 0", what, Printable(of), value)
	}
}

// rules checks what is asked of the whole fleet.
func (v *validator) rules() {
	at := Place{Table: InFleet}
	spread := map[Level]bool{}
	for _, s := range v.inv.Spread {
		at := at.of("spread:" + string(s.Level))
		v.level(at, s.Level)
		if s.Min < 0 {
			v.mistakes.add(at, "spread over %s: %d is not a number of domains", Printable(string(s.Level)), s.Min)
		}
		if spread[s.Level] {
			v.mistakes.add(at, "spread names level %s twice", Printable(string(s.Level)))
		}
		spread[s.Level] = true
	}
	survive := map[Level]bool{}
	for _, level := range v.inv.Survive {
		at := at.of("survive:" + string(level))
		v.level(at, level)
		if survive[level] {
			v.mistakes.add(at, "survive names level %s twice", Printable(string(level)))
		}
		survive[level] = true
	}
	if v.inv.Copies < 0 {
		v.mistakes.add(at.of("copies"), "copies: %d is not a number of instances", v.inv.Copies)
	}
}

// sharing checks the sharing policy.
func (v *validator) sharing() {
	at, s := Place{Table: InFleet}, &v.inv.Sharing
	if s.Anyone != Ignore {
		v.mistakes.add(at.of("sharing:anyone"), "sharing: anyone is %s; the only choice is %s", Quoted(s.Anyone), Ignore)
	}
	if s.Group != Tie && s.Group != Ignore {
		v.mistakes.add(at.of("sharing:group"), "sharing: group is %s; the choices are %s and %s", Quoted(s.Group), Tie, Ignore)
	}
	if s.Rights != Any {
		v.mistakes.add(at.of("sharing:rights"), "sharing: rights is %s; the only choice is %s", Quoted(s.Rights), Any)
	}
	for _, name := range s.Ignore {
		if !ValidUserName(string(name)) {
			v.mistakes.add(at.of("sharing:ignore:"+string(name)), "sharing: %s in ignore is no name of a user", Quoted(string(name)))
		}
	}
}

// sums checks that the loads of the whole fleet can be added up.
func (v *validator) sums() {
	for r := range v.inv.Resources {
		resource := &v.inv.Resources[r]
		var sum float64
		for i := range v.inv.Stores {
			if sum += v.inv.Stores[i].Base[r]; sum > MaxValue {
				v.tooMuch(Place{Table: InStores, Row: i, Field: "base:" + string(resource.Name)}, resource)
				break
			}
		}
		for i := range v.inv.Users {
			if sum > MaxValue {
				break
			}
			if sum += v.inv.Users[i].Load[r]; sum > MaxValue {
				v.tooMuch(Place{Table: InUsers, Row: i, Field: string(resource.Name)}, resource)
			}
		}
	}
}

func (v *validator) tooMuch(at Place, r *Resource) {
	v.mistakes.add(at, "the loads of all users and stores in %s add up to more than %s", Printable(string(r.Name)), r.Format(MaxValue))
}
