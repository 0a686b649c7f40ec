package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/interlacemail/interlace/fixtures/needs"
)

// On a terminal, words are broken at its width, what the screen lists is not
// listed again, and work that takes no time has no bar.
func TestTerminal(t *testing.T) {
	t.Setenv("COLUMNS", "")
	t.Chdir(t.TempDir())
	write(t, "fleet.yaml", `format: 1
servers:
  - {name: imap1, capacity: {disk: 100GB, io: 100}}
  - {name: imap2, capacity: {disk: 100GB, io: 100}}
stores:
  - {name: s1, base: {disk: 90GB, io: 10}, instances: [{server: imap1, role: master}, {server: imap2, role: replica}]}
users:
  - {user: anna, store: s1, disk: 1GB, io: 1}
shares:
  - {owner: anna, folder: Work, grantee: somebody.who.left.long.ago.and.is.not.in.the.fleet, rights: lrs}
`)
	status, shown := onTerminal(t, 60, "layout", "--fleet", "fleet.yaml")
	if status != exitFound || strings.Count(shown, "server:imap1") != 1 {
		t.Errorf("status %d; want the violation once:\n%s", status, shown)
	}
	if !strings.Contains(shown, "interlace: warning: ") || !strings.Contains(shown, "interlace: hint: the plan was not written") {
		t.Errorf("warning or hint are missing:\n%s", shown)
	}
	if strings.Contains(shown, "% |") {
		t.Errorf("a bar flashed:\n%s", shown)
	}
	fits(t, "layout", shown, 60)
}

// A bar is gone before the screen of the result is there.
func TestBarsGoBeforeTheScreen(t *testing.T) {
	t.Setenv("COLUMNS", "")
	t.Chdir(t.TempDir())
	usual := firstBar
	firstBar = 0
	defer func() { firstBar = usual }()
	interlace(t.Context(), "demo", "fleet", "--servers", "6", "--stores", "4", "--users", "200")
	for _, c := range []struct{ args, headline string }{
		{"layout --plan plan.json", "layout of 6 servers"},
		{"layout --frontier", "frontier of the layout"},
		{"users --after plan.json", "assignment of 6 servers"},
		{"bench simulate --case singles-100", "case "},
	} {
		_, shown := onTerminal(t, 100, append(strings.Fields(c.args), "--fleet", "fleet/fleet.yaml", "--color", "never")...)
		before, _, found := strings.Cut(shown, c.headline)
		if line := before[strings.LastIndexAny(before, "\r\n")+1:]; !found || line != "" || !strings.Contains(before, "% |") {
			t.Errorf("%s: on the line of the headline stands %q:\n%s", c.args, line, shown)
		}
	}
}

// An interrupt while years are played leaves what was computed before them.
func TestInterruptedYears(t *testing.T) {
	t.Setenv("COLUMNS", "")
	t.Chdir(t.TempDir())
	usual := firstBar
	firstBar = 0
	defer func() { firstBar = usual }()
	interlace(t.Context(), "demo", "fleet", "--servers", "40", "--users", "200")
	for output, want := range map[string][]string{
		"text": {"server:imap01 ", "who takes over from whom", "1,000 years of failures and repairs: not finished"},
		"csv":  {"server,server:imap01,"},
		"json": {`"failed":`, `"years": null`, `"interrupted": true`},
	} {
		keyboard, screen := openTerminal(t, 100)
		ctx, cancel := context.WithCancel(t.Context())
		said := make(chan string)
		go func() {
			var text strings.Builder
			for part := make([]byte, 1024); ; {
				n, err := keyboard.Read(part)
				if text.Write(part[:n]); strings.Contains(text.String(), "years") {
					cancel()
				}
				if err != nil { // when the screen is closed
					said <- text.String()
					return
				}
			}
		}()
		var stdout bytes.Buffer
		status := run(ctx, strings.Fields("simulate --fleet fleet/fleet.yaml --years 1000 --assume outages-per-year=10000 -o "+output), strings.NewReader(""), &stdout, screen)
		screen.Close()
		if stderr := <-said; status != exitInterrupted || !strings.Contains(stderr, "interrupted: this is what was computed until then") {
			t.Errorf("%s: status %d, %s", output, status, stderr)
		}
		for _, words := range want {
			if !strings.Contains(stdout.String(), words) {
				t.Errorf("%s: no %q in %s", output, words, &stdout)
			}
		}
	}
}

// onTerminal runs the program on a terminal of so many columns and returns its exit
// status and what the terminal showed.
func onTerminal(t *testing.T, columns uint16, args ...string) (status int, shown string) {
	t.Helper()
	keyboard, screen := openTerminal(t, columns)
	read := make(chan []byte)
	go func() {
		text, _ := io.ReadAll(keyboard) // ends with an error when the screen is closed
		read <- text
	}()
	status = run(t.Context(), args, strings.NewReader(""), screen, screen)
	screen.Close()
	return status, strings.ReplaceAll(string(<-read), "\r\n", "\n")
}

// openTerminal returns both sides of a terminal of so many columns.
func openTerminal(t *testing.T, columns uint16) (keyboard, screen *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		needs.Missing(t, "a terminal: %v", err)
	}
	t.Cleanup(func() { keyboard.Close() })
	if err := unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	if err := unix.IoctlSetWinsize(int(screen.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}); err != nil {
		t.Fatal(err)
	}
	return keyboard, screen
}
