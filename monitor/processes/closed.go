package processes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/interlacemail/interlace/inventory"
)

// Closed is why Cyrus can't write the log of a channel.
type Closed struct {
	Why     string         // empty: it can, or nobody can tell
	Command inventory.Text // what repairs that, or shows more of it; null: it can't be pasted
}

// unwritable says why a user can't write the log in the directory of a channel. Cyrus makes what
// is missing of the way there with the first change, in whatever is there already.
func unwritable(dir string, uid int) Closed {
	at, info, err := nearest(dir)
	switch {
	case err != nil:
		return Closed{}
	case !info.IsDir():
		return Closed{fmt.Sprintf("%q is no directory", at), inventory.Paste("ls", "-ld", "--", at)}
	}
	if c := closed(at, info, uid, 0o3); c.Why != "" {
		return c
	}
	if c := full(at); c.Why != "" || at != dir {
		return c
	}
	log := filepath.Join(dir, "log")
	info, err = os.Lstat(log)
	switch {
	case err != nil:
		return Closed{}
	case !info.Mode().IsRegular():
		return Closed{fmt.Sprintf("%q is no plain file", log), inventory.Paste("ls", "-ld", "--", log)}
	}
	return closed(log, info, uid, 0o2)
}

// nearest returns a file, or where it is not there the nearest of those above it that is.
func nearest(path string) (string, os.FileInfo, error) {
	info, err := os.Stat(path)
	if missing := errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR); missing && filepath.Dir(path) != path {
		return nearest(filepath.Dir(path))
	}
	return path, info, err
}

// full says why nothing can be written to the file system of a directory.
func full(dir string) Closed {
	var disk syscall.Statfs_t
	if syscall.Statfs(dir, &disk) != nil {
		return Closed{}
	}
	switch {
	case disk.Flags&unix.ST_RDONLY != 0:
		return Closed{fmt.Sprintf("%q is on a file system that is mounted read-only; the kernel does that where a disk fails, so look at its log first", dir), inventory.Paste("findmnt", "--target", dir)}
	case disk.Blocks > 0 && disk.Bavail == 0:
		return Closed{fmt.Sprintf("%q is on a file system that is full", dir), inventory.Paste("df", "-h", "--", dir)}
	case disk.Files > 0 && disk.Ffree == 0:
		return Closed{fmt.Sprintf("%q is on a file system without a free inode", dir), inventory.Paste("df", "-i", "--", dir)}
	}
	return Closed{}
}

// closed says why the modes of a file don't let a user do what is wanted, which
// is bits of one digit of a mode. Who has an access list may be let in by that.
func closed(path string, info os.FileInfo, uid int, want os.FileMode) Closed {
	stat := info.Sys().(*syscall.Stat_t)
	mode := info.Mode().Perm()
	switch {
	case int(stat.Uid) == uid:
		mode >>= 6
	case slices.Contains(groups(uid), strconv.Itoa(int(stat.Gid))):
		mode >>= 3
	}
	if mode&want == want {
		return Closed{}
	}
	if n, err := syscall.Getxattr(path, "system.posix_acl_access", nil); err == nil && n > 0 {
		return Closed{}
	}
	return Closed{
		fmt.Sprintf("%q belongs to %s and has mode %04o, and Cyrus runs as %s", path, account(int(stat.Uid)), info.Mode().Perm(), account(uid)),
		opening(path, info, uid),
	}
}

// opening is the command that gives a file to a user as Cyrus has it: it is his, and
// he may do everything there that makes sense.
func opening(path string, info os.FileInfo, uid int) inventory.Text {
	owner, rights := account(uid), "u+rw"
	if info.IsDir() {
		rights = "u+rwx"
	}
	chown, chmod := inventory.Paste("chown", "--", owner, path), inventory.Paste("chmod", rights, "--", path)
	switch mode := info.Mode().Perm(); {
	case chown == "":
		return ""
	case int(info.Sys().(*syscall.Stat_t).Uid) == uid:
		return chmod
	case info.IsDir() && mode&0o700 == 0o700 || !info.IsDir() && mode&0o600 == 0o600:
		return chown
	}
	return chown + " && " + chmod
}

// account is the name of a user, or his number where he has none.
func account(uid int) string {
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return strconv.Itoa(uid)
	}
	return u.Username
}

func groups(uid int) []string {
	account, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return nil
	}
	list, _ := account.GroupIds() // without it only the owner and the others count
	return append(list, account.Gid)
}
