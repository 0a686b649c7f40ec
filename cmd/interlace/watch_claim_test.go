package main

import (
	"io/fs"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
)

// TestClaimHint checks that who may not claim a watch is told as whom to run it.
func TestClaimHint(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, ".facts.db-watch-imap1")
	refused := &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	if got := claimHint(path, refused); !strings.Contains(got, "may write into "+dir+", which belongs to "+me.Username) {
		t.Errorf("without a file: %s", got)
	}
	write(t, path, "")
	if got := claimHint(path, refused); !strings.Contains(got, path+" belongs to "+me.Username+": run interlace watch as "+me.Username) {
		t.Errorf("with one of another account: %s", got)
	}
	if got := claimHint(path, fs.ErrInvalid); got != "" {
		t.Errorf("something else is wrong: %s", got)
	}
}
