package files

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The manual names every key and column that can be read.
func TestManualNamesEveryKey(t *testing.T) {
	r := newReader(context.Background(), "fleet.yaml")
	keys := slices.Concat(fleetKeys, sharingKeys, resourceKeys,
		names(r.serverColumns()), names(r.storeColumns()), names(r.instanceColumns()), names(r.userColumns()),
		names(r.shareColumns()), names(r.groupColumns()))
	for _, key := range keys {
		if !regexp.MustCompile(`\b` + regexp.QuoteMeta(key)).MatchString(Manual) {
			t.Errorf("the manual does not name %s", key)
		}
	}
	explained := regexp.MustCompile(`(?m)^  ([a-z_, ]+?)(?:  +\S.*)?$`)
	var terms []string
	for _, m := range explained.FindAllStringSubmatch(Manual, -1) {
		terms = append(terms, strings.Split(m[1], ", ")...)
	}
	for _, key := range slices.Concat(fleetKeys, sharingKeys, resourceKeys) {
		if !slices.Contains(terms, key) {
			t.Errorf("the manual does not explain %s", key)
		}
	}
}

// names returns the names of columns as people write them.
func names[T any](columns []column[T]) []string {
	var names []string
	for i := range columns {
		if c := &columns[i]; c.only != inCSV {
			names = append(names, c.yamlKey())
		}
		names = append(names, strings.TrimSuffix(columns[i].name, ":"))
	}
	return names
}

// The fleet that the manual shows can be read.
func TestManualShowsAFleet(t *testing.T) {
	_, rest, _ := strings.Cut(Manual, "\n\n")
	example, _, _ := strings.Cut(rest, "\n\n")
	path := filepath.Join(t.TempDir(), "fleet.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll("\n"+example, "\n  ", "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Read(context.Background(), path); err != nil {
		t.Error(err)
	}
}
