package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// spares refuses to write over what is read: the fleet file and the plans named.
func (a *app) spares(outputs, plans []string) error {
	inputs := slices.Clone(plans)
	if a.fromFile() {
		inputs = append(inputs, a.config.Fleet)
	}
	var errs []error
	for _, out := range outputs {
		if slices.ContainsFunc(inputs, func(in string) bool { return sameFile(out, in) }) {
			errs = append(errs, hint(fmt.Errorf("write %s: it is also read", inventory.Quoted(out)), "name another file for the result"))
		}
	}
	return errors.Join(errs...)
}

// sameFile reports whether both names lead to one file that is there.
func sameFile(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
