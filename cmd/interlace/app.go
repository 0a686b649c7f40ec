package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
)

// app is one run of the program: its streams, its clock, its flags and its
// configuration.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	sees           func(*report.Screen) // each screen that is written; nil outside of tests

	flags  flags
	config *config

	readings  readings // of whole messages
	unhelpful error    // why the help could not be written
}

// flags are those that every command takes.
type flags struct {
	config string
	db     string
	fleet  string
	output choiceFlag
	color  choiceFlag
	quiet  bool
	seed   optional[uint64]
}

// say writes words to standard error, each line after the program's name.
func (a *app) say(format string, args ...any) {
	for line := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
		a.tellLine("interlace: " + line)
	}
}

// tellLine writes a line to standard error, broken between words where the width
// is known.
func (a *app) tellLine(line string) {
	for _, part := range report.Paragraph(inventory.Clean(line), columns(a.stderr), 4) {
		fmt.Fprintln(a.stderr, part)
	}
}

// note says what is good to know but not needed; --quiet leaves it out.
func (a *app) note(format string, args ...any) {
	if !a.flags.quiet {
		a.say(format, args...)
	}
}

// copyable writes lines that are to be copied as they stand: no width breaks them, and
// nothing stands before them. --quiet leaves them out.
func (a *app) copyable(lines string) {
	for line := range strings.SplitSeq(lines, "\n") {
		if !a.flags.quiet {
			fmt.Fprintln(a.stderr, inventory.Clean(line))
		}
	}
}

// Exit statuses.
const (
	exitFine        = 0
	exitFound       = 1
	exitFailed      = 2
	exitPartly      = 3
	exitInterrupted = 130
)

// exit tells the error, if it is one to tell, and returns the exit status. A
// command that had done its work when the interrupt came was not interrupted.
func (a *app) exit(err error) int {
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errFound):
		return exitFound
	case errors.Is(err, errPartly):
		return exitPartly
	case errors.Is(err, errCut):
		return exitInterrupted
	case errors.Is(err, context.Canceled):
		a.say("interrupted")
		a.tellHints(err)
		return exitInterrupted
	}
	a.tell(err)
	return exitFailed
}

// tells reports whether an error has more to tell than the exit status does.
func (a *app) tells(err error) bool {
	return !errors.Is(err, errFound) && !errors.Is(err, errPartly) && !errors.Is(err, errCut) && !errors.Is(err, context.Canceled)
}
