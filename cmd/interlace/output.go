package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"golang.org/x/term"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/planner"
)

// result is what a command found, in the three forms of -o.
type result struct {
	screen *report.Screen
	table  *report.Table
	json   func(io.Writer) error
}

// print writes the form of the result that is asked for to standard output.
func (a *app) print(r result) error {
	switch a.flags.output.value {
	case "json":
		return r.json(a.stdout)
	case "csv":
		return r.table.CSV(a.stdout)
	}
	if a.sees != nil {
		a.sees(r.screen)
	}
	if err := r.screen.Text(a.stdout, a.style()); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// rows is the JSON form of a result that is one table.
func rows(name string, t *report.Table) func(io.Writer) error {
	return func(w io.Writer) error { return t.JSON(w, name) }
}

// object is the JSON form of a result that is a plan or looks like one.
func object(v any) func(io.Writer) error {
	return func(w io.Writer) error {
		text, err := planner.Encode(v)
		if err != nil {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
		return nil
	}
}

// tableOnly is a result that is one table and nothing else.
func tableOnly(name string, t *report.Table) result {
	return result{screen: &report.Screen{Blocks: []report.Block{t}}, table: t, json: rows(name, t)}
}

// plainWidth is the width of text that goes elsewhere than to a terminal.
const plainWidth = 100

// style says how text is written to standard output.
func (a *app) style() report.Style {
	s := report.Style{Width: columns(a.stdout), Colour: a.colour()}
	if s.Width == 0 {
		s.Width = plainWidth
	}
	return s
}

// columns is the width of a terminal, or what COLUMNS says, or 0 if neither is
// known.
func columns(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil {
			return n
		}
	}
	return 0
}

// colour reports whether text may be coloured: as --color says, else never
// where NO_COLOR is set (https://no-color.org), always where CLICOLOR_FORCE is
// (https://bixense.com/clicolors), else on terminals that are not dumb.
func (a *app) colour() bool {
	switch {
	case a.flags.color.value == "always":
		return true
	case a.flags.color.value == "never", os.Getenv("NO_COLOR") != "":
		return false
	case os.Getenv("CLICOLOR_FORCE") != "" && os.Getenv("CLICOLOR_FORCE") != "0":
		return true
	}
	return os.Getenv("TERM") != "dumb" && isTerminal(a.stdout)
}

// took is the time since the start, for people: what goes elsewhere is the same
// for the same input.
func (a *app) took(start time.Time) time.Duration {
	if !isTerminal(a.stdout) {
		return 0
	}
	return time.Since(start)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
