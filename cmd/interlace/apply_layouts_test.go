package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/needs"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
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
	order := &apply.Order{Act: apply.ActCreate, Store: "s1", Instance: inventory.Instance{Server: "imap3", Role: inventory.Replica}, Instances: []inventory.Instance{
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
	order.Act, order.Instances, order.IMAPDConf = apply.ActRemove, order.Instances[:1], "/etc/imapd3.conf"
	if _, err := hook(t.Context(), order); err == nil || !strings.Contains(err.Error(), "no such instance") {
		t.Errorf("it fails with %v", err)
	}
	if got := read("details"); !strings.Contains(got, "\n  \"role\": \"replica\",\n  \"imapd_conf\": \"/etc/imapd3.conf\",\n  \"instances\": [\n") {
		t.Errorf("of what is to be removed the file holds %s", got)
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

// Of a step of which nothing is known before others are done that alone is shown.
func TestStepKnownLater(t *testing.T) {
	c := &applying{app: &app{config: &config{}}}
	for step, want := range map[monitor.Step]string{monitor.StepPush: "what it runs is known when ", monitor.StepRoute: "which lines of the routes change is known when "} {
		shown := c.shownStep(&apply.StepRehearsal{Verb: course.Do, Step: step, Later: true})
		if len(shown.Commands) != 1 || shown.Commands[0].Pastable || string(shown.Commands[0].Note) != want+"what comes before it is done" {
			t.Errorf("%s: %+v", step, shown)
		}
	}
}

// TestExampleOfAHook runs the hook that the help shows, with servers that are directories:
// it reads the order, configures who is the master and who a replica, and says where an
// instance is. With real Cyrus, in a namespace for each server, it was tried by hand.
func TestExampleOfAHook(t *testing.T) {
	needs.Program(t, "python3")
	dir := t.TempDir()
	text := strings.TrimPrefix(shownBlock(t, instancesManual, "#!/usr/bin/env python3"), "\n")
	hook := filepath.Join(dir, "instance")
	for path, text := range map[string]string{
		"instance": text,
		"ssh":      "#!/bin/sh\nserver=$3\nshift 3\nat=" + dir + "/$server\nsh -c \"$(printf '%s' \"$*\" | sed \"s,/etc/cyrus,$at,g; s,install -d -o cyrus -g mail,mkdir -p,; s,/var/,$at/var/,g; s,systemctl,echo >>$at/asked,\")\"\n",
	} {
		write(t, filepath.Join(dir, path), text)
		if err := os.Chmod(filepath.Join(dir, path), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, server := range []string{"imap1", "imap2"} {
		if err := os.Mkdir(filepath.Join(dir, server), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, server, "template.conf"), "partition-default: /var/spool/cyrus/@STORE@\n")
		write(t, filepath.Join(dir, server, "template.services"), "START {\n  # clients\n}\n  imap listen=\"@IMAP@\"\n  csync listen=\"@CSYNC@\"\n")
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	c := &config{DB: filepath.Join(dir, "interlace.db")}
	c.Apply.InstanceHook = []string{hook, "{action}", "{file}"}
	holds := func(file, want string) {
		t.Helper()
		if text, err := os.ReadFile(filepath.Join(dir, file)); err != nil || string(text) != want {
			t.Errorf("%s holds %q, %v, want %q", file, text, err, want)
		}
	}
	ask := func(act apply.Act, server inventory.ServerID, role inventory.Role, servers ...inventory.ServerID) string {
		t.Helper()
		order := &apply.Order{Act: act, Store: "s007", Instance: inventory.Instance{Server: server, Role: role}}
		for _, s := range servers {
			order.Instances = append(order.Instances, inventory.Instance{Server: s})
		}
		printed, err := c.layouts().Hook(t.Context(), order)
		if err != nil {
			t.Fatal(err)
		}
		return printed
	}
	const (
		leads   = "sync_log_channels: imap2\nimap2_sync_host: imap2\nimap2_sync_port: 20007\n"
		follows = "START {\n  # clients\n}\n  imap listen=\"10007\"\n  csync listen=\"20007\"\n"
	)
	ask(apply.ActCreate, "imap1", inventory.Master, "imap1")
	holds("imap1/s007.cyrus", follows)
	if got := ask(apply.ActCreate, "imap2", inventory.Replica, "imap1", "imap2"); got != "imap: imap2:10007\ncsync: imap2:20007\nimapd_conf: /etc/cyrus/s007.conf\n" {
		t.Errorf("it prints %q", got)
	}
	holds("imap1/s007.channels", leads)
	holds("imap2/s007.channels", "")
	ask(apply.ActStart, "imap2", inventory.Replica, "imap1", "imap2")
	ask(apply.ActStop, "imap1", inventory.Master, "imap1", "imap2")
	ask(apply.ActPromote, "imap2", inventory.Master, "imap2", "imap1")
	holds("imap1/s007.channels", "")
	holds("imap1/s007.cyrus", follows)
	holds("imap2/s007.channels", strings.ReplaceAll(leads, "imap2", "imap1"))
	holds("imap2/s007.cyrus", "START {\n  # clients\n  imap1 cmd=\"sync_client -C /etc/cyrus/s007.conf -r -n imap1\"\n}\n  imap listen=\"10007\"\n  csync listen=\"20007\"\n")
	ask(apply.ActStart, "imap1", inventory.Replica, "imap2", "imap1")
	ask(apply.ActRemove, "imap1", inventory.Replica, "imap2")
	holds("imap2/s007.channels", "")
	holds("imap1/asked", "enable --now cyrus@s007\nrestart cyrus@s007\ndisable --now cyrus@s007\nenable --now cyrus@s007\ndisable --now cyrus@s007\n")
	holds("imap2/asked", "enable --now cyrus@s007\nenable --now cyrus@s007\nrestart cyrus@s007\nrestart cyrus@s007\n")
}

// TestExampleOfASeed runs the seed_command that the help shows, with servers that are directories:
// it copies all that the help lists, as nothing of the new instance runs, which is started again
// also where that fails.
func TestExampleOfASeed(t *testing.T) {
	needs.Program(t, "python3")
	dir := t.TempDir()
	for path, text := range map[string]string{
		"seed":      shownBlock(t, instancesManual, "#!/usr/bin/env python3\n  # seed_command: "),
		"ssh":       "#!/bin/sh\nexport HERE=$3\nshift 3\nsh -c \"$*\"\n",
		"systemctl": "#!/bin/sh\necho \"$@\" >>" + dir + "/$HERE/asked\n",
		"rsync": "#!/bin/sh\n[ \"$1 $2\" = '-a --ignore-missing-args' ] && tail -n 1 " + dir + "/$HERE/asked | grep -q ^stop || exit 1\nfrom=" + dir + "/${3%%:*}${3#*:}\n" +
			"if [ -e $from ]; then mkdir -p " + dir + "/$HERE$4 && cp -a $from " + dir + "/$HERE$4; fi\necho the disk is full >&2\nexit $(cat " + dir + "/status)\n",
	} {
		write(t, filepath.Join(dir, path), text)
		if err := os.Chmod(filepath.Join(dir, path), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	const conf = "/var/lib/cyrus/s007/"
	files := []string{
		conf + "mailboxes.db", conf + "annotations.db", conf + "quotas.db", conf + "user/a/anna.sub", conf + "sieve/a/anna/sieve.bc",
		"/var/spool/cyrus/s007/a/user/anna/1.",
	}
	for _, name := range append(files, "imap2/asked") {
		path := filepath.Join(dir, "imap1", name)
		if name == "imap2/asked" {
			path = filepath.Join(dir, name)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, "")
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	c := &config{DB: filepath.Join(dir, "interlace.db")}
	c.Apply.SeedCommand = []string{filepath.Join(dir, "seed"), "{store}", "{server}", "{file}"}
	master, made := inventory.Instance{Server: "imap1"}, inventory.Instance{Server: "imap2", Role: inventory.Replica}
	order := &apply.Order{Act: apply.ActCreate, Store: "s007", Instance: made, Instances: []inventory.Instance{master, made}}
	for _, test := range []struct {
		status string
		copies bool
	}{{"12", false}, {"24", true}, {"0", true}} {
		write(t, filepath.Join(dir, "status"), test.status)
		write(t, filepath.Join(dir, "imap2/asked"), "")
		if err := c.layouts().Seed(t.Context(), order); (err == nil) != test.copies || err != nil && !strings.HasSuffix(err.Error(), ": the disk is full") {
			t.Errorf("rsync ends with %s: %v", test.status, err)
		}
		asked, err := os.ReadFile(filepath.Join(dir, "imap2/asked"))
		if err != nil || string(asked) != "stop cyrus@s007\nstart cyrus@s007\n" {
			t.Errorf("rsync ends with %s: asked for is %q, %v", test.status, asked, err)
		}
		for _, name := range files {
			if _, err := os.Stat(filepath.Join(dir, "imap2", name)); err != nil && test.copies {
				t.Error(err)
			}
		}
		if err := os.RemoveAll(filepath.Join(dir, "imap2/var")); err != nil {
			t.Fatal(err)
		}
	}
}

// A seed_command may print without end: the last of it is told where it fails.
func TestSeedCommandPrints(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "seed")
	text := "#!/bin/sh\nyes 'user/anna/cyrus.index is copied' | head -c 20000000\necho 'the disk is full' >&2\nexit $1\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	c := &config{DB: filepath.Join(dir, "interlace.db")}
	for status, want := range map[string]string{"0": "", "1": script + ": exit status 1: user/anna/cyrus.index is copied user/anna"} {
		c.Apply.SeedCommand = []string{script, status, "{server}"}
		err := c.layouts().Seed(t.Context(), &apply.Order{Act: apply.ActCreate, Store: "s1", Instance: inventory.Instance{Server: "imap3"}})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) || want == "" && got != "" || want != "" && !strings.HasSuffix(got, " the disk is full") {
			t.Errorf("exit status %s: %s, not %s", status, got, want)
		}
	}
}
