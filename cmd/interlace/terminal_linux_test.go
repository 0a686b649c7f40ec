package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
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
	keyboard, screen := openTerminal(t, 60)
	read := make(chan []byte)
	go func() {
		text, _ := io.ReadAll(keyboard) // ends with an error when the screen is closed
		read <- text
	}()
	status := run(t.Context(), []string{"layout", "--fleet", "fleet.yaml"}, strings.NewReader(""), screen, screen)
	screen.Close()
	shown := strings.ReplaceAll(string(<-read), "\r\n", "\n")
	if status != exitFound || strings.Count(shown, "server:imap1") != 1 {
		t.Errorf("status %d; want the violation once:\n%s", status, shown)
	}
	if !strings.Contains(shown, "interlace: warning: ") || !strings.Contains(shown, "interlace: hint: nothing was written") {
		t.Errorf("warning or hint are missing:\n%s", shown)
	}
	if strings.Contains(shown, "it/") {
		t.Errorf("a bar flashed:\n%s", shown)
	}
	fits(t, "layout", shown, 60)
}

// openTerminal returns both sides of a terminal of so many columns.
func openTerminal(t *testing.T, columns uint16) (keyboard, screen *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("SKIPPED: needs a terminal: %v", err)
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
