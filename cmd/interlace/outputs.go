package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// mayWrite finds out before long work whether the plan and the picture will have
// places, each one of its own and none where something lies that is read. An empty
// name has no place.
func mayWrite(plan, plot string, read ...string) error {
	planned, wrong := placeOf("write the plan", plan, read)
	drawn, err := placeOf("draw the failures", plot, read)
	if err = errors.Join(wrong, err); err == nil && planned != "" && planned == drawn {
		return hint(errors.New("--plan and --plot name the same file"), "name one for each")
	}
	return err
}

// placeOf returns where an output goes.
func placeOf(doing, path string, read []string) (string, error) {
	switch path {
	case "":
		return "", nil
	case "-":
		return "", hint(fmt.Errorf("%s: - is no file", doing), "-o json writes the plan to standard output")
	}
	place, mode, err := destination(path)
	if err == nil && mode.IsRegular() && slices.ContainsFunc(read, func(in string) bool { return sameFile(place, in) }) {
		err = hint(fmt.Errorf("write %s: it is also read", inventory.Quoted(path)), "name another file for the result")
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", doing, err)
	}
	return place, nil
}

// sameFile reports whether both names lead to one file that is there.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
