//go:build cgo

package database

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

const crashUsers = 20_000

// saveForEver saves one inventory after the other, each with all loads changed,
// and prints the number of each that Save has reported as saved.
func saveForEver(path string) error {
	ctx := context.Background()
	db, err := Open(ctx, path, Options{Whole: 2})
	if err != nil {
		return err
	}
	list, err := db.List(ctx)
	if err != nil {
		return err
	}
	for n := len(list) + 1; ; n++ {
		fmt.Println("begin", n)
		if _, err := db.Save(ctx, fleet(crashUsers, n), sometime(n), "crash"); err != nil {
			return err
		}
		fmt.Println("saved", n)
	}
}

// look opens the database and saves into it.
func look(path string) error {
	db, err := Open(context.Background(), path, Options{FileOptions: FileOptions{Wait: time.Second}})
	if err == nil {
		_, err = db.Save(context.Background(), fleet(1, 9), sometime(9), "")
	}
	var trouble *Error
	if errors.As(err, &trouble) {
		return fmt.Errorf("%w\nhint: %s", err, trouble.Hint)
	}
	return err
}

// migrateOnce opens the database with a program that knows a second schema.
func migrateOnce(path string) error {
	fmt.Println("begin", 1)
	db, err := open(context.Background(), path, secondSchema(), Options{})
	if err != nil {
		return err
	}
	return db.Close()
}

// secondSchema returns the migrations of this package and one more, which takes
// its time.
func secondSchema() fstest.MapFS {
	first, err := inventories.ReadFile("schema/0001_inventory.sql")
	if err != nil {
		panic(err)
	}
	return fstest.MapFS{
		"0001_inventory.sql": {Data: first},
		"0002_second.sql": {Data: []byte(`-- +goose Up
CREATE TABLE second (name TEXT NOT NULL, load TEXT NOT NULL) STRICT;
INSERT INTO second SELECT name, load FROM users ORDER BY load;
PRAGMA user_version = 2;
`)},
	}
}

// trials returns how often to kill a process: few times, or as often as the
// environment says.
func trials(few int) int {
	if n, err := strconv.Atoi(os.Getenv("INTERLACE_CRASHES")); err == nil {
		return n
	}
	return few
}

// kill starts a child on the database and kills it at some moment after it has
// begun. It returns the last number that the child reported as saved, and the
// last that it began to save.
func kill(t *testing.T, part, path string, after time.Duration) (saved, begun int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], path)
	cmd.Env = append(os.Environ(), "INTERLACE_DATABASE_CHILD="+part)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if begun == 0 {
			timer := time.AfterFunc(after, func() { cmd.Process.Kill() })
			defer timer.Stop()
		}
		word, number, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("the child said %q", lines.Text())
		}
		switch word {
		case "begin":
			begun = n
		case "saved":
			saved = n
		}
	}
	cmd.Wait()
	if begun == 0 {
		t.Fatal("the child said nothing")
	}
	return saved, begun
}

// TestKillSave kills a process at any moment of Save: the newest inventory is
// whole, and it is not older than the last one reported as saved.
func TestKillSave(t *testing.T) {
	path := temporary(t)
	rng := rand.New(rand.NewPCG(1, 0))
	former, undone, done := 0, 0, 0
	for range trials(6) {
		saved, begun := kill(t, "save", path, time.Duration(rng.IntN(600))*time.Millisecond)
		saved = max(saved, former)
		db := mustOpen(t, path, Options{Whole: 2})
		s, err := db.Load(context.Background(), time.Time{})
		switch {
		case errors.Is(err, ErrEmpty) && saved == 0:
			s = &Snapshot{}
		case err != nil:
			t.Fatal(err)
		case !reflect.DeepEqual(s.Inventory, fleet(crashUsers, s.Number)):
			t.Fatalf("inventory %d is not whole", s.Number)
		}
		switch {
		case s.Number < saved || s.Number > begun:
			t.Fatalf("inventory %d was saved and %d begun, but the newest is %d", saved, begun, s.Number)
		case s.Number < begun:
			undone++
		case s.Number > saved:
			done++
		}
		former = s.Number
		if err := errors.Join(db.check(context.Background()), db.Close()); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills: %d undid a save, %d came between the commit and its report", trials(6), undone, done)
}

// TestKillMigration kills a process while it migrates: the next one migrates,
// and nothing is lost.
func TestKillMigration(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 0))
	cut := 0
	for range trials(6) {
		path := temporary(t)
		db := mustOpen(t, path, Options{})
		mustSave(t, db, fleet(crashUsers, 1), sometime(0), "")
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		kill(t, "migrate", path, time.Duration(rng.IntN(80))*time.Millisecond)

		first, err := Open(context.Background(), path, Options{})
		if err == nil {
			cut++
			first.Close()
		} else if !strings.Contains(err.Error(), "its schema is version 2") {
			t.Fatal(err)
		}
		second, err := open(context.Background(), path, secondSchema(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		var rows int
		if err := second.reader.QueryRow("SELECT count(*) FROM second").Scan(&rows); err != nil || rows != crashUsers {
			t.Fatalf("got %d migrated rows, error %v, want %d", rows, err, crashUsers)
		}
		if s := mustLoad(t, second, time.Time{}); !reflect.DeepEqual(s.Inventory, fleet(crashUsers, 1)) {
			t.Fatal("the inventory is not whole")
		}
		if err := second.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d kills came before the migration was done", cut, trials(6))
}

// TestKillCreation kills a process while it creates a database: the next one
// creates it.
func TestKillCreation(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 0))
	for range trials(20) {
		path := temporary(t)
		kill(t, "migrate", path, time.Duration(rng.IntN(12_000))*time.Microsecond)
		db, err := open(context.Background(), path, secondSchema(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.check(context.Background()), db.Close()); err != nil {
			t.Fatal(err)
		}
	}
}
