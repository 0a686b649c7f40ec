//go:build cgo

package database

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// BenchmarkMillion saves and loads a million users: the first time, with one
// user in a hundred changed, and with all changed. It also tells the size of
// the file after eight inventories.
func BenchmarkMillion(b *testing.B) {
	for name, every := range map[string]int{"one in a hundred changed": 100, "all changed": 1} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				benchmarkMillion(b, every)
			}
		})
	}
}

func benchmarkMillion(b *testing.B, every int) {
	path := filepath.Join(b.TempDir(), "interlace.db")
	db, err := Open(context.Background(), path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	inv := fleet(1_000_000, 1)
	first := save(b, db, inv, 0)
	b.ReportMetric(first.Seconds(), "s/first-save")
	b.ReportMetric(megabytes(b, path), "MB/one")

	var last time.Duration
	for n := 1; n < 9; n++ {
		for i := n; i < len(inv.Users); i += every {
			inv.Users[i].Load[0] += 1000
			inv.Users[i].Messages++
		}
		last = save(b, db, inv, n)
		if n == 7 {
			b.ReportMetric(megabytes(b, path), "MB/eight")
		}
	}
	b.ReportMetric(last.Seconds(), "s/ninth-save")

	begun := time.Now()
	if _, err := db.Load(context.Background(), time.Time{}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(begun).Seconds(), "s/load")
	begun = time.Now()
	if err := db.check(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(begun).Seconds(), "s/check")
}

func save(b *testing.B, db *DB, inv *inventory.Inventory, n int) time.Duration {
	begun := time.Now()
	if _, err := db.Save(context.Background(), inv, sometime(n), ""); err != nil {
		b.Fatal(err)
	}
	return time.Since(begun)
}

func megabytes(b *testing.B, path string) float64 {
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return float64(info.Size()) / 1e6
}
