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

func TestSteps(t *testing.T) {
	for _, c := range []struct{ value, want float64 }{
		{0.1, 0.02}, {0.116, 0.02}, {0.121, 0.025}, {0.4, 0.1}, {1.2, 0.2}, {0, 2e-5}, {mostDrawn, 2},
	} {
		got := stepOf(c.value, colourSteps)
		if got < c.want*(1-1e-9) || got > c.want*(1+1e-9) {
			t.Errorf("step of %v is %v, want %v", c.value, got, c.want)
		}
		if last := class(c.value, got, colourSteps); float64(last)*got > c.value {
			t.Errorf("%v is in class %d of %v", c.value, last, got)
		}
	}
	if got := class(0.02, 0.02, colourSteps); got != 0 {
		t.Errorf("the end of a step belongs to class %d, not to it", got)
	}
}
