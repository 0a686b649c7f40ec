package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
)

// The operator's command is told what to do in its words and in a file that is gone
// afterwards, and what it prints and complains of is told.
func TestInstanceHook(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "instance")
	text := "#!/bin/sh\nprintf '%s|' \"$@\" >" + dir + "/words\ncat \"$5\" >" + dir + "/details\necho \"$5\" >" + dir + "/file\n" +
		"[ \"$1\" != stop ] || { touch " + dir + "/stopping; sleep 1; touch " + dir + "/stopped; }\n" +
		"[ \"$1\" != start ] || [ -e " + dir + "/stopped ] || exit 4\n" + "[ \"$1\" = remove ] && { echo 'no such instance' >&2; exit 3; }\necho 'imap: imap3:143'\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	c := &config{DB: filepath.Join(dir, "interlace.db")}
	c.Apply.InstanceHook = []string{script, "{action}", "{store}", "{server}", "{role}", "{file}"}
	hook := c.layouts().Hook
	order := &apply.Order{Act: apply.ActCreate, Store: "s1", Server: "imap3", Role: inventory.Replica, Instances: []inventory.Instance{
		{Server: "imap1", Role: inventory.Master, IMAP: "imap1:143", CSync: "imap1:2005", IMAPDConf: "/etc/imapd.conf"}, {Server: "imap3", Role: inventory.Replica},
	}}
	printed, err := hook(t.Context(), order)
	if err != nil || printed != "imap: imap3:143\n" {
		t.Errorf("it prints %q, %v", printed, err)
	}
	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	file := strings.TrimSpace(read("file"))
	if got, want := read("words"), "create|s1|imap3|replica|"+file+"|"; got != want {
		t.Errorf("its words are %s, want %s", got, want)
	}
	if got := read("details"); got != string(order.Details()) || !strings.Contains(got, `"csync": "imap1:2005"`) {
		t.Errorf("the file holds %s", got)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the file is left: %v", err)
	}
	order.Act = apply.ActRemove
	if _, err := hook(t.Context(), order); err == nil || !strings.Contains(err.Error(), "no such instance") {
		t.Errorf("it fails with %v", err)
	}

	// One that an apply has left running when it was killed is awaited.
	claim, err := openClaim(c.DB, "apply-s1")
	if err != nil {
		t.Fatal(err)
	}
	claim.Close()
	words := underLock(claim.Name(), []string{script, "stop", "s1", "imap3", "replica", os.DevNull})
	left := exec.Command(words[0], words[1:]...)
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "stopping")); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	order.Act = apply.ActStart
	if _, err := hook(t.Context(), order); err != nil {
		t.Errorf("the command before was not awaited: %v", err)
	}
	if err := left.Wait(); err != nil {
		t.Error(err)
	}
	if (&config{}).layouts().Hook != nil {
		t.Error("there is a hook without one in the configuration")
	}
}
