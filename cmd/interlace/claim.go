package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/interlacemail/interlace/inventory"
)

// openClaim opens the file beside the database on whose locks those agree who do the
// same work. A lock ends with the process that holds it, however that ends.
func openClaim(database, of string) (*os.File, error) {
	path := filepath.Join(filepath.Dir(database), "."+filepath.Base(database)+"-"+of)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission) { // it can be locked all the same
		if read, unread := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0); unread == nil {
			f, err = read, nil
		}
	}
	if err != nil {
		command, _, _ := strings.Cut(of, "-")
		return nil, hint(fmt.Errorf("claim the %s: %w", command, err), "%s", claimHint(path, command, os.Geteuid() == 0, err))
	}
	// What root has made is for the account of the database, as with SQLite's files; to
	// others this does not matter.
	if info, err := os.Stat(database); err == nil {
		owner := info.Sys().(*syscall.Stat_t)
		_ = f.Chown(int(owner.Uid), int(owner.Gid))
	}
	return f, nil
}

// claimHint says what to do where the file of a claim cannot be opened: another
// account may have watched before, or not even root may write there.
func claimHint(path, command string, root bool, err error) string {
	switch {
	case !errors.Is(err, fs.ErrPermission):
		return ""
	case root:
		return fmt.Sprintf("nor may root write there: lsattr -d %s shows whether it is immutable (chattr -i)", inventory.Paste(path, filepath.Dir(path)))
	}
	if owner := whose(path); owner != "" {
		return fmt.Sprintf("%s belongs to %s: run interlace %s as %s, or chown that file and the database beside it to the account that is to do it", path, owner, command, owner)
	}
	dir := filepath.Dir(path)
	return fmt.Sprintf("interlace %s keeps that file beside the database: run it as an account that may write into %s, which belongs to %s", command, dir, whose(dir))
}
