//go:build cgo

package database

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/interlacemail/interlace/inventory"
)

// TestTwoWriters lets several handles save at once: each waits for the others,
// and nothing is lost.
func TestTwoWriters(t *testing.T) {
	path := temporary(t)
	const writers, each = 4, 5
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() {
			db, err := Open(context.Background(), path, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			for i := range each {
				if _, err := db.Save(context.Background(), fleet(200, w*each+i), sometime(w*each+i), ""); err != nil {
					t.Error(err)
				}
				if _, err := db.Load(context.Background(), time.Time{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	db := mustOpen(t, path, Options{})
	list, err := db.List(context.Background())
	if err != nil || len(list) != writers*each {
		t.Fatalf("got %d inventories, error %v, want %d", len(list), err, writers*each)
	}
	for i, d := range list {
		generation := int(d.At.Sub(sometime(0)).Hours() / 24)
		if d.Number != i+1 {
			t.Errorf("inventory %d has number %d", i+1, d.Number)
		}
		if s := mustLoad(t, db, time.Time{}); i == len(list)-1 && !reflect.DeepEqual(s.Inventory, fleet(200, generation)) {
			t.Error("the newest inventory is not the one that was saved last")
		}
	}
}

// TestReadWhileWriting loads while somebody else is in the middle of a save.
func TestReadWhileWriting(t *testing.T) {
	path := temporary(t)
	db := mustOpen(t, path, Options{})
	mustSave(t, db, fleet(100, 1), sometime(0), "")
	tx, err := db.writer.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec("DELETE FROM users"); err != nil {
		t.Fatal(err)
	}
	other := mustOpen(t, path, Options{})
	if s := mustLoad(t, other, time.Time{}); !reflect.DeepEqual(s.Inventory, fleet(100, 1)) {
		t.Error("a reader sees what has not been committed")
	}
}

func TestWriterGivesUp(t *testing.T) {
	path := temporary(t)
	holder := mustOpen(t, path, Options{})
	mustSave(t, holder, fleet(3, 1), sometime(0), "")
	tx, err := holder.writer.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()

	t.Run("after its time", func(t *testing.T) {
		db := mustOpen(t, path, Options{FileOptions: FileOptions{Wait: 50 * time.Millisecond}})
		_, err := db.Save(context.Background(), fleet(3, 2), sometime(1), "")
		var trouble *Error
		if !errors.As(err, &trouble) || !strings.Contains(err.Error(), "another process is writing") || trouble.Hint == "" {
			t.Errorf("got %v, want that another process is writing", err)
		}
	})
	t.Run("in the middle of opening", func(t *testing.T) {
		_, err := open(context.Background(), path, secondSchema(), Options{FileOptions: FileOptions{Wait: 50 * time.Millisecond}})
		if err == nil || !strings.Contains(err.Error(), "another process is writing") {
			t.Errorf("got %v, want that another process is writing", err)
		}
	})
	t.Run("when told to", func(t *testing.T) {
		db := mustOpen(t, path, Options{FileOptions: FileOptions{Wait: time.Minute}})
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(100*time.Millisecond, cancel)
		begun := time.Now()
		_, err := db.Save(ctx, fleet(3, 2), sometime(1), "")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
		if took := time.Since(begun); took > 20*time.Second {
			t.Errorf("it took %v to stop waiting", took)
		}
	})
}

// TestInterrupted cancels a save in the middle.
func TestInterrupted(t *testing.T) {
	db := mustOpen(t, temporary(t), Options{})
	mustSave(t, db, fleet(100, 1), sometime(0), "")
	big := fleet(200_000, 2)
	for _, after := range []time.Duration{0, 30 * time.Millisecond, 200 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(context.Background(), after)
		if _, err := db.Save(ctx, big, sometime(1), ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %v: got error %v, want %v", after, err, context.DeadlineExceeded)
		}
		cancel()
	}
	if s := mustLoad(t, db, time.Time{}); !reflect.DeepEqual(s.Inventory, fleet(100, 1)) {
		t.Error("the former inventory is no longer the newest")
	}
	if saved := mustSave(t, db, fleet(100, 3), sometime(2), ""); saved.Number != 2 {
		t.Errorf("got number %d after interruptions, want 2", saved.Number)
	}
}

// TestCommitFails lets COMMIT fail: nothing is saved, and the next save works.
func TestCommitFails(t *testing.T) {
	db := mustOpen(t, temporary(t), Options{})
	mustSave(t, db, fleet(100, 1), sometime(0), "")
	refuse := func(code int) {
		err := onConn(context.Background(), db.writer, func(c *sqlite3.SQLiteConn) error {
			c.RegisterCommitHook(func() int { return code })
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	refuse(1)
	if _, err := db.Save(context.Background(), fleet(100, 2), sometime(1), ""); err == nil {
		t.Error("got no error from a save whose COMMIT failed")
	}
	refuse(0)
	if s := mustLoad(t, db, time.Time{}); !reflect.DeepEqual(s.Inventory, fleet(100, 1)) {
		t.Error("the former inventory is no longer the newest")
	}
	if saved := mustSave(t, db, fleet(100, 3), sometime(2), ""); saved.Number != 2 {
		t.Errorf("got number %d after a failed COMMIT, want 2", saved.Number)
	}
}

// TestCommitFailsButHolds checks that a COMMIT that was carried out is believed,
// whatever it returned.
func TestCommitFailsButHolds(t *testing.T) {
	ctx := context.Background()
	db := mustOpen(t, temporary(t), Options{})
	failed := errors.New("disk I/O error")
	d := Dated{Number: 1, At: sometime(0), Note: "first", Whole: true, Servers: 3, Stores: 3, Users: 100}
	if err := db.settle(ctx, d.isIn, failed); !errors.Is(err, failed) {
		t.Errorf("nothing was saved: got %v, want %v", err, failed)
	}
	mustSave(t, db, fleet(100, 1), sometime(0), "first")
	if err := db.settle(ctx, d.isIn, failed); err != nil {
		t.Errorf("it was saved: got %v", err)
	}
	d.Note = "somebody else's"
	if err := db.settle(ctx, d.isIn, failed); !errors.Is(err, failed) {
		t.Errorf("another one was saved: got %v, want %v", err, failed)
	}
	db.reader.Close()
	if err := db.settle(ctx, d.isIn, failed); !errors.Is(err, failed) || !strings.Contains(err.Error(), "unknown") {
		t.Errorf("nobody knows: got %v", err)
	}
}

// TestSaveAgain saves the same inventory often and checks that it is kept once.
func TestSaveAgain(t *testing.T) {
	db := mustOpen(t, temporary(t), Options{})
	for i := range 12 {
		if saved := mustSave(t, db, fleet(500, 1), sometime(i), ""); i > 0 && len(saved.Changes) > 0 {
			t.Fatalf("got changes %+v between equal inventories", saved.Changes)
		}
	}
	var rows int
	if err := db.reader.QueryRow("SELECT count(*) FROM users").Scan(&rows); err != nil || rows != 500 {
		t.Errorf("got %d rows of users, error %v, want 500", rows, err)
	}
	if saved := mustSave(t, db, inventory.New(), sometime(12), ""); saved.Changes.Of("user", "removed") != 500 {
		t.Errorf("got changes %+v, want 500 users removed", saved.Changes)
	}
}
