package report

import (
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette/brewer"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/interlacemail/interlace/planner"
)

// Colours that those who confuse red and green tell apart (Okabe and Ito). The
// sequential ones of the matrix are ColorBrewer's YlGnBu.
var (
	blue       = color.RGBA{0x00, 0x72, 0xb2, 0xff}
	orange     = color.RGBA{0xe6, 0x9f, 0x00, 0xff}
	vermillion = color.RGBA{0xd5, 0x5e, 0x00, 0xff}
	black      = color.RGBA{0x00, 0x00, 0x00, 0xff}
	grey       = color.RGBA{0xd9, 0xd9, 0xd9, 0xff}
)

// colours is the number of colours of what a survivor takes over.
const colours = 6

// matrixPanel draws who takes over from whom.
func (c *Charts) matrixPanel(rows, columns bundles) *panel {
	m := c.matrix(rows, columns)
	title := "Who takes over from whom when any one server fails"
	if c.Failover.Failed != nil {
		title = "Who takes over from whom when " + failureWords(c.Failover.Failed) + " " + failVerb(c.Failover.Failed)
	}
	p := newPanel(title, rows.named("failing server"), columns)
	p.height = min(max(dataWidth*vg.Length(len(rows.list))/vg.Length(max(1, len(columns.list))), leastHeight), dataWidth)
	p.Y.Min, p.Y.Max = 0, max(1, float64(len(rows.list)))
	p.Y.Tick.Marker = rows.ticks(true)
	ranges := classesUpTo(m.largest, colours)
	taken, itself, passes := m.boxes(ranges)
	p.legend.Add("part of the survivor's capacity")
	p.legend.Add("that it takes over, in the")
	p.legend.Add("resource where it is then busiest")
	p.legend.Add("")
	for i := range taken {
		addBoxes(p, ranges.words(i), &taken[i])
	}
	addBoxes(p, "past its failure ceiling", passes)
	addBoxes(p, "the server itself", itself)
	p.Add(m.borders()...)
	p.Add(m.figures(ranges))
	return p
}

// addBoxes adds boxes, if there are any, and what they stand for.
func addBoxes(p *panel, means string, b *boxes) {
	if len(b.at) > 0 {
		p.Add(b)
		p.legend.Add(means, b)
	}
}

// boxes parts the cells by what they say.
func (m *matrix) boxes(ranges classes) (taken []boxes, itself, passes *boxes) {
	palette, err := brewer.GetPalette(brewer.TypeSequential, "YlGnBu", 1+colours)
	if err != nil {
		panic(err) // the name is a constant
	}
	for _, colour := range palette.Colors()[1:] { // the first is hardly seen on white
		taken = append(taken, boxes{color: colour})
	}
	itself, passes = &boxes{color: grey}, &boxes{color: vermillion}
	for i, row := range m.cells {
		for j, cell := range row {
			y := float64(len(m.cells) - 1 - i)
			box := [4]float64{float64(j), y, float64(j + 1), y + 1}
			switch {
			case cell.passes:
				passes.at = append(passes.at, box)
			case cell.takes:
				of := &taken[ranges.of(cell.added)]
				of.at = append(of.at, box)
			case cell.itself:
				itself.at = append(itself.at, box)
			}
		}
	}
	return taken, itself, passes
}

// mostFigures is how many servers may be drawn for the cells to have room for figures.
const mostFigures = 20

// figures are the percentages in the cells.
func (m *matrix) figures(ranges classes) plot.Plotter {
	at := &plotter.Labels{}
	if max(len(m.rows.list), len(m.columns.list)) > mostFigures {
		return at
	}
	for i, row := range m.cells {
		for j, cell := range row {
			if !cell.takes {
				continue
			}
			style := textStyle(8)
			style.XAlign, style.YAlign = draw.XCenter, draw.YCenter
			if cell.passes || ranges.of(cell.added) >= colours/2 {
				style.Color = color.White
			}
			at.XYs = append(at.XYs, plotter.XY{X: float64(j) + 0.5, Y: float64(len(m.cells)-i) - 0.5})
			at.Labels = append(at.Labels, strings.TrimSuffix(PercentText(cell.added), " %"))
			at.TextStyle = append(at.TextStyle, style)
		}
	}
	return at
}

// borders are the lines between failure domains.
func (m *matrix) borders() []plot.Plotter {
	var lines []plot.Plotter
	width, height := float64(len(m.columns.list)), float64(len(m.rows.list))
	for _, at := range m.columns.borders() {
		lines = append(lines, line(grey, 0.5, nil, plotter.XYs{{X: float64(at)}, {X: float64(at), Y: height}}))
	}
	for _, at := range m.rows.borders() {
		y := height - float64(at)
		lines = append(lines, line(grey, 0.5, nil, plotter.XYs{{Y: y}, {X: width, Y: y}}))
	}
	return lines
}

func line(c color.Color, width vg.Length, dashes []vg.Length, at plotter.XYs) *plotter.Line {
	return &plotter.Line{XYs: at, LineStyle: draw.LineStyle{Color: c, Width: width, Dashes: dashes}}
}

// barPanel draws how busy each survivor is, in the normal state and at worst.
func (c *Charts) barPanel(columns bundles) *panel {
	title := "How busy each server is after its worst failure"
	if c.Failover.Failed != nil {
		title = "How busy each survivor is"
	}
	p := newPanel(title, "utilisation in %", columns)
	p.height = barHeight
	normal, added := &boxes{color: blue}, &boxes{color: orange}
	var ceiling plotter.XYs
	top := 1.0
	for i, s := range c.busiest(columns) {
		low, high := min(s.Normal, mostDrawn), min(s.Worst, mostDrawn)
		left, right := float64(i)+0.1, float64(i)+0.9
		normal.at = append(normal.at, [4]float64{left, 0, right, 100 * low})
		if high > low {
			added.at = append(added.at, [4]float64{left, 100 * low, right, 100 * high})
		}
		top = max(top, high)
		if limit, promised := c.ceiling(s.Resource); promised {
			limit = min(limit, mostDrawn)
			ceiling = append(ceiling, plotter.XY{X: float64(i), Y: 100 * limit}, plotter.XY{X: float64(i + 1), Y: 100 * limit})
			top = max(top, limit)
		}
	}
	addBoxes(p, "in the normal state", normal)
	addBoxes(p, "added by the failure", added)
	if ceiling != nil {
		l := line(vermillion, 1.5, nil, ceiling)
		p.Add(l)
		p.legend.Add("failure ceiling", l)
	}
	switch bound := c.Failover.Bound; {
	case c.Failover.Failed != nil: // a bound holds for the worst failure, not for this one
	case !bound.Known:
		p.legend.Add("bound: not known")
	default:
		at := 100 * min(bound.Value, mostDrawn)
		l := line(black, 1.2, []vg.Length{4, 3}, plotter.XYs{{Y: at}, {X: float64(len(columns.list)), Y: at}})
		p.Add(l)
		p.legend.Add("bound, "+PercentText(bound.Value)+": no layout", l)
		p.legend.Add("that keeps the rules has less")
	}
	p.Y.Min, p.Y.Max = 0, math.Ceil(top*105)
	p.Y.Tick.Marker = percentTicks(top)
	return p
}

// percentTicks are at round percentages up to the ratio.
func percentTicks(top float64) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	step := 20.0
	for 100*top > 8*step {
		step *= 5
	}
	for percent := 0.0; percent <= 100*top; percent += step {
		ticks = append(ticks, plot.Tick{Value: percent, Label: strconv.FormatFloat(percent, 'f', -1, 64)})
	}
	return ticks
}

// busiest returns the worst strain of each bundle.
func (c *Charts) busiest(columns bundles) []planner.Strain {
	of := make([]*planner.Strain, len(c.Inventory.Servers))
	for i := range c.Failover.Strains {
		of[c.Failover.Strains[i].Server] = &c.Failover.Strains[i]
	}
	list := make([]planner.Strain, len(columns.list))
	for i, b := range columns.list {
		list[i] = *of[b.servers[0]]
		for _, server := range b.servers[1:] {
			if of[server].Worst > list[i].Worst {
				list[i] = *of[server]
			}
		}
	}
	return slices.Clip(list)
}
