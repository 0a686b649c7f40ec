//go:build cgo

package database

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/interlacemail/interlace/fixtures/needs"
)

// TestDiskFull fills the disk during a save.
func TestDiskFull(t *testing.T) {
	path := filepath.Join(needs.Mount(t, "tmpfs", "size=4m", 0), "interlace.db")
	db := mustOpen(t, path, Options{})
	mustSave(t, db, fleet(3000, 1), sometime(0), "")
	for range 3 {
		_, err := db.Save(context.Background(), fleet(50_000, 2), sometime(1), "")
		var trouble *Error
		if !errors.As(err, &trouble) || !strings.Contains(err.Error(), "the disk is full") || trouble.Hint == "" {
			t.Fatalf("got %v, want that the disk is full", err)
		}
		if s := mustLoad(t, db, time.Time{}); s.Number != 1 || !reflect.DeepEqual(s.Inventory, fleet(3000, 1)) {
			t.Fatal("the former inventory is no longer the newest")
		}
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	again := mustOpen(t, path, Options{})
	if err := again.check(context.Background()); err != nil {
		t.Error(err)
	}
	if s := mustLoad(t, again, time.Time{}); !reflect.DeepEqual(s.Inventory, fleet(3000, 1)) {
		t.Error("the former inventory is no longer the newest after opening again")
	}
	mustSave(t, again, fleet(3000, 3), sometime(2), "")
	if err := again.Backup(context.Background(), path+".backup"); err == nil {
		if err = again.Backup(context.Background(), path+".backup2"); err == nil {
			t.Error("got no error from backups that do not fit")
		}
	}
}

// TestDiskFullFromTheStart has no room for a new database.
func TestDiskFullFromTheStart(t *testing.T) {
	path := filepath.Join(needs.Mount(t, "tmpfs", "size=16k", 0), "interlace.db")
	_, err := Open(context.Background(), path, Options{})
	var trouble *Error
	if !errors.As(err, &trouble) || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("got %v, want that the disk is full", err)
	}
}

// TestReadOnlyFileSystem remounts the file system read-only, closed and open.
func TestReadOnlyFileSystem(t *testing.T) {
	directory := needs.Mount(t, "tmpfs", "size=4m", 0)
	path := filepath.Join(directory, "interlace.db")
	db := mustOpen(t, path, Options{})
	mustSave(t, db, fleet(100, 1), sometime(0), "")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("test", directory, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, err := Open(context.Background(), path, Options{})
	var trouble *Error
	if !errors.As(err, &trouble) || !strings.HasSuffix(err.Error(), "its file system is mounted read-only") || !strings.Contains(trouble.Hint, "a copy of this one") {
		t.Errorf("got %v, want that its file system is mounted read-only", err)
	}
}

// TestReadOnlyOverTheWorkingDirectory mounts the working directory over itself, read-only: it stays
// writable to who is in it, and the file, by its full name, does not.
func TestReadOnlyOverTheWorkingDirectory(t *testing.T) {
	directory := needs.Mount(t, "tmpfs", "size=4m", 0)
	t.Chdir(directory)
	if err := mustOpen(t, "interlace.db", Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount(directory, directory, "", syscall.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(directory, syscall.MNT_DETACH) })
	if err := syscall.Mount("", directory, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), "interlace.db", Options{}); err == nil || !strings.HasSuffix(err.Error(), "its file system is mounted read-only") {
		t.Errorf("got %v, want that its file system is mounted read-only", err)
	}
}

// Of other troubles, and of files elsewhere, it is not said.
func TestReadOnlyIsNotGuessed(t *testing.T) {
	mounted := filepath.Join(needs.Mount(t, "tmpfs", "", syscall.MS_RDONLY), "interlace.db")
	for path, code := range map[string]sqlite3.ErrNo{mounted: sqlite3.ErrBusy, filepath.Join(t.TempDir(), "interlace.db"): sqlite3.ErrCantOpen} {
		if err := explain(t.Context(), path, sqlite3.Error{Code: code}); strings.Contains(err.Error(), "mounted") {
			t.Errorf("code %d: got %v", code, err)
		}
	}
}

func TestNetworkFileSystems(t *testing.T) {
	if err := examineFileSystem("x", "/"); err != nil {
		t.Errorf("/ is refused: %v", err)
	}
	if networks[0x6969] != "NFS" {
		t.Error("NFS is not known")
	}
}

// TestReadWhatIsMounted reads on a file system that is mounted read-only, and refuses to go on
// when somebody writes there after all.
func TestReadWhatIsMounted(t *testing.T) {
	directory := needs.Mount(t, "tmpfs", "size=8m", 0)
	path := filepath.Join(directory, "interlace.db")
	mount := func(flags uintptr) {
		if err := syscall.Mount("test", directory, "tmpfs", syscall.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
	db := mustOpen(t, path, Options{})
	mustSave(t, db, fleet(100, 1), sometime(0), "")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	mount(syscall.MS_RDONLY)
	reader := mustOpen(t, path, Options{FileOptions: FileOptions{ReadOnly: true}})
	if s := mustLoad(t, reader, time.Time{}); s.Number != 1 {
		t.Errorf("got inventory %d", s.Number)
	}
	mount(0)
	mustSave(t, mustOpen(t, path, Options{}), fleet(100, 2), sometime(1), "")
	_, err := reader.Load(t.Context(), time.Time{})
	var trouble *Error
	if !errors.As(err, &trouble) || !strings.Contains(err.Error(), "begun to write") || trouble.Hint == "" {
		t.Errorf("got %v, want that somebody has begun to write it", err)
	}
	if s := mustLoad(t, mustOpen(t, path, Options{FileOptions: FileOptions{ReadOnly: true}}), time.Time{}); s.Number != 2 {
		t.Errorf("got inventory %d, want what is in the log", s.Number)
	}
}
