package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// writeWhole writes a file so that others see the former content or the new
// one, never a part of it. A symbolic link stays one: what it leads to is
// replaced. Into pipes and devices the content is written; nothing replaces them.
func writeWhole(path string, content []byte) error {
	place, mode, err := destination(path)
	if err != nil {
		return err
	}
	if mode.IsRegular() {
		return replaceFile(place, content, mode.Perm())
	}
	return writeInto(place, content)
}

// mayFill finds out whether a directory can be written, or made.
func mayFill(dir string) error {
	err := mayCreate(dir)
	if parent := filepath.Dir(dir); errors.Is(err, fs.ErrNotExist) && parent != dir {
		return mayFill(parent)
	}
	return err
}

// mayChange finds out whether a file, and files beside it, can be written.
func mayChange(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		err = f.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return mayCreate(filepath.Dir(path))
}

// mayCreate finds out whether files can be made in a directory.
func mayCreate(dir string) error {
	f, err := os.CreateTemp(dir, ".interlace.*")
	if err == nil {
		return errors.Join(f.Close(), os.Remove(f.Name()))
	}
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("write into %s: %w", dir, err)
}

// replaceFile writes the content under another name and then renames it.
func replaceFile(path string, content []byte, perm fs.FileMode) (err error) {
	removeLeft(path)
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_ = lock(f) // so that others see that it is written; some file systems have no locks
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(perm), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// writeInto writes the content into a pipe, a device or a file that is open
// already. A pipe that nobody reads is an error rather than a wait without end.
func writeInto(path string, content []byte) error {
	f, err := openForWriting(path)
	if errors.Is(err, syscall.ENXIO) {
		return &fs.PathError{Op: "write", Path: path, Err: errors.New("nobody reads from it")}
	}
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

func openForWriting(path string) (*os.File, error) {
	if n, ok := descriptor(path); ok {
		again, err := syscall.Dup(n)
		if err != nil {
			return nil, &fs.PathError{Op: "write", Path: path, Err: err}
		}
		return os.NewFile(uintptr(again), path), nil
	}
	return os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
}

// mostLinks is the number of symbolic links after which they lead in a circle.
const mostLinks = 40

// newFile is the mode of a plan that is not there yet.
const newFile fs.FileMode = 0o644

// destination follows symbolic links to what a path names, which need not be
// there yet, and returns where that is and its mode. What the program was
// started with, such as /dev/stdout, counts as a pipe even if it is a file: it
// is written on, not replaced.
func destination(path string) (string, fs.FileMode, error) {
	place := path
	for range mostLinks {
		dir, err := filepath.EvalSymlinks(filepath.Dir(place))
		if err != nil {
			return "", 0, err
		}
		place = filepath.Join(dir, filepath.Base(place))
		if _, ok := descriptor(place); ok {
			return place, fs.ModeNamedPipe, nil
		}
		info, err := os.Lstat(place)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return place, newFile, nil
		case err != nil:
			return "", 0, err
		case info.IsDir():
			return "", 0, &fs.PathError{Op: "write", Path: path, Err: errors.New("it is a directory")}
		case info.Mode()&fs.ModeSocket != 0:
			return "", 0, &fs.PathError{Op: "write", Path: path, Err: errors.New("it is a socket")}
		case info.Mode()&fs.ModeSymlink == 0:
			return place, info.Mode(), nil
		}
		target, err := os.Readlink(place)
		if err != nil {
			return "", 0, err
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(dir, target)
		}
		place = target
	}
	return "", 0, &fs.PathError{Op: "write", Path: path, Err: errors.New("its symbolic links lead in a circle")}
}

// descriptor returns the number of the open file that a path below /proc stands for.
func descriptor(path string) (int, bool) {
	dir, name := filepath.Split(path)
	if dir != fmt.Sprintf("/proc/%d/fd/", os.Getpid()) {
		return 0, false
	}
	n, err := strconv.Atoi(name)
	return n, err == nil
}
