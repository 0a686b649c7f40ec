package report

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// PlotFormats are the kinds of pictures, each also the extension of its files.
func PlotFormats() []string { return []string{"svg", "png"} }

// mostBundles is the number of servers up to which each is drawn by itself.
const mostBundles = 200

// Plot draws who takes over from whom above how busy that makes each server, the
// survivors in the same columns, as a picture of the format.
func Plot(w io.Writer, c Charts, format string) error {
	survive, fail := c.servers()
	columns := bundled(c.Inventory, survive, mostBundles)
	rows := bundled(c.Inventory, fail, mostBundles)
	upper := c.matrixPanel(rows, columns)
	lower := c.barPanel(columns)
	canvas, err := drawn(c.plotTitle(columns), []*panel{upper, lower}, format)
	if err == nil {
		err = writePicture(w, canvas)
	}
	if err != nil {
		return fmt.Errorf("draw the failures: %w", err)
	}
	return nil
}

func writePicture(w io.Writer, canvas vg.CanvasWriterTo) error {
	var picture bytes.Buffer
	if _, err := canvas.WriteTo(&picture); err != nil {
		return err
	}
	_, err := w.Write(withFonts(picture.Bytes()))
	return err
}

// withFonts names fonts of the same widths for those who don't have the one that
// an SVG asks for. A PNG has no such words.
func withFonts(picture []byte) []byte {
	return bytes.ReplaceAll(picture, []byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
}

// plotTitle says what is drawn.
func (c *Charts) plotTitle(columns bundles) []string {
	title := []string{c.Title}
	if columns.each != single {
		title = append(title, fmt.Sprintf("Drawn by %s: a cell is the most between two of their servers, a bar their busiest server.", columns.each))
	}
	if len(c.Failover.Strains) == 0 {
		title = append(title, "Nothing is drawn: no server survives, or no resource fails over.")
	}
	return title
}

// Sizes of the picture, in points. The data of both panels is equally wide.
const (
	margin      = vg.Length(14)
	dataWidth   = vg.Length(620)
	legendWidth = vg.Length(170)
	leastHeight = vg.Length(90)
	barHeight   = vg.Length(240)
	lineHeight  = vg.Length(17)
)

// panel is one plot, the height of its data, and its legend.
type panel struct {
	*plot.Plot
	height vg.Length
	legend plot.Legend
}

// edges returns the room that titles, labels and axes take around the data.
func (p *panel) edges() (left, right, bottom, top vg.Length) {
	whole := draw.Canvas{Rectangle: vg.Rectangle{Max: vg.Point{X: 10 * dataWidth, Y: 10 * dataWidth}}}
	data := p.DataCanvas(whole)
	return data.Min.X, whole.Max.X - data.Max.X, data.Min.Y, whole.Max.Y - data.Max.Y
}

// drawn puts the panels below one another, their data in line.
func drawn(title []string, panels []*panel, format string) (vg.CanvasWriterTo, error) {
	var left vg.Length
	height := 3*margin + lineHeight*vg.Length(len(title))
	for _, p := range panels {
		l, _, bottom, top := p.edges()
		left = max(left, l)
		height += bottom + p.height + top + margin
	}
	width := margin + left + dataWidth + margin + legendWidth + margin
	canvas, err := draw.NewFormattedCanvas(width, height, format)
	if err != nil {
		return nil, err
	}
	c := draw.New(canvas)
	c.SetColor(color.White)
	c.Fill(c.Rectangle.Path())
	y := height - margin
	for i, line := range title {
		c.FillText(textStyle(13-vg.Length(min(i, 1))*2), vg.Point{X: margin, Y: y}, line)
		y -= lineHeight
	}
	y -= margin
	for _, p := range panels {
		l, right, bottom, top := p.edges()
		x := margin + left
		part := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
			Min: vg.Point{X: x - l, Y: y - top - p.height - bottom},
			Max: vg.Point{X: x + dataWidth + right, Y: y},
		}}
		p.Draw(part)
		p.legend.Draw(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
			Min: vg.Point{X: x + dataWidth + margin, Y: y - top - p.height},
			Max: vg.Point{X: width - margin, Y: y - top},
		}})
		y = part.Min.Y - margin
	}
	return canvas, nil
}

// newPanel returns an empty plot with servers along the x axis.
func newPanel(title, up string, columns bundles) *panel {
	p := emptyPanel(title, columns.named("survivor"), up)
	p.X.Tick.Length, p.X.Tick.LineStyle.Color = 5, color.Transparent // names that are turned reach into the ticks
	p.X.Min, p.X.Max = 0, max(1, float64(len(columns.list)))
	p.X.Tick.Marker = columns.ticks(false)
	p.X.Tick.Label.Rotation, p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = math.Pi/2, draw.XRight, draw.YCenter
	return p
}

// emptyPanel returns an empty plot and its names.
func emptyPanel(title, along, up string) *panel {
	p := &panel{Plot: plot.New(), legend: plot.NewLegend()}
	p.BackgroundColor = nil
	p.Title.Text, p.Title.TextStyle, p.Title.Padding = title, textStyle(12), 6
	p.Title.TextStyle.XAlign, p.Title.TextStyle.YAlign = draw.XCenter, draw.YTop
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Padding = 0
		axis.Tick.Length = 3
		axis.Tick.Label.Font, axis.Label.TextStyle.Font = textStyle(8).Font, textStyle(11).Font
		axis.Label.Padding = 4
	}
	p.X.Label.Text, p.Y.Label.Text = along, up
	p.legend.Top, p.legend.Left, p.legend.TextStyle = true, true, textStyle(9)
	p.legend.TextStyle.YAlign = draw.YBottom
	p.legend.ThumbnailWidth, p.legend.Padding = 16, 4
	return p
}

func textStyle(size vg.Length) draw.TextStyle {
	return draw.TextStyle{
		Color:  black,
		Font:   font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		XAlign: draw.XLeft, YAlign: draw.YTop,
		Handler: plot.DefaultTextHandler,
	}
}
