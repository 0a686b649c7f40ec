package main

import (
	"fmt"
	"math"
	"strconv"

	"github.com/interlacemail/interlace/inventory"
)

// The flags below are nil as long as they are not given: no limit.

// sizeLimit is a flag for a size in bytes.
type sizeLimit struct{ value *int64 }

func (f *sizeLimit) Set(s string) error {
	n, err := inventory.ParseSize(s)
	if err != nil {
		return err
	}
	f.value = &n
	return nil
}

func (f *sizeLimit) String() string {
	if f.value == nil {
		return ""
	}
	return inventory.FormatSize(*f.value)
}

// Type returns the word for the value in the help.
func (f *sizeLimit) Type() string { return "size" }

// countLimit is a flag for a number of things.
type countLimit struct{ value *int }

func (f *countLimit) Set(s string) error {
	n, err := inventory.ParseCount(s)
	if err != nil {
		return err
	}
	f.value = &n
	return nil
}

func (f *countLimit) String() string {
	if f.value == nil {
		return ""
	}
	return strconv.Itoa(*f.value)
}

// Type returns the word for the value in the help.
func (f *countLimit) Type() string { return "number" }

// ratioFlag is a flag for a part of one.
type ratioFlag struct{ value *float64 }

func ratioOf(v float64) ratioFlag { return ratioFlag{&v} }

func (f *ratioFlag) Set(s string) error {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || v < 0 || v > 1 {
		err = fmt.Errorf("%s is not between 0 and 1", inventory.Quoted(s))
		if v > 1 && v <= 100 {
			return hint(err, "%s %% is %s", strconv.FormatFloat(v, 'g', 4, 64), strconv.FormatFloat(v/100, 'g', 4, 64))
		}
		return err
	}
	f.value = &v
	return nil
}

func (f *ratioFlag) String() string {
	if f.value == nil {
		return ""
	}
	return strconv.FormatFloat(*f.value, 'g', -1, 64)
}

// Type returns the word for the value in the help.
func (f *ratioFlag) Type() string { return "ratio" }
