package report_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/png"
	"io"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

func chartsOf(servers int) report.Charts {
	inv := fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{Servers: servers, StoresPerServer: 8, Users: -1})
	f := load.New(inv)
	return report.Charts{Inventory: inv, Title: "a fleet", Failover: simulate.New(f, f.Current()).Failover()}
}

func plotted(t *testing.T, c report.Charts, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.Plot(&b, c, format); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// drawing is what an SVG shows.
type drawing struct {
	width, height float64
	texts         []string
	boxes         map[string][]rectangle // by colour
}

type rectangle struct{ x, y, width, height float64 }

func (r rectangle) middle() float64 { return r.x + r.width/2 }

// Where servers stand by what they fail together with, the first of each says so.
func TestServersAreNamedWithTheirDomain(t *testing.T) {
	texts := parsed(t, plotted(t, chartsOf(12), "svg")).texts
	named := slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return !strings.Contains(text, " · imap") })
	first := chartsOf(12).Inventory.Servers[0]
	if want := string(first.Domains["rack"]) + " · " + string(first.Name); !slices.Contains(named, want) || len(named) != 3*3 { // racks, on three axes
		t.Errorf("named are %q, with %q", named, want)
	}
}

var (
	corner = regexp.MustCompile(`^M([-\d.e+]+),([-\d.e+]+)L[-\d.e+]+,[-\d.e+]+L([-\d.e+]+),([-\d.e+]+)L[-\d.e+]+,[-\d.e+]+$`)
	fill   = regexp.MustCompile(`fill:(#[0-9A-F]{6})`)
)

func parsed(t *testing.T, svg []byte) drawing {
	t.Helper()
	d := drawing{boxes: map[string][]rectangle{}}
	number := func(s string) float64 {
		v, err := strconv.ParseFloat(strings.TrimSuffix(s, "pt"), 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	in := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := in.Token()
		if err == io.EOF {
			return d
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.CharData:
			if text := strings.TrimSpace(string(e)); text != "" {
				d.texts = append(d.texts, text)
			}
		case xml.StartElement:
			of := map[string]string{}
			for _, a := range e.Attr {
				of[a.Name.Local] = a.Value
			}
			if e.Name.Local == "svg" {
				d.width, d.height = number(of["width"]), number(of["height"])
			}
			for _, part := range strings.Split(of["d"], "Z") {
				if m, colour := corner.FindStringSubmatch(part), fill.FindStringSubmatch(of["style"]); m != nil && colour != nil {
					x, y := number(m[1]), number(m[2])
					d.boxes[colour[1]] = append(d.boxes[colour[1]], rectangle{x, y, number(m[3]) - x, number(m[4]) - y})
				}
			}
		}
	}
}

// Colours, by what they stand for.
const (
	itself = "#D9D9D9"
	passes = "#D55E00"
	normal = "#0072B2"
	added  = "#E69F00"
)

var classes = []string{"#C7E9B4", "#7FCDBB", "#41B6C4", "#1D91C0", "#225EA8", "#0C2C84"}

// cells returns the column and row, from above, of every cell of the matrix, with
// its colour: the squares, which no sign in the legend is.
func (d *drawing) cells(size int) map[[2]int]string {
	side := 620 / float64(size)
	cells := map[[2]int]string{}
	var left, top float64
	for _, bar := range d.boxes[normal] {
		if left == 0 || bar.x < left {
			left = bar.x - side/10
		}
	}
	colours := append([]string{itself, passes}, classes...)
	squares := func(yield func(string, rectangle)) {
		for _, colour := range colours {
			for _, r := range d.boxes[colour] {
				if math.Abs(r.width-side) < 0.1 && math.Abs(r.height-side) < 0.1 {
					yield(colour, r)
				}
			}
		}
	}
	squares(func(_ string, r rectangle) { top = max(top, r.y+r.height) })
	squares(func(colour string, r rectangle) {
		cells[[2]int{int(math.Round((r.x - left) / side)), int(math.Round((top - r.y - r.height) / side))}] = colour
	})
	return cells
}

// inRacks returns the servers rack by rack, and the rack of each.
func inRacks(inv *inventory.Inventory) (place, rack []int) {
	number := map[inventory.DomainID]int{}
	var members [][]int
	rack = make([]int, len(inv.Servers))
	for i := range inv.Servers {
		name := inv.Servers[i].Domains["rack"]
		if _, ok := number[name]; !ok {
			number[name] = len(members)
			members = append(members, nil)
		}
		rack[i] = number[name]
		members[rack[i]] = append(members[rack[i]], i)
	}
	place = make([]int, len(inv.Servers))
	for at, server := range slices.Concat(members...) {
		place[server] = at
	}
	return place, rack
}

// Each takeover is a cell in its row and column, each server a bar below its
// column, as high as the figures say.
func TestPlotOfServers(t *testing.T) {
	c := chartsOf(15)
	c.Failover.Bound = planner.Known(0.6)
	d := parsed(t, plotted(t, c, "svg"))
	place, _ := inRacks(c.Inventory)
	want := map[[2]int]bool{}
	cells := d.cells(15)
	past := 0
	for _, x := range c.Failover.Takeovers {
		at := [2]int{place[x.Survivor], place[x.Failed]}
		want[at] = true
		ceiling := c.Inventory.Resources[c.Inventory.Resource(x.Resource)].FailureCeiling.At(inventory.LevelServer)
		if (cells[at] == passes) != (x.Utilisation > ceiling) || cells[at] == "" || cells[at] == itself {
			t.Errorf("cell %v of %+v is %q", at, x, cells[at])
		}
		if x.Utilisation > ceiling {
			past++
		}
		if !slices.Contains(d.texts, strings.TrimSuffix(report.PercentText(x.Added), " %")) {
			t.Errorf("no cell says %v", x.Added)
		}
	}
	for i := range 15 {
		want[[2]int{i, i}] = true
	}
	if len(cells) != len(want) || past == 0 || past == len(c.Failover.Takeovers) {
		t.Errorf("%d cells, want %d, of which %d pass the ceiling", len(cells), len(want), past)
	}
	bars, more := d.boxes[normal], d.boxes[added]
	if len(bars) != 15+1 || len(more) < 2 {
		t.Fatalf("%d bars, %d with more; want 15 and their signs in the legend", len(bars), len(more))
	}
	perPercent := 0.0
	for _, s := range c.Failover.Strains {
		bar := bars[place[s.Server]]
		if perPercent == 0 {
			perPercent = bar.height / s.Normal
		}
		if math.Abs(bar.height-perPercent*s.Normal) > 0.05 {
			t.Errorf("the bar of %+v is %v high, want %v", s, bar.height, perPercent*s.Normal)
		}
		on := slices.IndexFunc(more, func(r rectangle) bool { return math.Abs(r.middle()-bar.middle()) < 0.01 })
		if s.Worst > s.Normal && (on < 0 || math.Abs(more[on].height-perPercent*(s.Worst-s.Normal)) > 0.05 || math.Abs(more[on].y-bar.y-bar.height) > 0.05) {
			t.Errorf("what is added to the bar of %+v is missing or wrong", s)
		}
	}
	said := strings.Join(d.texts, "\n")
	for _, words := range []string{"a fleet", "survivor", "failing server", "utilisation in %", "failure ceiling", "bound, 60.0 %: no layout", "the server itself"} {
		if !strings.Contains(said, words) {
			t.Errorf("the picture does not say %q", words)
		}
	}
	for i := range c.Inventory.Servers {
		if n := strings.Count(said, string(c.Inventory.Servers[i].Name)); n != 3 {
			t.Errorf("%s is named %d times, want on three axes", c.Inventory.Servers[i].Name, n)
		}
	}
}

// More servers than can be drawn are drawn by rack: each cell the largest of its
// servers', each bar the busiest.
func TestPlotOfRacks(t *testing.T) {
	c := chartsOf(300)
	c.Inventory.Survive = nil // no ceiling is promised, so that every cell has its class
	d := parsed(t, plotted(t, c, "svg"))
	_, rack := inRacks(c.Inventory)
	const racks = 60
	largest := map[[2]int]float64{}
	most := 0.0
	for _, x := range c.Failover.Takeovers {
		at := [2]int{rack[x.Survivor], rack[x.Failed]}
		largest[at] = max(largest[at], x.Added)
		most = max(most, x.Added)
	}
	cells := d.cells(racks)
	if len(cells) != len(largest) {
		t.Errorf("%d cells, want %d", len(cells), len(largest))
	}
	for a, x := range largest {
		for b, y := range largest {
			if x < y && slices.Index(classes, cells[a]) > slices.Index(classes, cells[b]) {
				t.Fatalf("%v is %v and %s, %v is %v and %s", a, x, cells[a], b, y, cells[b])
			}
		}
	}
	if used := len(slices.Compact(slices.Sorted(maps.Values(cells)))); used < 4 {
		t.Errorf("only %d colours", used)
	}
	busiest := map[int]planner.Strain{}
	for _, s := range c.Failover.Strains {
		if s.Worst > busiest[rack[s.Server]].Worst {
			busiest[rack[s.Server]] = s
		}
	}
	bars := d.boxes[normal]
	perPercent := bars[0].height / busiest[0].Normal
	for i := range racks {
		if math.Abs(bars[i].height-perPercent*busiest[i].Normal) > 0.05 {
			t.Errorf("bar %d is %v high, want %v", i, bars[i].height, perPercent*busiest[i].Normal)
		}
	}
	said := strings.Join(d.texts, "\n")
	if !strings.Contains(said, "Drawn by racks") || !strings.Contains(said, "survivors by rack") || strings.Contains(said, "failure ceiling") {
		t.Errorf("the picture says %s", said)
	}
}

// A picture is of the same size in both formats, and the same whenever it is drawn.
func TestPlotFormats(t *testing.T) {
	c := chartsOf(20)
	svg := plotted(t, c, "svg")
	d := parsed(t, svg)
	picture := plotted(t, c, "png")
	config, err := png.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(float64(config.Width)-d.width*96/72) > 1 || math.Abs(float64(config.Height)-d.height*96/72) > 1 {
		t.Errorf("the PNG has %d × %d pixels, the SVG %v × %v points", config.Width, config.Height, d.width, d.height)
	}
	if !bytes.Equal(svg, plotted(t, c, "svg")) || !bytes.Equal(picture, plotted(t, c, "png")) {
		t.Error("drawn again, the picture is another")
	}
	if err := report.Plot(io.Discard, c, "bmp"); err == nil {
		t.Error("an unknown format is drawn")
	}
}

// Fleets of which there is little to draw, or too much, are drawn too.
func TestPlotOfOddFleets(t *testing.T) {
	inv := inventory.New()
	inv.Resources = []inventory.Resource{inventory.NewResource("io", "ops/s", 0.5)}
	for i := range 10_000 {
		inv.Servers = append(inv.Servers, inventory.Server{Name: inventory.ServerID(fmt.Sprintf("m%05d", i))})
	}
	strains := func(n int, worst float64) []planner.Strain {
		list := make([]planner.Strain, n)
		for i := range list {
			list[i] = planner.Strain{Server: i, Resource: "io", Normal: 0.5, Worst: worst}
		}
		return list
	}
	for _, c := range []struct {
		name string
		planner.Failover
		says string
	}{
		{"nobody", planner.Failover{}, "no server survives"},
		{"one", planner.Failover{Strains: strains(1, 0.5)}, "m00000"},
		{"without a bound", planner.Failover{Strains: strains(2, 0.5)}, "bound: not known"},
		{"ten thousand without a rack", planner.Failover{Strains: strains(10_000, 0.6)}, "Drawn by groups of 50 servers"},
		{
			"a capacity next to nothing",
			planner.Failover{Strains: strains(3, math.MaxFloat64), Takeovers: []planner.Takeover{{Failed: 0, Survivor: 1, Resource: "io", Added: math.Inf(1), Utilisation: math.Inf(1)}}},
			"1000",
		},
		{
			"two fail at once",
			planner.Failover{Failed: []string{"server:m00001", "server:m00002", "server:m00001"}, Strains: strains(1, 0.7), Takeovers: []planner.Takeover{{Failed: 2, Survivor: 0, Resource: "io", Added: 0.2}}},
			"m00001 and m00002",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := parsed(t, plotted(t, report.Charts{Inventory: inv, Failover: c.Failover}, "svg"))
			if !strings.Contains(strings.Join(d.texts, "\n"), c.says) {
				t.Errorf("it says %q, want %q", d.texts, c.says)
			}
			if len(d.boxes[normal]) > 201 {
				t.Errorf("%d bars", len(d.boxes[normal]))
			}
		})
	}
}
