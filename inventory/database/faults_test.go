//go:build cgo

package database

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/needs"
)

// saveThroughFaults saves sixty inventories where some writes fail, and
// checks after each that the newest inventory is what Save said.
func saveThroughFaults(path string) error {
	ctx := context.Background()
	var db *DB
	for opening := 0; db == nil; opening++ {
		var err error
		if db, err = Open(ctx, path, Options{Whole: 3}); err != nil && opening == 100 {
			return err
		}
	}
	newest, possible, failures := 0, 0, 0 // possible: what may turn up in place of the newest
	for n := 1; n <= 60; n++ {
		_, err := db.Save(ctx, fleet(400, n), sometime(n), "")
		if err == nil {
			newest, possible = n, n
		} else {
			failures++
		}
		if err != nil && strings.Contains(err.Error(), "may turn up") {
			possible = n
		}
		s, loading := db.Load(ctx, time.Time{})
		if errors.Is(loading, ErrEmpty) && newest == 0 {
			continue
		}
		if loading != nil {
			return loading
		}
		if !reflect.DeepEqual(s.Inventory, fleet(400, newest)) {
			return fmt.Errorf("save %d returned %v, but the newest inventory is not %d", n, err, newest)
		}
	}
	fmt.Println("newest", newest, "or", possible, "failures", failures)
	return nil
}

// TestFaults lets a few of the writes and syncs of a process fail, by preloading
// libfiu (https://blitiri.com.ar/p/libfiu/).
func TestFaults(t *testing.T) {
	fiu := needs.Program(t, "fiu-run")
	for _, fault := range []string{"posix/io/rw/pwrite,probability=0.005", "posix/io/sync/fsync,probability=0.3"} {
		t.Run(path.Base(fault), func(t *testing.T) {
			file := temporary(t)
			cmd := exec.Command(fiu, "-x", "-c", "enable_random name="+fault, os.Args[0], file)
			cmd.Env = append(os.Environ(), "INTERLACE_DATABASE_CHILD=faults")
			var words bytes.Buffer
			cmd.Stdout, cmd.Stderr = &words, &words
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v: %s", err, words.String())
			}
			var newest, possible, failures int
			if _, err := fmt.Sscanf(words.String(), "newest %d or %d failures %d", &newest, &possible, &failures); err != nil {
				t.Fatalf("the child said %q", words.String())
			}
			db := mustOpen(t, file, Options{})
			if err := db.check(context.Background()); err != nil {
				t.Error(err)
			}
			s := mustLoad(t, db, time.Time{})
			generation := int(s.At.Sub(sometime(0)).Hours() / 24)
			if !reflect.DeepEqual(s.Inventory, fleet(400, generation)) {
				t.Errorf("the newest inventory, %d, is not whole", generation)
			}
			if generation != newest && generation != possible {
				t.Errorf("the newest inventory is %d, want %d, or %d after the crash", generation, newest, possible)
			}
			t.Logf("%d of 60 saves failed", failures)
		})
	}
}
