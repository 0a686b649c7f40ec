package report

import (
	"io"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// shades are the steps of what a survivor takes over, the least first.
const shades = "░▒▓█"

// shadeClasses are what they stand for: the same on every screen, so that layouts can
// be compared.
var shadeClasses = classes{0.02, 0.05, 0.2, mostDrawn}

// leastRows is the number of servers below which a matrix says no more than the
// bars do.
const leastRows = 3

// matrixText is the block that shows who takes over from whom when any one server
// fails: a row for each that fails, a column for each survivor, in one order.
type matrixText struct{ charts Charts }

// mostBundledRows is how many rows a matrix has whose rows are not servers: more say
// little more, and no longer fit on a screen.
const mostBundledRows = 40

// Text writes the matrix, or in a few words that it does not fit.
func (t matrixText) Text(w io.Writer, style Style) error {
	g := t.fitting(style.Width)
	if len(g.servers.list) < leastRows {
		var l Lines
		l.add("no room for who takes over from whom: --plot FILE draws it")
		return l.Text(w, style)
	}
	m := t.charts.matrix(g.servers, g.servers)
	var head Lines
	head.add("who takes over from whom: the row fails, the column takes over that much of its capacity")
	if g.servers.each != single {
		head.add("rows and columns are %s: each cell is the most between two of their servers", g.servers.each)
	}
	if err := head.Text(w, style); err != nil {
		return err
	}
	if err := g.write(w, &m, style.Colour); err != nil {
		return err
	}
	return shadeLegend(&m).Text(w, style)
}

// grid is where the cells of a matrix stand on the screen.
type grid struct {
	servers bundles
	borders map[int]bool // columns with white space before them
	domains int          // width of the names of domains, 0: they are not shown
	names   int
	wide    int // characters of a cell
}

// fitting returns the grid with the most rows that fits: a row for each server, or
// for a bundle of them.
func (t matrixText) fitting(width int) grid {
	servers, _ := t.charts.servers()
	g := t.fittest(servers, len(servers), width)
	if g.servers.each != single {
		g = t.fittest(servers, mostBundledRows, width)
	}
	return g
}

// fittest returns the grid with the most rows that fits, of no more than so many.
func (t matrixText) fittest(servers []int, most, width int) grid {
	if width > 0 {
		most = min(most, width)
	}
	for ; ; most-- {
		g := newGrid(bundled(t.charts.Inventory, servers, max(most, 1)))
		over := g.width() - width
		if width <= 0 || over <= 0 || most <= 1 {
			if g.wide = 2; width > 0 && g.width() > width {
				g.wide = 1
			}
			return g
		}
		most -= max(over-g.names, 0) // a row less is a column less, and its name may have been the longest
	}
}

func newGrid(servers bundles) grid {
	g := grid{servers: servers, borders: map[int]bool{}, wide: 1}
	for _, at := range servers.borders() {
		g.borders[at] = true
	}
	for _, b := range servers.list {
		g.names = max(g.names, twwidth.Width(b.name))
		if len(g.borders) > 0 {
			g.domains = max(g.domains, twwidth.Width(b.domain)+1)
		}
	}
	return g
}

// width returns the columns of the terminal that the grid takes.
func (g *grid) width() int {
	return g.domains + g.names + 2 + g.wide*len(g.servers.list) + len(g.borders)
}

// write writes the rows. The domain is named where it begins.
func (g *grid) write(w io.Writer, m *matrix, colour bool) error {
	for i, b := range g.servers.list {
		var line strings.Builder
		domain := ""
		if i == 0 || g.borders[i] {
			domain = b.domain
		}
		if g.domains > 0 {
			line.WriteString(padded(domain, g.domains))
		}
		line.WriteString(padded(b.name, g.names) + "  ")
		for j := range g.servers.list {
			if g.borders[j] {
				line.WriteByte(' ')
			}
			line.WriteString(m.cells[i][j].shade(g.wide, colour))
		}
		if _, err := io.WriteString(w, strings.TrimRight(line.String(), " ")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

func padded(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-twwidth.Width(text)))
}

// shade draws the cell in so many characters.
func (c cell) shade(wide int, colour bool) string {
	switch {
	case c.passes && colour:
		return tint(strings.Repeat("!", wide), Broken)
	case c.passes:
		return strings.Repeat("!", wide)
	case c.takes:
		of := []rune(shades)
		return strings.Repeat(string(of[shadeClasses.of(c.added)]), wide)
	case c.itself:
		return strings.Repeat(" ", wide)
	}
	return padded(".", wide)
}

// shadeLegend says what the shades stand for: those that appear.
func shadeLegend(m *matrix) Lines {
	of := []rune(shades)
	seen := make([]bool, len(of))
	passes, nothing := "", ""
	for _, row := range m.cells {
		for _, c := range row {
			switch {
			case c.passes:
				passes = "! past its ceiling"
			case c.takes:
				seen[shadeClasses.of(c.added)] = true
			case !c.itself:
				nothing = ". nothing"
			}
		}
	}
	parts := []string{nothing}
	for i, shade := range of {
		if seen[i] {
			parts = append(parts, string(shade)+" "+shadeWords(i))
		}
	}
	return Lines{{Words: joined(append(parts, passes)...)}}
}

// shadeWords says the range of a shade. What is above all others has no end.
func shadeWords(class int) string {
	if class == len(shadeClasses)-1 {
		return "above " + percentNumber(shadeClasses[class-1]) + " %"
	}
	return shadeClasses.words(class)
}
