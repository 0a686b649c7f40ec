package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// mayLook refuses to watch as an account that may read nothing of Cyrus: all that it
// would find is that, once for each file. Where it may read some instances, the others
// are findings.
func mayLook(server inventory.ServerID, list []monitor.Instance) error {
	var first error
	var owner string
	for i := range list {
		err := closed(&list[i])
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
		owner = cmp.Or(owner, ownerOf(list[i].SyncDir), ownerOf(list[i].Dir), ownerOf(list[i].Conf))
	}
	if first == nil {
		return nil
	}
	why, who := fmt.Errorf("watch %s: this account, %s, may not read what belongs to Cyrus: %w", server, accountName(), first), "the account of Cyrus"
	if owner != "" {
		who = inventory.Printable(owner) + ", the account of Cyrus"
		if line := inventory.Paste("sudo", "-u", owner, "interlace", "watch"); line != "" {
			return hint(why, "run it as %s: %s", who, line)
		}
	}
	return hint(why, "run it as %s", who)
}

// closed says why nothing can be known of an instance, if it is that its files may
// not be read.
func closed(in *monitor.Instance) error {
	dir := in.SyncDir
	paths := []string{in.Conf, dir}
	if dir != "" {
		paths = append(paths, filepath.Join(dir, "log"), filepath.Join(dir, "log-run"))
	}
	for _, path := range paths {
		if path == "" {
			continue
		}
		f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			f.Close()
		}
		if errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return nil
}

// ownerOf returns whose a file is or, where that is hidden, the directory above
// that hides it; empty for the administrator, who owns what Cyrus only uses.
func ownerOf(path string) string {
	if path == "" {
		return ""
	}
	for path = filepath.Clean(path); ; path = filepath.Dir(path) {
		info, err := os.Lstat(path)
		if err != nil && path != filepath.Dir(path) {
			continue
		}
		if err != nil {
			return ""
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok || stat.Uid == 0 {
			return ""
		}
		number := strconv.FormatUint(uint64(stat.Uid), 10)
		if u, err := user.LookupId(number); err == nil {
			return u.Username
		}
		return "#" + number
	}
}

// accountName is the name of the account that runs this.
func accountName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "#" + strconv.Itoa(os.Geteuid())
}
