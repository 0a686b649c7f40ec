package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
)

// rackedFleet returns so many servers, dealt out to so many racks one after the
// other, and the racks to so many sites; 0: none.
func rackedFleet(servers, racks, sites int) *inventory.Inventory {
	inv := inventory.New()
	for i := range servers {
		s := inventory.Server{Name: inventory.ServerID(fmt.Sprintf("m%05d", i+1)), Domains: map[inventory.Level]inventory.DomainID{}}
		if racks > 0 {
			s.Domains["rack"] = inventory.DomainID(fmt.Sprintf("r%d", i%racks+1))
		}
		if sites > 0 {
			s.Domains["site"] = inventory.DomainID(fmt.Sprintf("s%d", i%racks%sites+1))
		}
		inv.Servers = append(inv.Servers, s)
	}
	return inv
}

func TestBundled(t *testing.T) {
	for _, c := range []struct {
		name                        string
		servers, racks, sites, most int
		each, want                  string
	}{
		{"rack by rack", 6, 2, 0, 200, "servers", "m00001 m00003 m00005 m00002 m00004 m00006"},
		{"racks within their sites", 6, 3, 2, 200, "servers", "m00001 m00004 m00003 m00006 m00002 m00005"},
		{"no racks", 3, 0, 0, 200, "servers", "m00001 m00002 m00003"},
		{"racks where the servers are too many", 8, 4, 2, 5, "racks", "r1 r3 r2 r4"},
		{"groups where the racks are too many", 8, 4, 0, 3, "groups of 2 racks", "r1–r2 r3–r4"},
		{"groups of servers where the racks are too few", 8, 2, 0, 5, "groups of 2 servers", "m00001–m00003 m00005–m00007 m00002–m00004 m00006–m00008"},
		{"groups of servers without racks", 5, 0, 0, 3, "groups of 2 servers", "m00001–m00002 m00003–m00004 m00005"},
		{"a single one", 4, 0, 0, 1, "groups of 4 servers", "m00001–m00004"},
		{"none", 0, 0, 0, 200, "servers", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			inv := rackedFleet(c.servers, c.racks, c.sites)
			var all []int
			for i := range inv.Servers {
				all = append(all, i)
			}
			b := bundled(inv, all, c.most)
			var names []string
			seen := 0
			for _, one := range b.list {
				names = append(names, one.name)
				seen += len(one.servers)
			}
			if got := strings.Join(names, " "); got != c.want || b.each != c.each || seen != c.servers {
				t.Errorf("%d servers as %s: %s, want %s: %s", seen, b.each, got, c.each, c.want)
			}
		})
	}
}

// Two racks of 10,000 servers would make a picture of four cells.
func TestFewRacksDoNotBundle(t *testing.T) {
	inv := rackedFleet(10_000, 2, 0)
	var all []int
	for i := range inv.Servers {
		all = append(all, i)
	}
	if b := bundled(inv, all, mostBundles); b.each != "groups of 50 servers" || len(b.list) != mostBundles {
		t.Errorf("%d %s", len(b.list), b.each)
	}
}

func TestClasses(t *testing.T) {
	for _, c := range []struct {
		largest float64
		want    string
	}{
		{0.1, "up to 0.2 %, 0.2 to 0.5 %, 0.5 to 1 %, 1 to 2 %, 2 to 5 %, 5 to 10 %"},
		{0.11, "up to 0.5 %, 0.5 to 1 %, 1 to 2 %, 2 to 5 %, 5 to 10 %, 10 to 20 %"},
		{0.21, "up to 1 %, 1 to 2 %, 2 to 5 %, 5 to 10 %, 10 to 20 %, 20 to 50 %"},
		{mostDrawn, "up to 20 %, 20 to 50 %, 50 to 100 %, 100 to 200 %, 200 to 500 %, 500 to 1000 %"},
		{0, "up to 0.0002 %, 0.0002 to 0.0005 %, 0.0005 to 0.001 %, 0.001 to 0.002 %, 0.002 to 0.005 %, 0.005 to 0.01 %"},
	} {
		ranges := classesUpTo(c.largest, colours)
		var said []string
		for i := range ranges {
			said = append(said, ranges.words(i))
		}
		if got := strings.Join(said, ", "); got != c.want {
			t.Errorf("up to %v: %s, want %s", c.largest, got, c.want)
		}
	}
	ranges := classesUpTo(0.1, colours)
	for value, want := range map[float64]int{0: 0, 0.002: 0, 0.0021: 1, 0.05: 4, 0.051: 5, 0.1: 5} {
		if got := ranges.of(value); got != want {
			t.Errorf("%v is in class %d, want %d", value, got, want)
		}
	}
}
