package rules_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/rules"
)

func TestServersWithoutALabelAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		spread, survive []inventory.Level
		bare            int // of 12 servers
		want            []string
	}{
		"spread":       {[]inventory.Level{"rack"}, nil, 1, []string{"1 server has no label at level rack, where others have one, and counts as a domain of its own: s01"}},
		"survive":      {nil, []inventory.Level{"server", "rack"}, 2, []string{"2 servers have no label at level rack, where others have one, and count as domains of their own: s01 s02"}},
		"many":         {[]inventory.Level{"rack"}, nil, 11, []string{"11 servers have no label at level rack, where others have one, and count as domains of their own: s01 s02 s03 s04 s05 s06 s07 s08 s09 s10 …"}},
		"all labelled": {[]inventory.Level{"rack"}, nil, 0, nil},
		"none":         {[]inventory.Level{"rack"}, nil, 12, nil},
		"no rule":      {nil, []inventory.Level{"server"}, 1, nil},
	} {
		inv := inventory.New()
		inv.Survive = c.survive
		for _, level := range c.spread {
			inv.Spread = append(inv.Spread, inventory.Spread{Level: level})
		}
		for i := range 12 {
			s := inventory.Server{Name: inventory.ServerID(fmt.Sprintf("s%02d", i+1)), Capacity: inventory.Load{1, 1}}
			if i >= c.bare {
				s.Domains = map[inventory.Level]inventory.DomainID{"rack": "a"}
			}
			inv.Servers = append(inv.Servers, s)
		}
		_, warnings, err := rules.Check(context.Background(), inv, &inventory.ShareGroups{}, rules.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range warnings {
			got = append(got, w.Text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
