package report_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

func simulated(servers int) (*planner.Simulation, report.Charts) {
	inv := fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{Servers: servers, StoresPerServer: 4, Users: -1})
	f := load.New(inv)
	s := simulate.New(f, f.Current())
	sim := &planner.Simulation{Now: s.Now(), Failures: s.All(), Violations: s.Passed(), Failover: s.Failover()}
	return sim, report.SimulationCharts(sim, inv)
}

func screenText(t *testing.T, servers, top int, style report.Style) string {
	t.Helper()
	sim, c := simulated(servers)
	return screenOf(t, sim, c, top, style)
}

func screenOf(t *testing.T, sim *planner.Simulation, c report.Charts, top int, style report.Style) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Simulation(sim, c.Inventory, nil, top).Text(&b, style); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// after returns the lines from one that begins so to the next empty one.
func after(text, beginning string) []string {
	_, rest, _ := strings.Cut(text, beginning)
	block, _, _ := strings.Cut(rest, "\n\n")
	return strings.Split(block, "\n")[1:]
}

// A shade stands for the same on every screen, whatever is the most on it.
func TestShadesAreComparable(t *testing.T) {
	scale := []string{". nothing", "░ up to 2 %", "▒ 2 to 5 %", "▓ 5 to 20 %", "█ above 20 %", "! past its ceiling"}
	seen := map[string]bool{}
	for _, servers := range []int{4, 12, 30} {
		block := after(screenText(t, servers, 0, report.Style{Width: 200}), "who takes over from whom")
		for entry := range strings.SplitSeq(block[len(block)-1], " · ") {
			if seen[entry] = true; !slices.Contains(scale, entry) {
				t.Errorf("%d servers: %q is not in the scale", servers, entry)
			}
		}
	}
	if len(seen) < 4 {
		t.Errorf("only %v were seen", seen)
	}
}

// Bars and matrix fit into every terminal.
func TestChartsFit(t *testing.T) {
	for _, servers := range []int{2, 12, 60, 300} {
		sim, c := simulated(servers)
		for _, top := range []int{0, 1, 5, 20} {
			for width := 20; width <= 200; width += 9 {
				t.Run(fmt.Sprint(servers, top, width), func(t *testing.T) {
					text := screenOf(t, sim, c, top, report.Style{Width: width})
					for line := range strings.Lines(text) {
						line = strings.TrimRight(line, "\n")
						if twwidth.Width(line) > width && len(strings.Fields(line)) > 1 {
							t.Errorf("%d columns: %q", twwidth.Width(line), line)
						}
					}
				})
			}
		}
	}
}

// Where it has room the matrix shows every server, else racks, else it says so: by
// the width, however many failures are listed.
func TestMatrixIsAsFineAsItFits(t *testing.T) {
	for _, c := range []struct {
		servers, top, width int
		says                string
		rows                int
	}{
		{12, 20, 100, "that much of its capacity\na1 ", 12},
		{12, 2, 100, "that much of its capacity\na1 ", 12},
		{60, 3, 100, "that much of its capacity\na1 ", 60},
		{60, 20, 80, "rows and columns are racks", 0},
		{300, 3, 100, "groups of 2 racks", 30},
		{300, 0, 200, "groups of 2 racks", 30},
		{12, 2, 6, "no room", 0},
	} {
		text := screenText(t, c.servers, c.top, report.Style{Width: c.width})
		if !strings.Contains(text, c.says) {
			t.Errorf("%d servers, top %d: want %q in\n%s", c.servers, c.top, c.says, text)
		}
		if c.rows == 0 {
			continue
		}
		block := after(text, "who takes over from whom")
		head := slices.IndexFunc(block, func(line string) bool { return strings.HasPrefix(line, "rows and columns") })
		if rows := len(block) - (head + 1) - 1; rows != c.rows { // below the head and above the legend
			t.Errorf("%d servers, top %d: %d rows, want %d:\n%s", c.servers, c.top, rows, c.rows, strings.Join(block, "\n"))
		}
	}
}

// What passes a ceiling is red where there are colours, and said without them.
func TestChartsWithoutColours(t *testing.T) {
	plain, coloured := screenText(t, 12, 20, report.Style{Width: 100}), screenText(t, 12, 20, report.Style{Width: 100, Colour: true})
	if strings.Contains(plain, "\x1b") || !strings.Contains(plain, "!!") || !strings.Contains(plain, "! past its ceiling") {
		t.Errorf("without colours:\n%s", plain)
	}
	if !strings.Contains(coloured, "\x1b[31m!!\x1b[0m") {
		t.Errorf("with colours:\n%s", coloured)
	}
	for _, code := range []string{"\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[0m"} {
		coloured = strings.ReplaceAll(coloured, code, "")
	}
	if coloured != plain {
		t.Error("colours change more than colours")
	}
}

// Where no failure changes anything there is nothing to draw.
func TestNothingToDraw(t *testing.T) {
	sim, c := simulated(12)
	sim.Failover.Takeovers = nil
	text := screenOf(t, sim, c, 20, report.Style{})
	if strings.Contains(text, "takes over") || strings.Contains(text, "added by the failure") {
		t.Errorf("drawn:\n%s", text)
	}
}
