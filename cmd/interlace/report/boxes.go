package report

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// boxes are rectangles of one colour, from corner to corner in the units of the
// axes, drawn as one path. In a legend they are their own sign.
type boxes struct {
	color color.Color
	at    [][4]float64 // left, bottom, right, top
}

// Plot draws the boxes.
func (b *boxes) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var path vg.Path
	for _, box := range b.at {
		path.Move(vg.Point{X: x(box[0]), Y: y(box[1])})
		path.Line(vg.Point{X: x(box[2]), Y: y(box[1])})
		path.Line(vg.Point{X: x(box[2]), Y: y(box[3])})
		path.Line(vg.Point{X: x(box[0]), Y: y(box[3])})
		path.Close()
	}
	c.SetColor(b.color)
	c.Fill(path)
}

// Thumbnail draws one box into a legend.
func (b *boxes) Thumbnail(c *draw.Canvas) {
	c.SetColor(b.color)
	c.Fill(c.Rectangle.Path())
}

// ticks are the names of the bundles in the middle of each: of all, with the domain
// that a server stands in where it begins, or where they are many, of the domains, or
// of as many as have room.
func (b *bundles) ticks(down bool) plot.ConstantTicks {
	at := func(from, to int) float64 {
		middle := float64(from+to) / 2
		if down {
			return float64(len(b.list)) - middle
		}
		return middle
	}
	var ticks plot.ConstantTicks
	borders := append(append([]int{0}, b.borders()...), len(b.list))
	if len(b.list) > mostNames && len(borders) > 2 && len(borders) <= mostNames {
		for i := 1; i < len(borders); i++ {
			ticks = append(ticks, plot.Tick{Value: at(borders[i-1], borders[i]), Label: b.list[borders[i-1]].domain})
		}
		return ticks
	}
	every := (len(b.list) + mostNames - 1) / mostNames
	for i := 0; i < len(b.list); i += every {
		label := b.list[i].name
		if domain := b.list[i].domain; domain != "" && (i < every || b.list[i-every].domain != domain) {
			label = domain + " · " + label
		}
		ticks = append(ticks, plot.Tick{Value: at(i, i+1), Label: label})
	}
	return ticks
}

// mostNames is how many names fit along an axis.
const mostNames = 60
