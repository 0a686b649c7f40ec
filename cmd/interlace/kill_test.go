package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// However an import is killed, the database holds the inventory from before or
// the new one, whole.
func TestKilledImport(t *testing.T) {
	dir := t.TempDir()
	db, large := filepath.Join(dir, "interlace.db"), filepath.Join(dir, "large")
	succeed(t, "demo", large, "--servers", "12", "--stores", "20", "--users", "20000")
	states := map[string]int{}
	for wait := 20 * time.Millisecond; wait < 400*time.Millisecond; wait += 40 * time.Millisecond {
		succeed(t, "import", "testdata/fleet/fleet.yaml", "--db", db)
		before := succeed(t, "export", filepath.Join(dir, "before"), "--db", db)
		kill(t, wait, "import", filepath.Join(large, "fleet.yaml"), "--db", db)
		after := succeed(t, "export", filepath.Join(dir, "after"), "--db", db)
		after = strings.ReplaceAll(after, "after", "before")
		if after != before && !strings.Contains(after, "12 servers in 3 racks, 240 stores, 19,900 users, 100 shared trees") {
			t.Fatalf("killed after %s the database holds %s", wait, after)
		}
		states[after]++
	}
	t.Logf("%d different states after kills", len(states))
}

func succeed(t *testing.T, args ...string) string {
	t.Helper()
	status, stdout, stderr := interlace(t.Context(), args...)
	if status != exitFine {
		t.Fatalf("interlace %s: status %d: %s", strings.Join(args, " "), status, stderr)
	}
	return stdout
}

// kill starts the program and kills it with SIGKILL.
func kill(t *testing.T, wait time.Duration, args ...string) {
	t.Helper()
	var said bytes.Buffer
	c := exec.Command("interlace", args...) // testscript has put it on the path
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(wait)
	if err := c.Process.Kill(); err != nil {
		t.Logf("not killed: %v", err)
	}
	if err := c.Wait(); err == nil {
		t.Logf("done before %s", wait)
	}
}

// However an export is killed, its directory holds the fleet from before, the
// new one, or one that is refused as unfinished; the next export cleans up.
func TestKilledExport(t *testing.T) {
	t.Chdir(t.TempDir())
	succeed(t, "demo", "large", "--servers", "12", "--stores", "20", "--users", "20000")
	succeed(t, "demo", "small", "--servers", "4")
	states := map[string]int{}
	for wait := 20 * time.Millisecond; wait < 400*time.Millisecond; wait += 60 * time.Millisecond {
		succeed(t, "export", "out", "--fleet", "small/fleet.yaml", "--quiet")
		kill(t, wait, "export", "out", "--fleet", "large/fleet.yaml")
		status, _, stderr := interlace(t.Context(), "show", "servers", "--fleet", "out/fleet.yaml", "--quiet")
		if status == exitFailed && !strings.Contains(stderr, "has not ended") {
			t.Fatalf("killed after %s it left what is neither the one nor the other: %s", wait, stderr)
		}
		states[stderr]++
		succeed(t, "export", "out", "--fleet", "small/fleet.yaml", "--quiet")
		same := exec.Command("diff", "-r", "-x", "README*", "small", "out")
		if differs, err := same.CombinedOutput(); err != nil {
			t.Fatalf("killed after %s something is left: %s", wait, differs)
		}
	}
	t.Logf("%d different states after kills", len(states))
}

// A demo that was killed does not stand in the way of the next one.
func TestKilledDemo(t *testing.T) {
	t.Chdir(t.TempDir())
	kill(t, 150*time.Millisecond, "demo", "fleet", "--servers", "40", "--stores", "50")
	status, _, stderr := interlace(t.Context(), "demo", "fleet", "--servers", "4")
	if status != exitFine && !strings.Contains(stderr, "fleet is not empty") { // done before it was killed
		t.Errorf("status %d, %s", status, stderr)
	}
}
