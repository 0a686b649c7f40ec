package main_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/fixtures/needs"
)

// harm is something that happens to the database of a watch.
type harm struct {
	name     string
	config   string
	prepared func(*watched) // before the watch begins
	happens  func(*watched)
	told     string // in the mail
	repaired func(*watched)
}

var harms = []harm{
	{
		name: "deleted", happens: func(r *watched) { r.must(os.Remove(r.path("facts.db"))) },
		told: "was deleted or moved away while it was in use", repaired: (*watched).restore,
	},
	{
		name: "garbled", happens: func(r *watched) {
			for _, name := range []string{"facts.db", "facts.db-wal"} { // what lies in the log still counts
				f, err := os.OpenFile(r.path(name), os.O_WRONLY, 0)
				r.must(err)
				_, err = f.Write(bytes.Repeat([]byte("garbage "), 32768))
				r.must(errors.Join(err, f.Close()))
			}
		}, told: "facts.db: ", repaired: (*watched).restore,
	},
	{
		name: "full", config: "db: disk/facts.db\n",
		prepared: func(r *watched) { r.mount("test", "tmpfs", "size=2m") },
		happens: func(r *watched) {
			f, err := os.Create(r.path("disk/filler"))
			r.must(err)
			defer f.Close()
			for n := 1 << 20; n > 0; n /= 2 {
				for err = nil; err == nil; {
					_, err = f.Write(make([]byte, n))
				}
			}
		}, told: "the disk is full", repaired: func(r *watched) { r.must(os.Remove(r.path("disk/filler"))) },
	},
	{
		name: "readonly", config: "db: disk/facts.db\n",
		prepared: (*watched).mountImage,
		happens:  func(r *watched) { r.must(exec.Command("mount", "-o", "remount,abort", r.path("disk")).Run()) }, // as the kernel does after an error of the disk
		told:     "disk/facts.db: ",
	},
}

// restore puts the copy of the database in its place, as an operator is told to.
func (r *watched) restore() {
	r.Helper()
	for _, name := range []string{"facts.db", "facts.db-wal", "facts.db-shm"} {
		if err := os.Rename(r.path(name), r.path(name)+".bad"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.Fatal(err)
		}
	}
	r.must(os.Rename(r.path("copy.db"), r.path("facts.db")))
}

// TestWatchOwnDatabase harms the database of a watch: it goes on, tells that once
// by mail, and keeps alerts again when the harm is repaired.
func TestWatchOwnDatabase(t *testing.T) {
	t.Parallel()
	cyrustest.Need(t)
	var stores []cyrustest.StoreOptions
	for _, h := range harms {
		stores = append(stores, cyrustest.StoreOptions{Name: h.name, Instances: []cyrustest.Settings{{Log: true}, {Log: true}}})
	}
	fleet, dir := cyrustest.Run(t, stores...), t.TempDir()
	describeAll(t, dir, fleet)
	together(t, harms, func(h *harm) string { return h.name }, func(t *testing.T, i int, h *harm) {
		h.test(newWatched(t, dir, fleet, fleet.Stores[i], paceOfTests(), h.config))
	})
}

func (h *harm) test(r *watched) {
	if h.prepared != nil {
		h.prepared(r)
	}
	r.ignoreStrangers()
	r.begin(r.store.Name + "-m")
	r.wait("samples are kept", time.Minute, func() bool { status, _, _ := r.interlace("lag", "--server", r.store.Name+"-m"); return status == 0 })
	if status, _, stderr := r.interlace("db", "backup", "copy.db"); status != 0 {
		r.Fatalf("copy the database: %s", stderr)
	}
	h.happens(r)
	r.wait("a mail tells it", 3*time.Minute, func() bool { return r.mailed("critical: own_database", h.told) > 0 })
	// Nothing is looked at in vain meanwhile: what is found is told afterwards.
	r.must(r.replica.Stop())
	time.Sleep(5 * r.pace.probes)
	select {
	case err := <-r.ended:
		r.Fatalf("the watch has ended: %v: %s", err, r.words())
	default:
	}
	if h.repaired == nil {
		r.end()
		return
	}
	h.repaired(r)
	r.wait("a mail tells that it is over", time.Minute, func() bool { return r.mailed("resolved: own_database", "keeps alerts again") > 0 })
	r.wait("a mail tells what is found", time.Minute, func() bool { return r.mailed("replica_unreachable", r.store.Name) > 0 })
	r.must(r.replica.Start(r.ctx))
	r.wait("that is over too", time.Minute, func() bool { return r.open() == nil })
	if n := r.mailed("critical: own_database", ""); n != 1 {
		r.Errorf("it was told %d times", n)
	}
	if said := strings.Count(r.words(), "keep the alerts: "); said != 1 {
		r.Errorf("it was said %d times: %s", said, r.words())
	}
	r.end()
}

// mailed counts the mails that have some words in them.
func (r *watched) mailed(words ...string) (n int) {
	for _, mail := range r.texts() {
		has := true
		for _, word := range words {
			has = has && strings.Contains(mail, word)
		}
		if has {
			n++
		}
	}
	return n
}

// mountImage mounts a small disk.
func (r *watched) mountImage() {
	r.Helper()
	put(r.T, r.path("image"), "")
	r.must(os.Truncate(r.path("image"), 8<<20))
	if out, err := exec.Command("mkfs.ext4", "-q", r.path("image")).CombinedOutput(); err != nil {
		needs.Missing(r.T, "mkfs.ext4: %v: %s", err, out)
	}
	r.mount(r.path("image"), "ext4", "loop")
}

// mount mounts a file system, as root.
func (r *watched) mount(what, kind, options string) {
	r.Helper()
	r.must(os.Mkdir(r.path("disk"), 0o755))
	if out, err := exec.Command("mount", "-t", kind, "-o", options, what, r.path("disk")).CombinedOutput(); err != nil {
		needs.Missing(r.T, "to mount %s, as root: %v: %s", kind, err, out)
	}
	r.Cleanup(func() {
		if err := syscall.Unmount(r.path("disk"), syscall.MNT_DETACH); err != nil {
			r.Error(err)
		}
	})
}
