package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// justMade is for how long a file may not be locked yet by who writes it.
const justMade = time.Minute

// removeLeft removes what those who wrote a file, and were killed meanwhile, have left
// beside it. Whoever still writes holds a lock. What cannot be removed stays, and is in
// nobody's way.
func removeLeft(path string) {
	dir, base := filepath.Split(path)
	entries, _ := os.ReadDir(filepath.Clean(dir + "."))
	for _, entry := range entries {
		if number, is := strings.CutPrefix(entry.Name(), "."+base+"."); is && entry.Type().IsRegular() && number != "" && strings.Trim(number, "0123456789") == "" {
			removeUnlocked(filepath.Join(dir, entry.Name()))
		}
	}
}

func removeUnlocked(path string) {
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && time.Since(info.ModTime()) > justMade && lock(f) == nil {
		_ = os.Remove(path)
	}
}

// lock locks a file as long as it is open, or returns an error where somebody else has.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
