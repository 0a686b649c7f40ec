package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/needs"
)

// interlace runs a command line in this process.
func interlace(ctx context.Context, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(ctx, args, strings.NewReader(""), &out, &errs)
	return status, out.String(), errs.String()
}

// Interrupted, a planner keeps the best plan so far and marks it.
func TestInterrupted(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/fleet")); err != nil {
		t.Fatal(err)
	}
	doubtful := filepath.Join(dir, "shares.csv")
	shares, err := os.ReadFile(doubtful)
	if err != nil {
		t.Fatal(err)
	}
	write(t, doubtful, strings.TrimRight(string(shares), "\n")+"\nanna,Work,left.long.ago,lrs\n")
	for _, command := range []string{"layout", "users"} {
		t.Run(command, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "plan.json")
			write(t, file, "an earlier plan")
			// The warning about the fleet comes when it is read and before it is planned.
			ctx, cancel := context.WithCancel(t.Context())
			said := &cancelling{cancel: cancel}
			status := run(ctx, []string{command, "--fleet", filepath.Join(dir, "fleet.yaml"), "--plan", file}, strings.NewReader(""), io.Discard, said)
			stderr := said.said.String()
			if status != exitInterrupted {
				t.Errorf("status %d, want %d; %s", status, exitInterrupted, stderr)
			}
			text, err := os.ReadFile(file)
			if command == "layout" { // nothing better than today's was found yet
				if string(text) != "an earlier plan" || !strings.Contains(stderr, "interrupted before a better layout was found: nothing was written") {
					t.Errorf("%q is written, and said: %s", text, stderr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), `"stopped": "cancelled"`) {
				t.Errorf("the plan is not marked: %s", text)
			}
			if !strings.Contains(stderr, "interrupted: this is the best plan so far") {
				t.Errorf("nothing is said: %s", stderr)
			}
		})
	}
}

// cancelling is an output that interrupts the program when it says something.
type cancelling struct {
	said   bytes.Buffer
	cancel func()
}

func (c *cancelling) Write(p []byte) (int, error) {
	c.cancel()
	return c.said.Write(p)
}

// An interrupt when all is written comes too late: the exit status says what was
// done.
func TestInterruptedTooLate(t *testing.T) {
	fleet, err := filepath.Abs("testdata/fleet/fleet.yaml")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, args := range [][]string{
		{"import", fleet},
		{"export", "exported"},
		{"db", "backup", "copy.db"},
		{"demo", "made", "--servers", "2"},
		{"layout", "--plan", "plan.json"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		said, stderr := &cancelling{cancel: cancel}, bytes.Buffer{}
		if status := run(ctx, args, strings.NewReader(""), said, &stderr); status != exitFine || ctx.Err() == nil {
			t.Errorf("%v: status %d, %s", args, status, &stderr)
		}
	}
}

// An interrupt before that leaves everything as it was.
func TestInterruptedInTime(t *testing.T) {
	fleet, err := filepath.Abs("testdata/fleet/fleet.yaml")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range [][]string{{"import", fleet}, {"export", "exported", "--fleet", fleet}, {"demo", "made", "--servers", "2"}, {"simulate", "--fleet", fleet}} {
		if status, stdout, stderr := interlace(ctx, args...); status != exitInterrupted || stdout != "" || stderr != "interlace: interrupted\n" {
			t.Errorf("%v: status %d, %q, %q", args, status, stdout, stderr)
		}
	}
	if entries, _ := os.ReadDir("."); len(entries) != 0 {
		t.Errorf("something was written: %v", entries)
	}
}

// Reading that is interrupted has no best so far: nothing is written.
func TestInterruptedReading(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, "fleet.yaml", healthy)
	write(t, "waits.yaml", healthy+"users: pipe\n")
	for _, args := range [][]string{
		{"import", "waits.yaml"},
		{"check", "--fleet", "waits.yaml"},
		{"layout", "--fleet", "waits.yaml", "--plan", "new.json"},
		{"users", "--fleet", "waits.yaml", "--plan", "new.json"},
		{"simulate", "--fleet", "waits.yaml"},
		{"export", "new.json", "--fleet", "waits.yaml"},
		{"show", "users", "--fleet", "pipe"},
		{"show", "plan", "pipe"},
		{"check", "--fleet", "fleet.yaml", "--after", "pipe"},
		{"moves", "pipe", "--fleet", "fleet.yaml", "--plan", "new.json"},
		{"config", "show", "--config", "pipe"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(30*time.Millisecond, cancel)
		status, stdout, stderr := interlace(ctx, args...)
		if status != exitInterrupted || stdout != "" || stderr != "interlace: interrupted\n" {
			t.Errorf("%v: status %d, %q, %q", args, status, stdout, stderr)
		}
	}
	if entries, _ := os.ReadDir("."); len(entries) != 3 {
		t.Errorf("something was written: %v", entries)
	}
}

// A plan that cannot be written leaves the former file as it was.
func TestPlanIsWrittenWhole(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "plan.json")
	if err := writeWhole(file, []byte("former")); err != nil {
		t.Fatal(err)
	}
	if err := writeWhole(filepath.Join(dir, "plan.json", "below"), []byte("new")); err == nil {
		t.Error("wrote below a file")
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeWhole(filepath.Join(dir, "folder"), []byte("new")); err == nil {
		t.Error("replaced a folder")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "former" {
		t.Errorf("plan.json holds %q, %v", text, err)
	}
}

// Where a plan goes is taken as a shell takes it: links lead on, and pipes and
// devices are written into.
func TestPlanDestinations(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "fleet.yaml", healthy)
	plan := func(path string) (status int, stderr string) {
		status, _, stderr = interlace(t.Context(), "layout", "--fleet", "fleet.yaml", "--quiet", "--plan", path)
		return status, stderr
	}
	fine := func(path string) {
		t.Helper()
		if status, stderr := plan(path); status != exitFine {
			t.Errorf("%s: status %d, %s", path, status, stderr)
		}
	}
	holdsPlan := func(path string) {
		t.Helper()
		if text, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(text), "{\n") {
			t.Errorf("%s holds %.20q, %v", path, text, err)
		}
	}
	isLink := func(path string) {
		t.Helper()
		if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s is no link any more: %v", path, err)
		}
	}

	for link, target := range map[string]string{"link": "real", "second": "link", "dangling": "fresh", "around": "back", "back": "around"} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	write(t, "real", "former")
	fine("second")
	holdsPlan("real")
	isLink("link")
	isLink("second")
	if info, err := os.Stat("real"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode of the file changed: %v, %v", info.Mode(), err)
	}
	fine("dangling")
	holdsPlan("fresh")
	isLink("dangling")

	fine(os.DevNull)
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		t.Fatalf("%s was replaced: %v", os.DevNull, err)
	}

	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile("pipe", os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	fine("pipe")
	start := make([]byte, 2)
	if _, err := reader.Read(start); err != nil || string(start) != "{\n" {
		t.Errorf("the pipe holds %q, %v", start, err)
	}
	reader.Close()

	held, err := os.Create("held")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if _, err := held.WriteString("before\n"); err != nil {
		t.Fatal(err)
	}
	fine(fmt.Sprintf("/dev/fd/%d", held.Fd()))
	if text, err := os.ReadFile("held"); err != nil || !strings.HasPrefix(string(text), "before\n{\n") {
		t.Errorf("a file that is open was not written on: %.20q, %v", text, err)
	}

	for path, want := range map[string]string{
		"pipe": "nobody reads from it", ".": "it is a directory", "around": "lead in a circle", "nowhere/plan.json": "no such file", "/dev/full": "no space left",
	} {
		if status, stderr := plan(path); status != exitFailed || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d, %s; want %s", path, status, stderr, want)
		}
	}
}

// What cannot be written is an error, help too.
func TestFullOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		needs.Missing(t, "a device that is full: %v", err)
	}
	defer full.Close()
	for _, args := range [][]string{{}, {"help"}, {"--help"}, {"help", "show"}, {"layout", "--help"}, {"show"}, {"completion", "bash"}, {"version"}} {
		var stderr bytes.Buffer
		if status := run(t.Context(), args, strings.NewReader(""), full, &stderr); status != exitFailed || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("%v: status %d, %s", args, status, &stderr)
		}
	}
}

// Passwords come from files that nobody else may read.
func TestReadSecret(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, content string
		mode          os.FileMode
		want, trouble string
	}{
		{"good", "geheim\n", 0o600, "geheim", ""},
		{"crlf", "geheim\r\n", 0o400, "geheim", ""},
		{"spaces", " a b ", 0o600, " a b ", ""},
		{"group", "geheim\n", 0o640, "", "others may read"},
		{"world", "geheim\n", 0o604, "", "others may read"},
		{"empty", "\n", 0o600, "", "one line"},
		{"lines", "a\nb\n", 0o600, "", "one line"},
		{"nul", "a\x00b", 0o600, "", "one line"},
		{"large", strings.Repeat("x", maxSecret+1), 0o600, "", "larger than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(dir, c.name)
			if err := os.WriteFile(path, []byte(c.content), c.mode); err != nil {
				t.Fatal(err)
			}
			got, err := readSecret(t.Context(), path)
			if got != c.want || (err == nil) != (c.trouble == "") || err != nil && !strings.Contains(err.Error(), c.trouble) {
				t.Errorf("got %q, %v; want %q, %q", got, err, c.want, c.trouble)
			}
			if err != nil && strings.Contains(err.Error(), "geheim") {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "imap-password"), []byte("geheim"), 0o400); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	t.Chdir(t.TempDir())
	_, stdout, _ := interlace(t.Context(), "config", "show", "-o", "csv")
	if want := "imap.password_file," + filepath.Join(dir, "imap-password") + ",credential\n"; !strings.Contains(stdout, want) {
		t.Errorf("got %s, want a line %s", stdout, want)
	}
	t.Setenv("INTERLACE_IMAP_PASSWORD_FILE", "/elsewhere")
	_, stdout, _ = interlace(t.Context(), "config", "show", "-o", "csv")
	if want := "imap.password_file,/elsewhere,environment INTERLACE_IMAP_PASSWORD_FILE\n"; !strings.Contains(stdout, want) {
		t.Errorf("got %s, want a line %s", stdout, want)
	}
}

func TestColour(t *testing.T) {
	for _, c := range []struct {
		name, flag string
		env        map[string]string
		want       bool
	}{
		{"no terminal", "auto", nil, false},
		{"always", "always", map[string]string{"NO_COLOR": "1"}, true},
		{"never", "never", map[string]string{"CLICOLOR_FORCE": "1"}, false},
		{"forced", "auto", map[string]string{"CLICOLOR_FORCE": "1"}, true},
		{"forced off", "auto", map[string]string{"CLICOLOR_FORCE": "0"}, false},
		{"NO_COLOR wins", "auto", map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, name := range []string{"NO_COLOR", "CLICOLOR_FORCE", "TERM"} {
				t.Setenv(name, c.env[name])
			}
			_, stdout, _ := interlace(t.Context(), "check", "--fleet", "testdata/fleet/fleet.yaml", "--color", c.flag)
			if got := strings.Contains(stdout, "\x1b["); got != c.want {
				t.Errorf("coloured: %v, want %v", got, c.want)
			}
		})
	}
}

// Where there is no terminal, long work says a line now and then.
func TestProgressWithoutTerminal(t *testing.T) {
	var said bytes.Buffer
	p := (&app{stderr: &said}).progress("layout")
	p.at(1, 10, "")
	if said.Len() > 0 {
		t.Errorf("said at once: %s", &said)
	}
	p.start = p.start.Add(-time.Minute)
	p.next = p.start
	p.at(600, 1200, "gap 2.0 %")
	p.at(601, 1200, "gap 2.0 %")
	p.end()
	if got, want := said.String(), "interlace: layout: 600 of 1,200, 10 a second, about 1 m left, gap 2.0 %\n"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
}

// Where some of the work waits at first, nothing is foretold before that counts for little.
func TestProgressAfterWaiting(t *testing.T) {
	p := &progress{what: "compare", waits: 30 * time.Second}
	for took, want := range map[time.Duration]string{
		32 * time.Second: "compare: 10 of 100",
		5 * time.Minute:  "compare: 10 of 100, 2 a minute, about 45 m left",
	} {
		if got := p.line(10, 100, "", took); got != want {
			t.Errorf("after %v: %q, want %q", took, got, want)
		}
	}
}

// A rate is told in the unit of time in which something is done, and not before
// anything is.
func TestProgressRate(t *testing.T) {
	for want, c := range map[string]struct {
		done int
		took time.Duration
	}{
		"": {0, time.Hour}, "10 a second": {600, time.Minute}, "2 a minute": {1, 30 * time.Second}, "3 an hour": {3, time.Hour},
	} {
		if got := rateText(c.done, c.took); got != want {
			t.Errorf("%d in %v: %q, want %q", c.done, c.took, got, want)
		}
	}
}

// Of old inventories the users are known by their sums only, and stores weigh
// the same as before, which counts as estimated.
func TestOldInventories(t *testing.T) {
	fleet, err := filepath.Abs("testdata/fleet/fleet.yaml")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	first := time.Now().UTC().Add(2 * time.Second).Format(time.RFC3339)
	succeed(t, "import", fleet)
	stores := succeed(t, "show", "stores", "s1", "s2") // without shared trees
	servers := succeed(t, "show", "servers")
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(3 * time.Second)))
	for range 8 {
		succeed(t, "import", fleet)
	}
	if got := succeed(t, "show", "stores", "s1", "s2", "--at", first); bare(got) != bare(stores) {
		t.Errorf("stores then:\n%s\nand as imported:\n%s", got, stores)
	}
	if got := succeed(t, "show", "servers", "--at", first); bare(got) != bare(servers) {
		t.Errorf("servers then:\n%s\nand as imported:\n%s", got, servers)
	}
	if got := succeed(t, "show", "stores", "s6", "--at", first); !strings.Contains(got, "~2 ") || !strings.Contains(got, "–") {
		t.Errorf("users are told from shared trees:\n%s", got)
	}
	for _, what := range []string{"users", "groups"} {
		if status, _, stderr := interlace(t.Context(), "show", what, "--at", first); status != exitFailed || !strings.Contains(stderr, "only the sums per store are kept") {
			t.Errorf("show %s: status %d: %s", what, status, stderr)
		}
	}
	if got := succeed(t, "db"); !strings.Contains(got, "sums by store") {
		t.Errorf("nothing is said of the old inventory:\n%s", got)
	}
}

// bare is a table without marks of estimates, unknown counts and white space.
func bare(table string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("~", "", "–", "0").Replace(table)), " ")
}
