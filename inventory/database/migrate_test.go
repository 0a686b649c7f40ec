//go:build cgo

package database

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestMigrate(t *testing.T) {
	ctx := context.Background()
	path := filled(t)
	db, err := open(ctx, path, secondSchema(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := mustLoad(t, db, time.Time{}).Inventory; !reflect.DeepEqual(got, fleet(3000, 2)) {
		t.Error("the inventory has changed")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	backup := mustOpen(t, path+".inventory-1.backup", Options{FileOptions: FileOptions{Existing: true}})
	if got := mustLoad(t, backup, sometime(0)).Inventory; !reflect.DeepEqual(got, fleet(3000, 1)) {
		t.Error("the backup does not have the first inventory")
	}
	if _, err := Open(ctx, path, Options{}); err == nil || !strings.Contains(err.Error(), "its schema is version 2, and this program knows versions up to 1") {
		t.Errorf("got error %v, want that the schema is newer", err)
	}
}

// TestReadersDoNotMigrate checks that who only reads refuses what is not as it should
// be, and leaves it so.
func TestReadersDoNotMigrate(t *testing.T) {
	ctx, reading := context.Background(), Options{FileOptions: FileOptions{ReadOnly: true}}
	path := filled(t)
	if _, err := open(ctx, path, secondSchema(), reading); err == nil || !strings.Contains(err.Error(), "its schema is version 1, and this program reads version 2") {
		t.Errorf("an older schema: %v", err)
	}
	db, err := Open(ctx, path, reading)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if got := mustLoad(t, db, time.Time{}).Inventory; !reflect.DeepEqual(got, fleet(3000, 2)) {
		t.Error("the inventory is another")
	}
	if _, err := OpenFile(ctx, path, Schema{Name: "samples", Migrations: secondSchema()}, reading.FileOptions); !errors.Is(err, ErrUnwritten) {
		t.Errorf("a schema that is not there: %v", err)
	}
	empty := temporary(t)
	write(t, empty, nil)
	if _, err := Open(ctx, empty, reading); !errors.Is(err, ErrUnwritten) {
		t.Errorf("an empty file: %v", err)
	}
}

func TestNewFileNeedsNoBackup(t *testing.T) {
	path := temporary(t)
	db := mustOpen(t, path, Options{})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil || len(files) != 1 {
		t.Errorf("got files %v, error %v, want only the database", files, err)
	}
}

// TestMigrationFails checks that a migration that fails changes nothing.
func TestMigrationFails(t *testing.T) {
	path := filled(t)
	migrations := secondSchema()
	migrations["0002_second.sql"].Data = []byte("-- +goose Up\nDROP TABLE users;\nINSERT INTO nowhere VALUES (1);\n")
	if _, err := open(context.Background(), path, migrations, Options{}); err == nil || !strings.Contains(err.Error(), "migrate the schema from version 1") {
		t.Fatalf("got error %v", err)
	}
	db := mustOpen(t, path, Options{})
	if got := mustLoad(t, db, time.Time{}).Inventory; !reflect.DeepEqual(got, fleet(3000, 2)) {
		t.Error("the inventory has changed")
	}
}

// TestMigrateAtOnce lets several open, and with it create or migrate, one file
// at the same time.
func TestMigrateAtOnce(t *testing.T) {
	for name, path := range map[string]string{"new": temporary(t), "existing": filled(t)} {
		t.Run(name, func(t *testing.T) {
			var wait sync.WaitGroup
			for range 6 {
				wait.Go(func() {
					db, err := open(context.Background(), path, secondSchema(), Options{})
					if err != nil {
						t.Error(err)
						return
					}
					if err := db.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
		})
	}
}

// TestBackupWhileWriting copies a database that is written to all the time: the
// copy has one of its states.
func TestBackupWhileWriting(t *testing.T) {
	path := temporary(t)
	db := mustOpen(t, path, Options{})
	mustSave(t, db, fleet(2000, 1), sometime(1), "")
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() {
		other, err := Open(ctx, path, Options{})
		if err != nil {
			t.Error(err)
			return
		}
		defer other.Close()
		for n := 2; ctx.Err() == nil; n++ {
			if _, err := other.Save(ctx, fleet(2000, n), sometime(n), ""); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	})
	copied := filepath.Join(t.TempDir(), "copy.db")
	for range 10 {
		if err := db.Backup(context.Background(), copied); err != nil {
			t.Error(err)
			break
		}
		restored := mustOpen(t, copied, Options{FileOptions: FileOptions{Existing: true}})
		if err := restored.check(context.Background()); err != nil {
			t.Error(err)
		}
		if s := mustLoad(t, restored, time.Time{}); !reflect.DeepEqual(s.Inventory, fleet(2000, s.Number)) {
			t.Errorf("inventory %d of the copy is not whole", s.Number)
		}
		restored.Close()
	}
	cancel()
	wait.Wait()
}

func TestBackupFails(t *testing.T) {
	db := mustOpen(t, temporary(t), Options{})
	directory := t.TempDir()
	if err := db.Backup(context.Background(), filepath.Join(directory, "no", "copy.db")); err == nil {
		t.Error("got no error from a backup to a directory that is not there")
	}
	taken := filepath.Join(directory, "taken")
	if err := os.MkdirAll(filepath.Join(taken, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(context.Background(), taken); err == nil {
		t.Error("got no error from a backup over a directory")
	}
	if err := db.Backup(context.Background(), os.DevNull); err == nil {
		t.Error("got no error from a backup over a device")
	}
	if files, _ := filepath.Glob(filepath.Join(directory, "*")); len(files) != 1 {
		t.Errorf("got files %v, want only the directory", files)
	}
}

func TestBackupFollowsLinks(t *testing.T) {
	db := mustOpen(t, temporary(t), Options{})
	t.Chdir(t.TempDir())
	if err := os.WriteFile("real.db", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real.db", "link.db"); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(context.Background(), "link.db"); err != nil {
		t.Fatal(err)
	}
	if target, err := os.Readlink("link.db"); err != nil || target != "real.db" {
		t.Errorf("the link leads to %q, %v", target, err)
	}
	mustOpen(t, "real.db", Options{FileOptions: FileOptions{Existing: true}}).Close()
}
