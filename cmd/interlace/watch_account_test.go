package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/interlacemail/interlace/fixtures/needs"
)

// TestNoRights watches as an account that may read nothing of Cyrus, and says so
// once; where it may read one instance it goes on. What is recorded is told to those
// who may read that.
func TestNoRights(t *testing.T) {
	needs.Root(t, "become other users")
	dir, err := os.MkdirTemp("", "account-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	text, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	const owner, nobody = 54321, 65534
	put := func(name, text string, mode os.FileMode) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	put("interlace", string(text), 0o755)
	fleet := "format: 1\nservers: [{name: imap1, capacity: {disk: 1TB, io: 100}}, {name: imap2, capacity: {disk: 1TB, io: 100}}]\nstores:\n"
	for _, store := range []string{"s1", "s2"} {
		put(store+"/imapd.conf", "configdirectory: "+filepath.Join(dir, store)+"\n", 0o644)
		put(store+"/sync/log", "USER anna\n", 0o600)
		fleet += fmt.Sprintf("  - {name: %s, instances: [{server: imap1, role: master, imapd_conf: %[2]s/imapd.conf, sync_dir: %[2]s/sync}, {server: imap2, role: replica}]}\n", store, filepath.Join(dir, store))
		for _, name := range []string{store, store + "/sync", store + "/sync/log"} {
			if err := os.Chown(filepath.Join(dir, name), owner, owner); err != nil {
				t.Fatal(err)
			}
		}
	}
	put("fleet.yaml", fleet, 0o644)
	put("db/readme", "", 0o644)
	for path, mode := range map[string]os.FileMode{dir: 0o755, filepath.Join(dir, "s1"): 0o700, filepath.Join(dir, "db"): 0o777} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) (int, string) {
		t.Helper()
		cmd := exec.Command(filepath.Join(dir, "interlace"), args...)
		cmd.Dir = filepath.Join(dir, "db")
		cmd.Env = append(os.Environ(), "INTERLACE_FLEET="+filepath.Join(dir, "fleet.yaml"), "INTERLACE_SERVER=imap1", "HOME="+dir)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		out, err := cmd.CombinedOutput()
		if _, ended := err.(*exec.ExitError); err != nil && !ended {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), string(out)
	}
	for _, args := range [][]string{{"watch"}, {"watch", "--once"}, {"watch", "--recover", "s1"}} {
		status, said := run(args...)
		if status != exitFailed || strings.Count(said, "permission denied") != 1 || !strings.Contains(said, "may not read what belongs to Cyrus: open "+dir+"/s1/imapd.conf") ||
			!strings.Contains(said, "hint: run it as #54321, the account of Cyrus: sudo -u '#54321' interlace watch") {
			t.Errorf("%v: status %d, %s", args, status, said)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "s2/sync/log"), 0o644); err != nil {
		t.Fatal(err)
	}
	if status, said := run("watch", "--once"); status != exitFound || !strings.Contains(said, "s1") {
		t.Errorf("where some may be read: status %d, %s", status, said)
	}
	status, said := run("lag")
	if status != exitFound || !strings.Contains(strings.Join(strings.Fields(said), " "), "cannot be read: open "+dir+"/s1/imapd.conf: permission denied; the account of interlace watch must be that of Cyrus") {
		t.Errorf("lag: status %d, %s", status, said)
	}
	put("closed", "secret\n", 0o600)
	put("config.yaml", "imap: {user: admin, password_file: closed}\nmail: {smtp: \"mx:25\", from: a@b.org, to: [c@d.org], user: u, password_file: closed}\nlogs: {files: [closed]}\n", 0o644)
	status, said = run("config", "show", "--config", filepath.Join(dir, "config.yaml"))
	for _, want := range []string{"imap.password_file: this account may not read " + dir + "/closed; that of discover", "logs.files: this account may not read " + dir + "/closed; that of watch", "warning: " + dir + "/config.yaml:2:77: mail.password_file: "} {
		if status != 0 || !strings.Contains(said, want) {
			t.Errorf("config show: status %d, no %q in %s", status, want, said)
		}
	}
	for _, name := range []string{"db/interlace.db", "db/interlace-history.db"} {
		if err := os.Chown(filepath.Join(dir, name), owner, owner); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if status, said := run("lag"); status != exitFailed || !strings.Contains(said, "hint: what is recorded belongs to #54321: run it as that account") {
		t.Errorf("lag without rights: status %d, %s", status, said)
	}
}
