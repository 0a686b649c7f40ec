package main

import (
	"io/fs"
	"strings"
	"testing"
)

// TestUnreadHint names the file that could not be read, and what to do.
func TestUnreadHint(t *testing.T) {
	t.Chdir(t.TempDir())
	denied := unread(&fs.PathError{Op: "open", Path: "interlace.yaml", Err: fs.ErrPermission}, "interlace.yaml")
	if got := hints(denied); len(got) != 1 || !strings.Contains(got[0], "/interlace.yaml: give it the right to read the file") || !strings.Contains(got[0], "may not read /") {
		t.Errorf("what may not be read has the hints %q", got)
	}
	if got := hints(unread(&fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}, "x")); len(got) != 1 || !strings.Contains(got[0], "--config FILE") {
		t.Errorf("what is not there has the hints %q", got)
	}
	if got := hints(unread(fs.ErrInvalid, "x")); len(got) != 0 {
		t.Errorf("of other errors are said the hints %q", got)
	}
}
