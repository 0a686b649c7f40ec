//go:build cgo

package database

import (
	"path/filepath"
	"syscall"
)

// stReadOnly is ST_RDONLY of statvfs(3).
const stReadOnly = 1

// readOnly reports whether the file, or the directory that is to have it, is on
// a file system that is mounted read-only.
func readOnly(path string) bool {
	// The working directory may be what the mount has covered.
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	var s syscall.Statfs_t
	err := syscall.Statfs(path, &s)
	if err != nil {
		err = syscall.Statfs(filepath.Dir(path), &s)
	}
	return err == nil && s.Flags&stReadOnly != 0
}

// networks are file systems on which SQLite's log does not work, since its
// index is memory shared between processes (https://sqlite.org/wal.html). The
// numbers are those of statfs(2).
var networks = map[int64]string{
	0x6969:     "NFS",
	0x517b:     "SMB",
	0xfe534d42: "SMB2",
	0xff534d42: "CIFS",
	0x5346414f: "AFS",
	0x01021997: "9P",
	0x00c36400: "Ceph",
}

// examineFileSystem refuses a database on a network file system; place is the
// file or the directory that is to have it.
func examineFileSystem(path, place string) error {
	var s syscall.Statfs_t
	if err := syscall.Statfs(place, &s); err != nil {
		return nil
	}
	name, ok := networks[int64(s.Type)]
	if !ok {
		return nil
	}
	return &Error{
		Path: path, Problem: "the file system is " + name + ", where locks and shared memory cannot be relied on",
		Hint: "keep the database on a local disk",
	}
}
