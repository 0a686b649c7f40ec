package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/interlacemail/interlace/inventory"
)

// optional is a flag whose value is nil as long as it is not given or has no
// default. A mistake in it waits until all flags are read.
type optional[T any] struct {
	value  *T
	kind   string // the word for the value in the help
	parse  func(string) (T, error)
	format func(T) string
	wrong  error
}

// Set reads the value. What is wrong with it is told by [optional.mistake].
func (f *optional[T]) Set(s string) error {
	v, err := f.parse(s)
	if f.wrong = err; err == nil {
		f.value = &v
	}
	return nil
}

// String returns the value as it is written.
func (f *optional[T]) String() string {
	if f.value == nil {
		return ""
	}
	return f.format(*f.value)
}

// Type returns the word for the value in the help.
func (f *optional[T]) Type() string { return f.kind }

func (f *optional[T]) mistake() error { return f.wrong }

// or returns the flag with a default.
func (f optional[T]) or(v T) optional[T] {
	f.value = &v
	return f
}

// given returns the value, or what stands for none.
func (f *optional[T]) given(none T) T {
	if f.value == nil {
		return none
	}
	return *f.value
}

// sizeFlag is a flag for a size in bytes.
func sizeFlag() optional[int64] {
	return optional[int64]{kind: "size", format: inventory.FormatSize, parse: func(s string) (int64, error) {
		n, err := inventory.ParseSize(s)
		if err != nil {
			err = fmt.Errorf("%w; sizes go from 0 to %s", err, inventory.FormatSize(inventory.MaxValue))
		}
		return n, err
	}}
}

// mostThings is the largest number of things that a flag names.
const mostThings = math.MaxInt32

// countFlag is a flag for a number of things.
func countFlag(least, most int) optional[int] {
	return optional[int]{kind: "number", format: strconv.Itoa, parse: func(s string) (int, error) {
		n, err := inventory.ParseCount(s)
		if err != nil || n < least || n > most {
			return 0, fmt.Errorf("%s is not a whole number from %d to %d", inventory.Quoted(s), least, most)
		}
		return n, nil
	}}
}

// seedFlag is the flag for a seed.
func seedFlag() optional[uint64] {
	format := func(n uint64) string { return strconv.FormatUint(n, 10) }
	return optional[uint64]{kind: "number", format: format, parse: func(s string) (uint64, error) {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s is not a whole number from 0 to %d", inventory.Quoted(s), uint64(math.MaxUint64))
		}
		return n, nil
	}}
}

// ratioFlag is a flag for a part of one.
func ratioFlag() optional[float64] {
	format := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	return optional[float64]{kind: "ratio", format: format, parse: func(s string) (float64, error) {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(v) || v < 0 || v > 1 {
			err = fmt.Errorf("%s is not between 0 and 1", inventory.Quoted(s))
			if v > 1 && v <= 100 {
				return 0, hint(err, "%s %% is %s", strconv.FormatFloat(v, 'g', 4, 64), strconv.FormatFloat(v/100, 'g', 4, 64))
			}
			return 0, err
		}
		return v, nil
	}}
}

// peakFlag is a flag for a part of one that is not nothing.
func peakFlag() optional[float64] {
	f := ratioFlag()
	parse := f.parse
	f.parse = func(s string) (float64, error) {
		v, err := parse(s)
		if err == nil && v == 0 {
			err = fmt.Errorf("%s is not above 0 and at most 1", inventory.Quoted(s))
		}
		return v, err
	}
	return f
}

// durationFlag is a flag for a time span.
func durationFlag() optional[time.Duration] {
	return optional[time.Duration]{kind: "time", format: formatDuration, parse: parseDuration}
}

// spanFlag is a flag for a time span that is not nothing.
func spanFlag() optional[time.Duration] {
	f := durationFlag()
	parse := f.parse
	f.parse = func(s string) (time.Duration, error) {
		d, err := parse(s)
		if err == nil && d == 0 {
			err = fmt.Errorf("%s is no time at all", inventory.Quoted(s))
		}
		return d, err
	}
	return f
}

// bandwidthFlag is a flag for bytes a second.
func bandwidthFlag() optional[int64] {
	return optional[int64]{kind: "bandwidth", format: inventory.FormatBandwidth, parse: inventory.ParseBandwidth}
}

// dateFlag is a flag for a day or a time.
func dateFlag() optional[time.Time] {
	format := func(t time.Time) string { return t.Format(time.RFC3339) }
	return optional[time.Time]{kind: "date", format: format, parse: parseDate}
}

// choiceFlag is a flag for one of some words.
type choiceFlag struct {
	value   string
	choices []string
	wrong   error
}

func choiceOf(value string, choices ...string) choiceFlag {
	return choiceFlag{value: value, choices: choices}
}

// Set takes one of the words. What is wrong with it is told by [choiceFlag.mistake].
func (f *choiceFlag) Set(s string) error {
	if f.wrong = nil; !slices.Contains(f.choices, s) {
		f.wrong = hint(fmt.Errorf("%s is none of %s", inventory.Quoted(s), strings.Join(f.choices, ", ")), "%s", nearest(s, f.choices))
		return nil
	}
	f.value = s
	return nil
}

func (f *choiceFlag) String() string { return f.value }

// Type returns the word for the value in the help.
func (f *choiceFlag) Type() string { return "string" }

func (f *choiceFlag) mistake() error { return f.wrong }

// pathValue is a flag for the name of a file or directory.
type pathValue struct {
	to    *string
	check func(string) error // what else the name must be; nil: anything
	wrong error
}

func pathFlag(to *string) *pathValue { return &pathValue{to: to} }

// Set takes any name but an empty one, which would mean that nothing is written
// or that something else is read. It is told by [pathValue.mistake].
func (f *pathValue) Set(s string) error {
	*f.to, f.wrong = s, nil
	if s == "" {
		f.wrong = hint(errors.New("the name is empty"), "a variable of the shell may not be set")
	} else if f.check != nil {
		f.wrong = f.check(s)
	}
	return nil
}

func (f *pathValue) String() string {
	if f.to == nil {
		return ""
	}
	return *f.to
}

// Type returns the word for the value in the help.
func (f *pathValue) Type() string { return "string" }

func (f *pathValue) mistake() error { return f.wrong }

// allMistakes lets every command below check its words and all of its flags
// before it does anything, and tell all mistakes at once.
func allMistakes(c *cobra.Command) {
	words := c.Args
	c.Args = func(cmd *cobra.Command, args []string) error {
		err := flagMistakes(cmd)
		if words != nil {
			err = errors.Join(err, words(cmd, args))
		}
		return err
	}
	c.Flags().VisitAll(once)
	c.PersistentFlags().VisitAll(once)
	for _, below := range c.Commands() {
		allMistakes(below)
	}
}

// once lets a flag of one value be given no more than once: of two values one would be
// passed over in silence.
func once(f *pflag.Flag) {
	if _, repeated := f.Value.(*assumeFlag); repeated {
		return
	}
	if v, ok := f.Value.(mistaken); ok {
		f.Value = &single{mistaken: v}
	}
}

// mistaken is a value that tells what is wrong with it when all flags are read.
type mistaken interface {
	pflag.Value
	mistake() error
}

// single is a value that is set once.
type single struct {
	mistaken
	given int
}

// Set reads the value. That it is not the first is told by [single.mistake].
func (f *single) Set(s string) error {
	f.given++
	return f.mistaken.Set(s)
}

func (f *single) mistake() error {
	var repeated error
	if f.given > 1 {
		repeated = errors.New("it is given more than once and takes one value")
	}
	return errors.Join(repeated, f.mistaken.mistake())
}

// flagMistakes returns what is wrong with the values of flags, each with its name.
func flagMistakes(cmd *cobra.Command) error {
	var errs []error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if v, ok := f.Value.(mistaken); ok && v.mistake() != nil {
			errs = append(errs, fmt.Errorf("--%s: %w", f.Name, v.mistake()))
		}
	})
	return hint(errors.Join(errs...), "%s --help lists the flags", cmd.CommandPath())
}
