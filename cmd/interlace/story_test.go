package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what was found into the stories")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"interlace": main, "fillalerts": fillAlerts, "mailedcommands": mailedCommands})
}

// TestStory runs the stories in testdata/script. Each finds the fleet of
// testdata/fleet in its folder.
func TestStory(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			return os.CopyFS(filepath.Join(e.WorkDir, "fleet"), os.DirFS("testdata/fleet"))
		},
	})
}
