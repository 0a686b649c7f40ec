package main

import (
	"bytes"
	"io/fs"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
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
	if got := claimHint(path, "watch", false, refused); !strings.Contains(got, "may write into "+dir+", which belongs to "+me.Username) {
		t.Errorf("without a file: %s", got)
	}
	write(t, path, "")
	if got := claimHint(path, "watch", false, refused); !strings.Contains(got, path+" belongs to "+me.Username+": run interlace watch as "+me.Username) {
		t.Errorf("with one of another account: %s", got)
	}
	if got := claimHint(path, "watch", false, fs.ErrInvalid); got != "" {
		t.Errorf("something else is wrong: %s", got)
	}
	if got := claimHint(path, "watch", true, refused); !strings.Contains(got, "lsattr -d "+path+" "+dir) {
		t.Errorf("as root: %s", got)
	}
}

// TestSecondWatch warns where the same instances are watched already, which a claim
// beside another database does not show, and nowhere else.
func TestSecondWatch(t *testing.T) {
	here := func(store string) []monitor.Instance {
		return []monitor.Instance{{Server: "imap1", Store: inventory.StoreID(store), Conf: filepath.Join(t.TempDir(), "imapd.conf")}}
	}
	list := here("s1")
	begin := func(server inventory.ServerID, list []monitor.Instance) (func(), string) {
		var said bytes.Buffer
		a := &app{stderr: &said}
		return a.noteSecond(server, list), said.String()
	}
	end, said := begin("imap1", list)
	if said != "" {
		t.Errorf("of the first: %s", said)
	}
	second, said := begin("imap1", list)
	if !strings.Contains(said, "warning: another watch of imap1 runs, with another database") {
		t.Errorf("of the second: %q", said)
	}
	second()
	for name, other := range map[inventory.ServerID][]monitor.Instance{"imap2": list, "imap1": here("s1")} {
		ended, said := begin(name, other)
		if ended(); said != "" {
			t.Errorf("of another one: %s", said)
		}
	}
	end()
	if end, said := begin("imap1", list); said != "" {
		t.Errorf("after the first has ended: %s", said)
	} else {
		end()
	}
}
