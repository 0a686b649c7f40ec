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

// holder says which process has a file open, whoever runs it and under whatever name
// it sees the file, or nothing: a sync_client that has it at all, or any other that
// writes it. The error also says that nobody can tell.
func holder(proc, path string) error {
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
	unseen := false
	for _, one := range all {
		name, _ := one.Comm() // of one that has ended there is none
		holds, err := has(filepath.Join(procPath(proc), strconv.Itoa(one.PID)), file, name != "sync_client")
		switch {
		case holds:
			return fmt.Errorf("process %d works on %q", one.PID, path)
		case os.IsPermission(err) && name == "sync_client":
			return fmt.Errorf("what process %d (sync_client) has open can't be seen", one.PID)
		case os.IsPermission(err):
			unseen = true
		}
	}
	if unseen {
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
