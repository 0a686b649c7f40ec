package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/inventory/files"
	"github.com/interlacemail/interlace/planner"
)

// errFound ends a command that did its work and found what it looks for.
var errFound = errors.New("found something")

// errPartly ends a command that found nothing, and could not look at everything.
var errPartly = errors.New("not everything could be looked at")

// errCut ends a command that was interrupted and kept the best that it had.
var errCut = errors.New("interrupted")

// hinted is an error and what to do about it.
type hinted struct {
	error
	text string
}

func (h *hinted) Unwrap() error { return h.error }

// hint adds to an error what to do about it; an empty text adds nothing.
func hint(err error, format string, args ...any) error {
	if text := fmt.Sprintf(format, args...); err != nil && text != "" {
		return &hinted{err, text}
	}
	return err
}

// unreadHint says what to do where a file could not be read: of one that there is not,
// how to have one.
func unreadHint(err error, path, missing string) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return missing
	case errors.Is(err, fs.ErrPermission):
		if full, err := filepath.Abs(path); err == nil {
			path = full
		}
		return fmt.Sprintf("this account may not read %s: give it the right to read the file and to enter its directory, or run interlace as an account that has it", path)
	}
	return ""
}

// refused is an error about files with what that means for the command.
type refused struct {
	error
	consequence string // such as: nothing was imported
}

func (r *refused) Unwrap() error { return r.error }

// wrongPlans are plan files with what cannot be in them.
type wrongPlans struct{ files []wrongPlan }

// wrongPlan is one of them.
type wrongPlan struct {
	path     string
	mistakes *planner.Mistakes
}

// Error says how many mistakes there are.
func (w *wrongPlans) Error() string {
	var words []string
	for _, f := range w.files {
		words = append(words, f.summary())
	}
	return strings.Join(words, "\n")
}

func (w *wrongPlan) summary() string {
	text := fmt.Sprintf("%s holds %s", w.path, inventory.Counted(w.mistakes.Count, "mistake", "mistakes"))
	if w.mistakes.Count > len(w.mistakes.First) {
		text += fmt.Sprintf("; the first %d are shown", len(w.mistakes.First))
	}
	return text
}

// tell writes an error to standard error: mistakes in files a line each, then
// what could not be done, then what to do about it.
func (a *app) tell(err error) {
	words := err.Error()
	if mistakes := (*files.Error)(nil); errors.As(err, &mistakes) {
		for _, m := range mistakes.First {
			a.tellLine(m.String())
		}
		words = mistakes.Summary()
	}
	if c := (*wrongConfig)(nil); errors.As(err, &c) {
		for i := range c.mistakes[:min(len(c.mistakes), files.Shown)] {
			a.tellLine(c.mistakes[i].String())
		}
	}
	if plans := (*wrongPlans)(nil); errors.As(err, &plans) {
		for _, f := range plans.files {
			for _, m := range f.mistakes.First {
				a.tellLine(f.path + ": " + m.Place + ": " + m.Text)
			}
		}
		words = plans.Error()
	}
	if r := (*refused)(nil); errors.As(err, &r) {
		words += "; " + r.consequence
	}
	a.say("%s", words)
	a.tellHints(err)
}

// tellHints writes to standard error what to do about an error.
func (a *app) tellHints(err error) {
	for _, text := range hints(err) {
		a.say("hint: %s", text)
	}
}

// inShort is an error in one line: of many mistakes in files the first of which it is
// known what was meant, with its place, and how many there are.
func inShort(err error) string {
	in := (*files.Error)(nil)
	if !errors.As(err, &in) {
		return strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	m := in.First[max(0, slices.IndexFunc(in.First, func(m files.Mistake) bool { return m.Hint != "" }))]
	text := m.String()
	if m.Hint != "" {
		text += "; " + m.Hint
	}
	if in.Count > 1 {
		text += " (" + in.Summary() + ")"
	}
	return text
}

// shownHints is how many hints a person reads.
const shownHints = 5

// hints returns what to do about the error, each hint once.
func hints(err error) []string {
	var list []string
	add := func(text string) {
		if text != "" && !slices.Contains(list, text) && len(list) < shownHints {
			list = append(list, text)
		}
	}
	var walk func(error)
	walk = func(err error) {
		switch e := err.(type) {
		case *hinted:
			add(e.text)
		case *database.Error:
			add(e.Hint)
		case *inventory.ValueError:
			add(e.Hint)
		case *files.Error:
			for _, text := range e.Hints() {
				add(text)
			}
		case *wrongConfig:
			for _, text := range e.hints() {
				add(text)
			}
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			if inner := e.Unwrap(); inner != nil {
				walk(inner)
			}
		case interface{ Unwrap() []error }:
			for _, inner := range e.Unwrap() {
				walk(inner)
			}
		}
	}
	walk(err)
	return list
}

// nearest returns a hint at the name that was meant, or nothing.
func nearest[S ~string](name string, candidates []S) string {
	if meant := inventory.Nearest(name, candidates); meant != "" {
		return fmt.Sprintf("%s looks like %s", inventory.Printable(name), inventory.Printable(meant))
	}
	return ""
}
