package processes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// busy is who is seen to work on a log.
type busy struct {
	pid int
	at  string
}

func (b *busy) Error() string { return fmt.Sprintf("process %d works on %s", b.pid, b.at) }

// unseen says that what a client has open is secret, and what to do about that.
func unseen(pid int) error {
	return fmt.Errorf("what process %d (sync_client) has open can't be seen from this account, so it may work on this log: wait until it has ended, or end it if nobody needs it; "+
		"what root or another account runs is seen only with CAP_SYS_PTRACE (interlace help monitor)", pid)
}

// holder says which process has a file open, whoever runs it and under whatever name
// it sees the file, or nothing: a sync_client that has it at all, or any other that
// writes it. The error also says that nobody can tell. Clients that work elsewhere are
// taken for any other.
func holder(proc, path string, elsewhere map[int]bool) error {
	file, err := os.Stat(path)
	if err != nil {
		return nil // what is not there nobody holds
	}
	fs, err := procfs.NewFS(procPath(proc))
	if err != nil {
		return err
	}
	all, err := fs.AllProcs()
	if err != nil {
		return err
	}
	secret := false
	for _, one := range all {
		stat, err := one.Stat()
		if gone(err) || err == nil && stat.State == "Z" {
			continue // what has ended has nothing open
		}
		if err != nil {
			return fmt.Errorf("look at process %d: %w", one.PID, err)
		}
		client := stat.Comm == "sync_client" && !elsewhere[one.PID]
		holds, err := has(filepath.Join(procPath(proc), strconv.Itoa(one.PID)), file, !client)
		switch {
		case holds:
			return &busy{one.PID, strconv.Quote(path)}
		case os.IsPermission(err) && client:
			return unseen(one.PID)
		case os.IsPermission(err):
			secret = true
		}
	}
	if secret {
		return written(path)
	}
	return nil
}

// has reports whether a process has a file open, or has it open to write it.
func has(process string, file os.FileInfo, toWrite bool) (bool, error) {
	entries, err := os.ReadDir(filepath.Join(process, "fd"))
	if err != nil {
		return false, err
	}
	for _, entry := range entries {
		at := filepath.Join(process, "fd", entry.Name())
		if open, err := os.Stat(at); err != nil || !os.SameFile(open, file) {
			continue
		}
		// The link to the file has the rights with which it was opened (proc(5)).
		link, err := os.Lstat(at)
		if err == nil && (!toWrite || link.Mode().Perm()&0o200 != 0) {
			return true, nil
		}
	}
	return false, nil
}

// written says that somebody has a file open to write it, or that nobody can tell.
// It asks the kernel, which knows also of processes of which this one may not see
// what they have open: it grants a lease for reading only where nobody writes
// (fcntl(2)).
func written(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close() // which gives the lease back
	_, err = unix.FcntlInt(file.Fd(), unix.F_SETLEASE, syscall.F_RDLCK)
	switch {
	case errors.Is(err, unix.EAGAIN):
		return fmt.Errorf("a process that can't be seen works on %q", path)
	case err != nil:
		return fmt.Errorf("whether a process works on %q can't be told: %w", path, err)
	}
	return nil
}
