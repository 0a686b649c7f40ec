package files

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/interlacemail/interlace/inventory"
)

// layUsers writes a fleet of 2,000 stores on 100 servers with n users, in
// order or not.
func layUsers(t testing.TB, n int, sorted bool) string {
	t.Helper()
	dir := t.TempDir()
	lines := func(name string, write func(w *bufio.Writer)) {
		file, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		w := bufio.NewWriterSize(file, 1<<20)
		write(w)
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	lines("fleet.yaml", func(w *bufio.Writer) {
		fmt.Fprintln(w, "format: 1\nservers: servers.csv\nstores: stores.csv\nusers: users.csv")
	})
	lines("servers.csv", func(w *bufio.Writer) {
		fmt.Fprintln(w, "name,domain:rack,capacity:disk,capacity:io")
		for i := range 100 {
			fmt.Fprintf(w, "imap%02d,r%d,100TB,100000\n", i, i/5)
		}
	})
	lines("stores.csv", func(w *bufio.Writer) {
		fmt.Fprintln(w, "name,master,replicas")
		for i := range 2000 {
			fmt.Fprintf(w, "s%04d,imap%02d,imap%02d\n", i, i%100, (i+7)%100)
		}
	})
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	rng := rand.New(rand.NewPCG(1, 1))
	if !sorted {
		rng.Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	lines("users.csv", func(w *bufio.Writer) {
		fmt.Fprintln(w, "user,store,disk,io")
		for _, i := range order {
			fmt.Fprintf(w, "user%07d@example.org,s%04d,%d,%.3f\n", i, rng.IntN(2000), rng.Int64N(20e9), rng.Float64())
		}
	})
	return filepath.Join(dir, "fleet.yaml")
}

// BenchmarkRead reads a million users, in order and not.
func BenchmarkRead(b *testing.B) {
	for name, sorted := range map[string]bool{"sorted": true, "shuffled": false} {
		b.Run(name, func(b *testing.B) {
			const n = 1_000_000
			path := layUsers(b, n, sorted)
			var kept *inventory.Inventory
			before := heap()
			for b.Loop() {
				inv, _, err := Read(b.Context(), path)
				if err != nil {
					b.Fatal(err)
				}
				kept = inv
			}
			b.ReportMetric(float64(heap()-before)/n, "kept-B/user")
			runtime.KeepAlive(kept)
		})
	}
}

// BenchmarkWrite writes a million users.
func BenchmarkWrite(b *testing.B) {
	inv, _, err := Read(b.Context(), layUsers(b, 1_000_000, true))
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	for b.Loop() {
		if err := Write(dir, inv); err != nil {
			b.Fatal(err)
		}
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
