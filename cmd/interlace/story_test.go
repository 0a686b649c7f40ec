package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what was found into the stories")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"interlace": mainAt, "fillalerts": fillAlerts, "mailedcommands": mailedCommands, "recordsamples": recordSamples})
}

// mainAt is main, at the time that the story says with CLOCK, if it does. How fast the machine
// is shows nowhere in a story.
func mainAt() {
	a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, now: time.Now}
	if clock := os.Getenv("CLOCK"); clock != "" {
		at, err := time.Parse(time.RFC3339, clock)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitFailed)
		}
		a.now = func() time.Time { return at }
	}
	if os.Getenv("STORY") != "" {
		lineEvery = time.Hour
	}
	os.Exit(a.run(context.Background(), os.Args[1:]))
}

// TestStory runs the stories in testdata/script. Each finds the fleet of
// testdata/fleet in its folder.
func TestStory(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Cmds:          map[string]func(*testscript.TestScript, bool, []string){"watched": watched},
		Setup: func(e *testscript.Env) error {
			e.Setenv("STORY", "1")
			return os.CopyFS(filepath.Join(e.WorkDir, "fleet"), os.DirFS("testdata/fleet"))
		},
	})
}
