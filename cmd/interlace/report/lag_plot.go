package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/interlacemail/interlace/inventory"
)

// plottedLags is how many channels a picture has.
const plottedLags = 6

// lagHeight is the height of the bars of one channel.
const lagHeight = vg.Length(90)

// PlotLag draws how old the oldest entry of the worst channels was over the time, one
// below the other, as a picture of the format; behind and alert are the ages in
// seconds from which on thresholds say so.
func PlotLag(w io.Writer, h *LagHistory, behind, alert float64, format string) error {
	title := []string{fmt.Sprintf("Age of the oldest change that the replica does not have, %s", periodText(h.Since, h.Until))}
	drawnStores := h.Stores[:min(plottedLags, len(h.Stores))]
	switch left := len(h.Stores) - len(drawnStores); {
	case len(h.Stores) == 0:
		title = append(title, "Nothing is drawn: nobody looked at any channel.")
	case left > 0:
		title = append(title, fmt.Sprintf("The worst; %s not drawn.", things(left, "more is", "more are")))
	}
	var panels []*panel
	for i := range drawnStores {
		panels = append(panels, h.lagPanel(&drawnStores[i], behind, alert))
	}
	canvas, err := drawn(title, panels, format)
	if err == nil {
		err = writePicture(w, canvas)
	}
	if err != nil {
		return fmt.Errorf("draw the lag: %w", err)
	}
	return nil
}

// lagPanel draws one channel.
func (h *LagHistory) lagPanel(p *LagPast, behind, alert float64) *panel {
	top := behind
	for _, age := range p.Most {
		top = max(top, age.Value)
	}
	unit, name := 1.0, "s"
	switch {
	case top >= 3*3600:
		unit, name = 3600, "h"
	case top >= 180:
		unit, name = 60, "min"
	}
	panel := emptyPanel(inventory.Clean(fmt.Sprintf("%s on %s", p.name(), p.Server)), "", "oldest, "+name)
	panel.height = lagHeight
	ages, nobody := &boxes{color: blue}, &boxes{color: grey}
	for i, age := range p.Most {
		left, right := float64(i), float64(i+1)
		if age.Known {
			ages.at = append(ages.at, [4]float64{left, 0, right, age.Value / unit})
		} else {
			nobody.at = append(nobody.at, [4]float64{left, 0, right, 1.05 * top / unit})
		}
	}
	addBoxes(panel, "nobody looked", nobody)
	addBoxes(panel, "most in "+inventory.DurationText(h.Step), ages)
	limit := func(at float64, dashes []vg.Length, means string) {
		if at <= top {
			l := line(vermillion, 1, dashes, plotter.XYs{{X: 0, Y: at / unit}, {X: float64(len(p.Most)), Y: at / unit}})
			panel.Add(l)
			panel.legend.Add(means, l)
		}
	}
	limit(behind, []vg.Length{4, 3}, "behind")
	limit(alert, nil, "alert")
	panel.X.Min, panel.X.Max = 0, max(1, float64(len(p.Most)))
	panel.Y.Min, panel.Y.Max = 0, 1.05*top/unit
	panel.X.Tick.Marker, panel.Y.Tick.Marker = h.timeTicks(), roundTicks(top/unit)
	panel.X.Tick.Label.XAlign, panel.X.Tick.Label.YAlign = draw.XCenter, draw.YTop
	return panel
}

// timeTicks are at full hours or days of the reader's clock, at most eight.
func (h *LagHistory) timeTicks() plot.ConstantTicks {
	const most = 8
	whole := h.Until.Sub(h.Since)
	every := time.Minute
	for _, next := range []time.Duration{
		5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 90 * 24 * time.Hour,
	} {
		if every*most >= whole {
			break
		}
		every = next
	}
	form := "Jan 2 15:04"
	if every >= 24*time.Hour {
		form = "Jan 2"
	}
	var ticks plot.ConstantTicks
	last := h.Begins.Add(-1)
	for clock := shown(h.Begins).Truncate(every); ; clock = clock.Add(every) {
		at := showing(clock, h.Begins.Location())
		if at.After(h.Until) {
			return ticks
		}
		if at.After(last) { // clocks that are put forward skip some
			ticks = append(ticks, plot.Tick{Value: at.Sub(h.Begins).Seconds() / h.Step, Label: at.Format(form)})
			last = at
		}
	}
}

// shown is what a clock shows at a time, as if there were no time zones: so its full
// hours and days stay full where clocks are put forward or back.
func shown(at time.Time) time.Time {
	_, offset := at.Zone()
	return at.Add(time.Duration(offset) * time.Second).UTC()
}

// showing is when a clock shows that.
func showing(clock time.Time, zone *time.Location) time.Time {
	return time.Date(clock.Year(), clock.Month(), clock.Day(), clock.Hour(), clock.Minute(), 0, 0, zone)
}

// roundTicks are at round numbers up to the largest, at most five.
func roundTicks(largest float64) plot.ConstantTicks {
	step := math.Pow(10, math.Floor(math.Log10(largest)))
	for _, factor := range []float64{0.2, 0.5, 1, 2} {
		if largest <= 5*factor*step {
			step *= factor
			break
		}
	}
	var ticks plot.ConstantTicks
	for i := 0.0; i*step <= largest; i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: strconv.FormatFloat(i*step, 'g', 3, 64)})
	}
	return ticks
}
