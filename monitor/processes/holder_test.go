package processes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWritten: the kernel says that a file is written, also by those who cannot be
// seen.
func TestWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log-run")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := written(path); err == nil || !strings.Contains(err.Error(), "a process that can't be seen works on") {
		t.Errorf("while it is written: %v", err)
	}
	file.Close()
	if file, err = os.Open(path); err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := written(path); err != nil {
		t.Errorf("while it is read: %v", err)
	}
	if err := written(path + "-none"); err != nil {
		t.Errorf("one that is not there: %v", err)
	}
}
