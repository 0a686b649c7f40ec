package files

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// Names of the files that Write writes.
const (
	fleetFile     = "fleet.yaml"
	serversFile   = "servers.csv"
	storesFile    = "stores.csv"
	instancesFile = "instances.csv"
	usersFile     = "users.csv"
	sharesFile    = "shares.csv"
	groupsFile    = "groups.csv"
)

// mark is the first line of a fleet file that Write has written and may replace.
const mark = "# Written by interlace export. Edit it as you like; the next export into this directory replaces it."

// largeTable is the number of servers or stores above which they stand in CSV
// files of their own.
const largeTable = 2000

// Write writes a sorted and valid inventory as fleet.yaml and the tables beside
// it into a directory, which it creates if it is missing. [Read] gives back the
// same inventory.
//
// An earlier export in the directory is replaced, other files are left alone. A
// fleet.yaml or table that no export has written is never replaced: Write
// refuses then. Every file is complete under a temporary name before the first
// is renamed, and as long as some are and some are not, [Read] refuses the
// fleet. What an export leaves that was killed, the next one removes.
func Write(dir string, inv *inventory.Inventory) error {
	if mistakes, _ := inventory.Validate(inv); mistakes.Count > 0 {
		return fmt.Errorf("write %s: the inventory holds %s: %s", dir, plural(mistakes.Count, "mistake"), mistakes.List[0].Text)
	}
	if err := writeInto(dir, inv); err != nil {
		return fmt.Errorf("write %s: %w", dir, err)
	}
	return nil
}

func writeInto(dir string, inv *inventory.Inventory) error {
	files, err := export(inv)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return reason(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return reason(err)
	}
	defer root.Close()
	unlock, err := lock(dir)
	if err != nil {
		return err
	}
	defer unlock()
	if err := replaceable(root); err != nil {
		return err
	}
	if err := removeLeftovers(root); err != nil {
		return err
	}
	return replace(root, files)
}

// file is a file to be written.
type file struct {
	name  string
	write func(w io.Writer) error
}

// export returns the files of an inventory, the fleet file last.
func export(inv *inventory.Inventory) ([]file, error) {
	tables := tablesBeside(inv, len(inv.Servers) > largeTable, len(inv.Stores) > largeTable)
	text, err := encodeFleet(inv, tables)
	if err != nil {
		return nil, err
	}
	if len(text) > maxFleet {
		tables = tablesBeside(inv, true, true)
		if text, err = encodeFleet(inv, tables); err != nil {
			return nil, err
		}
	}
	return append(tables, fleetText(text)), nil
}

func fleetText(text []byte) file {
	return file{fleetFile, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	}}
}

// has reports whether a file of the name is among the files.
func has(files []file, name string) bool {
	for _, f := range files {
		if f.name == name {
			return true
		}
	}
	return false
}

var allTables = []string{serversFile, storesFile, instancesFile, usersFile, sharesFile, groupsFile}

// words joins names by spaces, as lists stand in CSV.
func words[S ~string](names []S) string {
	var text strings.Builder
	for i, name := range names {
		if i > 0 {
			text.WriteByte(' ')
		}
		text.WriteString(string(name))
	}
	return text.String()
}
