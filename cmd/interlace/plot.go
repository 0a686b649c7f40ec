package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

// plotFlag is a flag for the name of a picture, whose extension says its kind.
func plotFlag(to *string) *pathValue {
	f := pathFlag(to)
	f.check = func(path string) error {
		if slices.Contains(report.PlotFormats(), plotFormat(path)) {
			return nil
		}
		return hint(fmt.Errorf("%s ends neither in .svg nor in .png", inventory.Quoted(path)), "the end of the name says what kind of picture is drawn")
	}
	return f
}

func plotFormat(path string) string {
	return strings.ToLower(strings.TrimPrefix(filepath.Ext(path), "."))
}

// mostBounded is the number of servers up to which a picture of what is so today
// has a bound: that of ten thousand takes half a minute. Plans have it anyway.
const mostBounded = 1000

// failover returns who takes over from whom, where it is shown or drawn; with the
// bound only for a picture, since that takes longer than all the rest.
func (a *app) failover(s *simulate.Simulator, fleet *load.Fleet, plot string) planner.Failover {
	if plot == "" && a.flags.output.value != "text" {
		return planner.Failover{}
	}
	f := s.Failover()
	if plot != "" && len(f.Strains) <= mostBounded {
		f.Bound = bounds.Layout(fleet, bounds.LayoutOptions{}).WorstSingle
	}
	return f
}

// savePlot draws what failures do into the file that --plot names, if it does.
func (a *app) savePlot(path string, c report.Charts) error {
	return a.savePicture(path, "draw the failures", func(w io.Writer, format string) error { return report.Plot(w, c, format) })
}

// savePicture draws into the file, if one is named, in the format that its name
// ends in, and says so.
func (a *app) savePicture(path, doing string, draw func(w io.Writer, format string) error) error {
	if path == "" {
		return nil
	}
	var picture bytes.Buffer
	if err := draw(&picture, plotFormat(path)); err != nil {
		return err
	}
	if err := writeWhole(path, picture.Bytes()); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	a.note("wrote %s", inventory.Printable(path))
	return nil
}
