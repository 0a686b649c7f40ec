package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestLeftFilesAreRemoved checks that the next who writes a file removes what those
// have left who were killed, and nothing else.
func TestLeftFilesAreRemoved(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "plan.json")
	old := time.Now().Add(-time.Hour)
	for _, name := range []string{".plan.json.123", ".plan.json.77", ".plan.json.bak", ".other.json.123", ".plan.json.5", "plan.json.123", ".plan.json."} {
		file := filepath.Join(dir, name)
		write(t, file, "half")
		if name != ".plan.json.5" { // which was just made
			if err := os.Chtimes(file, old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	busy, err := os.Open(filepath.Join(dir, ".plan.json.77"))
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	if err := lock(busy); err != nil {
		t.Fatal(err)
	}
	if err := writeWhole(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if want := []string{".other.json.123", ".plan.json.", ".plan.json.5", ".plan.json.77", ".plan.json.bak", "plan.json", "plan.json.123"}; !slices.Equal(names, want) {
		t.Errorf("left are %q, want %q", names, want)
	}
}
