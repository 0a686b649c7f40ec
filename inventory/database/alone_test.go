//go:build cgo

package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/needs"
)

// read says which inventory is the newest of a database that is only read.
func read(path string) error {
	db, err := Open(context.Background(), path, Options{FileOptions: FileOptions{ReadOnly: true, Wait: time.Second}})
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := db.Load(context.Background(), time.Time{})
	if err == nil {
		fmt.Println("inventory", s.Number)
	}
	return err
}

// asNobody starts a part of a process that has no rights, and returns its words.
func asNobody(t *testing.T, part, path string) (string, error) {
	t.Helper()
	needs.Root(t, "start a process without rights")
	for dir := filepath.Dir(filepath.Dir(path)); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(filepath.Dir(filepath.Dir(path)), "test")
	if err := os.WriteFile(binary, content, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, path)
	cmd.Env = append(os.Environ(), "INTERLACE_DATABASE_CHILD="+part)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// beside returns the names of the files in the directory of a database.
func beside(t *testing.T, path string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// unfinished returns the path of a database with two inventories in the file and a third one in
// the log, beside which there is what the endings say, as a process that was killed leaves it.
func unfinished(t *testing.T, endings ...string) string {
	t.Helper()
	open := filled(t)
	mustSave(t, mustOpen(t, open, Options{}), fleet(3000, 3), sometime(2), "third")
	left := temporary(t)
	for _, ending := range append(endings, "") {
		content, err := os.ReadFile(open + ending)
		if err != nil {
			t.Fatal(err)
		}
		write(t, left+ending, content)
	}
	return left
}

// TestReadWithoutRights reads what belongs to somebody else: the newest that there is, or
// nothing, and it leaves nothing behind.
func TestReadWithoutRights(t *testing.T) {
	const newest, third = "inventory 2\n", "inventory 3\n"
	tests := []struct {
		name, want string
		directory  fs.FileMode
		path       func(t *testing.T) string
	}{
		{"nobody has it open", newest, 0o755, filled},
		{"nobody has it open, the directory is everybody's", newest, 0o777, filled},
		{"somebody has it open", third, 0o755, func(t *testing.T) string {
			path := filled(t)
			mustSave(t, mustOpen(t, path, Options{}), fleet(3000, 3), sometime(2), "third")
			return path
		}},
		{"somebody was killed", third, 0o755, func(t *testing.T) string { return unfinished(t, "-wal", "-shm") }},
		{"a log without its index", "what was written last is in its log", 0o755, func(t *testing.T) string { return unfinished(t, "-wal") }},
		{"a log without its index, the directory is everybody's", "what was written last is in its log", 0o777, func(t *testing.T) string { return unfinished(t, "-wal") }},
		{"an index without its log", newest, 0o755, func(t *testing.T) string { return unfinished(t, "-shm") }},
		{"an empty log", newest, 0o755, func(t *testing.T) string {
			path := filled(t)
			write(t, path+"-wal", nil)
			return path
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := test.path(t)
			if err := errors.Join(os.Chmod(path, 0o644), os.Chmod(filepath.Dir(path), test.directory)); err != nil {
				t.Fatal(err)
			}
			before := beside(t, path)
			said, err := asNobody(t, "read", path)
			if !strings.Contains(said, test.want) || (err == nil) != strings.HasPrefix(test.want, "inventory") {
				t.Errorf("got %q, %v, want %q", said, err, test.want)
			}
			if after := beside(t, path); !reflect.DeepEqual(after, before) {
				t.Errorf("it left %q behind, where %q was", after, before)
			}
		})
	}
}

// begin opens a database to write to it, and says whether that cannot be.
func begin(path string) error {
	db, err := Open(context.Background(), path, Options{FileOptions: FileOptions{Existing: true, Wait: time.Second}})
	if err == nil {
		defer db.Close()
		err = db.Writable()
	}
	if err != nil {
		fmt.Println("unwritable:", IsUnwritable(err))
	}
	return err
}

// TestWriteWithoutRights has who may only read a database learn that before it is written to,
// also beside a process that has it open, where it can be opened.
func TestWriteWithoutRights(t *testing.T) {
	for name, used := range map[string]bool{"nobody has it open": false, "somebody has it open": true} {
		t.Run(name, func(t *testing.T) {
			path := filled(t)
			if used {
				mustSave(t, mustOpen(t, path, Options{}), fleet(3000, 3), sometime(2), "third")
			}
			if err := errors.Join(os.Chmod(path, 0o644), os.Chmod(filepath.Dir(path), 0o755)); err != nil {
				t.Fatal(err)
			}
			if said, err := asNobody(t, "begin", path); err == nil || !strings.HasPrefix(said, "unwritable: true\n") {
				t.Errorf("got %q, %v", said, err)
			}
		})
	}
}
