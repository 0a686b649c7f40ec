package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/inventory/discover"
	"github.com/interlacemail/interlace/inventory/files"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner/rules"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestFleetIsWorthAPlan brings the fleet up, discovers it as interlace does, and
// checks that it is what the demonstration tells about.
func TestFleetIsWorthAPlan(t *testing.T) {
	cyrustest.Need(t)
	fleet, err := bringUp(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fleet.Stop(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	if err := describe(fleet, dir); err != nil {
		t.Fatal(err)
	}
	inv, notes, err := files.Read(t.Context(), filepath.Join(dir, "fleet.yaml"))
	if err != nil || len(inv.Servers) != 3 || len(inv.Stores) != 6 {
		t.Fatalf("the fleet file gives %+v, %v, %v", inv, notes, err)
	}
	ask := func(ctx context.Context, in inventory.Instance, mailboxes int) (*cyrus.Snapshot, error) {
		return cyrus.Read(ctx, cyrus.Options{
			Address: in.IMAP, User: cyrustest.AdminUser, Password: cyrus.Secret(fleet.Password), TLS: cyrus.None, Mailboxes: mailboxes,
		})
	}
	found, err := discover.Fleet(t.Context(), inv, ask, discover.Options{Admins: []string{cyrustest.AdminUser}})
	if err != nil {
		t.Fatal(err)
	}
	if found.Inventory == nil || len(found.Findings) != 1 || found.Findings[0].Kind != discover.UnknownGrantee {
		t.Fatalf("findings %+v", found.Findings)
	}
	users := 0
	for _, count := range found.Inventory.StoreUsers() {
		users += count
	}
	if users != 60 || len(found.Inventory.Users) != 61 {
		t.Errorf("%d users and %d with shared trees, want 60 and 61", users, len(found.Inventory.Users))
	}
	broken := map[string]bool{}
	violations, _, _ := rules.Check(context.Background(), found.Inventory, sharing.Groups(found.Inventory), rules.Options{})
	for _, v := range violations {
		broken[string(v.Rule)] = true
	}
	for _, rule := range []string{"ceiling", "failure_ceiling", "store_capacity", "group_whole"} {
		if !broken[rule] {
			t.Errorf("rule %s is not broken, so there is nothing to show", rule)
		}
	}
}

func TestExecExitsAsTheCommandDoes(t *testing.T) {
	cyrustest.Need(t)
	var out, words bytes.Buffer
	code := run(t.Context(), []string{"--exec", "sh", "-c", `test -s "$CYRUSRIG/fleet.yaml" && test -s "$INTERLACE_CONFIG" && exit 7`}, &out, &words)
	if code != 7 {
		t.Errorf("exit %d, want 7: %s", code, words.String())
	}
}

func TestForegroundEndsWhenToldTo(t *testing.T) {
	cyrustest.Need(t)
	dir := filepath.Join(t.TempDir(), "rig")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(dir, "interlace.yaml")); err == nil {
				cancel()
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	var out, words bytes.Buffer
	if code := run(ctx, []string{dir}, &out, &words); code != 0 {
		t.Errorf("exit %d, want 0: %s", code, words.String())
	}
	if !strings.Contains(out.String(), "cd "+dir) {
		t.Errorf("it does not say what to try: %s", out.String())
	}
}

// The help says how long the fleet stays up, how to stop it and what DIR is for.
func TestHelp(t *testing.T) {
	var said bytes.Buffer
	if status := run(t.Context(), []string{"--help"}, &said, &said); status != 0 {
		t.Errorf("status %d", status)
	}
	for _, want := range []string{"until it is interrupted", "DIR, which must be empty or new", "-demo program"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("nothing about %q: %s", want, &said)
		}
	}
}

func TestBadArguments(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "precious"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	arguments := [][]string{{"a", "b"}, {"--exec"}, {"--nosuch"}, {full}}
	if os.Getuid() != 0 { // root may write everywhere
		closed := filepath.Join(t.TempDir(), "closed")
		if err := os.Mkdir(closed, 0o500); err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, []string{closed}, []string{filepath.Join(closed, "new")})
	}
	for _, args := range arguments {
		var out, words bytes.Buffer
		if code := run(t.Context(), args, &out, &words); code != 2 || words.Len() == 0 || strings.Contains(words.String(), "starting") {
			t.Errorf("%q: exit %d with %q, want 2 and a reason before anything starts", args, code, words.String())
		}
	}
}
