//go:build cgo

package database

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-sqlite3"
)

// exec runs statements on a file with no settings of ours.
func execOn(t *testing.T, path, statements string) {
	t.Helper()
	pool := sql.OpenDB(connector{"file:" + path, &sqlite3.SQLiteDriver{}})
	defer pool.Close()
	if _, err := pool.Exec(statements); err != nil {
		t.Fatal(err)
	}
}

// filled returns the path of a database that was closed with two inventories in it.
func filled(t *testing.T) string {
	t.Helper()
	path := temporary(t)
	db := mustOpen(t, path, Options{})
	mustSave(t, db, fleet(3000, 1), sometime(0), "first")
	mustSave(t, db, fleet(3000, 2), sometime(1), "second")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name, want string
		opts       Options
		path       func(t *testing.T) string
	}{
		{"a missing file that must exist", "there is no such file", Options{FileOptions: FileOptions{Existing: true}}, temporary},
		{"a missing directory", "there is no directory", Options{}, func(t *testing.T) string {
			return filepath.Join(t.TempDir(), "no", "interlace.db")
		}},
		{"a directory", "this is not a file", Options{}, func(t *testing.T) string { return t.TempDir() }},
		{"a device", "this is not a file", Options{}, func(*testing.T) string { return "/dev/null" }},
		{"text", "this is not a database", Options{}, func(t *testing.T) string {
			path := temporary(t)
			write(t, path, []byte(strings.Repeat("format: 1\nservers: []\n", 1000)))
			return path
		}},
		{"a short text", "this is not a database", Options{}, func(t *testing.T) string {
			path := temporary(t)
			write(t, path, []byte("format: 1\n"))
			return path
		}},
		{"somebody else's database", "not one of interlace", Options{}, func(t *testing.T) string {
			path := temporary(t)
			execOn(t, path, "PRAGMA application_id = 7; CREATE TABLE t (x)")
			return path
		}},
		{"somebody's database without an application id", "not one of interlace", Options{}, func(t *testing.T) string {
			path := temporary(t)
			execOn(t, path, "PRAGMA journal_mode = WAL; CREATE TABLE t (x)")
			return path
		}},
		{"a newer schema", "its schema is version 4711, and this program knows versions up to 1", Options{}, func(t *testing.T) string {
			path := filled(t)
			execOn(t, path, "INSERT INTO inventory_migrations (version_id, is_applied) VALUES (4711, 1)")
			return path
		}},
		{"a newer schema by the file's header", "its schema is version 9, and", Options{}, func(t *testing.T) string {
			path := filled(t)
			execOn(t, path, "PRAGMA user_version = 9")
			return path
		}},
		{"a missing file that is only read", "there is no such file", Options{FileOptions: FileOptions{ReadOnly: true}}, temporary},
		{"a newer schema that is only read", "its schema is version 4711, and", Options{FileOptions: FileOptions{ReadOnly: true}}, func(t *testing.T) string {
			path := filled(t)
			execOn(t, path, "INSERT INTO inventory_migrations (version_id, is_applied) VALUES (4711, 1)")
			return path
		}},
		{"somebody else's database that is only read", "not one of interlace", Options{FileOptions: FileOptions{ReadOnly: true}}, func(t *testing.T) string {
			path := temporary(t)
			execOn(t, path, "PRAGMA application_id = 7; CREATE TABLE t (x)")
			return path
		}},
		{"a log without its file", "is missing or empty, but its log", Options{}, func(t *testing.T) string {
			path := temporary(t)
			write(t, path+"-wal", make([]byte, 5000))
			return path
		}},
		{"a log without the file that a link leads to", "is missing or empty, but its log", Options{}, func(t *testing.T) string {
			target, path := temporary(t), temporary(t)
			write(t, target, nil)
			write(t, target+"-wal", make([]byte, 5000))
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
			return path
		}},
		{"below a file", "file/interlace.db: not a directory", Options{}, func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "file")
			write(t, path, nil)
			return filepath.Join(path, "interlace.db")
		}},
		{"a log with an empty file", "is missing or empty, but its log", Options{}, func(t *testing.T) string {
			path := temporary(t)
			write(t, path, nil)
			write(t, path+"-wal", make([]byte, 5000))
			return path
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := test.path(t)
			before, _ := os.ReadFile(path)
			db, err := Open(context.Background(), path, test.opts)
			if err == nil {
				db.Close()
				t.Fatal("it was opened")
			}
			var trouble *Error
			if !errors.As(err, &trouble) || !strings.Contains(err.Error(), test.want) || trouble.Hint == "" || trouble.Path != path {
				t.Errorf("got %#v, want an error with %q and a hint", err, test.want)
			}
			if after, _ := os.ReadFile(path); !reflect.DeepEqual(after, before) {
				t.Error("the file was changed")
			}
		})
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestOpenCreates(t *testing.T) {
	tests := map[string]func(t *testing.T) string{
		"a missing file": temporary,
		"an empty file":  func(t *testing.T) string { path := temporary(t); write(t, path, nil); return path },
		"an unused file": func(t *testing.T) string {
			path := temporary(t)
			execOn(t, path, "PRAGMA journal_mode = WAL")
			return path
		},
		"a strange name": func(t *testing.T) string { return filepath.Join(t.TempDir(), "a ?b#c%41&d=e.db") },
		"a link": func(t *testing.T) string {
			path := temporary(t)
			if err := os.Symlink(temporary(t), path); err != nil {
				t.Fatal(err)
			}
			return path
		},
		"a relative name": func(t *testing.T) string { t.Chdir(t.TempDir()); return "interlace.db" },
		"a URI's look":    func(t *testing.T) string { t.Chdir(t.TempDir()); return "file:x?mode=memory" },
	}
	for name, place := range tests {
		t.Run(name, func(t *testing.T) {
			path := place(t)
			db := mustOpen(t, path, Options{})
			mustSave(t, db, fleet(3, 1), sometime(0), "")
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			again := mustOpen(t, path, Options{FileOptions: FileOptions{Existing: true}})
			if got := mustLoad(t, again, time.Time{}).Inventory; !reflect.DeepEqual(got, fleet(3, 1)) {
				t.Error("what was saved is not there after opening the file again")
			}
		})
	}
}

// TestDamage flips bytes and cuts the file. The program may find nothing wrong
// with what a flipped letter of a name reads like, but it must not crash, and
// what it calls damaged it must say how to mend.
func TestDamage(t *testing.T) {
	path := filled(t)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damages := map[string]func(rng *rand.Rand, content []byte) []byte{
		"cut": func(rng *rand.Rand, content []byte) []byte { return content[:1+rng.IntN(len(content)-1)] },
		"zeroed page": func(rng *rand.Rand, content []byte) []byte {
			clear(content[4096*rng.IntN(len(content)/4096):][:4096])
			return content
		},
		"random page": func(rng *rand.Rand, content []byte) []byte {
			page := content[4096*rng.IntN(len(content)/4096):][:4096]
			for i := range page {
				page[i] = byte(rng.Uint32())
			}
			return content
		},
		"flipped bytes": func(rng *rand.Rand, content []byte) []byte {
			for range 200 {
				content[rng.IntN(len(content))] ^= byte(1 + rng.IntN(255))
			}
			return content
		},
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			found := 0
			for seed := range uint64(25) {
				broken := filepath.Join(t.TempDir(), "interlace.db")
				write(t, broken, damage(rand.New(rand.NewPCG(seed, 0)), append([]byte(nil), sound...)))
				if err := useOnce(broken); err != nil {
					found++
					var trouble *Error
					if errors.As(err, &trouble) && trouble.Hint == "" {
						t.Errorf("seed %d: no hint with %v", seed, err)
					}
				}
			}
			if found == 0 {
				t.Error("no damage was found")
			}
			t.Logf("%d of 25 damages were found", found)
		})
	}
}

func useOnce(path string) error {
	ctx := context.Background()
	db, err := Open(ctx, path, Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.List(ctx); err != nil {
		return err
	}
	if _, err := db.Load(ctx, sometime(0)); err != nil {
		return err
	}
	if _, err := db.Load(ctx, time.Time{}); err != nil {
		return err
	}
	_, err = db.Save(ctx, fleet(3000, 3), sometime(2), "third")
	return err
}

// TestDamageAfterCrash checks that a file beside which a log was left is looked
// at in whole.
func TestDamageAfterCrash(t *testing.T) {
	path := filled(t)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	clear(content[len(content)/2:][:4096])
	write(t, path, content)
	write(t, path+"-wal", make([]byte, 32))
	_, err = Open(context.Background(), path, Options{})
	var trouble *Error
	if !errors.As(err, &trouble) || !strings.Contains(err.Error(), "damaged") || trouble.Hint != damagedHint {
		t.Errorf("got %v, want that the database is damaged", err)
	}
}

// TestLogLost cuts and deletes what lies beside the file of a process that was
// killed: the newest inventories may be gone, but one of them is there, whole.
func TestLogLost(t *testing.T) {
	path := temporary(t)
	db := mustOpen(t, path, Options{})
	mustSave(t, db, fleet(3000, 1), sometime(0), "")
	if _, err := db.writer.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	mustSave(t, db, fleet(3000, 2), sometime(1), "")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		log  []byte
		want int
	}{
		"index lost":        {log, 2},
		"log cut in half":   {log[:len(log)/2], 1},
		"log's end cut off": {log[:len(log)-1], 1},
		"log empty":         {nil, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			crashed := temporary(t)
			write(t, crashed, file)
			write(t, crashed+"-wal", test.log)
			s := mustLoad(t, mustOpen(t, crashed, Options{}), time.Time{})
			if s.Number != test.want || !reflect.DeepEqual(s.Inventory, fleet(3000, test.want)) {
				t.Errorf("got inventory %d, want %d, whole", s.Number, test.want)
			}
		})
	}
}

// TestReadOnly opens a database that belongs to somebody else, from a process
// without rights to it.
func TestReadOnly(t *testing.T) {
	path := filled(t)
	for _, mode := range []fs.FileMode{0o444, 0o000} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		text, err := asNobody(t, "look", path)
		if err == nil || !strings.Contains(text, path+": the database cannot be") || !strings.Contains(text, "hint: check the owner and mode") {
			t.Errorf("mode %o: got error %v and words %q", mode, err, text)
		}
	}
}
