package processes

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// LeftLog is a log of Cyrus 2.3 that a worker took.
type LeftLog struct {
	Dir      string // of its channel
	Path     string
	Parent   int // the number in its name: the parent of the worker
	Bytes    int64
	Modified time.Time
}

var takenLog = regexp.MustCompile(`^log-([1-9][0-9]{0,9})$`)

// mostLeft is how many logs of a directory are told.
const mostLeft = 100

// left returns the taken logs in the directory of a channel.
func left(dir string) []LeftLog {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // a channel that was never written has no directory
	}
	var all []LeftLog
	for _, entry := range entries {
		name := takenLog.FindStringSubmatch(entry.Name())
		info, err := entry.Info()
		if name == nil || err != nil || !info.Mode().IsRegular() || len(all) == mostLeft {
			continue
		}
		pid, err := strconv.Atoi(name[1])
		if err != nil {
			continue
		}
		all = append(all, LeftLog{dir, filepath.Join(dir, entry.Name()), pid, info.Size(), info.ModTime()})
	}
	return all
}

// unwritable says why a user can't write the log of a channel, or nothing if he
// can or nobody can tell.
func unwritable(dir string, uid int) string {
	info, err := os.Stat(dir)
	if os.IsNotExist(err) {
		parent := filepath.Dir(dir) // Cyrus makes the directory when it first writes there
		if parent == dir {
			return ""
		}
		return unwritable(parent, uid)
	}
	if err != nil {
		return ""
	}
	if !info.IsDir() {
		return fmt.Sprintf("%q is no directory", dir)
	}
	if why := closed(dir, info, uid, 0o3); why != "" {
		return why
	}
	var disk syscall.Statfs_t
	const readOnly = 1 // ST_RDONLY, statfs(2)
	if syscall.Statfs(dir, &disk) == nil && disk.Flags&readOnly != 0 {
		return fmt.Sprintf("%q is on a file system that is mounted read-only", dir)
	} else if disk.Blocks > 0 && disk.Bavail == 0 {
		return fmt.Sprintf("%q is on a file system that is full", dir)
	}
	log := filepath.Join(dir, "log")
	info, err = os.Lstat(log)
	switch {
	case err != nil:
		return ""
	case !info.Mode().IsRegular():
		return fmt.Sprintf("%q is no plain file", log)
	}
	return closed(log, info, uid, 0o2)
}

// closed says why the modes of a file don't let a user do what is wanted, which
// is bits of one digit of a mode. Who has an access list may be let in by that.
func closed(path string, info os.FileInfo, uid int, want os.FileMode) string {
	stat := info.Sys().(*syscall.Stat_t)
	mode := info.Mode().Perm()
	switch {
	case int(stat.Uid) == uid:
		mode >>= 6
	case slices.Contains(groups(uid), strconv.Itoa(int(stat.Gid))):
		mode >>= 3
	}
	if mode&want == want {
		return ""
	}
	if n, err := syscall.Getxattr(path, "system.posix_acl_access", nil); err == nil && n > 0 {
		return ""
	}
	return fmt.Sprintf("%q belongs to user %d and has mode %04o, and Cyrus runs as user %d", path, stat.Uid, info.Mode().Perm(), uid)
}

func groups(uid int) []string {
	account, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return nil
	}
	list, _ := account.GroupIds() // without it only the owner and the others count
	return append(list, account.Gid)
}
